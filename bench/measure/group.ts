import type { Figure } from './figure';

/** How thorough a run is. */
export interface Effort {
  /** Smaller sizes and fewer rounds: to see that all works and where things roughly stand, not for figures to be quoted. */
  readonly quick: boolean;
  /** Of each comparison. */
  readonly rounds: number;
}

/** Rows of the table that belong together; each group runs in a process of its own. */
export interface Group {
  /** One sentence: what is measured, against what. */
  readonly about: string;
  /** Tells each figure when it is there. */
  run(effort: Effort, tell: (figures: readonly Figure[]) => void): Promise<void>;
}
