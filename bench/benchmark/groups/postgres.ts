import { Client, Pool } from 'pg';
import { startPostgres, type Postgres } from '../../../local/postgres/postgres';
import { ValueTypes, encodeColumns } from '../../../shared/lob/postgres/columns';
import { Database } from '../../../shared/lob/postgres/database';
import { postgresNamingOf } from '../../../shared/lob/postgres/naming';
import { PostgresStore } from '../../../shared/lob/postgres/postgres-store';
import { SCHEMAS, Schema } from '../../../shared/lob/postgres/schema';
import { quoted } from '../../../shared/lob/postgres/statements';
import type { RowWrite, StoredRow } from '../../../shared/lob/store';
import { encodeStamp } from '../../../shared/lob/stamp';
import { DEFAULT_MAPPING } from '../../../shared/mapping/mapping';
import { readPostgres } from '../../../shared/settings/postgres';
import { EPOCH, idOf, rowOf, seasoned, updatedColumns } from '../inputs/rows';
import { inFlight } from '../inputs/stores';
import { figuresOf } from '../measure/compare';
import { summary, type Group } from '../measure/figure';
import { inRounds, type Subject } from '../measure/rounds';

const COLD_ROWS = 5000;
/** Rows that are updated, at most. What is kept of others would have to be looked through at each collection of garbage. */
const KEPT_ROWS = 12_000;
const CONNECTIONS = 32;

/** Rows that a store knows, and may write again. */
type Known = Map<number, StoredRow>;

/** Counts the statements of a database. */
class CountedDatabase extends Database {
  count = 0;

  override query: Database['query'] = (...of: Parameters<Database['query']>) => {
    this.count += 1;
    return super.query(...of);
  };
}

function opened(postgres: Postgres): { readonly store: PostgresStore; readonly database: CountedDatabase } {
  const { value } = readPostgres({ ...postgres.settings, LOB_POSTGRES__maxConnections: String(CONNECTIONS) });
  if (value === undefined) throw new Error('no settings');
  const database = new CountedDatabase(value);
  const schema = new Schema(database, { schemas: SCHEMAS, grows: true });
  return {
    store: new PostgresStore(database, schema, postgresNamingOf(DEFAULT_MAPPING, ''), SCHEMAS.tables),
    database,
  };
}

const writeOf = (n: number, at: number, expected: StoredRow | undefined): RowWrite => ({
  row: rowOf(n),
  expected,
  stamp: seasoned(n),
  effect: expected === undefined ? 'snapshot' : 'patch',
  columns: updatedColumns(n, at),
});

async function written(store: PostgresStore, known: Known, rows: readonly number[], at: number): Promise<void> {
  const outcomes = await store.write(rows.map((n) => writeOf(n, at, known.get(n))));
  outcomes.forEach((outcome, index) => {
    if (outcome.kind !== 'written') throw new Error(`A write ended as ${outcome.kind}.`, { cause: outcome });
    const n = rows[index] ?? 0;
    if (n < KEPT_ROWS) known.set(n, outcome.stored);
  });
}

/** What the columns of these rows are called, and their types. */
const SHAPE = (() => {
  const types = new ValueTypes();
  encodeColumns(updatedColumns(0, EPOCH), types);
  return [...types.byColumn].map(([name, type]) => ({ name: quoted(name), type }));
})();

/** A bare INSERT … ON CONFLICT DO UPDATE of the same rows by the plain client: no guard, no stamp's meaning, nothing known. */
class BareUpserts {
  readonly #pool: Pool;

  constructor({ host, port, user, database }: Postgres) {
    this.#pool = new Pool({ host, port, user, database, max: CONNECTIONS });
    this.#pool.on('error', () => undefined);
  }

  async open(): Promise<void> {
    await this.#pool.query(
      `create table bare (id uuid primary key, ${SHAPE.map(({ name, type }) => `${name} ${type}`).join(', ')}, stamp text)`,
    );
  }

  async write(rows: readonly number[], at: number): Promise<void> {
    const names = SHAPE.map(({ name }) => name);
    const set = [...names, 'stamp'].map((name) => `${name} = excluded.${name}`).join(', ');
    const into = `insert into bare (id, ${names.join(', ')}, stamp)`;
    const end = `on conflict (id) do update set ${set}`;
    const textsOf = (n: number): string[] => [
      idOf(n),
      ...encodeColumns(updatedColumns(n, at)).values(),
      encodeStamp(seasoned(n)),
    ];
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) {
      const values = textsOf(only);
      const text = `${into} values (${values.map((_, place) => `$${place + 1}`).join(', ')}) ${end}`;
      await this.#pool.query({ name: 'one', text, values });
      return;
    }
    const typed = ['id uuid', ...SHAPE.map(({ type }, place) => `c${place} ${type}`), 's text'].join(', ');
    const values = ['i.id', ...SHAPE.map((_, place) => `i.c${place}`), 'i.s'].join(', ');
    const json = rows.map((n) => {
      const [id, ...texts] = textsOf(n);
      const stamp = texts.pop();
      return { id, ...Object.fromEntries(texts.map((text, place) => [`c${place}`, text])), s: stamp };
    });
    const text = `${into} select ${values} from json_to_recordset($1::json) as i(${typed}) ${end}`;
    await this.#pool.query({ name: 'many', text, values: [JSON.stringify(json)] });
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const count = (length: number, from = 0): number[] => Array.from({ length }, (_, n) => from + n);

async function deadlocksOf(postgres: Postgres): Promise<number> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  // Sessions tell what they have counted a second later at most.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { rows } = await client.query<{ deadlocks: string }>(
    `select deadlocks from pg_stat_database where datname = current_database()`,
  );
  await client.end();
  return Number(rows[0]?.deadlocks);
}

export const group: Group = {
  about:
    'the store in PostgreSQL against a bare INSERT … ON CONFLICT DO UPDATE of the same rows; commits wait for the disk',

  async run({ quick, rounds }, tell) {
    const postgres = await startPostgres({ fsync: true });
    const { store, database } = opened(postgres);
    const bare = new BareUpserts(postgres);
    try {
      await bare.open();
      const known: Known = new Map();
      let at = EPOCH;
      let next = 0;
      for (const { rows, width, turns, least } of [
        { rows: 1, width: 1, turns: 200, least: 0.8 },
        { rows: 1, width: 32, turns: 1600, least: 0.8 },
        { rows: 100, width: 4, turns: 40, least: 0.75 },
        { rows: 1000, width: 4, turns: 12, least: 0.75 },
      ]) {
        const calls = quick ? Math.max(width, Math.ceil(turns / 4)) : turns;
        const subject = (write: (rows: readonly number[], at: number) => Promise<void>, isNew: boolean): Subject => {
          let from = 0;
          return {
            prepare: () => {
              at += 1;
              if (!isNew) return;
              from = next;
              next += calls * rows;
            },
            run: () => inFlight(width, calls, (call) => write(count(rows, from + call * rows), at)),
          };
        };
        for (const isNew of [true, false]) {
          const turns = await inRounds(
            {
              store: subject((some, now) => written(store, known, some, now), isNew),
              upsert: subject((some, now) => bare.write(some, now), isNew),
            },
            { rounds, warmup: 4, operations: calls * rows },
          );
          const work = `${isNew ? 'insert' : 'update'}, ${rows} rows a statement, ${width} in flight`;
          tell(
            figuresOf(turns, [
              { work, subject: 'store', against: 'upsert', of: 'rate', aim: { least }, why: WHY },
              { work, subject: 'store', against: 'upsert', of: 'CPU' },
            ]),
          );
        }
      }
      await written(
        store,
        known,
        count(COLD_ROWS).filter((n) => !known.has(n)),
        at,
      );
      database.count = 0;
      const found = await store.read(count(COLD_ROWS).map(rowOf));
      if (found.includes(undefined)) throw new Error('A row is missing.');
      const statements = { measure: 'statements', own: String(database.count), unit: 'round trips' } as const;
      tell([{ work: `page of ${COLD_ROWS} cold rows`, ...statements, ...summary([database.count]), aim: { most: 4 } }]);
      const before = await deadlocksOf(postgres);
      const hot = count(400);
      for (let run = 0; run < 10; run += 1) {
        const rows = await store.read(hot.map(rowOf));
        const lanes = count(8).map((lane) => (lane % 2 === 0 ? hot : hot.toReversed()));
        await Promise.all(lanes.map((order) => store.write(order.map((n) => writeOf(n, at + run, rows[n])))));
      }
      const deadlocks = (await deadlocksOf(postgres)) - before;
      const told = { measure: 'deadlocks', own: String(deadlocks), unit: 'round trips' } as const;
      tell([{ work: `10 runs of 8 lanes on ${hot.length} rows`, ...told, ...summary([deadlocks]), aim: { most: 0 } }]);
    } finally {
      await Promise.all([database.close(), bare.close()]);
      await postgres.stop();
    }
  },
};

const WHY =
  'A guarded write sends and checks the entity tag, draws the next one, and answers it; many rows are locked in order first.';
