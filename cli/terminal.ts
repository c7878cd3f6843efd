/** What a command reads and writes: the real terminal, or a test's. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly readInput: () => Promise<Uint8Array>;
}

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Thrown when a command was called wrongly, a file that can't be read included. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
