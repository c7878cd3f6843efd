/**
 * Proves that rules decide what Dataverse saves: the simulator runs synchronous steps that `dvo steps apply` has registered, through
 * a gateway, to the real app under the local host. A refused operation leaves nothing anywhere; one that is let pass goes its way
 * as without rules; and what goes wrong on the way ends as the docs say.
 */
import { TableServiceClient } from '@azure/data-tables';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caller, startHook, type Call } from '../local/simulator-client';
import { dvoAgainst } from '../tools/dvo/against-simulator';
import { startGateway, type Gateway } from './gateway';
import { System, type Overrides } from './system';

const TIMEOUT_MS = 2000;
const KEY = randomBytes(24).toString('hex');
const RULES = `
tables:
  account:
    - { code: name-required, message: Name the account., required: [name] }
    - { code: number-unique, message: Take another number., unique: [accountnumber] }
    - { code: number-stays, message: The number stays., changed: [accountnumber] }
    - { code: not-named-x, message: No X., expr: "!has(target.name) || target.name == null || !target.name.startsWith('X')" }
    - { code: no-deletion, message: Keep it., on: Delete, when: { name: { startsWith: Keep } } }
`;

const folder = mkdtempSync(join(tmpdir(), 'dvo-validation-'));
const RULES_FILE = join(folder, 'rules.yaml');
let system: System;
let gateway: Gateway;
let call: Call;
let clerk = '';
let inbound = '';

/** The steps, as an operator declares them; some of them disabled. */
const declaration = (enabled: boolean): string => `
owner: rules
endpoints:
  validate: { kind: webhook, url: '${gateway.url}/api/validate', auth: { httpHeader: { x-dvo-key: { env: VALIDATE_KEY } } } }
steps:
  new: { table: account, message: Create, endpoint: validate, mode: synchronous, stage: preValidation, enabled: ${enabled} }
  changed:
    table: account
    message: [Update, Delete]
    endpoint: validate
    mode: synchronous
    stage: preValidation
    enabled: ${enabled}
    images: { pre: { type: pre, columns: [name, accountnumber] } }
`;

async function apply(enabled: boolean): Promise<string> {
  const file = join(folder, 'dataverse.yaml');
  writeFileSync(file, declaration(enabled));
  const { code, out, err } = await dvoAgainst(system.dataverse, ['steps', 'apply', file, '--yes'], {
    VALIDATE_KEY: KEY,
  });
  expect([code, out, err]).toEqual([0, expect.any(String), expect.any(String)]);
  return err;
}

const SETTINGS = (): Overrides => ({
  SYNC_TABLES: 'account',
  RULES_FILE,
  VALIDATE_KEYS: KEY,
  VALIDATE_EXEMPT_USERS: inbound,
});

beforeAll(async () => {
  writeFileSync(RULES_FILE, RULES);
  system = await System.start(null, { webhookTimeoutMs: TIMEOUT_MS });
  [clerk = '', inbound = ''] = system.dataverse.users.map(({ id }) => id);
  await system.startApp(SETTINGS());
  gateway = await startGateway(() => system.host.url);
  call = await caller(system.dataverse);
  await apply(true);
});
afterEach(() => {
  gateway.turns.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await system.stop();
  rmSync(folder, { recursive: true });
});

const create = (columns: Record<string, string | null>, user = clerk): Promise<string> =>
  system.dataverse.create('account', columns, { user });
const names = (): readonly unknown[] =>
  [...system.dataverse.rows('account')].map(({ columns }) => columns.name ?? null).toSorted();

/** Does something while asynchronous steps would tell the webhook of it; how many have told. */
async function told(action: () => Promise<unknown>): Promise<number> {
  const before = system.dataverse.jobs().length;
  await system.pushing('account', 'webhook', action);
  return system.dataverse.jobs().length - before;
}

const REFUSED = /Non success http status code: 400 received from server/;

test('the plan says that everybody waits, and how to stop it', async () => {
  expect(await apply(true)).toMatch(/^note: new, changed: whoever saves a row of account waits for validate/m);
});

describe('[I111 I112] a refused operation leaves nothing anywhere', () => {
  const stored = async (): Promise<readonly string[]> => {
    const client = TableServiceClient.fromConnectionString(system.stack.azurite.connectionString, {
      allowInsecureConnection: true,
    });
    const tables: string[] = [];
    for await (const { name } of client.listTables()) tables.push(name ?? '');
    return tables;
  };

  test('Create by the Web API: the caller has an error, no row, no asynchronous step, nothing in the store', async () => {
    const before = { rows: names(), tables: await stored() };
    const since = system.log.length;
    const pushed = await told(async () => {
      await expect(create({ fax: '1' })).rejects.toThrow(REFUSED);
      await expect(create({ name: 'X-ray' })).rejects.toThrow(REFUSED);
    });
    const { status, body } = await call('POST', 'accounts', { 'Content-Type': 'application/json' }, { fax: '1' });
    expect([status, body.error]).toEqual([400, expect.objectContaining({ code: '0x80050201' })]);
    expect(pushed).toBe(0);
    expect({ rows: names(), tables: await stored() }).toEqual(before);
    expect(await system.logged('ruleRefused', since, 3)).toMatchObject([
      { rule: 'name-required', of: 'account', message: 'Create', stage: 10, correlationId: expect.any(String) },
      { rule: 'not-named-x' },
      { rule: 'name-required' },
    ]);
  });

  test('Update and Delete: the row stays as it was', async () => {
    const id = await create({ name: 'Keep me', accountnumber: 'K-1' });
    const version = system.dataverse.get('account', id)?.version;
    const pushed = await told(async () => {
      await expect(system.dataverse.update('account', id, { name: null }, { user: clerk })).rejects.toThrow(REFUSED);
      await expect(system.dataverse.update('account', id, { accountnumber: 'K-2' })).rejects.toThrow(REFUSED);
      await expect(system.dataverse.delete('account', id, { user: clerk })).rejects.toThrow(REFUSED);
    });
    expect([pushed, system.dataverse.get('account', id)?.version]).toEqual([0, version]);
  });

  test('CreateMultiple with one refused row: none of its rows', async () => {
    const before = names();
    const pushed = await told(() =>
      expect(
        system.dataverse.createMultiple('account', [{ name: 'A' }, { fax: '1' }, { name: 'B' }], { user: clerk }),
      ).rejects.toThrow(REFUSED),
    );
    expect([pushed, names()]).toEqual([0, before]);
  });

  test('at PreOperation: what a step of PreValidation was told stays told, and the row is not written', async () => {
    const { dataverse } = system;
    const noted = await startHook();
    const before = await dataverse.registerEndpoint({ name: 'notes', contract: 'webhook', url: noted.url });
    const url = `${gateway.url}/api/validate`;
    const validate = await dataverse.registerEndpoint({ name: 'rules', contract: 'webhook', url, authvalue: KEY });
    const step = { table: 'account', message: 'Create', mode: 'sync' } as const;
    await apply(false);
    const steps = [
      await dataverse.registerStep({ ...step, endpoint: before, stage: 10 }),
      await dataverse.registerStep({ ...step, endpoint: validate, stage: 20 }),
    ];
    const rows = names();
    await expect(create({ fax: '1' })).rejects.toThrow(REFUSED);
    expect([noted.deliveries.length, names()]).toEqual([1, rows]);
    for (const id of steps) await dataverse.unregister(id);
    await apply(true);
  });

  test('validate asks nothing of Dataverse', async () => {
    const { webApi } = system.dataverse.stats();
    const before = JSON.stringify(webApi);
    await expect(create({ fax: '1' })).rejects.toThrow(REFUSED);
    await create({ name: 'Fjord' });
    expect(JSON.stringify(system.dataverse.stats().webApi)).toBe(before);
  });
});

describe('an operation that is let pass goes its way as without rules', () => {
  test('Create, Update, Delete and CreateMultiple come to the store', async () => {
    let ids: readonly string[] = [];
    const pushed = await told(async () => {
      ids = [await create({ name: 'One' }), ...(await system.dataverse.createMultiple('account', [{ name: 'Two' }]))];
      await system.dataverse.update('account', ids[0] ?? '', { name: 'One more' });
    });
    expect(pushed).toBe(3);
    await system.liveEntity('account', ids[0] ?? '', { name: 'One more' });
    await system.liveEntity('account', ids[1] ?? '', { name: 'Two' });
    await system.pushing('account', 'webhook', () => system.dataverse.delete('account', ids[1] ?? ''));
    await system.tombstone('account', ids[1] ?? '');
  });

  test('what another row in the store has is refused; the row itself keeps it', async () => {
    const id = await system.pushing('account', 'webhook', () => create({ name: 'First', accountnumber: "U'1" }));
    await system.liveEntity('account', id, { accountnumber: "U'1" });
    const since = system.log.length;
    await expect(create({ name: 'Second', accountnumber: "U'1" })).rejects.toThrow(REFUSED);
    expect(await system.logged('ruleRefused', since)).toMatchObject([{ rule: 'number-unique' }]);
    await create({ name: 'Second', accountnumber: 'U-2' });
    await system.dataverse.update('account', id, { name: 'Still the first', accountnumber: "U'1" });
  });

  test('a user who is exempt may do anything; others on whose behalf they act, too', async () => {
    await create({ fax: 'by the inbound user' }, inbound);
    await system.dataverse.create('account', { fax: 'on behalf' }, { user: clerk, initiatingUser: inbound });
    await expect(
      system.dataverse.create('account', { fax: '2' }, { user: inbound, initiatingUser: clerk }),
    ).rejects.toThrow(REFUSED);
  });
});

describe('what goes wrong on the way', () => {
  test('no answer: cancelled after the platform’s time-out', async () => {
    gateway.turns.push('hang');
    const before = names();
    await expect(create({ name: 'Hangs' })).rejects.toThrow(/Endpoint unavailable/);
    expect(names()).toEqual(before);
  });

  test('503 once, after the rules were asked: asked again, and saved once', async () => {
    gateway.turns.push(503);
    const before = gateway.bodies.length;
    await create({ name: 'Second attempt' });
    expect(gateway.bodies.length - before).toBe(2);
    expect(names().filter((name) => name === 'Second attempt')).toHaveLength(1);
  });

  test('[I110] a context that is too large for its members goes on, and is counted', async () => {
    const since = system.log.length;
    await create({ fax: '1', description: 'x'.repeat(300_000) });
    expect(await system.logged('unjudged', since)).toMatchObject([{ source: 'validate', code: 'rule-unjudged' }]);
  });

  test('another key: refused, since the registration is wrong', async () => {
    const answer = await system.post('{}', { function: 'validate', query: '?code=another' });
    expect(answer).toMatchObject({ status: 401, body: { allowed: false, code: 'key-refused' } });
  });

  test('the answer has the message, for those who can read it', async () => {
    const [body] = await bodiesOf(() => expect(create({ fax: '1' })).rejects.toThrow(REFUSED));
    expect(await system.post(body, { function: 'validate', query: `?code=${KEY}` })).toEqual({
      status: 400,
      body: { allowed: false, code: 'name-required', message: 'Name the account.' },
    });
  });

  test('[I110] rules with faults, or none that can be read: everything goes on, and it is said', async () => {
    await system.stopApp();
    writeFileSync(RULES_FILE, `${RULES}    - { code: wrong, message: b, requierd: [name] }\n`);
    const since = system.log.length;
    await system.startApp(SETTINGS());
    await create({ fax: 'unnamed' });
    expect(await system.logged('misconfigured', since)).toMatchObject([
      { function: 'validate', faults: [expect.stringMatching(/^rules\.yaml:\d+:\d+ .*requierd is no known key/)] },
    ]);
    expect(await system.logged('unjudged', since)).toMatchObject([{ code: 'not-configured' }]);
    await system.stopApp();
    await system.startApp({ ...SETTINGS(), VALIDATE_UNJUDGED: 'refuse' });
    await expect(create({ name: 'Named' })).rejects.toThrow(REFUSED);
    writeFileSync(RULES_FILE, RULES);
    await system.stopApp();
    await system.startApp(SETTINGS());
    await create({ name: 'Named again' });
  });

  test('the kill switch: disabled steps ask nobody', async () => {
    await apply(false);
    const before = gateway.bodies.length;
    await create({ fax: 'nobody asks' });
    expect(gateway.bodies.length).toBe(before);
    await apply(true);
    await expect(create({ fax: 'asked' })).rejects.toThrow(REFUSED);
  });
});

/** What the gateway is sent meanwhile, without passing it on. */
async function bodiesOf(action: () => Promise<unknown>): Promise<readonly Buffer[]> {
  const since = gateway.bodies.length;
  await action();
  return gateway.bodies.slice(since);
}
