import { visible } from '../../../shared/errors/visible';
import { Option, type Command } from 'commander';
import { declarationJsonSchema } from '../../registration/declaration-schema';
import { prepare, type Prepared } from '../../registration/make-plan';
import { keyVault, readSecrets } from '../../registration/secrets';
import { environment } from '../../../shared/settings/environment';
import { spanArgument } from '../terminal/arguments';
import { carryOut, refuseMissingSecrets } from './apply';
import { openDeclaration, openOwner, type OpenDeclaration } from './declaration';
import { importSteps, type ImportFlags } from './import';
import { driftLines, planJson, showNotes, showPlan, type Heading, type Outcome } from './report';
import { testSteps, type TestFlags } from './test';
import { agreed, DriftFound, UsageError, type Terminal } from '../terminal/terminal';

interface Flags {
  readonly environment?: string;
  readonly json?: true;
  readonly yes?: true;
}

const headingOf = ({ declaration, api }: OpenDeclaration): Heading => ({ host: api.host, owner: declaration.owner });

async function planOf(opened: OpenDeclaration): Promise<Prepared> {
  const secrets = await readSecrets(opened.declaration, environment(), keyVault());
  return prepare(opened.api, opened.declaration, secrets);
}

/** @throws Error with every fault that the environment shows */
function refuseFaults({ plan }: Prepared, { at }: OpenDeclaration, terminal: Terminal): void {
  for (const fault of plan.faults) terminal.err(`${visible(at(fault))}\n`);
  if (plan.faults.length > 0) throw new Error('The declaration does not fit the environment. Nothing was changed.');
}

async function plan(terminal: Terminal, file: string, flags: Flags): Promise<void> {
  const opened = await openDeclaration(terminal, { file, ...flags });
  const prepared = await planOf(opened);
  if (flags.json === true) terminal.out(`${planJson(headingOf(opened), prepared.plan, opened.at)}\n`);
  else showPlan(terminal, headingOf(opened), prepared.plan);
  if (flags.json !== true) showNotes(terminal, prepared.plan);
  refuseFaults(prepared, opened, terminal);
}

async function apply(terminal: Terminal, file: string, flags: Flags): Promise<void> {
  const opened = await openDeclaration(terminal, { file, ...flags });
  await change(terminal, opened, await planOf(opened), 'Apply', flags);
}

async function destroy(terminal: Terminal, file: string, flags: Flags): Promise<void> {
  const opened = await openOwner(terminal, { file, ...flags });
  // Of a declaration without anything in it, everything that is there is left over.
  const prepared = await prepare(opened.api, { owner: opened.declaration.owner }, new Map());
  await change(terminal, opened, prepared, 'Delete', flags);
}

/** Shows a plan, asks, and carries it out. */
async function change(
  terminal: Terminal,
  opened: OpenDeclaration,
  prepared: Prepared,
  verb: string,
  flags: Flags,
): Promise<void> {
  const { changes } = prepared.plan;
  const heading = headingOf(opened);
  if (flags.json !== true) {
    showPlan(terminal, heading, prepared.plan);
    showNotes(terminal, prepared.plan);
  }
  let outcome: Outcome = { done: 0 };
  try {
    refuseFaults(prepared, opened, terminal);
    refuseMissingSecrets(prepared);
    await askFor(
      terminal,
      `${verb} ${changes.length} change${changes.length === 1 ? '' : 's'} in ${heading.host}?`,
      prepared,
      flags,
    );
    outcome = await carryOut(terminal, prepared, flags.json === true);
  } catch (error) {
    outcome = { done: 0, refused: true, error: error instanceof Error ? error : new Error(String(error)) };
  }
  const { done, error, refused } = outcome;
  if (flags.json === true) terminal.out(`${planJson(heading, prepared.plan, opened.at, outcome)}\n`);
  if (error === undefined) return;
  if (refused !== true) terminal.err(`${done} of ${changes.length} changes are done. Run it again to continue.\n`);
  throw error;
}

async function askFor(terminal: Terminal, question: string, { plan }: Prepared, { json, yes }: Flags): Promise<void> {
  if (plan.changes.length === 0) return;
  if (json === true && yes !== true) throw new UsageError(`${question} --json does not ask: pass --yes.`);
  await agreed(terminal, question, yes);
}

async function verify(terminal: Terminal, file: string, flags: Flags): Promise<void> {
  const opened = await openDeclaration(terminal, { file, ...flags });
  const prepared = await planOf(opened);
  const drift = [...prepared.plan.faults.map(opened.at), ...driftLines(prepared.plan)];
  if (flags.json === true) terminal.out(`${planJson(headingOf(opened), prepared.plan, opened.at)}\n`);
  else {
    for (const line of drift) terminal.out(`${visible(line)}\n`);
    showNotes(terminal, prepared.plan);
    if (drift.length === 0) terminal.out(`${opened.api.host}: all ${prepared.plan.unchanged} items are as declared\n`);
  }
  if (drift.length > 0)
    throw new DriftFound(
      `${opened.api.host} is not as declared: ${drift.length} difference${drift.length === 1 ? '' : 's'}.`,
    );
}

const SETTINGS = `
DATAVERSE_URL or --environment names the environment. docs/configuration.md lists the settings for the sign-in.
docs/connect.md explains the declaration.`;

/** `dvo steps`: service endpoints, steps and images as a declaration. */
export function addStepsCommand(program: Command, terminal: Terminal): void {
  const steps = program
    .command('steps')
    .description('register service endpoints, steps and images as a file declares them')
    .addHelpText('after', SETTINGS);
  const command = (name: string, description: string): Command =>
    steps
      .command(name)
      .description(description)
      .argument('[file]', 'the declaration', 'dataverse.yaml')
      .option('--environment <name>', "one of the declaration's environments")
      .option('--json', 'print JSON')
      .addHelpText('after', SETTINGS);
  command('plan', 'show what apply would create, change and delete; changes nothing').action(
    (file: string, flags: Flags) => plan(terminal, file, flags),
  );
  command('apply', 'make the environment match the declaration; you can stop it at any time and run it again')
    .option('--yes', "don't ask for confirmation")
    .action((file: string, flags: Flags) => apply(terminal, file, flags));
  command('verify', 'print every difference between declaration and environment; exit code 2 if there are any').action(
    (file: string, flags: Flags) => verify(terminal, file, flags),
  );
  command('destroy', "delete everything that has the mark of the declaration's owner, and nothing else")
    .option('--yes', "don't ask for confirmation")
    .action((file: string, flags: Flags) => destroy(terminal, file, flags));
  command('test', 'have Dataverse send a probe through each endpoint, and print the results; exit code 1 if one failed')
    .option('--row <table>', 'instead create, change and delete a row of this table, and check the jobs of its steps')
    .addOption(
      new Option('--wait <span>', 'how long to wait for each result, such as 90s or 2m')
        .argParser(spanArgument)
        .default(60_000, '60s'),
    )
    .option('--yes', "don't ask before a row is created")
    .action((file: string, flags: TestFlags) => testSteps(terminal, file, flags));
  steps
    .command('import')
    .description('write a declaration of existing registrations; the next apply takes them over')
    .requiredOption('--owner <name>', 'owner of the declaration')
    .option('--out <file>', 'write to this file, which must not exist')
    .addHelpText('after', SETTINGS)
    .action((flags: ImportFlags) => importSteps(terminal, flags));
  steps
    .command('schema')
    .description('print the JSON Schema of declarations, for editors')
    .action(() => terminal.out(`${JSON.stringify(declarationJsonSchema(), null, 2)}\n`));
}
