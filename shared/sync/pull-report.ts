import type { StoredPage } from '../lob/store';
import type { Verdict } from '../writer/decide';
import type { ChangeResult } from '../writer/writer';
import { driftBetween, type SchemaDrift } from './schema-drift';

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
  /** Rows that a full load no longer showed and that were processed as deleted or read back. */
  readonly swept: number;
  readonly parked: number;
  /** What lies in the store's table and isn't this app's: passed over. Only a sweep looks. */
  readonly foreign: number;
  /** The run was ended before its last page; the next one goes on there. */
  readonly unfinished?: true;
  /** It went on where an earlier run had ended. */
  readonly resumed?: true;
  readonly milliseconds: number;
}

/** What a run says while it lasts. */
export type PullNote =
  /** The table's columns are others than before: said once. */
  | ({ readonly kind: 'drift' } & SchemaDrift)
  /** Something in the store's table isn't this app's: said of the first in a run. */
  | { readonly kind: 'foreign'; readonly code: string; readonly reason: string }
  | ({ readonly kind: 'progress' } & PullReport);

/** Of one run. */
export interface RunOptions {
  /** It ends for now, at a page, when it is that late, by `performance.now()`. */
  readonly until: number;
  readonly tell?: (note: PullNote) => void;
}

/** What a run has done so far. */
type Counters = Record<'rows' | 'deletes' | 'pages' | 'healed' | 'swept' | 'parked' | 'foreign', number> & {
  readonly verdicts: Partial<Record<Verdict, number>>;
};

/** Before anything is done. */
export const noCounts = (): Counters => ({
  ...{ rows: 0, deletes: 0, pages: 0, healed: 0, swept: 0, parked: 0, foreign: 0 },
  verdicts: {},
});

/** Between two accounts of how far a run is, in milliseconds. */
const TELL_EVERY_MS = 30_000;

/** Keeps account of a run, and tells of it. */
export class RunAccount {
  readonly counters = noCounts();
  mode: PullReport['mode'] = 'delta';
  resumed = false;
  readonly #begunMs: number;
  readonly #begunAt: number;
  #toldAt: number;

  /**
   * @param now milliseconds since 1970
   * @param clock milliseconds that only grow
   */
  constructor(
    private readonly table: string,
    private readonly now: () => number,
    private readonly clock: () => number,
    private readonly tell: RunOptions['tell'],
  ) {
    this.#begunMs = now();
    this.#begunAt = clock();
    this.#toldAt = this.#begunAt;
  }

  count({ verdict, changed }: Pick<ProcessedChange, 'verdict' | 'changed'>): void {
    const { verdicts } = this.counters;
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (changed && verdict !== 'refreshed') this.counters.healed += 1;
  }

  report(unfinished: boolean): PullReport {
    const { mode, counters } = this;
    return {
      table: this.table,
      mode,
      ...counters,
      // The first load brings everything: nothing of it was missed.
      healed: mode === 'load' ? 0 : counters.healed,
      ...(unfinished ? { unfinished } : {}),
      ...(this.resumed ? { resumed: true } : {}),
      milliseconds: Math.round(this.clock() - this.#begunAt),
    };
  }

  lastRun(): { readonly begunMs: number; readonly endedMs: number; readonly rows: number } {
    const { rows, deletes } = this.counters;
    return { begunMs: this.#begunMs, endedMs: this.now(), rows: rows + deletes };
  }

  tellDrift(before: readonly string[] | undefined, now: readonly string[] | undefined): void {
    const drift = driftBetween(before, now);
    if (drift !== undefined) this.tell?.({ kind: 'drift', ...drift });
  }

  tellForeign({ foreign }: StoredPage): void {
    const [first] = foreign;
    if (first !== undefined && this.counters.foreign === 0)
      this.tell?.({ kind: 'foreign', code: first.error.code, reason: first.error.message });
    this.counters.foreign += foreign.length;
  }

  tellProgress(): void {
    if (this.clock() - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = this.clock();
    this.tell?.({ kind: 'progress', ...this.report(true) });
  }
}

type ProcessedChange = Extract<ChangeResult, { readonly kind: 'processed' }>;
