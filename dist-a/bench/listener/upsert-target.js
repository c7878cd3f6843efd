"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.upsertTarget = upsertTarget;
const target_columns_1 = require("./target-columns");
/** An Update as it came into its row, whatever is there. */
async function upsertTarget(rows, body) {
    const context = JSON.parse(body.toString('utf8'));
    const id = context.PrimaryEntityId;
    await rows.upsertEntity({ partitionKey: id.slice(0, 1), rowKey: id, ...(0, target_columns_1.targetColumns)(context) }, 'Merge');
}
//# sourceMappingURL=upsert-target.js.map