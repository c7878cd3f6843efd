"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.addTombstonesCommand = addTombstonesCommand;
const config_1 = require("../shared/config/config");
const services_1 = require("../shared/services");
const tombstone_purge_1 = require("../shared/sync/tombstone-purge");
const tombstones_purge_1 = require("./tombstones-purge");
const arguments_1 = require("./arguments");
const terminal_1 = require("./terminal");
/** The tables and relationships that are meant: all that the app keeps in step, unless some are named. */
function open(given) {
    const [core] = (0, terminal_1.settingsOf)((0, config_1.readConfig)((0, config_1.environment)()).core);
    const known = [...core.tables, ...core.relationships];
    const foreign = given.filter((name) => !known.includes(name));
    if (foreign.length > 0)
        throw new terminal_1.UsageError(`${foreign.join(', ')}: neither in SYNC_TABLES nor in SYNC_RELATIONSHIPS (${known.join(', ')})`);
    const tables = given.length > 0 ? [...new Set(given)] : known;
    return { tombstones: (0, services_1.compose)(core).tombstonePurge, tables, canReadBack: core.dataverse !== undefined };
}
async function list(terminal, given, { olderThan }) {
    const { tombstones, tables } = open(given);
    await (0, tombstones_purge_1.countsOf)(terminal, tombstones, tables, Date.now() - olderThan);
}
async function purge(terminal, given, options) {
    const { tombstones, tables, canReadBack } = open(given);
    if (!canReadBack)
        throw new terminal_1.UsageError('DATAVERSE_URL is not set: without a Web API a tombstone is all that keeps a late event from bringing a deleted row back');
    await (0, tombstones_purge_1.purgeTombstones)(terminal, tombstones, { ...options, tables, untilMs: Date.now() - options.olderThan });
}
const SETTINGS = `
Needs all settings of the app in the environment (docs/configuration.md). docs/store.md says what a tombstone is, and what
purging them costs.`;
/** `dvo tombstones`: what is left of deleted rows. */
function addTombstonesCommand(program, terminal) {
    const tombstones = program
        .command('tombstones')
        .description('count and purge what is left of deleted rows in the LOB store')
        .addHelpText('after', SETTINGS);
    tombstones
        .command('list')
        .description('count the tombstones of each table')
        .argument('[tables...]', 'tables and relationships (default: all that are kept in step)')
        .option('--older-than <span>', 'only those last written longer ago than 12h or 90d', arguments_1.spanArgument, 0)
        .addHelpText('after', SETTINGS)
        .action((tables, options) => list(terminal, tables, options));
    tombstones
        .command('purge')
        .description('remove old tombstones for good; events of their rows, however late, are then read back')
        .argument('[tables...]', 'tables and relationships (default: all that are kept in step)')
        .requiredOption('--older-than <span>', `those last written longer ago than 90d, say; ${tombstone_purge_1.LEAST_PURGE_AGE_MS / 3_600_000}h at least`, arguments_1.purgeAgeArgument)
        .option('--dry-run', 'only count them')
        .option('--rate <n>', 'so many a second at most', arguments_1.rateArgument)
        .option('--yes', "don't ask")
        .addHelpText('after', SETTINGS)
        .action((tables, options) => purge(terminal, tables, options));
}
//# sourceMappingURL=tombstones.js.map