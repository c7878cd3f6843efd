/**
 * Proves what each function registers with the platform: raw bytes where the platform would otherwise parse, an event hub
 * batch that is tried until it is processed or parked, POST only, settings by name, and sessions where
 * the settings say so.
 */
import { app } from '@azure/functions';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually';

const SETTINGS = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  LOB_STORAGE: 'UseDevelopmentStorage=true',
  SYNC_TABLES: 'account',
  SERVICEBUS_QUEUE_SESSIONS: 'true',
  WEBHOOK_KEYS: 'a-key-of-the-tests-of-functions-0001',
  VALIDATE_KEYS: 'a-key-of-the-tests-of-functions-0002',
  DATAVERSE_URL: 'https://contoso.crm4.dynamics.com',
  DATAVERSE_AUTH: 'managed-identity',
};
const registered = new Map<string, unknown>();
const saved = { ...process.env };
const folder = mkdtempSync(join(tmpdir(), 'dvo-registration-'));

beforeAll(() => {
  const RULES_FILE = join(folder, 'rules.yaml');
  writeFileSync(RULES_FILE, 'tables: { account: [{ code: a, message: b, required: [name] }] }');
  Object.assign(process.env, SETTINGS, { RULES_FILE });
  for (const kind of ['http', 'timer', 'serviceBusQueue', 'serviceBusTopic', 'eventHub'] as const) {
    jest.spyOn(app, kind).mockImplementation((name: string, options: unknown) => void registered.set(name, options));
  }
  // Loaded only now, since they register while they load.
  jest.requireActual('../../functions/webhook');
  jest.requireActual('../../functions/validate');
  jest.requireActual('../../functions/service-bus-queue');
  jest.requireActual('../../functions/service-bus-topic');
  jest.requireActual('../../functions/event-hub');
  jest.requireActual('../../functions/pull-sync');
  jest.requireActual('../../functions/replay-parked');
  jest.requireActual('../../functions/inbound-queue');
  jest.requireActual('../../functions/inbound-sql');
});

afterAll(() => {
  jest.restoreAllMocks();
  process.env = saved;
  rmSync(folder, { recursive: true });
});

const bus = { connection: 'ServiceBusConnection', dataType: 'binary' };
const inBatches = { isSessionsEnabled: false, cardinality: 'many' };
const inSessions = { isSessionsEnabled: true, cardinality: 'one' };

test.each<readonly [string, object]>([
  ['webhook', { methods: ['POST'], authLevel: 'anonymous', route: 'webhook' }],
  ['validate', { methods: ['POST'], authLevel: 'anonymous', route: 'validate' }],
  ['service-bus-queue', { ...bus, queueName: '%SERVICEBUS_QUEUE%', ...inSessions }],
  [
    'service-bus-topic',
    { ...bus, ...inBatches, topicName: '%SERVICEBUS_TOPIC%', subscriptionName: '%SERVICEBUS_SUBSCRIPTION%' },
  ],
  [
    'event-hub',
    {
      connection: 'EventHubConnection',
      eventHubName: '%EVENTHUB_NAME%',
      consumerGroup: '%EVENTHUB_CONSUMER_GROUP%',
      cardinality: 'many',
      dataType: 'binary',
      retry: expect.objectContaining({ strategy: 'exponentialBackoff', maxRetryCount: -1 }),
    },
  ],
  ['pull-sync', { schedule: '%PULL_SCHEDULE%' }],
  ['replay-parked', { schedule: '%REPLAY_SCHEDULE%', useMonitor: false }],
])('%s', (name, options) => {
  expect(registered.get(name)).toMatchObject({ ...options, handler: expect.any(Function) });
});

test('nothing else is registered: what writes to Dataverse is off until its settings are there', () => {
  expect(registered.size).toBe(7);
});

test('without rules validate isn’t registered; with rules that have faults it is, since a 404 would refuse everything', async () => {
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const isRegistered = (RULES_FILE: string): boolean => {
    process.env.RULES_FILE = RULES_FILE;
    let names: unknown[] = [];
    jest.isolateModules(() => {
      const functions = jest.requireActual<{ readonly app: typeof app }>('@azure/functions');
      const http = jest.spyOn(functions.app, 'http').mockImplementation(() => undefined);
      jest.requireActual('../../functions/validate');
      names = http.mock.calls.map(([name]) => name);
    });
    return names.includes('validate');
  };
  expect([isRegistered(' '), isRegistered('nowhere.yaml')]).toEqual([false, true]);
  await eventually(
    () => said.mock.calls.flat().join().includes('RULES_FILE names a file that'),
    'the fault in the log',
  );
});
