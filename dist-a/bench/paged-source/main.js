"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
/**
 * A source of pages as the Web API has them, that does next to nothing: rows are one row's text with other ids, put
 * together when a page is asked for. A process of its own; tells its parent address and certificate, ends with it.
 *
 * `GET /api/data/v9.2/accounts`: as many rows as its argument says in pages of 5,000, each page with the link to the next, the
 * last one with a delta link.
 */
const node_https_1 = require("node:https");
const certificate_1 = require("../../local/dataverse/certificate");
const rows_1 = require("./rows");
const ID_LENGTH = (0, rows_1.wireId)(0).length;
/** A page's rows as bytes, and where in it the ids are: two in each row. */
function template() {
    const bytes = Buffer.from(Array.from({ length: rows_1.PAGE_ROWS }, () => (0, rows_1.rowText)((0, rows_1.wireId)(0))).join(','));
    const ids = [];
    for (let at = bytes.indexOf((0, rows_1.wireId)(0)); at !== -1; at = bytes.indexOf((0, rows_1.wireId)(0), at + ID_LENGTH))
        ids.push(at);
    return { bytes, ids };
}
const { bytes, ids } = template();
const idsInRow = ids.length / rows_1.PAGE_ROWS;
function rowsFrom(first, count) {
    const page = Buffer.from(bytes);
    for (const [index, at] of ids.entries())
        page.write((0, rows_1.wireId)(first + Math.floor(index / idsInRow)), at, 'latin1');
    const rowLength = (bytes.length + 1) / rows_1.PAGE_ROWS;
    return page.subarray(0, count * rowLength - 1);
}
async function main() {
    const { key, certificate } = await (0, certificate_1.makeCertificate)('127.0.0.1');
    const server = (0, node_https_1.createServer)({ key, cert: certificate }, (request, response) => {
        const url = new URL(request.url ?? '', `https://${request.headers.host ?? ''}`);
        const rows = Number(url.searchParams.get('rows') ?? process.argv[2]);
        const from = Number(url.searchParams.get('from') ?? 0);
        const count = Math.min(rows_1.PAGE_ROWS, rows - from);
        const next = from + count;
        const link = next < rows
            ? `"@odata.nextLink":"${url.origin}${url.pathname}?rows=${rows}&from=${next}"`
            : `"@odata.deltaLink":"${url.origin}${url.pathname}?rows=0"`;
        const body = [Buffer.from('{"value":['), rowsFrom(from, count), Buffer.from(`],${link}}`)];
        const length = body.reduce((sum, part) => sum + part.length, 0);
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
        for (const part of body)
            response.write(part);
        response.end();
    });
    server.listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        process.send?.({ url: `https://127.0.0.1:${port}`, certificate });
    });
    process.once('disconnect', () => process.exit());
}
main().catch((error) => {
    console.error(error);
    process.exit(1);
});
//# sourceMappingURL=main.js.map