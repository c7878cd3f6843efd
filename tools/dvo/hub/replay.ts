import { visible } from '../../../shared/errors/visible';
import type { ReceivedEventData } from '@azure/event-hubs';
import pLimit from 'p-limit';
import type { KeptDelivery } from '../../../shared/parking/parking';
import { hasTruncationMark } from '../../../shared/receive/messages';
import type { Receiver } from '../../../shared/receive/receiver';
import type { Outcome } from '../../../shared/receive/put-aside';
import { messageOf } from '../../../shared/errors/errors';
import { aboutBody, bodyBytes } from '../parse/explain-body';
import { readPartition, type HubReader } from './partition';
import { holdsAny, type From } from './position';
import { batchAt, paceOf } from '../terminal/pace';
import { Tally } from '../terminal/output';
import { UsageError, type Terminal } from '../terminal/terminal';

/** The source of what is replayed, in logs and in the parking. */
const SOURCE = 'hub-replay';
/** Processed together. */
const BATCH = 100;
/** Partitions read at once: bounds what is in memory. */
const CONCURRENT = 4;

/** What to replay, and how. */
export interface HubReplay {
  readonly from: From;
  readonly toMs?: number;
  /** Absent: all. */
  readonly partition?: string;
  readonly rate?: number;
}

/**
 * Reads the hub from a position to the ends that its partitions have now, and has each event processed.
 *
 * @param receiver undefined: events are only counted by what they are about
 * @throws Error naming each partition that couldn't be read to its end, and where to go on
 */
export async function replayHub(
  terminal: Terminal,
  client: HubReader,
  receiver: Pick<Receiver, 'receive'> | undefined,
  { from, toMs, partition, rate }: HubReplay,
): Promise<void> {
  const partitions = await partitionsOf(client, partition);
  const pace = paceOf(rate);
  const limited = pLimit(CONCURRENT);
  const progress = await terminal.progress();
  const tally = new Tally();
  const read = new Tally();

  const take = async (id: string, events: readonly ReceivedEventData[]): Promise<void> => {
    const size = batchAt(rate, BATCH);
    for (let at = 0; at < events.length; at += size) {
      const deliveries = events.slice(at, at + size).map(deliveryOf);
      await pace(deliveries.length);
      if (receiver === undefined) for (const { body } of deliveries) tally.add(aboutBody(body));
      else for (const outcome of await receiver.receive(deliveries)) count(tally, outcome);
      read.add(`${id}:`, deliveries.length);
      progress.show(`${read.total} events`);
    }
  };
  const replayPartition = async (id: string): Promise<void> => {
    const end = await client.getPartitionProperties(id);
    if (!holdsAny(from, end)) return;
    await readPartition(client, { partition: id, from, end, ...(toMs === undefined ? {} : { toMs }) }, (events) =>
      take(id, events),
    );
  };
  const ended = await Promise.allSettled(partitions.map((id) => limited(() => replayPartition(id))));
  progress.done();
  terminal.out(`${read.total} events${read.total === 0 ? '' : ` of partitions ${read.text}`}\n`);
  if (tally.total > 0) terminal.out(`${tally.lines.map(visible).join('\n')}\n`);
  const failures = ended.flatMap((end) => (end.status === 'rejected' ? [messageOf(end.reason)] : []));
  if (failures.length > 0) throw new Error(failures.join(' '));
}

async function partitionsOf(client: HubReader, partition: string | undefined): Promise<readonly string[]> {
  const all = await client.getPartitionIds();
  if (partition === undefined) return all;
  if (!all.includes(partition)) throw new UsageError(`the event hub has no partition ${partition}: ${all.join(', ')}`);
  return [partition];
}

const deliveryOf = ({ body, properties, enqueuedTimeUtc }: ReceivedEventData): KeptDelivery => ({
  source: SOURCE,
  body: bodyBytes(body),
  arrivedAtMs: enqueuedTimeUtc.getTime(),
  ...(hasTruncationMark(properties ?? {}) ? { truncated: true } : {}),
});

function count(tally: Tally, outcome: Outcome): void {
  if (outcome.kind !== 'processed') tally.add(`${outcome.kind}: ${outcome.cause.code}`);
  else if (outcome.changes.length === 0) tally.add('processed without a change');
  else for (const { verdict } of outcome.changes) tally.add(verdict);
}
