/**
 * Proves, against the simulator and with the CLI as a process of its own, that `dvo steps` makes an environment as it is
 * declared and keeps it so: from empty, a second time, after changes by hand, killed half-way, taken over, and taken away.
 */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDvo } from '../../e2e/spawned-dvo';
import { list, members, targetOf, text } from '../../local/simulator-client';
import {
  advance,
  byHand,
  call,
  changesFrom,
  dataverse,
  DECLARATION,
  declared,
  dvo,
  folder,
  hook,
  HOOK_KEY,
  idIn,
  printed,
  rows,
  settings,
  spawnedDvo,
} from './steps-stand';

describe('from an empty environment', () => {
  test('plan shows each item and column and changes nothing; apply makes it; its steps fire; apply again changes nothing', async () => {
    const file = declared();
    const changing = changesFrom();
    const plan = await spawnedDvo(['plan', file]);
    expect(plan.code).toBe(0);
    expect(changing).toEqual([]);
    expect(plan.out).toContain(
      '+ endpoint hook\n    name: shop hook\n    description: Rows to the shop.\n    kind: webhook\n',
    );
    expect(plan.out).toContain(`    url: ${hook.url}\n    secret: the one declared\n`);
    expect(plan.out).toContain('    filteringColumns: firstname,lastname\n');
    expect(plan.out).toContain('9 to create, 0 to change, 0 to delete, 1 to track; 0 as declared\n');
    expect(plan.out).toContain("+ change tracking of new_note (it can't be disabled again)\n");

    const applied = await spawnedDvo(['apply', file, '--yes']);
    expect([applied.code, applied.err]).toEqual([0, '']);
    // One request for each item, one more for each disabled one, two for change tracking.
    expect(changing).toHaveLength(9 + 2 + 2);
    expect(applied.out).toContain('endpoint hook: created (1 of 10)\n');
    expect(dataverse.tables.find(({ logicalName }) => logicalName === 'new_note')?.changeTracking).toBe(true);

    const id = await dataverse.create('account', { name: 'Ada', telephone1: '1' });
    await dataverse.drain(120_000);
    await dataverse.update('account', id, { name: 'Grace' });
    await dataverse.drain(120_000);
    expect(
      hook.deliveries.map(({ context, url }) => [
        context.MessageName,
        new URL(url, 'http://x').searchParams.get('code'),
      ]),
    ).toEqual([
      ['Create', HOOK_KEY],
      ['Update', HOOK_KEY],
    ]);
    expect(targetOf(members(hook.deliveries[1]?.context)).LogicalName).toBe('account');

    changing.length = 0;
    const again = await spawnedDvo(['apply', file]);
    expect([again.code, again.out]).toEqual([
      0,
      expect.stringContaining('0 to create, 0 to change, 0 to delete, 0 to track; 9 as declared\n'),
    ]);
    expect(changing).toEqual([]);
    expect(await spawnedDvo(['verify', file])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^\S+: all 9 items are as declared\n$/),
    });
  });

  test('what changes in the file is changed in the environment, by column; what leaves it is deleted', async () => {
    await dvo(['apply', declared(), '--yes']);
    const file = declared(
      DECLARATION.replace('[lastname, firstname]', '[lastname, emailaddress1]')
        .replace(/ {2}gone:.*\n/, '')
        .replace('columns: [name, telephone1]', 'columns: all'),
    );
    const plan = await dvo(['plan', file]);
    expect(plan.out).toContain(
      '~ step names: Update of contact\n    filteringColumns: firstname,lastname -> emailaddress1,lastname\n',
    );
    expect(plan.out).toContain(
      '~ image full of step accounts: Create of account\n    columns: name,telephone1 -> all\n',
    );
    expect(plan.out).toContain('- step gone: Delete of account\n');
    expect(plan.out).toContain('0 to create, 3 to change, 2 to delete, 0 to track; 4 as declared\n');
    const changing = changesFrom();
    expect((await dvo(['apply', file, '--yes'])).code).toBe(0);
    expect(changing.map((request) => request.replace(/\/api.*\/(\w+)\(.*/, '$1')).sort()).toEqual([
      ...Array<string>(2).fill('DELETE sdkmessageprocessingsteps'),
      ...Array<string>(2).fill('PATCH sdkmessageprocessingstepimages'),
      'PATCH sdkmessageprocessingsteps',
    ]);
    expect((await dvo(['verify', file])).code).toBe(0);
  });

  test('an endpoint that becomes one of another kind: steps move before the old one goes', async () => {
    await dvo(['apply', declared(), '--yes']);
    const before = await idIn('serviceendpoints', 'shop queue');
    const file = declared(DECLARATION.replace('kind: queue', 'kind: topic'));
    expect((await dvo(['apply', file, '--yes'])).code).toBe(0);
    expect(await idIn('serviceendpoints', 'shop queue')).not.toBe(before);
    expect((await rows('sdkmessageprocessingsteps')).size).toBe(5);
    expect((await dvo(['verify', file])).code).toBe(0);
  });

  test('asks first, and names the environment', async () => {
    const changing = changesFrom();
    const { code, err } = await dvo(['apply', declared()]);
    expect([code, changing]).toEqual([64, []]);
    expect(err).toContain(`Apply 10 changes in ${new URL(dataverse.url).host}? Not a terminal`);
  });

  test.each(['httpHeader', 'httpQueryString'])(
    'keys sent by %s reach the webhook as they are, markup and all',
    async (auth) => {
      const key = `<&lt;"a'b&amp;>`;
      const file = declared(
        DECLARATION.replace(
          'webhookKey: { env: HOOK_KEY }',
          `${auth}: { x-key: { env: MARKED_KEY }, x-other: { env: HOOK_KEY } }`,
        ),
      );
      expect((await dvo(['apply', file, '--yes'], { MARKED_KEY: key })).code).toBe(0);
      await dataverse.create('account', { name: 'Ada' });
      await dataverse.drain(120_000);
      const { headers = {}, url = '' } = hook.deliveries[0] ?? {};
      const query = Object.fromEntries(new URL(url, 'http://x').searchParams);
      expect(auth === 'httpHeader' ? headers : query).toMatchObject({ 'x-key': key, 'x-other': HOOK_KEY });
      expect(printed).not.toContain(key);
    },
  );

  test('as JSON', async () => {
    const { out, code } = await dvo(['apply', declared(), '--yes', '--json']);
    expect([code, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({
        owner: 'shop',
        counts: { create: 9, update: 0, delete: 0, track: 1, unchanged: 0 },
        faults: [],
      }),
    ]);
    const { changes } = JSON.parse(out) as { changes: { state: string; columns?: { field: string; to: unknown }[] }[] };
    expect(new Set(changes.map(({ state }) => state))).toEqual(new Set(['done']));
    expect(changes[0]?.columns).toContainEqual({ field: 'kind', from: null, to: 'webhook' });
  });
});

describe('after changes by hand', () => {
  /** What somebody did, and what verify says of it. */
  const DRIFT: readonly (readonly [
    string,
    (id: (set: string, name: string) => Promise<string>) => Promise<void>,
    RegExp,
  ])[] = [
    [
      'a disabled step',
      async (id) =>
        byHand(
          'PATCH',
          `sdkmessageprocessingsteps(${await id('sdkmessageprocessingsteps', 'shop: Update of contact to queue')})`,
          {
            statecode: 1,
            statuscode: 2,
          },
        ),
      /^step names: Update of contact: is disabled$/m,
    ],
    [
      'an enabled one',
      async (id) =>
        byHand(
          'PATCH',
          `sdkmessageprocessingsteps(${await id('sdkmessageprocessingsteps', 'shop: Delete of account to queue')})`,
          {
            statecode: 0,
            statuscode: 1,
          },
        ),
      /^step gone: Delete of account: is enabled, declared as disabled$/m,
    ],
    [
      'an endpoint that points elsewhere',
      async (id) =>
        byHand('PATCH', `serviceendpoints(${await id('serviceendpoints', 'shop hook')})`, {
          url: 'https://else.where/x',
        }),
      /^endpoint hook: url is https:\/\/else\.where\/x, declared as http:\/\/127\.0\.0\.1:\d+\/api\/hook$/m,
    ],
    [
      'an image without attributes',
      async () => {
        const { body } = await call('GET', 'sdkmessageprocessingstepimages');
        const [image] = list(body.value).map((row) => members(row));
        await byHand('PATCH', `sdkmessageprocessingstepimages(${text(image?.sdkmessageprocessingstepimageid)})`, {
          attributes: null,
          'sdkmessageprocessingstepid@odata.bind': `/sdkmessageprocessingsteps(${text(image?._sdkmessageprocessingstepid_value)})`,
        });
      },
      /^image full of step accounts: \w+ of account: columns is all, declared as name,telephone1$/m,
    ],
    [
      'another filter',
      async (id) =>
        byHand(
          'PATCH',
          `sdkmessageprocessingsteps(${await id('sdkmessageprocessingsteps', 'shop: Update of contact to queue')})`,
          {
            filteringattributes: 'lastname',
          },
        ),
      /^step names: Update of contact: filteringColumns is lastname, declared as firstname,lastname$/m,
    ],
    [
      'a step that posts to another endpoint',
      async (id) =>
        byHand(
          'PATCH',
          `sdkmessageprocessingsteps(${await id('sdkmessageprocessingsteps', 'shop: Update of contact to queue')})`,
          {
            'eventhandler_serviceendpoint@odata.bind': `/serviceendpoints(${await id('serviceendpoints', 'shop hook')})`,
          },
        ),
      /^step names: Update of contact: endpoint is hook, declared as queue$/m,
    ],
    [
      'a deleted step',
      async (id) =>
        byHand(
          'DELETE',
          `sdkmessageprocessingsteps(${await id('sdkmessageprocessingsteps', 'shop: Create of account to hook')})`,
        ),
      /^step accounts: Create of account: is missing\n[^]*image full of step accounts: Create of account: is missing$/m,
    ],
    [
      'a description that lost its mark',
      async (id) =>
        byHand(
          'PATCH',
          `sdkmessageprocessingsteps(${await id('sdkmessageprocessingsteps', 'shop: Update of contact to queue')})`,
          {
            description: 'tidied up',
          },
        ),
      /^step names: Update of contact: description is tidied up, declared as none\nstep names: Update of contact: has no owner's mark$/m,
    ],
    [
      'another key, which nobody can read',
      async (id) => {
        advance(60_000);
        await byHand('PATCH', `serviceendpoints(${await id('serviceendpoints', 'shop queue')})`, {
          saskey: 'b3RoZXI=',
        });
      },
      /^endpoint queue: its secret is perhaps different: the endpoint was changed at /m,
    ],
  ];

  test.each(DRIFT)('%s: verify names it, exit code 2; apply mends it', async (_, change, said) => {
    const file = declared();
    await dvo(['apply', file, '--yes']);
    await change(idIn);
    const verify = await dvo(['verify', file]);
    expect([verify.code, verify.out]).toEqual([2, expect.stringMatching(said)]);
    expect(verify.err).toMatch(/is not as declared: \d differences?\.\n$/);
    // Nothing but what was changed.
    expect(verify.out.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
    expect((await dvo(['apply', file, '--yes'])).code).toBe(0);
    expect((await dvo(['verify', file])).code).toBe(0);
  });

  test('a key that is rotated in its place: verify tells it by the fingerprint, apply writes it', async () => {
    const file = declared();
    await dvo(['apply', file, '--yes']);
    const next = { HOOK_KEY: 'the-next-key' };
    expect(await dvo(['verify', file], next)).toMatchObject({
      code: 2,
      out: 'endpoint hook: its secret is different\n',
    });
    expect((await dvo(['apply', file, '--yes'], next)).out).toContain('endpoint hook: changed (1 of 1)\n');
    await dataverse.create('account', { name: 'Ada' });
    await dataverse.drain(120_000);
    expect(hook.deliveries.map(({ url }) => new URL(url, 'http://x').searchParams.get('code'))).toEqual([
      'the-next-key',
    ]);
    expect((await dvo(['verify', file], next)).code).toBe(0);
    expect(printed).not.toContain('the-next-key');
  });

  test('without the key at hand everything else is compared; apply needs it only where it writes it', async () => {
    const file = declared();
    expect(await dvo(['apply', file, '--yes'], { HOOK_KEY: '' })).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'Nothing was changed: endpoint hook needs its secret, but the environment variable HOOK_KEY',
      ),
    });
    await dvo(['apply', file, '--yes']);
    expect(await dvo(['verify', file], { HOOK_KEY: '' })).toMatchObject({
      code: 0,
      err: "note: endpoint hook: its secret wasn't compared: the environment variable HOOK_KEY isn't set\n",
    });
    expect((await dvo(['apply', file, '--yes'], { HOOK_KEY: '' })).code).toBe(0);
  });
});

describe('half-way', () => {
  test.each([1, 4, 9])('killed after %d requests: apply again completes', async (count) => {
    const file = declared();
    let left = count;
    const { child, ended } = await startDvo(['steps', 'apply', file, '--yes'], settings());
    dataverse.intercept(({ method, target, moment }) => {
      if (method === 'GET' || moment !== 'answered' || !target.includes('/api/data/')) return false;
      left -= 1;
      if (left === 0) child.kill('SIGKILL');
      return left <= 0;
    });
    expect((await ended).code).toBeNull();
    dataverse.intercept(undefined);
    const names = (await rows('sdkmessageprocessingsteps')).size + (await rows('serviceendpoints')).size;
    expect(names).toBeGreaterThan(0);
    const again = await dvo(['apply', file, '--yes']);
    expect([again.code, again.err]).toEqual([0, '']);
    expect((await rows('sdkmessageprocessingsteps')).size).toBe(5);
    expect((await rows('serviceendpoints')).size).toBe(2);
    expect((await dvo(['verify', file])).code).toBe(0);
  });

  test('an answer that is lost: nobody knows, says so, and apply again completes', async () => {
    const file = declared();
    dataverse.intercept(
      ({ method, target, moment }) => method === 'POST' && moment === 'answered' && target.includes('processingsteps'),
    );
    const { code, err } = await dvo(['apply', file, '--yes']);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(
        /^step accounts: Create of account: not created, or the result is unknown\n2 of 10 changes are done\. Run it again/,
      ),
    ]);
    dataverse.intercept(undefined);
    const again = await dvo(['apply', file, '--yes']);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('7 of 7')]);
    expect((await dvo(['verify', file])).code).toBe(0);
  });
});

describe('two at once', () => {
  test('apply and destroy: whatever each met, nothing is there twice, and the next run completes', async () => {
    const file = declared();
    await Promise.all([spawnedDvo(['apply', file, '--yes']), spawnedDvo(['apply', file, '--yes'])]);
    expect((await dvo(['apply', file, '--yes'])).code).toBe(0);
    expect([(await rows('serviceendpoints')).size, (await rows('sdkmessageprocessingsteps')).size]).toEqual([2, 5]);
    expect((await dvo(['verify', file])).code).toBe(0);
    await Promise.all([spawnedDvo(['destroy', file, '--yes']), spawnedDvo(['destroy', file, '--yes'])]);
    expect((await dvo(['destroy', file, '--yes'])).code).toBe(0);
    expect([(await rows('serviceendpoints')).size, (await rows('sdkmessageprocessingsteps')).size]).toEqual([0, 0]);
  });
});

describe('whose it is', () => {
  test('destroy deletes what bears the mark and leaves what does not, other declarations’ included', async () => {
    const file = declared();
    await dvo(['apply', file, '--yes']);
    const other = declared(DECLARATION.replace('owner: shop', 'owner: other'), 'other.yaml');
    await dvo(['apply', other, '--yes']);
    await dataverse.registerEndpoint({ name: 'by hand', contract: 'webhook', url: hook.url });
    const { code, out } = await dvo(['destroy', file, '--yes'], { HOOK_URL: '', HOOK_KEY: '' });
    expect([code, out]).toEqual([0, expect.stringContaining('9 to delete')]);
    expect([...(await rows('serviceendpoints')).keys()].sort()).toEqual(['by hand', 'other hook', 'other queue']);
    expect((await rows('sdkmessageprocessingsteps')).size).toBe(5);
    expect((await dvo(['destroy', file, '--yes'])).out).toContain('0 to delete');
    expect((await dvo(['verify', other])).code).toBe(0);
  });

  test('among dozens of endpoints and steps of others, in many pages and filters, each of ours is found and none of theirs changed', async () => {
    const file = declared();
    for (let index = 0; index < 40; index += 1) {
      const endpoint = await dataverse.registerEndpoint({ name: `their ${index}`, contract: 'webhook', url: hook.url });
      for (const message of ['Create', 'Update'])
        await dataverse.registerStep({ table: 'lead', message, mode: 'async', name: `${index} ${message}`, endpoint });
    }
    const theirs = async (): Promise<unknown[]> =>
      [...(await rows('serviceendpoints')), ...(await rows('sdkmessageprocessingsteps'))].filter(([name]) =>
        /^(?:their )?\d/.test(name),
      );
    const before = await theirs();
    expect(before).toHaveLength(120);
    expect((await dvo(['apply', file, '--yes'])).code).toBe(0);
    expect((await dvo(['verify', file])).code).toBe(0);
    expect((await dvo(['destroy', file, '--yes'])).code).toBe(0);
    expect(await theirs()).toEqual(before);
    expect((await rows('serviceendpoints')).size).toBe(40);
  });

  test("an endpoint that somebody else's step posts to isn't deleted, and both are told", async () => {
    const file = declared();
    await dvo(['apply', file, '--yes']);
    await dataverse.registerStep({
      ...{ name: 'theirs', table: 'lead', message: 'Create', mode: 'async' },
      endpoint: await idIn('serviceendpoints', 'shop hook'),
    });
    expect(await dvo(['verify', file])).toMatchObject({
      code: 0,
      err: expect.stringMatching(
        /^note: step theirs \(.*\): Create of lead posts to an endpoint of shop's and isn't declared\n$/,
      ),
    });
    const changing = changesFrom();
    const { code, err } = await dvo(['destroy', file, '--yes']);
    expect([code, changing]).toEqual([1, []]);
    expect(err).toMatch(
      /lacks endpoint hook, which can't be deleted: steps that aren't shop's post to it: step theirs/,
    );
  });

  test('what was registered by hand is imported, taken over without being made anew, and is then as declared', async () => {
    const byHandHook = await dataverse.registerEndpoint({
      name: 'Old hook!',
      contract: 'webhook',
      url: hook.url,
      authvalue: HOOK_KEY,
    });
    const step = await dataverse.registerStep({
      ...{ name: 'Old step', table: 'account', message: 'Update', mode: 'async', rank: 3, filteringColumns: ['name'] },
      images: [{ kind: 'both', alias: 'before', columns: ['name', 'fax'] }],
      endpoint: byHandHook,
    });
    await dataverse.registerStep({ message: 'Associate', mode: 'async', endpoint: byHandHook });
    const file = join(folder, 'imported.yaml');
    const imported = await dvo(['import', '--owner', 'shop', '--out', file]);
    expect(imported).toMatchObject({ code: 0, out: '', err: `${file} was written: 1 endpoints, 2 steps.\n` });
    expect(await dvo(['import', '--owner', 'shop', '--out', file])).toMatchObject({
      code: 64,
      err: expect.stringContaining('not overwritten'),
    });
    const content = readFileSync(file, 'utf8');
    expect(content).toContain(`id: ${byHandHook}`);
    expect(content).toContain('env: OLD_HOOK_SECRET');
    const secret = { OLD_HOOK_SECRET: HOOK_KEY };
    const plan = await dvo(['plan', file], secret);
    expect(plan.out).toContain('0 to create, 4 to change, 0 to delete, 0 to track; 0 as declared\n');
    expect(plan.out.match(/\(taken over\)/g)).toHaveLength(4);
    expect(plan.out).toContain("    secret: unknown: it wasn't written from a declaration -> the one declared\n");
    // Besides the mark, nothing of what was there is changed.
    expect(plan.out.match(/^ {4}(\w+):/gm)).toEqual([
      '    owner:',
      '    secret:',
      '    owner:',
      '    owner:',
      '    owner:',
    ]);
    expect((await dvo(['apply', file, '--yes'], secret)).code).toBe(0);
    expect(await idIn('sdkmessageprocessingsteps', 'Old step')).toBe(step);
    expect(await dvo(['verify', file], secret)).toMatchObject({ code: 0, out: expect.stringContaining('all 4 items') });
    await dataverse.update('account', await dataverse.create('account', { name: 'Ada' }), { name: 'Grace' });
    await dataverse.drain(120_000);
    expect(hook.deliveries).toHaveLength(1);
  });
});

describe('test', () => {
  test('sends a probe through each endpoint with the key that Dataverse has, and tells which was not reached', async () => {
    const file = declared();
    await dvo(['apply', file, '--yes']);
    const { code, out, err } = await dvo(['test', file]);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^endpoint hook: delivered\nendpoint queue: FAILED: .*ECONNREFUSED.*\n$/),
    ]);
    expect(err).toContain('1 of 2 probes failed');
    expect(hook.deliveries.map(({ context }) => context.MessageName)).toEqual(['TriggerServiceEndpointCheck']);
    hook.answers.push(401);
    expect((await dvo(['test', file])).out).toMatch(/^endpoint hook: FAILED: .*401/);
  });

  test('lets the steps of a table fire for a row that is gone afterwards', async () => {
    const file = declared(
      DECLARATION.replace('message: [Create, Update]\n', 'message: [Create, Update]\n    asyncAutoDelete: false\n'),
    );
    await dvo(['apply', file, '--yes']);
    const { code, err } = await dvo(['test', file, '--row', 'account']);
    expect([code, err]).toEqual([
      64,
      expect.stringMatching(/Create, change and delete a row in table account of .*\? Not a terminal/),
    ]);
    hook.answers.push(200, 500);
    const rowTest = await dvo(['test', file, '--row', 'account', '--yes', '--json']);
    const { probes } = JSON.parse(rowTest.out) as { probes: { item: string; result: { kind: string } }[] };
    expect([rowTest.code, probes.map(({ item }) => item)]).toEqual([
      1,
      ['step accounts: Create of account', 'step accounts: Update of account'],
    ]);
    expect(probes.map(({ result }) => result.kind).sort()).toEqual(['delivered', 'failed']);
    expect([...dataverse.rows('account')]).toEqual([]);
    expect(await dvo(['test', file, '--row', 'lead', '--yes'])).toMatchObject({ code: 64 });
  });
});

describe('what the environment does not have is told before anything is sent', () => {
  test.each([
    [
      'a column to filter by',
      'firstname]',
      'firstnam]',
      /dataverse\.yaml:\d+:\d+ steps\.names\.filteringColumns\[1\] names firstnam, a column that table contact doesn't have/,
    ],
    [
      'a column of an image',
      'telephone1]',
      'telefon]',
      /steps\.accounts\.images\.full\.columns\[1\] names telefon, a column that table account doesn't have/,
    ],
    [
      'a table',
      'table: contact',
      'table: kontact',
      /steps\.names\.table names kontact, a table that the environment doesn't have/,
    ],
    [
      'a message',
      'message: Delete',
      'message: Remove',
      /steps\.gone\.message names Remove, a message that the environment doesn't have/,
    ],
    [
      'a message of the table',
      'message: Delete',
      'message: Associate',
      /steps\.gone\.message names Associate, which allows no custom steps on table account/,
    ],
    [
      'a table to track',
      'new_note]',
      'new_noet]',
      /changeTracking\[1\] names new_noet, a table that the environment doesn't have/,
    ],
  ])('%s', async (_, right, wrong, said) => {
    const changing = changesFrom();
    const { code, err } = await dvo(['apply', declared(DECLARATION.replace(right, wrong)), '--yes']);
    expect([code, err, changing]).toEqual([1, expect.stringMatching(said), []]);
  });

  test('a rule of the platform: not even asked', async () => {
    const { requests } = dataverse.stats().webApi;
    const { code, err } = await dvo([
      'apply',
      declared(DECLARATION.replace('endpoint: queue\n', 'endpoint: queue\n    mode: synchronous\n')),
      '--yes',
    ]);
    expect([code, dataverse.stats().webApi.requests]).toEqual([64, requests]);
    expect(err).toMatch(/dataverse\.yaml:\d+:11 steps\.names\.mode must be asynchronous/);
  });

  test("another declaration's item", async () => {
    await dvo(['apply', declared(), '--yes']);
    const id = await idIn('serviceendpoints', 'shop hook');
    const file = declared(
      DECLARATION.replace('owner: shop', 'owner: other').replace('kind: webhook', `kind: webhook\n    id: ${id}`),
    );
    expect(await dvo(['apply', file, '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/endpoints\.hook is shop's/),
    });
  });

  test('a declaration for another environment than DATAVERSE_URL', async () => {
    const file = declared(`${DECLARATION}environments: { prod: { url: https://prod.example } }\n`);
    expect(await dvo(['apply', file, '--environment', 'prod', '--yes'])).toMatchObject({
      code: 64,
      err: expect.stringContaining("the declaration's environment is prod.example, but DATAVERSE_URL is 127.0.0.1"),
    });
  });

  test('missing rights are named', async () => {
    dataverse.failNext(1, 403, { path: 'serviceendpoints', method: 'POST' });
    expect(await dvo(['apply', declared(), '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/POST serviceendpoints answered 403: .*System Customizer/),
    });
  });

  test('no file', async () => {
    expect(await dvo(['plan', join(folder, 'none.yaml')])).toMatchObject({
      code: 64,
      err: expect.stringContaining("can't be read (ENOENT)"),
    });
  });
});
