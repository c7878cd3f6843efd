"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.mayHoldMore = mayHoldMore;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
/** A value needs at least itself and what parts it from the next. */
const CHARACTERS_PER_VALUE = 2;
/**
 * Whether a JSON text may hold more than so many values, found before anything is made of them. Only a text that is long
 * enough is looked at. Empty lists and objects count for two.
 */
function mayHoldMore(text, maxValues) {
    if (text.length <= CHARACTERS_PER_VALUE * maxValues)
        return false;
    let values = 1;
    let inString = false;
    for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at);
        if (code === QUOTE)
            inString = !inString;
        else if (inString) {
            if (code === BACKSLASH)
                at++;
        }
        else if (code === COMMA || code === OPEN_LIST || code === OPEN_OBJECT)
            values++;
    }
    return values > maxValues;
}
//# sourceMappingURL=json-size.js.map