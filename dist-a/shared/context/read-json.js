"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readJson = readJson;
const errors_1 = require("./errors");
const exact_json_1 = require("../json/exact-json");
const json_context_1 = require("./json-context");
const json_size_1 = require("./json-size");
/** Takes a byte order mark away, and refuses bytes that are not UTF-8 rather than replace them. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });
function decode(body) {
    if (typeof body === 'string')
        return body.startsWith('\ufeff') ? body.slice(1) : body;
    try {
        return UTF8.decode(body);
    }
    catch {
        throw new errors_1.JsonInvalid('encoding');
    }
}
/** Where the native parser stopped. Its message is read for the position only, for it quotes the text. */
function positionOf(text) {
    try {
        JSON.parse(text);
        return undefined;
    }
    catch (error) {
        const message = error instanceof Error ? error.message : '';
        if (message.startsWith('Unexpected end'))
            return text.length;
        const digits = / at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(message)?.[1];
        return digits === undefined ? undefined : Number(digits);
    }
}
function parse(text) {
    try {
        return (0, exact_json_1.parseExact)(text);
    }
    catch {
        // The parser's own error is left behind: its text quotes the input, and a column's value must not reach a log.
        throw new errors_1.JsonInvalid('syntax', positionOf(text));
    }
}
const PLAIN = { format: 'json', envelope: null };
/**
 * Reads a context in the JSON form, as webhooks send it.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 *
 * @throws JsonInvalid when the body is not JSON in UTF-8; BodyTooComplex; ContextInvalid when it is no context
 */
function readJson(body, bounds, form = PLAIN) {
    const text = decode(body);
    if ((0, json_size_1.mayHoldMore)(text, bounds.maxNodes))
        throw new errors_1.BodyTooComplex('nodes', bounds.maxNodes);
    return (0, json_context_1.contextOfJson)(parse(text), text, bounds.maxDepth, form);
}
//# sourceMappingURL=read-json.js.map