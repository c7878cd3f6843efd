import { writeFile } from 'node:fs/promises';
import { UsageError } from './terminal';

/** Writes a file that isn't there yet. @throws UsageError where it is */
export async function writeNewFile(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`${file} already exists and was not overwritten`, { cause: error });
  }
}
