import { CODES, type CodeFacts, type Disposition, type ErrorCode } from './codes';
import { visible } from './visible';

/**
 * Base of all errors that this app raises on purpose: a stable code, which says what to do (`CODES`), and a message that says
 * what happened, where, and what an operator can do.
 */
export class OutboundError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get disposition(): Disposition {
    return CODES[this.code].disposition;
  }

  /** It says something of one row or delivery only: whatever comes beside that may well succeed. */
  get isOfOne(): boolean {
    const { isOfOne, disposition }: CodeFacts = CODES[this.code];
    return isOfOne ?? disposition !== 'retry';
  }
}

/** The disposition of any error: what this app doesn't know may pass, so it is tried again. */
export const dispositionOf = (error: unknown): Disposition =>
  error instanceof OutboundError ? error.disposition : 'retry';

/** Whether an error is of one row or delivery only. What this app doesn't know may be of anything. */
export const isOfOne = (error: unknown): boolean => error instanceof OutboundError && error.isOfOne;

/** The stable code of an error, for logs and parked items. */
export const codeOf = (error: unknown): ErrorCode => (error instanceof OutboundError ? error.code : 'unexpected');

/** The message of anything thrown; one that isn't ours is taken as foreign text. */
export function messageOf(error: unknown): string {
  if (error instanceof OutboundError) return error.message;
  return foreignText(error instanceof Error ? error.message || error.name : String(error));
}

const MAX_FOREIGN_LENGTH = 1000;

/** What a service or an SDK says, fit for a message, a log and a parked item: at most 1,000 characters, all of them visible. */
export function foreignText(text: string): string {
  const shown = visible(text.slice(0, MAX_FOREIGN_LENGTH + 1));
  return shown.length <= MAX_FOREIGN_LENGTH
    ? shown
    : `${shown.slice(0, MAX_FOREIGN_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
