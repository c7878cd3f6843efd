"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.isObject = exports.isList = exports.Digits = void 0;
exports.writeString = writeString;
exports.writeJson = writeJson;
exports.readJson = readJson;
/** A number written with exactly these digits: a double would lose them (`9007199254740993`, `1.10`). */
class Digits {
    text;
    constructor(text) {
        this.text = text;
    }
}
exports.Digits = Digits;
// The characters that DataContractJsonSerializer never writes as they are: controls, NEL, line and paragraph separators,
// surrogates and non-characters. It has no short forms: a line feed is \u000a, never \n.
const DATA_CONTRACT_ESCAPED = /[\u0000-\u001f"\\/\u0085\u2028\u2029\ud800-\udfff\ufffe\uffff]/g;
function dataContractEscape(character) {
    switch (character) {
        case '"':
        case '\\':
        case '/':
            return `\\${character}`;
        default:
            return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    }
}
/** One string as JSON text, quotes included. */
function writeString(text, escaping) {
    if (escaping === 'webApi')
        return JSON.stringify(text);
    return `"${text.replace(DATA_CONTRACT_ESCAPED, dataContractEscape)}"`;
}
// .NET writes an exponent in upper case, signed, with two digits at least: 1E-07.
const writeNumber = (value) => String(value)
    .replace(/e([+-])(\d)$/, 'e$10$2')
    .replace('e', 'E');
/** A document as JSON text without white space. */
function writeJson(json, escaping) {
    if (json === null)
        return 'null';
    switch (typeof json) {
        case 'string':
            return writeString(json, escaping);
        case 'number':
            return writeNumber(json);
        case 'boolean':
            return json ? 'true' : 'false';
        default:
            break;
    }
    if (json instanceof Digits)
        return json.text;
    if ((0, exports.isList)(json))
        return `[${json.map((item) => writeJson(item, escaping)).join(',')}]`;
    const members = [];
    for (const member in json) {
        const value = json[member];
        if (value !== undefined)
            members.push(`${writeString(member, escaping)}:${writeJson(value, escaping)}`);
    }
    return `{${members.join(',')}}`;
}
/** Is it a list? (`Array.isArray` does not narrow readonly arrays.) */
const isList = (json) => Array.isArray(json);
exports.isList = isList;
/** Is it an object with members? */
const isObject = (json) => typeof json === 'object' && json !== null && !(0, exports.isList)(json) && !(json instanceof Digits);
exports.isObject = isObject;
/** Reads JSON text, each number as the digits that were sent. Throws a SyntaxError on text that is not JSON. */
function readJson(text) {
    const keepDigits = (_member, value, context) => typeof value === 'number' ? new Digits(context?.source ?? String(value)) : value;
    return JSON.parse(text, keepDigits);
}
//# sourceMappingURL=json-text.js.map