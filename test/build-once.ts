/**
 * Compiles the app for tests that need it as the host runs it: in a process of its own, from plain JavaScript. Types are `tsc`'s business; swc only strips them, which takes
 * well under a second.
 */
import { transformFile } from '@swc/core';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');
const CACHE = join(ROOT, 'node_modules/.cache/dvo-test-build');
const SOURCES = ['functions', 'shared', 'local', 'tools', 'bench', 'test'];
/** What the host reads beside the code. */
const COPIED = ['package.json', 'host.json'];
/** How it is built, too. */
const HASHED = [...COPIED, 'test/build-once.ts'];
const STALE_MS = 60 * 60 * 1000;

let build: Promise<string> | undefined;

/**
 * The app's folder, built: package.json, host.json and dist/. There is one per state of the sources, shared by all Jest workers: each builds aside and moves the result
 * into place, and the first to do so wins.
 */
export function builtFolder(): Promise<string> {
  build ??= buildUnlessDone();
  return build;
}

async function buildUnlessDone(): Promise<string> {
  const files = (await Promise.all(SOURCES.map(typescriptFiles))).flat().sort();
  const hash = createHash('sha256');
  for (const file of [...files, ...HASHED]) hash.update(file).update(await readFile(join(ROOT, file)).catch(() => ''));
  const folder = join(CACHE, hash.digest('hex').slice(0, 16));
  if (await exists(folder)) return folder;

  await mkdir(CACHE, { recursive: true });
  await removeStale();
  const aside = await mkdtemp(join(CACHE, 'building-'));
  await Promise.all(files.map((file) => compile(file, join(aside, 'dist'))));
  for (const file of COPIED) if (await exists(join(ROOT, file))) await cp(join(ROOT, file), join(aside, file));
  await rename(aside, folder).catch(async (error: unknown) => {
    await rm(aside, { recursive: true });
    if (!(await exists(folder))) throw error;
  });
  return folder;
}

async function typescriptFiles(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true });
  return entries
    .filter((entry) => entry.endsWith('.ts') && !entry.endsWith('.d.ts'))
    .map((entry) => join(folder, entry));
}

async function compile(file: string, outDir: string): Promise<void> {
  const { code } = await transformFile(join(ROOT, file), {
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
    // `import()` must stay what it is: it loads ES modules, and modules of ours, whose exports it must then find.
    module: { type: 'commonjs', ignoreDynamic: true, exportInteropAnnotation: true },
    sourceMaps: 'inline',
  });
  const target = join(outDir, file.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}

/** Builds of older sources; younger ones may still be in use by another run. */
async function removeStale(): Promise<void> {
  for (const entry of await readdir(CACHE)) {
    const path = join(CACHE, entry);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
