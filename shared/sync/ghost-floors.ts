import { BEGINNING, type Instant } from '../change/instant';
import type { PullStateStore } from './pull-state';

interface Known {
  readonly ghostFloor: Promise<Instant>;
  readonly askedAt: number;
}

/**
 * The ghost floor of each table: a moment by which its last full load's token was fixed. Whatever was deleted before it is a
 * tombstone in the store or was never stored, and every later delete comes with a delta and leaves a tombstone even of an
 * unknown row. So an image dated after it that meets nothing is of a row that nobody is known to have deleted, and needs
 * no read. Before the first load, and from the begin of another until its end, there is none.
 *
 * Where tombstones were purged since, the ghost floor is no earlier than they: what they told of late images, it tells.
 *
 * A ghost floor is remembered for a while, so one may be used after a load has taken it away. What is then written on nothing
 * lands before that load's sweep, which is as good: hence `lifetimeMs` and the longest time that a write takes to land
 * must together be no more than the wait before a sweep (READ_BACK_MAX_AGE_SECONDS).
 */
export class GhostFloors {
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly states: Pick<PullStateStore, 'read'>,
    private readonly options: {
      /** Allowance for clock skew, in seconds. */
      readonly margin: number;
      readonly lifetimeMs: number;
      /** Milliseconds that only grow. @default performance.now */
      readonly clock?: () => number;
    },
  ) {}

  /** The ghost floor of a table; infinite where there is none. */
  async of(table: string): Promise<Instant> {
    const known = this.#fresh(table) ?? this.#ask(table);
    const ghostFloor = await known.ghostFloor;
    return this.#isFresh(known) ? ghostFloor : Number.POSITIVE_INFINITY;
  }

  #fresh(table: string): Known | undefined {
    const known = this.#known.get(table);
    return known !== undefined && this.#isFresh(known) ? known : undefined;
  }

  #isFresh({ askedAt }: Known): boolean {
    return this.#now() - askedAt < this.options.lifetimeMs;
  }

  #ask(table: string): Known {
    const known = { askedAt: this.#now(), ghostFloor: this.#read(table) };
    this.#known.set(table, known);
    return known;
  }

  async #read(table: string): Promise<Instant> {
    const { state } = await this.states.read(table);
    if (state.kind !== 'current' && state.kind !== 'catchingUp') return Number.POSITIVE_INFINITY;
    return Math.max(state.tokenFixedOn, state.purgedUntil ?? BEGINNING) + this.options.margin;
  }

  #now(): number {
    return this.options.clock?.() ?? performance.now();
  }
}
