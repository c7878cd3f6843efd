import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { MAX_YAML_BYTES, type ReadYaml } from '../yaml/yaml-file';

/** Reads the file that a setting names, its path relative to the app's root; undefined where the setting is empty. */
export function readSettingFile<T>(
  setting: string,
  path: string,
  read: (name: string, text: string) => ReadYaml<T>,
): ReadYaml<T> | undefined {
  if (path === '') return undefined;
  try {
    const file = statSync(path);
    if (!file.isFile()) return { ok: false, faults: [`${setting} must name a file, and ${basename(path)} is none`] };
    if (file.size > MAX_YAML_BYTES) return { ok: false, faults: [`${basename(path)} must not be larger than 1 MiB`] };
    return read(basename(path), readFileSync(path, 'utf8'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown fault';
    return {
      ok: false,
      faults: [`${setting} names a file that can't be read (${code}); its path starts at the app's root`],
    };
  }
}
