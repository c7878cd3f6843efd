import type { Verdict } from '../writer/decide';
import type { SchemaDrift } from './schema-drift';

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
export type Counters = Record<'rows' | 'deletes' | 'pages' | 'healed' | 'swept' | 'parked' | 'foreign', number> & {
  readonly verdicts: Partial<Record<Verdict, number>>;
};
