/**
 * Proves what `dvo steps` says where something is wrong: to scripts, to terminals that act on what is written to them, and of
 * endpoints that aren't there yet.
 */
import { describe, expect, test } from '@jest/globals';
import { byHand, call, changesFrom, dataverse, DECLARATION, declared, dvo, hook, idIn } from './steps-stand';
import { list } from '../../local/simulator-client';

interface PlanJson {
  readonly changes: readonly { readonly action: string; readonly name?: string; readonly state?: string }[];
  readonly faults: readonly string[];
  readonly error?: string;
}
const json = (out: string): PlanJson => JSON.parse(out) as PlanJson;

describe('apply --json', () => {
  test('that is refused for what the environment lacks', async () => {
    const { code, out } = await dvo([
      'apply',
      declared(DECLARATION.replace('table: contact', 'table: kontact')),
      '--yes',
      '--json',
    ]);
    expect(code).toBe(1);
    expect(json(out).faults).toEqual([expect.stringContaining('names kontact')]);
    expect(new Set(json(out).changes.map(({ state }) => state))).toEqual(new Set(['open']));
  });

  test('that fails on its way says what was done and why it ended', async () => {
    dataverse.failNext(1, 403, { path: 'sdkmessageprocessingsteps', method: 'POST' });
    const { code, out } = await dvo(['apply', declared(), '--yes', '--json']);
    expect([code, json(out).error]).toEqual([1, expect.stringMatching(/POST sdkmessageprocessingsteps answered 403/)]);
    expect(json(out).changes.map(({ state }) => state)).toEqual([
      ...['done', 'done', 'failed'],
      ...Array<string>(7).fill('open'),
    ]);
  });

  test('asks nobody who has not seen the plan', async () => {
    const changing = changesFrom();
    const { code, err } = await dvo(['apply', declared(), '--json']);
    expect([code, err, changing]).toEqual([64, expect.stringContaining('--json does not ask: pass --yes'), []]);
  });
});

test('what goes is shown as Dataverse has it: a mark can be written by anyone', async () => {
  await dvo(['apply', declared(), '--yes']);
  const theirs = await dataverse.registerEndpoint({ name: 'theirs', contract: 'webhook', url: hook.url });
  await byHand('PATCH', `serviceendpoints(${theirs})`, { description: '[dvo owner=shop item=old]' });
  const { out } = await dvo(['plan', declared()]);
  expect(out).toContain(`- endpoint old\n    name: theirs\n    id: ${theirs}\n`);
  const { changes } = json((await dvo(['plan', declared(), '--json'])).out);
  expect(changes.find(({ action }) => action === 'delete')?.name).toBe('theirs');
});

test('names that would move the cursor', async () => {
  await dvo(['apply', declared(), '--yes']);
  const endpoint = await idIn('serviceendpoints', 'shop hook');
  await dataverse.registerStep({ name: 'x\u001b[2Jy', table: 'lead', message: 'Create', mode: 'async', endpoint });
  for (const args of [['destroy', '--yes'], ['verify'], ['plan']]) {
    const [name = '', ...more] = args;
    const { out, err } = await dvo([name, declared('owner: shop\n'), ...more]);
    expect(out + err).toContain('step x');
    expect(out + err).not.toContain('\u001b');
  }
});

describe('test', () => {
  test('of endpoints that are not there yet', async () => {
    const { code, out } = await dvo(['test', declared()]);
    expect([code, out]).toEqual([
      1,
      'endpoint hook: FAILED: it is not registered yet: apply first\nendpoint queue: FAILED: it is not registered yet: apply first\n',
    ]);
  });

  test.each(['POST', 'PATCH'])('--row deletes its row though the answer to its %s is lost', async (lost) => {
    await dvo(['apply', declared(), '--yes']);
    dataverse.intercept(
      ({ method, target, moment }) => method === lost && moment === 'answered' && target.includes('/accounts'),
    );
    expect(await dvo(['test', declared(), '--row', 'account', '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${lost} accounts`),
    });
    dataverse.intercept(undefined);
    expect(list((await call('GET', 'accounts')).body.value)).toEqual([]);
  });
});
