"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
/**
 * The least that a webhook's receiver can be: node:http, JSON.parse, the columns of Target as they are, one upsert through the
 * bare SDK. No key is checked, no order, no duplicate. A process of its own; tells its parent its address, ends with it.
 *
 * Arguments: the store's connection string, the table.
 */
const node_http_1 = require("node:http");
const upsert_target_1 = require("./upsert-target");
const stores_1 = require("../inputs/stores");
const [, , connectionString = '', table = ''] = process.argv;
const client = (0, stores_1.bareClient)({ connectionString }, table);
const server = (0, node_http_1.createServer)((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
        (0, upsert_target_1.upsertTarget)(client, Buffer.concat(chunks)).then(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{"outcome":"written"}'), (error) => response.writeHead(500).end(String(error)));
    });
});
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${server.address().port}`));
process.once('disconnect', () => process.exit());
//# sourceMappingURL=main.js.map