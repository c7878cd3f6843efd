/**
 * Proves that `dvo steps import` writes nothing that a plan would refuse, or that would do harm when it is carried out: what
 * can't be declared is left out and told.
 */
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from '../../local/simulator-client';
import { byHand, dataverse, dvo, folder, hook, rows } from './steps-stand';

const imported = (): string => readFileSync(join(folder, 'i.yaml'), 'utf8');
const importInto = (): ReturnType<typeof dvo> => dvo(['import', '--owner', 'shop', '--out', join(folder, 'i.yaml')]);
const plan = (more: Readonly<Record<string, string>>): ReturnType<typeof dvo> =>
  dvo(['plan', join(folder, 'i.yaml')], more);
const webhook = (name: string, url = hook.url): Promise<string> =>
  dataverse.registerEndpoint({ name, contract: 'webhook', url });

test('what breaks a rule of declarations is left out with the rule, and its steps with it', async () => {
  const good = await webhook('good');
  const open = await webhook('open', 'http://open.example/x');
  const update = { table: 'account', message: 'Update', mode: 'async' } as const;
  await dataverse.registerStep({ ...update, name: 'to open', endpoint: open });
  await dataverse.registerStep({ ...update, name: 'kept', endpoint: good, images: [{ kind: 'pre', alias: 'p' }] });
  await dataverse.registerStep({ ...update, name: 'twice', endpoint: good });
  await dataverse.registerStep({
    ...{ ...update, table: 'contact', name: 'odd image', endpoint: good },
    images: [{ kind: 'pre', alias: 'Pre Image' }],
  });
  const { code, err } = await importInto();
  expect(code).toBe(0);
  expect(err).toMatch(/^note: endpoint open \(.*\) is left out: url must be https/m);
  expect(err).toMatch(/^note: step to open \(.*\) is left out: endpoint names open/m);
  expect(err).toMatch(/^note: step (?:kept|twice) \(.*\) is left out: repeats account-Update-good/m);
  expect(err).toMatch(/^note: step odd image \(.*\) is left out: images\.Pre Image must be an alias/m);
  expect(err).toMatch(/: 1 endpoints, 1 steps\.$/m);
  expect(await plan({ GOOD_SECRET: 'x' })).toMatchObject({ code: 0 });
});

test('a text that would be filled in with an environment variable is left out: it could be any secret', async () => {
  const id = await webhook('good');
  await byHand('PATCH', `serviceendpoints(${id})`, { description: 'look: ${DATAVERSE_CLIENT_SECRET}' });
  const { err } = await importInto();
  expect(err).toMatch(/^note: endpoint good \(.*\) is left out: description contains \$\{DATAVERSE_CLIENT_SECRET\}/m);
  expect(imported()).not.toContain('DATAVERSE_CLIENT_SECRET');
  const { out } = await plan({});
  expect(out).not.toContain(dataverse.clientSecret);
});

test('a name or description that may have a secret in it is left out and not shown', async () => {
  const id = await webhook('posts to https://x.example/?code=Hunter2');
  await dataverse.registerStep({ table: 'account', message: 'Update', mode: 'async', endpoint: id });
  await byHand('PATCH', `serviceendpoints(${await webhook('other')})`, { description: 'SharedAccessKey=Hunter2;' });
  const { out, err } = await importInto();
  expect(err).toMatch(/^note: endpoint other \(.*\) is left out: its name or description may contain a secret/m);
  expect(out + err + imported()).not.toContain('Hunter2');
});

test('each endpoint gets a variable of its own for its secret', async () => {
  for (const name of ['Hook-A', 'hook_a', 'HOOK A']) await webhook(name);
  await importInto();
  const variables = [...imported().matchAll(/env: (\w+_SECRET)/g)].map(([, name]) => name);
  expect([variables.length, new Set(variables).size]).toEqual([3, 3]);
});

test('a description that is too long for its mark is cut, and that is told', async () => {
  const endpoint = await webhook('hook');
  await byHand('PATCH', `serviceendpoints(${endpoint})`, { description: 'e'.repeat(2000) });
  await dataverse.registerStep({ name: 's', table: 'account', message: 'Update', mode: 'async', endpoint });
  const step = (await rows('sdkmessageprocessingsteps')).get('s');
  await byHand('PATCH', `sdkmessageprocessingsteps(${text(step?.sdkmessageprocessingstepid)})`, {
    description: 's'.repeat(256),
  });
  const { err } = await importInto();
  expect(err).toMatch(/^note: endpoint hook \(.*\): its description is cut to 1500 characters/m);
  expect(err).toMatch(/^note: step s \(.*\): its description is cut to 120 characters/m);
  const file = join(folder, 'i.yaml');
  expect(await dvo(['apply', file, '--yes'], { HOOK_SECRET: 'x' })).toMatchObject({ code: 0 });
  expect(await dvo(['verify', file], { HOOK_SECRET: 'x' })).toMatchObject({ code: 0 });
});
