/** What is remembered of a table, or of a relationship, between pull runs. */
export interface PullState {
  /** Where the next delta begins; absent before the first complete load and after its token expired. */
  readonly deltaLink?: string;
  /** When a load was last begun, milliseconds since 1970; absent: nothing was ever loaded. */
  readonly loadBegunMs?: number;
  /** By when the last complete full load's token was fixed, milliseconds since 1970: see LoadFloors. */
  readonly tokenFixedMs?: number;
  /** Of the mapping that the last complete run worked by. */
  readonly fingerprint?: string;
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
