"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.readBinary = exports.readXml = void 0;
const binary_events_1 = require("./binary-events");
const element_1 = require("./element");
const element_context_1 = require("./element-context");
const element_tree_1 = require("./element-tree");
const errors_1 = require("./errors");
const format_1 = require("./format");
const namespaces_1 = require("./namespaces");
const read_json_1 = require("./read-json");
const xml_events_1 = require("./xml-events");
/** Elements that one level of values takes: a row in a collection is the most, from `value` to the next `value`. */
const ELEMENTS_PER_LEVEL = 5;
/** Parents are one element each, and a context's own members a few. */
const treeBoundsOf = ({ maxDepth, maxNodes }) => ({
    maxElementDepth: (ELEMENTS_PER_LEVEL + 1) * (maxDepth + 2),
    maxNodes,
});
const DECODERS = {
    utf8: new TextDecoder('utf-8', { fatal: true }),
    utf16le: new TextDecoder('utf-16le', { fatal: true }),
    utf16be: new TextDecoder('utf-16be', { fatal: true }),
};
/** The decoder that a byte order mark asks for; UTF-8 without one. https://www.w3.org/TR/xml/#sec-guessing */
function decoderOf(body) {
    if (body[0] === 0xff && body[1] === 0xfe)
        return DECODERS.utf16le;
    return body[0] === 0xfe && body[1] === 0xff ? DECODERS.utf16be : DECODERS.utf8;
}
function decode(body) {
    if (typeof body === 'string')
        return body.startsWith('\ufeff') ? body.slice(1) : body;
    try {
        return decoderOf(body).decode(body);
    }
    catch {
        throw new errors_1.XmlInvalid('encoding');
    }
}
function xmlRoot(body, bounds) {
    const xml = new xml_events_1.XmlEvents();
    const tree = new element_tree_1.ElementTree(treeBoundsOf(bounds), (fault) => new errors_1.XmlInvalid(fault, xml.position));
    xml.read(decode(body), tree, typeof body !== 'string');
    return tree.root();
}
function binaryRoot(body, bounds) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const tree = new element_tree_1.ElementTree(treeBoundsOf(bounds), (fault) => binary.fault(fault));
    const binary = new binary_events_1.BinaryEvents(bytes, tree);
    binary.read();
    return tree.root();
}
/**
 * The context that a document is, or the one that is text inside it: senders of old put the JSON text into one `string`
 * element. Only once, for no sender does so twice.
 */
function contextOfRoot(root, format, envelope, bounds) {
    if (root.name !== 'string' || root.uri !== namespaces_1.SERIALIZATION) {
        return (0, element_context_1.contextOfElement)(root, bounds.maxDepth, { format, envelope });
    }
    if (envelope !== null || root.children.length > 0 || root.nil) {
        throw new errors_1.ContextInvalid('The outermost element', 'a context, or one text that holds a context');
    }
    const text = (0, element_1.textOfElement)(root);
    const inner = (0, format_1.detectFormat)(text);
    switch (inner) {
        case 'json':
            return (0, read_json_1.readJson)(text, bounds, { format: inner, envelope: format });
        case 'xml':
            return contextOfRoot(xmlRoot(text, bounds), inner, format, bounds);
        case 'binary':
        case undefined:
            throw new errors_1.ContextFormatUnsupported();
    }
}
/**
 * Reads a context in text XML, as queues, topics and event hubs can be sent it.
 * https://learn.microsoft.com/power-apps/developer/data-platform/write-listener-application-azure-solution
 *
 * @throws XmlInvalid when the body is not XML in UTF-8 or UTF-16; BodyTooComplex; ContextInvalid when it is no context
 */
const readXml = (body, bounds) => contextOfRoot(xmlRoot(body, bounds), 'xml', null, bounds);
exports.readXml = readXml;
/**
 * Reads a context in .NET's binary XML, which queues and topics are sent unless another format is chosen.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/
 *
 * @throws BinaryInvalid when the body is not that; BodyTooComplex; ContextInvalid when it is no context
 */
const readBinary = (body, bounds) => contextOfRoot(binaryRoot(body, bounds), 'binary', null, bounds);
exports.readBinary = readBinary;
//# sourceMappingURL=read-elements.js.map