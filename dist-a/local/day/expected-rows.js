"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.expectedOf = exports.columnsOf = void 0;
exports.expectedRows = expectedRows;
exports.expectedProperties = expectedProperties;
exports.expectedLinks = expectedLinks;
exports.expectedLink = expectedLink;
const PART = 32 * 1024;
/** The rows of a table. */
function* expectedRows(dataverse, table, view) {
    const definitions = (0, exports.columnsOf)(dataverse, table);
    for (const row of dataverse.rows(table)) {
        if (view.shows(row.columns))
            yield expectedProperties(row, definitions, view);
        else
            yield { key: row.id, properties: 'hidden' };
    }
}
/** The columns of a table as Dataverse has them now. */
const columnsOf = (dataverse, table) => dataverse.tables.find(({ logicalName }) => logicalName === table)?.byName ?? new Map();
exports.columnsOf = columnsOf;
/** A row of a table that has these columns, whether or not the mapping's filter shows it. */
function expectedProperties(row, definitions, view) {
    const properties = new Map();
    for (const [name, column] of definitions) {
        const value = row.columns[name];
        const { name: to = name, redact } = view.column(name) ?? { name: '' };
        if (to === '' || name === 'versionnumber' || value === null || value === undefined)
            continue;
        if (redact === undefined)
            expect(properties, to, column, value);
        else
            properties.set(to, redact(plainText(column, value)));
    }
    return { key: row.id, properties };
}
/** The links of a relationship. */
function* expectedLinks(dataverse, relationship) {
    for (const row of dataverse.rows(relationship.intersect.table))
        yield expectedLink(row, relationship);
}
/** A link lies under both ids, that of the table first whose name comes first. */
function expectedLink({ columns }, { one, two }) {
    const [first, second] = one.table <= two.table ? [one, two] : [two, one];
    const [id1, id2] = [idIn(columns[first.column]), idIn(columns[second.column])];
    const properties = { table1: first.table, id1, table2: second.table, id2 };
    return { key: `${id1}_${id2}`, properties: new Map(Object.entries(properties)) };
}
const idIn = (value) => (typeof value === 'string' ? value : '');
/** The tables and relationships that are compared, each with what is expected of it. */
const expectedOf = (dataverse, tables, relationships, view) => [
    ...tables.map((table) => [table, expectedRows(dataverse, table, view.table(table))]),
    ...relationships.map((relationship) => [relationship.schemaName, expectedLinks(dataverse, relationship)]),
];
exports.expectedOf = expectedOf;
/** The text that is redacted: the day redacts nothing but texts. */
function plainText({ logicalName, type }, value) {
    if (typeof value === 'string' && (type === 'string' || type === 'memo'))
        return value;
    throw new Error(`The check can't tell how column ${logicalName} of type ${type} is redacted.`);
}
/** Adds a column's properties under its name in the store. */
function expect(expected, name, column, value) {
    const text = typeof value === 'string' ? value : '';
    switch (column.type) {
        case 'string':
        case 'memo':
            for (let part = 0; part === 0 || part * PART < text.length; part += 1) {
                expected.set(part === 0 ? name : `${name}Part${part + 1}`, text.slice(part * PART, (part + 1) * PART));
            }
            return;
        case 'dateTime':
            if (column.behavior === 'UserLocal')
                expected.set(name, Date.parse(text));
            else
                expected.set(name, column.behavior === 'DateOnly' ? text : new Date(text).toISOString().replace('Z', ''));
            return;
        case 'choice':
        case 'state':
        case 'status':
            expected.set(name, value);
            expected.set(`${name}Label`, column.options.find((option) => option.value === value)?.label);
            return;
        case 'choices':
            expected.set(name, JSON.stringify(value));
            expected.set(`${name}Label`, value
                .map((each) => column.options.find((option) => option.value === each)?.label)
                .join('; '));
            return;
        case 'lookup':
        case 'customer':
        case 'owner': {
            const { table, id } = value;
            expected.set(name, id);
            expected.set(`${name}Table`, table);
            // As of the row's last full read: Dataverse doesn't report it when the other row's name changes.
            expected.set(`${name}Name`, undefined);
            return;
        }
        case 'boolean':
        case 'integer':
        case 'bigint':
        case 'decimal':
        case 'double':
        case 'money':
        case 'uniqueidentifier':
            expected.set(name, value);
            return;
        default:
            column;
    }
}
//# sourceMappingURL=expected-rows.js.map