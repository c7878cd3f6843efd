import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import type { Instant } from '../change/instant';
import type { RowAddress, RowChange } from '../change/row-change';
import type { Columns } from '../change/value';
import { OutboundError, dispositionOf } from '../errors/errors';
import type { LobStore, RowWrite, StoredRow, WriteOutcome } from '../lob/store';
import { applyUnproven, decide, type Decision, type Rule, type StoredState, type Verdict } from './decide';
import { foldWrites } from './fold-writes';
import { NO_COLUMNS, readBack, type Reading, type RowReader } from './read-back';

/** How a change ended. */
export type ChangeResult =
  | {
      readonly kind: 'processed';
      readonly change: RowChange;
      readonly verdict: Verdict;
      /** For a pulled change: whether the values of the row's columns in the store were other than they are now. */
      readonly changed: boolean;
    }
  | { readonly kind: 'failed'; readonly change: RowChange; readonly error: unknown };

/** Options of the writer. */
export interface WriterOptions {
  readonly rule: Rule;
  /** What to do with a change whose order can't be proven when there is no Web API to ask. @default 'park' */
  readonly unprovable?: 'apply' | 'park';
  /** Memory for stamps and columns of recently written rows, in bytes. @default 32 MiB */
  readonly cacheBytes?: number;
  /** Oldest read-back that may be written where no live row is stored, in milliseconds (READ_BACK_MAX_AGE_SECONDS). @default 30,000 */
  readonly maxReadAgeMs?: number;
  /** Web API reads under way at once. @default 16 */
  readonly readConcurrency?: number;
  /** The ghost floor of a table (see `decide`), asked where an image meets an unknown row. @default none: such rows are read */
  readonly ghostFloorOf?: (table: string) => Promise<Instant>;
  /** Milliseconds that only grow: a clock that is set back would make an old read look young. @default performance.now */
  readonly clock?: () => number;
  /** Another rule than the right one: only to show that the simulation finds it out. @default decide */
  readonly decide?: typeof decide;
  /** Likewise. @default foldWrites */
  readonly fold?: typeof foldWrites;
}

/** Thrown when a change can't be ordered and no Web API is configured. */
export class OrderUnprovable extends OutboundError {
  constructor(row: RowAddress) {
    super(
      'order-unprovable',
      `The order of a change of ${row.table}(${row.id}) can't be proven and no Web API is configured to read the row. ` +
        `Set DATAVERSE_URL, or UNPROVABLE_ORDER=apply to apply such changes as they come.`,
    );
  }
}

/** Thrown when others keep winning the race for a row. */
export class RowContended extends OutboundError {
  constructor(row: RowAddress, rounds: number) {
    super(
      'row-contended',
      `${row.table}(${row.id}) was changed by others ${rounds} times in a row while it was being written.`,
    );
  }
}

/** Rounds of deciding again after a lost race. */
const MAX_ROUNDS = 25;

interface Waiting {
  readonly change: RowChange;
  readonly resolve: (result: ChangeResult) => void;
}

/** All waiting changes of one row: processed together, by one write. */
interface Group {
  readonly key: string;
  readonly row: RowAddress;
  readonly waiting: readonly Waiting[];
  readonly expectNothing: boolean;
  rounds: number;
}

/** `unproven`: the change needs a read-back and there is no Web API; it fails, and those beside it don't. */
type Conclusion = Verdict | 'unproven';

type Plan =
  | { readonly kind: 'done'; readonly verdicts: readonly Conclusion[] }
  | { readonly kind: 'write'; readonly verdicts: readonly Conclusion[]; readonly write: RowWrite }
  | { readonly kind: 'readBack'; readonly verdicts: readonly (Verdict | undefined)[] };

type WritePlan = Extract<Plan, { readonly kind: 'write' }>;
type ReadPlan = Extract<Plan, { readonly kind: 'readBack' }>;

interface Planned<P extends Plan> {
  readonly group: Group;
  readonly stored: StoredRow | undefined;
  readonly plan: P;
}

/** What was found of rows that weren't known. */
interface Looked {
  /** By key. */
  readonly found: ReadonlyMap<string, StoredRow>;
  readonly failures: ReadonlyMap<Group, unknown>;
  /** By table. */
  readonly ghostFloors: ReadonlyMap<string, Instant>;
}

const NOTHING: Looked = { found: new Map(), failures: new Map(), ghostFloors: new Map() };

/**
 * The idempotent writer: processes changes in the LOB store, one compare-and-swap per row, deciding again whenever a race
 * is lost. It knows no source, no wire format and no store's layout.
 *
 * Changes of one row that wait together are processed together: pushes fold into one write, and one read-back processes all
 * of them (each one's stamp was read before the request was sent; none joins a request already under way).
 */
export class Writer {
  readonly #cache: LRUCache<string, StoredRow>;
  /** Rows being processed, with the changes that came meanwhile. */
  readonly #lanes = new Map<string, Waiting[]>();
  readonly #readLimit: ReturnType<typeof pLimit>;
  readonly #reading: Reading;
  readonly #decide: typeof decide;
  readonly #fold: typeof foldWrites;

  constructor(
    private readonly store: LobStore,
    private readonly reader: RowReader | undefined,
    private readonly options: WriterOptions,
  ) {
    this.#cache = new LRUCache({
      maxSize: options.cacheBytes ?? 32 * 1024 * 1024,
      sizeCalculation: (stored) => Math.max(1, stored.size),
    });
    this.#readLimit = pLimit(options.readConcurrency ?? 16);
    this.#reading = {
      rule: options.rule,
      maxReadAgeMs: options.maxReadAgeMs ?? 30_000,
      clock: options.clock ?? (() => performance.now()),
    };
    this.#decide = options.decide ?? decide;
    this.#fold = options.fold ?? foldWrites;
  }

  /**
   * Processes each change on its own merits; never rejects. `expectNothing`: the rows are most likely not stored yet (an
   * initial load), so writing without reading first saves a round trip; where one is stored, the race is lost and the
   * row is read.
   */
  process(changes: readonly RowChange[], expectNothing = false): Promise<readonly ChangeResult[]> {
    const groups: Group[] = [];
    const results = changes.map(
      (change) =>
        new Promise<ChangeResult>((resolve) => {
          const key = keyOf(change.row);
          let waiting = this.#lanes.get(key);
          if (waiting === undefined) {
            waiting = [];
            this.#lanes.set(key, waiting);
            groups.push({ key, row: change.row, waiting, expectNothing, rounds: 0 });
          }
          waiting.push({ change, resolve });
        }),
    );
    // From now on what comes for these rows waits behind them.
    for (const { key } of groups) this.#lanes.set(key, []);
    this.#start(groups);
    return Promise.all(results);
  }

  /**
   * Forgets what is known of rows, so that they are read from the store: what is known proves that a change is contained,
   * but not that the row still lies as it was written. An instance with another mapping may have written it since.
   */
  forget(rows: readonly RowAddress[]): void {
    for (const row of rows) this.#cache.delete(keyOf(row));
  }

  /** Nothing is known to make a run reject; if something did, its changes would fail rather than wait for ever. */
  #start(groups: readonly Group[]): void {
    if (groups.length === 0) return;
    this.#run(groups).catch((error: unknown) => {
      const next: Group[] = [];
      for (const group of groups) this.#fail(group, error, next);
      this.#start(next);
    });
  }

  /**
   * Looks, decides, then writes or reads back. The groups that come out of a step (to be decided again, or queued up behind it)
   * go on at once: a row never waits for another row's read.
   */
  async #run(groups: readonly Group[]): Promise<void> {
    const unknown = groups.filter(
      (group) => !this.#cache.has(group.key) && !(group.expectNothing && group.rounds === 0),
    );
    const { found, failures, ghostFloors } = unknown.length === 0 ? NOTHING : await this.#look(unknown);
    const [next, writes, reads]: [Group[], Planned<WritePlan>[], Planned<ReadPlan>[]] = [[], [], []];
    for (const group of groups) {
      try {
        if (failures.has(group)) throw failures.get(group);
        const stored = this.#cache.get(group.key) ?? found.get(group.key);
        const plan = this.#decideGroup(group, stored, ghostFloors.get(group.row.table));
        if (plan.kind === 'write') writes.push({ group, stored, plan });
        else if (plan.kind === 'readBack') reads.push({ group, stored, plan });
        else this.#finish(group, plan.verdicts, false, next);
      } catch (error) {
        this.#fail(group, error, next);
      }
    }
    this.#start(next);
    if (reads.length === 0) return this.#write(writes);
    await Promise.all([this.#write(writes), ...reads.map((read) => this.#readLimit(() => this.#processByRead(read)))]);
  }

  /** What the store and the ghost floors say of rows that aren't known here. */
  async #look(unknown: readonly Group[]): Promise<Looked> {
    const found = new Map<string, StoredRow>();
    const failures = new Map<Group, unknown>();
    await this.#read(unknown, found, failures);
    return { found, failures, ghostFloors: await this.#ghostFloors(unknown.filter(({ key }) => !found.has(key))) };
  }

  /** The ghost floors of the tables of which an image meets an unknown row. Without it a row is read: always right. */
  async #ghostFloors(unknown: readonly Group[]): Promise<ReadonlyMap<string, Instant>> {
    const { ghostFloorOf } = this.options;
    if (ghostFloorOf === undefined) return new Map();
    const tables = new Set(unknown.filter(({ waiting }) => waiting.some(isPushedImage)).map(({ row }) => row.table));
    const asked = [...tables].map(async (table): Promise<[string, Instant][]> => {
      try {
        return [[table, await ghostFloorOf(table)]];
      } catch {
        return [];
      }
    });
    return new Map((await Promise.all(asked)).flat());
  }

  /** Reads rows from the store. One that can't be read for good fails alone: the others are read without it. */
  async #read(groups: readonly Group[], found: Map<string, StoredRow>, failures: Map<Group, unknown>): Promise<void> {
    try {
      const rows = await this.store.read(groups.map(({ row }) => row));
      groups.forEach(({ key }, index) => {
        const stored = rows[index];
        if (stored !== undefined) found.set(key, stored);
      });
    } catch (error) {
      if (groups.length === 1 || dispositionOf(error) === 'retry') {
        for (const group of groups) failures.set(group, error);
        return;
      }
      const half = Math.floor(groups.length / 2);
      await this.#read(groups.slice(0, half), found, failures);
      await this.#read(groups.slice(half), found, failures);
    }
  }

  /** Folds the group's changes, in the order they came, into at most one write. */
  #decideGroup({ row, waiting }: Group, stored: StoredRow | undefined, ghostFloor: Instant | undefined): Plan {
    const verdicts: (Conclusion | undefined)[] = waiting.map(() => undefined);
    let state: StoredState | undefined;
    let pending: RowWrite | undefined;
    for (const [index, { change }] of waiting.entries()) {
      if (pending === undefined && stored !== undefined) {
        const { stamp, hidden, writtenAt } = stored;
        state = { stamp, hidden, writtenAt, sameData: () => this.#same(stored, change) };
      }
      const decision = this.#decideOne(state, change, ghostFloor);
      if (decision.kind === 'readBack' && this.reader === undefined) {
        verdicts[index] = 'unproven';
        continue;
      }
      if (decision.kind === 'readBack') {
        // The read processes everything that waits, except what is provably known already.
        const skipped = verdicts.map((verdict) => (isSkip(verdict) ? verdict : undefined));
        return { kind: 'readBack', verdicts: skipped };
      }
      verdicts[index] = decision.verdict;
      if (decision.kind === 'skip') continue;
      pending = this.#fold(pending, {
        row,
        expected: stored,
        stamp: decision.stamp,
        effect: decision.data,
        columns: columnsOf(change),
        ...changedOnOf(change),
        ...(decision.leased === true && change.evidence.kind === 'pull'
          ? { onlyWhile: change.evidence.holdsLease }
          : {}),
      });
      state = {
        stamp: decision.stamp,
        // A write that brings columns says anew whether the row is hidden, and what it brings is at hand until then.
        hidden: decision.data === 'keep' && state?.hidden === true,
        writtenAt: Number.POSITIVE_INFINITY,
        sameData: () => undefined,
      };
    }
    const processed = verdicts.map((verdict) => verdict ?? 'readBack');
    return pending === undefined
      ? { kind: 'done', verdicts: processed }
      : { kind: 'write', verdicts: processed, write: pending };
  }

  #decideOne(state: StoredState | undefined, change: RowChange, ghostFloor: Instant | undefined): Decision {
    const decision = this.#decide(state, change, this.options.rule, ghostFloor);
    if (decision.kind !== 'readBack' || this.reader !== undefined) return decision;
    return this.options.unprovable === 'apply' ? (applyUnproven(state?.stamp, change) ?? decision) : decision;
  }

  #same(stored: StoredRow, change: RowChange): boolean {
    return change.kind === 'snapshot' && !stored.stamp.deleted && this.store.sameData(stored, change);
  }

  async #write(planned: readonly Planned<WritePlan>[]): Promise<void> {
    if (planned.length === 0) return;
    const next: Group[] = [];
    let outcomes: readonly WriteOutcome[] = [];
    let failure: unknown;
    try {
      outcomes = await this.store.write(planned.map(({ plan }) => plan.write));
    } catch (error) {
      failure = error;
    }
    planned.forEach(({ group, stored, plan }, index) => {
      const outcome = outcomes[index] ?? { kind: 'failed', error: failure };
      if (outcome.kind === 'written') {
        this.#cache.set(group.key, outcome.stored);
        this.#finish(group, plan.verdicts, isChanged(stored, outcome), next);
      } else if (outcome.kind === 'conflict') this.#again(group, next);
      else this.#fail(group, outcome.error, next);
    });
    this.#start(next);
  }

  async #processByRead({ group, stored, plan }: Planned<ReadPlan>): Promise<void> {
    let write: Planned<WritePlan> | undefined;
    const next: Group[] = [];
    try {
      write = await this.#readBack(group, stored, plan);
      if (write === undefined)
        this.#finish(
          group,
          plan.verdicts.map((verdict) => verdict ?? 'readBack'),
          false,
          next,
        );
    } catch (error) {
      this.#fail(group, error, next);
    }
    this.#start(next);
    if (write !== undefined) await this.#write([write]);
  }

  /** What is to be written of a row that was read; undefined where it leaves no trace. */
  async #readBack(
    group: Group,
    stored: StoredRow | undefined,
    plan: ReadPlan,
  ): Promise<Planned<WritePlan> | undefined> {
    if (this.reader === undefined) throw new OrderUnprovable(group.row);
    const unprocessed = group.waiting
      .filter((_, index) => plan.verdicts[index] === undefined)
      .map(({ change }) => change);
    const found = await readBack(this.reader, group.row, stored, unprocessed, this.#reading);
    if (found === undefined) return undefined;
    const verdicts = plan.verdicts.map((verdict) => verdict ?? found.verdict);
    return { group, stored, plan: { kind: 'write', verdicts, write: found.write } };
  }

  #finish(group: Group, verdicts: readonly Conclusion[], isChange: boolean, next: Group[]): void {
    this.#release(group, next);
    group.waiting.forEach(({ change, resolve }, index) => {
      const verdict = verdicts[index] ?? 'readBack';
      if (verdict === 'unproven') {
        resolve({ kind: 'failed', change, error: new OrderUnprovable(group.row) });
        return;
      }
      resolve({ kind: 'processed', change, verdict, changed: change.evidence.kind === 'pull' && isChange });
    });
  }

  #fail(group: Group, error: unknown, next: Group[]): void {
    this.#cache.delete(group.key);
    this.#release(group, next);
    for (const { change, resolve } of group.waiting) resolve({ kind: 'failed', change, error });
  }

  /** A lost race: what was known of the row is forgotten and the original changes are decided again. */
  #again(group: Group, next: Group[]): void {
    this.#cache.delete(group.key);
    group.rounds += 1;
    if (group.rounds >= MAX_ROUNDS) this.#fail(group, new RowContended(group.row, group.rounds), next);
    else next.push(group);
  }

  #release(group: Group, next: Group[]): void {
    const queued = this.#lanes.get(group.key);
    if (queued === undefined || queued.length === 0) return void this.#lanes.delete(group.key);
    this.#lanes.set(group.key, []);
    next.push({ key: group.key, row: group.row, waiting: queued, expectNothing: false, rounds: 0 });
  }
}

const isShown = (stored: StoredRow | undefined): boolean =>
  stored !== undefined && !stored.stamp.deleted && !stored.hidden;

/** Whether readers see another row than before. */
const isChanged = (before: StoredRow | undefined, { stored, changesValues }: Written): boolean =>
  isShown(before) && isShown(stored) ? changesValues : isShown(before) !== isShown(stored);

type Written = Extract<WriteOutcome, { readonly kind: 'written' }>;

const isPushedImage = ({ change }: Waiting): boolean => change.kind === 'snapshot' && change.evidence.kind === 'event';

const keyOf = ({ table, id }: RowAddress): string => `${table}/${id}`;

const columnsOf = (change: RowChange): Columns => (change.kind === 'delete' ? NO_COLUMNS : change.columns);

/** `modifiedon` may have been set to a moment that hasn't come yet. */
function changedOnOf({ evidence }: RowChange): Pick<RowWrite, 'changedOn'> {
  if (evidence.kind === 'unconfirmed') return {};
  return { changedOn: evidence.kind === 'event' ? evidence.at : Math.min(evidence.modifiedOn, evidence.end) };
}

const isSkip = (verdict: Conclusion | undefined): verdict is 'duplicate' | 'stale' | 'contained' =>
  verdict === 'duplicate' || verdict === 'stale' || verdict === 'contained';
