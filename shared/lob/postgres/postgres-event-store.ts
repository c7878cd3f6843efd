import type { MessageEvent } from '../../change/message-event';
import { eventFacts, eventKey, type EventOutcome, type EventStore, type StoredEvent } from '../event-store';
import { EventRefused } from '../refusals';
import type { Database } from './database';
import { NotStorable, ValueTypes, encodeColumns, holds, storableText, type SqlType } from './columns';
import { isOtherSchema, isRefusal, refusalOf } from './failures';
import { inHalves } from './send-in-halves';
import type { PostgresNaming } from './naming';
import { EVENT_TIME, type KnownTable, type Schema } from './schema';
import { eventsJsonOf, insertEvents } from './statements';

const MAX_EVENTS = 500;

/** Where `eventFacts` and the time lie. */
export const EVENT_COLUMNS = {
  Message: 'text',
  [EVENT_TIME]: 'timestamp with time zone',
  Table: 'text',
  RowId: 'text',
  Committed: 'boolean',
  Truncated: 'boolean',
  Source: 'text',
  CorrelationId: 'text',
  OperationId: 'text',
  UserId: 'text',
  InitiatingUserId: 'text',
  Depth: 'integer',
} as const satisfies Readonly<Record<string, SqlType>>;

interface Prepared {
  readonly index: number;
  readonly event: MessageEvent;
  readonly texts: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<string, SqlType>;
}

/** Event tables in PostgreSQL: one row for each event, under a key made of its body alone. docs/store.md shows the columns. */
export class PostgresEventStore implements EventStore {
  constructor(
    private readonly database: Database,
    private readonly schema: Schema,
    private readonly naming: Pick<PostgresNaming, 'eventTableOf'>,
  ) {}

  async append(events: readonly StoredEvent[]): Promise<readonly EventOutcome[]> {
    const outcomes = new Array<EventOutcome>(events.length);
    const tables = Map.groupBy(events.keys(), (index) => this.naming.eventTableOf(events[index]?.rule.target ?? ''));
    await Promise.all(
      [...tables].map(async ([name, indexes]) => {
        const prepared = indexes.flatMap((index): Prepared[] => {
          const event = events[index]?.event;
          if (event === undefined) return [];
          try {
            return [{ index, event, ...encoded(event) }];
          } catch (error) {
            outcomes[index] = failed(error, event);
            return [];
          }
        });
        for (let at = 0; at < prepared.length; at += MAX_EVENTS)
          await this.#append(name, prepared.slice(at, at + MAX_EVENTS), outcomes, true);
      }),
    );
    return outcomes;
  }

  async #append(name: string, events: readonly Prepared[], outcomes: EventOutcome[], mayRetry: boolean): Promise<void> {
    const fail = (some: readonly Prepared[], error: unknown): void => {
      for (const { index, event } of some) outcomes[index] = failed(error, event);
    };
    let table: KnownTable;
    try {
      table = await this.schema.with({ name, kind: 'events', columns: typesOf(events) });
    } catch (error) {
      fail(events, error);
      return;
    }
    const fits: Prepared[] = [];
    for (const one of events) {
      const misfit = misfitOf(table, one);
      if (misfit === undefined) fits.push(one);
      else outcomes[one.index] = { kind: 'failed', error: new EventRefused(one.event, `since ${misfit}`) };
    }
    const again: Prepared[] = [];
    const send = (some: readonly Prepared[]) => this.#send(table, some, outcomes);
    await inHalves(fits, send, (some, error) => {
      if (isOtherSchema(error) && mayRetry) again.push(...some);
      else fail(some, error);
    });
    if (again.length === 0) return;
    this.schema.forget(name);
    await this.#append(name, again, outcomes, false);
  }

  async #send(table: KnownTable, events: readonly Prepared[], outcomes: EventOutcome[]): Promise<void> {
    if (events.length === 0) return;
    const columns = [...table.columns.keys()];
    const json = events.map(({ event, texts }) => ({
      key: eventKey(event),
      values: columns.map((column) => texts.get(column) ?? null),
    }));
    const rows = await this.database.query(insertEvents(table, columns), [eventsJsonOf(json)]);
    const made = new Set(rows.map(([key]) => key));
    // The same event twice in one call is made once.
    for (const { index, event } of events)
      outcomes[index] = { kind: made.delete(eventKey(event)) ? 'stored' : 'duplicate' };
  }
}

function failed(error: unknown, event: MessageEvent): EventOutcome {
  if (error instanceof NotStorable)
    return { kind: 'failed', error: new EventRefused(event, `for column ${error.column}: ${error.message}`) };
  return { kind: 'failed', error: isRefusal(error) ? new EventRefused(event, `since ${refusalOf(error)}`) : error };
}

function typesOf(events: readonly Prepared[]): ReadonlyMap<string, SqlType> {
  const types = new Map<string, SqlType>();
  for (const event of events) for (const [name, type] of event.types) if (!types.has(name)) types.set(name, type);
  return types;
}

/** Parameters have no metadata: what came as a number first can come as a text. */
function misfitOf({ columns, others }: KnownTable, { types }: Prepared): string | undefined {
  for (const [name, type] of types) {
    const has = columns.get(name);
    if (has === undefined || !holds(has, type))
      return `its column ${name} is ${has ?? others.get(name) ?? 'not there'}, and the value is ${type}`;
  }
  return undefined;
}

/** @throws NotStorable */
function encoded(event: MessageEvent): Pick<Prepared, 'texts' | 'types'> {
  const types = new ValueTypes();
  const texts = encodeColumns(event.columns, types);
  const facts = { ...eventFacts(event), [EVENT_TIME]: new Date(event.occurredAtMs).toISOString() };
  for (const [name, type] of Object.entries(EVENT_COLUMNS)) {
    const fact = facts[name as keyof typeof EVENT_COLUMNS];
    if (fact === undefined) continue;
    texts.set(name, storableText(String(fact), name));
    types.add(name, type);
  }
  return { texts, types: types.byColumn };
}
