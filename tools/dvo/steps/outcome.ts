/** How far a plan was carried out. */
export interface Outcome {
  readonly done: number;
  /** Why it ended before its end. */
  readonly error?: Error;
  /** It wasn't even begun. */
  readonly refused?: true;
}
