/** Proves that an old Node.js is told at the start, by whichever function is loaded first, before anything fails under it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { packageApp } from '../../tools/packaging/package-app';
import { builtFolder } from '../build-once';
import { FUNCTION_NAMES } from '../../shared/settings/functions';

const ROOT = resolve(__dirname, '../..');

/** Makes this Node.js look like an older one, which lacks what newer ones have, and loads a file. */
const SCRIPT = `
  Object.defineProperty(process.versions, 'node', { value: process.argv[2] });
  if (process.argv[2].startsWith('20.')) delete Map.groupBy;
  import(process.argv[1]);
`;

const load = (file: string, version: string) =>
  spawnSync(process.execPath, ['-e', SCRIPT, file, version], { encoding: 'utf8' });

/** The functions as they are built, and as they are deployed. */
const files: string[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dvo-package-'));
  const out = join(folder, 'app');
  await packageApp({ root: ROOT, out });
  for (const functions of [join(await builtFolder(), 'dist/functions'), join(out, 'functions')])
    for (const name of await readdir(functions)) if (/\.m?js$/.test(name)) files.push(join(functions, name));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('every function, loaded first by Node.js 20, says so and stops', () => {
  expect(files).toHaveLength(2 * FUNCTION_NAMES.length);
  for (const file of files) {
    const { status, stderr } = load(file, '20.20.2');
    const [record = ''] = stderr.split('\n').filter((line) => line.startsWith('misconfigured '));
    expect([file, status, record]).toEqual([file, 1, expect.stringContaining('"event":9001,"level":"error"')]);
    expect(record).toContain('Node.js 20.20.2 is too old: this app needs Node.js 22 or newer');
    expect(stderr).not.toContain('groupBy');
  }
});

test('the oldest one that is taken is that of package.json', async () => {
  const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
  const oldest = engines.node.replace('>=', '');
  expect(load(files[0] ?? '', `${oldest}.0.0`).stderr).not.toContain('too old');
});
