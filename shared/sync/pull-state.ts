/**
 * The pull of a table, or of a relationship, as a state machine: what is remembered of it between two runs, and the steps from
 * one state to the next. Every state is written before anything relies on it, so that any run can go on where another one
 * ended.
 *
 * ```
 *          startLoad              allShown             loadEnded
 *   new ─────────────► loading ─────────────► sweeping ───────────► current ─┐ deltaEnded
 *                       ▲ │ ▲ │ pageShown      ▲ │ │ partSwept       │ │ ▲   │
 *                       │ └─┼─┘                └─┘ │                 │ │ └───┤
 *                       │   └────── startLoad ─────┘                 │ └─────┤
 *                       │                                pageProcessed ▼       │
 *                       └───────────── startLoad ──────────────── catchingUp ┘
 * ```
 *
 * `startLoad`: the token has expired, a link is refused, the journal lacks rows, the mapping or the columns have changed, or one
 * more load is due.
 */
import type { Instant } from '../change/instant';
import type { PullSubject } from './pull-subject';
import { continues } from './schema-drift';

/** A journal: of which table or relationship, and of which load. */
export interface JournalName {
  readonly table: string;
  readonly load: string;
}

/** What rows are stored by: when it changes, everything is loaded again. */
interface Shape {
  /** Of the mapping. */
  readonly fingerprint?: string;
  /** The table's kept columns, each as `name:type`, sorted. */
  readonly columns?: readonly string[];
}

interface Known extends Shape {
  /** The last run that came to its end, in the clock of the machine that it ran on: for people. Milliseconds since 1970. */
  readonly lastRun?: { readonly begunMs: number; readonly endedMs: number; readonly rows: number };
}

interface Load extends Known {
  /** Every row that it has shown: what isn't in it is swept. */
  readonly journal: JournalName;
  /** The first one of the table. */
  readonly first: boolean;
  /**
   * One more load is due after it, since it was caused by a change of the mapping: while it goes on, an instance with the mapping
   * of before may write rows that it has passed.
   */
  readonly again: boolean;
}

/** When the run began that the pages of a load or a delta belong to; a run that goes on keeps it, as its first pages are as old. */
export interface Begun {
  readonly begunOn: Instant;
  /** By then Dataverse had fixed the token that the next delta begins from. */
  readonly tokenFixedOn: Instant;
}

/** Nothing was ever loaded. */
export interface New {
  readonly kind: 'new';
}

/** A load is under way; without `next`, no page of it is processed. */
export interface Loading extends Load {
  readonly kind: 'loading';
  /** `shown`: how many ids the journal has, at least. */
  readonly next?: Begun & { readonly link: string; readonly shown: number };
}

/** All pages of a load are processed; what it didn't show is looked for. */
export interface Sweeping extends Load, Begun {
  readonly kind: 'sweeping';
  readonly shown: number;
  /** When its last page was made. */
  readonly end: Instant;
  readonly deltaLink?: string;
  /** How long to wait yet, in milliseconds, until no read-back from before the token can land. */
  readonly waitMs: number;
  /** How far the store has been listed. */
  readonly after?: string;
}

/** A load and its sweep, or a delta, has come to its end. */
export interface Current extends Known {
  readonly kind: 'current';
  /** Where the next delta begins; absent where a load has none to give. */
  readonly deltaLink?: string;
  /** Of the last load: see GhostFloors. */
  readonly tokenFixedOn: Instant;
  /** Every tombstone that was purged had last been written before: see TombstonePurge. */
  readonly purgedUntil?: Instant;
  readonly again: boolean;
}

/** A delta is under way, and its first page is processed. */
export interface CatchingUp extends Omit<Current, 'kind'> {
  readonly kind: 'catchingUp';
  readonly next: { readonly link: string; readonly begunOn: Instant };
}

/** What is remembered of a table, or of a relationship, between pull runs. */
export type PullState = New | Loading | Sweeping | Current | CatchingUp;

/** What happens to a state. Another set than this one is only there to show that the simulation finds it out. */
export const TRANSITIONS = {
  /** Whether a run can go on from a state; otherwise it starts a load. */
  canGoOn(state: PullState, subject: PullSubject): boolean {
    switch (state.kind) {
      case 'new':
        return false;
      case 'loading':
        return state.next !== undefined && continues(state, subject);
      case 'current':
        return state.deltaLink !== undefined && !state.again && continues(state, subject);
      case 'sweeping':
      case 'catchingUp':
        return continues(state, subject);
      default:
        return state satisfies never;
    }
  },

  /** `load`: names it, and no other load ever. */
  startLoad(state: PullState, { name, ...subject }: PullSubject, load: string): Loading {
    const isRemapped = state.kind !== 'new' && state.fingerprint !== subject.fingerprint;
    const isBegunAgain = (state.kind === 'loading' || state.kind === 'sweeping') && state.again;
    return {
      kind: 'loading',
      ...(state.kind === 'new' ? {} : lastRunOf(state)),
      ...shapeOf(subject),
      journal: { table: name, load },
      first: state.kind === 'new',
      again: isRemapped || isBegunAgain,
    };
  },

  /** A page of a load is processed, and another one follows. */
  pageShown: (state: Loading, next: NonNullable<Loading['next']>): Loading => ({ ...state, next }),

  /** The last page of a load is processed. */
  allShown(
    { journal, first, again, ...state }: Loading,
    facts: Begun & Pick<Sweeping, 'shown' | 'end' | 'waitMs' | 'deltaLink'>,
  ): Sweeping {
    return { kind: 'sweeping', ...lastRunOf(state), ...shapeOf(state), journal, first, again, ...facts };
  },

  /** A page of a delta is processed, and another one follows. */
  pageProcessed: (state: Current | CatchingUp, next: CatchingUp['next']): CatchingUp => ({
    ...state,
    kind: 'catchingUp',
    next,
  }),

  /** A part of the store is swept. */
  partSwept: (state: Sweeping, progress: Pick<Sweeping, 'waitMs' | 'after'>): Sweeping => ({ ...state, ...progress }),

  loadEnded: ({ deltaLink, tokenFixedOn, again, ...state }: Sweeping, lastRun: LastRun): Current => ({
    kind: 'current',
    ...shapeOf(state),
    ...(deltaLink === undefined ? {} : { deltaLink }),
    tokenFixedOn,
    again,
    lastRun,
  }),

  deltaEnded: (
    { deltaLink: before, tokenFixedOn, purgedUntil, again }: Current | CatchingUp,
    deltaLink: string | undefined,
    subject: PullSubject,
    lastRun: LastRun,
  ): Current => ({
    kind: 'current',
    ...shapeOf(subject),
    ...optional('deltaLink', deltaLink ?? before),
    tokenFixedOn,
    ...optional('purgedUntil', purgedUntil),
    again,
    lastRun,
  }),
} as const;

type LastRun = NonNullable<Known['lastRun']>;

/** A property, where there is a value for it. */
const optional = <K extends string, V>(name: K, value: V | undefined): Partial<Readonly<Record<K, V>>> =>
  (value === undefined ? {} : { [name]: value }) as Partial<Readonly<Record<K, V>>>;

const shapeOf = ({ fingerprint, columns }: Shape): Shape => ({
  ...optional('fingerprint', fingerprint),
  ...optional('columns', columns),
});

const lastRunOf = ({ lastRun }: Pick<Known, 'lastRun'>): Pick<Known, 'lastRun'> => optional('lastRun', lastRun);

/** A state as it was read. */
export interface StoredState {
  readonly state: PullState;
  /** Moves with every write; undefined where nothing is stored. */
  readonly tag: string | undefined;
}

/** Keeps the pull state per table. */
export interface PullStateStore {
  read(table: string): Promise<StoredState>;
  /**
   * Replaces a state that still is as it was read. Returns its new tag; undefined where it isn't any more, and nothing is
   * written.
   */
  write(table: string, state: PullState, tag: string | undefined): Promise<string | undefined>;
  /** When the state of each table was last written, in the store's clock, milliseconds since 1970. */
  lastWritten(): Promise<ReadonlyMap<string, number>>;
}

/** Keeps which rows a load has shown, so that another process can go on with it: the sweep at its end needs them all. */
export interface LoadJournal {
  /**
   * Adds packed ids (see RowIdSet) at a place, counted in ids. Only at 0 a journal is made. Added twice they are there once.
   *
   * @returns false where the journal isn't there, or has something else at that place: whoever adds must not go on
   */
  append(name: JournalName, at: number, ids: Uint8Array): Promise<boolean>;
  /** How many ids it has; undefined where it isn't there (any more). */
  count(name: JournalName): Promise<number | undefined>;
  /** All that was added, in pieces of whole ids. */
  read(name: JournalName): AsyncIterable<Uint8Array>;
  /** Removes the journals of all loads of a table, those of dead runs too. */
  clear(table: string): Promise<void>;
}

/** A lease as its holder sees it. */
export interface Lease {
  /** Whether it is sure that nobody else holds it, and won't before what is sent now has landed. */
  held(): boolean;
  release(): Promise<void>;
}

/** Makes sure that one run at a time works on a table, over all instances. */
export interface Leases {
  /** The lease, or undefined when someone else holds it. */
  acquire(name: string): Promise<Lease | undefined>;
}
