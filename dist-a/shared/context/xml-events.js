"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.XmlEvents = void 0;
const saxes_1 = require("saxes");
const errors_1 = require("../errors");
const errors_2 = require("./errors");
const forbidden_references_1 = require("./forbidden-references");
/** The entities that need no document type. A parser's own table may reach an object's prototype: this one has none. */
const ENTITIES = Object.assign(Object.create(null), {
    amp: '&',
    apos: "'",
    gt: '>',
    lt: '<',
    quot: '"',
});
/** Encodings that a document may declare: those that its bytes are read as. */
const DECLARABLE = new Set(['utf-8', 'utf-16', 'utf-16le', 'utf-16be', 'us-ascii']);
/** Reads a document of text XML, telling what it meets. Where it stands is asked for when something is wrong. */
class XmlEvents {
    parser = new saxes_1.SaxesParser({
        xmlns: false,
        position: false,
        forceXMLVersion: true,
        defaultXMLVersion: '1.0',
    });
    positionOf = (index) => index;
    length = 0;
    /** Where in the document reading stands, in characters. */
    get position() {
        return Math.min(this.positionOf(this.parser.position), this.length);
    }
    /**
     * Reads a whole document. Comments and processing instructions are passed over; a document type is refused, and with
     * it every entity but the five of XML itself.
     * https://www.w3.org/TR/xml/
     *
     * @param checkEncoding the document came as bytes, so the encoding that it declares has to be the one it was read in
     * @throws XmlInvalid, and whatever `events` throws
     */
    read(document, events, checkEncoding) {
        const { text, unmark, positionOf } = (0, forbidden_references_1.markForbidden)(document);
        this.positionOf = positionOf;
        this.length = document.length;
        const { parser } = this;
        let depth = 0;
        const onText = (piece) => {
            // White space around the outermost element is no one's content.
            if (depth > 0)
                events.text(unmark(piece));
        };
        parser.ENTITIES = ENTITIES;
        // Six handlers: V8 makes a slow object of a parser that is given more.
        parser.on('xmldecl', ({ encoding }) => {
            const known = encoding === undefined || DECLARABLE.has(encoding.toLowerCase());
            if (checkEncoding && !known)
                throw new errors_2.XmlInvalid('encoding', this.position);
        });
        parser.on('doctype', () => {
            throw new errors_2.XmlInvalid('doctype', this.position);
        });
        parser.on('opentag', ({ name, attributes }) => {
            const [prefix, local] = this.split(name);
            depth++;
            events.open(prefix, local);
            for (const attribute in attributes)
                this.tell(attribute, unmark(attributes[attribute] ?? ''), events);
            events.opened();
        });
        parser.on('text', onText);
        parser.on('cdata', onText);
        parser.on('closetag', () => {
            depth--;
            events.close();
        });
        try {
            parser.write(text).close();
        }
        catch (error) {
            // The parser's own error is left behind: its text may quote the document.
            throw error instanceof errors_1.OutboundError ? error : new errors_2.XmlInvalid('syntax', this.position);
        }
    }
    tell(name, value, events) {
        const [prefix, local] = this.split(name);
        if (prefix === 'xmlns')
            events.declare(local, value);
        else if (name === 'xmlns')
            events.declare('', value);
        else
            events.attribute(prefix, local, value);
    }
    /** A name's prefix and what follows it. */
    split(name) {
        const colon = name.indexOf(':');
        if (colon === -1)
            return ['', name];
        if (colon === 0 || colon === name.length - 1 || name.includes(':', colon + 1)) {
            throw new errors_2.XmlInvalid('syntax', this.position);
        }
        return [name.slice(0, colon), name.slice(colon + 1)];
    }
}
exports.XmlEvents = XmlEvents;
//# sourceMappingURL=xml-events.js.map