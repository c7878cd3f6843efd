"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.writeSettings = writeSettings;
exports.endpointOf = endpointOf;
const registration_tables_1 = require("./registration-tables");
const KINDS = { [registration_tables_1.CONTRACT.queue]: 'queue', [registration_tables_1.CONTRACT.topic]: 'topic', [registration_tables_1.CONTRACT.eventHub]: 'eventHub' };
const ESCAPES = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };
/** Headers or query parameters as `authvalue` keeps them: `<settings><setting name="k" value="v" /></settings>`. */
function writeSettings(values) {
    const escape = (text) => text.replace(/[&"<>]/g, (found) => ESCAPES[found] ?? found);
    const items = Object.entries(values).map(([name, value]) => `<setting name="${escape(name)}" value="${escape(value)}" />`);
    return `<settings>${items.join('')}</settings>`;
}
function readSettings(text) {
    const unescape = (escaped) => Object.entries(ESCAPES).reduce((result, [character, entity]) => result.replaceAll(entity, character), escaped);
    const found = text.matchAll(/<setting\s+name="([^"]*)"\s+value="([^"]*)"/g);
    return Object.fromEntries([...found].map(([, name = '', value = '']) => [unescape(name), unescape(value)]));
}
function webhookAuth(type, value) {
    if (value === undefined)
        return { kind: 'none' };
    switch (type) {
        case registration_tables_1.AUTH_TYPE.webhookKey:
            return { kind: 'key', value };
        case registration_tables_1.AUTH_TYPE.httpHeader:
            return { kind: 'headers', values: readSettings(value) };
        case registration_tables_1.AUTH_TYPE.httpQueryString:
            return { kind: 'query', values: readSettings(value) };
        default:
            return { kind: 'none' };
    }
}
/** The connection string of a bus endpoint: given as such, or made of namespace and key. */
function connectionString(text) {
    const given = text('authvalue');
    if (given !== undefined)
        return given;
    const address = (text('namespaceaddress') ?? '').replace(/\/?$/, '/');
    const local = /\/\/(localhost|127\.0\.0\.1)\b/.test(address) ? ';UseDevelopmentEmulator=true' : '';
    const key = `SharedAccessKeyName=${text('saskeyname') ?? ''};SharedAccessKey=${text('saskey') ?? ''}`;
    return `Endpoint=${address};${key}${local}`;
}
/** Reads an endpoint out of its row; undefined when its contract is not one of the four that can be posted to here. */
function endpointOf(id, row) {
    const text = (name) => {
        const value = row[name];
        return typeof value === 'string' ? value : undefined;
    };
    const name = text('name') ?? id;
    if (row.contract === registration_tables_1.CONTRACT.webhook) {
        return { kind: 'webhook', id, name, url: text('url') ?? '', auth: webhookAuth(row.authtype, text('authvalue')) };
    }
    const kind = KINDS[row.contract];
    if (kind === undefined)
        return undefined;
    return { kind, id, name, connectionString: connectionString(text), path: text('path') ?? '' };
}
//# sourceMappingURL=endpoint.js.map