import { zipSync, type Zippable } from 'fflate';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PackagingError } from './package-app';

/** The earliest that a zip file knows: the same files make the same bytes. */
const DATE = new Date(1980, 0, 1);
/** A regular file that everyone may read, on Unix. */
const UNIX = 3;
const READABLE = 0o100_644 * 2 ** 16;

/**
 * Writes a folder's files into a zip file, paths relative to the folder.
 *
 * @throws PackagingError if the file can't be written
 */
export async function zipFolder(folder: string, file: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const files: Zippable = {};
  for (const path of paths)
    files[relative(folder, path).split(sep).join('/')] = [
      await readFile(path),
      { mtime: DATE, os: UNIX, attrs: READABLE },
    ];
  await writeFile(file, zipSync(files, { level: 9 })).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown fault';
    throw new PackagingError(`${file} can't be written (${code}).`, { cause: error });
  });
}
