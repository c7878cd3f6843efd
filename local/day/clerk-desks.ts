/** How the clerks' changes are told to the app: by messages in a queue, or by the triggers of their tables. */
import { ServiceBusClient } from '@azure/service-bus';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Random } from '../dataverse/random';
import type { ClerkChange } from './ledger';
import type { Mapping } from './mapping';

/** Tells of changes. */
export interface ClerkDesk {
  tell(change: ClerkChange): Promise<void>;
  /** Resolves once everything is with the app's source. */
  settled(): Promise<void>;
  /** Messages so far, second ones included. */
  readonly sent: number;
  /** How many the app has yet to take, as far as only this desk can say. */
  waiting(): Promise<number>;
  close(): Promise<void>;
}

/** How messages are disturbed; shares from 0 to 1. */
export interface Disturbed {
  readonly duplicate: number;
  readonly reorder: number;
  readonly random: Random;
}

const LONGEST_HOLD_MS = 1500;

/** Messages in a queue: some twice, some overtaken by later ones. */
export class QueueDesk implements ClerkDesk {
  readonly #client: ServiceBusClient;
  readonly #sender;
  readonly #late = new Set<Promise<void>>();
  sent = 0;

  constructor(
    connectionString: string,
    queue: string,
    private readonly keys: (table: string) => string,
    private readonly disturbed: Disturbed,
  ) {
    this.#client = new ServiceBusClient(connectionString);
    this.#sender = this.#client.createSender(queue);
  }

  async tell(change: ClerkChange): Promise<void> {
    const { duplicate, reorder, random } = this.disturbed;
    const body = Buffer.from(JSON.stringify(messageOf(change, this.keys(change.table))));
    const send = (): Promise<void> => {
      this.sent += 1;
      return this.#sender.sendMessages({ body, contentType: 'application/json', messageId: change.messageId });
    };
    if (random.chance(duplicate)) this.#later(send, random);
    if (random.chance(reorder)) this.#later(send, random);
    else await send();
  }

  #later(send: () => Promise<void>, random: Random): void {
    const late = sleep(random.between(50, LONGEST_HOLD_MS))
      .then(send)
      .finally(() => this.#late.delete(late));
    this.#late.add(late);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#late);
  }

  waiting(): Promise<number> {
    return Promise.resolve(0);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** A message by docs/inbound.md. */
function messageOf({ messageId, table, op, row: { name }, rowId, columns, atMs }: ClerkChange, key: string): object {
  return {
    id: messageId,
    table,
    op,
    ...(rowId === undefined && 'key' in name
      ? { key: { [key]: name.key } }
      : { rowId: rowId ?? ('id' in name ? name.id : '') }),
    ...(op === 'delete' ? {} : { columns }),
    at: new Date(atMs).toISOString(),
  };
}

const SCHEMA = 'clerks';
const named = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * Tables of their own in the app's database, whose triggers put what changed into the outbox. The outbox keeps the order; some
 * messages come twice.
 */
export class OutboxDesk implements ClerkDesk {
  sent = 0;

  private constructor(
    private readonly client: Client,
    private readonly disturbed: Disturbed,
  ) {}

  /** Makes the tables. The outbox must be there. */
  static async open(place: string, mapping: Mapping, disturbed: Disturbed): Promise<OutboxDesk> {
    const client = new Client({ connectionString: place });
    await client.connect();
    await client.query(`create schema ${SCHEMA}`);
    for (const table of mapping.inbound) {
      const mapped = mapping.table(table);
      const { inbound } = mapped;
      if (inbound === undefined) continue;
      const columns = [...inbound.owners.keys()].map((name) => `${named(mapped.column(name)?.name ?? name)} text`);
      const own = `${SCHEMA}.${named(table)}`;
      await client.query(`create table ${own} (lob_id text unique, row_id uuid unique, ${columns.join(', ')})`);
      await client.query(functionOf(table, inbound.key));
      await client.query(
        `create trigger tell after insert or update or delete on ${own} for each row execute function ${SCHEMA}.${named(`tell_${table}`)}()`,
      );
    }
    return new OutboxDesk(client, disturbed);
  }

  async tell(change: ClerkChange): Promise<void> {
    const { duplicate, random } = this.disturbed;
    await this.client.query('begin');
    await this.client.query(`select set_config('clerks.message', $1, true)`, [change.messageId]);
    await this.#write(change);
    this.sent += 1;
    if (random.chance(duplicate)) {
      this.sent += 1;
      await this.client.query(
        'insert into dvo.inbound (message_id, message, at) select message_id, message, at from dvo.inbound where message_id = $1',
        [change.messageId],
      );
    }
    await this.client.query('commit');
  }

  async #write({ table, op, row: { name }, columns }: ClerkChange): Promise<void> {
    const own = `${SCHEMA}.${named(table)}`;
    const [by, value] = 'key' in name ? ['lob_id', name.key] : ['row_id', name.id];
    if (op === 'delete') {
      await this.client.query(`delete from ${own} where ${by} = $1`, [value]);
      return;
    }
    const names = Object.keys(columns).map(named);
    const places = names.map((_, at) => `$${at + 2}`);
    await this.client.query(
      `insert into ${own} (${[by, ...names].join(', ')}) values (${['$1', ...places].join(', ')})
         on conflict (${by}) do update set ${names.map((each) => `${each} = excluded.${each}`).join(', ')}`,
      [value, ...Object.values(columns)],
    );
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  async waiting(): Promise<number> {
    const { rows } = await this.client.query<{ count: string }>('select count(*) from dvo.inbound');
    return Number(rows[0]?.count ?? 0);
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

/** Tells of what differs, and of nothing that was copied from Dataverse. */
const functionOf = (table: string, key: string): string => `
create function ${SCHEMA}.${named(`tell_${table}`)}() returns trigger language plpgsql as $$
declare
  before jsonb := case when tg_op = 'INSERT' then '{}' else to_jsonb(old) end;
  after jsonb := case when tg_op = 'DELETE' then '{}' else to_jsonb(new) end;
  named jsonb := case when tg_op = 'DELETE' then before else after end;
  changed jsonb;
begin
  if current_setting('dvo.from_dataverse', true) = 'on' then return null; end if;
  select jsonb_object_agg(c.key, c.value) into changed from jsonb_each(after - 'lob_id' - 'row_id') c
    where c.value is distinct from coalesce(before -> c.key, 'null');
  if changed is null and tg_op <> 'DELETE' then return null; end if;
  insert into dvo.inbound (message_id, message) values (
    current_setting('clerks.message')::uuid,
    jsonb_build_object('table', '${table}', 'op',
      case when tg_op = 'DELETE' then 'delete' when named ->> 'row_id' is null then 'upsert' else 'update' end)
    || case when named ->> 'row_id' is null
         then jsonb_build_object('key', jsonb_build_object('${key}', named -> 'lob_id'))
         else jsonb_build_object('rowId', named -> 'row_id') end
    || case when tg_op = 'DELETE' then '{}' else jsonb_build_object('columns', changed) end);
  return null;
end $$`;
