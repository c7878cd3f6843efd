/**
 * Proves of every script in package.json that it says how it is called and which version it is, and that it refuses what it
 * doesn't know with a sentence and an exit code before it starts anything: a slip that passes for success proves nothing.
 */
import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import path from 'node:path';
import { builtFolder } from '../build-once';

const ROOT = path.resolve(__dirname, '../..');
const { scripts, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  version: string;
};

/** Their flags are those of tools of others. */
const OF_OTHERS = ['typecheck', 'lint', 'format', 'test', 'mutation'];

/** The last program that a script runs, which gets the flags. */
const programOf = (script: string): string =>
  /node (\S+\.m?js)(?: --if-stale| \.)?$/.exec(scripts[script]?.split('&&').at(-1)?.trim() ?? '')?.[1] ?? '';

const OURS = Object.keys(scripts).filter((script) => !OF_OTHERS.includes(script));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(script: string, ...args: readonly string[]): Promise<Ran> {
  const program = programOf(script);
  const file = program.startsWith('dist/') ? path.join(await builtFolder(), program) : path.join(ROOT, program);
  const child = spawn(process.execPath, [file, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const [code, out, err] = await Promise.all([
    new Promise<number | null>((resolve) => child.once('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, out, err };
}

test('every script of our own ends in a program', () => {
  expect(OURS.filter((script) => programOf(script) === '')).toEqual([]);
  expect(OURS).toEqual(
    expect.arrayContaining(['build', 'start', 'package', 'stack', 'host', 'dvo', 'fuzz', 'simulate']),
  );
});

test.concurrent.each(OURS)(
  'npm run %s says how it is called and which version it is, and knows its flags',
  async (script) => {
    const [help, versioned, slip] = await Promise.all([
      run(script, '--help'),
      run(script, '--version'),
      run(script, '--no-such-flag'),
    ]);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toMatch(new RegExp(`^Usage: (?:npm (?:run )?${script} --|dvo) \\[`));
    expect(help.out).toContain('--version');
    expect(versioned).toEqual({ code: 0, out: `${version}\n`, err: '' });
    expect([slip.code === 2 || slip.code === 64, slip.out]).toEqual([true, '']);
    expect(slip.err).toMatch(/^error: unknown option '--no-such-flag'/);
  },
);

describe('a value that means nothing', () => {
  test.concurrent.each([
    [
      'fuzz',
      ['--seconds', 'x'],
      /--seconds <n>' argument 'x' is invalid\. It must be a number of seconds above 0, or a time span/,
    ],
    ['fuzz', ['--seconds', '0'], /It must be a number of seconds above 0/],
    ['fuzz', ['--seconds', '0s'], /It must be a number of seconds above 0/],
    ['fuzz', ['--seed', '-1'], /It must be a whole number/],
    ['fuzz', ['writers'], /Allowed choices are readers, loop/],
    ['simulate', ['--schedules', '0'], /It must be a whole number from 1/],
    ['simulate', ['--seconds', '0'], /It must be a number of seconds above 0/],
    ['simulate', ['--seconds', '1e3'], /It must be a number of seconds above 0/],
    ['simulate', ['--mode', 'loose'], /Allowed choices are/],
    ['simulate', ['20000'], /too many arguments/],
    ['bench', ['--rounds', '0'], /It must be a whole number from 1/],
    ['bench', ['nothing'], /Allowed choices are/],
    ['bench', ['--json', '/no/such/folder/report.json'], /It can't be written/],
    ['start', ['--changes', '0'], /It must be a whole number from 1/],
    ['start', ['--drop', '2'], /It must be a share from 0 to 1/],
    ['stack', ['--amqp-port', '99999'], /It must be a whole number from 0 to 65535/],
    ['emulators', ['--service-bus', 'localhost:5672'], /It must be an address such as sb:/],
    ['host', ['--port', ''], /It must be a whole number from 0 to 65535/],
    ['host', ['no-such-folder'], /no-such-folder\S* isn't there/],
    ['host', ['--settings', 'no-such-file.json'], /no-such-file\.json isn't there/],
    ['package', ['--zip'], /argument missing/],
    ['build', ['now'], /too many arguments/],
    ['dvo', ['parked', 'list', '--older-than', '60000'], /It must be a time span such as 90s, 15m, 1h or 7d/],
    ['dvo', ['steps', 'test', 'x', '--wait', '60000'], /It must be a time span such as 90s, 15m, 1h or 7d/],
  ] as const)(
    'npm run %s -- %j',
    async (script, args, expected) => {
      const { code, out, err } = await run(script, ...args);
      expect([code === 2 || code === 64, out]).toEqual([true, '']);
      expect(err).toMatch(expected);
    },
    60_000,
  );
});

test('a time is given as a number of seconds or as a span', async () => {
  for (const seconds of ['1', '1s']) {
    const { code, out } = await run('fuzz', 'readers', '--seconds', seconds, '--seed', '1');
    expect([code, out]).toEqual([0, expect.stringMatching(/^readers: [1-9]\d* bodies, .* from seed 1: 0 failures/)]);
  }
});

test('a span is shown as one where it is the default', async () => {
  expect((await run('dvo', 'steps', 'test', '--help')).out).toMatch(/--wait <span> [^]*\(default:\s+60s\)/);
});
