"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.slicedPage = slicedPage;
const exact_json_1 = require("../json/exact-json");
const odata_row_1 = require("./odata-row");
/** Bytes of a slice, at least: some 900 rows of 22 columns, so that each partition of the store gets enough for a transaction. */
const SLICE_BYTES = 2 * 1024 * 1024;
const ROWS_OPEN = '"value":[';
const BETWEEN_ROWS = '},{';
/** Stands for the rows in a page without them. */
const ROWS = 'rows';
/*
 * Why a cut can't go wrong, whatever the text holds: a reader of JSON that stands before a row of the list stands as one
 * does after `[`. So a piece that parses between `[` and `]` begins and ends where rows do: were its end inside a string or
 * an object, that would still be open; and the next piece begins in the same state. Where cutting doesn't come out like this
 * it is cut further on, at last not at all. In the same way the page with a string in the place of its rows has to be an
 * object whose `value` is a list of that string.
 */
/**
 * Opens a page of a table or of its delta. Its bytes are used up.
 *
 * @throws AnswerUnreadable also while its slices are gone through
 */
function slicedPage(bytes, table, sliceBytes = SLICE_BYTES) {
    const place = rowsIn(bytes);
    if (place !== undefined)
        return { ...linksOf(place.envelope), slices: cut(bytes, place, table, sliceBytes) };
    const page = (0, odata_row_1.parseAnswer)(bytes.toString(), table);
    return { ...linksOf(page), slices: [{ rows: (0, odata_row_1.rowsOf)((0, exact_json_1.objectOf)(page)?.value, table), isLast: true }] };
}
function linksOf(page) {
    const { '@odata.nextLink': nextLink, '@odata.deltaLink': deltaLink } = (0, exact_json_1.objectOf)(page) ?? {};
    return {
        ...(typeof nextLink === 'string' ? { nextLink } : {}),
        ...(typeof deltaLink === 'string' ? { deltaLink } : {}),
    };
}
/** Undefined where it isn't plain to see: where a list before the last one could be the one of the rows. */
function rowsIn(bytes) {
    const open = bytes.indexOf(ROWS_OPEN);
    const end = bytes.lastIndexOf(']');
    const start = open + ROWS_OPEN.length;
    if (open === -1 || end < start)
        return undefined;
    for (let at = bytes.indexOf(']', start); at < end; at = bytes.indexOf(']', at + 1))
        if (mayLeadToMember(bytes, at + 1))
            return undefined;
    const rest = bytes.toString('utf8', end);
    try {
        const envelope = JSON.parse(bytes.toString('utf8', 0, start) + JSON.stringify(ROWS) + rest);
        const value = (0, exact_json_1.objectOf)(envelope)?.value;
        return (0, exact_json_1.isList)(value) && value.length === 1 && value[0] === ROWS ? { start, end, envelope } : undefined;
    }
    catch {
        return undefined;
    }
}
const [COMMA, QUOTE] = Buffer.from(',"');
const SPACES = new Set(Buffer.from(' \t\r\n'));
/** Whether a comma and a quotation mark come next. */
function mayLeadToMember(bytes, from) {
    const comma = skipSpaces(bytes, from);
    return bytes[comma] === COMMA && bytes[skipSpaces(bytes, comma + 1)] === QUOTE;
}
function skipSpaces(bytes, from) {
    let at = from;
    while (SPACES.has(bytes[at] ?? 0))
        at += 1;
    return at;
}
function* cut(bytes, { start, end }, table, sliceBytes) {
    let from = start;
    let least = sliceBytes;
    let further = 1;
    for (;;) {
        const found = bytes.indexOf(BETWEEN_ROWS, from + least);
        const to = found === -1 || found >= end ? end : found + 1;
        const rows = rowsBetween(bytes, from, to, table, to === end);
        if (rows === undefined) {
            least = to - from + further;
            further *= 2;
            continue;
        }
        yield { rows, isLast: to === end };
        if (to === end)
            return;
        from = to + 1;
        least = sliceBytes;
        further = 1;
    }
}
/**
 * The rows between two places; undefined where one of them isn't between rows. What stands there becomes brackets: to add
 * them to the text would be to copy it.
 */
function rowsBetween(bytes, from, to, table, isLast) {
    const after = bytes.toString('latin1', to, to + 1);
    bytes.write('[', from - 1);
    bytes.write(']', to);
    try {
        return (0, odata_row_1.rowsOf)((0, odata_row_1.parseAnswer)(bytes.toString('utf8', from - 1, to + 1), table), table);
    }
    catch (error) {
        if (isLast || !(error instanceof odata_row_1.AnswerUnreadable))
            throw error;
        bytes.write(after, to);
        return undefined;
    }
}
//# sourceMappingURL=page-slices.js.map