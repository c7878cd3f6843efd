/**
 * Proves that the .NET clients, which the Service Bus and Event Hubs extensions of the Functions host are built on, work
 * against `local/broker`: test/dotnet-clients goes through each case and prints a line for it. NOT RUN where there is no
 * `dotnet`, or where the program hasn't been built from its present sources.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startBroker, type Broker } from '../../local/broker/broker';

const FOLDER = join(__dirname, '../dotnet-clients');
const PROGRAM = join(FOLDER, 'bin/Release/net10.0/dotnet-clients.dll');

/** How long idle receivers have to stay quiet, in seconds: with DVO_FULL_IDLE=1 a full minute. */
const IDLE_SECONDS = process.env.DVO_FULL_IDLE === '1' ? 60 : 12;

const CASES = [
  'queue: one message, a list, a batch, 900 KB; above the limit MessageSizeExceeded',
  'queue: peek-lock, and complete',
  'queue: abandon with properties, until MaxDeliveryCountExceeded',
  'queue: defer, receive by number in state Deferred, complete',
  'queue: dead-letter with a reason',
  'queue: receive and delete',
  'queue: schedule, peek, cancel',
  'queue: a renewed lock holds, a lost one is MessageLockLost',
  'queue: 20 receivers with messages already waiting, with and without prefetch',
  'queue: an idle receiver gets what comes late',
  'queue: a processor handles each message once',
  'topic: each subscription has its copy and its dead letters',
  'session: in order, with state; taken, it is SessionCannotBeLocked',
  'session: the next one is waited for; none in time is ServiceTimeout',
  'session: a lost lock closes the receiver, and was an attempt',
  'session: a processor handles each session in order',
  'session: idle receivers and processors stay quiet',
  'refused: what is missing is MessagingEntityNotFound',
  'refused: a plain receiver where sessions are, and the other way round',
  'refused: a wrong key on a queue',
  'hub: its properties; sends by partition, by key, in turn',
  'hub: 20 readers with events already waiting',
  'hub: 20 readers with prefetch',
  'hub: 20 readers with epochs',
  'hub: 20 consumers with events already waiting',
  'hub: start positions earliest and latest',
  'hub: start positions by offset, inclusive and exclusive',
  'hub: start positions by sequence number, inclusive and exclusive',
  'hub: start positions by enqueued time',
  'hub: a stolen partition is ConsumerDisconnected, a lower epoch is refused',
  'hub: an idle reader stays quiet, and gets what comes late',
  'hub: a processor reads all partitions, and gives them up to another',
  'refused: a missing hub, group, partition is ResourceNotFound',
  'refused: a wrong key on a hub',
];

/** Why the program can't be run; undefined where it can. */
function reasonNotToRun(): string | undefined {
  const howToBuild = 'dotnet build -c Release test/dotnet-clients';
  if (spawnSync('dotnet', ['--version']).status !== 0) return 'there is no dotnet';
  const sources = globSync('*.{cs,csproj}', { cwd: FOLDER }).map((name) => statSync(join(FOLDER, name)).mtimeMs);
  const builtAt = statSync(PROGRAM, { throwIfNoEntry: false })?.mtimeMs;
  if (builtAt === undefined) return `test/dotnet-clients isn't built: ${howToBuild}`;
  return Math.max(...sources) > builtAt
    ? `test/dotnet-clients has changed since it was built: ${howToBuild}`
    : undefined;
}

const reason = reasonNotToRun();
if (reason !== undefined) process.stderr.write(`NOT RUN: the .NET clients against the broker, since ${reason}\n`);
const testWithDotnet = reason === undefined ? test : test.skip;

let broker: Broker | undefined;
/** What became of each case, by its name. */
let outcomes: ReadonlyMap<string, string>;

beforeAll(async () => {
  if (reason !== undefined) return;
  const queue = {};
  const sessions = { requiresSession: true };
  const { connectionString } = (broker = await startBroker({
    queues: {
      ...{ sends: queue, completes: queue, defers: queue, refuses: queue, deletes: queue, schedules: queue },
      ...{ waits: queue, late: queue, processed: queue, keyed: queue },
      abandons: { maxDeliveryCount: 3 },
      short: { lockMs: 3_000 },
      ...{ sessions, next: sessions, inSessions: sessions, quiet: sessions, quietToo: sessions },
      brief: { requiresSession: true, lockMs: 4_000 },
    },
    topics: { news: { subscriptions: { first: {}, second: {} } } },
    hubs: Object.fromEntries(
      [
        ...['sent', 'waiting', 'prefetched', 'epochs', 'consumed', 'ends', 'offsets', 'sequences', 'times', 'owned'],
        ...['lateEvents', 'processedEvents', 'keyedEvents'],
      ].map((name) => [name, { partitions: name === 'processedEvents' ? 4 : 2 }]),
    ),
  }));
  const lines = await new Promise<string>((resolve, reject) => {
    const args = [PROGRAM, connectionString, String(IDLE_SECONDS)];
    execFile('dotnet', args, { timeout: 180_000 }, (error, stdout, stderr) => {
      // Exit code 1: a case failed, which its line says.
      if (error !== null && error.code !== 1) reject(new Error(`${error.message}\n${stdout}${stderr}`));
      else resolve(stdout);
    });
  });
  process.stdout.write(process.env.DVO_SHOW_CASES === '1' ? lines : '');
  outcomes = new Map(
    [...lines.matchAll(/^(PASS|FAIL) (.*)$/gm)].map(([, verdict = '', text = '']) => {
      const name = CASES.find((known) => text.startsWith(known)) ?? text;
      return [name, verdict === 'PASS' ? 'PASS' : text.slice(name.length + 2)];
    }),
  );
});
afterAll(() => broker?.close());

testWithDotnet.each(CASES)('%s', (name) => expect(outcomes.get(name)).toBe('PASS'));

testWithDotnet('the program has no case that is unknown here', () =>
  expect([...outcomes.keys()].toSorted()).toEqual(CASES.toSorted()),
);
