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
    if (gone.length > 0 && this.#random.chance(0.1))
      return this.#move(gone.shift() ?? '', gone, rows, (id) => this.dataverse.restore(table, id));
    if (gone.length < ROWS / 10 && this.#random.chance(0.1)) {
      const [id = ''] = rows.splice(this.#random.between(0, rows.length - 1), 1);
      return this.#move(id, rows, gone, (of) => this.dataverse.delete(table, of));
    }
    return this.#update(table, rows, gone);
  }

  async #update(table: string, rows: string[], gone: string[]): Promise<void> {
    const columns = pick(this.#random, WORK[table]?.update ?? [])(this.#random, this.#rows);
    const id = pick(this.#random, rows);
    try {
      await this.dataverse.update(table, id, columns);
    } catch (error) {
      // It went with another row, unless it is just being deleted: it can come back.
      const at = rows.indexOf(id);
      if (error instanceof DataverseError && error.status === 404 && at >= 0) gone.push(...rows.splice(at, 1));
      throw error;
    }
  }

  /** Takes a row from one list to the other. It goes back to where it was if that is refused. */
  async #move(id: string, from: string[], to: string[], move: (id: string) => Promise<unknown>): Promise<void> {
    try {
      await move(id);
      to.push(id);
    } catch (error) {
      from.push(id);
      throw error;
    }
  }

  #of(ids: ReadonlyMap<string, string[]>, table: string): string[] {
    const found = ids.get(table);
    if (found === undefined) throw new Error(`No rows of ${table}.`);
    return found;
  }
}
