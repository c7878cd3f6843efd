"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.CONTEXT_FORMATS = void 0;
exports.detectFormat = detectFormat;
/**
 * The forms a service endpoint can send a context in (`messageformat`: binary XML, JSON, text XML). Webhooks send JSON
 * only, event hubs JSON or text XML.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/serviceendpoint
 */
exports.CONTEXT_FORMATS = ['json', 'xml', 'binary'];
/**
 * Content types of the forms, as messages of queues and topics carry them.
 * https://learn.microsoft.com/power-apps/developer/data-platform/write-listener-application-azure-solution
 */
const CONTENT_TYPES = new Map([
    ['application/json', 'json'],
    ['text/json', 'json'],
    ['application/xml', 'xml'],
    ['text/xml', 'xml'],
    ['application/msbin1', 'binary'],
]);
/** First characters: an object or list, or a tag. */
const FIRST = { '{': 'json', '[': 'json', '<': 'xml' };
const BOM = '\ufeff';
/** The beginning of a body as text: bytes are UTF-8, or UTF-16 where a byte order mark says so. */
function startOf(body) {
    if (typeof body === 'string')
        return body.slice(0, 64);
    const start = Buffer.from(body.subarray(0, 64));
    if (start[0] === 0xff && start[1] === 0xfe)
        return start.toString('utf16le');
    if (start[0] === 0xfe && start[1] === 0xff)
        return start
            .subarray(0, start.length & ~1)
            .swap16()
            .toString('utf16le');
    return start.toString('utf8');
}
/**
 * The binary form begins with the record of an element: 0x40 without a prefix, 0x41 with one, a letter from 0x5E on where
 * the prefix is a letter. Only the first can't be text, so for the others the length and name of the context must follow.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/
 */
const BINARY_START = /^(?:@|A[\x01-\x1f][^]{1,31}?\x16RemoteExecutionContext|[\^-w]\x16RemoteExecutionContext)/;
/**
 * The form of a body: as its content type says; where that says nothing, as its beginning does. A byte order mark and
 * white space may come before text. Undefined when neither tells.
 */
function detectFormat(body, contentType) {
    const declared = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    const known = CONTENT_TYPES.get(declared);
    if (known !== undefined)
        return known;
    const start = startOf(body);
    const text = start.replace(BOM, '').trimStart();
    return FIRST[text.charAt(0)] ?? (BINARY_START.test(start) ? 'binary' : undefined);
}
//# sourceMappingURL=format.js.map