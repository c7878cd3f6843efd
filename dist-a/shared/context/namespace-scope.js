"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.NamespaceScope = void 0;
const XML = 'http://www.w3.org/XML/1998/namespace';
const XMLNS = 'http://www.w3.org/2000/xmlns/';
/**
 * The namespaces that are declared where a reader stands. Finding one takes the same time however deep the reader is and
 * however many are declared, for both are the sender's choice.
 * https://www.w3.org/TR/xml-names/
 */
class NamespaceScope {
    uris = new Map([
        ['', ''],
        ['xml', XML],
    ]);
    /** What each declaration hid: prefix and former namespace. */
    hidden = [];
    /** How much was hidden when each open element began. */
    marks = [];
    /** An element begins. */
    enter() {
        this.marks.push(this.hidden.length);
    }
    /** Declares a namespace for the element that was entered last; false when that is not allowed. */
    declare(prefix, uri) {
        if (prefix === 'xml' || prefix === 'xmlns' || uri === XML || uri === XMLNS)
            return prefix === 'xml' && uri === XML;
        if (prefix !== '' && uri === '')
            return false;
        for (let at = this.hidden.length - 1; at >= (this.marks.at(-1) ?? 0); at--) {
            if (this.hidden[at]?.[0] === prefix)
                return false;
        }
        this.hidden.push([prefix, this.uris.get(prefix)]);
        this.uris.set(prefix, uri);
        return true;
    }
    /** What a prefix stands for; undefined when it was not declared. The empty prefix is the default namespace. */
    uriOf(prefix) {
        return this.uris.get(prefix);
    }
    /** The element that was entered last ends. */
    leave() {
        const mark = this.marks.pop() ?? 0;
        while (this.hidden.length > mark) {
            const [prefix, uri] = this.hidden.pop() ?? ['', ''];
            if (uri === undefined)
                this.uris.delete(prefix);
            else
                this.uris.set(prefix, uri);
        }
    }
}
exports.NamespaceScope = NamespaceScope;
//# sourceMappingURL=namespace-scope.js.map