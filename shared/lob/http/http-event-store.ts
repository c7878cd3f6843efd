import { hash } from 'node:crypto';
import type { EventOutcome, EventStore, StoredEvent } from '../event-store';
import type { HttpTarget } from './http-target';
import { jsonColumns } from './json-columns';

/**
 * Posts events to a LOB system. Each has one id, made of the event itself, however often it is delivered: the receiver takes an id
 * once.
 */
export class HttpEventStore implements EventStore {
  constructor(private readonly target: Pick<HttpTarget, 'send' | 'addressOf'>) {}

  append(events: readonly StoredEvent[]): Promise<readonly EventOutcome[]> {
    return Promise.all(events.map((event) => this.#append(event)));
  }

  async #append({ event, rule }: StoredEvent): Promise<EventOutcome> {
    const { message, key, row, occurredAtMs, committed, truncated, columns, origin } = event;
    const body = {
      event: rule.target,
      op: 'event',
      message,
      key,
      occurredAt: new Date(occurredAtMs).toISOString(),
      row,
      committed,
      truncated,
      origin,
      columns: Object.fromEntries(jsonColumns(columns)),
    };
    try {
      const outcome = await this.target.send({
        what: `POST event ${key} of message ${message}`,
        method: 'POST',
        url: this.target.addressOf({ event: rule.target }),
        body: JSON.stringify(body),
        id: hash('sha256', `${message}/${key}`, 'base64url').slice(0, 22),
      });
      return { kind: outcome === 'superseded' ? 'duplicate' : 'stored' };
    } catch (error) {
      return { kind: 'failed', error };
    }
  }
}
