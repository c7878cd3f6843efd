/** Compiles everything to dist/. With --if-stale only where a source is newer than that: for commands that are run often. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const CONFIG = join(ROOT, 'tsconfig.build.json');
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');
/** Removed before a build and written by it, so it is as old as what is there. */
const BUILT = join(ROOT, 'dist/tools/dvo/dvo.js');

/** When the newest source was changed: its files, and its folders, which tell of files that are gone. */
function newestSourceMs() {
  const { include } = JSON.parse(readFileSync(CONFIG, 'utf8'));
  const entries = include.flatMap((folder) => [
    join(ROOT, folder),
    ...readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  ]);
  return Math.max(...[...entries, CONFIG].map((path) => statSync(path).mtimeMs));
}

const isFresh = () => existsSync(BUILT) && statSync(BUILT).mtimeMs >= newestSourceMs();

if (!existsSync(COMPILER)) {
  console.error('Packages are missing: run npm ci first.');
  process.exitCode = 1;
} else {
  const { Command } = await import('commander');
  const { ifStale } = new Command('npm run build --')
    .description('compile everything to dist/')
    .version(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version)
    .option('--if-stale', 'only where a source is newer than what is there')
    .showHelpAfterError('(--help lists the flags)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse()
    .opts();
  if (ifStale !== true || !isFresh()) {
    rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
    process.exitCode = spawnSync(process.execPath, [COMPILER, '-p', CONFIG], { stdio: 'inherit' }).status ?? 1;
  }
}
