"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.textOfElement = textOfElement;
exports.memberOf = memberOf;
const namespaces_1 = require("./namespaces");
/** The element's text; bytes as base64, piece by piece, as .NET has them when text is asked for. */
function textOfElement(element) {
    if (element.bytes.length === 0)
        return element.text;
    return element.bytes.map((piece) => Buffer.from(piece).toString('base64')).join('');
}
/**
 * A member of an object. Where one is sent twice the last one counts, as in JSON; undefined where it is not sent.
 *
 * @param uri the member's namespace @default that of the platform's contracts
 */
function memberOf(element, name, uri = namespaces_1.CONTRACTS) {
    const { children } = element;
    for (let at = children.length - 1; at >= 0; at--) {
        const child = children[at];
        if (child?.name === name && child.uri === uri)
            return child;
    }
    return undefined;
}
//# sourceMappingURL=element.js.map