import { readFile } from 'node:fs/promises';
import { run } from '../../../tools/dvo/terminal/run';
import type { Terminal } from '../../../tools/dvo/terminal/terminal';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a test's terminal reads. */
export interface Typed {
  /** Standard input. */
  readonly input?: Uint8Array | string;
  /** What the operator answers to each question; absent: nobody is there. */
  readonly answer?: string;
}

/** A terminal that keeps what is written to it. */
export class TestTerminal implements Terminal {
  readonly #out: Uint8Array[] = [];
  #err = '';
  readonly questions: string[] = [];

  constructor(private readonly typed: Typed = {}) {}

  readonly out = (text: string): void => void this.#out.push(Buffer.from(text));
  readonly err = (text: string): void => void (this.#err += text);
  readonly write = (chunk: string | Uint8Array): Promise<void> =>
    Promise.resolve(void this.#out.push(Buffer.from(chunk)));
  readonly ask = (question: string): Promise<string | undefined> => {
    this.questions.push(question);
    return Promise.resolve(this.typed.answer);
  };
  readonly progress = () => Promise.resolve({ show: () => undefined, done: () => undefined });
  readonly readFile = (path: string): Promise<Uint8Array> => readFile(path);
  readonly readInput = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(this.typed.input ?? ''));

  get bytes(): Buffer {
    return Buffer.concat(this.#out);
  }
  get text(): string {
    return this.bytes.toString();
  }
  get errors(): string {
    return this.#err;
  }
}

/** Runs the CLI in this process, with `input` as its standard input. */
export async function dvo(args: readonly string[], input: Uint8Array | string = ''): Promise<Ran> {
  const terminal = new TestTerminal({ input });
  const code = await run(args, terminal);
  return { code, out: terminal.text, err: terminal.errors };
}
