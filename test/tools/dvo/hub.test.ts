/**
 * Proves, with the real SDK on the local broker, that a replay of the event hub reads each partition from the position
 * named to the end that it had; and, with a scripted client, what is said where a partition stops.
 */
import { EventHubConsumerClient, EventHubProducerClient, type ReceivedEventData } from '@azure/event-hubs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HubReader } from '../../../tools/dvo/hub/partition';
import { replayHub, type HubReplay } from '../../../tools/dvo/hub/replay';
import { startBroker, type Broker } from '../../../local/broker/broker';
import type { KeptDelivery } from '../../../shared/parking/parking';
import type { Outcome } from '../../../shared/receive/put-aside';
import { fixture } from '../../context/fixture-files';
import { dvo, TestTerminal } from './terminal';

const HUB = 'feed';
const saved = { ...process.env };
let broker: Broker;
let reader: EventHubConsumerClient;
let producer: EventHubProducerClient;
/** Between the first events and the last. */
let middle: number;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
const send = (partitionId: string, texts: readonly string[]): Promise<void> =>
  producer.sendBatch(
    texts.map((text) => ({ body: Buffer.from(text) })),
    { partitionId },
  );

/** Partition 0 has a0 to a149, then a150; partition 1 has b0, then b1; partition 2 is empty. */
beforeAll(async () => {
  broker = await startBroker({ hubs: { [HUB]: { partitions: 3, consumerGroups: ['lob'] } } });
  reader = new EventHubConsumerClient('$Default', broker.connectionString, HUB);
  producer = new EventHubProducerClient(broker.connectionString, HUB);
  process.env = { ...saved, EventHubConnection: broker.connectionString, EVENTHUB_NAME: HUB };
  await send(
    '0',
    Array.from({ length: 150 }, (_, index) => `a${index}`),
  );
  await send('1', ['b0']);
  await pause();
  middle = Date.now();
  await pause();
  await send('0', ['a150']);
  await send('1', ['b1']);
});
afterAll(async () => {
  process.env = saved;
  await producer.close();
  await reader.close();
  await broker.close();
});

const textOf = ({ body }: KeptDelivery): string => Buffer.from(body).toString();

/** Replays into a receiver that processes everything. */
async function replayed(options: HubReplay, client: HubReader = reader): Promise<readonly KeptDelivery[]> {
  const taken: KeptDelivery[] = [];
  const receive = async (deliveries: readonly KeptDelivery[]): Promise<readonly Outcome[]> => {
    taken.push(...deliveries);
    // What arrives meanwhile is not of this replay.
    if (options.partition === '1') await send('1', ['later']);
    return deliveries.map(() => ({
      kind: 'processed',
      changes: [{ table: 'account', id: 'a', verdict: 'applied' }],
      lagMs: 1,
    }));
  };
  await replayHub(new TestTerminal(), client, { receive }, options);
  return taken;
}

describe('what is read', () => {
  test('from the start: every event of every partition, in order, as the app takes it', async () => {
    const taken = await replayed({ from: { kind: 'start' } });
    const texts = taken.map(textOf);
    expect(texts.filter((text) => text.startsWith('a'))).toEqual(Array.from({ length: 151 }, (_, at) => `a${at}`));
    expect(texts.filter((text) => text.startsWith('b'))).toEqual(['b0', 'b1']);
    expect(taken[0]).toEqual({
      source: 'hub-replay',
      body: Buffer.from(texts[0] ?? ''),
      // When the hub took it, not now: it may be days ago.
      arrivedAtMs: expect.any(Number),
    });
  });

  test('from a time, up to a time', async () => {
    const after = await replayed({ from: { kind: 'time', epochMs: middle } });
    expect(after.map(textOf).sort()).toEqual(['a150', 'b1']);
    expect(await replayed({ from: { kind: 'start' }, toMs: middle })).toHaveLength(151);
    expect(await replayed({ from: { kind: 'time', epochMs: Date.now() + 60_000 } })).toEqual([]);
  });

  test('from an offset of a partition, the event there included', async () => {
    const events: ReceivedEventData[] = [];
    const subscription = reader.subscribe(
      '0',
      {
        processEvents: (batch) => Promise.resolve(void events.push(...batch)),
        processError: () => Promise.resolve(),
      },
      { startPosition: { offset: '-1' }, maxBatchSize: 200 },
    );
    while (events.length < 151) await pause();
    await subscription.close();
    const from = { kind: 'offset', offset: String(events[148]?.offset) } as const;
    expect((await replayed({ from, partition: '0' })).map(textOf)).toEqual(['a148', 'a149', 'a150']);
  });

  test('what arrives meanwhile is left: it ends', async () => {
    const before = broker.counts().hubs[HUB]?.events ?? 0;
    const taken = await replayed({ from: { kind: 'start' }, partition: '1', rate: 50 });
    expect(taken.map(textOf)).toEqual(['b0', 'b1']);
    expect(broker.counts().hubs[HUB]?.events).toBeGreaterThan(before);
  });

  test('what arrived between the start and the first batch is left too', async () => {
    const late: HubReader = {
      getPartitionIds: () => reader.getPartitionIds(),
      getPartitionProperties: async (id) => {
        const end = await reader.getPartitionProperties(id);
        await send(id, ['late']);
        return end;
      },
      subscribe: reader.subscribe.bind(reader),
    };
    const texts = (await replayed({ from: { kind: 'start' }, partition: '1' }, late)).map(textOf);
    expect(texts).toContain('b1');
    expect(texts).not.toContain('late');
  });
});

describe('what is said', () => {
  test('each verdict, and each cause', async () => {
    const terminal = new TestTerminal();
    const cause = { code: 'table-not-synced', message: 'Not.' };
    const receive = (deliveries: readonly KeptDelivery[]): Promise<readonly Outcome[]> =>
      Promise.resolve(
        deliveries.map((delivery) =>
          textOf(delivery) === 'a0'
            ? { kind: 'parked', cause, disposition: 'park' }
            : { kind: 'processed', changes: [{ table: 'a', id: 'b', verdict: 'duplicate' }], lagMs: undefined },
        ),
      );
    await replayHub(terminal, reader, { receive }, { from: { kind: 'start' }, partition: '0' });
    expect(terminal.text).toBe('151 events of partitions 0: 151\n150  duplicate\n  1  parked: table-not-synced\n');
  });

  test('--dry-run: only what they are about, and only the settings of the hub are needed', async () => {
    await producer.sendBatch([{ body: fixture('update-contact.json') }], { partitionId: '2' });
    expect(await dvo(['hub', 'replay', '--from', 'start', '--partition', '2', '--dry-run'])).toEqual({
      code: 0,
      out: '1 events of partitions 2: 1\n1  Update of contact\n',
      err: '',
    });
  });

  test('parking fails: the partition stops, the others go on, and it says where to go on from', async () => {
    const taken: string[] = [];
    const receive = (deliveries: readonly KeptDelivery[]): Promise<readonly Outcome[]> => {
      if (deliveries.some((delivery) => textOf(delivery) === 'a120')) return Promise.reject(new Error('Table away.'));
      taken.push(...deliveries.map(textOf));
      return Promise.resolve(deliveries.map(() => ({ kind: 'processed', changes: [], lagMs: undefined })));
    };
    const replay = replayHub(new TestTerminal(), reader, { receive }, { from: { kind: 'start' } });
    const { message } = await replay.then(
      () => new Error('It did not fail.'),
      (error: unknown) => error as Error,
    );
    expect(message).toMatch(/^Partition 0 stopped: Table away\. Continue with --partition 0 --from \d+\.$/);
    expect(taken).toContain('b1');
    const offset = / --from (\d+)\.$/.exec(message)?.[1] ?? '';
    const rest = (await replayed({ from: { kind: 'offset', offset }, partition: '0' })).map(textOf);
    expect(rest).toContain('a120');
    // Whatever lies between was taken before.
    expect(new Set([...taken, ...rest].filter((text) => text.startsWith('a'))).size).toBe(151);
  });

  test('an owned partition: names the way out', async () => {
    let owned = 0;
    const owner = new EventHubConsumerClient('$Default', broker.connectionString, HUB);
    const owning = owner.subscribe(
      '1',
      {
        processEvents: (events) => Promise.resolve(void (owned += events.length)),
        processError: () => Promise.resolve(),
      },
      { startPosition: { offset: '-1' }, ownerLevel: 1 },
    );
    // It owns the partition once it reads; links that are closed while events are under way may not close.
    const { lastEnqueuedSequenceNumber: last } = await reader.getPartitionProperties('1');
    while (owned <= last) await pause();
    await expect(replayed({ from: { kind: 'start' }, partition: '1' })).rejects.toThrow(/--consumer-group/);
    await owning.close();
    await owner.close();
  });
});

describe('refused, exit code 64', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['no position', [], /--from/],
    ['a position that is none', ['--from', 'yesterday'], /Or an offset, or "start"/],
    ['an offset without its partition', ['--from', '12', '--dry-run'], /pass --partition/],
    ['the end before the beginning', ['--from', '2026-03-14', '--to', '2026-03-13'], /--to is before --from/],
    ['a partition that is not there', ['--from', 'start', '--partition', '9', '--dry-run'], /no partition 9: 0, 1, 2/],
  ])('%s', async (_, flags, reason) => {
    const { code, out, err } = await dvo(['hub', 'replay', ...flags]);
    expect([code, out]).toEqual([64, '']);
    expect(err).toMatch(reason);
  });

  test('nobody to ask: nothing is read', async () => {
    const storage = 'UseDevelopmentStorage=true';
    Object.assign(process.env, { AzureWebJobsStorage: storage, LOB_STORAGE: storage, SYNC_TABLES: 'account' });
    const { code, err } = await dvo(['hub', 'replay', '--from', 'start']);
    for (const name of ['AzureWebJobsStorage', 'LOB_STORAGE', 'SYNC_TABLES']) Reflect.deleteProperty(process.env, name);
    expect([code, err]).toEqual([64, expect.stringContaining('Replay the events of event hub feed? Not a terminal')]);
  });

  test('all settings that are missing at once', async () => {
    delete process.env.EVENTHUB_NAME;
    const { code, err } = await dvo(['hub', 'replay', '--from', 'start', '--yes']);
    process.env.EVENTHUB_NAME = HUB;
    expect(code).toBe(64);
    for (const name of ['EVENTHUB_NAME', 'AzureWebJobsStorage', 'LOB_STORAGE', 'SYNC_TABLES'])
      expect(err).toContain(name);
  });
});
