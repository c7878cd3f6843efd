import type { Columns } from '../rows/value';

/** A look-up of an alternate key by PATCH or DELETE. */
export interface KeyLookUp {
  readonly table: string;
  readonly columns: Columns;
  /** What was found; undefined: no row. */
  readonly id: string | undefined;
}

/** Runs between the look-up of a key and the operation on the row that was found or not. */
export type AfterLookUp = (lookUp: KeyLookUp) => void | Promise<void>;

/** Lets a test step in between a look-up and its operation: two upserts of one new key, or a row that goes meanwhile. */
export class KeyLookUps {
  #after: AfterLookUp | undefined;

  /** Has every look-up told from now on, in place of whom it was told before. */
  tell(after: AfterLookUp | undefined): void {
    this.#after = after;
  }

  async told(lookUp: KeyLookUp): Promise<void> {
    await this.#after?.(lookUp);
  }
}
