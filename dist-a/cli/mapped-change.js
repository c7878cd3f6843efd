"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.SOME_KEY = void 0;
exports.mappingAt = mappingAt;
exports.mappedChange = mappedChange;
const config_1 = require("../shared/config/config");
const layout_1 = require("../shared/lob/tables/layout");
const link_1 = require("../shared/mapping/link");
const naming_1 = require("../shared/mapping/naming");
const terminal_1 = require("./terminal");
/** Stands in for the key of hashed columns where only the app needs the real one. */
exports.SOME_KEY = Buffer.alloc(32).toString('base64');
/** The mapping of a file; without REDACTION_KEY hashes are by another key. @throws UsageError with every fault of it */
function mappingAt(file, settings) {
    const { mapping, faults } = (0, config_1.readMappingPart)({
        ...settings,
        SYNC_TABLES: '',
        MAPPING_FILE: file,
        ...((settings.REDACTION_KEY ?? '').trim() === '' ? { REDACTION_KEY: exports.SOME_KEY } : {}),
    });
    if (faults.length > 0)
        throw new terminal_1.UsageError(faults.join('; '));
    return mapping;
}
/** What a change becomes in the store. @throws ValueNotConvertible, FilterUnfit */
function mappedChange(mapping, change) {
    if (change.kind === 'event') {
        const rule = mapping.events.get(change.message);
        if (rule === undefined)
            return { notMapped: `unmapped.messages: ${mapping.unmapped.messages}` };
        return { table: rule.target, columns: rule.mapColumns(change.columns) };
    }
    if ('relationship' in change) {
        const link = mapping.links.get(change.relationship);
        if (link === undefined)
            return {
                notMapped: `no link; the lookup of a row, or unmapped.relationships: ${mapping.unmapped.relationships}`,
            };
        const rows = (0, link_1.linkedRows)(change);
        const row = (0, link_1.linkAddress)(change.relationship, rows);
        const columns = change.kind === 'associate' ? (0, link_1.linkColumns)(rows) : null;
        return { table: link.target, partitionKey: (0, layout_1.partitionOf)(row.id), rowKey: row.id, columns };
    }
    const { row } = change;
    const table = mapping.tableOf(row.table);
    const at = { table: table.target, partitionKey: (0, layout_1.partitionOf)(row.id), rowKey: (0, naming_1.namingOf)(mapping, '').keyOf(row) };
    if (change.kind === 'delete')
        return { ...at, columns: null };
    return table.shows(row, change.columns, change.kind === 'snapshot' ? 'all' : 'brought')
        ? { ...at, columns: table.map(row, change.columns) }
        : { hidden: true, ...at };
}
//# sourceMappingURL=mapped-change.js.map