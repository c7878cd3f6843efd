import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.join(__dirname, '../../infra');

/** The files of `infra/`, by their paths in it. */
export const deploymentFiles = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(FOLDER, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.relative(FOLDER, file).split(path.sep).join('/'), readFileSync(file, 'utf8')];
      }),
  );
