/** A column, a whole row, an event, or a property of the store that isn't as it should be. */
export interface Difference {
  /** The table, the relationship or the message, by its name in Dataverse. */
  readonly table: string;
  /** The row's, or the call's. */
  readonly id: string;
  /** Names columns, never their values. */
  readonly what: string;
}

/** How many differences are kept; all of them count. */
const KEPT = 100;

/** Collects what differs. */
export class Differences {
  readonly first: Difference[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  note(table: string, id: string, what: string): void {
    this.#count += 1;
    if (this.first.length < KEPT) this.first.push({ table, id, what });
  }
}
