import { writeFile } from 'node:fs/promises';

/** One line that tells how far a long command is. */
export interface Progress {
  show(line: string): void;
  /** Takes the line away. */
  done(): void;
}

/** What a command reads and writes: the real terminal, or a test's. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Writes to standard output; resolves when it takes more, so that output of any length needs little memory. */
  readonly write: (chunk: string | Uint8Array) => Promise<void>;
  /** Asks the operator; undefined where standard input is no terminal. */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** Drawn on standard error where that is a terminal, else nowhere. */
  readonly progress: () => Promise<Progress>;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly readInput: () => Promise<Uint8Array>;
}

/**
 * Exit codes of every command. That for a wrong call is the one of sysexits.h, so that a pipeline can't take a slip in its
 * own lines for drift.
 */
export const EXIT = { ok: 0, failed: 1, drift: 2, usage: 64 } as const;

/** Thrown when a command was called wrongly, a file that can't be read included. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Thrown when something isn't as it is declared. */
export class DriftFound extends Error {
  override readonly name = 'DriftFound';
}

/** The value of settings. @throws UsageError with every fault of every section */
export function settingsOf<T extends readonly unknown[]>(
  ...sections: { readonly [K in keyof T]: SettingsSection<T[K]> }
): T {
  const faults = sections.flatMap((section) => (section.ok ? [] : section.faults));
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  return sections.flatMap((section) => (section.ok ? [section.value] : [])) as unknown as T;
}

type SettingsSection<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly string[] };

/** The bytes of a file, or of standard input for `-`. @throws UsageError where it can't be read */
export async function bodyOf(terminal: Terminal, file: string): Promise<Uint8Array> {
  if (file === '-') return terminal.readInput();
  try {
    return await terminal.readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown fault';
    throw new UsageError(`can't read ${file} (${code})`);
  }
}

/** Has the operator agree, unless `--yes` said so beforehand. @throws UsageError where standard input is no terminal */
export async function agreed(terminal: Terminal, question: string, yes: true | undefined): Promise<void> {
  if (yes === true) return;
  const answer = await terminal.ask(`${question} [y/N] `);
  if (answer === undefined) throw new UsageError(`${question} Not a terminal: pass --yes.`);
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new Error('Nothing was done.');
}

/** Writes a file that isn't there yet. @throws UsageError where it is */
export async function writeNewFile(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`${file} already exists and was not overwritten`, { cause: error });
  }
}
