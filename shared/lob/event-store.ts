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

/** An event, its columns as the mapping turned them, and where it goes. */
export interface StoredEvent {
  readonly event: MessageEvent;
  readonly rule: EventMapping;
}
