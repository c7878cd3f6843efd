/** Proves what the functions that write to Dataverse register once their settings are there. */
import { app } from '@azure/functions';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'inbound-'));
const file = join(folder, 'm.yaml');
const SETTINGS = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  LOB_STORE: 'postgres',
  ...{
    LOB_POSTGRES__host: 'localhost',
    LOB_POSTGRES__database: 'd',
    LOB_POSTGRES__user: 'u',
    LOB_POSTGRES__password: 'p',
  },
  SYNC_TABLES: 'account',
  MAPPING_FILE: file,
  DATAVERSE_URL: 'https://contoso.crm4.dynamics.com',
  DATAVERSE_AUTH: 'managed-identity',
  INBOUND_QUEUE: 'lob-changes',
  INBOUND_QUEUE_SESSIONS: 'true',
  INBOUND_SQL_SCHEDULE: '*/5 * * * * *',
};
const registered = new Map<string, unknown>();
const saved = { ...process.env };

beforeAll(() => {
  writeFileSync(file, 'tables: { account: { inbound: { columns: { name: } } } }');
  Object.assign(process.env, SETTINGS);
  for (const kind of ['timer', 'serviceBusQueue'] as const)
    jest.spyOn(app, kind).mockImplementation((name: string, options: unknown) => void registered.set(name, options));
  // Loaded only now, since they register while they load.
  jest.requireActual('../../functions/inbound-queue');
  jest.requireActual('../../functions/inbound-sql');
});
afterAll(() => {
  jest.restoreAllMocks();
  process.env = saved;
  rmSync(folder, { recursive: true });
});

test('a queue with sessions, as bytes; a timer that isn’t monitored', () => {
  const handler = expect.any(Function);
  expect(Object.fromEntries(registered)).toEqual({
    'inbound-queue': {
      ...{ connection: 'ServiceBusConnection', queueName: '%INBOUND_QUEUE%', dataType: 'binary', handler },
      ...{ isSessionsEnabled: true, cardinality: 'one' },
    },
    'inbound-sql': { schedule: '%INBOUND_SQL_SCHEDULE%', useMonitor: false, handler },
  });
});
