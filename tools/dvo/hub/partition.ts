import type { EventHubConsumerClient, ReceivedEventData, Subscription } from '@azure/event-hubs';
import { messageOf } from '../../../shared/errors/errors';
import { closeSoon } from '../terminal/close-soon';
import { positionOf, type From, type PartitionEnd } from './position';

/** The part of a consumer that reads. */
export type HubReader = Pick<EventHubConsumerClient, 'getPartitionIds' | 'getPartitionProperties' | 'subscribe'>;

/** What to read of a partition. */
export interface Span {
  readonly partition: string;
  readonly from: From;
  /** Events enqueued later aren't read. */
  readonly toMs?: number;
  readonly end: PartitionEnd;
}

const BATCH = 100;
/** A partition that brings nothing for so long before its end is reached is given up. */
const IDLE_LIMIT_SECONDS = 60;

/** Thrown when a partition couldn't be read, or its events not be taken, to the end. */
export class PartitionStopped extends Error {
  override readonly name = 'PartitionStopped';
  constructor(partition: string, from: string | undefined, reason: string) {
    const again = from === undefined ? '' : ` Continue with --partition ${partition} --from ${from}.`;
    super(`Partition ${partition} stopped: ${reason}.${again}`);
  }
}

/**
 * Reads a partition in order to the end that it had, batch by batch; the next one comes when the one before is taken.
 * It keeps no checkpoint and claims no ownership.
 *
 * @throws PartitionStopped naming the position to go on from
 */
export async function readPartition(
  client: HubReader,
  { partition, from, toMs = Infinity, end }: Span,
  take: (events: readonly ReceivedEventData[]) => Promise<void>,
): Promise<void> {
  let next: string | undefined;
  let subscription: Subscription | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      let isOver = false;
      const over = (action: () => void): void => {
        isOver = true;
        action();
      };
      subscription = client.subscribe(
        partition,
        {
          processEvents: async (events) => {
            if (isOver) return;
            if (events.length === 0) {
              over(() => reject(new Error(`no event came for ${IDLE_LIMIT_SECONDS}s`)));
              return;
            }
            const wanted = events.filter(
              ({ sequenceNumber, enqueuedTimeUtc }) =>
                sequenceNumber <= end.lastEnqueuedSequenceNumber && enqueuedTimeUtc.getTime() <= toMs,
            );
            next = wanted[0]?.offset ?? next;
            try {
              if (wanted.length > 0) await take(wanted);
            } catch (error) {
              over(() => reject(error instanceof Error ? error : new Error(String(error))));
              return;
            }
            const isLast = wanted.at(-1)?.sequenceNumber === end.lastEnqueuedSequenceNumber;
            if (isLast || wanted.length < events.length) over(resolve);
          },
          processError: (error) => {
            if (!isOver) over(() => reject(error));
            return Promise.resolve();
          },
        },
        {
          startPosition: positionOf(from),
          maxBatchSize: BATCH,
          maxWaitTimeInSeconds: IDLE_LIMIT_SECONDS,
          skipParsingBodyAsJson: true,
        },
      );
    });
  } catch (error) {
    throw new PartitionStopped(partition, next, reasonOf(error));
  } finally {
    await closeSoon(subscription?.close());
  }
}

/** Names the way out where another reader owns the partition. */
const reasonOf = (error: unknown): string =>
  (error as { readonly code?: unknown }).code === 'ReceiverDisconnectedError'
    ? 'another reader of the consumer group, such as the app, owns it: pass another --consumer-group'
    : messageOf(error).replace(/\.$/, '');
