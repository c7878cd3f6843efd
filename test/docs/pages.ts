/** The pages that people read, and the sources that name them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Made, or of others. */
const NOT_OURS = new Set(['.git', '.stryker-tmp', 'coverage', 'dist', 'node_modules']);

function* filesUnder(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory() && !NOT_OURS.has(entry.name)) yield* filesUnder(file);
    else if (entry.isFile()) yield file;
  }
}

const ALL = [...filesUnder('.')];
const texts = (names: RegExp): ReadonlyMap<string, string> =>
  new Map(ALL.filter((file) => names.test(file)).map((file) => [file, readFileSync(file, 'utf8')]));

/** Every page, by its path from the repository's root. */
export const PAGES = texts(/\.md$/);

/** What may name a page, a setting or a code: code, templates, workflows, samples. */
export const SOURCES = texts(/\.(?:ts|mjs|js|json|ya?ml|bicep|bicepparam|kql|sh)$|^\.ci\/run$/);

/** @throws Error where there is no such page */
export function page(file: string): string {
  const text = PAGES.get(file);
  if (text === undefined) throw new Error(`There is no page ${file}.`);
  return text;
}

/** A page without its code. */
export const prose = (text: string): string => text.replaceAll(/^ *```[^]*?^ *```$/gm, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replaceAll(/^ *```[^]*?^ *```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    for (let count = 0; ; count += 1) {
      const name = count === 0 ? anchor : `${anchor}-${count}`;
      if (anchors.has(name)) continue;
      anchors.add(name);
      break;
    }
  }
  return anchors;
}
