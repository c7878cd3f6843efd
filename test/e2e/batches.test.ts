/**
 * Proves that messages of a queue come in batches and that each ends on its own: one that can't be read or can't be
 * processed now takes no other with it, a batch whose process is killed comes again and is processed once, and what comes
 * alone isn't held up. Through the real app in a process of its own.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { recorded } from './recorder';
import { System, type Overrides } from './system';

const WAY = 'service-bus-queue';
const ROWS = 60;
/** What the app sends before it gives a read-back up for now. */
const WEB_API_ATTEMPTS = 6;
const SOON = { SERVICEBUS_RETRY_FIRST_SECONDS: '1', SERVICEBUS_RETRY_LONGEST_SECONDS: '2' };
/** Of the messages that a killed process had. */
const LOCK_MS = 12_000;

let system: System;
let since: number;

beforeAll(async () => {
  system = await System.start(SOON, { queue: { lockMs: LOCK_MS } });
});
afterAll(() => system.stop());
afterEach(async () => {
  await system.emptyBroker();
  await system.unpark();
});

/** New contacts, and what Dataverse posts of them. */
async function created(
  count: number,
): Promise<{ readonly ids: readonly string[]; readonly bodies: readonly Buffer[] }> {
  const ids: string[] = [];
  const bodies = await recorded(system.dataverse, 'contact', async () => {
    for (let n = 0; n < count; n += 1) ids.push(await system.dataverse.create('contact', { lastname: `of ${count}` }));
  });
  return { ids, bodies };
}

/** Sends messages that all wait when the app begins. */
async function startOn(bodies: readonly Buffer[], overrides: Overrides = {}): Promise<void> {
  await system.stopApp();
  if (bodies.length > 0) await system.send(WAY, bodies);
  since = system.log.length;
  await system.startApp({ ...SOON, ...overrides });
}

const allLive = (ids: readonly string[]): Promise<unknown> =>
  Promise.all(ids.map((id) => system.liveEntity('contact', id)));

const runs = (how: 'Succeeded' | 'Failed'): number =>
  system.log.slice(since).filter(({ message }) => message.startsWith(`Executed 'Functions.${WAY}' (${how}`)).length;

/** How many deliveries each invocation has processed. */
const sizes = async (): Promise<readonly number[]> => {
  await system.until('all runs to be logged', () => system.isIdle(WAY));
  return system.records('processed', since).map(({ received }) => Number(received));
};

test('[I31] one message that is broken and one that can not be processed now: the others are processed with the batch that they came in', async () => {
  const { ids, bodies } = await created(ROWS);
  const failing = String(ids[ROWS / 2]);
  system.dataverse.failNext(WEB_API_ATTEMPTS, 503, { path: `contacts(${failing}`, headers: { 'Retry-After': '0' } });
  await startOn([...bodies.slice(0, 20), Buffer.from('{"cut off'), ...bodies.slice(20)]);
  await allLive(ids);
  await system.emptyBroker();
  expect(await system.parkedCodes()).toEqual(['json-invalid']);
  expect(system.records('delayed', since)).toMatchObject([{ code: 'web-api', attempt: 1 }]);
  const received = await sizes();
  expect(received.reduce((sum, size) => sum + size, 0)).toBe(ROWS);
  expect(Math.max(...received)).toBeGreaterThan(10);
  expect([runs('Failed'), runs('Succeeded') < ROWS / 3]).toEqual([0, true]);
});

test('[I31 F33] killed in the middle of a batch: it comes again, and what was processed is a duplicate', async () => {
  const { ids, bodies } = await created(ROWS);
  await startOn(bodies);
  await system.until('a first row', async () => {
    const there = await Promise.all(ids.map((id) => system.entity('contact', id)));
    return there.some((entity) => entity !== undefined);
  });
  system.host.kill();
  await system.host.exited;
  expect(system.waiting().queue).toBeGreaterThan(0);
  since = system.log.length;
  await system.startApp(SOON);
  await allLive(ids);
  await system.emptyBroker();
  expect(await system.parkedCodes()).toEqual([]);
  expect(system.verdicts(WAY, since).duplicate).toBeGreaterThan(0);
  expect(runs('Failed')).toBe(0);
});

test('what comes alone is processed alone', async () => {
  const { ids, bodies } = await created(5);
  await startOn([]);
  for (const body of bodies) {
    await system.send(WAY, [body]);
    await system.emptyBroker();
  }
  await allLive(ids);
  expect(await sizes()).toEqual([1, 1, 1, 1, 1]);
});

test('switched off, each message comes alone however many wait', async () => {
  const { ids, bodies } = await created(5);
  await startOn(bodies, { SERVICEBUS_BATCHES: 'false' });
  await allLive(ids);
  await system.emptyBroker();
  expect(await sizes()).toEqual([1, 1, 1, 1, 1]);
});
