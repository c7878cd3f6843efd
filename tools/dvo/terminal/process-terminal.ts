import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { buffer } from 'node:stream/consumers';
import type { Progress, Terminal } from './terminal';

const DRAW_EVERY_MS = 200;

async function progress(): Promise<Progress> {
  if (!process.stderr.isTTY) return { show: () => undefined, done: () => undefined };
  const { createLogUpdate } = await import('log-update');
  const draw = createLogUpdate(process.stderr);
  let last = -Infinity;
  return {
    show(line) {
      if (performance.now() - last < DRAW_EVERY_MS) return;
      last = performance.now();
      draw(line);
    },
    done: () => {
      draw.clear();
      draw.done();
    },
  };
}

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-D closes it without an answer.
    return await Promise.race([lines.question(question), once(lines, 'close').then(() => '')]);
  } finally {
    lines.close();
  }
}

/** The terminal of this process. */
export const processTerminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  write: async (chunk) => {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  },
  ask,
  progress,
  readFile: (path) => readFile(path),
  readInput: () => buffer(process.stdin),
};
