import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

/** The settings with which the app maps what the day brings, and what the check has to know of them. */
export interface DaySettings {
  /** Absolute, so that it doesn't matter where the app is started. */
  readonly MAPPING_FILE: string;
  readonly REDACTION_KEY: string;
}

/** @param root folder of the repository: the mapping file isn't compiled, so it lies with the sources */
export const daySettings = (root: string): DaySettings => ({
  MAPPING_FILE: join(root, 'local/day/mapping.yaml'),
  REDACTION_KEY: randomBytes(32).toString('base64'),
});
