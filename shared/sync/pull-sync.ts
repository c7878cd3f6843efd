import { randomUUID } from 'node:crypto';
import { floorInstant } from '../change/instant';
import type { Origin, RowAddress, RowChange } from '../change/row-change';
import { NO_VERSION } from '../change/row-version';
import type { ChangeFeed, FeedPage, FeedStart } from '../dataverse/change-feed';
import { endOf } from '../dataverse/read-back';
import { columnUnknown, tokenExpired, WebApiError } from '../dataverse/web-api';
import { OutboundError, codeOf, dispositionOf, messageOf } from '../errors';
import type { LobStore } from '../lob/store';
import type { Parking } from '../parking/parking';
import type { Verdict } from '../writer/decide';
import type { Writer } from '../writer/writer';
import type { JournalName, Lease, Leases, LoadJournal, PullState, PullStateStore, UnfinishedRun } from './pull-state';
import type { PullSubject } from './pull-subject';
import { continues, driftBetween, type SchemaDrift } from './schema-drift';
import { PACKED_ID_BYTES, RowIdSet, packIds } from './row-id-set';

/** What a pull run of one table, or of one relationship, did. */
export interface PullReport {
  readonly table: string;
  /** `load`: the first one; `reload`: a full load of a table that was loaded before; `busy`: another run holds the lease. */
  readonly mode: 'load' | 'reload' | 'delta' | 'busy';
  readonly rows: number;
  readonly deletes: number;
  readonly pages: number;
  readonly verdicts: Partial<Record<Verdict, number>>;
  /** Rows that differed in the store: what the pushes had not brought (yet). Not counted in the first load. */
  readonly healed: number;
  /** Rows that a full load no longer showed and that were settled as deleted or read back. */
  readonly swept: number;
  readonly parked: number;
  /** The run was ended before its last page; the next one goes on there. */
  readonly unfinished?: true;
  /** It went on where an earlier run had ended. */
  readonly resumed?: true;
  /** How the table's columns differ from those of the run before. */
  readonly drift?: SchemaDrift;
  readonly milliseconds: number;
}

/** What a pull works with. */
export interface PullSyncParts {
  /** A table by its logical name, a relationship by its schema name, as Dataverse defines it now. */
  readonly subjectOf: (name: string) => Promise<PullSubject>;
  readonly feed: ChangeFeed;
  readonly writer: Writer;
  readonly store: LobStore;
  readonly states: PullStateStore;
  readonly leases: Leases;
  readonly parking: Parking;
  /** Oldest read-back that may still land: the sweep waits that long after the load's begin. */
  readonly maxReadAgeMs: number;
  readonly journal: LoadJournal;
  /** A run ends after a page when it has lasted that long, so that the platform needn't end it. */
  readonly maxRunMs: number;
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/** Thrown at the end of a run that another one may have overtaken: its state must not replace the other's. */
export class LeaseLost extends OutboundError {
  readonly code = 'lease-lost';
  readonly disposition = 'retry';
  constructor(table: string) {
    super(`The pull of ${table} lost its lease. All it settled stands; the next run begins where this one did.`);
  }
}

const ORIGIN: Origin = { source: 'pull-sync', message: 'Pull' };

/** The report of a run under way. */
type Counters = Record<'rows' | 'deletes' | 'pages' | 'healed' | 'swept' | 'parked', number> & {
  readonly verdicts: Partial<Record<Verdict, number>>;
};

const newCounters = (): Counters => ({ rows: 0, deletes: 0, pages: 0, healed: 0, swept: 0, parked: 0, verdicts: {} });

/** Thrown within a run when a delta doesn't say what was deleted: everything has to be compared. */
class DeltaUnclear extends Error {}

/** How a run ended. */
type Done = Pick<PullReport, 'mode' | 'unfinished' | 'resumed' | 'drift'>;

/** One run under way. */
interface Run {
  readonly subject: PullSubject;
  /** As it was when the run began. */
  readonly state: PullState;
  readonly lease: Lease;
  readonly begunMs: number;
  /** When it has to end for now. */
  readonly untilMs: number;
  readonly counters: Counters;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Thrown within a run when a load's journal lacks rows that it has shown: nobody knows what to sweep. */
class JournalIncomplete extends Error {}

/** What a load keeps besides a run. */
interface Load {
  /** Every row that it has shown, for the sweep: not in memory, where they would be as many as the table has. */
  readonly journal: JournalName;
  /** How many ids the journal has, at least. */
  shown: number;
  /** It is the table's very first one. */
  readonly first: boolean;
}

/** What the pages of a run came to; without `deltaLink` and with `unfinished`, they aren't all settled. */
interface Pages {
  readonly deltaLink: string | undefined;
  readonly tokenFixedMs: number;
  readonly unfinished: boolean;
}

/**
 * Pulls a table's changes through the writer: everything at first, then deltas. A run's token is kept only after every
 * row of every page is settled or parked. A run that dies, or takes too long, goes on after its last settled page, with the
 * begin that it had at first.
 */
export class PullSync {
  readonly #now: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;

  constructor(private readonly parts: PullSyncParts) {
    this.#now = parts.now ?? Date.now;
    this.#sleep = parts.sleep ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
  }

  /** One run of one table or relationship. Errors reject; what is settled stays so. */
  async run(name: string): Promise<PullReport> {
    const begunMs = this.#now();
    const counters = newCounters();
    const report = (done: Done): PullReport => ({
      table: name,
      ...counters,
      ...done,
      milliseconds: this.#now() - begunMs,
    });
    const lease = await this.parts.leases.acquire(`pull-${name}`);
    if (lease === undefined) return report({ mode: 'busy' });
    try {
      const subject = await this.parts.subjectOf(name);
      const state = await this.parts.states.read(name);
      const untilMs = begunMs + this.parts.maxRunMs;
      return report(await this.#changes({ subject, state, lease, begunMs, untilMs, counters }));
    } finally {
      await lease.release();
    }
  }

  async #changes(run: Run): Promise<Done> {
    const { deltaLink, unfinished } = run.state;
    try {
      if (unfinished !== undefined && unfinished.fingerprint === run.subject.fingerprint) {
        return await this.#goOn({ ...run, begunMs: unfinished.begunMs }, unfinished);
      }
      if (run.state.loadAgain === true) return await this.#load({ ...run, subject: await run.subject.renewed() });
      if (deltaLink === undefined || !continues(run.state, run.subject)) return await this.#load(run);
      return await this.#delta(run, deltaLink);
    } catch (error) {
      if (!needsLoad(error) && !(unfinished !== undefined && linkIsRefused(error))) throw error;
      // Rows by version cost only what changed meanwhile; deletes are found by the sweep. The token also expires when the
      // table's definition changes.
      return this.#load({ ...run, subject: await run.subject.renewed() });
    }
  }

  async #delta(run: Run, link: string, unfinished?: UnfinishedRun): Promise<Done> {
    const pages = await this.#pages(run, { mode: 'delta', link }, undefined, unfinished);
    if (!pages.unfinished) await this.#keep(run, run.state, pages.deltaLink);
    return this.#done(run, 'delta', pages, unfinished);
  }

  async #load(run: Run): Promise<Done> {
    const { subject, state, begunMs } = run;
    const first = state.loadBegunMs === undefined;
    // Without the old token, should this load not come to its end; never again "the first" for expectNothing; without a
    // floor until it has ended; and once more after it, if that was due after one that didn't come to its end.
    const begun: PullState = {
      loadBegunMs: begunMs,
      ...(state.lastRun === undefined ? {} : { lastRun: state.lastRun }),
      ...(state.columns === undefined ? {} : { columns: state.columns }),
      ...(isRemapped(run) || isBegunAgain(run) ? { loadAgain: true } : {}),
    };
    await this.#write(run, begun);
    await this.parts.journal.clear(subject.name);
    const journal = { table: subject.name, load: randomUUID() };
    return this.#loadFrom({ ...run, state: begun }, { mode: 'load' }, { first, journal, shown: 0 });
  }

  /** Goes on after the last page that was settled; where that can't be, begins again. */
  async #goOn(run: Run, unfinished: UnfinishedRun): Promise<Done> {
    if (unfinished.mode === 'delta') return this.#delta(run, unfinished.nextLink, unfinished);
    const { journal, first, nextLink } = unfinished;
    const shown = journal && (await this.parts.journal.count(journal));
    if (journal === undefined || shown === undefined || shown < (unfinished.shown ?? 0))
      return this.#load({ ...run, begunMs: this.#now() });
    return this.#loadFrom(run, { mode: 'load', link: nextLink }, { first, journal, shown }, unfinished);
  }

  async #loadFrom(run: Run, from: FeedStart, load: Load, unfinished?: UnfinishedRun): Promise<Done> {
    const pages = await this.#pages(run, from, load, unfinished);
    if (!pages.unfinished) {
      await this.#sweep(run, load, pages.tokenFixedMs);
      await this.#keep(run, { ...run.state, tokenFixedMs: pages.tokenFixedMs }, pages.deltaLink);
      await this.parts.journal.clear(run.subject.name);
    }
    if (load.first) run.counters.healed = 0;
    return this.#done(run, load.first ? 'load' : 'reload', pages, unfinished);
  }

  #done({ state, subject }: Run, mode: PullReport['mode'], { unfinished }: Pages, resumed?: UnfinishedRun): Done {
    const drift = unfinished ? undefined : driftBetween(state.columns, subject.columns);
    return {
      mode,
      ...(unfinished ? { unfinished } : {}),
      ...(resumed === undefined ? {} : { resumed: true }),
      ...(drift === undefined ? {} : { drift }),
    };
  }

  /** Settles page after page. After each it is remembered which rows a load has shown, and where to go on. */
  async #pages(run: Run, from: FeedStart, load: Load | undefined, resumed: UnfinishedRun | undefined): Promise<Pages> {
    const { subject, lease, begunMs, counters, state } = run;
    let deltaLink: string | undefined;
    let tokenFixedMs = resumed?.tokenFixedMs;
    let shown: Uint8Array[] = [];
    for await (const read of this.parts.feed.pages(subject, from)) {
      tokenFixedMs ??= this.#now();
      const items = read.items.flatMap((item) => subject.storedAs(item) ?? []);
      if (load === undefined && items.length < read.items.length) throw new DeltaUnclear();
      const page = { ...read, items };
      if (load !== undefined) shown.push(packIds(items.map(({ id }) => id)));
      await this.#parkUnreadable(page, subject.name, counters);
      const changes = changesOf(page, subject.name, floorInstant(begunMs), lease);
      counters.rows += changes.filter(({ kind }) => kind !== 'delete').length;
      counters.deletes += changes.filter(({ kind }) => kind === 'delete').length;
      // A link has the same columns under every mapping.
      const loaded = load === undefined || subject.by === 'compare' ? [] : changes.map(({ row }) => row);
      this.parts.writer.forget(loaded);
      await this.#settle(changes, counters, load?.first === true);
      // A load is larger than what can be remembered, and would have the writer forget the rows that are pushed.
      this.parts.writer.forget(loaded);
      if (page.more === true) continue;
      counters.pages += 1;
      deltaLink = page.deltaLink ?? deltaLink;
      if (load !== undefined) await this.#remember(load, Buffer.concat(shown));
      shown = [];
      const { nextLink } = page;
      if (nextLink === undefined) continue;
      const { mode } = from;
      const { fingerprint } = subject;
      await this.#write(run, {
        ...state,
        unfinished: {
          mode,
          begunMs,
          tokenFixedMs,
          nextLink,
          first: load?.first === true,
          ...(fingerprint === undefined ? {} : { fingerprint }),
          ...(load === undefined ? {} : { journal: load.journal, shown: load.shown }),
        },
      });
      if (this.#now() >= run.untilMs) return { deltaLink: undefined, tokenFixedMs, unfinished: true };
    }
    return { deltaLink, tokenFixedMs: tokenFixedMs ?? this.#now(), unfinished: false };
  }

  async #remember(load: Load, ids: Uint8Array): Promise<void> {
    await this.parts.journal.append(load.journal, ids);
    load.shown += ids.byteLength / PACKED_ID_BYTES;
  }

  async #parkUnreadable({ items }: FeedPage, table: string, counters: Counters): Promise<void> {
    for (const item of items) {
      if (item.kind !== 'unreadable') continue;
      await this.parts.parking.parkRow({ table, id: item.id }, { code: item.error.code, message: item.error.message });
      counters.parked += 1;
    }
  }

  /** Settles pulled changes; a row that can't be settled as it stands is parked, any other failure ends the run. */
  async #settle(changes: readonly RowChange[], counters: Counters, expectNothing: boolean): Promise<void> {
    for (const settlement of await this.parts.writer.settle(changes, expectNothing)) {
      if (settlement.kind === 'settled') {
        counters.verdicts[settlement.verdict] = (counters.verdicts[settlement.verdict] ?? 0) + 1;
        if (settlement.changed && settlement.verdict !== 'refreshed') counters.healed += 1;
        continue;
      }
      const { change, error } = settlement;
      if (dispositionOf(error) === 'retry') throw error;
      await this.parts.parking.parkRow(change.row, { code: codeOf(error), message: messageOf(error) });
      counters.parked += 1;
    }
  }

  /**
   * Every full load ends with a sweep: a stored row that the load didn't show is gone, or was made meanwhile. It starts
   * late enough that no read-back from before the load's token can still land on a row that the sweep didn't see: the
   * token was fixed by the time the first page was there, which may be long after the run began.
   */
  async #sweep({ subject, lease, begunMs, counters }: Run, load: Load, tokenFixedMs: number): Promise<void> {
    const wait = tokenFixedMs + this.parts.maxReadAgeMs - this.#now();
    if (wait > 0) await this.#sleep(wait);
    const seen = await this.#shown(load);
    for await (const page of this.parts.store.liveRows(subject.name)) {
      const candidates = page.filter(({ row }) => !seen.has(row.id));
      counters.swept += candidates.length;
      const deletes = candidates.map(({ row }) => pulledDelete(row, floorInstant(begunMs), endOf(this.#now()), lease));
      await this.#settle(deletes, counters, false);
    }
  }

  /** Every row that a load has shown. */
  async #shown({ journal, shown }: Load): Promise<RowIdSet> {
    const count = (await this.parts.journal.count(journal)) ?? 0;
    if (count < shown) throw new JournalIncomplete();
    const ids = new RowIdSet(count);
    for await (const packed of this.parts.journal.read(journal)) ids.addPacked(packed);
    return ids;
  }

  /** The state of a run that has come to its end. */
  async #keep(run: Run, before: PullState, deltaLink: string | undefined): Promise<void> {
    const state: Writable<PullState> = { ...before };
    delete state.unfinished;
    const { subject, begunMs, counters } = run;
    const { columns, fingerprint } = subject;
    await this.#write(run, {
      ...state,
      ...(deltaLink === undefined ? {} : { deltaLink }),
      ...(columns === undefined ? {} : { columns }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
      lastRun: { begunMs, endedMs: this.#now(), rows: counters.rows + counters.deletes },
    });
  }

  /** Only the run that surely holds the lease says where the next one begins. */
  async #write({ subject, lease }: Run, state: PullState): Promise<void> {
    if (!lease.held()) throw new LeaseLost(subject.name);
    await this.parts.states.write(subject.name, state);
  }
}

/** The mapping is another one than at the last complete run. */
const isRemapped = ({ state, subject }: Run): boolean =>
  state.fingerprint !== undefined && state.fingerprint !== subject.fingerprint;

/** The load that a change of the mapping caused hasn't come to its end yet: it keeps no fingerprint until then. */
const isBegunAgain = ({ state }: Run): boolean => state.loadAgain === true && state.fingerprint === undefined;

/** What is to be settled can't be had from the token, or not be understood. */
const needsLoad = (error: unknown): boolean =>
  tokenExpired(error) || columnUnknown(error) || error instanceof DeltaUnclear || error instanceof JournalIncomplete;

/** A link in the middle of a run isn't taken any more. */
const linkIsRefused = (error: unknown): boolean =>
  error instanceof WebApiError && (error.status === 400 || error.status === 404 || error.status === 410);

function changesOf(page: FeedPage, table: string, runBegin: number, lease: Lease): RowChange[] {
  return page.items.flatMap((item): RowChange[] => {
    const row: RowAddress = { table, id: item.id };
    if (item.kind === 'unreadable') return [];
    if (item.kind === 'deleted') return [pulledDelete(row, runBegin, page.end, lease)];
    const { version, modifiedOn, columns } = item;
    const evidence = {
      kind: 'pull',
      version,
      modifiedOn,
      runBegin,
      end: page.end,
      holdsLease: () => lease.held(),
    } as const;
    return [{ kind: 'snapshot', row, columns, evidence, origin: ORIGIN }];
  });
}

function pulledDelete(row: RowAddress, runBegin: number, end: number, lease: Lease): RowChange {
  const evidence = {
    kind: 'pull',
    version: NO_VERSION,
    modifiedOn: runBegin,
    runBegin,
    end,
    holdsLease: () => lease.held(),
  } as const;
  return { kind: 'delete', row, evidence, origin: ORIGIN };
}
