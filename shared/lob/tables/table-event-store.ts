import pLimit from 'p-limit';
import { refusalOf, serviceCodeOf, statusOf, withTable, type TableClientFactory } from '../../azure/tables';
import type { MessageEvent } from '../../change/message-event';
import { OutboundError } from '../../errors/errors';
import { eventFacts, eventKey, type EventOutcome, type EventStore, type StoredEvent } from '../event-store';
import { EventRefused } from '../refusals';
import { EntityTable, entityBody, type GuardedWrite } from './entity-table';
import { encodeColumns, fingerprint, timeProperty, type Property } from './columns';
import { azureTableName, misfitOf, type EntityKey } from './layout';

/** Requests to the store under way at once from one call. */
const CONCURRENCY = 16;

/** Properties that every event has, and bytes for them: ample. */
const OWN = { count: 12, bytes: 4096 };

/** Thrown when an event doesn't fit one entity (252 properties, 1 MiB). It is parked: leave parameters out to fit it. */
export class EventTooLarge extends OutboundError {
  constructor({ message, key }: MessageEvent, reason: string) {
    super(
      'event-too-large',
      `Event ${key} of message ${message} doesn't fit one entity of Azure Tables: ${reason}. It was not stored; leave parameters out in the mapping file (events) and replay it.`,
    );
  }
}

/**
 * Event tables in Azure Tables: one entity for each event, by day and then by time, so that readers take what is new with
 * one range query, and old days can be deleted by partition. docs/store.md shows the properties.
 */
export class TableEventStore implements EventStore {
  readonly #tables = new Map<string, EntityTable>();

  constructor(
    private readonly clientOf: TableClientFactory,
    private readonly prefix: string,
  ) {}

  async append(events: readonly StoredEvent[]): Promise<readonly EventOutcome[]> {
    const limit = pLimit(CONCURRENCY);
    return Promise.all(events.map((event) => limit(() => this.#append(event))));
  }

  async #append({ event, rule }: StoredEvent): Promise<EventOutcome> {
    let properties: ReadonlyMap<string, Property> = new Map();
    try {
      properties = encodeColumns(event.columns);
      const prints = new Map([...properties].map(([name, property]) => [name, fingerprint(property)]));
      const misfit = misfitOf(prints, OWN);
      if (misfit !== undefined) throw new EventTooLarge(event, misfit);
      const table = this.#table(azureTableName(this.prefix, rule.target));
      const insert = insertOf(event, properties);
      await withTable(table.client, () => table.write(insert));
      return { kind: 'stored' };
    } catch (error) {
      // A table that is being deleted answers 409 as well.
      if (serviceCodeOf(error) === 'EntityAlreadyExists') return { kind: 'duplicate' };
      const status = statusOf(error);
      if (status !== 400 && status !== 413) return { kind: 'failed', error };
      const refusal = refusalOf(error, properties.keys());
      return { kind: 'failed', error: new EventRefused(event, `with ${refusal}`, { cause: error }) };
    }
  }

  #table(name: string): EntityTable {
    const table = this.#tables.get(name) ?? new EntityTable(this.clientOf(name));
    this.#tables.set(name, table);
    return table;
  }
}

/** PartitionKey and RowKey of an event: both are made of its body alone, so every delivery has the same. */
export function eventKeys(event: MessageEvent): EntityKey {
  const rowKey = eventKey(event);
  return { partitionKey: rowKey.slice(0, 10), rowKey };
}

function insertOf(event: MessageEvent, properties: ReadonlyMap<string, Property>): GuardedWrite {
  const facts = { ...eventFacts(event), OccurredAt: timeProperty(event.occurredAtMs) };
  const all = new Map(properties);
  for (const [name, fact] of Object.entries(facts)) if (fact !== undefined) all.set(name, fact);
  const key = eventKeys(event);
  return { kind: 'insert', key, body: entityBody(key, all) };
}
