"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addRowsCommand = addRowsCommand;
const table_clients_1 = require("../shared/azure/table-clients");
const tables_1 = require("../shared/azure/tables");
const config_1 = require("../shared/config/config");
const layout_1 = require("../shared/lob/tables/layout");
const naming_1 = require("../shared/mapping/naming");
const arguments_1 = require("./arguments");
const plain_json_1 = require("./plain-json");
const terminal_1 = require("./terminal");
async function rows(terminal, table, id, { deleted, limit }) {
    const config = (0, config_1.readLobConfig)((0, config_1.environment)());
    if (!config.ok)
        throw new terminal_1.UsageError(config.faults.join('; '));
    const naming = (0, naming_1.namingOf)(config.value.mapping, config.value.tablePrefix);
    const client = (0, table_clients_1.tableClients)(config.value.account)(naming.tableOf(table));
    if (id !== undefined) {
        const row = { table, id: id.toLowerCase() };
        const entity = await (0, tables_1.findEntity)(client, (0, layout_1.partitionOf)(row.id), naming.keyOf(row));
        if (entity === undefined)
            throw new Error(`${table}(${row.id}) was never stored.`);
        terminal.out(`${(0, plain_json_1.plainJson)(entity)}\n`);
        return;
    }
    let shown = 0;
    try {
        for await (const entity of client.listEntities(deleted === true ? {} : { queryOptions: { filter: 'Deleted eq false' } })) {
            if (shown === limit) {
                terminal.err(`The first ${limit} rows; --limit shows more.\n`);
                return;
            }
            terminal.out(`${(0, plain_json_1.plainJson)(entity)}\n`);
            shown += 1;
        }
        if (shown === 0)
            terminal.err(`No row of ${table}${deleted === true ? '' : ' is live; --deleted shows the tombstones'}.\n`);
    }
    catch (error) {
        if ((0, tables_1.statusOf)(error) !== 404)
            throw error;
        terminal.err(`No row of ${table} was ever stored.\n`);
    }
}
/** `dvo rows TABLE [ID]`: the rows of a table as they lie in the LOB store. */
function addRowsCommand(program, terminal) {
    program
        .command('rows')
        .description('list the rows of a table in the LOB store (LOB_STORAGE or LOB_STORAGE__accountName says where it is)')
        .argument('<table>', 'logical name, such as account')
        .argument('[id]', 'only this row, deleted or not')
        .option('--deleted', 'the tombstones of deleted rows and the hidden rows too')
        .option('--limit <n>', 'rows at most', arguments_1.countArgument, 100)
        .action((table, id, options) => rows(terminal, table, id, options));
}
//# sourceMappingURL=rows.js.map