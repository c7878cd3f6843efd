/** Proves what `func azure functionapp publish` takes from this folder: the app, and no source, test or secret. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.join(__dirname, '../../..');
/** What the build makes of each folder of sources. */
const BUILT = ['bench', 'functions', 'local', 'shared', 'test', 'tools'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'dvo-funcignore-'));
  execFileSync('git', ['init', '--quiet', folder]);
  // Core Tools reads it as git reads its own: https://learn.microsoft.com/azure/azure-functions/functions-core-tools-reference#func-azure-functionapp-publish
  copyFileSync(path.join(ROOT, '.funcignore'), path.join(folder, '.gitignore'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Those of some paths that are published. */
function published(paths: readonly string[]): readonly string[] {
  const { stdout, status } = spawnSync('git', ['check-ignore', '--no-index', '--stdin'], {
    cwd: folder,
    input: paths.join('\n'),
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  const ignored = new Set(stdout.split('\n'));
  return paths.filter((each) => !ignored.has(each));
}

test('of this folder: the app as it is built, and what it needs to run', () => {
  const own = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
  expect(own.length).toBeGreaterThan(500);
  expect(published(own)).toEqual(['LICENSE', 'host.json', 'package-lock.json', 'package.json']);
  const built = BUILT.map((name) => `dist/${name}/x.js`);
  expect(published([...built, 'node_modules/zod/index.js'])).toEqual([
    'dist/functions/x.js',
    'dist/shared/x.js',
    'node_modules/zod/index.js',
  ]);
});

test('no secret that may lie about', () => {
  const secrets = ['local.settings.json', 'local.settings.prod.json', '.env', 'prod.env', 'stack.env', 'app.zip'];
  const keys = ['app.pem', 'certs/app.pem', 'app.key', 'app.pfx', 'app.p12'];
  expect(published([...secrets, ...keys, '.azure/dev/.env', 'dataverse.yaml'])).toEqual([]);
});
