import { visible } from '../../../shared/errors/visible';
import { KEY } from '../../registration/declaration-schema';
import { importedDeclaration, tablesOf } from '../../registration/import-declaration';
import { Messages, readRegistered } from '../../registration/registered';
import { readTables } from '../../registration/web-api-reads';
import { environmentAt } from './declaration';
import { UsageError, type Terminal, writeNewFile } from '../terminal/terminal';

/** What `dvo steps import` is told. */
export interface ImportFlags {
  readonly owner: string;
  readonly out?: string;
}

/** Writes a declaration of what is registered. */
export async function importSteps(terminal: Terminal, { owner, out }: ImportFlags): Promise<void> {
  if (!KEY.test(owner)) throw new UsageError('--owner must be a name of letters, digits, _ and -, 40 at most');
  const api = environmentAt();
  const registered = await readRegistered(api, []);
  const messages = await Messages.read(api, [], registered);
  const tables = await readTables(api, tablesOf(registered, messages));
  const tracked = [...tables].filter(([, { tracking }]) => tracking === 'on').map(([table]) => table);
  const { text, endpoints, steps, notes } = importedDeclaration(owner, registered, messages, tracked.sort());
  if (out === undefined) terminal.out(text);
  else await writeNewFile(out, text);
  for (const note of notes) terminal.err(`note: ${visible(note)}\n`);
  if (out !== undefined) terminal.err(`${out} was written: ${endpoints} endpoints, ${steps} steps.\n`);
}
