/**
 * Proves that the folder that is deployed is the whole app: away from any node_modules, under the local host, it brings a
 * change to the store by every way, by one writer, and loads what only some calls need when they need it. And what is in the
 * folder and in the zip file, and what isn't.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { unzipSync } from 'fflate';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { packageApp, PackagingError, type PackagedFunction } from '../../../tools/packaging/package-app';
import { zipFolder } from '../../../tools/packaging/zip';
import { PUSHED, System, type Answer } from '../../e2e/system';
import { bodyOf, type Plain } from '../../rules/operations';
import { FUNCTION_NAMES } from '../../../shared/settings/functions';

const ROOT = resolve(__dirname, '../../..');
const FUNCTIONS = FUNCTION_NAMES.toSorted();
/** Those that have their settings here. */
const RUNNING = FUNCTIONS.filter((name) => !name.startsWith('inbound-'));

const VALIDATE_KEY = 'a-key-of-the-tests-of-packages-0002';

/** The part of package-lock.json that tells what a package is there for. */
interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: true }>>;
}

let temporary: string;
let out: string;
let functions: readonly PackagedFunction[];

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'dvo-package-'));
  out = join(temporary, 'app');
  const mapping = join(temporary, 'mapping.yaml');
  await writeFile(mapping, 'tables:\n  account:\n    columns: { name: Title }\n');
  const rules = join(temporary, 'rules.yaml');
  await writeFile(rules, "tables:\n  account:\n    - { code: named, message: Name it., expr: 'has(target.name)' }\n");
  functions = await packageApp({ root: ROOT, out, mapping, rules });
});
afterAll(() => rm(temporary, { recursive: true }));

const files = async (): Promise<string[]> => {
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(out.length + 1)
        .split(sep)
        .join('/'),
    )
    .sort();
};

describe('the folder', () => {
  test('holds the functions, their code, and what the platform reads; nothing else', async () => {
    const found = await files();
    expect(found.filter((file) => !file.startsWith('chunks/'))).toEqual([
      'THIRD-PARTY-NOTICES.txt',
      ...FUNCTIONS.map((name) => `functions/${name}.mjs`),
      'host.json',
      'mapping.yaml',
      'package.json',
      'rules.yaml',
    ]);
    expect(found.filter((file) => file.startsWith('chunks/')).every((file) => file.endsWith('.mjs'))).toBe(true);
    expect(await readFile(join(out, 'host.json'), 'utf8')).toBe(await readFile(join(ROOT, 'host.json'), 'utf8'));
  });

  test('its package.json asks for no package and names the functions', async () => {
    const manifest = JSON.parse(await readFile(join(out, 'package.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ name: 'dataverse-outbound', private: true, main: 'functions/*.mjs' });
    expect(Object.keys(manifest)).not.toContain('dependencies');
  });

  test('each function loads the client of tables to be registered, and no other', () => {
    expect(functions.map(({ name }) => name).toSorted()).toEqual(FUNCTIONS);
    for (const { name, packages } of functions) {
      expect(packages).toContain('@azure/functions');
      // What validate works with is loaded where there are rules.
      expect([name, packages.includes('@azure/data-tables')]).toEqual([name, name !== 'validate']);
      expect(packages).not.toContain('@marcbachmann/cel-js');
      for (const later of ['@azure/identity', '@azure/storage-blob', '@azure/service-bus', 'undici'])
        expect(packages).not.toContain(later);
    }
  });

  test('undici, which is loaded late and can be done without, sends from it', async () => {
    const chunk = (await files()).find((file) => file.startsWith('chunks/undici-http'));
    // Jest's own import doesn't load ES modules.
    const code = `
      import { createServer } from 'node:http';
      import { UndiciHttp } from ${JSON.stringify(pathToFileURL(join(out, chunk ?? 'none')).href)};
      const server = createServer((_, response) => response.end('answered')).listen(0, '127.0.0.1', async () => {
        const http = new UndiciHttp();
        const url = 'http://127.0.0.1:' + server.address().port;
        const request = { url, method: 'GET', headers: new Map(), timeout: 0, allowInsecureConnection: true };
        request.headers.toJSON = () => ({});
        console.log((await http.sendRequest(request)).bodyAsText);
        process.exit();
      });`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
    expect(stdout.trim()).toBe('answered');
  });

  test('there is one copy of the services, and so one writer, for all functions', async () => {
    const holders: string[] = [];
    for (const file of await files())
      if ((await readFile(join(out, file), 'utf8')).includes('function appServices(')) holders.push(file);
    expect(holders).toEqual([expect.stringMatching(/^chunks\//)]);
  });

  test('the licences of the packages are in it, of those that are loaded later, too', async () => {
    const notices = await readFile(join(out, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of ['zod', 'saxes', '@marcbachmann/cel-js', '@azure/identity', '@azure/service-bus'])
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
  });

  test('no package is in it that is only there for development', async () => {
    const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
    const needed = new Set(
      Object.entries(packages)
        .filter(([, { dev }]) => dev !== true)
        .map(([folder, { version }]) => `${folder.replace(/^.*node_modules\//, '')} ${version}`),
    );
    const notices = await readFile(join(out, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    const bundled = [...notices.matchAll(/^-{80}\n(\S+ \d\S+)/gm)].map(([, name = '']) => name);
    expect(bundled.length).toBeGreaterThan(50);
    expect(bundled.filter((name) => !needed.has(name))).toEqual([]);
  });

  test('a folder with something in it is left alone', async () => {
    const before = await files();
    await expect(packageApp({ root: ROOT, out })).rejects.toThrow(PackagingError);
    expect(await files()).toEqual(before);
  });

  test('a mapping file with faults is not packaged', async () => {
    const mapping = join(temporary, 'wrong.yaml');
    await writeFile(mapping, 'tables:\n  Account: {}\n');
    await expect(packageApp({ root: ROOT, out: join(temporary, 'wrong'), mapping })).rejects.toThrow(
      /wrong\.yaml:2:3 tables\.Account must be the logical name/,
    );
  });

  test('nor is a rules file with faults', async () => {
    const rules = join(temporary, 'wrong.yaml');
    await writeFile(rules, 'tables:\n  account:\n    - { code: a, message: b, expr: "x" }\n');
    await expect(packageApp({ root: ROOT, out: join(temporary, 'wrong-rules'), rules })).rejects.toThrow(
      /wrong\.yaml:3:\d+ tables\.account\[0\]\.expr can't be read: Unknown variable: x/,
    );
  });

  test('nor is one with a pattern that can take for ever', async () => {
    const rules = join(temporary, 'slow.yaml');
    await writeFile(rules, 'tables:\n  account:\n    - { code: a, message: b, pattern: { name: "(a+)+" } }\n');
    await expect(packageApp({ root: ROOT, out: join(temporary, 'slow-rules'), rules })).rejects.toThrow(
      /slow\.yaml:3:\d+ tables\.account\[0\]\.pattern\.name can take too long/,
    );
  });

  test('nor is one that is not there, which is told by the name that was given', async () => {
    const mapping = join(temporary, 'none.yaml');
    await expect(packageApp({ root: ROOT, out: join(temporary, 'none'), mapping })).rejects.toThrow(
      new PackagingError(`There is no mapping file ${mapping}.`),
    );
  });
});

test('the zip file holds the same files, and the same bytes each time', async () => {
  const zips = ['a.zip', 'b.zip'].map((name) => join(temporary, name));
  for (const zip of zips) await zipFolder(out, zip);
  const [first, second] = await Promise.all(zips.map((zip) => readFile(zip)));
  expect(first?.equals(second ?? Buffer.of())).toBe(true);
  const unzipped = unzipSync(first ?? Buffer.of());
  expect(Object.keys(unzipped).sort()).toEqual(await files());
  const differing: string[] = [];
  for (const file of await files())
    if (!(await readFile(join(out, file))).equals(unzipped[file] ?? Buffer.of())) differing.push(file);
  expect(differing).toEqual([]);
});

test('a zip file that can not be written', async () => {
  const file = join(temporary, 'no folder', 'a.zip');
  await expect(zipFolder(out, file)).rejects.toThrow(`${file} can't be written (ENOENT).`);
});

describe('the packaged app in the local host', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start(null);
    await system.startApp(
      {
        ...{ SYNC_TABLES: 'account', MAPPING_FILE: join(out, 'mapping.yaml'), SERVICEBUS_RETRY_FIRST_SECONDS: '1' },
        ...{ RULES_FILE: join(out, 'rules.yaml'), VALIDATE_KEYS: VALIDATE_KEY },
      },
      out,
    );
  });
  afterAll(() => system.stop());

  test('all functions run', () => {
    expect(system.states()).toEqual(Object.fromEntries(RUNNING.map((name) => [name, 'running'])));
  });

  test.each(PUSHED)('a row that is pushed by %s lies in the store', async (way) => {
    const id = await system.pushing('account', way, () => system.dataverse.create('account', { name: `By ${way}` }));
    await system.until(`the row of ${way}`, async () => (await system.entity('account', id))?.Title === `By ${way}`);
  });

  test('what cannot be processed now comes again as a delayed copy', async () => {
    // All attempts of one read-back.
    system.dataverse.failNext(6, 503, { path: 'accounts(', headers: { 'Retry-After': '0' } });
    const way = 'service-bus-queue';
    const id = await system.pushing('account', way, () => system.dataverse.create('account', { name: 'Late' }));
    await system.until('the late row', async () => (await system.entity('account', id))?.Title === 'Late');
    expect(await system.logged('delayed')).toMatchObject([{ source: way, code: 'web-api' }]);
  });

  test('an operation is judged by an expression', async () => {
    const ask = (target: Plain): Promise<Answer> =>
      system.post(bodyOf({ target }), { function: 'validate', query: `?code=${VALIDATE_KEY}` });
    expect(await ask({ name: 'a' })).toEqual({ status: 200, body: { allowed: true } });
    expect(await ask({ fax: 'b' })).toMatchObject({ status: 400, body: { allowed: false, code: 'named' } });
  });

  test('a row that was never pushed comes by a pull', async () => {
    const id = await system.dataverse.create('account', { name: 'Never pushed' });
    await system.pull();
    expect(await system.entity('account', id)).toMatchObject({ Title: 'Never pushed' });
  });
});
