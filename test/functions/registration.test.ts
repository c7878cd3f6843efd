/**
 * Proves what each function registers with the platform: raw bytes where the platform would otherwise parse, an event hub
 * batch that is tried until it is processed or parked, POST only, settings by name, and sessions where
 * the settings say so.
 */
import { app } from '@azure/functions';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';

const SETTINGS = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  LOB_STORAGE: 'UseDevelopmentStorage=true',
  SYNC_TABLES: 'account',
  SERVICEBUS_QUEUE_SESSIONS: 'true',
  WEBHOOK_KEYS: 'a-key-of-the-tests-of-functions-0001',
  DATAVERSE_URL: 'https://contoso.crm4.dynamics.com',
  DATAVERSE_AUTH: 'managed-identity',
};
const registered = new Map<string, unknown>();
const saved = { ...process.env };

beforeAll(() => {
  Object.assign(process.env, SETTINGS);
  for (const kind of ['http', 'timer', 'serviceBusQueue', 'serviceBusTopic', 'eventHub'] as const) {
    jest.spyOn(app, kind).mockImplementation((name: string, options: unknown) => void registered.set(name, options));
  }
  // Loaded only now, since they register while they load.
  jest.requireActual('../../functions/webhook');
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
});

const bus = { connection: 'ServiceBusConnection', dataType: 'binary' };
const inBatches = { isSessionsEnabled: false, cardinality: 'many' };
const inSessions = { isSessionsEnabled: true, cardinality: 'one' };

test.each<readonly [string, object]>([
  ['webhook', { methods: ['POST'], authLevel: 'anonymous', route: 'webhook' }],
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
  expect(registered.size).toBe(6);
});
