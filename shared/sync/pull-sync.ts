import { floorInstant } from '../change/instant';
import type { Origin, RowAddress, RowChange } from '../change/row-change';
import { NO_VERSION } from '../change/row-version';
import type { ChangeFeed, FeedPage } from '../dataverse/change-feed';
import { endOf } from '../dataverse/read-back';
import { columnUnknown, tokenExpired } from '../dataverse/web-api';
import { OutboundError, codeOf, dispositionOf, messageOf } from '../errors';
import type { LobStore } from '../lob/store';
import type { Parking } from '../parking/parking';
import type { Verdict } from '../writer/decide';
import type { Writer } from '../writer/writer';
import type { Lease, Leases, PullState, PullStateStore } from './pull-state';
import type { PullSubject } from './pull-subject';
import { continues, driftBetween, type SchemaDrift } from './schema-drift';
import { RowIdSet } from './row-id-set';

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

/** How a run ended, and the columns that it worked by. */
interface Done {
  readonly mode: PullReport['mode'];
  readonly columns: readonly string[] | undefined;
}

/** One run under way. */
interface Run {
  readonly subject: PullSubject;
  /** As it was when the run began. */
  readonly state: PullState;
  readonly lease: Lease;
  readonly begunMs: number;
  readonly counters: Counters;
}

/**
 * Pulls a table's changes through the writer: everything at first, then deltas. A run's token is kept only after every
 * row of every page is settled or parked, so a run that dies is simply run again.
 */
export class PullSync {
  readonly #now: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;

  constructor(private readonly parts: PullSyncParts) {
    this.#now = parts.now ?? Date.now;
    this.#sleep = parts.sleep ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
  }

  /** One run of one table or relationship. Errors reject; the state is then as it was. */
  async run(name: string): Promise<PullReport> {
    const begunMs = this.#now();
    const counters = newCounters();
    const report = (mode: PullReport['mode'], drift?: SchemaDrift): PullReport => ({
      table: name,
      mode,
      ...counters,
      ...(drift === undefined ? {} : { drift }),
      milliseconds: this.#now() - begunMs,
    });
    const lease = await this.parts.leases.acquire(`pull-${name}`);
    if (lease === undefined) return report('busy');
    try {
      const subject = await this.parts.subjectOf(name);
      const state = await this.parts.states.read(name);
      const { mode, columns } = await this.#changes({ subject, state, lease, begunMs, counters });
      return report(mode, driftBetween(state.columns, columns));
    } finally {
      await lease.release();
    }
  }

  async #changes(run: Run): Promise<Done> {
    const { deltaLink: from } = run.state;
    try {
      if (from === undefined || !continues(run.state, run.subject)) return await this.#load(run);
      const { deltaLink } = await this.#pages(run, from, undefined, false);
      await this.#keep(run, run.state, deltaLink);
      return { mode: 'delta', columns: run.subject.columns };
    } catch (error) {
      if (!tokenExpired(error) && !columnUnknown(error) && !(error instanceof DeltaUnclear)) throw error;
      // Rows by version cost only what changed meanwhile; deletes are found by the sweep. The token also expires when the
      // table's definition changes.
      return this.#load({ ...run, subject: await run.subject.renewed() });
    }
  }

  async #load(run: Run): Promise<Done> {
    const { subject, state, begunMs, counters } = run;
    const first = state.loadBegunMs === undefined;
    // Without the old token, should this load not come to its end; never again "the first" for expectNothing; and
    // without a floor until it has ended.
    const begun: PullState = {
      loadBegunMs: begunMs,
      ...(state.lastRun === undefined ? {} : { lastRun: state.lastRun }),
      ...(state.columns === undefined ? {} : { columns: state.columns }),
    };
    await this.parts.states.write(subject.name, begun);
    const seen = new RowIdSet();
    const { deltaLink, tokenFixedMs } = await this.#pages(run, undefined, seen, first);
    await this.#sweep(run, seen, tokenFixedMs);
    await this.#keep(run, { ...begun, tokenFixedMs }, deltaLink);
    if (first) counters.healed = 0;
    return { mode: first ? 'load' : 'reload', columns: subject.columns };
  }

  async #pages(
    { subject, lease, begunMs, counters }: Run,
    from: string | undefined,
    seen: RowIdSet | undefined,
    expectNothing: boolean,
  ): Promise<{ readonly deltaLink: string | undefined; readonly tokenFixedMs: number }> {
    let deltaLink: string | undefined;
    let tokenFixedMs: number | undefined;
    for await (const read of this.parts.feed.pages(subject, from)) {
      tokenFixedMs ??= this.#now();
      const items = read.items.flatMap((item) => subject.storedAs(item) ?? []);
      if (from !== undefined && items.length < read.items.length) throw new DeltaUnclear();
      const page = { ...read, items };
      counters.pages += 1;
      for (const { id } of items) seen?.add(id);
      await this.#parkUnreadable(page, subject.name, counters);
      const changes = changesOf(page, subject.name, floorInstant(begunMs), lease);
      counters.rows += changes.filter(({ kind }) => kind !== 'delete').length;
      counters.deletes += changes.filter(({ kind }) => kind === 'delete').length;
      if (seen !== undefined) this.parts.writer.forget(changes.map(({ row }) => row));
      await this.#settle(changes, counters, expectNothing);
      deltaLink = page.deltaLink ?? deltaLink;
    }
    return { deltaLink, tokenFixedMs: tokenFixedMs ?? this.#now() };
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
  async #sweep({ subject, lease, begunMs, counters }: Run, seen: RowIdSet, tokenFixedMs: number): Promise<void> {
    const wait = tokenFixedMs + this.parts.maxReadAgeMs - this.#now();
    if (wait > 0) await this.#sleep(wait);
    for await (const page of this.parts.store.liveRows(subject.name)) {
      const candidates = page.filter(({ row }) => !seen.has(row.id));
      counters.swept += candidates.length;
      const deletes = candidates.map(({ row }) => pulledDelete(row, floorInstant(begunMs), endOf(this.#now()), lease));
      await this.#settle(deletes, counters, false);
    }
  }

  async #keep({ subject, lease, begunMs, counters }: Run, state: PullState, deltaLink: string | undefined) {
    if (!lease.held()) throw new LeaseLost(subject.name);
    const { name, columns, fingerprint } = subject;
    await this.parts.states.write(name, {
      ...state,
      ...(deltaLink === undefined ? {} : { deltaLink }),
      ...(columns === undefined ? {} : { columns }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
      lastRun: { begunMs, endedMs: this.#now(), rows: counters.rows + counters.deletes },
    });
  }
}

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
