"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addParkedCommand = addParkedCommand;
const table_clients_1 = require("../shared/azure/table-clients");
const config_1 = require("../shared/config/config");
const table_parking_1 = require("../shared/parking/table-parking");
const services_1 = require("../shared/services");
const arguments_1 = require("./arguments");
const parked_discard_1 = require("./parked-discard");
const parked_ids_1 = require("./parked-ids");
const parked_list_1 = require("./parked-list");
const parked_replay_1 = require("./parked-replay");
const parked_show_1 = require("./parked-show");
const terminal_1 = require("./terminal");
/** The parking of the app whose settings these are. */
function openParking() {
    const [account] = (0, terminal_1.settingsOf)((0, config_1.readStateConfig)((0, config_1.environment)()));
    const tables = (0, table_clients_1.tableClients)(account);
    return { parking: new table_parking_1.TableParking(tables(services_1.STATE_NAMES.parked)), discarded: tables(services_1.STATE_NAMES.discarded) };
}
async function show(terminal, text, options) {
    const { parking } = openParking();
    const [id = ''] = await (0, parked_ids_1.idsOf)(parking, [text]);
    await (0, parked_show_1.showParked)(terminal, await (0, parked_ids_1.itemOf)(parking, id), options, (0, config_1.environment)().FULL_IMAGE_ALIAS?.trim() || undefined);
}
async function replay(terminal, given, options) {
    const { code, all, rate, yes } = options;
    const ways = [given.length > 0, code !== undefined, all === true].filter((way) => way).length;
    if (ways !== 1)
        throw new terminal_1.UsageError('say what to replay: either ids, or --code, or --all');
    const [core] = (0, terminal_1.settingsOf)((0, config_1.readConfig)((0, config_1.environment)()).core);
    const services = (0, services_1.compose)(core);
    const selection = given.length > 0
        ? { kind: 'ids', ids: await (0, parked_ids_1.idsOf)(services.parking, given) }
        : { kind: 'filter', filter: (0, parked_list_1.filterOf)(code === undefined ? {} : { code }, 0) };
    if (selection.kind === 'filter')
        await (0, terminal_1.agreed)(terminal, `Replay all that is parked${code === undefined ? '' : ` as ${code}`}?`, yes);
    await (0, parked_replay_1.replayParked)(terminal, services, selection, rate);
}
async function discard(terminal, given, { reason, yes }) {
    const why = reason?.trim() ?? '';
    if (why === '')
        throw new terminal_1.UsageError('--reason is missing: say why, for whoever asks later');
    if (why.length > MAX_REASON)
        throw new terminal_1.UsageError(`--reason must be ${MAX_REASON} characters at most`);
    const { parking, discarded } = openParking();
    const ids = await (0, parked_ids_1.idsOf)(parking, given);
    await (0, terminal_1.agreed)(terminal, `Discard ${ids.length === 1 ? String(ids[0]) : `${ids.length} items`}?`, yes);
    await (0, parked_discard_1.discardParked)(terminal, parking, ids, why, discarded);
}
/** An entity that holds the largest body has room for it. */
const MAX_REASON = 1000;
const SETTINGS = `
It works on the app whose settings are in the environment: AzureWebJobsStorage (or AzureWebJobsStorage__accountName)
says where parked items are. docs/operations.md says what each code means and what to do.`;
const IDS = `
An id may be abbreviated to any beginning that only one item has; of a delivery, "delivery-" may be left out too.`;
/** `dvo parked`: what couldn't be settled and is kept. */
function addParkedCommand(program, terminal) {
    const parked = program
        .command('parked')
        .description('list, show, replay and discard what could not be settled and is kept')
        .addHelpText('after', SETTINGS);
    parked
        .command('list')
        .description('list parked items by id, and how many there are of each code')
        .option('--code <code>', 'only those parked with this code')
        .option('--source <name>', 'only deliveries of this function, such as webhook')
        .option('--older-than <span>', 'only those parked longer ago than 90s, 15m, 1h or 7d', arguments_1.spanArgument)
        .option('--due', 'only those that the app tries again by itself, now or at a later time')
        .option('--waiting', 'only those that wait for an operator')
        .option('--json', 'one JSON object a line, with the cause in words')
        .option('--limit <n>', 'items at most (default: all)', arguments_1.countArgument)
        .addHelpText('after', SETTINGS)
        .action((options) => (0, parked_list_1.listParked)(terminal, openParking().parking, options));
    parked
        .command('show')
        .description("show one item's cause and attempts")
        .argument('<id>', 'its id, or the beginning of it')
        .option('--explain', 'say in words what its body tells, as dvo parse --explain does: names columns, no values')
        .option('--body', 'write the body to standard output as it was received, and all else to standard error')
        .addHelpText('after', IDS + SETTINGS)
        .action((id, options) => show(terminal, id, options));
    parked
        .command('replay')
        .description('try items again now, in this process: settled ones go, others stay with their new cause')
        .argument('[ids...]', 'their ids, or the beginnings of them')
        .option('--code <code>', 'all that are parked with this code')
        .option('--all', 'all')
        .option('--rate <n>', 'so many a second at most', arguments_1.rateArgument)
        .option('--yes', "don't ask before replaying all of a code, or all")
        .addHelpText('after', `${IDS}\n${REPLAY_HELP}`)
        .action((ids, options) => replay(terminal, ids, options));
    parked
        .command('discard')
        .description(`take items out of the parking for good; they are moved to the table ${services_1.STATE_NAMES.discarded}`)
        .argument('<ids...>', 'their ids, or the beginnings of them')
        .option('--reason <text>', 'why; kept with the item, and in the log record that is printed')
        .option('--yes', "don't ask")
        .addHelpText('after', IDS + SETTINGS)
        .action((ids, options) => discard(terminal, ids, options));
}
const REPLAY_HELP = `
Needs all settings of the app in the environment (docs/configuration.md). Replaying is harmless, also twice, by several
operators, or while the app replays: the rule that decides about a change is the same. With --code and --all, events of
synchronous steps that aren't due yet are left to the app. Exit code 1 if any item could not be settled.`;
//# sourceMappingURL=parked.js.map