"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.namingOf = void 0;
const layout_1 = require("../lob/tables/layout");
const row_key_1 = require("./row-key");
/** Names in the store as the mapping gives them, after a prefix; a link's table is its relationship's schema name. */
const namingOf = (mapping, prefix) => ({
    tableOf: (table) => (0, layout_1.azureTableName)(prefix, mapping.links.get(table)?.target ?? mapping.tableOf(table).target),
    keyOf: ({ table, id }) => (0, row_key_1.keyOf)(mapping.tableOf(table).key, id),
    idOf: (table, rowKey) => (0, row_key_1.idOf)(mapping.tableOf(table).key, rowKey),
});
exports.namingOf = namingOf;
//# sourceMappingURL=naming.js.map