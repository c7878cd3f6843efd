"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.run = run;
const commander_1 = require("commander");
const errors_1 = require("../shared/errors");
const dead_letters_1 = require("./dead-letters");
const hub_1 = require("./hub");
const mapping_1 = require("./mapping");
const parked_1 = require("./parked");
const parse_1 = require("./parse");
const rows_1 = require("./rows");
const terminal_1 = require("./terminal");
const tombstones_1 = require("./tombstones");
const tracking_1 = require("./tracking");
/** Every command of the CLI: one file each. */
const COMMANDS = [
    parse_1.addParseCommand,
    rows_1.addRowsCommand,
    mapping_1.addMappingCommand,
    parked_1.addParkedCommand,
    dead_letters_1.addDeadLettersCommand,
    hub_1.addHubCommand,
    tombstones_1.addTombstonesCommand,
    tracking_1.addTrackingCommand,
];
/**
 * Runs one command of the operator's CLI.
 *
 * @param args without the program's own name
 * @returns the exit code: 0 done, 1 the command failed, 2 it was called wrongly
 */
async function run(args, terminal) {
    const program = new commander_1.Command('dvo')
        .description("The operator's tool of dataverse-outbound.")
        .exitOverride()
        .showHelpAfterError('(dvo --help lists the commands)')
        .configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
    // Subcommands take over the settings that the program has when they are added.
    for (const add of COMMANDS)
        add(program, terminal);
    try {
        await program.parseAsync(args, { from: 'user' });
        return terminal_1.EXIT.ok;
    }
    catch (error) {
        if (error instanceof commander_1.CommanderError)
            return error.exitCode === 0 ? terminal_1.EXIT.ok : terminal_1.EXIT.usage;
        if (error instanceof terminal_1.UsageError) {
            terminal.err(`dvo: ${error.message}\n`);
            return terminal_1.EXIT.usage;
        }
        const code = error instanceof errors_1.OutboundError ? `${(0, errors_1.codeOf)(error)}: ` : '';
        terminal.err(`dvo: ${code}${(0, errors_1.messageOf)(error)}\n`);
        return terminal_1.EXIT.failed;
    }
}
//# sourceMappingURL=run.js.map