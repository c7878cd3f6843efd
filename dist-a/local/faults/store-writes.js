"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.writesOf = writesOf;
exports.writesIn = writesIn;
/** The writes of a request that was answered so; none where it failed, or is no write of entities. */
function writesOf(request, { status, body: answer }) {
    // All or nothing: one part that failed is all that is answered.
    if (status >= 300 || /^HTTP\/1\.1 [45]/m.test(answer.toString('utf8')))
        return [];
    return writesIn(request);
}
/** The writes that a request asks for, in the LOB store; none where it is another one. */
function writesIn({ service, method, path, body }) {
    if (service !== 'table' || method === 'GET' || method === 'DELETE')
        return [];
    if (path !== '$batch')
        return [writeOf(method, path, body.toString('utf8'))].filter((write) => write !== undefined);
    return [...body.toString('utf8').matchAll(PART)].flatMap(([, verb = '', url = '', content = '']) => {
        const write = writeOf(verb, decodeURIComponent(new URL(url).pathname.split('/').slice(2).join('/')), content);
        return write === undefined ? [] : [write];
    });
}
/** One operation of a transaction: verb, address, and the entity as one line of JSON. */
const PART = /^(POST|PUT|PATCH|MERGE) (\S+) HTTP\/1\.1\r?\n(?:[^\r\n{][^\r\n]*\r?\n|\r?\n)*(\{[^\r\n]*\})/gm;
function writeOf(method, path, json) {
    const table = /^\w+/.exec(path)?.[0] ?? '';
    if (table === 'Tables' || table.startsWith('dvo'))
        return undefined;
    const entity = JSON.parse(json);
    const named = /RowKey='([^']*)'/.exec(path)?.[1];
    return {
        table,
        rowKey: named ?? String(entity.RowKey),
        kind: method === 'PATCH' || method === 'MERGE' ? 'merge' : 'whole',
        properties: new Map(Object.entries(entity).flatMap(([name, value]) => {
            if (name.includes('@') || value === null)
                return [];
            return [[name, plain(value, entity[`${name}@odata.type`])]];
        })),
    };
}
function plain(value, type) {
    if (type === 'Edm.DateTime')
        return Date.parse(String(value));
    if (type === 'Edm.Int64')
        return BigInt(value);
    return type === 'Edm.Double' ? Number(value) : value;
}
//# sourceMappingURL=store-writes.js.map