"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.contextOfElement = contextOfElement;
const element_1 = require("./element");
const element_value_1 = require("./element-value");
const errors_1 = require("./errors");
const lazy_map_1 = require("./lazy-map");
const namespaces_1 = require("./namespaces");
const wire_context_1 = require("./wire-context");
const wire_date_1 = require("./wire-date");
const wire_value_1 = require("./wire-value");
/** The place of a parent, however far up it is: it is for people. */
const PARENT = { parent: null, name: 'ParentContext' };
const ROOT = 'RemoteExecutionContext';
/** The members of a context as elements. */
class ElementMembers {
    wire;
    source;
    place;
    level;
    constructor(wire, source, 
    /** Where this context stands in the message: null for the outermost. */
    place, level) {
        this.wire = wire;
        this.source = source;
        this.place = place;
        this.level = level;
    }
    get form() {
        return this.source.form;
    }
    at(member) {
        return (0, wire_value_1.pathOf)(this.place, member);
    }
    text(member) {
        const text = (0, element_value_1.textIn)(this.member(member), this.place, member) ?? '';
        if (text === '')
            throw new errors_1.ContextInvalid(this.at(member), 'a text that is not empty');
        return text;
    }
    textOrNull(member) {
        const element = this.member(member);
        return element === undefined ? undefined : (0, element_value_1.textIn)(element, this.place, member);
    }
    integer(member) {
        return (0, element_value_1.integerIn)(this.member(member), this.place, member);
    }
    flag(member) {
        return (0, element_value_1.flagIn)(this.member(member), this.place, member);
    }
    id(member) {
        return (0, element_value_1.idIn)(this.member(member), this.place, member);
    }
    idOrNull(member) {
        const element = this.member(member);
        return element === undefined || element.nil ? null : (0, element_value_1.idIn)(element, this.place, member);
    }
    operationTime(asynchronous) {
        const text = (0, element_value_1.textIn)(this.member('OperationCreatedOn'), this.place, 'OperationCreatedOn') ?? '';
        return (0, wire_date_1.operationTimeOf)(text.trim(), asynchronous);
    }
    owner() {
        const owner = this.member('OwningExtension');
        if (owner === undefined || owner.nil)
            return null;
        const place = { parent: this.place, name: 'OwningExtension' };
        return { stepId: (0, element_value_1.idIn)((0, element_1.memberOf)(owner, 'Id'), place, 'Id'), name: (0, element_value_1.textIn)((0, element_1.memberOf)(owner, 'Name'), place, 'Name') };
    }
    parameters(member) {
        const place = { parent: this.place, name: member };
        const pairs = (0, element_value_1.pairsIn)(this.member(member), place);
        if (pairs === null)
            return null;
        return new lazy_map_1.LazyMap(pairs, (element, name) => this.source.reader.parameter(element, { parent: place, name }));
    }
    images(member) {
        const place = { parent: this.place, name: member };
        const pairs = (0, element_value_1.pairsIn)(this.member(member), place);
        if (pairs === null)
            return null;
        return new lazy_map_1.LazyMap(pairs, (element, name) => this.source.reader.image(element, { parent: place, name }));
    }
    parent() {
        const parent = this.member('ParentContext');
        if (parent === undefined || parent.nil)
            return null;
        const { maxDepth } = this.source;
        if (this.level >= maxDepth)
            throw new errors_1.ContextInvalid('ParentContext', `nested at most ${maxDepth} deep`);
        return new ElementMembers(parent, this.source, PARENT, this.level + 1);
    }
    member(name) {
        return (0, element_1.memberOf)(this.wire, name);
    }
}
/**
 * A context over the elements of a message.
 *
 * @throws ContextInvalid when it is no context, or a member is missing or of another type
 */
function contextOfElement(root, maxDepth, form) {
    if (root.name !== ROOT || root.uri !== namespaces_1.CONTRACTS || root.nil) {
        throw new errors_1.ContextInvalid('The outermost element', `${ROOT} of ${namespaces_1.CONTRACTS}`);
    }
    return new wire_context_1.WireContext(new ElementMembers(root, { reader: new element_value_1.ElementReader(maxDepth), maxDepth, form }, null, 0));
}
//# sourceMappingURL=element-context.js.map