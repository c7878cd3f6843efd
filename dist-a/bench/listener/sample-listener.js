"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.sampleListener = sampleListener;
const data_tables_1 = require("@azure/data-tables");
const target_columns_1 = require("./target-columns");
const find = async (client, partitionKey, rowKey) => {
    try {
        return await client.getEntity(partitionKey, rowKey);
    }
    catch (error) {
        if (error instanceof data_tables_1.RestError && error.statusCode === 404)
            return undefined;
        throw error;
    }
};
/**
 * A listener as samples and blog posts have it: parse, look the message up in a table of those that were handled, read the
 * row, write it unless it is newer, note the message. Four round trips; between the last two it can die and handle a message
 * twice; it knows no order but modifiedon, and no deleted rows.
 */
async function sampleListener(rows, handled, body) {
    const context = JSON.parse(body.toString('utf8'));
    const { PrimaryEntityId: id, OperationId, MessageName } = context;
    const key = `${OperationId}-${MessageName}-${id}`;
    const partition = id.slice(0, 1);
    if ((await find(handled, partition, key)) !== undefined)
        return;
    const columns = (0, target_columns_1.targetColumns)(context);
    const row = (await find(rows, partition, id));
    const modifiedOn = columns.modifiedon instanceof Date ? columns.modifiedon.getTime() : 0;
    if ((row?.modifiedon?.getTime() ?? 0) <= modifiedOn)
        await rows.upsertEntity({ partitionKey: partition, rowKey: id, ...columns }, 'Merge');
    await handled.createEntity({ partitionKey: partition, rowKey: key });
}
//# sourceMappingURL=sample-listener.js.map