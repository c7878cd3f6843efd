/**
 * Proves that no invocation lasts as long as `functionTimeout`, at which the platform ends the process with all that runs
 * beside it: not even one of which nothing ever ends.
 */
import { app, HttpRequest, InvocationContext } from '@azure/functions';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../shared/app/config';
import type * as services from '../../shared/app/services';

const SETTINGS = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  LOB_STORAGE: 'UseDevelopmentStorage=true',
  SYNC_TABLES: 'account',
  SERVICEBUS_QUEUE: 'events',
  ServiceBusConnection: 'Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=a2V5',
  WEBHOOK_KEYS: 'a-key-of-the-test-0001-0002-0003',
  DATAVERSE_URL: 'https://contoso.crm4.dynamics.com',
  DATAVERSE_AUTH: 'managed-identity',
};
/** What the host needs to end an invocation that was given up. */
const MARGIN_MS = 30_000;
const HOST_JSON = JSON.parse(readFileSync(join(__dirname, '../../host.json'), 'utf8')) as {
  readonly functionTimeout: string;
  readonly extensions: { readonly serviceBus: { readonly maxAutoLockRenewalDuration: string } };
};
const milliseconds = (span: string): number =>
  span.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0) * 1000;

type Handler = (input: unknown, context: InvocationContext) => Promise<unknown>;
const handlers = new Map<string, Handler>();
const saved = { ...process.env };

const never = (): Promise<never> => new Promise(() => undefined);
const HANGING = {
  receiver: { receive: never },
  parking: { due: never },
  pullSync: { inTurn: (names: readonly string[]) => Promise.resolve(names), run: never },
};

jest.mock('../../shared/app/services', () => ({
  ...jest.requireActual<typeof services>('../../shared/app/services'),
  appServices: () => HANGING,
  appPull: () => HANGING.pullSync,
}));

beforeAll(() => {
  Object.assign(process.env, SETTINGS);
  for (const kind of ['http', 'timer', 'serviceBusQueue', 'serviceBusTopic', 'eventHub'] as const)
    jest
      .spyOn(app, kind)
      .mockImplementation(
        (name: string, options: { handler: unknown }) => void handlers.set(name, options.handler as Handler),
      );
  for (const name of ['webhook', 'service-bus-queue', 'service-bus-topic', 'event-hub', 'pull-sync', 'replay-parked'])
    jest.requireActual(`../../functions/${name}`);
});

beforeEach(() => void jest.useFakeTimers());

afterAll(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  process.env = saved;
});

const post = () =>
  new HttpRequest({
    url: 'http://localhost/api/webhook',
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-dvo-key': SETTINGS.WEBHOOK_KEYS },
    body: { string: '{}' },
  });
const message = Buffer.from('{}');
const LOCK_MS = milliseconds(HOST_JSON.extensions.serviceBus.maxAutoLockRenewalDuration);
const TIMEOUT_MS = milliseconds(HOST_JSON.functionTimeout);
/** Dataverse's own limit for a webhook. */
const WEBHOOK_MS = 60_000;

test.each<readonly [string, () => unknown, number, unknown]>([
  ['webhook', post, WEBHOOK_MS - 5000, expect.objectContaining({ status: 503 })],
  ['service-bus-queue', () => message, LOCK_MS - MARGIN_MS, 'deadline-passed'],
  ['service-bus-topic', () => message, LOCK_MS - MARGIN_MS, 'deadline-passed'],
  ['event-hub', () => [message], TIMEOUT_MS - MARGIN_MS, 'deadline-passed'],
  ['pull-sync', () => ({}), TIMEOUT_MS - MARGIN_MS, 'deadline-passed'],
  ['replay-parked', () => ({}), TIMEOUT_MS - MARGIN_MS, 'deadline-passed'],
])('[I65] %s ends in time though nothing of it ever does', async (name, input, limitMs, expected) => {
  const lines: string[] = [];
  const context = new InvocationContext({ functionName: name, logHandler: (_level, line) => lines.push(String(line)) });
  let ended: unknown;
  handlers
    .get(name)?.(input(), context)
    .then(
      (answer) => (ended = answer),
      (error: unknown) => (ended = (error as { readonly code?: string }).code),
    );
  await jest.advanceTimersByTimeAsync(limitMs);
  expect(ended).toEqual(expected);
  expect(lines.filter((line) => line.startsWith('deadlinePassed '))).toHaveLength(1);
});

test('[I65] no setting makes a pull last as long', () => {
  const longest = (seconds: number) => readConfig({ ...SETTINGS, PULL_MAX_SECONDS: String(seconds) }).core.ok;
  expect([longest(480), longest(481)]).toEqual([true, false]);
});
