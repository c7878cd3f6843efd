import type { Operation } from './rules-schema';
import type { Expression, Variables } from './expression';
import type { Subject } from './subject';

/** Nobody can say: why, without a value. */
export interface Unknown {
  readonly unknown: string;
}

/** Whether something holds of a subject. */
export type Answer = boolean | Unknown;

/** What rules are asked about, and what only expressions use of it: made when it is asked for. */
export interface Asked {
  readonly subject: Subject;
  /** @param longestText a longer text is of no use to the expression */
  readonly variables: (expression: Expression, longestText: number) => Variables;
}

/** Whether something holds. */
export type Question = (asked: Asked) => Answer;

/** One rule. */
export interface Rule {
  readonly code: string;
  /** For whoever made the change. */
  readonly message: string;
  /** Undefined for a rule of a message. */
  readonly operations: ReadonlySet<Operation> | undefined;
  /** What it looks at, by name. */
  readonly columns: readonly string[];
  /**
   * An update that brings none of these can't break it, so that it isn't asked; undefined: any update can, as its conditions or
   * its expression say.
   */
  readonly brokenBy: readonly string[] | undefined;
  /** Whether it is for the row at all. */
  readonly applies: Question;
  /** Whether the row meets it. */
  readonly holds: Question;
  /** How many characters it may look at, roughly and at most: a user's text decides how long the search for a pattern takes. */
  readonly tries: (subject: Subject) => number;
  /** Columns whose values no other row may have together. */
  readonly unique: readonly string[] | undefined;
}

/** A pattern that texts are matched with, with its place in the file. */
export interface PlacedPattern {
  readonly pattern: RegExp;
  readonly path: readonly (string | number)[];
}

/** False where one is, whatever the others; unknown where one is and none is false. */
export function all(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false;
  return answers.find((answer) => answer !== true) ?? true;
}

/** True where one is, whatever the others; unknown where one is and none is true. */
export function any(answers: readonly Answer[]): Answer {
  if (answers.includes(true)) return true;
  return answers.find((answer) => answer !== false) ?? false;
}
