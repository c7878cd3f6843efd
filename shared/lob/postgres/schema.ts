/**
 * The tables of the store: read from the catalogue, kept for a while, and grown. Nothing here drops or changes what is there:
 * tables and columns are only made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../telemetry/log';
import { equalJitter } from '../../azure/circuit';
import type { Database, Querying } from './database';
import { fitting, holds, sqlTypeOf, type SqlType } from './columns';
import { isConflict, SchemaBehind, SchemaLocked } from './failures';
import { LINK_KEY, ROW_KEY, SEQUENCE, quoted, type Table } from './statements';

/** What a table holds, which says what its key is and which columns of our own it has. */
export type TableKind = 'rows' | 'links' | 'events';

/** The schema that the tables lie in, and that of the views which readers use. */
export interface Schemas {
  readonly tables: string;
  readonly views: string;
}

/** As deployed. */
export const SCHEMAS: Schemas = { tables: 'dvo', views: 'lob' };

/** A table as the catalogue has it. */
export interface KnownTable extends Table {
  readonly name: string;
  readonly kind: TableKind;
  /** Columns of types that this app doesn't make, and generated ones, with what they are: nothing can be written there. */
  readonly others: ReadonlyMap<string, string>;
  /** All columns, in their order. */
  readonly order: readonly string[];
}

/** What a table is to have. */
export interface WantedTable {
  readonly name: string;
  readonly kind: TableKind;
  readonly columns: ReadonlyMap<string, SqlType>;
}

/** What has to be done for that, and what can't be done. */
export interface Plan {
  readonly statements: readonly string[];
  /** Columns that are there with a type that doesn't hold the wanted one's values. */
  readonly misfits: readonly { readonly column: string; readonly has: string; readonly wanted: SqlType }[];
}

/** The key of a table of events, and the column by whose time readers take what is new. */
export const EVENT_KEY = 'dvo_key';
export const EVENT_TIME = 'OccurredAt';

const KEYS: Readonly<Record<TableKind, readonly string[]>> = { rows: ROW_KEY, links: LINK_KEY, events: [EVENT_KEY] };
const OWN = ['dvo_stamp', 'dvo_etag', 'dvo_state', 'dvo_written_at'];
/** The columns of a new table, in their order: `creationOf`. */
const FIRST: Readonly<Record<TableKind, readonly string[]>> = {
  rows: [...ROW_KEY, ...OWN],
  links: [...LINK_KEY, ...OWN],
  events: [EVENT_KEY, EVENT_TIME],
};
const OWN_TYPES =
  'dvo_stamp text not null, dvo_etag bigint not null, dvo_state smallint not null, dvo_written_at timestamptz not null';

/** A change waits so long for those who read the table, and everybody who comes after waits behind it. */
const LOCK_TIMEOUT = '300ms';
const ATTEMPTS = 10;
const PAUSE_MS = 400;

/** Reads, keeps and grows the tables of one database. */
export class Schema {
  readonly #known = new Map<string, KnownTable>();
  readonly #growing = new Map<string, Promise<unknown>>();

  constructor(
    private readonly database: Database,
    private readonly options: { readonly schemas: Schemas; readonly grows: boolean; readonly log?: Log },
  ) {}

  /** The table as last seen; undefined where it was never seen. */
  known(name: string): KnownTable | undefined {
    return this.#known.get(name);
  }

  /** The table, from the catalogue where it isn't known; undefined where there is none. */
  async table(name: string): Promise<KnownTable | undefined> {
    return this.#known.get(name) ?? this.refresh(name);
  }

  /** The table as it is now. */
  async refresh(name: string): Promise<KnownTable | undefined> {
    return this.#keep(name, await tableIn(this.database, this.options.schemas, name));
  }

  /** Forgets what a failed statement has shown to be otherwise. */
  forget(name: string): void {
    this.#known.delete(name);
  }

  /**
   * The table with at least these columns: as another instance has made them, or made now.
   *
   * @throws SchemaBehind where this app isn't to make them, SchemaLocked where somebody reads the table for long
   */
  async with(wanted: WantedTable): Promise<KnownTable> {
    const { name } = wanted;
    const lacks = (table: KnownTable | undefined): readonly string[] | undefined =>
      table && [...wanted.columns.keys()].filter((column) => !table.columns.has(column) && !table.others.has(column));
    const isThere = (table: KnownTable | undefined): table is KnownTable => lacks(table)?.length === 0;
    const known = await this.table(name);
    if (isThere(known)) return known;
    const now = await this.refresh(name);
    if (isThere(now)) return now;
    if (!this.options.grows) throw new SchemaBehind(name, lacks(now) ?? []);
    // One after the other: who comes second will often find what it wants.
    await this.#growing.get(name)?.catch(() => undefined);
    const growing = this.#grow(wanted);
    this.#growing.set(name, growing);
    return growing.finally(() => {
      if (this.#growing.get(name) === growing) this.#growing.delete(name);
    });
  }

  /** What `grow` would do. */
  async plan(wanted: WantedTable): Promise<Plan> {
    return planIn(this.database, this.options.schemas, wanted);
  }

  /** Makes what is missing of a table, whatever the settings say. */
  async apply(wanted: WantedTable): Promise<void> {
    await this.#grow(wanted);
  }

  async #grow(wanted: WantedTable): Promise<KnownTable> {
    const { schemas, log } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { table, columns } = await this.database.transaction(async (querying) => {
          await querying.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
          // Two at once would both find it missing. https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
          await querying.query(`select pg_advisory_xact_lock(hashtext('dvo-schema'))`);
          const before = await tableIn(querying, schemas, wanted.name);
          const { statements } = await planIn(querying, schemas, wanted);
          for (const statement of statements) await querying.query(statement);
          const after = await tableIn(querying, schemas, wanted.name);
          return {
            table: after,
            columns: after?.order.filter((column) => before?.order.includes(column) !== true) ?? [],
          };
        });
        if (columns.length > 0) log?.('schemaGrown', { table: wanted.name, columns });
        if (this.#keep(wanted.name, table) !== undefined && table !== undefined) return table;
        throw new SchemaBehind(wanted.name, []);
      } catch (error) {
        if (!isConflict(error)) throw error;
        if (attempt === ATTEMPTS) throw new SchemaLocked(wanted.name, { cause: error });
        await sleep(equalJitter(PAUSE_MS, Math.random));
      }
    }
  }

  #keep(name: string, table: KnownTable | undefined): KnownTable | undefined {
    if (table === undefined) this.#known.delete(name);
    else this.#known.set(name, table);
    return table;
  }
}

const refOf = (schema: string, name: string): string => `${quoted(schema)}.${quoted(name)}`;

async function tableIn(querying: Querying, { tables }: Schemas, name: string): Promise<KnownTable | undefined> {
  const rows = await querying.query(
    `select c.relnatts, a.attname, format_type(a.atttypid, a.atttypmod), a.attgenerated
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [tables, name],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const order = rows.map(([, column]) => column ?? '');
  const kind: TableKind = order.includes('id') ? 'rows' : order.includes(EVENT_KEY) ? 'events' : 'links';
  const own = new Set([...KEYS[kind], ...OWN]);
  const columns = new Map<string, SqlType>();
  const others = new Map<string, string>();
  for (const [, column = '', formatted = '', generated] of rows) {
    if (column === null || own.has(column)) continue;
    const type = sqlTypeOf(formatted ?? '');
    if (type !== undefined && generated === '') columns.set(column, type);
    else others.set(column, generated === '' ? (formatted ?? '') : 'generated');
  }
  return { name, kind, ref: refOf(tables, name), keys: KEYS[kind], columns, others, order, width: Number(first[0]) };
}

async function planIn(querying: Querying, schemas: Schemas, wanted: WantedTable): Promise<Plan> {
  const [there] = await querying.query(
    `select to_regnamespace($1) is not null, to_regnamespace($2) is not null, to_regclass($3) is not null, to_regclass($4) is not null`,
    [
      ...[quoted(schemas.tables), quoted(schemas.views)],
      ...[refOf(schemas.tables, SEQUENCE), refOf(schemas.views, wanted.name)],
    ],
  );
  const [hasTables, hasViews, hasSequence, hasView] = (there ?? []).map((is) => is === 't');
  const table = await tableIn(querying, schemas, wanted.name);
  const statements: string[] = [];
  // Whoever may not make schemas may not ask for one that is there either: so only where there is none.
  if (hasTables !== true) statements.push(`create schema if not exists ${quoted(schemas.tables)}`);
  if (hasViews !== true) statements.push(`create schema if not exists ${quoted(schemas.views)}`);
  if (hasSequence !== true) statements.push(`create sequence if not exists ${refOf(schemas.tables, SEQUENCE)}`);
  const missing = [...wanted.columns].filter(
    ([column]) => table?.columns.has(column) !== true && table?.others.has(column) !== true,
  );
  const ref = refOf(schemas.tables, wanted.name);
  const order = [...new Set([...(table?.order ?? FIRST[wanted.kind]), ...missing.map(([column]) => column)])];
  if (table === undefined) statements.push(...creationOf(ref, wanted.kind));
  if (missing.length > 0)
    statements.push(
      `alter table ${ref} ${missing.map(([column, type]) => `add column if not exists ${quoted(column)} ${type}`).join(', ')}`,
    );
  if (statements.length > 0 || hasView !== true)
    statements.push(viewOf(refOf(schemas.views, wanted.name), ref, table?.kind ?? wanted.kind, order));
  const misfits = [...wanted.columns].flatMap(([column, type]) => {
    const has = table?.columns.get(column);
    if (has !== undefined) return holds(has, type) ? [] : [{ column, has, wanted: type }];
    const other = table?.others.get(column);
    return other === undefined ? [] : [{ column, has: other, wanted: type }];
  });
  return { statements, misfits };
}

function creationOf(ref: string, kind: TableKind): string[] {
  const index = (column: string): string => `create index on ${ref} (${quoted(column)})`;
  switch (kind) {
    case 'rows':
      return [`create table if not exists ${ref} (id uuid primary key, ${OWN_TYPES})`];
    case 'links':
      return [
        `create table if not exists ${ref} (id1 uuid, id2 uuid, ${OWN_TYPES}, primary key (id1, id2))`,
        index('id2'),
      ];
    case 'events':
      return [
        `create table if not exists ${ref} (${EVENT_KEY} text primary key, ${quoted(EVENT_TIME)} timestamptz not null)`,
        index(EVENT_TIME),
      ];
    default:
      return kind satisfies never;
  }
}

/**
 * What readers see: live rows, without what is ours. Names that a value adds to its column's (`statuscodeLabel`) are in lower
 * case here, so that SQL needs no quotes, unless a column has that name. A view's columns keep their names and order for good:
 * so each gets its name after those before it.
 */
function viewOf(view: string, ref: string, kind: TableKind, order: readonly string[]): string {
  const taken = new Set<string>();
  const cells = order
    .filter((column) => !OWN.includes(column) && column !== EVENT_KEY)
    .map((column) => {
      const isDerived = /(?:Label\d*|Table|Name)$/.test(column) || kind === 'events';
      const lower = column.toLowerCase();
      const wanted = isDerived && !taken.has(lower) ? lower : column;
      const name = taken.has(wanted) ? fitting(`${wanted}Column`) : wanted;
      taken.add(name);
      return name === column ? quoted(column) : `${quoted(column)} as ${quoted(name)}`;
    });
  const where = kind === 'events' ? '' : ' where dvo_state = 0';
  return `create or replace view ${view} as select ${cells.join(', ')} from ${ref}${where}`;
}
