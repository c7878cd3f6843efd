import type { Parameter } from '../dataverse/events/event';
import type { Random } from '../dataverse/random';
import { asReference, type Reference } from '../dataverse/rows/value';
import type { Commit, Dataverse } from '../dataverse/simulator';
import type { ApiValues } from '../dataverse/web-api/action-parameters';
import type { Rows } from './row-contents';

/** A call of a custom API as its caller knows it: what the check compares its event with. */
export interface ApiCall {
  readonly api: string;
  /** Every call has its own. */
  readonly correlationId: string;
  readonly user: string;
  readonly target: Reference | undefined;
  readonly tag: string;
  readonly input: ApiValues;
  readonly output: readonly Parameter[];
}

/** A pair of rows that were associated: the relationship's first end, and its second. */
export interface Pair {
  readonly relationship: string;
  readonly one: Reference;
  readonly two: Reference;
}

/** A user who works on the rows. */
export interface Actor {
  readonly random: Random;
  /** systemuserid. */
  readonly id: string;
}

/** What the users share: the rows to work on, and how many changes are left to make. */
export class Workload {
  /** Ids of the rows that there are, by table. */
  readonly rows: Rows;
  readonly deleted: Reference[] = [];
  readonly pairs: Pair[] = [];
  readonly calls: ApiCall[] = [];
  /** Changes made, by message. */
  readonly messages = new Map<string, number>();
  #claimed = 0;
  #done = 0;

  constructor(
    readonly dataverse: Dataverse,
    tables: readonly string[],
    private readonly changes: number,
    private readonly onProgress: (done: number, messages: ReadonlyMap<string, number>) => void,
  ) {
    this.rows = new Map(tables.map((table) => [table, Array.from(dataverse.rows(table), ({ id }) => id)]));
  }

  get done(): number {
    return this.#done;
  }

  /** Each change is made, or some user is making it. */
  get allTaken(): boolean {
    return this.#claimed >= this.changes;
  }

  /** Ids of the rows of a table. */
  ids(table: string): string[] {
    return this.rows.get(table) ?? [];
  }

  /** Has rows worked on that somebody else makes, as long as they are there. */
  join({ table, id, before, row }: Commit, maker: string): void {
    const ids = this.ids(table);
    if (row === undefined && ids.includes(id)) ids.splice(ids.indexOf(id), 1);
    const createdBy = before === undefined ? row?.columns.createdby : undefined;
    if (asReference(createdBy)?.id === maker) ids.push(id);
  }

  /**
   * Takes some of the changes that are left, as many as wanted or fewer, and makes them; what fails is given back.
   *
   * @returns whether there were any
   */
  async change(message: string, wanted: number, make: (count: number) => Promise<unknown>): Promise<boolean> {
    const count = Math.min(wanted, this.changes - this.#claimed);
    if (count <= 0) return false;
    this.#claimed += count;
    try {
      await make(count);
    } catch (error) {
      this.#claimed -= count;
      throw error;
    }
    this.#done += count;
    this.messages.set(message, (this.messages.get(message) ?? 0) + count);
    this.onProgress(this.#done, this.messages);
    return true;
  }
}
