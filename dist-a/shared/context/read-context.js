"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.DEFAULT_MAX_NODES = exports.DEFAULT_MAX_DEPTH = exports.DEFAULT_MAX_BYTES = void 0;
exports.readContext = readContext;
const errors_1 = require("./errors");
const format_1 = require("./format");
const read_elements_1 = require("./read-elements");
const read_json_1 = require("./read-json");
/**
 * Webhooks send up to 256 KB and buses up to 192 KB (https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks);
 * the rest is room for whoever puts a context into another envelope or text encoding.
 */
exports.DEFAULT_MAX_BYTES = 1_048_576;
/** Contexts in captures nest some twenty deep; a chain of eight parents, the platform's limit, would add as many. */
exports.DEFAULT_MAX_DEPTH = 64;
/** Bodies within Dataverse's own bound of 256 KB can't hold more values, whatever their format. */
exports.DEFAULT_MAX_NODES = 262_144;
const bytesOf = (body) => typeof body === 'string' ? Buffer.byteLength(body) : body.length;
/** White space of JSON and XML, and the bytes of a byte order mark. */
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
/** Whether a body holds nothing; stops at the first thing that it holds. */
const isBlank = (body) => typeof body === 'string' ? body.trimStart() === '' : body.every((byte) => BLANKS.has(byte));
/**
 * Reads an execution context in any format that a service endpoint can send.
 *
 * Where a body has a member or a key twice the last one counts, in every format.
 *
 * @throws BodyEmpty, BodyTooLarge, BodyTooComplex, ContextFormatUnsupported, JsonInvalid, XmlInvalid, BinaryInvalid,
 *   ContextInvalid
 */
function readContext(body, options = {}) {
    const maxBytes = options.maxBytes ?? exports.DEFAULT_MAX_BYTES;
    const bytes = bytesOf(body);
    if (bytes > maxBytes)
        throw new errors_1.BodyTooLarge(bytes, maxBytes);
    if (isBlank(body))
        throw new errors_1.BodyEmpty();
    const bounds = {
        maxDepth: options.maxDepth ?? exports.DEFAULT_MAX_DEPTH,
        maxNodes: options.maxNodes ?? exports.DEFAULT_MAX_NODES,
    };
    const format = options.format ?? (0, format_1.detectFormat)(body, options.contentType);
    switch (format) {
        case 'json':
            return (0, read_json_1.readJson)(body, bounds);
        case 'xml':
            return (0, read_elements_1.readXml)(body, bounds);
        case 'binary':
            return (0, read_elements_1.readBinary)(body, bounds);
        case undefined:
            throw new errors_1.ContextFormatUnsupported();
    }
}
//# sourceMappingURL=read-context.js.map