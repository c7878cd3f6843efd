"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.dateTimeOffset = exports.dateTime = exports.longs = exports.texts = exports.json = exports.text = void 0;
exports.bodyBytes = bodyBytes;
exports.oneBody = oneBody;
exports.manyBodies = manyBodies;
exports.withBodyMembers = withBodyMembers;
/** A .NET `string`. */
const text = (value) => value === null || value === undefined ? undefined : { string: value };
exports.text = text;
/** Any .NET object: it travels as JSON. */
const json = (value) => value === null || value === undefined ? undefined : { json: JSON.stringify(value) };
exports.json = json;
/** A .NET `string[]`. Null and empty entries are dropped, so the entry at an index may belong to a later message. */
const texts = (values) => ({
    collectionString: { string: values.filter((value) => typeof value === 'string' && value !== '') },
});
exports.texts = texts;
/** A .NET `long[]`. */
const longs = (values) => ({ collectionSint64: { sint64: values } });
exports.longs = longs;
/** A .NET `DateTime` of unspecified kind: it carries no zone and no trailing zeros. */
const dateTime = (value) => value?.toISOString().replace(/\.?0*Z$/, '');
exports.dateTime = dateTime;
/** A .NET `DateTimeOffset`. */
const dateTimeOffset = (value) => {
    const local = (0, exports.dateTime)(value);
    return local === undefined ? undefined : `${local}+00:00`;
};
exports.dateTimeOffset = dateTimeOffset;
/** The body as the SDKs give it when told not to parse: bytes, or a value if the sender used an AMQP value section. */
function bodyBytes(body) {
    if (Buffer.isBuffer(body))
        return body;
    if (body instanceof Uint8Array)
        return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''), 'utf8');
}
/** The body of one delivery, as text unless the trigger says `dataType: 'binary'`. */
function oneBody(body, binary) {
    return binary ? { bytes: body } : { string: body.toString('utf8') };
}
/** The bodies of a batch. Empty ones are dropped from text batches, so bodies and metadata may not line up. */
function manyBodies(bodies, binary) {
    return binary ? { collectionBytes: { bytes: bodies } } : (0, exports.texts)(bodies.map((body) => body.toString('utf8')));
}
/**
 * Lays the top-level members of a JSON text body over the metadata of its delivery: a body's `messageId` replaces the real one. The host does so only
 * for text, only for objects, and leaves arrays and nulls out; names match whatever their case.
 */
function withBodyMembers(metadata, data) {
    const result = {};
    for (const [name, value] of Object.entries(metadata))
        if (value !== undefined)
            result[name] = value;
    for (const [name, value] of Object.entries(jsonMembers(data.string ?? ''))) {
        if (value === null || Array.isArray(value))
            continue;
        const existing = Object.keys(result).find((key) => key.toLowerCase() === name.toLowerCase());
        result[existing ?? name] =
            typeof value === 'object' ? { json: JSON.stringify(value) } : { string: netString(value) };
    }
    return result;
}
function jsonMembers(body) {
    try {
        const parsed = JSON.parse(body);
        return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {};
    }
    catch {
        return {};
    }
}
/** A JSON scalar as Newtonsoft's `(string)JToken` writes it: capitalised booleans, and ISO times parsed and printed the invariant way. */
function netString(value) {
    if (typeof value === 'boolean')
        return value ? 'True' : 'False';
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.test(value)) {
        const time = new Date(/(Z|[+-]\d\d:\d\d)$/.test(value) ? value : `${value}Z`);
        if (!Number.isNaN(time.getTime())) {
            const [date = '', clock = ''] = time.toISOString().split(/[T.]/);
            const [year = '', month = '', day = ''] = date.split('-');
            return `${month}/${day}/${year} ${clock}`;
        }
    }
    return String(value);
}
//# sourceMappingURL=typed-data.js.map