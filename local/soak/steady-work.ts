import { setTimeout as sleep } from 'node:timers/promises';
import { DataverseError } from '../dataverse/dataverse-error';
import { seededRandom, type Random } from '../dataverse/random';
import type { Dataverse } from '../dataverse/simulator';
import { WEIGHTED, WORK, pick } from '../day/row-contents';

/** Rows of each table. */
const ROWS = 200;

/** Work that can go on without end: its rows change, go and come back, and don't become more. */
export class SteadyWork {
  readonly #random: Random;
  readonly #rows = new Map<string, string[]>(Object.keys(WORK).map((table) => [table, []]));
  readonly #gone = new Map<string, string[]>(Object.keys(WORK).map((table) => [table, []]));
  #changes = 0;

  constructor(
    private readonly dataverse: Dataverse,
    seed: number,
  ) {
    this.#random = seededRandom(seed);
  }

  /** Changes made. */
  get changes(): number {
    return this.#changes;
  }

  /** Makes the rows. */
  async begin(): Promise<void> {
    for (const [table, { create }] of Object.entries(WORK)) {
      const ids = this.#of(this.#rows, table);
      for (let row = 0; row < ROWS; row += 1)
        ids.push(await this.dataverse.create(table, create(this.#random, this.#rows)));
    }
  }

  /** Has each user work until the signal, without a pause but while there is no room. */
  async run(hasRoom: () => boolean, signal: AbortSignal): Promise<void> {
    const work = async (): Promise<void> => {
      while (!signal.aborted) {
        if (!hasRoom()) {
          await sleep(5);
          continue;
        }
        try {
          await this.#change();
          this.#changes += 1;
        } catch (error) {
          // Another user deleted the row meanwhile.
          if (!(error instanceof DataverseError)) throw error;
        }
      }
    };
    await Promise.all(this.dataverse.users.map(work));
  }

  async #change(): Promise<unknown> {
    const table = pick(this.#random, WEIGHTED);
    const [rows, gone] = [this.#of(this.#rows, table), this.#of(this.#gone, table)];
    if (gone.length > 0 && this.#random.chance(0.1)) {
      const id = gone.shift() ?? '';
      await this.dataverse.restore(table, id);
      return rows.push(id);
    }
    if (gone.length < ROWS / 10 && this.#random.chance(0.1)) {
      const [id = ''] = rows.splice(this.#random.between(0, rows.length - 1), 1);
      await this.dataverse.delete(table, id);
      return gone.push(id);
    }
    const columns = pick(this.#random, WORK[table]?.update ?? [])(this.#random, this.#rows);
    return this.dataverse.update(table, pick(this.#random, rows), columns);
  }

  #of(ids: ReadonlyMap<string, string[]>, table: string): string[] {
    const found = ids.get(table);
    if (found === undefined) throw new Error(`No rows of ${table}.`);
    return found;
  }
}
