import { Command, CommanderError } from 'commander';
import { codeOf, messageOf, OutboundError } from '../shared/errors';
import { addDeadLettersCommand } from './dead-letters';
import { addHubCommand } from './hub';
import { addMappingCommand } from './mapping';
import { addOpenApiCommand } from './openapi';
import { addParkedCommand } from './parked';
import { addParseCommand } from './parse';
import { addRowsCommand } from './rows';
import type { Terminal } from './terminal';
import { DriftFound, EXIT, UsageError } from './terminal';
import { addStepsCommand } from './steps';
import { addTombstonesCommand } from './tombstones';
import { addTrackingCommand } from './tracking';

/** Every command of the CLI: one file each. */
const COMMANDS = [
  addParseCommand,
  addRowsCommand,
  addMappingCommand,
  addParkedCommand,
  addDeadLettersCommand,
  addHubCommand,
  addTombstonesCommand,
  addTrackingCommand,
  addStepsCommand,
  addOpenApiCommand,
];

/**
 * Runs one command of the operator's CLI.
 *
 * @param args without the program's own name
 * @returns the exit code: 0 done, 1 the command failed, 2 drift was found, 64 it was called wrongly
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command('dvo')
    .description("The operator's tool of dataverse-outbound.")
    .exitOverride()
    .showHelpAfterError('(dvo --help lists the commands)')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
  // Subcommands take over the settings that the program has when they are added.
  for (const add of COMMANDS) add(program, terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError) {
      terminal.err(`dvo: ${error.message}\n`);
      return EXIT.usage;
    }
    if (error instanceof DriftFound) {
      terminal.err(`dvo: ${error.message}\n`);
      return EXIT.drift;
    }
    const code = error instanceof OutboundError ? `${codeOf(error)}: ` : '';
    terminal.err(`dvo: ${code}${messageOf(error)}\n`);
    return EXIT.failed;
  }
}
