/**
 * Proves that all faults of the settings are told together, each by its setting and never with a secret; that every number
 * has its bounds; and that one section's faults leave the other usable.
 */
import { afterAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HttpConfig, readConfig, type CoreConfig, type MessagesConfig } from '../../shared/app/config';
import { readValidate } from '../../shared/app/rules-settings';
import { type WebhookConfig } from '../../shared/receive/webhook-endpoint';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { FUNCTION_NAMES } from '../../shared/settings/functions';

const STORAGE = 'DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net';
const CORE = { SYNC_TABLES: 'account, contact', LOB_STORAGE: STORAGE, AzureWebJobsStorage: STORAGE };
const KEY = 'a-key-of-24-random-bytes-in-base64';

type Settings = Readonly<Record<string, string | undefined>>;

const core = (settings: Settings): CoreConfig => {
  const { core: section } = readConfig({ ...CORE, ...settings });
  if (!section.ok) throw new Error(section.faults.join('; '));
  return section.value;
};
const webhook = (settings: Settings): WebhookConfig => {
  const { webhook: section } = readConfig(settings);
  if (!section.ok) throw new Error(section.faults.join('; '));
  return section.value;
};
const coreFaults = (settings: Settings): readonly string[] => {
  const { core: section } = readConfig({ ...CORE, ...settings });
  return section.ok ? [] : section.faults;
};
const webhookFaults = (settings: Settings): readonly string[] => {
  const { webhook: section } = readConfig(settings);
  return section.ok ? [] : section.faults;
};

test('the least that is needed, and the defaults', () => {
  expect(core({})).toEqual({
    tables: ['account', 'contact'],
    mapping: DEFAULT_MAPPING,
    relationships: [],
    lob: { kind: 'connectionString', connectionString: STORAGE },
    lobTablePrefix: '',
    state: { kind: 'connectionString', connectionString: STORAGE },
    unprovable: 'park',
    orderMode: 'default',
    marginSeconds: 5,
    maxReadAgeSeconds: 30,
    unconfirmedDelaySeconds: 10,
    pullMaxSeconds: 480,
    pullPageRows: 2000,
    cacheMegabytes: 32,
    webApiConcurrency: 20,
  });
  expect(webhook({ WEBHOOK_KEYS: KEY })).toEqual({ keys: [KEY], keyName: 'x-dvo-key', maxBytes: 512 * 1024 });
});

describe('messages', () => {
  const BUS = 'Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=c2VjcmV0';
  const QUEUE = { ServiceBusConnection: BUS, SERVICEBUS_QUEUE: 'events' };
  const messages = (settings: Settings): MessagesConfig | undefined => {
    const { messages: section } = readConfig(settings);
    return section.ok ? section.value : undefined;
  };
  const retryQueue = { namespace: { kind: 'connectionString', connectionString: BUS }, queue: 'events' };

  test('the defaults', () =>
    expect(messages(QUEUE)).toEqual({
      queue: { isSessionsEnabled: false, cardinality: 'many' },
      subscription: { isSessionsEnabled: false, cardinality: 'many' },
      retry: { attempts: 10, firstDelayMs: 5000, longestDelayMs: 900_000 },
      retryQueue,
    }));

  test('messages come in batches, unless the setting says otherwise or they come in sessions', () => {
    const batches = { isSessionsEnabled: false, cardinality: 'many' };
    const sessions = { isSessionsEnabled: true, cardinality: 'one' };
    expect(messages({ ...QUEUE, SERVICEBUS_QUEUE_SESSIONS: 'true' })).toMatchObject({
      queue: sessions,
      subscription: batches,
    });
    expect(messages({ ...QUEUE, SERVICEBUS_SUBSCRIPTION_SESSIONS: 'true', SERVICEBUS_BATCHES: 'true' })).toMatchObject({
      queue: batches,
      subscription: sessions,
    });
    expect(messages({ ...QUEUE, SERVICEBUS_BATCHES: 'false' })).toMatchObject({
      queue: { ...batches, cardinality: 'one' },
      subscription: { ...batches, cardinality: 'one' },
    });
  });

  test('with an identity, of which it may be said which', () => {
    const host = 'acme.servicebus.windows.net';
    const identity = { SERVICEBUS_QUEUE: 'events', ServiceBusConnection__fullyQualifiedNamespace: host };
    expect(messages(identity)?.retryQueue?.namespace).toEqual({ kind: 'identity', host });
    expect(messages({ ...identity, ServiceBusConnection__clientId: 'id' })?.retryQueue?.namespace).toEqual({
      ...{ kind: 'identity', host, clientId: 'id' },
    });
  });

  test.each<[string, Settings]>([
    ['no queue', { SERVICEBUS_QUEUE: undefined }],
    ['no connection', { ServiceBusConnection: undefined }],
    ['its function is switched off', { 'AzureWebJobs.service-bus-queue.Disabled': 'true' }],
    ['… as it is called on Linux', { 'AzureWebJobs_service-bus-queue_Disabled': '1' }],
    ['… by name', { DISABLED_FUNCTIONS: 'webhook, service-bus-queue' }],
  ])('there is no queue for copies: %s', (_what, settings) => {
    expect(messages({ ...QUEUE, ...settings })).toMatchObject({ retryQueue: undefined });
  });

  test('its faults are its own', () => {
    const config = readConfig({ ...CORE, SERVICEBUS_RETRY_ATTEMPTS: 'many', SERVICEBUS_QUEUE_SESSIONS: 'yes' });
    expect(config.messages).toEqual({
      ok: false,
      faults: [
        'SERVICEBUS_QUEUE_SESSIONS must be one of false, true',
        'SERVICEBUS_RETRY_ATTEMPTS must be a whole number',
      ],
    });
    expect(config.core.ok).toBe(true);
  });
});

describe('writing to Dataverse', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inbound-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'm.yaml');
  writeFileSync(file, 'tables: { account: { inbound: { columns: { name: } } } }');
  const READING = {
    DATAVERSE_URL: 'https://contoso.crm4.dynamics.com',
    DATAVERSE_TENANT_ID: 't',
    DATAVERSE_CLIENT_ID: 'reader',
    DATAVERSE_CLIENT_SECRET: 's',
  };
  const BASE = { ...CORE, SYNC_TABLES: 'account', MAPPING_FILE: file, ...READING };
  const inbound = (settings: Settings) => readConfig({ ...BASE, ...settings }).inbound;
  const faults = (settings: Settings): readonly string[] => {
    const section = inbound(settings);
    return section.ok ? [] : section.faults;
  };

  test('by default as whoever reads; no step is bypassed', () =>
    expect(inbound({})).toEqual({
      ok: true,
      value: { dataverse: 'same', bypassedSteps: [], queue: { isSessionsEnabled: false, cardinality: 'many' } },
    }));

  test('another user: what isn’t said is as for reading', () => {
    const [reader, writer] = ['reader', 'writer'];
    expect(inbound({ INBOUND_DATAVERSE_CLIENT_ID: writer, INBOUND_DATAVERSE_CLIENT_SECRET: 'w' })).toMatchObject({
      value: { dataverse: { url: READING.DATAVERSE_URL, auth: { tenantId: 't', clientId: writer, secret: 'w' } } },
    });
    expect(inbound({ INBOUND_DATAVERSE_AUTH: 'managed-identity', INBOUND_DATAVERSE_CLIENT_ID: '' })).toMatchObject({
      value: { dataverse: { auth: { kind: 'managed-identity', clientId: reader } } },
    });
    const steps = '7A1D3C52-6C1E-4F0B-9A57-0D2B41C6E8F3';
    expect(inbound({ INBOUND_QUEUE_SESSIONS: 'true', INBOUND_BYPASS_STEPS: steps })).toMatchObject({
      value: { bypassedSteps: [steps.toLowerCase()], queue: { isSessionsEnabled: true, cardinality: 'one' } },
    });
  });

  test.each<readonly [string, Settings, RegExp]>([
    ['a way to sign in that is none', { INBOUND_DATAVERSE_AUTH: 'S3cret' }, /^INBOUND_DATAVERSE_AUTH must be one of/],
    [
      'a certificate without its file',
      { INBOUND_DATAVERSE_AUTH: 'client-certificate' },
      /^INBOUND_DATAVERSE_CLIENT_CERTIFICATE_PATH is missing/,
    ],
    ['steps', { INBOUND_BYPASS_STEPS: 'S3cret' }, /^INBOUND_BYPASS_STEPS must hold the ids/],
    ['sessions', { INBOUND_QUEUE_SESSIONS: 'S3cret' }, /^INBOUND_QUEUE_SESSIONS must be one of/],
    ['no Web API', { DATAVERSE_URL: '' }, /^DATAVERSE_URL is missing: writing/],
    ['no mapping', { MAPPING_FILE: '' }, /^MAPPING_FILE has no table with a section "inbound"/],
    [
      'an outbox without a database',
      { INBOUND_SQL_SCHEDULE: '* * * * * *' },
      /^INBOUND_SQL_SCHEDULE needs LOB_STORE=postgres/,
    ],
  ])('%s: only the functions that write are off', (_what, settings, fault) => {
    expect(faults(settings)).toEqual([expect.stringMatching(fault)]);
    expect(faults(settings).join()).not.toContain('S3cret');
    expect(readConfig({ ...BASE, ...settings }).core.ok).toBe(true);
  });

  test('copies of its messages go to its own queue', () => {
    const bus = 'Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=c2VjcmV0';
    expect(readConfig({ ...BASE, ServiceBusConnection: bus, INBOUND_QUEUE: 'lob' }).messages).toMatchObject({
      value: { retryQueue: undefined, inboundRetryQueue: { queue: 'lob' } },
    });
  });
});

describe('PostgreSQL', () => {
  const DATABASE = {
    LOB_STORE: 'postgres',
    LOB_STORAGE: undefined,
    LOB_POSTGRES__host: 'contoso.postgres.database.azure.com',
    LOB_POSTGRES__database: 'lob',
    LOB_POSTGRES__user: 'app',
  };

  test('the least that is needed: the app’s identity over TLS', () => {
    expect(core(DATABASE).lob).toEqual({
      ...{ kind: 'postgres', host: 'contoso.postgres.database.azure.com', port: 5432, database: 'lob', user: 'app' },
      ...{ tls: true, prepared: true, maxConnections: 10, growsSchema: true },
    });
  });

  test('everything', () => {
    const all = {
      ...{ LOB_POSTGRES__port: '6432', LOB_POSTGRES__password: 'secret', LOB_POSTGRES__clientId: 'id' },
      ...{ LOB_POSTGRES__tls: 'false', LOB_POSTGRES__maxConnections: '3', LOB_POSTGRES__growsSchema: 'false' },
    };
    expect(core({ ...DATABASE, ...all }).lob).toMatchObject({
      ...{ port: 6432, password: 'secret', clientId: 'id', tls: false, maxConnections: 3, growsSchema: false },
      prepared: false,
    });
    expect(core({ ...DATABASE, ...all, LOB_POSTGRES__prepared: 'true' }).lob).toMatchObject({ prepared: true });
  });

  test('faults are told by their settings, without values', () => {
    const wrong = {
      ...{ LOB_POSTGRES__host: 'https://S3cret/', LOB_POSTGRES__port: 'S3cret', LOB_POSTGRES__maxConnections: '0' },
      ...{ LOB_POSTGRES__tls: 'S3cret', LOB_POSTGRES__user: '', LOB_POSTGRES__database: '' },
    };
    const faults = coreFaults({ ...DATABASE, ...wrong });
    expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual([
      ...['LOB_POSTGRES__database', 'LOB_POSTGRES__host', 'LOB_POSTGRES__maxConnections', 'LOB_POSTGRES__port'],
      ...['LOB_POSTGRES__tls', 'LOB_POSTGRES__user'],
    ]);
    expect(faults.join()).not.toContain('S3cret');
    expect(coreFaults({ LOB_STORE: 'oracle' })).toEqual(['LOB_STORE must be one of tables, postgres, http']);
  });

  test('a key of its own form is for Azure Tables', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keys-'));
    const file = join(folder, 'keys.yaml');
    writeFileSync(file, 'tables:\n  account: { key: { prefix: acc- } }\n  contact:\n');
    expect(coreFaults({ MAPPING_FILE: file })).toEqual([]);
    expect(coreFaults({ ...DATABASE, MAPPING_FILE: file })).toEqual([
      expect.stringContaining("can't have a key for table account with LOB_STORE=postgres"),
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe('a REST interface', () => {
  const TARGET = { LOB_STORE: 'http', LOB_HTTP__url: 'https://erp.contoso.com/api/{table}/{key}' };

  test('the least that is needed', () => {
    expect(core(TARGET).lob).toMatchObject({
      kind: 'http',
      notes: { kind: 'connectionString' },
      target: {
        method: 'PUT',
        patchMethod: 'PATCH',
        signingKeys: [],
        auth: { kind: 'none' },
        concurrency: 8,
        timeoutMs: 10_000,
      },
    });
  });

  test('credentials: a token, of the app or of a registration; a header; a relay', () => {
    const lob = (more: Record<string, string>) => (core({ ...TARGET, ...more }).lob as HttpConfig).target;
    const registration = { LOB_HTTP__tenantId: 't', LOB_HTTP__clientId: 'c', LOB_HTTP__clientSecret: 's' };
    expect(lob({ LOB_HTTP__scope: 'api://erp/.default' }).auth).toEqual({
      kind: 'bearer',
      scope: 'api://erp/.default',
    });
    expect(lob({ LOB_HTTP__scope: 'x', ...registration }).auth).toMatchObject({ registration: { clientId: 'c' } });
    expect(lob({ LOB_HTTP__headerName: 'x-key', LOB_HTTP__headerValue: 'v' }).auth).toEqual({
      ...{ kind: 'header', name: 'x-key', value: 'v' },
    });
    expect(lob({ LOB_HTTP__relay: 'identity' }).relay).toEqual({ kind: 'identity' });
    expect(lob({ LOB_HTTP__relayKeyName: 'send', LOB_HTTP__relayKey: 'k' }).relay).toEqual({
      ...{ kind: 'key', rule: 'send', key: 'k' },
    });
  });

  test.each([
    [{ LOB_HTTP__url: '' }, 'LOB_HTTP__url is missing'],
    [{ LOB_HTTP__url: 'http://erp.contoso.com/{table}/{key}' }, 'LOB_HTTP__url must be an https address'],
    [{ LOB_HTTP__url: 'https://erp.contoso.com/{table}' }, 'LOB_HTTP__url must hold {key}'],
    [{ LOB_HTTP__url: 'https://erp.contoso.com/{table}/{key}/{x}' }, 'LOB_HTTP__url must hold no other placeholder'],
    [{ LOB_HTTP__url: 'https://{table}.contoso.com/{key}' }, 'LOB_HTTP__url must be an https address'],
    [{ LOB_HTTP__url: 'https://S3cret:x@erp.contoso.com/{table}/{key}' }, 'LOB_HTTP__url must'],
    [{ LOB_HTTP__signingKeys: 'S3cret' }, 'LOB_HTTP__signingKeys must hold keys of 24 to 64 bytes'],
    [{ LOB_HTTP__headerName: 'x-key' }, 'LOB_HTTP__headerValue is missing'],
    [{ LOB_HTTP__relayKeyName: 'send' }, 'LOB_HTTP__relayKey is missing'],
    [{ LOB_HTTP__relay: 'S3cret' }, 'LOB_HTTP__relay must be one of'],
    [{ LOB_HTTP__timeoutSeconds: '60' }, 'LOB_HTTP__timeoutSeconds must be at most 10'],
  ])('%j', (more, fault) => {
    const faults = coreFaults({ ...TARGET, ...more });
    expect(faults).toEqual([expect.stringContaining(fault)]);
    expect(faults.join()).not.toContain('S3cret');
  });
});

test('all faults of all sections are told together, in one sentence each', () => {
  const { core: coreSection, webhook: webhookSection } = readConfig({
    SYNC_TABLES: 'Account',
    CLOCK_MARGIN_SECONDS: '0',
    ORDER_MODE: 'loose',
    LOB_STORAGE: 'nonsense',
    DATAVERSE_URL: 'http://contoso.crm4.dynamics.com',
    DATAVERSE_AUTH: 'client-secret',
    WEBHOOK_KEYS: 'short',
    WEBHOOK_MAX_KILOBYTES: '5000',
  });
  const settings = (section: typeof coreSection | typeof webhookSection): string[] =>
    section.ok ? [] : section.faults.map((fault) => fault.split(' ')[0] ?? '').sort();
  expect(settings(coreSection)).toEqual([
    'AzureWebJobsStorage',
    'CLOCK_MARGIN_SECONDS',
    'DATAVERSE_CLIENT_ID',
    'DATAVERSE_CLIENT_SECRET',
    'DATAVERSE_TENANT_ID',
    'DATAVERSE_URL',
    'LOB_STORAGE',
    'ORDER_MODE',
    'SYNC_TABLES',
  ]);
  expect(settings(webhookSection)).toEqual(['WEBHOOK_KEYS', 'WEBHOOK_MAX_KILOBYTES']);
});

test('no fault shows what a setting holds', () => {
  const secret = 'S3cret!';
  const names = [
    ...['SYNC_TABLES', 'LOB_TABLE_PREFIX', 'UNPROVABLE_ORDER', 'ORDER_MODE', 'CLOCK_MARGIN_SECONDS', 'CACHE_MEGABYTES'],
    ...[
      'READ_BACK_MAX_AGE_SECONDS',
      'UNCONFIRMED_DELAY_SECONDS',
      'LOB_STORAGE',
      'AzureWebJobsStorage',
      'DATAVERSE_URL',
    ],
    ...[
      'MAPPING_FILE',
      'REDACTION_KEY',
      'DATAVERSE_AUTH',
      'DATAVERSE_CLIENT_SECRET',
      'WEBHOOK_KEYS',
      'WEBHOOK_KEY_NAME',
      'WEBHOOK_MAX_KILOBYTES',
    ],
  ];
  const settings = Object.fromEntries(names.map((name) => [name, secret]));
  const faults = [...coreFaults(settings), ...webhookFaults(settings)];
  expect(faults.length).toBeGreaterThanOrEqual(names.length - 1);
  expect(faults.join('\n')).not.toContain(secret);
});

test('the faults of one section leave the other usable', () => {
  expect(readConfig({ WEBHOOK_KEYS: KEY })).toMatchObject({ core: { ok: false }, webhook: { ok: true } });
  expect(readConfig(CORE)).toMatchObject({ core: { ok: true }, webhook: { ok: false } });
});

describe('every number has its bounds and its default', () => {
  test.each<readonly [string, keyof CoreConfig, number, number, number]>([
    ['CLOCK_MARGIN_SECONDS', 'marginSeconds', 1, 300, 5],
    ['READ_BACK_MAX_AGE_SECONDS', 'maxReadAgeSeconds', 1, 600, 30],
    ['UNCONFIRMED_DELAY_SECONDS', 'unconfirmedDelaySeconds', 0, 3600, 10],
    ['PULL_MAX_SECONDS', 'pullMaxSeconds', 10, 480, 480],
    ['PULL_PAGE_ROWS', 'pullPageRows', 50, 5000, 2000],
    ['CACHE_MEGABYTES', 'cacheMegabytes', 1, 4096, 32],
    ['WEB_API_CONCURRENCY', 'webApiConcurrency', 1, 500, 20],
  ])('%s', (name, field, least, most, fallback) => {
    const value = (text: string): unknown => core({ [name]: text })[field];
    expect([value(String(least)), value(String(most)), value('')]).toEqual([least, most, fallback]);
    expect(coreFaults({ [name]: String(least - 1) })).toEqual([`${name} must be at least ${least}`]);
    expect(coreFaults({ [name]: String(most + 1) })).toEqual([`${name} must be at most ${most}`]);
    for (const text of ['1.5', 'ten']) expect(coreFaults({ [name]: text })).toEqual([`${name} must be a whole number`]);
  });

  test('WEBHOOK_MAX_KILOBYTES', () => {
    const bytes = (text: string): number => webhook({ WEBHOOK_KEYS: KEY, WEBHOOK_MAX_KILOBYTES: text }).maxBytes;
    expect([bytes('64'), bytes('640')]).toEqual([64 * 1024, 640 * 1024]);
    for (const text of ['63', '641', 'x'])
      expect(webhookFaults({ WEBHOOK_KEYS: KEY, WEBHOOK_MAX_KILOBYTES: text })).toHaveLength(1);
  });
});

describe('relationships', () => {
  test('are split like tables; those of the mapping file come besides', () => {
    expect(core({ SYNC_RELATIONSHIPS: 'accountleads_association, new_contact_contact' }).relationships).toEqual([
      'accountleads_association',
      'new_contact_contact',
    ]);
    expect(coreFaults({ SYNC_RELATIONSHIPS: "x') or ('1" })).toEqual([
      expect.stringMatching(/^SYNC_RELATIONSHIPS must hold schema names/),
    ]);
  });
  test('a link whose Azure table would be that of a table', () =>
    expect(coreFaults({ SYNC_TABLES: 'account,new_pair', SYNC_RELATIONSHIPS: 'new_Pair' })).toEqual([
      "SYNC_RELATIONSHIPS can't hold new_Pair: its Azure table would have the same name as that of new_pair",
    ]));
});

describe('tables', () => {
  test('are split at commas and blanks, each kept once', () =>
    expect(core({ SYNC_TABLES: ' account,contact  new_thing,account ' }).tables).toEqual([
      'account',
      'contact',
      'new_thing',
    ]));
  test.each([[''], [' , '], [undefined]])('none is a fault: %j', (SYNC_TABLES) =>
    expect(coreFaults({ SYNC_TABLES })).toEqual([expect.stringMatching(/^SYNC_TABLES is missing/)]),
  );
  test('a name that no table can have is told once', () =>
    expect(coreFaults({ SYNC_TABLES: 'Account Contact 1x' })).toHaveLength(1));
  test('two tables whose Azure tables would have one name', () =>
    expect(coreFaults({ SYNC_TABLES: 'new_thing,newthing,account' })).toEqual([
      "SYNC_TABLES can't hold newthing: its Azure table would have the same name as that of new_thing",
    ]));
  test('an Azure table name is 3 to 63 letters and digits', () => {
    const long = 'x'.repeat(60);
    expect(coreFaults({ SYNC_TABLES: long })).toEqual([]);
    expect(coreFaults({ SYNC_TABLES: long, LOB_TABLE_PREFIX: 'abcd' })).toHaveLength(1);
    expect(coreFaults({ SYNC_TABLES: 'ab' })).toHaveLength(1);
    expect(coreFaults({ SYNC_TABLES: 'ab', LOB_TABLE_PREFIX: 'x' })).toEqual([]);
  });
  test.each(['1x', 'a-b', 'a'.repeat(21)])('a prefix that Azure does not allow: %s', (LOB_TABLE_PREFIX) =>
    expect(coreFaults({ LOB_TABLE_PREFIX })).toHaveLength(1),
  );
});

describe('the mapping file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mapping-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let files = 0;
  const file = (text: string): Settings => {
    const path = join(folder, `mapping${(files += 1)}.yaml`);
    writeFileSync(path, text);
    return { MAPPING_FILE: path };
  };
  const alone = { SYNC_TABLES: undefined };
  const place = (fault: string): string => fault.replace(/^mapping\d+\.yaml/, 'mapping.yaml');
  const faults = (text: string, settings: Settings = {}): string[] =>
    coreFaults({ ...settings, ...file(text) }).map(place);

  test('without SYNC_TABLES its tables are kept in step', () => {
    const of = core({ ...alone, ...file('tables: { contact: , new_thing: { target: things } }') });
    expect(of.tables).toEqual(['contact', 'new_thing']);
    expect(of.mapping.tableOf('new_thing').target).toBe('things');
  });
  test('with SYNC_TABLES it may name fewer tables, and no others', () => {
    const of = core(file('tables: { contact: { target: people } }'));
    expect(of.tables.map((table) => of.mapping.tableOf(table).target)).toEqual(['account', 'people']);
    expect(faults('tables:\n  contact:\n  lead: {}')).toEqual(["mapping.yaml:3:3 tables.lead isn't in SYNC_TABLES"]);
  });
  test('no table anywhere', () =>
    expect(faults('languages: [1033]', alone)).toEqual([expect.stringMatching(/^SYNC_TABLES is missing/)]));
  test('all its faults are told with those of the settings, each with its place', () =>
    expect(faults('tabels: {}\nnewColumns: no', { CLOCK_MARGIN_SECONDS: '0' })).toEqual([
      'CLOCK_MARGIN_SECONDS must be at least 1',
      'mapping.yaml:1:1 tabels is no known key; did you mean tables?',
      'mapping.yaml:2:13 newColumns must be one of backfill, add',
    ]));
  test('a file that is not there, or too large', () => {
    expect(coreFaults({ MAPPING_FILE: join(folder, 'none.yaml') })).toEqual([
      expect.stringMatching(/^MAPPING_FILE names a file that can't be read \(ENOENT\)/),
    ]);
    expect(faults(`# ${'x'.repeat(1024 * 1024)}`)).toEqual(['mapping.yaml must not be larger than 1 MiB']);
  });

  describe('the key of hashed columns', () => {
    const HASHED = 'tables: { account: { columns: { name: { redact: hash } } } }';
    const REDACTION_KEY = Buffer.alloc(32, 1).toString('base64');
    test('is missed where a column or a parameter is hashed, and only there', () => {
      const missing = ['REDACTION_KEY is missing: the mapping file hashes columns'];
      expect(faults(HASHED)).toEqual(missing);
      expect(faults('events: { new_X: { columns: { input.a: { redact: hash } } } }')).toEqual(missing);
      expect(faults('tables: { account: { columns: { name: { redact: mask } } } }')).toEqual([]);
      expect(faults(HASHED, { REDACTION_KEY })).toEqual([]);
    });
    test.each([Buffer.alloc(31, 1).toString('base64'), 'not base64!'])('%s is none', (key) =>
      expect(faults(HASHED, { REDACTION_KEY: key })).toEqual([
        expect.stringMatching(/^REDACTION_KEY must be at least 32 bytes/),
      ]),
    );
    test('another key, another hash', () => {
      const columns = new Map([['name', { kind: 'string', value: 'Ada' } as const]]);
      const hashed = (key: string): unknown => {
        const { mapping } = core({ ...file(HASHED), REDACTION_KEY: key });
        return mapping.tableOf('account').map({ table: 'account', id: '' }, columns).get('name');
      };
      expect(hashed(REDACTION_KEY)).toEqual(hashed(REDACTION_KEY));
      expect(hashed(REDACTION_KEY)).not.toEqual(hashed(Buffer.alloc(32, 2).toString('base64')));
    });
  });

  test.each([
    [
      'a link and a table',
      'tables: { account: { target: x_y_z } }\nlinks: { l_l: { target: XYZ } }',
      'links.l_l',
      'account',
    ],
    [
      'an event and a table that only SYNC_TABLES names',
      'events: { new_X: { target: contact } }',
      'events.new_X',
      'contact',
    ],
    ['two events', 'events: { new_x: , newX: }', 'events.newX', 'new_x'],
  ])('%s may not share an Azure table', (_what, text, at, other) =>
    expect(faults(text)).toEqual([
      expect.stringMatching(
        new RegExp(
          `${at} can't have that name in the store: its Azure table would have the same name as that of ${other}$`,
        ),
      ),
    ]),
  );
  test('nor one with the state of the app', () => {
    expect(faults('events: { new_X: { target: parked } }', { LOB_TABLE_PREFIX: 'dvo' })).toHaveLength(1);
    expect(coreFaults({ SYNC_TABLES: 'dvo_pull' })).toHaveLength(1);
    expect(coreFaults({ SYNC_TABLES: 'pull', LOB_TABLE_PREFIX: 'DVO' })).toHaveLength(1);
  });
});

describe('storage', () => {
  const lob = (settings: Settings) => core({ LOB_STORAGE: undefined, ...settings }).lob;
  test("an account by name uses the app's identity, in the public cloud", () =>
    expect(lob({ LOB_STORAGE__accountName: 'acmelob' })).toEqual({
      kind: 'identity',
      endpoints: { table: 'https://acmelob.table.core.windows.net' },
    }));
  test('the address of a service stands before the name, whatever its cloud; a user-assigned identity by its client id', () =>
    expect(
      lob({
        LOB_STORAGE__accountName: 'acmelob',
        LOB_STORAGE__tableServiceUri: ' https://acmelob.table.core.chinacloudapi.cn/ ',
        LOB_STORAGE__clientId: 'id',
      }),
    ).toEqual({
      kind: 'identity',
      endpoints: { table: 'https://acmelob.table.core.chinacloudapi.cn' },
      clientId: 'id',
    }));
  test("the app's state needs tables and blobs", () => {
    const state = (settings: Settings) => ({ AzureWebJobsStorage: '', ...settings });
    const uris = {
      AzureWebJobsStorage__tableServiceUri: 'https://a.table.core.windows.net',
      AzureWebJobsStorage__blobServiceUri: 'https://a.blob.core.windows.net',
    };
    expect(core(state(uris)).state).toEqual({
      kind: 'identity',
      endpoints: { table: 'https://a.table.core.windows.net', blob: 'https://a.blob.core.windows.net' },
    });
    expect(coreFaults(state({ ...uris, AzureWebJobsStorage__tableServiceUri: '' }))).toEqual([
      expect.stringMatching(/^AzureWebJobsStorage__tableServiceUri is missing/),
    ]);
  });
  test('the emulator', () => expect(coreFaults({ LOB_STORAGE: 'UseDevelopmentStorage=true' })).toEqual([]));
  test.each([
    ['neither', { LOB_STORAGE: '' }],
    ['no connection string', { LOB_STORAGE: 'https://acme.table.core.windows.net' }],
    ['a name that no account can have', { LOB_STORAGE: '', LOB_STORAGE__accountName: 'Acme_Lob' }],
    ['plain http', { LOB_STORAGE: '', LOB_STORAGE__tableServiceUri: 'http://acme.table.core.windows.net' }],
    [
      'a signed address',
      { LOB_STORAGE: '', LOB_STORAGE__tableServiceUri: 'https://acme.table.core.windows.net?sig=x' },
    ],
  ])('%s', (_what, settings) => expect(coreFaults(settings)).toEqual([expect.stringMatching(/^LOB_STORAGE/)]));
});

describe('Dataverse', () => {
  const SECRET = { DATAVERSE_TENANT_ID: 'tenant', DATAVERSE_CLIENT_ID: 'client', DATAVERSE_CLIENT_SECRET: 'secret' };
  const URL = { DATAVERSE_URL: ' https://contoso.crm4.dynamics.com/main.aspx?x=1 ' };

  test('none is allowed: then there is no read-back and no pull', () => expect(core({}).dataverse).toBeUndefined());
  test('a client secret is the default; the address is cut to its origin', () =>
    expect(core({ ...URL, ...SECRET }).dataverse).toEqual({
      url: 'https://contoso.crm4.dynamics.com',
      auth: { kind: 'client-secret', tenantId: 'tenant', clientId: 'client', secret: 'secret' },
      disableInstanceDiscovery: false,
    }));
  test('a certificate', () =>
    expect(
      core({ ...URL, ...SECRET, DATAVERSE_AUTH: 'client-certificate', DATAVERSE_CLIENT_CERTIFICATE_PATH: '/c.pem' })
        .dataverse?.auth,
    ).toEqual({ kind: 'client-certificate', tenantId: 'tenant', clientId: 'client', certificatePath: '/c.pem' }));
  test.each([
    ['of the system', {}, { kind: 'managed-identity' }],
    ['assigned by the user', { DATAVERSE_CLIENT_ID: 'id' }, { kind: 'managed-identity', clientId: 'id' }],
  ])('a managed identity %s needs no secret', (_what, settings, auth) =>
    expect(core({ ...URL, DATAVERSE_AUTH: 'managed-identity', ...settings }).dataverse?.auth).toEqual(auth),
  );
  test.each(Object.keys(SECRET))('%s is missed', (name) =>
    expect(coreFaults({ ...URL, ...SECRET, [name]: ' ' })).toEqual([
      `${name} is missing: DATAVERSE_AUTH=client-secret needs it`,
    ]),
  );
  test.each(['http://contoso.crm4.dynamics.com', 'contoso', 'ftp://x'])('not an https address: %s', (DATAVERSE_URL) =>
    expect(coreFaults({ ...SECRET, DATAVERSE_URL })).toEqual([
      expect.stringMatching(/^DATAVERSE_URL must be an https/),
    ]),
  );
  test('an unknown way to sign in', () =>
    expect(coreFaults({ ...URL, DATAVERSE_AUTH: 'password' })).toEqual([expect.stringMatching(/^DATAVERSE_AUTH/)]));
});

test('only functions that exist can be left out', () => {
  expect(coreFaults({ ...CORE, DISABLED_FUNCTIONS: 'event-hub, pull-sync' })).toEqual([]);
  expect(coreFaults({ ...CORE, DISABLED_FUNCTIONS: 'eventhub' })).toEqual([
    `DISABLED_FUNCTIONS must hold ${FUNCTION_NAMES.join(', ')}`,
  ]);
});

describe('webhook', () => {
  test('several keys, for rotation', () =>
    expect(webhook({ WEBHOOK_KEYS: `${KEY},${KEY}2` }).keys).toEqual([KEY, `${KEY}2`]));
  test.each([
    ['31 characters', 'aB3dEf6hIj9lMn2pQr5tUv8xYz1_-4wS'.slice(1)],
    ['47 hexadecimal digits', '0123456789abcdef'.repeat(3).slice(1)],
    ['one character over and over', 'x'.repeat(64)],
    ['few characters over and over', 'deadbeef'.repeat(8)],
  ])('a key that can not hold 24 random bytes is refused beside a good one: %s', (_, weak) =>
    expect(webhookFaults({ WEBHOOK_KEYS: `${KEY},${weak}` })).toEqual([
      expect.stringMatching(/^WEBHOOK_KEYS must hold keys of at least 24 random bytes each: openssl rand/),
    ]),
  );
  test.each([
    ['openssl rand -hex 24', () => randomBytes(24).toString('hex')],
    ['openssl rand -base64 24', () => randomBytes(24).toString('base64')],
    ['base64url', () => randomBytes(24).toString('base64url')],
  ])('every key of 24 random bytes is taken: %s', (_, make) => {
    for (let index = 0; index < 2000; index += 1) expect(webhookFaults({ WEBHOOK_KEYS: make() })).toEqual([]);
  });
  test('what Azure leaves of a Key Vault reference that it could not resolve is no key', () => {
    const reference = '@Microsoft.KeyVault(VaultName=acme;SecretName=webhook-keys)';
    expect(webhookFaults({ WEBHOOK_KEYS: reference })).toEqual([
      expect.stringMatching(/^WEBHOOK_KEYS is a Key Vault reference/),
    ]);
  });
  test('no key is a fault', () => expect(webhookFaults({})).toHaveLength(1));
  test("the key's name is compared as HTTP compares headers", () =>
    expect(webhook({ WEBHOOK_KEYS: KEY, WEBHOOK_KEY_NAME: 'X-Acme' }).keyName).toBe('x-acme'));
  test.each([
    ...[
      'x y',
      'host',
      'Content-Type',
      'content-length',
      'Transfer-Encoding',
      'accept',
      'Accept-Encoding',
      'user-agent',
    ],
    ...['x-forwarded-for', 'X-MS-Dynamics-Organization', 'cookie', 'traceparent'],
  ])('a name that no header can have, or that is another one: %s', (name) =>
    expect(webhookFaults({ WEBHOOK_KEYS: KEY, WEBHOOK_KEY_NAME: name })).toEqual([
      expect.stringMatching(/^WEBHOOK_KEY_NAME must be a header name, and none that is in use already/),
    ]),
  );
  test.each(['x-dvo-key', 'x-api-key', 'x-functions-key', 'authorization', 'code', 'hostkey', 'iffy'])(
    'a name of its own: %s',
    (name) => expect(webhook({ WEBHOOK_KEYS: KEY, WEBHOOK_KEY_NAME: name }).keyName).toBe(name),
  );
});

describe('validation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dvo-rules-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const rulesFile = (text: string): string => {
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, text);
    return file;
  };
  const UNIQUE = 'tables:\n  lead:\n    - { code: a, message: b, unique: [emailaddress1, subject] }\n';
  const validate = (settings: Settings) => {
    const environment = { ...CORE, ...settings };
    return readValidate(environment, readConfig(environment).core);
  };
  const faultsOf = (settings: Settings): readonly string[] => {
    const section = validate({ VALIDATE_KEYS: KEY, ...settings });
    return section.ok ? [] : section.faults;
  };

  test('is off without rules', () => {
    expect(validate({})).toEqual({ ok: false, faults: [expect.stringMatching(/^RULES_FILE is missing/)] });
  });

  test('the least that is needed, and the defaults', () => {
    const RULES_FILE = rulesFile('tables: { account: [{ code: a, message: b, required: [name] }] }');
    expect(validate({ RULES_FILE, VALIDATE_KEYS: KEY })).toMatchObject({
      ok: true,
      value: { keys: [KEY], keyName: 'x-dvo-key', maxBytes: 512 * 1024, exemptUsers: new Set(), deadlineMs: 1500 },
    });
    const id = '5A1D9A8F-6E0B-4C8E-9B7A-0D2F3C4B5A69';
    const more = { VALIDATE_EXEMPT_USERS: id, VALIDATE_DEADLINE_MS: '900', WEBHOOK_KEY_NAME: 'X-Key' };
    expect(validate({ RULES_FILE, VALIDATE_KEYS: KEY, ...more })).toMatchObject({
      value: { keyName: 'x-key', exemptUsers: new Set([id.toLowerCase()]), deadlineMs: 900 },
    });
  });

  test('all faults are told, those of the file with their places', () => {
    const RULES_FILE = rulesFile('tables: { account: [{ code: a }] }');
    const wrong = {
      VALIDATE_UNJUDGED: 'maybe',
      VALIDATE_DEADLINE_MS: '99',
      VALIDATE_EXEMPT_USERS: 'me',
      VALIDATE_KEYS: 'x',
    };
    const faults = faultsOf({ RULES_FILE, ...wrong });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      ...['VALIDATE_KEYS', 'VALIDATE_UNJUDGED', 'VALIDATE_DEADLINE_MS', 'VALIDATE_EXEMPT_USERS'],
      'rules.yaml:1:21',
    ]);
    expect(faultsOf({ RULES_FILE: 'nowhere.yaml' })).toEqual([
      expect.stringMatching(/^RULES_FILE names a file that can't/),
    ]);
  });

  test('a rule that asks the store needs its table and its columns there, as they are', () => {
    const RULES_FILE = rulesFile(UNIQUE);
    expect(faultsOf({ RULES_FILE })).toEqual([
      "rules.yaml:3:38 tables.lead[0].unique needs table lead in the store: it isn't kept in step",
    ]);
    const SYNC_TABLES = 'lead';
    expect(faultsOf({ RULES_FILE, SYNC_TABLES })).toEqual([]);
    const MAPPING_FILE = join(folder, 'mapping.yaml');
    writeFileSync(MAPPING_FILE, 'tables: { lead: { columns: { emailaddress1: { redact: mask }, subject: Subject } } }');
    expect(faultsOf({ RULES_FILE, SYNC_TABLES, MAPPING_FILE })).toEqual([
      'rules.yaml:3:38 tables.lead[0].unique needs emailaddress1 in the store as it is: the mapping file drops, masks or shortens it',
    ]);
    const http = { LOB_STORE: 'http', LOB_HTTP__url: 'https://erp.contoso.com/{table}/{key}' };
    expect(faultsOf({ RULES_FILE, SYNC_TABLES, ...http })).toEqual([expect.stringMatching(/LOB_STORE=http/)]);
  });
});
