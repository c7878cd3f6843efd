import type { EventPosition, PartitionProperties } from '@azure/event-hubs';
import { InvalidArgumentError } from 'commander';
import { timeArgument } from '../terminal/arguments';

/** Where to begin in a partition. */
export type From =
  | { readonly kind: 'start' }
  | { readonly kind: 'time'; readonly epochMs: number }
  /** Of one partition: offsets of others mean other events. */
  | { readonly kind: 'offset'; readonly offset: string };

/** `start`, a time as `timeArgument` reads it, or an offset. Digits alone are an offset. */
export function fromArgument(text: string): From {
  if (text === 'start') return { kind: 'start' };
  // With geo-replication an offset has several parts.
  if (/^\d+(?::\d+)*$/.test(text)) return { kind: 'offset', offset: text };
  try {
    return { kind: 'time', epochMs: timeArgument(text) };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`${error.message} Or an offset, or "start".`);
  }
}

/** The position as the SDK takes it; an event exactly there is read. */
export function positionOf(from: From): EventPosition {
  switch (from.kind) {
    case 'start':
      return { offset: '-1' };
    case 'time':
      // The SDK reads what was enqueued after it, at whole milliseconds.
      return { enqueuedOn: from.epochMs - 1 };
    case 'offset':
      return { offset: from.offset, isInclusive: true };
  }
}

/** The end of a partition as it stands. */
export type PartitionEnd = Pick<
  PartitionProperties,
  'isEmpty' | 'lastEnqueuedOffset' | 'lastEnqueuedOnUtc' | 'lastEnqueuedSequenceNumber'
>;

/** Whether anything lies between a position and the end: where nothing does, a reader would wait without end. */
export function holdsAny(from: From, { isEmpty, lastEnqueuedOffset, lastEnqueuedOnUtc }: PartitionEnd): boolean {
  if (isEmpty) return false;
  switch (from.kind) {
    case 'start':
      return true;
    case 'time':
      return lastEnqueuedOnUtc.getTime() >= from.epochMs;
    case 'offset':
      return ![from.offset, lastEnqueuedOffset].every((offset) => /^\d+$/.test(offset))
        ? true
        : BigInt(lastEnqueuedOffset) >= BigInt(from.offset);
  }
}
