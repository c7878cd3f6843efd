/**
 * A small Dataverse for simulations: rows with one global row version, modifiedon in whole seconds that may lie before or
 * after the commit, deletes, restores with the same id, links, reads that are as of one moment, and a change feed by
 * versions. It tells of its changes in contexts as Dataverse posts them.
 */
import { BEGINNING, type Instant } from '../../shared/change/instant';
import type { RowAddress } from '../../shared/change/row-change';
import type { Columns, Value } from '../../shared/change/value';
import type { FeedPage, FeedRequest, FeedStart } from '../../shared/dataverse/change-feed';
import { spanOf } from '../../shared/dataverse/row-reader';
import { WebApiError } from '../../shared/dataverse/web-api';
import { linkedIds, linkOf } from '../../shared/mapping/link';
import type { Relationship } from '../../shared/mapping/relationship';
import type { ColumnDefinition, TableDefinition } from '../../shared/mapping/table-definition';
import type { KeptDelivery } from '../../shared/parking/parking';
import type { ReceivedMessage } from '../../shared/receive/delayed-copies';
import type { RowRead } from '../../shared/writer/read-back';
import { columns, rowId } from '../writer/changes';
import type { Fault, NoteFault } from './fault-list';
import { bodyOf, entities, entity, reference, relationship, type Plain, type WireEvent } from './wire';

/** A row that is there. */
export interface LiveRow {
  readonly version: number;
  readonly modifiedOn: Instant;
  readonly plain: Plain;
}

/** How a row was written in a version of it. */
interface Written {
  readonly key: string;
  readonly isNew: boolean;
  readonly changed: Plain;
  readonly modifiedOn: Instant;
  /** When it was in truth, which its `modifiedon` may not tell. */
  readonly at: Instant;
}

interface Commit {
  readonly before: LiveRow | undefined;
  readonly changed: Plain;
  readonly plain: Plain;
  readonly modifiedOn: Instant;
}

/** What there is at a moment. */
interface Contents {
  readonly live: ReadonlyMap<string, LiveRow>;
  readonly deletedAt: ReadonlyMap<string, number>;
}

/**
 * How a change is told of: its changed columns, its full image, from a synchronous step, without its parameters (it was too
 * large), or not at all.
 */
export type Push = 'patch' | 'image' | 'unconfirmed' | 'truncated' | 'none';

/** A pushed event and the rows that it tells of. */
export interface Told {
  readonly delivery: KeptDelivery;
  readonly rows: readonly RowAddress[];
  readonly number: number;
  readonly at: Instant;
  /** It is no change of rows. */
  readonly isCall?: true;
  /** Of a copy in the queue: what it carries. */
  readonly properties?: ReceivedMessage['properties'];
}

export const TABLES = ['account', 'contact'] as const;
/** Many-to-many relationships between the two: with change tracking for the intersect table, and without. */
export const LINKS = ['account_contact_tracked', 'account_contact_compared'] as const;
/** A one-to-many relationship: an account has contacts, by their column `a`. */
export const LOOKUP = 'account_contacts';
/** A custom API, of which nothing but events tell. */
export const CUSTOM_API = 'new_Confirm';
const ROWS_PER_TABLE = 3;
/** Ids of a table, in the order of its pages. */
export const IDS: readonly string[] = Array.from({ length: ROWS_PER_TABLE }, (_, n) => rowId(n + 1));
const [FIRST = '', SECOND = ''] = IDS;
/** Ids of a relationship's links. */
export const LINK_IDS: readonly string[] = [`${FIRST}_${FIRST}`, `${FIRST}_${SECOND}`, `${SECOND}_${FIRST}`];

/** Rows that have taken over a key of the first ones, since those were deleted. */
const NEXT_IDS: readonly string[] = IDS.map((_, n) => rowId(ROWS_PER_TABLE + n + 1));
/** A row's alternate key, for good. */
export const keyOfId = (id: string): string =>
  `K${(Math.max(IDS.indexOf(id), NEXT_IDS.indexOf(id)) % ROWS_PER_TABLE) + 1}`;

/** The two rows of a link. */
export const linkedBy = (id: string): readonly [RowAddress, RowAddress] => {
  const [account = '', contact = ''] = linkedIds({ table: LINKS[0], id }) ?? [];
  return [
    { table: TABLES[0], id: account },
    { table: TABLES[1], id: contact },
  ];
};

const isLink = (table: string): boolean => LINKS.some((name) => name === table);
const keyOf = ({ table, id }: RowAddress): string => `${table}/${id}`;

const MORE = { more: true } as const;

/** What something comes to now, an error too, told when it is asked for. */
function result<T>(of: () => T): () => T {
  try {
    const value = of();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Seconds by which the Date header of an answer may lag behind the moment that it tells of. */
const DATE_LAG = 2;

export class SimulatedDataverse {
  /** Seconds since 1970. */
  clock: Instant = 1_700_000_000;
  #version = 100;
  #oldestToken = 0;
  #events = 0;
  readonly #live = new Map<string, LiveRow>();
  readonly #deletedAt = new Map<string, number>();
  /** By token, what there was when it was fixed. */
  readonly #begins = new Map<string, Contents>();
  /** How often columns have changed. */
  #alterations = 0;
  /** Whether rows have an alternate key, `k`. */
  hasKeys = false;
  /** By version, the oldest first. */
  readonly #written = new Map<bigint, Written>();

  constructor(
    private readonly random: () => number,
    private readonly note: NoteFault,
  ) {}

  /**
   * Creates, updates or restores a row; `back` seconds lie between its modifiedon and its commit. The event says that the
   * operation was created `late` seconds after it was.
   */
  write(row: RowAddress, names: readonly string[], back: number, push: Push, late = 0): Told | undefined {
    if (this.#isTaken(row)) return undefined;
    return this.#tellOfWrite(row, push, this.#commit(row, names, back), late);
  }

  #tellOfWrite(row: RowAddress, push: Push, { before, changed, plain, modifiedOn }: Commit, late = 0) {
    const input = { Target: entity(row, changed, modifiedOn) };
    const event = {
      message: before === undefined ? 'Create' : 'Update',
      row,
      input,
      ...(push === 'image' ? { fullImage: entity(row, plain, modifiedOn) } : {}),
    };
    return this.#tell([row], push, event, late);
  }

  #commit(row: RowAddress, names: readonly string[], back: number): Commit {
    const version = this.#version + 1;
    const valueOf = (name: string): number | string | null => {
      if (version % 4 === 0) return null;
      return name === 'b' && this.#isText ? `text ${version}` : version;
    };
    const key = this.hasKeys && !this.#live.has(keyOf(row)) ? { k: keyOfId(row.id) } : {};
    return this.#put(row, { ...Object.fromEntries(names.map((name) => [name, valueOf(name)])), ...key }, back);
  }

  #put(row: RowAddress, values: Plain, back: number): Commit {
    const version = (this.#version += 1);
    const before = this.#live.get(keyOf(row));
    const modifiedOn = this.clock - back;
    if (before?.modifiedOn === modifiedOn) this.note('F9');
    if (back > 0) this.note('F10');
    if (back < 0) this.note('F11');
    if (before === undefined && this.#deletedAt.has(keyOf(row))) this.note('F13');
    const changed: Plain = { ...values, rev: version };
    const plain: Plain = { ...before?.plain, ...changed };
    this.#live.set(keyOf(row), { version, modifiedOn, plain });
    const of = { key: keyOf(row), isNew: before === undefined, changed, modifiedOn, at: this.clock };
    this.#written.set(BigInt(version), of);
    return { before, changed, plain, modifiedOn };
  }

  /** Writes values to a row, as the Web API is asked to. */
  put(row: RowAddress, values: Plain, push: Push): Told | undefined {
    return this.#tellOfWrite(row, push, this.#put(row, values, 0));
  }

  liveRow(row: RowAddress): LiveRow | undefined {
    return this.#live.get(keyOf(row));
  }

  rowOfKey(table: string, key: string): RowAddress | undefined {
    return this.#rowsOfKey(table, key).find((row) => this.#live.has(keyOf(row)));
  }

  /** One that isn't there, for a key that no row has. */
  freeRow(table: string, key: string): RowAddress {
    const [first, next = first] = this.#rowsOfKey(table, key);
    if (first === undefined || next === undefined) throw new Error(`nobody has the key ${key}`);
    return this.random() < 0.5 ? first : next;
  }

  #rowsOfKey(table: string, key: string): readonly RowAddress[] {
    return this.idsOf(table).flatMap((id) => (keyOfId(id) === key ? [{ table, id }] : []));
  }

  /** The ids that a table or a relationship can have. */
  idsOf(table: string): readonly string[] {
    return isLink(table) ? LINK_IDS : this.hasKeys ? [...IDS, ...NEXT_IDS] : IDS;
  }

  /** `modifiedon` of a row in a version of it. */
  modifiedOnOf(version: bigint): Instant | undefined {
    return this.#written.get(version)?.modifiedOn;
  }

  /**
   * The value of a column in a version of a row; the earliest moment at which it may have been given by what the row told of itself
   * until then, and the latest by what it has told at all: whoever missed what was in between can't tell a value from the same one.
   */
  givenIn(
    row: RowAddress,
    column: string,
    version: bigint,
  ): { readonly value: Plain[string]; readonly earliest: Instant; readonly latest: Instant } {
    let value: Plain[string] | undefined;
    const all = [...this.#written].flatMap(([of, { key, isNew, changed, modifiedOn, at }]) => {
      if (key !== keyOf(row)) return [];
      const before = value;
      value = (column in changed ? changed[column] : isNew ? null : before) ?? null;
      return [{ version: of, modifiedOn, at, value, gives: value !== before }];
    });
    const from = all.findLastIndex((one) => one.version <= version && one.gives);
    const of = all[from]?.value ?? null;
    const until = all.slice(from).filter((one) => one.version <= version);
    return {
      value: of,
      earliest: Math.min(...until.map(({ modifiedOn, at }) => Math.min(modifiedOn, at))),
      latest: Math.max(...all.filter((one) => one.value === of).map(({ modifiedOn }) => modifiedOn)),
    };
  }

  /** Whether a row isn't there, and another one has its key: so there is always an id left for a key that no row has. */
  #isTaken(row: RowAddress): boolean {
    return this.hasKeys && !this.#live.has(keyOf(row)) && this.rowOfKey(row.table, keyOfId(row.id)) !== undefined;
  }

  /** Creates or updates several rows in one operation. */
  writeMany(table: string, ids: readonly string[], push: Push): Told | undefined {
    this.note('F53');
    const rows = ids.map((id) => ({ table, id })).filter((row) => !this.#isTaken(row));
    if (rows.length === 0) return undefined;
    const known = rows.filter((row) => this.#live.has(keyOf(row))).length;
    const message = known === 0 ? 'CreateMultiple' : known === rows.length ? 'UpdateMultiple' : 'UpsertMultiple';
    const targets = rows.map((row) => {
      const { changed, modifiedOn } = this.#commit(row, ['a'], 0);
      return entity(row, changed, modifiedOn);
    });
    return this.#tell(rows, push, { message, row: NO_ROW(table), input: { Targets: entities(table, targets) } });
  }

  deleteMany(table: string, ids: readonly string[], push: Push): Told | undefined {
    const rows = ids.map((id) => ({ table, id })).filter((row) => this.#removeWithLinks(row));
    if (rows.length === 0) return undefined;
    this.note('F53');
    return this.#tell(rows, push, {
      message: 'DeleteMultiple',
      row: NO_ROW(table),
      input: { Targets: rows.map(reference) },
    });
  }

  /** Sets a contact's lookup of an account. */
  setLookup(row: RowAddress, push: Push): Told | undefined {
    const parent = { table: TABLES[0], id: row.id };
    if (row.table !== TABLES[1] || !this.#live.has(keyOf(row)) || !this.#live.has(keyOf(parent))) return undefined;
    this.#commit(row, ['a'], 0);
    const input = { Target: reference(parent), Relationship: relationship(LOOKUP), RelatedEntities: [reference(row)] };
    return this.#tell([row], push, { message: 'Associate', row: parent, input });
  }

  /** A custom API is called. */
  call(push: Push): Told | undefined {
    const event = { message: CUSTOM_API, row: NO_ROW('none'), input: { Number: this.#events + 1 } };
    const told = this.#tell([], push, event);
    return told && { ...told, isCall: true };
  }

  get #isText(): boolean {
    return this.#alterations % 2 === 1;
  }

  /**
   * A column becomes one of another type: whatever rows had in it is gone, and no version tells. Another one goes, and one comes,
   * so that no two definitions are alike. Tokens expire, or don't.
   */
  alter(): void {
    this.note('F48');
    this.#alterations += 1;
    for (const [key, row] of this.#live) this.#live.set(key, { ...row, plain: { ...row.plain, b: null } });
    if (this.random() < 0.5) this.expireTokens();
  }

  /** A table's definition as it is now. */
  definitionOf(table: string): TableDefinition {
    return {
      table,
      entitySet: `${table}s`,
      primaryId: `${table}id`,
      changeTracking: table !== LINKS[1],
      columns: new Map<string, ColumnDefinition>([
        ...['a', 'rev', `c${this.#alterations}`].map((name) => [name, { name, type: 'integer' as const }] as const),
        ['b', { name: 'b', type: this.#isText ? 'string' : 'integer' }],
        ['k', { name: 'k', type: 'string' }],
        ['modifiedon', { name: 'modifiedon', type: 'instant' }],
      ]),
    };
  }

  /** Merges a row into another one, which takes over a column: the row itself is changed, too. */
  merge(row: RowAddress, into: string, push: Push): Told | undefined {
    const target = { table: row.table, id: into };
    if (into === row.id || !this.#live.has(keyOf(row)) || !this.#live.has(keyOf(target))) return undefined;
    this.note('F15');
    const { changed, modifiedOn } = this.#commit(target, ['a'], 0);
    this.#commit(row, ['b'], 0);
    const input = {
      Target: reference(target),
      SubordinateId: row.id,
      UpdateContent: entity(target, changed, modifiedOn),
      PerformParentingChecks: false,
    };
    return this.#tell([target, row], push, { message: 'Merge', row: target, input });
  }

  /** Deletes a row, and with it its links, of which nothing is told; OperationCreatedOn is `late` seconds after it. */
  delete(row: RowAddress, late: number, push: Push): Told | undefined {
    if (!this.#removeWithLinks(row)) return undefined;
    if (late > 0) this.note('F12');
    const input = { Target: reference(row) };
    return this.#tell([row], push, { message: 'Delete', row, input }, late);
  }

  #removeWithLinks(row: RowAddress): boolean {
    if (!this.#remove(row)) return false;
    for (const table of LINKS) {
      for (const id of LINK_IDS) {
        if (linkedBy(id).some((linked) => keyOf(linked) === keyOf(row)) && this.#remove({ table, id }))
          this.note('F14');
      }
    }
    return true;
  }

  #remove(row: RowAddress): boolean {
    if (!this.#live.delete(keyOf(row))) return false;
    this.#deletedAt.set(keyOf(row), (this.#version += 1));
    return true;
  }

  /** Connects two rows, or no longer does. */
  associate(kind: 'associate' | 'disassociate', link: RowAddress, push: Push): Told | undefined {
    const [target, related] = linkedBy(link.id);
    if (kind === 'associate') {
      if (![target, related].every((row) => this.#live.has(keyOf(row))) || this.#live.has(keyOf(link)))
        return undefined;
      this.#live.set(keyOf(link), { version: (this.#version += 1), modifiedOn: BEGINNING, plain: {} });
    } else if (!this.#remove(link)) return undefined;
    const input = {
      Target: reference(target),
      Relationship: relationship(link.table),
      RelatedEntities: [reference(related)],
    };
    return this.#tell([link], push, {
      message: kind === 'associate' ? 'Associate' : 'Disassociate',
      row: target,
      input,
    });
  }

  /** What a synchronous step says of a transaction that is then rolled back. */
  rollBack(row: RowAddress): Told | undefined {
    this.note('F7');
    const input = { Target: entity(row, { a: -1, rev: -1 }, this.clock) };
    return this.#tell([row], 'unconfirmed', { message: 'Update', row, input });
  }

  #tell(
    rows: readonly RowAddress[],
    push: Push,
    event: Pick<WireEvent, 'message' | 'row' | 'input' | 'fullImage'>,
    late = 0,
  ): Told | undefined {
    if (push === 'none') return undefined;
    const number = (this.#events += 1);
    const synchronous = push === 'unconfirmed';
    const truncated = push === 'truncated';
    if (truncated) this.note('F5');
    const body = bodyOf({ ...event, number, synchronous, createdOn: this.clock + late }, truncated);
    return {
      rows,
      number,
      at: this.clock,
      // However late it is delivered, its broker knows when it came.
      delivery: { source: 'simulated', body, arrivedAtMs: this.clock * 1000, ...(truncated ? { truncated } : {}) },
    };
  }

  /** When an answer was made that was asked for at `sent`, as its Date header tells. */
  #spanSince(sent: Instant): { readonly begin: Instant; readonly end: Instant } {
    const lag = Math.floor(this.random() * (DATE_LAG + 1));
    if (lag > 0) this.note('F16');
    const dateMs = (this.clock - lag) * 1000;
    return spanOf({ dateMs, sentMs: dateMs - (this.clock - sent) * 1000 });
  }

  /** A GET by id as of now. */
  get(row: RowAddress, sent: Instant): RowRead {
    const live = this.#live.get(keyOf(row));
    const span = this.#spanSince(sent);
    if (live === undefined) return { kind: 'missing', ...span };
    const { version, modifiedOn } = live;
    return { kind: 'found', version: BigInt(version), modifiedOn, columns: this.#shown(row, live), ...span };
  }

  /** The columns of a live row, for the final comparison. */
  columnsOf(row: RowAddress): Columns | undefined {
    const live = this.#live.get(keyOf(row));
    return live && this.#shown(row, live);
  }

  #shown(row: RowAddress, { plain, modifiedOn }: LiveRow): Columns {
    const [account, contact] = linkedIds(row) ?? [];
    if (account === undefined || contact === undefined)
      return new Map<string, Value>([
        ...columns(plain),
        ['modifiedon', { kind: 'instant', epochMs: modifiedOn * 1000 }],
      ]);
    return linkOf(row.table, linkedBy(row.id)).columns;
  }

  /** When a row was last deleted, as a version; 0 where it never was. */
  lastDeletion(row: RowAddress): number {
    return this.#deletedAt.get(keyOf(row)) ?? 0;
  }

  /** All tokens given so far are too old from now on. */
  expireTokens(): void {
    this.#oldestToken = this.#version += 1;
  }

  /**
   * Pages of one or two rows, in parts of one row. A page is as of some moment between the begin of its run and when it is
   * asked for: when its turn comes, or while the one before is gone through. The token is that of the first request. A next
   * link carries it, with what the run began from and how many rows it has shown.
   */
  async *pages(
    name: string,
    { by }: Pick<FeedRequest, 'by'>,
    from: FeedStart,
    pause: () => Promise<void>,
  ): AsyncGenerator<FeedPage> {
    let sent = this.clock;
    await pause();
    const [linkSince = '', linkToken, linkShown] = (from.link ?? '').split('/');
    const since = linkSince === '' ? undefined : Number(linkSince);
    this.#expectToken(since, 'F22');
    const token = linkToken ?? String(this.#version);
    if (linkToken === undefined)
      this.#begins.set(`${name}/${token}`, { live: new Map(this.#live), deletedAt: new Map(this.#deletedAt) });
    const ids = this.idsOf(name);
    const lastLink = by === 'compare' ? {} : { deltaLink: token };
    const read = (shown: number): readonly FeedPage[] => {
      this.#expectToken(since, 'F23');
      const span = this.#spanSince(sent);
      const contents = this.#contents(`${name}/${token}`);
      if (shown === ids.length)
        return [
          {
            items: deletionsIn(
              contents,
              ids.map((id) => ({ table: name, id })),
              since,
            ),
            ...span,
            ...lastLink,
          },
        ];
      const to = Math.min(ids.length, shown + 1 + Math.floor(this.random() * 2));
      return ids.slice(shown, to).map((id, index): FeedPage => {
        const items = this.#itemsIn(contents, { table: name, id }, since ?? 0);
        return { items, ...span, ...(shown + index + 1 < to ? MORE : { nextLink: `${linkSince}/${token}/${to}` }) };
      });
    };
    let next = result(() => read(Number(linkShown ?? 0)));
    for (;;) {
      const parts = next();
      const { nextLink } = parts.at(-1) ?? {};
      sent = this.clock;
      const after = (): readonly FeedPage[] => read(Number(nextLink?.split('/')[2]));
      const ahead = nextLink !== undefined && this.random() < 0.5 ? result(after) : undefined;
      for (const part of parts) {
        await pause();
        yield part;
        await pause();
      }
      if (nextLink === undefined) return;
      next = ahead ?? after;
    }
  }

  /** What a page shows: what there is now, or was when its run began. */
  #contents(begin: string): Contents {
    const now = { live: this.#live, deletedAt: this.#deletedAt };
    if (this.random() < 0.7) return now;
    this.note('F47');
    return this.#begins.get(begin) ?? now;
  }

  #expectToken(since: number | undefined, fault: Fault): void {
    if (since === undefined || since >= this.#oldestToken) return;
    this.note(fault);
    throw new WebApiError('GET delta', 400, '0x80044352', 'Version stamp associated with the client has expired.');
  }

  #itemsIn({ live }: Contents, row: RowAddress, since: number): FeedPage['items'] {
    const found = live.get(keyOf(row));
    if (found === undefined || found.version <= since) return [];
    const { version, modifiedOn } = found;
    const [account, contact] = linkedIds(row) ?? [];
    const shown =
      account === undefined || contact === undefined
        ? this.#shown(row, found)
        : new Map<string, Value>([
            ['accountid', { kind: 'guid', value: account }],
            ['contactid', { kind: 'guid', value: contact }],
          ]);
    return [{ kind: 'row', id: row.id, version: BigInt(version), modifiedOn, columns: shown }];
  }
}

/** Where an operation is of several rows, or of none. */
const NO_ROW = (table: string): RowAddress => ({ table, id: '00000000-0000-0000-0000-000000000000' });

function deletionsIn(
  { live, deletedAt }: Contents,
  rows: readonly RowAddress[],
  since: number | undefined,
): FeedPage['items'] {
  if (since === undefined) return [];
  const isDeleted = (key: string): boolean => !live.has(key) && (deletedAt.get(key) ?? 0) > since;
  return rows.filter((row) => isDeleted(keyOf(row))).map(({ id }) => ({ kind: 'deleted', id }));
}

/** A relationship's definition. */
export const relationshipOf = (schemaName: string): Relationship =>
  schemaName === LOOKUP
    ? { kind: 'one-to-many', schemaName, referenced: TABLES[0], referencing: TABLES[1], column: 'a' }
    : manyToManyOf(schemaName);

export const manyToManyOf = (schemaName: string): Extract<Relationship, { kind: 'many-to-many' }> => ({
  kind: 'many-to-many',
  schemaName,
  intersect: schemaName,
  ends: [
    { table: TABLES[0], column: 'accountid' },
    { table: TABLES[1], column: 'contactid' },
  ],
});
