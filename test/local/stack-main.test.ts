/**
 * Proves the instructions that the local stack prints: the lines that load the settings and register the steps, one port for
 * both sides, a message for a port in use. Ctrl-C during the start is no error.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { builtFolder } from '../build-once';
import { eventually } from '../eventually';

const STACK = 'dist/local/stack/main.js';
const DAY = 'dist/local/day/main.js';
const HOST = 'dist/local/host/main.js';

interface Started {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly faults: () => string;
  /** Exit code and signal. */
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** In a group of its own, as a shell starts it. */
async function start(main: string, flags: readonly string[], cwd?: string): Promise<Started> {
  const folder = await builtFolder();
  const child = spawn(process.execPath, [join(folder, main), ...flags], {
    cwd: cwd ?? folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, faults] = [child.stdout, child.stderr].map((stream) => {
    let all = '';
    stream.on('data', (text: Buffer) => (all += text.toString()));
    return () => all;
  });
  const ended = new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (code, signal) => resolve([code, signal])),
  );
  closing.push(async () => {
    child.kill();
    await ended;
  });
  return { child, said: said ?? String, faults: faults ?? String, ended };
}

const untilSaid = ({ said, faults }: Started, text: string): Promise<true> =>
  eventually(
    () => said().includes(text),
    () => `"${text}", but: ${said()}${faults()}`,
  );

async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

test('the lines that are printed bring the settings into any shell, and say what comes next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dvo-stack-'));
  const started = await start(STACK, ['--no-steps', '--write', 'my.env'], folder);
  await untilSaid(started, 'until Ctrl-C');
  const line = /^ {2}(\. .*)$/m.exec(started.said())?.[1] ?? '';
  // The plainest of shells looks for a name without a folder in PATH only.
  const { stdout } = await promisify(execFile)('sh', ['-c', `${line} && echo $DATAVERSE_URL $WEBHOOK_URL`], {
    cwd: folder,
  });
  expect(stdout).toMatch(/^https:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:7071\/api\/webhook\n$/);
  expect(started.said()).toContain(
    'Nothing is registered yet. In a shell with these settings (. ./my.env):\n' +
      '  npm run -s dvo -- steps plan local/day/dataverse.yaml\n',
  );
});

test('the app listens by default where the simulator posts by default', async () => {
  const helps = await Promise.all([STACK, HOST].map((main) => start(main, ['--help'])));
  await Promise.all(helps.map(({ ended }) => ended));
  const [stack = '', host = ''] = helps.map(({ said }) => said().replaceAll(/\s+/g, ' '));
  const [, posts] = /--webhook-url.*?\(default: "http:\/\/127\.0\.0\.1:(\d+)\/api\/webhook"\)/.exec(stack) ?? [];
  const [, listens] = /--port.*?\(default: (\d+)\)/.exec(host) ?? [];
  expect(posts).toMatch(/^\d+$/);
  expect(listens).toBe(posts);
});

test.each([
  ['the broker', STACK, ['--no-steps', '--amqp-port'], 2],
  ['Azurite', STACK, ['--no-steps', '--table-port'], 2],
  ['the app', HOST, ['.', '--port'], 1],
])('%s at a port that is taken', async (_, main, flags, code) => {
  const port = await takenPort();
  const started = await start(main, [...flags, String(port)]);
  expect(await started.ended).toEqual([code, null]);
  const lines = started.faults().trim().split('\n');
  expect(lines.at(-1)).toBe(
    `Port ${port} is taken: stop what listens there, or give another port (--help lists the flags).`,
  );
  expect(started.faults()).not.toMatch(/^ +at /m);
});

test('an address that is none', async () => {
  const started = await start(STACK, ['--webhook-url', 'localhost:7071']);
  expect(await started.ended).toEqual([2, null]);
  expect(started.faults()).toContain('It must be an address such as http://127.0.0.1:7071/api/webhook.');
});

describe('Ctrl-C, which a terminal sends to all that was started, while Azurite starts', () => {
  test.each([
    ['npm run stack', STACK, ['--no-steps'], 0],
    ['npm start', DAY, [], 130],
  ])('%s', async (_, main, flags, code) => {
    const started = await start(main, flags);
    await untilSaid(started, 'Starting Azurite');
    await sleep(100);
    process.kill(-(started.child.pid ?? NaN), 'SIGINT');
    expect(await started.ended).toEqual([code, null]);
    expect(started.faults()).toBe('');
  });
});
