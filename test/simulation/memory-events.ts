import type { EventOutcome, EventStore, StoredEvent } from '../../shared/lob/event-store';
import { numberIn } from './wire';

/** Events in memory, by their key: the number of what each tells of. */
export class MemoryEvents implements EventStore {
  readonly stored = new Map<string, number>();

  append(events: readonly StoredEvent[]): Promise<readonly EventOutcome[]> {
    return Promise.resolve(events.map((event) => this.#append(event)));
  }

  #append({ event: { key, origin } }: StoredEvent): EventOutcome {
    if (this.stored.has(key)) return { kind: 'duplicate' };
    this.stored.set(key, numberIn(origin.operationId ?? ''));
    return { kind: 'stored' };
  }
}
