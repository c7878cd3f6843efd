import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A package of node_modules. */
interface Package {
  readonly name: string;
  /** Its folder, relative to the app's. */
  readonly folder: string;
}

/** The package that a bundled file is of; undefined for the app's own. */
export function packageOf(file: string): Package | undefined {
  const [folder, name] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)(?=\/)/.exec(file) ?? [];
  return folder === undefined || name === undefined ? undefined : { name, folder };
}

/** Names, versions and licences of the packages that bundled files are of: what their licences ask for in a copy. */
export async function noticesOf(root: string, files: readonly string[]): Promise<string> {
  const packages = new Map(files.flatMap((file) => packageOf(file) ?? []).map((one) => [one.folder, one]));
  const notices = [...packages.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ folder }) => noticeOf(join(root, folder)));
  return `The code of this app contains these packages.\n\n${(await Promise.all(notices)).join('\n')}`;
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = (await readdir(folder)).filter((file) => /^(?:licen[cs]e|notice)(?:[.-]|$)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const head = `${name} ${version}${license === undefined ? '' : ` (${license})`}`;
  return `${'-'.repeat(80)}\n${head}\n\n${texts.map((text) => `${text.trim()}\n`).join('\n')}`;
}
