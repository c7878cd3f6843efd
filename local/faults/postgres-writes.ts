/**
 * The writes to rows and links that PostgreSQL has committed, from the database itself: a trigger on each table that the app makes
 * notes the row as it is then, within the same transaction. So what is rolled back is never seen, and what is committed always is,
 * whatever becomes of connections and of the server meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { connectedTo, entityOf } from '../day/postgres-entities';
import type { Client } from 'pg';
import { plainProperties, type StoreWrite } from './store-writes';

/**
 * The number of a write is drawn while its row is locked, so those of one row are in the order of its writes. The time is that of
 * this machine, as Dataverse's is: a write is judged by what had been committed before it.
 */
const SETUP = `
create schema judge;
create table judge.writes (number bigserial primary key, at float8 not null, name text not null, content jsonb not null);
create function judge.note() returns trigger language plpgsql as $$ begin
  insert into judge.writes (at, name, content)
  values (extract(epoch from clock_timestamp()) * 1000, tg_table_name, to_jsonb(new));
  return null;
end $$;
create function judge.attach() returns event_trigger language plpgsql as $$ declare made record; begin
  for made in
    select c.objid::regclass as name from pg_event_trigger_ddl_commands() c join pg_attribute a on a.attrelid = c.objid
    where c.schema_name = 'dvo' and a.attname = 'dvo_state'
  loop
    execute format('create trigger judge after insert or update on %s for each row execute function judge.note()', made.name);
  end loop;
end $$;
create event trigger judge on ddl_command_end when tag in ('CREATE TABLE') execute function judge.attach();
`;

const EVERY_MS = 250;
/** How long to wait for a database that is away. */
const LIMIT_MS = 60_000;

/** Tells the writes of a database. */
export class PostgresWrites {
  readonly #ending = new AbortController();
  readonly #turns = pLimit(1);
  /** Told, and perhaps still there: whether they were removed isn't known. */
  readonly #told = new Set<bigint>();
  #client: Client | undefined;
  #watching: Promise<void> = Promise.resolve();

  private constructor(
    private readonly place: string,
    private readonly saw: (write: StoreWrite) => void,
  ) {}

  /** Begins to watch a database to which the app has not written yet. */
  static async open(place: string, saw: (write: StoreWrite) => void): Promise<PostgresWrites> {
    const writes = new PostgresWrites(place, saw);
    await (await writes.#connected()).query(SETUP);
    writes.#watching = writes.#watch();
    return writes;
  }

  /** Resolves when all that was committed until now has been told. */
  async told(): Promise<void> {
    for (const limit = performance.now() + LIMIT_MS; ;) {
      try {
        await this.#turns(() => this.#tell());
        return;
      } catch (error) {
        if (performance.now() > limit) throw error;
        await sleep(EVERY_MS);
      }
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#watching;
    await this.#client?.end().catch(() => undefined);
  }

  /** The database may be away: what it has noted is told later, or `told` says why not. */
  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#turns(() => this.#tell()).catch(() => undefined);
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const client = await connectedTo(this.place);
    client.once('end', () => (this.#client = undefined));
    return (this.#client = client);
  }

  async #tell(): Promise<void> {
    const client = await this.#connected();
    const { rows: tables } = await client.query<{ readonly name: string }>('select distinct name from judge.writes');
    for (const { name } of tables) {
      // Whoever sees a write to a row sees all before it: it was made when they were committed.
      const { rows } = await client.query<Record<string, unknown> & { readonly number: bigint; readonly at: number }>(
        `select w.number, w.at, r.* from judge.writes w, jsonb_populate_record(null::dvo."${name}", w.content) r
         where w.name = $1 order by w.number`,
        [name],
      );
      const numbers = rows.map(({ number, at, ...row }) => {
        if (!this.#told.has(number)) this.saw(writeOf(name, at, row));
        this.#told.add(number);
        return number;
      });
      await client.query('delete from judge.writes where number = any($1)', [numbers]);
      for (const number of numbers) this.#told.delete(number);
    }
  }
}

/** Each write leaves a whole row: what it has not set is as it was. */
function writeOf(table: string, at: number, row: Record<string, unknown>): StoreWrite {
  const { rowKey, ...entity } = entityOf(row);
  return { table, rowKey: String(rowKey), kind: 'whole', properties: plainProperties(entity), at };
}
