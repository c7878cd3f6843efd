import { readFile } from 'node:fs/promises';
import { run } from '../../cli/run';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the CLI in this process, with `input` as its standard input. */
export async function dvo(args: readonly string[], input: Uint8Array | string = ''): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await run(args, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    readFile: (path) => readFile(path),
    readInput: () => Promise.resolve(Buffer.from(input)),
  });
  return { code, out, err };
}
