/** The clerks of `--inbound`: they change rows in a LOB system of their own, whose messages the app takes to Dataverse. */
import type { Random } from '../dataverse/random';
import type { Dataverse, Row, Value } from '../dataverse/simulator';
import type { ClerkDesk } from './clerk-desks';
import { columnsOf } from './expected-rows';
import { Ledger, type ClerkChange, type LedgerRow } from './ledger';
import type { InboundMapping, Mapping } from './mapping';
import { GOODS, LAST, TOWNS, amount, pick } from './row-contents';

/** What the clerks are asked for. */
export interface ClerksOptions {
  readonly changes: number;
  /** A second. */
  readonly rate: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** @default as every change is made */
  readonly now?: () => number;
}

/** A value as Dataverse has it, and as a message has it. */
interface Made {
  readonly value: Value;
  readonly json: string | null;
}

const same = (value: string | null): Made => ({ value, json: value });

/** Makes a value; `count` tells those of one column apart. */
const MAKERS: Readonly<Record<string, (random: Random, count: number) => Made>> = {
  name: (r, n) => same(`${pick(r, LAST)} ${pick(r, GOODS)} ${n}`),
  lastname: (r, n) => same(`${pick(r, LAST)} ${n}`),
  jobtitle: (r, n) => same(`Clerk of ${pick(r, GOODS)} ${n}`),
  address1_city: (r, n) => same(`${pick(r, TOWNS)} ${n}`),
  revenue: (r) => same(amount(r, 2)),
  telephone1: (_, n) => same(`LOB ${n}`),
  emailaddress1: (_, n) => same(`lob${n}@example.com`),
  description: (_, n) => same(`A clerk’s note ${n}`),
};

/** A table that the clerks work on. */
interface Desk {
  readonly table: string;
  readonly inbound: InboundMapping;
  readonly nameOf: (column: string) => string;
  /** Another value than the present one. */
  readonly make: (column: string, random: Random, count: number, present: Value | undefined) => Made;
}

/** A table with fewer rows gets another one instead of a change. */
const FEW = 5;

/** The clerks, who share one ledger. */
export class Clerks {
  readonly ledger = new Ledger();
  /** Values that they gave to columns of which Dataverse is the owner: none may ever be there. */
  readonly trespasses: { readonly row: LedgerRow; readonly column: string; readonly value: Value }[] = [];
  readonly #desks: readonly Desk[];
  #count = 0;
  #done = 0;

  constructor(
    private readonly dataverse: Dataverse,
    mapping: Mapping,
    private readonly desk: Pick<ClerkDesk, 'tell'>,
    private readonly options: ClerksOptions,
  ) {
    this.#desks = mapping.inbound.flatMap((table) => {
      const mapped = mapping.table(table);
      const { inbound } = mapped;
      const definitions = columnsOf(dataverse, table);
      return inbound === undefined
        ? []
        : {
            table,
            inbound,
            nameOf: (column) => mapped.column(column)?.name ?? column,
            make: (column, random, count, present) => {
              const definition = definitions.get(column);
              if (definition?.type === 'choice') {
                const others = definition.options.filter((option) => option.value !== present);
                const { value, label } = pick(random, others);
                return { value, json: label };
              }
              // Emptied is what has a value.
              if (definition?.type === 'memo' && typeof present === 'string' && random.chance(0.3)) return same(null);
              return (MAKERS[column] ?? unmade(column))(random, count);
            },
          };
    });
  }

  /** Changes made so far. */
  get done(): number {
    return this.#done;
  }

  /** A working day. */
  async work(): Promise<void> {
    const { changes, rate, random, signal } = this.options;
    const begun = performance.now();
    while (this.#done < changes && !signal.aborted) {
      const early = begun + (this.#done * 1000) / rate - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      const change = this.#next(random);
      this.#done += 1;
      await this.desk.tell(change);
    }
  }

  #next(random: Random): ClerkChange {
    const desk = pick(random, this.#desks);
    const live = this.ledger.live(desk.table);
    const own = live.filter(({ name }) => 'key' in name);
    const dice = random.next();
    if (own.length < FEW || dice < 0.3) return this.#create(desk, random);
    if (dice < 0.36) return this.#delete(pick(random, own));
    const gone = this.ledger.rows.filter(({ table, deleted }) => table === desk.table && deleted !== undefined);
    if (dice < 0.4 && gone.length > 0) return this.#give(desk, random, pick(random, gone), this.#allOf(desk), 'upsert');
    const row = dice < 0.55 ? this.#rowOfUsers(desk, random) : undefined;
    return this.#update(desk, random, row ?? pick(random, own));
  }

  #create(desk: Desk, random: Random): ClerkChange {
    const row: LedgerRow = {
      table: desk.table,
      name: { key: `L-${this.ledger.rows.length + 1}` },
      values: new Map(),
      given: new Map(),
      deleted: undefined,
      wasDeleted: false,
      last: { messageId: '', atMs: 0 },
    };
    this.ledger.rows.push(row);
    return this.#give(desk, random, row, this.#allOf(desk), 'upsert');
  }

  #delete(row: LedgerRow): ClerkChange {
    row.values.clear();
    row.last = this.#given(row);
    row.deleted = row.last;
    row.wasDeleted = true;
    return { ...row.last, table: row.table, op: 'delete', row, rowId: undefined, columns: {} };
  }

  #update(desk: Desk, random: Random, row: LedgerRow): ClerkChange {
    const all = this.#allOf(desk);
    const columns = [...new Set(Array.from({ length: random.between(1, 3) }, () => pick(random, all)))];
    const [theirs] = [...desk.inbound.owners].find(([, owner]) => owner === 'dataverse') ?? [];
    if (theirs !== undefined && random.chance(0.1)) columns.push(theirs);
    const op = 'id' in row.name || random.chance(0.3) ? 'update' : 'upsert';
    // A LOB system that has read the row can name it by its id, too.
    const readsId = random.chance(0.2) && !row.wasDeleted;
    const readId = readsId ? rowOf(this.dataverse, row, desk.inbound)?.id : undefined;
    return this.#give(desk, random, row, columns, op, 'id' in row.name ? row.name.id : readId);
  }

  /** A row that users made, and that has no key. */
  #rowOfUsers({ table, inbound }: Desk, random: Random): LedgerRow | undefined {
    const rows = [...this.dataverse.rows(table)].filter(({ columns }) => columns[inbound.key] === null);
    if (rows.length === 0) return undefined;
    const { id } = pick(random, rows);
    const known = this.ledger.rows.find(({ name }) => 'id' in name && name.id === id);
    if (known !== undefined) return known;
    const last = { messageId: '', atMs: 0 };
    const row: LedgerRow = {
      ...{ table, name: { id }, values: new Map(), given: new Map() },
      ...{ deleted: undefined, wasDeleted: false, last },
    };
    this.ledger.rows.push(row);
    return row;
  }

  #give(
    desk: Desk,
    random: Random,
    row: LedgerRow,
    columns: readonly string[],
    op: 'upsert' | 'update',
    rowId?: string,
  ): ClerkChange {
    const given = this.#given(row);
    const told: Record<string, string | null> = {};
    for (const column of columns) {
      const present = row.values.get(column)?.value;
      const { value, json } = desk.make(column, random, (this.#count += 1), present);
      told[desk.nameOf(column)] = json;
      if (desk.inbound.owners.get(column) === 'dataverse') this.trespasses.push({ row, column, value });
      else {
        row.values.set(column, { ...given, value });
        row.given.set(column, [...(row.given.get(column) ?? []), value]);
      }
    }
    row.last = given;
    row.deleted = undefined;
    return { ...given, table: desk.table, op, row, rowId, columns: told };
  }

  /** All columns that the clerks may give. */
  #allOf({ inbound }: Desk): readonly string[] {
    return [...inbound.owners].flatMap(([column, owner]) => (owner === 'dataverse' ? [] : column));
  }

  /** Later than what was given to the row before. */
  #given({ last }: LedgerRow): { readonly messageId: string; readonly atMs: number } {
    const { now = Date.now, random } = this.options;
    return { messageId: random.guid(), atMs: Math.max(now(), last.atMs + 1) };
  }
}

/** A clerk's row in Dataverse. */
export const rowOf = (dataverse: Dataverse, { table, name }: LedgerRow, { key }: InboundMapping): Row | undefined =>
  'id' in name
    ? dataverse.get(table, name.id)
    : [...dataverse.rows(table)].find(({ columns }) => columns[key] === name.key);

const unmade = (column: string): never => {
  throw new Error(`The clerks have no values for the column ${column}.`);
};
