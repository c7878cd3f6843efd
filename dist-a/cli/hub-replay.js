"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.replayHub = replayHub;
const p_limit_1 = __importDefault(require("p-limit"));
const messages_1 = require("../shared/receive/messages");
const errors_1 = require("../shared/errors");
const body_bytes_1 = require("./body-bytes");
const explain_body_1 = require("./explain-body");
const hub_partition_1 = require("./hub-partition");
const hub_position_1 = require("./hub-position");
const pace_1 = require("./pace");
const tally_1 = require("./tally");
const text_table_1 = require("./text-table");
const terminal_1 = require("./terminal");
/** The source of what is replayed, in logs and in the parking. */
const SOURCE = 'hub-replay';
/** Settled together. */
const BATCH = 100;
/** Partitions read at once: bounds what is in memory. */
const CONCURRENT = 4;
/**
 * Reads the hub from a position to the ends that its partitions have now, and has each event settled.
 *
 * @param receiver undefined: events are only counted by what they are about
 * @throws Error naming each partition that couldn't be read to its end, and where to go on
 */
async function replayHub(terminal, client, receiver, { from, toMs, partition, rate }) {
    const partitions = await partitionsOf(client, partition);
    const pace = (0, pace_1.paceOf)(rate);
    const limited = (0, p_limit_1.default)(CONCURRENT);
    const progress = await terminal.progress();
    const tally = new tally_1.Tally();
    const read = new tally_1.Tally();
    const take = async (id, events) => {
        const size = (0, pace_1.batchAt)(rate, BATCH);
        for (let at = 0; at < events.length; at += size) {
            const deliveries = events.slice(at, at + size).map(deliveryOf);
            await pace(deliveries.length);
            if (receiver === undefined)
                for (const { body } of deliveries)
                    tally.add((0, explain_body_1.aboutBody)(body));
            else
                for (const outcome of await receiver.receive(deliveries))
                    count(tally, outcome);
            read.add(id, deliveries.length);
            progress.show(`${read.total} events`);
        }
    };
    const replayPartition = async (id) => {
        const end = await client.getPartitionProperties(id);
        if (!(0, hub_position_1.holdsAny)(from, end))
            return;
        await (0, hub_partition_1.readPartition)(client, { partition: id, from, end, ...(toMs === undefined ? {} : { toMs }) }, (events) => take(id, events));
    };
    const ended = await Promise.allSettled(partitions.map((id) => limited(() => replayPartition(id))));
    progress.done();
    terminal.out(`${read.total} events${read.total === 0 ? '' : ` of partitions ${partitionsText(read)}`}\n`);
    if (tally.total > 0)
        terminal.out(`${tally.lines.map(text_table_1.oneLine).join('\n')}\n`);
    const failures = ended.flatMap((end) => (end.status === 'rejected' ? [(0, errors_1.messageOf)(end.reason)] : []));
    if (failures.length > 0)
        throw new Error(failures.join(' '));
}
const partitionsText = (read) => read.text.replaceAll(/(\S+) (\d+)/g, '$1: $2');
async function partitionsOf(client, partition) {
    const all = await client.getPartitionIds();
    if (partition === undefined)
        return all;
    if (!all.includes(partition))
        throw new terminal_1.UsageError(`the event hub has no partition ${partition}: ${all.join(', ')}`);
    return [partition];
}
const deliveryOf = ({ body, properties }) => ({
    source: SOURCE,
    body: (0, body_bytes_1.bodyBytes)(body),
    ...((0, messages_1.hasTruncationMark)(properties ?? {}) ? { truncated: true } : {}),
});
function count(tally, outcome) {
    if (outcome.kind !== 'settled')
        tally.add(`${outcome.kind}: ${outcome.cause.code}`);
    else if (outcome.changes.length === 0)
        tally.add('settled without a change');
    else
        for (const { verdict } of outcome.changes)
            tally.add(verdict);
}
//# sourceMappingURL=hub-replay.js.map