"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StampUnreadable = exports.RowKeyForeign = exports.describesValue = exports.belongsTo = exports.plainNaming = exports.azureTableName = exports.PARTITIONS = exports.partitionOf = exports.RowRefused = exports.RowTooLarge = exports.HIDDEN_PROPERTY = exports.DELETED_PROPERTY = exports.STAMP_PROPERTY = void 0;
exports.encodeColumns = encodeColumns;
exports.encodeStamp = encodeStamp;
exports.decodeStamp = decodeStamp;
exports.toEntity = toEntity;
exports.assertFits = assertFits;
exports.misfitOf = misfitOf;
exports.fingerprint = fingerprint;
exports.fingerprintsOf = fingerprintsOf;
const errors_1 = require("../../errors");
const value_json_1 = require("../../change/value-json");
/** Properties that carry the stamp; see docs/store.md. */
exports.STAMP_PROPERTY = 'Stamp';
/** True on a tombstone and on a hidden row, false on any other: what readers filter by. */
exports.DELETED_PROPERTY = 'Deleted';
/** True on a row that the mapping's filter hides: it isn't deleted in Dataverse. Absent on any other. */
exports.HIDDEN_PROPERTY = 'Hidden';
/** Longest text of one property: 64 KiB of UTF-16. */
const MAX_TEXT = 32 * 1024;
/** Largest binary of one property, as base64 text (64 KiB of bytes, a multiple of 3 so that parts join). */
const MAX_BASE64 = 4 * Math.floor((64 * 1024) / 3);
/** An entity has at most 255 properties, three of which are PartitionKey, RowKey and Timestamp. */
const MAX_PROPERTIES = 252;
const MAX_ENTITY_BYTES = 1024 * 1024;
/** Thrown when a row doesn't fit one entity (252 properties, 1 MiB). The row is parked: leave columns out to fit it. */
class RowTooLarge extends errors_1.OutboundError {
    code = 'row-too-large';
    disposition = 'park';
    constructor(row, what) {
        super(`Row ${row.table}(${row.id}) doesn't fit one entity of Azure Tables: ${what}. It was not written.`);
    }
}
exports.RowTooLarge = RowTooLarge;
/** Thrown when Azure Tables refuses a row as it stands: it would refuse it again. The row is parked. */
class RowRefused extends errors_1.OutboundError {
    code = 'row-refused';
    disposition = 'park';
    constructor(row, serviceCode, options) {
        super(`Azure Tables refused row ${row.table}(${row.id}) with ${serviceCode}. It was not written.`, options);
    }
}
exports.RowRefused = RowRefused;
/** The PartitionKey of a row. */
const partitionOf = (id) => id.slice(0, 1);
exports.partitionOf = partitionOf;
/** All partitions, for readers of a whole table. */
exports.PARTITIONS = Array.from({ length: 16 }, (_, digit) => digit.toString(16));
/** The Azure table of a name: Azure allows letters and digits only, so underscores go. */
const azureTableName = (prefix, name) => prefix + name.replaceAll('_', '');
exports.azureTableName = azureTableName;
/** Names as they are, after a prefix. */
const plainNaming = (prefix) => ({
    tableOf: (table) => (0, exports.azureTableName)(prefix, table),
    keyOf: ({ id }) => id,
    idOf: (_table, rowKey) => rowKey,
});
exports.plainNaming = plainNaming;
/** Names that the SDK uses for an entity's own metadata, or can't carry; a column of that name gets a suffix. */
const TAKEN = new Set(['etag', 'timestamp', '__proto__']);
const propertyName = (column) => (TAKEN.has(column) ? `${column}Column` : column);
/** A row's columns as properties; an empty column has none. */
function encodeColumns(columns) {
    const properties = new Map();
    for (const [column, value] of columns)
        encodeValue(properties, propertyName(column), value);
    return properties;
}
/** Every property that a column can have taken in an earlier write: what a patch has to clear besides setting it. */
const belongsTo = (property, column) => {
    const name = propertyName(column);
    return (property.startsWith(name) &&
        (property.length === name.length || /^(?:Label\d*|Table|Name|Part\d+)$/.test(property.slice(name.length))));
};
exports.belongsTo = belongsTo;
function encodeValue(into, name, value) {
    if (value === null)
        return;
    switch (value.kind) {
        case 'string': {
            putText(into, name, value.value);
            return;
        }
        case 'guid':
            return void into.set(name, value.value);
        case 'boolean':
        case 'managed':
            return void into.set(name, value.value);
        case 'integer':
            return void into.set(name, value.value);
        case 'bigint':
            return void into.set(name, value.value);
        case 'double':
            return void into.set(name, { type: 'Double', value: String(value.value) });
        // Azure Tables has no decimal: the digits are kept as text, scale included.
        case 'number':
        case 'decimal':
        case 'money':
            return void into.set(name, value.text);
        case 'instant':
            return void into.set(name, { type: 'DateTime', value: new Date(value.epochMs).toISOString() });
        case 'date':
        case 'wallTime':
            return void into.set(name, value.text);
        case 'offsetTime':
            return void into.set(name, (0, value_json_1.wallTimeOf)(value.epochMs, value.offsetMinutes));
        case 'choice':
            into.set(name, value.value);
            putLabels(into, name, value);
            return;
        case 'choices':
            into.set(name, JSON.stringify(value.values));
            putLabels(into, name, value);
            return;
        case 'lookup':
            into.set(name, value.id);
            if (value.table !== '')
                into.set(`${name}Table`, value.table);
            if (value.name !== null)
                into.set(`${name}Name`, value.name);
            return;
        case 'bytes': {
            const end = (_text, start) => start + MAX_BASE64;
            putParts(into, name, value.base64, end, (part) => ({ type: 'Binary', value: part }));
            return;
        }
        case 'aliased': {
            encodeValue(into, name, value.value);
            return;
        }
        case 'rows':
        case 'row':
        case 'list':
        case 'pairs':
        case 'relationship':
        case 'unknown': {
            putText(into, name, JSON.stringify((0, value_json_1.plainValue)(value)));
            return;
        }
        default:
            value;
    }
}
function putLabels(into, name, { label, labels }) {
    if (label !== undefined)
        into.set(`${name}Label`, label);
    for (const [language, text] of labels ?? [])
        into.set(`${name}Label${language}`, text);
}
const putText = (into, name, text) => putParts(into, name, text, textPartEnd, (part) => part);
/** Where a part of a text ends: never between the halves of a character, each of which alone the service would replace. */
function textPartEnd(text, start) {
    const end = start + MAX_TEXT;
    const isCut = /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(end - 1, end + 1));
    return isCut ? end - 1 : end;
}
function putParts(into, name, text, endOf, make) {
    let at = endOf(text, 0);
    into.set(name, make(text.slice(0, at)));
    for (let part = 2; at < text.length; part += 1) {
        const end = endOf(text, at);
        into.set(`${name}Part${part}`, make(text.slice(at, end)));
        at = end;
    }
}
/**
 * Whether a property only describes the value of another one: the label of a choice, the name of a lookup. `columns` are
 * those of the row, some of which may have been given a name that ends so.
 */
const describesValue = (property, columns) => /(?:Label\d*|Name)$/.test(property) && !columns.has(property);
exports.describesValue = describesValue;
/** The stamp as one text property: short names, since every row carries it. */
function encodeStamp(stamp) {
    return JSON.stringify({
        v: stamp.version.toString(),
        base: stamp.base,
        seen: stamp.seen,
        ...(stamp.ahead ? { ahead: true } : {}),
        ...(stamp.gone ? { gone: true } : {}),
        ring: stamp.ring.join(' '),
    });
}
/** Thrown when an entity's key isn't that of a row: it lies in the store's table since before its key was changed. */
class RowKeyForeign extends errors_1.OutboundError {
    code = 'row-key-foreign';
    disposition = 'park';
    constructor(azureTable, partition, rowKey) {
        super(`The entity (${partition}, ${rowKey}) of ${azureTable} has no key of this table's mapping. If the key was changed, ` +
            `delete the entities with the earlier keys, or give the table another target.`);
    }
}
exports.RowKeyForeign = RowKeyForeign;
/** Thrown when an entity in the store's table was not written by this app. */
class StampUnreadable extends errors_1.OutboundError {
    code = 'stamp-unreadable';
    disposition = 'park';
    constructor(partition, rowKey) {
        super(`The entity (${partition}, ${rowKey}) has no readable ${exports.STAMP_PROPERTY} property: it was not written by this app. Move it out of the table.`);
    }
}
exports.StampUnreadable = StampUnreadable;
/** Reads the stamp of an entity back. */
function decodeStamp(text) {
    try {
        const { v, base, seen, ahead, gone, ring } = JSON.parse(text);
        if (typeof v !== 'string' || typeof base !== 'number' || typeof seen !== 'number' || typeof ring !== 'string')
            return undefined;
        return {
            version: BigInt(v),
            base,
            seen,
            ahead: ahead === true,
            gone: gone === true,
            ring: ring === '' ? [] : ring.split(' '),
        };
    }
    catch {
        return undefined;
    }
}
/** An entity for the SDK from properties and stamp. */
function toEntity(key, stamp, hidden, properties) {
    const entity = { ...key };
    for (const [name, value] of properties)
        entity[name] = value;
    entity[exports.STAMP_PROPERTY] = encodeStamp(stamp);
    entity[exports.DELETED_PROPERTY] = stamp.gone || hidden;
    if (hidden)
        entity[exports.HIDDEN_PROPERTY] = true;
    return entity;
}
/** Refuses a row that Azure Tables would refuse, naming the limit. `stored` are the fingerprints of the whole row. */
function assertFits(row, { rowKey }, stamp, stored) {
    const own = { count: 2, bytes: 2 * (1 + rowKey.length) + 2 * encodeStamp(stamp).length + 64 };
    const misfit = misfitOf(stored, own);
    if (misfit !== undefined)
        throw new RowTooLarge(row, misfit);
}
/**
 * Which limit of an entity these fingerprints would break together with `own`, the properties that every entity of the
 * kind has; undefined for none.
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#property-limitations
 */
function misfitOf(stored, own) {
    const count = stored.size + own.count;
    if (count > MAX_PROPERTIES)
        return `${count} properties of at most ${MAX_PROPERTIES}`;
    let bytes = 4 + own.bytes;
    for (const [name, print] of stored)
        bytes += 8 + 2 * name.length + 4 + (print.startsWith('x') ? 0.75 : 2) * print.length;
    return bytes > MAX_ENTITY_BYTES ? `${Math.ceil(bytes / 1024)} KiB of at most 1024` : undefined;
}
/** A property's type and value as one comparable text: equal texts, equal properties. */
function fingerprint(property) {
    switch (typeof property) {
        case 'string':
            return `s${property}`;
        case 'number':
            return `n${property}`;
        case 'boolean':
            return `b${property}`;
        case 'bigint':
            return `l${property}`;
        default:
            return fingerprintTyped(property.type, property.value);
    }
}
function fingerprintTyped(type, value) {
    const text = String(value);
    switch (type) {
        case 'Boolean':
            return `b${text}`;
        case 'Int32':
            return `n${Number(text)}`;
        case 'Int64':
            return `l${text}`;
        case 'Double':
            return `n${Number(text)}`;
        case 'DateTime':
            return `t${new Date(text).toISOString()}`;
        case 'Binary':
            return `x${text}`;
        default:
            return `s${text}`;
    }
}
const OWN = new Set([exports.STAMP_PROPERTY, exports.DELETED_PROPERTY, exports.HIDDEN_PROPERTY, 'partitionKey', 'rowKey', 'etag', 'timestamp']);
/** The fingerprints of the columns of an entity that was read with `disableTypeConversion`. */
function fingerprintsOf(entity) {
    const prints = new Map();
    for (const [name, property] of Object.entries(entity)) {
        if (OWN.has(name) || name.startsWith('odata.'))
            continue;
        const { type, value } = property;
        prints.set(name, fingerprintTyped(type, value));
    }
    return prints;
}
//# sourceMappingURL=layout.js.map