import { Command, CommanderError } from 'commander';
import { codeOf, messageOf, OutboundError } from '../../../shared/errors/errors';
import { visible, visibleLines } from '../../../shared/errors/visible';
import { addDeadLettersCommand } from '../dead-letters/dead-letters';
import { addHubCommand } from '../hub/hub';
import { addInboundCommand } from '../inbound/inbound';
import { addMappingCommand } from '../mapping/mapping';
import { addParkedCommand } from '../parked/parked';
import { addParseCommand } from '../parse/parse';
import { addStoreCommand } from '../store/store';
import { addRelayListenCommand } from '../relay/relay-listen';
import { addRowsCommand } from '../store/rows';
import { addRulesCommand } from '../rules/rules';
import type { Terminal } from './terminal';
import { DriftFound, EXIT, UsageError } from './terminal';
import { VERSION } from './script';
import { addStepsCommand } from '../steps/steps';
import { addTombstonesCommand } from '../store/tombstones';
import { addTrackingCommand } from '../mapping/tracking';

/** Every command of the CLI: one file each. */
const COMMANDS = [
  addParseCommand,
  addRowsCommand,
  addStoreCommand,
  addMappingCommand,
  addRulesCommand,
  addParkedCommand,
  addInboundCommand,
  addDeadLettersCommand,
  addHubCommand,
  addTombstonesCommand,
  addTrackingCommand,
  addStepsCommand,
  addRelayListenCommand,
];

/** The one place that prints: nothing that a sender wrote can act on the terminal. Bytes, which are asked for, are as they are. */
const harmless = (terminal: Terminal): Terminal => ({
  ...terminal,
  out: (text) => terminal.out(visibleLines(text)),
  err: (text) => terminal.err(visibleLines(text)),
  write: (chunk) => terminal.write(typeof chunk === 'string' ? visibleLines(chunk) : chunk),
  ask: (question) => terminal.ask(visibleLines(question)),
  progress: async () => {
    const progress = await terminal.progress();
    return { show: (line) => progress.show(visible(line)), done: () => progress.done() };
  },
});

/**
 * Runs one command of the operator's CLI.
 *
 * @param args without the program's own name
 * @returns the exit code: 0 done, 1 the command failed, 2 drift was found, 64 it was called wrongly
 */
export async function run(args: readonly string[], given: Terminal): Promise<number> {
  const terminal = harmless(given);
  const program = new Command('dvo')
    .description("The operator's tool of dataverse-outbound.")
    .version(VERSION)
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
      terminal.err(`dvo: ${visible(error.message)}\n`);
      return EXIT.usage;
    }
    if (error instanceof DriftFound) {
      terminal.err(`dvo: ${visible(error.message)}\n`);
      return EXIT.drift;
    }
    const code = error instanceof OutboundError ? `${codeOf(error)}: ` : '';
    terminal.err(`dvo: ${code}${visible(messageOf(error))}\n`);
    return EXIT.failed;
  }
}
