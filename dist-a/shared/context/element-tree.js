"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ElementTree = void 0;
const errors_1 = require("./errors");
const namespace_scope_1 = require("./namespace-scope");
const namespaces_1 = require("./namespaces");
/** Attributes and declarations of one element: contexts have up to three. */
const MAX_ATTRIBUTES = 64;
const NO_CHILDREN = [];
const NO_BYTES = [];
class Node {
    uri;
    name;
    type = null;
    nil = false;
    text = '';
    bytes = NO_BYTES;
    children = NO_CHILDREN;
    constructor(uri, name) {
        this.uri = uri;
        this.name = name;
    }
}
const isTrue = (text) => text === 'true' || text === '1';
/**
 * Builds the tree of a document out of what a reader meets. Only what a context can need is kept: of attributes, `i:type`
 * and `i:nil`. https://www.w3.org/TR/xmlschema-1/#xsi_type
 */
class ElementTree {
    bounds;
    fail;
    scope = new namespace_scope_1.NamespaceScope();
    open_ = [];
    pending = [];
    prefix = '';
    name = '';
    attributes = 0;
    nodes = 0;
    top;
    /** @param fail makes the reader's own error of a fault, which says where it was met */
    constructor(bounds, fail) {
        this.bounds = bounds;
        this.fail = fail;
    }
    /** The outermost element; asks for it when the document is read. */
    root() {
        if (this.top === undefined || this.open_.length > 0)
            throw this.fail('structure');
        return this.top;
    }
    open(prefix, name) {
        if (this.open_.length >= this.bounds.maxElementDepth) {
            throw new errors_1.BodyTooComplex('depth', this.bounds.maxElementDepth);
        }
        if (this.open_.length === 0 && this.top !== undefined)
            throw this.fail('structure');
        this.count();
        this.prefix = prefix;
        this.name = name;
        this.attributes = 0;
        this.scope.enter();
    }
    declare(prefix, uri) {
        this.countAttribute();
        if (!this.scope.declare(prefix, uri))
            throw this.fail('declaration');
    }
    attribute(prefix, name, value) {
        this.countAttribute();
        // An attribute without a prefix is in no namespace, and none of those matters.
        if (prefix !== '')
            this.pending.push({ prefix, name, value });
    }
    opened() {
        const node = new Node(this.uriOf(this.prefix), this.name);
        if (this.pending.length > 0)
            this.takeAttributes(node);
        const parent = this.open_.at(-1);
        if (parent === undefined)
            this.top = node;
        else if (parent.children === NO_CHILDREN)
            parent.children = [node];
        else
            parent.children.push(node);
        this.open_.push(node);
    }
    text(piece) {
        const node = this.open_.at(-1);
        if (node === undefined)
            throw this.fail('structure');
        if (node.bytes.length === 0) {
            node.text += piece;
            return;
        }
        // Bytes that go on as text: from here on all of it is base64 text.
        node.text = node.bytes.map((bytes) => Buffer.from(bytes).toString('base64')).join('') + piece;
        node.bytes = NO_BYTES;
    }
    bytes(piece) {
        const node = this.open_.at(-1);
        if (node === undefined)
            throw this.fail('structure');
        if (node.text !== '')
            node.text += Buffer.from(piece).toString('base64');
        else if (node.bytes === NO_BYTES)
            node.bytes = [piece];
        else
            node.bytes.push(piece);
    }
    close() {
        if (this.open_.pop() === undefined)
            throw this.fail('structure');
        this.scope.leave();
    }
    takeAttributes(node) {
        let typed = false;
        let nilled = false;
        for (const { prefix, name, value } of this.pending) {
            if (this.uriOf(prefix) !== namespaces_1.INSTANCE)
                continue;
            if (name === 'type') {
                if (typed)
                    throw this.fail('attribute');
                typed = true;
                node.type = this.typeOf(value.trim());
            }
            else if (name === 'nil') {
                if (nilled)
                    throw this.fail('attribute');
                nilled = true;
                node.nil = isTrue(value.trim());
            }
        }
        this.pending = [];
    }
    typeOf(text) {
        const colon = text.indexOf(':');
        if (colon === -1)
            return { uri: this.uriOf(''), name: text };
        return { uri: this.uriOf(text.slice(0, colon)), name: text.slice(colon + 1) };
    }
    uriOf(prefix) {
        const uri = this.scope.uriOf(prefix);
        if (uri === undefined)
            throw this.fail('prefix');
        return uri;
    }
    countAttribute() {
        this.count();
        this.attributes += 1;
        if (this.attributes > MAX_ATTRIBUTES)
            throw new errors_1.BodyTooComplex('attributes', MAX_ATTRIBUTES);
    }
    count() {
        this.nodes += 1;
        if (this.nodes > this.bounds.maxNodes)
            throw new errors_1.BodyTooComplex('nodes', this.bounds.maxNodes);
    }
}
exports.ElementTree = ElementTree;
//# sourceMappingURL=element-tree.js.map