import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { readMappingPart } from '../../../shared/app/config';
import { environment } from '../../../shared/settings/environment';
import { bypassesSteps } from '../../../shared/settings/inbound';
import { readMappingFile } from '../../../shared/app/mapping-settings';
import { MetadataCatalog } from '../../../shared/dataverse/metadata';
import { hashesColumns } from '../../../shared/mapping/compile-mapping';
import { mappingJsonSchema } from '../../../shared/mapping/mapping-schema';
import { connect, connectToWrite } from '../terminal/connect';
import { findingsOf } from './against-dataverse';
import { mappingDraft } from './draft';
import { SOME_KEY } from '../parse/mapped-change';
import { UsageError, type Terminal, writeNewFile } from '../terminal/terminal';

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

async function check(
  terminal: Terminal,
  argument: string | undefined,
  { fromDataverse }: { readonly fromDataverse?: true },
): Promise<void> {
  const settings = environment();
  const path = argument ?? settings.MAPPING_FILE?.trim() ?? '';
  if (path === '') throw new UsageError('name the mapping file, or set MAPPING_FILE');
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}`);
  const keyIsSet = (settings.REDACTION_KEY?.trim() ?? '') !== '';
  const { faults, mapping } = readMappingPart({
    ...settings,
    MAPPING_FILE: path,
    ...(keyIsSet ? {} : { REDACTION_KEY: SOME_KEY }),
  });
  const all = [...faults];
  const read = readMappingFile(path);
  if (read?.ok === true) {
    if (hashesColumns(read.file) && !keyIsSet)
      terminal.err('note: columns are hashed, so the app needs the setting REDACTION_KEY\n');
    if (fromDataverse === true) {
      const api = connect();
      const catalog = new MetadataCatalog(api, mapping.languages);
      const writer = connectToWrite(api);
      for (const finding of await findingsOf(read.file, api, catalog, writer, bypassesSteps(settings))) {
        if (finding.warning === true) terminal.err(`warning: ${read.at(finding)}\n`);
        else all.push(read.at(finding));
      }
    }
  }
  for (const fault of all) terminal.err(`${fault}\n`);
  if (all.length > 0) throw new Error(`${path} has ${countOf(all.length, 'fault')}.`);
  const counts = [
    countOf(mapping.tables.length, 'table'),
    countOf(mapping.links.size, 'link'),
    countOf(mapping.events.size, 'event'),
  ];
  terminal.out(`${path}: ${counts.join(', ')}, no faults\n`);
}

async function init(
  terminal: Terminal,
  { fromDataverse: tables, out }: { readonly fromDataverse: readonly string[]; readonly out?: string },
): Promise<void> {
  const catalog = new MetadataCatalog(connect());
  const definitions = await Promise.all([...new Set(tables)].map((table) => catalog.get(table)));
  const text = mappingDraft(definitions);
  if (out === undefined) {
    terminal.out(text);
    return;
  }
  await writeNewFile(out, text);
  terminal.err(`${out} was written: ${countOf(definitions.length, 'table')}.\n`);
}

/** `dvo mapping`: checks a mapping file, drafts one, prints its schema. */
export function addMappingCommand(program: Command, terminal: Terminal): void {
  const mapping = program.command('mapping').description('check and draft mapping files (docs/mapping.md)');
  mapping
    .command('check')
    .description('print every fault of a mapping file with its line and column; exit code 1 if there are any')
    .argument('[file]', 'the file (default: MAPPING_FILE)')
    .option(
      '--from-dataverse',
      'also check names of tables, columns and relationships in the environment (DATAVERSE_URL), and what inbound needs',
    )
    .action((file: string | undefined, options: { readonly fromDataverse?: true }) => check(terminal, file, options));
  mapping
    .command('init')
    .description('draft a mapping file that keeps every column, with its type and choices')
    .requiredOption('--from-dataverse <table...>', 'logical names of tables in the environment (DATAVERSE_URL)')
    .option('--out <file>', 'write to this file, which must not exist')
    .action((options: { readonly fromDataverse: readonly string[]; readonly out?: string }) => init(terminal, options));
  mapping
    .command('schema')
    .description('print the JSON Schema of mapping files, for editors')
    .action(() => terminal.out(`${JSON.stringify(mappingJsonSchema(), null, 2)}\n`));
}
