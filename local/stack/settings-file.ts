import { closeSync, fchmodSync, openSync, writeFileSync } from 'node:fs';

/** Settings in the form of local.settings.json. */
export const asJson = (settings: Readonly<Record<string, string>>): string =>
  JSON.stringify({ IsEncrypted: false, Values: settings }, null, 2);

/** Who may read a file of settings, which holds keys: its owner. */
const OWNER_ONLY = 0o600;

/** Writes settings to a file: as lines for a shell if its name ends in .env, else in the form of local.settings.json. */
export function writeSettings(file: string, settings: Readonly<Record<string, string>>): void {
  const content = file.endsWith('.env')
    ? Object.entries(settings)
        .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`)
        .join('\n')
    : asJson(settings);
  const opened = openSync(file, 'w', OWNER_ONLY);
  // A file that was there has kept its mode.
  fchmodSync(opened, OWNER_ONLY);
  writeFileSync(opened, `${content}\n`);
  closeSync(opened);
}

/** The line that brings the settings of a file into a shell, which looks for a name without a folder elsewhere. */
export const sourced = (file: string): string => `. ${file.includes('/') ? file : `./${file}`}`;
