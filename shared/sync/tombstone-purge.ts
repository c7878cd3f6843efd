import { BEGINNING, ceilInstant, floorInstant } from '../change/instant';
import { OutboundError } from '../errors/errors';
import type { TombstoneStore } from '../lob/store';
import type { Leases, PullStateStore } from './pull-state';

/**
 * Least age of a tombstone that may be purged, in milliseconds.
 *
 * A purge has to be sure of two things only: that no read-back sent before the deletion can still land where the tombstone
 * was (READ_BACK_MAX_AGE_SECONDS, 10 minutes at most, and a write's 15 s), and the order of two clocks
 * (CLOCK_MARGIN_SECONDS, 5 minutes at most). Events however late, replays and dead letters are read back, since the ghost floor
 * is raised first; old pages aren't written without the lease. A day leaves room for a process that hung, and for a run of
 * PULL_MAX_SECONDS.
 */
export const LEAST_PURGE_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * From saying which tombstones will go to the first that does, in milliseconds: by then nobody uses a ghost floor of before (2 s),
 * and every write that a run decided on while it held the lease has landed (15 s).
 */
const SETTLE_MS = 20_000;

/** Thrown when tombstones are to be purged of a table that isn't completely loaded, or is being pulled. */
export class PurgeRefused extends OutboundError {
  constructor(table: string, why: string) {
    super('purge-refused', `No tombstone of ${table} was purged: ${why}. Purge after the next complete pull.`);
  }
}

/** What purging works with. */
export interface TombstonePurgeParts {
  readonly store: TombstoneStore;
  readonly states: Pick<PullStateStore, 'read' | 'write'>;
  readonly leases: Leases;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/** How far a purge of a table is. */
export interface PurgeProgress {
  readonly table: string;
  readonly removed: number;
}

/**
 * Removes old tombstones. Nothing is known any more of a row whose tombstone is gone, so an image of it that comes later
 * would be written as that of a new row: the ghost floor of the table (see GhostFloors) is raised first, to where nothing that
 * happened before any purged tombstone was written is taken without a read. Any moment is a good one to be stopped.
 */
export class TombstonePurge {
  constructor(private readonly parts: TombstonePurgeParts) {}

  /** How many tombstones of a table were last written before a time (milliseconds since 1970). */
  async count(table: string, untilMs: number): Promise<number> {
    let count = 0;
    for await (const { entries } of this.parts.store.tombstones(table, floorInstant(untilMs))) count += entries.length;
    return count;
  }

  /**
   * Removes the tombstones that were last written before a time, `batch` by batch, and tells after each how many went.
   *
   * @param pace resolves when the next so many may go
   * @throws PurgeRefused before anything was removed
   */
  async *purge(
    tables: readonly string[],
    untilMs: number,
    batch = 1000,
    pace: (count: number) => Promise<void> = () => Promise.resolve(),
  ): AsyncGenerator<PurgeProgress> {
    for (const table of tables) await this.#raiseGhostFloor(table, untilMs);
    await (this.parts.sleep ?? sleep)(SETTLE_MS);
    for (const table of tables) {
      for await (const { entries } of this.parts.store.tombstones(table, floorInstant(untilMs))) {
        for (let at = 0; at < entries.length; at += batch) {
          const next = entries.slice(at, at + batch);
          await pace(next.length);
          yield { table, removed: await this.parts.store.removeTombstones(next) };
        }
      }
    }
  }

  /** With the lease: no run that began before holds pages from before a deletion, and none overwrites the state. */
  async #raiseGhostFloor(table: string, untilMs: number): Promise<void> {
    const { states, leases } = this.parts;
    const lease = await leases.acquire(`pull-${table}`);
    if (lease === undefined) throw new PurgeRefused(table, 'a run is pulling it just now');
    try {
      const { state, tag } = await states.read(table);
      // Nothing was ever loaded, so there is no ghost floor, and the first one will be later than any tombstone.
      if (state.kind === 'new') return;
      if (state.kind !== 'current' || state.again)
        throw new PurgeRefused(table, "its last load or run hasn't come to its end");
      const purgedUntil = Math.max(ceilInstant(untilMs), state.purgedUntil ?? BEGINNING);
      if (!lease.held() || (await states.write(table, { ...state, purgedUntil }, tag)) === undefined)
        throw new PurgeRefused(table, 'another run has taken over its lease');
    } finally {
      await lease.release();
    }
  }
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
