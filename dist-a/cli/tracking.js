"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addTrackingCommand = addTrackingCommand;
const commander_1 = require("commander");
const config_1 = require("../shared/config/config");
const metadata_1 = require("../shared/dataverse/metadata");
const table_tracking_1 = require("../shared/dataverse/table-tracking");
const errors_1 = require("../shared/errors");
const connect_1 = require("./connect");
const terminal_1 = require("./terminal");
const text_table_1 = require("./text-table");
const SAYS = {
    on: () => 'on',
    off: (table) => `off: dvo tracking enable ${table}`,
    impossible: () => "off, and can't be enabled",
    unknown: () => 'no such table for this user',
};
async function trackingIn(api, table) {
    try {
        return await (0, table_tracking_1.readTracking)(api, table);
    }
    catch (error) {
        if (error instanceof metadata_1.TableUnknown)
            return 'unknown';
        throw error;
    }
}
async function show(terminal, given) {
    const tables = given.length > 0 ? [...new Set(given)] : (0, config_1.readMappingPart)((0, config_1.environment)()).tables;
    if (tables.length === 0)
        throw new terminal_1.UsageError('name tables, or set SYNC_TABLES or MAPPING_FILE');
    const api = (0, connect_1.connect)();
    const found = await Promise.all(tables.map(async (table) => [table, await trackingIn(api, table)]));
    const { heading, line } = (0, text_table_1.textTable)([
        { heading: 'table', width: Math.max(...tables.map(({ length }) => length)) },
        { heading: 'change tracking', width: 0 },
    ]);
    terminal.out(heading);
    for (const [table, tracking] of found)
        terminal.out(line([table, SAYS[tracking](table)]));
    const unknown = found.filter(([, tracking]) => tracking === 'unknown').map(([table]) => table);
    if (unknown.length > 0)
        throw new metadata_1.TableUnknown(unknown.join(', '));
}
async function enable(terminal, given, { yes }) {
    const tables = [...new Set(given)];
    const api = (0, connect_1.connect)();
    await (0, terminal_1.agreed)(terminal, `Enable change tracking for ${tables.join(', ')} in ${api.host}? It can't be disabled again.`, yes);
    const failed = [];
    // One after the other: Dataverse publishes one thing at a time.
    for (const table of tables) {
        try {
            const before = await (0, table_tracking_1.enableTracking)(api, table);
            terminal.out(`${table}: change tracking ${before === 'on' ? 'was on already' : 'is on'}\n`);
        }
        catch (error) {
            failed.push(table);
            terminal.err(`${table}: ${(0, text_table_1.oneLine)((0, errors_1.messageOf)(error))}\n`);
        }
    }
    if (failed.length > 0)
        throw new Error(`Change tracking could not be enabled, or nobody knows: ${failed.join(', ')}.`);
}
/** It goes into an address and into XML. */
function tableArgument(text, before = []) {
    if (!/^[a-z][a-z0-9_]{1,127}$/.test(text))
        throw new commander_1.InvalidArgumentError('It must be a logical table name (lower case).');
    return [...before, text];
}
const SETTINGS = `
DATAVERSE_URL and the settings beside it say which environment, and as whom (docs/configuration.md).`;
/** `dvo tracking`: change tracking, without which a table can't be pulled. */
function addTrackingCommand(program, terminal) {
    const tracking = program
        .command('tracking')
        .description("show and enable tables' change tracking, without which they can't be pulled")
        .addHelpText('after', SETTINGS);
    tracking
        .command('show')
        .description('show for which tables it is on')
        .argument('[tables...]', 'logical names (default: those that are kept in step)', tableArgument)
        .addHelpText('after', SETTINGS)
        .action((tables) => show(terminal, tables));
    tracking
        .command('enable')
        .description("enable it for tables and publish them; it can't be disabled again")
        .argument('<tables...>', 'logical names', tableArgument)
        .option('--yes', "don't ask")
        .addHelpText('after', `\nNeeds the privileges to change tables and to publish; reading needs none of them.\n${SETTINGS}`)
        .action((tables, options) => enable(terminal, tables, options));
}
//# sourceMappingURL=tracking.js.map