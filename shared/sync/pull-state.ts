/** A run that was ended before its last page: where the next one goes on. */
export interface UnfinishedRun {
  readonly mode: 'load' | 'delta';
  /** When it was begun: the run that goes on keeps this, since its first pages are as old. Milliseconds since 1970. */
  readonly begunMs: number;
  /** When its first page was there, milliseconds since 1970. */
  readonly tokenFixedMs: number;
  readonly nextLink: string;
  /** It is the table's very first load. */
  readonly first: boolean;
  /** Of the mapping that it works by. */
  readonly fingerprint?: string;
  /** Of a load: its journal. */
  readonly journal?: JournalName;
  /** How many ids its journal has by then, at least. */
  readonly shown?: number;
}

/** What is remembered of a table, or of a relationship, between pull runs. */
export interface PullState {
  /** Where the next delta begins; absent before the first complete load and after its token expired. */
  readonly deltaLink?: string;
  /** When a load was last begun, milliseconds since 1970; absent: nothing was ever loaded. */
  readonly loadBegunMs?: number;
  /** By when the last complete full load's token was fixed, milliseconds since 1970: see LoadFloors. */
  readonly tokenFixedMs?: number;
  /** Every tombstone that was purged since had last been written before, milliseconds since 1970: see TombstonePurge. */
  readonly purgedUntilMs?: number;
  /** Every page before its link is settled. */
  readonly unfinished?: UnfinishedRun;
  /** Of the mapping that the last complete run worked by. */
  readonly fingerprint?: string;
  /**
   * A load was caused by a change of the mapping: one more is due. While the first one went on, an instance with the mapping
   * of before may have written rows that it had passed.
   */
  readonly loadAgain?: true;
  /** The table's kept columns at the last complete run, each as `name:type`, sorted. */
  readonly columns?: readonly string[];
  /** When the last complete run began and ended, milliseconds since 1970. */
  readonly lastRun?: { readonly begunMs: number; readonly endedMs: number; readonly rows: number };
}

/** Keeps the pull state per table. Written only by the run that holds the table's lease. */
export interface PullStateStore {
  read(table: string): Promise<PullState>;
  write(table: string, state: PullState): Promise<void>;
}

/** Keeps which rows a load has shown, so that another process can go on with it: the sweep at its end needs them all. */
export interface LoadJournal {
  /** Adds packed ids (see RowIdSet) to a load's. */
  append(name: JournalName, ids: Uint8Array): Promise<void>;
  /** How many ids it has, some of them twice perhaps; undefined where it isn't there any more. */
  count(name: JournalName): Promise<number | undefined>;
  /** All that was added, in pieces of whole ids. */
  read(name: JournalName): AsyncIterable<Uint8Array>;
  /** Removes the journals of all loads of a table, those of dead runs too. */
  clear(table: string): Promise<void>;
}

/** A journal: of which table or relationship, and of which load. A run that was overtaken must not write into another's. */
export interface JournalName {
  readonly table: string;
  readonly load: string;
}

/** A lease as its holder sees it. */
export interface Lease {
  /** Whether it is sure that nobody else holds it. */
  held(): boolean;
  release(): Promise<void>;
}

/** Makes sure that one run at a time works on a table, over all instances. */
export interface Leases {
  /** The lease, or undefined when someone else holds it. */
  acquire(name: string): Promise<Lease | undefined>;
}
