/** The operator's CLI as a process of its own, built, with settings in its environment. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { builtFolder } from '../build-once';

/** How a command ended. */
export interface Ended {
  /** Null: it was killed. */
  readonly code: number | null;
  readonly out: string;
  readonly bytes: Buffer;
  readonly err: string;
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

/** Starts a command. */
export async function startDvo(args: readonly string[], settings: Readonly<Record<string, string>>): Promise<Running> {
  const program = path.join(await builtFolder(), 'dist/tools/dvo/dvo.js');
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...settings }, stdio: 'pipe' });
  child.stdin.end();
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ended = Promise.all([buffer(child.stdout), text(child.stderr), closed]).then(([bytes, err, code]) => ({
    code,
    out: bytes.toString(),
    bytes,
    err,
  }));
  return { child, ended };
}

/** Runs a command to its end. */
export const runDvo = async (args: readonly string[], settings: Readonly<Record<string, string>>): Promise<Ended> =>
  (await startDvo(args, settings)).ended;
