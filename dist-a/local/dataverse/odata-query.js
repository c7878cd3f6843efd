"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.wantsAnnotation = exports.parseQuery = void 0;
exports.splitOutside = splitOutside;
exports.parsePrefer = parsePrefer;
const dataverse_error_1 = require("./dataverse-error");
/** Splits at a separator outside parentheses and quotes. */
function splitOutside(text, separator) {
    const parts = [];
    let depth = 0;
    let quoted = false;
    let start = 0;
    for (let index = 0; index < text.length; index++) {
        const character = text[index];
        if (character === "'")
            quoted = !quoted;
        if (quoted)
            continue;
        if (character === '(')
            depth += 1;
        if (character === ')')
            depth -= 1;
        if (character === separator && depth === 0) {
            parts.push(text.slice(start, index));
            start = index + 1;
        }
    }
    parts.push(text.slice(start));
    return parts;
}
const names = (list) => list
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
function parseExpand(text) {
    const expand = new Map();
    for (const item of splitOutside(text ?? '', ',')) {
        if (item.trim() === '')
            continue;
        const [, name = '', inner = ''] = /^\s*([^(]+?)\s*(?:\((.*)\))?\s*$/s.exec(item) ?? [];
        expand.set(name, parseOptions(splitOutside(inner, ';').map((option) => splitAt(option, '='))));
    }
    return expand;
}
function splitAt(text, separator) {
    const index = text.indexOf(separator);
    return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
function parseOptions(options) {
    const given = new Map();
    for (const [name, value] of options)
        if (name.startsWith('$'))
            given.set(name.slice(1), value);
    const top = given.get('top');
    if (top !== undefined && !/^\d+$/.test(top))
        throw (0, dataverse_error_1.badRequest)(`Invalid value '${top}' for $top query option found.`);
    return {
        select: names(given.get('select')),
        expand: parseExpand(given.get('expand')),
        filter: given.get('filter'),
        orderBy: given.get('orderby'),
        top: top === undefined ? undefined : Number(top),
        count: given.get('count') === 'true',
        skipToken: given.get('skiptoken'),
        deltaToken: given.get('deltatoken'),
        given: new Set(given.keys()),
    };
}
/** Reads the options of a query string. */
const parseQuery = (search) => parseOptions([...search.entries()]);
exports.parseQuery = parseQuery;
/** Reads a `Prefer` header; what it does not know it ignores. */
function parsePrefer(header) {
    const applied = [];
    let trackChanges = false;
    let returnRepresentation = false;
    let maxPageSize;
    let annotations = [];
    for (const found of (header ?? '').matchAll(/([\w.-]+)(?:\s*=\s*(?:"([^"]*)"|([^,;\s]*)))?/g)) {
        const [, name = '', quoted, bare] = found;
        const value = quoted ?? bare ?? '';
        switch (name.toLowerCase()) {
            case 'odata.track-changes':
                trackChanges = true;
                applied.push('odata.track-changes');
                break;
            case 'return':
                returnRepresentation = value === 'representation';
                if (returnRepresentation)
                    applied.push('return=representation');
                break;
            case 'odata.maxpagesize':
                maxPageSize = Number(value) > 0 ? Number(value) : undefined;
                applied.push(`odata.maxpagesize=${value}`);
                break;
            case 'odata.include-annotations':
                annotations = names(value) ?? [];
                applied.push(`odata.include-annotations="${value}"`);
                break;
            default:
                break;
        }
    }
    return { trackChanges, returnRepresentation, maxPageSize, annotations, applied: applied.join(',') };
}
/** Is an annotation wanted? Patterns are `*`, a name, or a namespace with `.*`. */
const wantsAnnotation = (patterns, name) => patterns.some((pattern) => pattern === '*' || pattern === name || (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1))));
exports.wantsAnnotation = wantsAnnotation;
//# sourceMappingURL=odata-query.js.map