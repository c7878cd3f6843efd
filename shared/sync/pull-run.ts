import { randomUUID } from 'node:crypto';
import type { Instant } from '../change/instant';
import type { RowAddress, RowChange } from '../change/row-change';
import { linkIsRefused, needsLoad, type ChangeFeed, type FeedPage, type FeedStart } from '../dataverse/change-feed';
import { OutboundError, codeOf, dispositionOf, isOfOne, messageOf } from '../errors/errors';
import type { LobStore } from '../lob/store';
import {
  TRANSITIONS,
  type Begun,
  type CatchingUp,
  type Current,
  type Lease,
  type Leases,
  type Loading,
  type LoadJournal,
  type PullState,
  type PullStateStore,
  type StoredState,
  type Sweeping,
} from './pull-state';
import type { PullSubject } from './pull-subject';
import { RunAccount, type PullReport, type RunOptions } from './pull-report';
import { PACKED_ID_BYTES, RowIdSet, packIds } from './row-id-set';
import { changesOf, pulledDelete } from './pulled-changes';
import type { Parking } from '../parking/parking';
import type { Writer } from '../writer/writer';

/** Delay before a row that was parked for a reason that can pass is first tried again, in milliseconds. */
const RETRY_DELAY_MS = 15_000;

/** Thrown when another run may have taken over: nothing that this one knows may replace what the other has written. */
export class LeaseLost extends OutboundError {
  constructor(table: string) {
    super(
      'lease-lost',
      `The pull of ${table} lost its lease. All it processed stands; the next run goes on from the state that is stored.`,
    );
  }
}

/** Thrown when a load's journal lacks rows that it has shown, twice in a row: nobody knows what to sweep. */
export class JournalIncomplete extends OutboundError {
  constructor(table: string) {
    super(
      'journal-incomplete',
      `The journal of the load of ${table} isn't as the load left it, so nothing was swept. See whether something else writes ` +
        `to, or deletes from, the container of journals (dvo-loads). The load begins again.`,
    );
  }
}

/** How a step ended. `unusable`: the state can't be gone on from, so that a load has to be started. */
type End =
  | { readonly kind: 'goOn' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'timeUp' }
  | { readonly kind: 'unusable'; readonly cause: unknown };

const [GO_ON, ENDED, TIME_UP]: readonly [End, End, End] = [{ kind: 'goOn' }, { kind: 'ended' }, { kind: 'timeUp' }];

/** One run, from the state that it found to its end, or until its time is up. */
export class PullRun {
  /** Milliseconds since 1970. */
  readonly #now: () => number;
  /** Milliseconds that only grow: whatever lasts is measured by it. */
  readonly #clock: () => number;
  readonly #account: RunAccount;
  #state: PullState;
  #tag: string | undefined;

  constructor(
    private readonly parts: PullSyncParts,
    private subject: PullSubject,
    private readonly lease: Lease,
    { state, tag }: StoredState,
    private readonly options: RunOptions,
  ) {
    this.#now = parts.now ?? Date.now;
    this.#clock = parts.clock ?? (() => performance.now());
    this.#account = new RunAccount(subject.name, this.#now, this.#clock, options.tell);
    this.#state = state;
    this.#tag = tag;
  }

  async run(): Promise<PullReport> {
    this.#account.resumed = this.#state.kind !== 'current';
    if (!this.#transitions.canGoOn(this.#state, this.subject))
      await this.#startLoad(this.#state.kind === 'current' && this.#state.again);
    for (let restarted = false; ;) {
      const end = await this.#step(this.#state);
      if (end.kind === 'ended' || end.kind === 'timeUp') return this.#account.report(end.kind === 'timeUp');
      if (end.kind === 'goOn') continue;
      if (restarted) throw end.cause;
      restarted = true;
      // The token also expires when the table's definition changes.
      await this.#startLoad(true);
    }
  }

  #step(state: PullState): Promise<End> {
    switch (state.kind) {
      case 'new':
        throw new Error('A run begins with a load.');
      case 'sweeping':
        return this.#sweep(state);
      case 'loading':
        return this.#load(state);
      case 'current':
      case 'catchingUp':
        return this.#delta(state);
      default:
        return state satisfies never;
    }
  }

  /** The state is written first: from then on there is no ghost floor, and no token to go on from. */
  async #startLoad(renew: boolean): Promise<void> {
    this.#account.resumed = false;
    if (renew) this.subject = await this.subject.renewed();
    const before = this.#state;
    await this.#write(this.#transitions.startLoad(before, this.subject, randomUUID()));
    if (before.kind !== 'new') this.#account.tellDrift(before.columns, this.subject.columns);
    if (this.lease.held()) await this.parts.journal.clear(this.subject.name);
  }

  async #load(state: Loading): Promise<End> {
    this.#account.mode = state.first ? 'load' : 'reload';
    const { journal, next } = state;
    let shown = 0;
    if (next !== undefined) {
      const count = await this.parts.journal.count(journal);
      if (count === undefined || count < next.shown) return this.#journalIncomplete();
      shown = count;
    }
    let begun: Begun | undefined = next;
    let ids: Uint8Array[] = [];
    const from: FeedStart = { mode: 'load', ...(next === undefined ? {} : { link: next.link }) };
    for await (const page of this.#pages(from)) {
      if ('kind' in page) return page;
      begun ??= { begunOn: page.begin, tokenFixedOn: page.end };
      const { begunOn, tokenFixedOn } = begun;
      const shownAt = this.#clock();
      const stored = page.items.flatMap((item) => this.subject.storedAs(item) ?? []);
      ids.push(packIds(stored.map(({ id }) => id)));
      await this.#processPage({ ...page, items: stored }, begunOn);
      if (page.more === true) continue;
      const packed = Buffer.concat(ids);
      if (!this.lease.held()) throw new LeaseLost(this.subject.name);
      if (!(await this.parts.journal.append(journal, shown, packed))) return this.#journalIncomplete();
      shown += packed.byteLength / PACKED_ID_BYTES;
      ids = [];
      const { nextLink, deltaLink, end } = page;
      if (nextLink === undefined) {
        // No later than it is in Dataverse's clock.
        const nowMs = page.begin * 1000 + (this.#clock() - shownAt);
        const waitMs = Math.max(0, Math.ceil(tokenFixedOn * 1000 + this.parts.maxReadAgeMs - nowMs));
        const facts = { begunOn, tokenFixedOn, shown, end, waitMs, ...(deltaLink === undefined ? {} : { deltaLink }) };
        await this.#write(this.#transitions.allShown(state, facts));
        return GO_ON;
      }
      await this.#write(this.#transitions.pageShown(state, { link: nextLink, begunOn, tokenFixedOn, shown }));
      if (this.#isTimeUp()) return TIME_UP;
    }
    throw new Error('A load ended without a last page.');
  }

  async #delta(state: Current | CatchingUp): Promise<End> {
    this.#account.mode = 'delta';
    const next = state.kind === 'catchingUp' ? state.next : undefined;
    this.#account.resumed = next !== undefined;
    let begunOn = next?.begunOn;
    for await (const page of this.#pages({ mode: 'delta', link: next?.link ?? state.deltaLink ?? '' })) {
      if ('kind' in page) return page;
      begunOn ??= page.begin;
      const stored = page.items.flatMap((item) => this.subject.storedAs(item) ?? []);
      if (stored.length < page.items.length)
        return {
          kind: 'unusable',
          cause: new Error(`A delta of ${this.subject.name} doesn't say what was deleted.`),
        };
      await this.#processPage({ ...page, items: stored }, begunOn);
      if (page.more === true) continue;
      const { nextLink, deltaLink } = page;
      if (nextLink === undefined) {
        await this.#write(this.#transitions.deltaEnded(state, deltaLink, this.subject, this.#account.lastRun()));
        this.#account.tellDrift(state.columns, this.subject.columns);
        return ENDED;
      }
      await this.#write(this.#transitions.pageProcessed(state, { link: nextLink, begunOn }));
      if (this.#isTimeUp()) return TIME_UP;
    }
    throw new Error('A delta ended without a last page.');
  }

  /**
   * Every full load ends with a sweep: a stored row that the load didn't show is gone, or was made meanwhile. It starts
   * late enough that no read-back from before the load's token can still land on a row that the sweep didn't see: the
   * token was fixed by the time the first page was there, which may be long after the run began.
   */
  async #sweep(state: Sweeping): Promise<End> {
    this.#account.mode = state.first ? 'load' : 'reload';
    const { begunOn, end, journal, shown } = state;
    const waitMs = Math.min(state.waitMs, this.#left());
    if (waitMs > 0) await this.#sleep(waitMs);
    if (waitMs < state.waitMs) {
      await this.#write(this.#transitions.partSwept(state, { waitMs: state.waitMs - waitMs }));
      return TIME_UP;
    }
    const seen = await this.#shown(journal, shown);
    if (seen === undefined) return this.#journalIncomplete();
    for await (const page of this.parts.store.liveRows(this.subject.name, state.after)) {
      if (!this.lease.held()) throw new LeaseLost(this.subject.name);
      this.#account.tellForeign(page);
      const gone = page.entries.filter(({ row }) => !seen.has(row.id));
      this.#account.counters.swept += gone.length;
      await this.#process(gone.map(({ row }) => pulledDelete(row, begunOn, end, this.lease)));
      if (this.#isTimeUp()) {
        await this.#write(this.#transitions.partSwept(state, { waitMs: 0, after: page.place }));
        return TIME_UP;
      }
      this.#account.tellProgress();
    }
    await this.#write(this.#transitions.loadEnded(state, this.#account.lastRun()));
    if (this.lease.held()) await this.parts.journal.clear(this.subject.name);
    return ENDED;
  }

  /** Every row that a load has shown; undefined where the journal lacks some. */
  async #shown(journal: Sweeping['journal'], shown: number): Promise<RowIdSet | undefined> {
    const count = (await this.parts.journal.count(journal)) ?? 0;
    if (count < shown) return undefined;
    const ids = new RowIdSet(count);
    for await (const packed of this.parts.journal.read(journal)) ids.addPacked(packed);
    return ids;
  }

  #journalIncomplete(): End {
    return { kind: 'unusable', cause: new JournalIncomplete(this.subject.name) };
  }

  /** Pages, or why there are no more of them. What is under way when the time is up is called off. */
  async *#pages(from: FeedStart): AsyncGenerator<FeedPage | End> {
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(), this.#left()).unref();
    try {
      yield* this.parts.feed.pages(this.subject, from, timeUp.signal);
    } catch (error) {
      if (timeUp.signal.aborted) yield TIME_UP;
      else if (needsLoad(error) || (from.link !== undefined && this.#account.resumed && linkIsRefused(error)))
        yield { kind: 'unusable', cause: error };
      else throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #processPage(page: FeedPage, begunOn: Instant): Promise<void> {
    const { name, by } = this.subject;
    for (const item of page.items)
      if (item.kind === 'unreadable') await this.#park({ table: name, id: item.id }, item.error);
    const changes = changesOf(page, name, begunOn, this.lease);
    const deletes = changes.filter(({ kind }) => kind === 'delete').length;
    this.#account.counters.rows += changes.length - deletes;
    this.#account.counters.deletes += deletes;
    // A link has the same columns under every mapping.
    const loaded = this.#account.mode === 'delta' || by === 'compare' ? [] : changes.map(({ row }) => row);
    this.parts.writer.forget(loaded);
    await this.#process(changes, this.#account.mode === 'load');
    // A load is larger than what can be remembered, and would have the writer forget the rows that are pushed.
    this.parts.writer.forget(loaded);
    if (page.more !== true) this.#account.counters.pages += 1;
    this.#account.tellProgress();
  }

  /** Processes pulled changes. A row that fails alone is parked; any other failure that can pass ends the run. */
  async #process(changes: readonly RowChange[], expectNothing = false): Promise<void> {
    for (const result of await this.parts.writer.process(changes, expectNothing)) {
      if (result.kind === 'processed') {
        this.#account.count(result);
        continue;
      }
      if (!isOfOne(result.error)) throw result.error;
      await this.#park(result.change.row, result.error);
    }
  }

  /** It is read again later, never written from this page. */
  async #park(row: RowAddress, error: unknown): Promise<void> {
    const dueAtMs = dispositionOf(error) === 'retry' ? this.#now() + RETRY_DELAY_MS : undefined;
    await this.parts.parking.parkRow(row, { code: codeOf(error), message: messageOf(error) }, dueAtMs);
    this.#account.counters.parked += 1;
  }

  /** Only the run that surely holds the lease, and has read the state that stands, says where the next one begins. */
  async #write(state: PullState): Promise<void> {
    const { name } = this.subject;
    if (!this.lease.held()) throw new LeaseLost(name);
    const tag = await this.parts.states.write(name, state, this.#tag);
    if (tag === undefined) throw new LeaseLost(name);
    this.#tag = tag;
    this.#state = state;
  }

  /** Time that is left, in milliseconds. */
  #left(): number {
    return Math.max(0, Math.floor(this.options.until - this.#clock()));
  }

  #isTimeUp(): boolean {
    return this.#left() === 0;
  }

  #sleep(milliseconds: number): Promise<void> {
    return (this.parts.sleep ?? sleep)(milliseconds);
  }

  get #transitions(): typeof TRANSITIONS {
    return this.parts.transitions ?? TRANSITIONS;
  }
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a pull works with. */
export interface PullSyncParts {
  /** A table by its logical name, a relationship by its schema name, as Dataverse defines it now. */
  readonly subjectOf: (name: string) => Promise<PullSubject>;
  readonly feed: Pick<ChangeFeed, 'pages'>;
  readonly writer: Writer;
  readonly store: Pick<LobStore, 'liveRows'>;
  readonly states: PullStateStore;
  readonly leases: Leases;
  readonly parking: Pick<Parking, 'parkRow'>;
  /** Oldest read-back that may still land: the sweep waits that long after the load's token was fixed. */
  readonly maxReadAgeMs: number;
  readonly journal: LoadJournal;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Milliseconds that only grow. @default performance.now */
  readonly clock?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** Others than the right ones: only to show that the simulation finds it out. @default TRANSITIONS */
  readonly transitions?: typeof TRANSITIONS;
}
