"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.contextOfJson = contextOfJson;
const errors_1 = require("./errors");
const exact_json_1 = require("../json/exact-json");
const lazy_map_1 = require("./lazy-map");
const wire_context_1 = require("./wire-context");
const wire_date_1 = require("./wire-date");
const wire_value_1 = require("./wire-value");
/** The place of a parent, however far up it is: it is for people. */
const PARENT = { parent: null, name: 'ParentContext' };
/** The members of a context in its JSON form. */
class JsonMembers {
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
        const text = (0, exact_json_1.stringOf)(this.wire[member]);
        if (text === undefined || text === '')
            throw new errors_1.ContextInvalid(this.at(member), 'a text that is not empty');
        return text;
    }
    textOrNull(member) {
        const json = this.wire[member];
        return json === undefined ? undefined : (0, wire_value_1.textOrNull)(json, this.place, member);
    }
    integer(member) {
        const json = this.wire[member];
        if (typeof json === 'number' && Number.isSafeInteger(json))
            return json;
        throw new errors_1.ContextInvalid(this.at(member), 'a whole number');
    }
    flag(member) {
        return (0, wire_value_1.flag)(this.wire[member], this.place, member);
    }
    id(member) {
        return (0, wire_value_1.idText)(this.wire[member], this.place, member);
    }
    idOrNull(member) {
        return this.wire[member] == null ? null : this.id(member);
    }
    operationTime(asynchronous) {
        return (0, wire_date_1.operationTimeOf)((0, exact_json_1.stringOf)(this.wire.OperationCreatedOn) ?? '', asynchronous);
    }
    owner() {
        const json = this.wire.OwningExtension ?? null;
        if (json === null)
            return null;
        const owner = (0, exact_json_1.objectOf)(json);
        if (owner === undefined)
            throw new errors_1.ContextInvalid(this.at('OwningExtension'), 'a reference or null');
        const place = { parent: this.place, name: 'OwningExtension' };
        return { stepId: (0, wire_value_1.idText)(owner.Id, place, 'Id'), name: (0, wire_value_1.textOrNull)(owner.Name, place, 'Name') };
    }
    parameters(member) {
        const place = { parent: this.place, name: member };
        const pairs = (0, wire_value_1.pairsOf)(this.wire[member], place);
        if (pairs === null)
            return null;
        return new lazy_map_1.LazyMap(pairs, (json, name) => this.source.reader.parameter(json, { parent: place, name }));
    }
    images(member) {
        const place = { parent: this.place, name: member };
        const pairs = (0, wire_value_1.pairsOf)(this.wire[member], place);
        if (pairs === null)
            return null;
        return new lazy_map_1.LazyMap(pairs, (json, name) => this.source.reader.image(json, { parent: place, name }));
    }
    parent() {
        const json = this.wire.ParentContext ?? null;
        if (json === null)
            return null;
        const wire = (0, exact_json_1.objectOf)(json);
        if (wire === undefined)
            throw new errors_1.ContextInvalid(this.at('ParentContext'), 'a context or null');
        const { maxDepth } = this.source;
        if (this.level >= maxDepth)
            throw new errors_1.ContextInvalid('ParentContext', `nested at most ${maxDepth} deep`);
        return new JsonMembers(wire, this.source, PARENT, this.level + 1);
    }
}
/**
 * A context over the parsed JSON of a message.
 *
 * @param root the message as `parseExact` gave it
 * @param text the message's text
 * @throws ContextInvalid when it is no context, or a member is missing or of another type
 */
function contextOfJson(root, text, maxDepth, form) {
    const wire = (0, exact_json_1.objectOf)(root);
    if (wire === undefined)
        throw new errors_1.ContextInvalid('The body', 'a JSON object');
    let allExact = false;
    const makeAllExact = () => {
        if (allExact)
            return;
        allExact = true;
        (0, exact_json_1.takeDigits)(root, (0, exact_json_1.parseAllExact)(text));
    };
    return new wire_context_1.WireContext(new JsonMembers(wire, { reader: new wire_value_1.WireReader(maxDepth, makeAllExact), maxDepth, form }, null, 0));
}
//# sourceMappingURL=json-context.js.map