import { closeSync, fchmodSync, openSync, writeFileSync } from 'node:fs';

/** Settings in the form of local.settings.json. */
const asJson = (settings: Readonly<Record<string, string>>): string =>
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

/**
 * How to start the app with some settings, as lines for a shell; the settings come first, unless they are in `file`.
 */
export function howToStart(settings: Readonly<Record<string, string>>, webhookUrl: string, file?: string): string {
  const { port } = new URL(webhookUrl);
  return [
    file === undefined ? `local.settings.json:\n${asJson(settings)}\n` : `The settings are in ${file}.\n`,
    'Start the app with these settings, for example:',
    // Node reads this one before it starts, so it can't come from local.settings.json.
    file?.endsWith('.env') === true
      ? `  ${sourced(file)}`
      : `  export NODE_EXTRA_CA_CERTS=${settings.NODE_EXTRA_CA_CERTS ?? ''}`,
    `  npm run host -- --port ${port}    # or, with Core Tools and Node 22 or newer in PATH: func start --port ${port}`,
    '',
  ].join('\n');
}
