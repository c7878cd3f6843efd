"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.mappingJsonSchema = exports.mappingSchema = void 0;
/**
 * The form of a mapping file. It is what the file is validated with, and what editors get as JSON Schema
 * (docs/mapping.schema.json); what no schema can say is in mapping-rules.ts.
 */
const zod_1 = require("zod");
const convert_1 = require("./convert");
const did_you_mean_1 = require("./did-you-mean");
/** An object without other keys than these; an unknown one is told with the key that may be meant. */
function strict(shape, refused = {}) {
    const known = Object.keys(shape);
    const told = (key) => {
        const meant = (0, did_you_mean_1.nearest)(key, known);
        return ((Object.hasOwn(refused, key) ? refused[key] : undefined) ??
            `is no known key${meant === undefined ? `; known are ${known.join(', ')}` : `; did you mean ${meant}?`}`);
    };
    return zod_1.z.strictObject(shape, {
        // One line for each key, in their order.
        error: (issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map(told).join('\n') : undefined),
    });
}
const TARGET_FORM = /^[A-Za-z_][A-Za-z0-9_]{0,100}$/;
const target = zod_1.z
    .string()
    .regex(TARGET_FORM, 'must be a name of letters, digits and underscores, 101 at most, that begins with no digit');
const tableName = zod_1.z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,62}$/, 'must be a name of letters, digits and underscores that begins with a letter');
const unmapped = zod_1.z.enum(['park', 'refuse', 'ignore']);
const kept = zod_1.z.int('must be a whole number').min(0, 'must be at least 0').max(100, 'must be at most 100');
const redaction = zod_1.z
    .union([
    zod_1.z.enum(['drop', 'hash', 'mask']),
    strict({
        mask: strict({
            keepFirst: kept.optional().describe('Characters at the beginning that stay.'),
            keepLast: kept.optional().describe('Characters at the end that stay.'),
        }),
    }),
], { error: 'must be drop, hash, mask, or { mask: { keepFirst, keepLast } }' })
    .describe('drop: not stored. hash: HMAC-SHA-256 with the key in REDACTION_KEY. mask: asterisks, at most half of the characters kept.');
const column = zod_1.z
    .union([
    zod_1.z.union([zod_1.z.enum(['keep', 'drop']), target]).describe('keep, drop, or the name of the column in the store.'),
    strict({
        to: target.optional().describe('Name of the column in the store. Default: its own.'),
        drop: zod_1.z.literal(true, 'must be true, or left out').optional().describe('The column is not stored.'),
        as: zod_1.z.enum(convert_1.TARGET_TYPES).optional().describe('Type in the store. Default: as docs/store.md says.'),
        label: zod_1.z
            .enum(['all', 'first', 'none'])
            .optional()
            .describe('Labels of a choice: of every language in languages, the first that there is (default), or none.'),
        lookup: zod_1.z
            .array(zod_1.z.enum(['id', 'table', 'name']))
            .optional()
            .describe('Parts of a lookup that are stored: id (always), table, name. Default: all three.'),
        redact: redaction.optional(),
    }),
], { error: 'must be keep, drop, a name, or a mapping with to, drop, as, label, lookup or redact' })
    .describe('What becomes of a column.');
const others = zod_1.z
    .enum(['keep', 'drop'])
    .optional()
    .describe("What becomes of columns that aren't named here. Default: keep.");
const columns = zod_1.z
    .object({ '*': others })
    .catchall(column)
    .describe('Columns by logical name; * stands for the others.');
const scalar = zod_1.z.union([zod_1.z.string(), zod_1.z.number(), zod_1.z.boolean()], { error: 'must be a text, a number, true or false' });
const list = zod_1.z.array(scalar).min(1, 'must hold at least one value');
const comparable = zod_1.z.union([zod_1.z.string(), zod_1.z.number()], { error: 'must be a text or a number' });
const condition = zod_1.z
    .union([
    scalar,
    strict({
        eq: scalar.optional().describe('Equal.'),
        ne: scalar.optional().describe('Not equal, or empty.'),
        in: list.optional().describe('Equal to one of these.'),
        notIn: list.optional().describe('Equal to none of these, or empty.'),
        gt: comparable.optional().describe('Greater, later.'),
        gte: comparable.optional().describe('Greater or equal.'),
        lt: comparable.optional().describe('Less, earlier.'),
        lte: comparable.optional().describe('Less or equal.'),
        isNull: zod_1.z.boolean('must be true or false').optional().describe('Empty, or not.'),
        startsWith: zod_1.z.string().optional().describe('The text begins so, case and all.'),
        contains: zod_1.z
            .union([zod_1.z.string(), zod_1.z.number()], { error: 'must be a text or a number' })
            .optional()
            .describe('The text contains it, case and all; the choices hold this value.'),
    }),
], { error: 'must be a value, or a mapping of operators (for empty columns: { isNull: true })' })
    .describe('A value to equal, or operators that must all hold.');
const key = strict({
    prefix: zod_1.z
        .string()
        .regex(/^[A-Za-z0-9._~-]{1,50}$/, 'must be letters, digits, . _ ~ or -, 50 at most')
        .optional()
        .describe('Put before the id.'),
    format: zod_1.z.enum(['D', 'N']).optional().describe('D: the id with hyphens (default). N: without.'),
}, {
    columns: "can't be: a row's key must come from its id, since a delete carries nothing else",
    column: "can't be: a row's key must come from its id, since a delete carries nothing else",
}).describe("RowKey of a row, made from its id. The PartitionKey is the id's first digit.");
const table = zod_1.z
    .union([
    zod_1.z.null(),
    strict({
        target: tableName
            .optional()
            .describe('Name of the table in the store, before LOB_TABLE_PREFIX. Default: its own.'),
        key: key.optional(),
        columns: columns.optional(),
        filter: zod_1.z
            .record(zod_1.z.string(), condition)
            .optional()
            .describe('Conditions by column, all of which must hold; a row that stops meeting them is deleted downstream.'),
    }),
], { error: 'must be a mapping with target, key, columns or filter, or empty' })
    .describe('A table, by logical name; empty: every column as it is.');
const event = zod_1.z
    .union([
    zod_1.z.null(),
    strict({
        target: tableName.optional().describe("Name of the event table in the store. Default: the message's name."),
        synchronous: zod_1.z
            .enum(['park', 'store'])
            .optional()
            .describe('Events of a synchronous step, whose transaction may have been rolled back. Default: park.'),
        columns: zod_1.z
            .object({ '*': others })
            .catchall(column)
            .optional()
            .describe('By input.NAME, output.NAME, variable.NAME. input and output are kept by default, variable dropped.'),
    }),
], { error: 'must be a mapping with target, synchronous or columns, or empty' })
    .describe('The events of one message.');
/** The whole file. */
exports.mappingSchema = strict({
    languages: zod_1.z
        .array(zod_1.z.int('must be a language code such as 1033').min(1, 'must be a language code such as 1033'))
        .optional()
        .describe('Languages of choice labels, the preferred one first. Default: 1033 (English), then the lowest code.'),
    unmapped: strict({
        tables: unmapped.optional(),
        relationships: unmapped.optional(),
        messages: unmapped.optional(),
    })
        .optional()
        .describe('What becomes of events of what is not named: park (default), refuse, or ignore (counted and logged).'),
    newColumns: zod_1.z
        .enum(['backfill', 'add'])
        .optional()
        .describe('A new column: loads the table again (backfill, the default), or comes with rows that change (add).'),
    tables: zod_1.z.record(zod_1.z.string(), table).optional().describe('Tables by logical name.'),
    links: zod_1.z
        .record(zod_1.z.string(), zod_1.z.union([zod_1.z.null(), strict({ target: tableName.optional().describe('Name of the link table in the store.') })], {
        error: 'must be a mapping with target, or empty',
    }))
        .optional()
        .describe('N:N relationships by schema name.'),
    events: zod_1.z
        .record(zod_1.z.string(), event)
        .optional()
        .describe('Custom actions, custom APIs and business events by message name.'),
}).describe('How Dataverse tables lie in the LOB store. docs/mapping.md');
/** The JSON Schema of mapping files, for editors. */
const mappingJsonSchema = () => zod_1.z.toJSONSchema(exports.mappingSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
exports.mappingJsonSchema = mappingJsonSchema;
//# sourceMappingURL=mapping-schema.js.map