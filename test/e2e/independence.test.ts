/**
 * Proves that the functions are independent: each can be switched off, each works alone, and a missing or wrong setting
 * stops only what needs it, names itself where an operator looks, and never shows a secret. What is sent to a function
 * meanwhile waits with its sender or is found by the pull.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recorded } from './recorder';
import { System, type Overrides } from './system';

const FUNCTIONS = [
  'webhook',
  'service-bus-queue',
  'service-bus-topic',
  'event-hub',
  'pull-sync',
  'replay-parked',
] as const;
type FunctionName = (typeof FUNCTIONS)[number];

/** One table for each pushed way. */
const TABLES = {
  webhook: 'account',
  'service-bus-queue': 'contact',
  'service-bus-topic': 'lead',
  'event-hub': 'opportunity',
} as const;
const WAYS = Object.keys(TABLES) as (keyof typeof TABLES)[];
const NAMES = { account: 'name', contact: 'lastname', lead: 'lastname', opportunity: 'name' } as const;

const COMMON: Overrides = { SYNC_TABLES: 'account,contact,lead,opportunity' };
const EVERY_SECOND = '* * * * * *';

let system: System;

beforeAll(async () => {
  system = await System.start(COMMON);
  for (const way of WAYS) {
    const endpoint = await system.endpoint(way);
    for (const message of ['Create', 'Update', 'Delete'] as const)
      await system.dataverse.registerStep({ table: TABLES[way], message, endpoint, mode: 'async' });
  }
  await system.pull();
  await system.host.stop();
});
afterAll(() => system.stop());

/** Runs the app under these settings for as long as the action takes. */
async function withApp(overrides: Overrides, action: () => Promise<void>): Promise<void> {
  await system.startApp({ ...COMMON, ...overrides });
  try {
    await action();
  } finally {
    await system.host.stop();
  }
}

const off = (names: readonly FunctionName[]): Overrides =>
  Object.fromEntries(names.map((name) => [`AzureWebJobs.${name}.Disabled`, 'true']));

/** A new row of the way's table; Dataverse has posted it when this resolves. */
async function create(way: keyof typeof TABLES, text: string): Promise<string> {
  const table = TABLES[way];
  const id = await system.dataverse.create(table, { [NAMES[table]]: text });
  await system.dataverse.drain(120_000);
  return id;
}

const arrives = (way: keyof typeof TABLES, id: string) => system.liveEntity(TABLES[way], id);

describe('switched off', () => {
  const waiting: { way: keyof typeof TABLES; id: string }[] = [];

  test.each(FUNCTIONS)('[I33] %s: the others run and work', async (name) => {
    await withApp(off([name]), async () => {
      const states = Object.fromEntries(FUNCTIONS.map((each) => [each, each === name ? 'disabled' : 'running']));
      expect(system.states()).toEqual(states);
      const ids = new Map<keyof typeof TABLES, string>();
      for (const way of WAYS) ids.set(way, await create(way, `while ${name} is off`));
      for (const [way, id] of ids) {
        if (way !== name) await arrives(way, id);
      }
      for (const [way, id] of ids) {
        if (way !== name) continue;
        expect(await system.entity(TABLES[way], id)).toBeUndefined();
        waiting.push({ way, id });
      }
    });
  });

  test('[I33] left out by DISABLED_FUNCTIONS: not even registered, and nothing is said; the others run and work', async () => {
    const since = system.log.length;
    const out: readonly FunctionName[] = ['webhook', 'pull-sync', 'replay-parked'];
    await withApp(
      { DISABLED_FUNCTIONS: out.join(','), WEBHOOK_KEYS: undefined, DATAVERSE_URL: undefined },
      async () => {
        const others = FUNCTIONS.filter((each) => !out.includes(each));
        expect(system.states()).toEqual(Object.fromEntries(others.map((each) => [each, 'running'])));
        expect(await system.post('{}')).toMatchObject({ status: 404 });
        expect(system.records('misconfigured', since)).toEqual([]);
      },
    );
  });

  test('[A11] what was sent meanwhile arrives afterwards: from the broker by itself, from a webhook by the next pull', async () => {
    expect(waiting.map(({ way }) => way)).toEqual(WAYS);
    await withApp({}, async () => {
      for (const { way, id } of waiting) if (way !== 'webhook') await arrives(way, id);
      const reports = await system.pull();
      expect(reports.get('account')).toMatchObject({ healed: 1 });
      expect((await system.compare()).differences).toEqual([]);
    });
  });
});

describe('alone', () => {
  const allBut = (name: FunctionName): Overrides => off(FUNCTIONS.filter((each) => each !== name));

  test.each(WAYS)('%s brings what is pushed by it', async (way) => {
    await withApp(allBut(way), async () => {
      expect(Object.entries(system.states()).filter(([, state]) => state === 'running')).toEqual([[way, 'running']]);
      await arrives(way, await create(way, `${way} alone`));
    });
  });

  test('pull-sync brings everything, by its schedule', async () => {
    await withApp({ ...allBut('pull-sync'), PULL_SCHEDULE: EVERY_SECOND }, async () => {
      await arrives('webhook', await create('webhook', 'pull-sync alone'));
    });
  });

  test('replay-parked settles what was parked, by its schedule', async () => {
    let id = '';
    await withApp(allBut('webhook'), async () => {
      id = await create('webhook', 'before');
      await arrives('webhook', id);
      const endpoint = await system.endpoint('webhook');
      const step = await system.dataverse.registerStep({ table: 'account', message: 'Update', endpoint, mode: 'sync' });
      await system.dataverse.update('account', id, { name: 'after' });
      await system.dataverse.unregister(step);
      expect(await system.parkedCodes()).toEqual(['unconfirmed']);
    });
    await withApp({ ...allBut('replay-parked'), REPLAY_SCHEDULE: EVERY_SECOND }, async () => {
      await system.liveEntity('account', id, { name: 'after' });
      await system.until('empty parking', async () => (await system.parkedCodes()).length === 0);
    });
  });
});

describe('without its setting', () => {
  test.each<[string, readonly FunctionName[]]>([
    ['SERVICEBUS_QUEUE', ['service-bus-queue']],
    ['SERVICEBUS_TOPIC', ['service-bus-topic']],
    ['SERVICEBUS_SUBSCRIPTION', ['service-bus-topic']],
    ['ServiceBusConnection', ['service-bus-queue', 'service-bus-topic']],
    ['EVENTHUB_NAME', ['event-hub']],
    ['EVENTHUB_CONSUMER_GROUP', ['event-hub']],
    ['EventHubConnection', ['event-hub']],
    ['PULL_SCHEDULE', ['pull-sync']],
    ['REPLAY_SCHEDULE', ['replay-parked']],
  ])('%s: only %j does not run, and says why', async (setting, functions) => {
    const since = system.log.length;
    await withApp({ [setting]: undefined }, async () => {
      const states = FUNCTIONS.map((each) => [each, functions.includes(each) ? 'inError' : 'running']);
      expect(system.states()).toEqual(Object.fromEntries(states));
      await arrives('webhook', await create('webhook', `without ${setting}`));
    });
    for (const name of functions) {
      const said = system.log.slice(since).filter((record) => record.level === 'error' && record.function === name);
      expect(said.map(({ message }) => message)).toEqual([expect.stringContaining(setting)]);
    }
  });

  test('WEBHOOK_KEYS: the webhook answers 503, so that Dataverse tries again; the others work', async () => {
    const since = system.log.length;
    await withApp({ WEBHOOK_KEYS: undefined }, async () => {
      expect(await system.post('{}')).toMatchObject({ status: 503, body: { code: 'not-configured' } });
      expect(await system.post('{}', { query: '?code=undefined' })).toMatchObject({ status: 503 });
      await arrives('service-bus-queue', await create('service-bus-queue', 'without WEBHOOK_KEYS'));
    });
    expect(system.records('misconfigured', since)).toEqual([
      { event: 9001, level: 'error', function: 'webhook', faults: [expect.stringMatching(/^WEBHOOK_KEYS is missing/)] },
    ]);
  });

  test('DATAVERSE_URL: only pull-sync does not run; what can not be ordered without reading is parked', async () => {
    const since = system.log.length;
    await withApp({ DATAVERSE_URL: undefined }, async () => {
      expect(system.states()).toEqual(
        Object.fromEntries(FUNCTIONS.filter((name) => name !== 'pull-sync').map((name) => [name, 'running'])),
      );
      const id = await create('service-bus-queue', 'without DATAVERSE_URL');
      await system.until('it being parked', async () =>
        (await system.parked()).some(({ code }) => code === 'order-unprovable'),
      );
      expect(await system.entity('contact', id)).toBeUndefined();
      await system.unpark();
    });
    expect(system.records('misconfigured', since)).toEqual([
      {
        event: 9001,
        level: 'error',
        function: 'pull-sync',
        faults: [expect.stringMatching(/^DATAVERSE_URL is missing/)],
      },
    ]);
  });

  test('DATAVERSE_URL, where UNPROVABLE_ORDER is apply: pushed changes are stored as they come', async () => {
    await withApp({ DATAVERSE_URL: undefined, UNPROVABLE_ORDER: 'apply' }, async () => {
      for (const way of WAYS) {
        const id = await create(way, 'as it comes');
        expect(await arrives(way, id)).toMatchObject({ [NAMES[TABLES[way]]]: 'as it comes' });
        await system.dataverse.delete(TABLES[way], id);
        await system.tombstone(TABLES[way], id);
      }
    });
  });
});

describe('with settings that nothing can run with', () => {
  const SECRETS = {
    WEBHOOK_KEYS: 'hunter2',
    LOB_STORAGE: 'hunter3;AccountKey=hunter3',
    DATAVERSE_CLIENT_SECRET: 'hunter4-hunter4-hunter4',
    DATAVERSE_URL: 'http://user:hunter5@contoso.crm4.dynamics.com',
  };

  test('every fault is named at once for each function, no secret is shown, and messages wait', async () => {
    const [body] = await recorded(system.dataverse, 'incident', () =>
      system.dataverse.create('incident', { title: 'x' }),
    );
    const since = system.log.length;
    const overrides: Overrides = {
      ...SECRETS,
      SYNC_TABLES: undefined,
      DATAVERSE_TENANT_ID: undefined,
      CLOCK_MARGIN_SECONDS: '0',
      UNCONFIRMED_DELAY_SECONDS: 'soon',
      ORDER_MODE: 'lax',
      UNPROVABLE_ORDER: 'guess',
      READ_BACK_MAX_AGE_SECONDS: '1.5',
      LOB_TABLE_PREFIX: 'not allowed',
    };
    await withApp(overrides, async () => {
      expect(system.states()).toEqual({ webhook: 'running' });
      expect(await system.post(body)).toMatchObject({ status: 503, body: { code: 'not-configured' } });
      await create('service-bus-queue', 'while nothing runs');
      expect(system.waiting().queue).toBe(1);
    });
    const records = system.records('misconfigured', since);
    expect(records.map((record) => record.function).toSorted()).toEqual(FUNCTIONS.toSorted());
    const core = [
      'SYNC_TABLES',
      'DATAVERSE_TENANT_ID',
      'CLOCK_MARGIN_SECONDS',
      'UNCONFIRMED_DELAY_SECONDS',
      'ORDER_MODE',
      'UNPROVABLE_ORDER',
      'READ_BACK_MAX_AGE_SECONDS',
      'LOB_TABLE_PREFIX',
      'LOB_STORAGE',
      'DATAVERSE_URL',
    ];
    for (const { function: name, faults } of records) {
      const named = (faults as string[]).map((fault) => fault.split(' ')[0] ?? '');
      expect(named.toSorted()).toEqual((name === 'webhook' ? [...core, 'WEBHOOK_KEYS'] : core).toSorted());
    }
    expect(JSON.stringify(system.log)).not.toContain('hunter');
  });

  test('no storage for the state: the same', async () => {
    const since = system.log.length;
    await withApp({ AzureWebJobsStorage: undefined }, async () => {
      expect(await system.post('{}')).toMatchObject({ status: 503 });
    });
    for (const name of FUNCTIONS)
      expect(system.records('misconfigured', since)).toContainEqual({
        event: 9001,
        level: 'error',
        function: name,
        faults: [expect.stringMatching(/^AzureWebJobsStorage is missing/)],
      });
  });

  test('afterwards, with the right settings, everything that waited arrives and nothing was lost', async () => {
    await withApp({}, async () => {
      await system.emptyBroker();
      await system.pull();
      expect((await system.compare()).differences).toEqual([]);
      expect(await system.parkedCodes()).toEqual([]);
    });
    const secrets = [system.stack.webhookKey, system.dataverse.clientSecret];
    for (const secret of secrets) expect(JSON.stringify(system.log)).not.toContain(secret);
  });
});
