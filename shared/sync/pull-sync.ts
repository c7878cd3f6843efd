import type { ChangeFeed } from '../dataverse/change-feed';
import type { LobStore } from '../lob/store';
import type { Parking } from '../parking/parking';
import type { Verdict } from '../writer/decide';
import type { Writer } from '../writer/writer';
import { noCounts, PullRun } from './pull-run';
import type { Leases, LoadJournal, PullStateStore, TRANSITIONS } from './pull-state';
import type { PullSubject } from './pull-subject';
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

/**
 * Pulls a table's changes through the writer: everything at first, then deltas. A run's token is kept only after every
 * row of every page is processed or parked. A run that dies, or whose time is up, is gone on with after its last processed page.
 */
export class PullSync {
  constructor(private readonly parts: PullSyncParts) {}

  /** One run of one table or relationship. Errors reject; what is processed stays so. */
  async run(name: string, options: RunOptions): Promise<PullReport> {
    const lease = await this.parts.leases.acquire(`pull-${name}`);
    if (lease === undefined) return { ...BUSY, table: name };
    try {
      const subject = await this.parts.subjectOf(name);
      const stored = await this.parts.states.read(name);
      return await new PullRun(this.parts, subject, lease, stored, options).run();
    } finally {
      await lease.release();
    }
  }

  /** The names in the order in which they were last attended to: whatever a run had no time for comes first in the next. */
  async inTurn(names: readonly string[]): Promise<readonly string[]> {
    const lastWritten = await this.parts.states.lastWritten();
    return names.toSorted((a, b) => (lastWritten.get(a) ?? 0) - (lastWritten.get(b) ?? 0));
  }
}

const BUSY = { mode: 'busy', ...noCounts(), milliseconds: 0 } as const;
