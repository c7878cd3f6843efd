/**
 * Makes the folder that is deployed: host.json, package.json and the functions, bundled with all that they need of
 * node_modules. CONTRIBUTING.md says why it is as it is.
 */
import { build, type Metafile } from 'esbuild';
import { existsSync, globSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { readMappingFile } from '../../shared/app/mapping-settings';
import { readRulesFile } from '../../shared/app/rules-settings';
import type { ReadRules } from '../../shared/rules/read-rules';
import type { ReadYaml } from '../../shared/yaml/yaml-file';
import { withSlowPatterns } from '../dvo/rules/slow-patterns';
import { noticesOf, packageOf } from './notices';

/** What to package, and where to. */
export interface PackageOptions {
  /** Folder of the app's sources: functions/, host.json, package.json, node_modules/. */
  readonly root: string;
  /** Folder to make; if it is there, it must be empty. */
  readonly out: string;
  /** A mapping file to deploy, at the root of the folder. */
  readonly mapping?: string;
  /** A rules file to deploy, at the root of the folder. */
  readonly rules?: string;
  /** Writes source maps beside the code, for `--enable-source-maps`. @default false */
  readonly sourceMaps?: boolean;
}

/** A function of the folder. */
export interface PackagedFunction {
  readonly name: string;
  /** Of the code that is loaded to register it; all functions share most of it. */
  readonly bytes: number;
  /** Packages in that code, by name. What else a call of it may need is loaded by that call. */
  readonly packages: readonly string[];
}

/** Thrown when a folder can't be made from what was given. */
export class PackagingError extends Error {}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly engines: object;
}

/** `require` of what is left outside: the platform gives `@azure/functions-core` to that alone. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * Makes the folder.
 *
 * @throws PackagingError if `out` isn't empty, the mapping or rules file has faults or the code can't be bundled
 */
export async function packageApp(options: PackageOptions): Promise<readonly PackagedFunction[]> {
  const { root, out, mapping, rules, sourceMaps = false } = options;
  if (existsSync(out) && (await readdir(out)).length > 0)
    throw new PackagingError(`${out} is not empty: name a new folder, or empty it.`);
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: globSync('functions/*.ts', { cwd: root }).sort(),
    outdir: out,
    outbase: '.',
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    // What several functions use is one module for all: one writer in a process.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: REQUIRE },
    // `debug` takes supports-color where it happens to be there: so here, for development, and not in a deployment.
    external: ['@azure/functions-core', 'supports-color'],
    legalComments: 'none',
    ...(sourceMaps ? { sourcemap: 'linked', sourcesContent: false } : {}),
    metafile: true,
    logLevel: 'silent',
  });
  const [warning] = warnings;
  if (warning !== undefined)
    throw new PackagingError(`The code can't be bundled: ${warning.text} (${warning.location?.file ?? ''})`);
  await mkdir(out, { recursive: true });
  await copyFile(join(root, 'host.json'), join(out, 'host.json'));
  await writeFile(join(out, 'package.json'), `${JSON.stringify(await manifestOf(root), undefined, 2)}\n`);
  await writeFile(join(out, 'THIRD-PARTY-NOTICES.txt'), await noticesOf(root, Object.keys(metafile.inputs)));
  if (mapping !== undefined) await copyChecked('mapping', mapping, readMappingFile, out);
  if (rules !== undefined) await copyChecked('rules', rules, readCheckedRules, out);
  return functionsOf(metafile);
}

async function manifestOf(root: string): Promise<object> {
  const { name, version, license, engines } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  ) as Manifest;
  return { name, version, private: true, license, main: 'functions/*.mjs', engines };
}

function readCheckedRules(path: string): ReadRules | undefined {
  const read = readRulesFile(path);
  return read && withSlowPatterns(read);
}

/** A file that isn't there or has faults would only be found by the deployed app. */
async function copyChecked(
  kind: string,
  path: string,
  read: (path: string) => ReadYaml<unknown> | undefined,
  out: string,
): Promise<void> {
  if (!existsSync(path)) throw new PackagingError(`There is no ${kind} file ${path}.`);
  const found = read(path);
  if (found?.ok === false) throw new PackagingError(found.faults.join('\n'));
  await copyFile(path, join(out, basename(path)));
}

function functionsOf({ outputs }: Metafile): PackagedFunction[] {
  return Object.entries(outputs)
    .filter(([path, { entryPoint }]) => entryPoint?.startsWith('functions/') === true && path.endsWith('.mjs'))
    .map(([path]) => {
      const loaded = [...loadedBy(path, outputs)].flatMap((one) => outputs[one] ?? []);
      const packages = loaded.flatMap(({ inputs }) =>
        Object.entries(inputs).flatMap(([input, { bytesInOutput }]) =>
          bytesInOutput > 0 ? (packageOf(input)?.name ?? []) : [],
        ),
      );
      return {
        name: basename(path, extname(path)),
        bytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0),
        packages: [...new Set(packages)].sort(),
      };
    });
}

/** A file and all that it imports, and so on; without what it imports only when it is called. */
function loadedBy(path: string, outputs: Metafile['outputs'], known = new Set<string>()): Set<string> {
  if (known.has(path)) return known;
  known.add(path);
  for (const { path: next, kind, external } of outputs[path]?.imports ?? [])
    if (kind === 'import-statement' && external !== true) loadedBy(next, outputs, known);
  return known;
}
