import type { MessageEvent } from '../change/message-event';
import type { EventMapping } from '../mapping/event-mapping';

/** What became of an event that was to be stored. */
export type EventOutcome =
  | { readonly kind: 'stored' }
  /** It was stored before: a second delivery. */
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Where events are kept that are no changes of rows. Each is written once, under a key made of the event itself, so a
 * second delivery finds it there.
 */
export interface EventStore {
  /** Stores each on its own merits; the outcomes are in the order of `events`. Never rejects. */
  append(events: readonly StoredEvent[]): Promise<readonly EventOutcome[]>;
}

/** Made of the event's body alone, so that every delivery has the same; by time. */
export const eventKey = ({ occurredAtMs, key }: MessageEvent): string =>
  `${new Date(occurredAtMs).toISOString()}_${key}`;

/**
 * What is told of every event besides its columns and its time; undefined where that isn't known. The names begin with a capital
 * letter, so that they can't meet a parameter's own.
 */
export const eventFacts = ({ message, row, committed, truncated, origin }: MessageEvent) => ({
  Message: message,
  Table: row?.table,
  RowId: row?.id,
  Committed: committed,
  Truncated: truncated,
  Source: origin.source,
  CorrelationId: origin.correlationId,
  OperationId: origin.operationId,
  UserId: origin.userId,
  InitiatingUserId: origin.initiatingUserId,
  Depth: origin.depth,
});

/** An event, its columns as the mapping turned them, and where it goes. */
export interface StoredEvent {
  readonly event: MessageEvent;
  readonly rule: EventMapping;
}
