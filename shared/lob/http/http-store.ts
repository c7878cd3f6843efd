import { hash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instant } from '../../change/instant';
import type { RowAddress } from '../../change/row-change';
import { linkedIds } from '../../mapping/link';
import type { Mapping } from '../../mapping/mapping';
import { keyOf } from '../../mapping/row-key';
import { belongsTo, sameByColumn, sameValues } from '../derived-names';
import { NO_STAMP } from '../stamp';
import {
  leavesHidden,
  type ListedPage,
  type LobStore,
  type RowColumns,
  type RowWrite,
  type StoredEntry,
  type StoredPage,
  type StoredRow,
  type TombstoneStore,
  type WriteOutcome,
} from '../store';
import { LobUnclear, type HttpTarget, type TargetRequest } from './http-target';
import { jsonColumns, printsOf, type JsonColumns, type Prints } from './json-columns';
import { isBlank, notedOf, noteWrite, type Noted, type RowNote } from './row-notes';

/** Rows whose intents are written together: all of them can be sent while their intents hold. */
const CHUNK = 32;
/** Where requests go together. */
const BULK_CHUNK = 200;
/** So long an instance may take to send a row after its intent, and others leave the row alone after they have seen it. */
const INTENT_MS = 30_000;
const POLL_MS = 200;
/** Set by Dataverse with every change. */
const TELLING_OF_CHANGES = ['modifiedon', 'modifiedby', 'modifiedonbehalfby'];
const NO_MEMBERS: JsonColumns = new Map();
const NO_PRINTS: Prints = new Map();

/** A write, and what it takes. */
interface Planned {
  readonly index: number;
  readonly write: RowWrite;
  readonly before: Noted | undefined;
  readonly after: RowNote;
  readonly changesValues: boolean;
  /** Undefined where the LOB system has all of it already. */
  readonly request: TargetRequest | undefined;
}
type ToSend = Planned & { readonly request: TargetRequest };

/**
 * A LOB system with a REST interface of its own. Rows go to it by HTTP; what is known of their order lies in the app's own Azure
 * tables, with fingerprints instead of columns.
 *
 * A write has three steps: an intent (compare-and-swap), the request, the new stamp (compare-and-swap). Whoever meets an
 * intent waits for it, so that two instances never send one row at once. If its sender dies, the stamp is still the old
 * one after 30 s: the change comes again, is decided again, and is sent again.
 */
export class HttpStore implements LobStore, TombstoneStore {
  readonly #me = randomUUID();
  readonly #silent = new Map<string, { readonly owned: ReadonlySet<string>; readonly all: ReadonlySet<string> }>();

  constructor(
    private readonly notes: LobStore & TombstoneStore,
    private readonly target: Pick<HttpTarget, 'sendAll' | 'addressOf' | 'methods' | 'isBulk' | 'timeoutMs'>,
    private readonly mapping: Pick<Mapping, 'tableOf' | 'links'>,
    private readonly now: () => number = Date.now,
  ) {}

  async read(rows: readonly RowAddress[]): Promise<readonly (StoredRow | undefined)[]> {
    const noted = await this.#read(rows);
    return noted.map((one) => (one === undefined || isBlank(one.row.stamp) ? undefined : storedRow(one)));
  }

  /** The notes of rows; waits for what others send, until an intent has stood for longer than any does. */
  async #read(rows: readonly RowAddress[]): Promise<readonly (Noted | undefined)[]> {
    const read = async (of: readonly RowAddress[]) =>
      (await this.notes.read(of)).map((row) => (row === undefined ? undefined : notedOf(row)));
    const noted = [...(await read(rows))];
    // By this instance's time alone: the others' clocks may be off.
    const seenAt = new Map<string, number>();
    for (;;) {
      const held = rows.flatMap((row, at) => (this.#isHeld(noted[at], seenAt) ? [{ row, at }] : []));
      if (held.length === 0) return noted;
      await sleep(POLL_MS);
      const again = await read(held.map(({ row }) => row));
      for (const [index, { at }] of held.entries()) noted[at] = again[index];
    }
  }

  /** Whether another instance may be sending the row now. An own one that is still there wasn't taken back: it has ended. */
  #isHeld(noted: Noted | undefined, seenAt: Map<string, number>): boolean {
    if (noted?.note.intent === undefined || noted.note.intent === this.#me) return false;
    const { etag } = noted.row;
    const seen = seenAt.get(etag) ?? this.now();
    seenAt.set(etag, seen);
    return this.now() - seen < INTENT_MS;
  }

  async write(writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> {
    const outcomes = new Array<WriteOutcome>(writes.length);
    const planned = writes.flatMap((write, index): Planned[] => {
      try {
        return [this.#plan(write, index)];
      } catch (error) {
        outcomes[index] = { kind: 'failed', error };
        return [];
      }
    });
    const toSend = planned.filter((plan): plan is ToSend => plan.request !== undefined);
    const toNote = planned.filter(({ request }) => request === undefined);
    await this.#confirm(
      toNote.map((plan) => ({ plan, row: plan.before?.row })),
      outcomes,
    );
    const size = this.target.isBulk ? BULK_CHUNK : CHUNK;
    for (let from = 0; from < toSend.length; from += size) await this.#send(toSend.slice(from, from + size), outcomes);
    return outcomes;
  }

  #plan(write: RowWrite, index: number): Planned {
    const { effect, expected, row } = write;
    const before = expected?.data as Noted | undefined;
    const had = before?.note.prints;
    const members = effect === 'snapshot' || effect === 'patch' ? jsonColumns(write.columns) : NO_MEMBERS;
    const prints = printsAfter(write, had);
    const changesValues =
      effect === 'snapshot'
        ? had === undefined || !sameValues(had, prints ?? NO_PRINTS, write.columns)
        : effect === 'patch';
    const wasThere = before !== undefined && isThere(before.row);
    const willBeThere = effect === 'keep' ? wasThere : effect !== 'clear' && effect !== 'hide';
    const silent = this.#silentColumns(row.table);
    const isSame =
      effect === 'keep' ||
      (had !== undefined && wasThere === willBeThere && samePrints(had, prints, (name) => belongsTo(name, silent.all)));
    const version = isSame ? (before?.note.version ?? 0) : Math.max((before?.note.version ?? 0) + 1, this.now());
    const request = isSame
      ? undefined
      : this.#requestOf(
          row,
          version,
          effect === 'patch' && !wasThere ? 'snapshot' : effect,
          new Map([...withCleared(write, had, members)].filter(([name]) => !belongsTo(name, silent.owned))),
        );
    return { index, write, before, after: { version, prints }, changesValues, request };
  }

  /**
   * Columns of a table that the LOB system changes too: those that it owns, which aren't sent; and those that tell of any change,
   * its own too, and which aren't sent alone.
   */
  #silentColumns(table: string): { readonly owned: ReadonlySet<string>; readonly all: ReadonlySet<string> } {
    const known = this.#silent.get(table);
    if (known !== undefined) return known;
    const mapping = this.mapping.tableOf(table);
    const { inbound } = mapping;
    const nameOf = (column: string): string => mapping.nameOf(column);
    const owned = [...(inbound?.columns ?? [])].flatMap(([name, { owner }]) => (owner === 'lob' ? [nameOf(name)] : []));
    const all = inbound === undefined ? owned : [...owned, ...TELLING_OF_CHANGES.map(nameOf)];
    const silent = { owned: new Set(owned), all: new Set(all) };
    this.#silent.set(table, silent);
    return silent;
  }

  #requestOf(row: RowAddress, version: number, effect: RowWrite['effect'], members: JsonColumns): TargetRequest {
    const [first, second] = linkedIds(row) ?? [];
    const isLink = second !== undefined;
    const table = isLink
      ? (this.mapping.links.get(row.table)?.target ?? row.table)
      : this.mapping.tableOf(row.table).target;
    const key = isLink ? row.id : keyOf(this.mapping.tableOf(row.table).key, row.id);
    const place = isLink
      ? ({ relationship: table, id1: first ?? '', id2: second } as const)
      : ({ table, key } as const);
    const isRemoval = effect === 'clear' || effect === 'hide';
    const method = isRemoval ? 'DELETE' : this.target.methods[effect === 'patch' ? 'patch' : 'snapshot'];
    const body = { table, key, id: row.id, op: effect, version, columns: Object.fromEntries(members) };
    return {
      what: `${method} ${row.table}(${row.id})`,
      method,
      url: this.target.addressOf(place),
      id: `${hash('sha256', `${row.table}/${row.id}`, 'base64url').slice(0, 22)}_${version}`,
      version,
      ...(isRemoval ? {} : { body: JSON.stringify(body) }),
    };
  }

  /** Intents, requests, new stamps. */
  async #send(chunk: readonly ToSend[], outcomes: WriteOutcome[]): Promise<void> {
    const untilMs = this.now() + INTENT_MS;
    const intended = await this.#intend(chunk, outcomes);
    const sends = await this.target.sendAll(
      intended.map(({ plan: { request, write } }) => ({
        ...request,
        onlyWhile: () => this.now() + this.target.timeoutMs < untilMs && write.onlyWhile?.() !== false,
      })),
    );
    const ended = intended.map(({ plan, row }, at) => ({ plan, row, sent: sends[at] ?? ('unsent' as const) }));
    await this.#confirm(
      ended.filter(({ sent }) => sent === 'done' || sent === 'superseded'),
      outcomes,
    );
    const others = ended.filter(({ sent }) => sent === 'unsent' || typeof sent === 'object');
    for (const { plan, sent } of others)
      outcomes[plan.index] = typeof sent === 'object' ? { kind: 'failed', error: sent.error } : { kind: 'conflict' };
    // Nobody has to wait for these. If that fails, others wait until they hold the intent for dead.
    await this.notes.write(
      others.map(({ plan: { write, before, after }, row, sent }) => {
        const isKnown = sent === 'unsent' || (typeof sent === 'object' && isRefusal(sent.error));
        const note = { version: after.version, prints: isKnown ? before?.note.prints : undefined };
        return noteWrite(write.row, row, before?.row.stamp ?? NO_STAMP, before?.row.hidden === true, note);
      }),
    );
  }

  /**
   * Writes intents. Returns the plans whose intent stands. A row that isn't there may have what is left of an intent: then that is
   * what is swapped.
   */
  async #intend(chunk: readonly ToSend[], outcomes: WriteOutcome[]): Promise<readonly Intended<ToSend>[]> {
    let rest: readonly ToSend[] = chunk;
    const intended: Intended<ToSend>[] = [];
    for (const isLast of [false, true]) {
      const written = await this.notes.write(
        rest.map(({ write: { row, onlyWhile }, before, after }) => ({
          ...noteWrite(row, before?.row, before?.row.stamp ?? NO_STAMP, before?.row.hidden === true, {
            version: after.version,
            prints: before?.note.prints,
            intent: this.#me,
          }),
          ...(onlyWhile === undefined ? {} : { onlyWhile }),
        })),
      );
      for (const [at, plan] of rest.entries()) {
        const outcome = written[at] ?? CONFLICT;
        if (outcome.kind === 'written') intended.push({ plan, row: outcome.stored });
        else outcomes[plan.index] = outcome;
      }
      const lost = rest.filter(({ before }, at) => before === undefined && written[at]?.kind === 'conflict');
      if (isLast || lost.length === 0) break;
      const found = await this.#read(lost.map(({ write: { row } }) => row));
      rest = lost.flatMap((plan, at) => {
        const before = found[at];
        return before !== undefined && isBlank(before.row.stamp) ? [{ ...plan, before }] : [];
      });
    }
    return intended;
  }

  /** Writes new stamps, and what the LOB system has now. */
  async #confirm(plans: readonly Intended[], outcomes: WriteOutcome[]): Promise<void> {
    if (plans.length === 0) return;
    const written = await this.notes.write(
      plans.map(({ plan: { write, after }, row }) => {
        const { onlyWhile } = write;
        return {
          ...noteWrite(write.row, row, write.stamp, leavesHidden(write), after),
          ...(onlyWhile === undefined ? {} : { onlyWhile }),
        };
      }),
    );
    for (const [at, { plan }] of plans.entries()) {
      const outcome = written[at] ?? CONFLICT;
      outcomes[plan.index] =
        outcome.kind === 'written'
          ? { kind: 'written', stored: storedRow(notedOf(outcome.stored)), changesValues: plan.changesValues }
          : outcome;
    }
  }

  sameData({ hidden, data }: StoredRow, { columns }: RowColumns): boolean {
    const { prints } = (data as Noted).note;
    return !hidden && prints !== undefined && samePrints(prints, printsOf(columns));
  }

  compare({ data }: StoredRow, { columns }: RowColumns): ReadonlyMap<string, boolean> {
    const { prints } = (data as Noted).note;
    return prints === undefined ? new Map() : sameByColumn(prints, printsOf(columns), columns.keys());
  }

  /**
   * Notes it; what isn't noted is only sent once more. So it is where the row was sent since: the LOB system may have taken that
   * over its own value.
   */
  async lobHas({ row, columns }: RowColumns, sinceMs: number): Promise<void> {
    const [noted] = await this.notes.read([row]);
    const before = noted === undefined ? undefined : notedOf(noted);
    if (before?.note.prints === undefined || !isThere(before.row) || before.note.version >= sinceMs) return;
    const had = [...before.note.prints].filter(([name]) => !belongsTo(name, columns));
    const prints = new Map([...had, ...printsOf(columns)]);
    if (samePrints(prints, before.note.prints)) return;
    await this.notes.write([noteWrite(row, before.row, before.row.stamp, false, { ...before.note, prints })]);
  }

  async *liveRows(table: string, after?: string): AsyncIterable<ListedPage> {
    for await (const page of this.notes.liveRows(table, after))
      yield { ...page, entries: page.entries.filter(({ stored }) => !isBlank(stored.stamp)) };
  }

  tombstones(table: string, writtenBefore: Instant): AsyncIterable<StoredPage> {
    return this.notes.tombstones(table, writtenBefore);
  }

  removeTombstones(tombstones: readonly StoredEntry[]): Promise<number> {
    return this.notes.removeTombstones(tombstones);
  }
}

interface Intended<P extends Planned = Planned> {
  readonly plan: P;
  /** The row of the notes' store, to be swapped. */
  readonly row: StoredRow | undefined;
}

const CONFLICT: WriteOutcome = { kind: 'conflict' };

/** Whether an error says that the LOB system did nothing. */
const isRefusal = (error: unknown): boolean =>
  !(error instanceof LobUnclear) && !(error instanceof Error && error.cause instanceof LobUnclear);

/** Whether the LOB system has a row. */
const isThere = ({ stamp, hidden }: StoredRow): boolean => !isBlank(stamp) && !stamp.deleted && !hidden;

function storedRow(noted: Noted): StoredRow {
  const { stamp, etag, hidden, writtenAt, size } = noted.row;
  return { stamp, etag, hidden, writtenAt, data: noted, size: 2 * size };
}

/** What the LOB system has after a write; undefined where that can't be known. */
function printsAfter({ effect, columns }: RowWrite, had: Prints | undefined): Prints | undefined {
  switch (effect) {
    case 'snapshot':
      return printsOf(columns);
    case 'patch':
      return had && new Map([...[...had].filter(([name]) => !belongsTo(name, columns)), ...printsOf(columns)]);
    case 'keep':
      return had;
    default:
      return NO_PRINTS;
  }
}

/** A patch's members, and null for those that only described what it changes and are no longer there. */
function withCleared({ effect, columns }: RowWrite, had: Prints | undefined, members: JsonColumns): JsonColumns {
  if (effect !== 'patch' || had === undefined) return members;
  const cleared = [...had.keys()].filter((name) => !members.has(name) && belongsTo(name, columns));
  return new Map([...members, ...cleared.map((name) => [name, null] as const)]);
}

/** @param isSilent whether a difference in a member doesn't count */
function samePrints(
  one: Prints,
  other: Prints | undefined,
  isSilent: (name: string) => boolean = () => false,
): boolean {
  if (other === undefined) return false;
  for (const [name, print] of one) if (other.get(name) !== print && !isSilent(name)) return false;
  for (const name of other.keys()) if (!one.has(name) && !isSilent(name)) return false;
  return true;
}
