import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { readMappingPart } from '../../../shared/app/config';
import { lookUpFaults, readRulesFile } from '../../../shared/app/rules-settings';
import type { ReadRules } from '../../../shared/rules/read-rules';
import type { Rule } from '../../../shared/rules/rule';
import { rulesJsonSchema } from '../../../shared/rules/rules-schema';
import { environment } from '../../../shared/settings/environment';
import { bodyOf, UsageError, type Terminal } from '../terminal/terminal';
import { withSlowPatterns } from './slow-patterns';
import { tryRules } from './try';

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Reads a rules file that has to be there. @throws UsageError */
function rulesAt(argument: string | undefined): { readonly path: string; readonly read: ReadRules } {
  const path = argument ?? environment().RULES_FILE?.trim() ?? '';
  if (path === '') throw new UsageError('name the rules file, or set RULES_FILE');
  const read = existsSync(path) ? readRulesFile(path) : undefined;
  if (read === undefined) throw new UsageError(`there is no file ${path}`);
  return { path, read };
}

function check(terminal: Terminal, argument: string | undefined): void {
  const { path, read: asTheApp } = rulesAt(argument);
  const read = withSlowPatterns(asTheApp);
  const faults = read.ok ? storeFaults(read) : read.faults;
  for (const fault of faults) terminal.err(`${fault}\n`);
  if (!read.ok || faults.length > 0) throw new Error(`${path} has ${countOf(faults.length, 'fault')}.`);
  const { tables, messages, image } = read.file;
  const rules = [...tables.values(), ...messages.values()].reduce((sum, of) => sum + of.length, 0);
  const counts = [countOf(rules, 'rule'), countOf(tables.size, 'table'), countOf(messages.size, 'message')];
  terminal.out(`${path}: ${counts.join(', ')}, no faults\n`);
  for (const [table, of] of tables) terminal.out(stepText(table, of, image));
}

/** What a rule asks of the store, where the settings say which tables there are. */
function storeFaults(read: Extract<ReadRules, { ok: true }>): readonly string[] {
  const settings = environment();
  const { mapping, tables, faults } = readMappingPart(settings);
  if (faults.length > 0 || tables.length === 0) return [];
  return lookUpFaults(read.file, { kind: settings.LOB_STORE?.trim() ?? '', tables, mapping }, read.at);
}

/** Which steps a table's rules need. */
function stepText(table: string, rules: readonly Rule[], image: string): string {
  const operations = new Set(rules.flatMap(({ operations: of }) => [...(of ?? [])]));
  const columns = [...new Set(rules.flatMap((rule) => rule.columns))].sort();
  const needsImage = operations.has('Update') || operations.has('Delete');
  return (
    `${table}: steps for ${[...operations].join(', ')}; looks at ${columns.join(', ') || 'no column'}` +
    `${needsImage && columns.length > 0 ? `, which the pre image "${image}" must have` : ''}\n`
  );
}

async function tryOut(
  terminal: Terminal,
  argument: string,
  contextFile: string,
  { truncated }: { readonly truncated?: true },
): Promise<void> {
  const { read } = rulesAt(argument);
  if (!read.ok) throw new UsageError(read.faults.join('\n     '));
  await tryRules(terminal, read.file, await bodyOf(terminal, contextFile), truncated === true);
}

/** `dvo rules`: checks a rules file, tries it on a context, prints its schema. */
export function addRulesCommand(program: Command, terminal: Terminal): void {
  const rules = program.command('rules').description('check and try the rules of validate (docs/validation.md)');
  rules
    .command('check')
    .description('print every fault of a rules file with its line and column; exit code 1 if there are any')
    .argument('[file]', 'the file (default: RULES_FILE)')
    .action((file: string | undefined) => check(terminal, file));
  rules
    .command('try')
    .description('print what each rule says of an operation; exit code 1 if one refuses it')
    .argument('<rules>', 'the rules file')
    .argument('<context>', 'the body that Dataverse posts, or - for standard input')
    .option('--truncated', 'treat the body as one from which Dataverse removed members for size')
    .action((file: string, context: string, options: { readonly truncated?: true }) =>
      tryOut(terminal, file, context, options),
    );
  rules
    .command('schema')
    .description('print the JSON Schema of rules files, for editors')
    .action(() => terminal.out(`${JSON.stringify(rulesJsonSchema(), null, 2)}\n`));
}
