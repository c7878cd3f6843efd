"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MessageUnsupported = exports.ParametersRemoved = exports.RowIdInvalid = exports.TableInvalid = exports.ContextInvalid = exports.BinaryInvalid = exports.XmlInvalid = exports.JsonInvalid = exports.BodyTooComplex = exports.ContextFormatUnsupported = exports.BodyTooLarge = exports.BodyEmpty = exports.CONTEXT_ERROR_CODES = void 0;
const errors_1 = require("../errors");
/** Codes of everything that can be wrong with a body that was pushed; stable, for logs, parked items and the CLI. */
exports.CONTEXT_ERROR_CODES = {
    bodyEmpty: 'body-empty',
    bodyTooLarge: 'body-too-large',
    formatUnsupported: 'format-unsupported',
    bodyTooComplex: 'body-too-complex',
    jsonInvalid: 'json-invalid',
    xmlInvalid: 'xml-invalid',
    binaryInvalid: 'binary-invalid',
    contextInvalid: 'context-invalid',
    tableInvalid: 'table-invalid',
    rowIdInvalid: 'row-id-invalid',
    parametersRemoved: 'parameters-removed',
    messageUnsupported: 'message-unsupported',
};
/** Names that come from outside go into an error's text only in this form: short, and without anything unprintable. */
const printable = (name) => {
    const clean = name.replace(/[^\x20-\x7e]/g, '?');
    return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean;
};
/** Thrown when a delivery has no body at all: there is nothing to keep. */
class BodyEmpty extends errors_1.OutboundError {
    name = 'BodyEmpty';
    code = exports.CONTEXT_ERROR_CODES.bodyEmpty;
    disposition = 'reject';
    constructor() {
        super('The body is empty; send the execution context as the body.');
    }
}
exports.BodyEmpty = BodyEmpty;
/** Thrown before a body is looked at when it is larger than this app is willing to hold. */
class BodyTooLarge extends errors_1.OutboundError {
    bytes;
    maxBytes;
    name = 'BodyTooLarge';
    code = exports.CONTEXT_ERROR_CODES.bodyTooLarge;
    disposition = 'reject';
    constructor(bytes, maxBytes) {
        super(`The body has ${bytes} bytes, more than the ${maxBytes} allowed; Dataverse sends at most 256 KB, so check the sender or raise the bound.`);
        this.bytes = bytes;
        this.maxBytes = maxBytes;
    }
}
exports.BodyTooLarge = BodyTooLarge;
/** Thrown when neither the content type nor the first byte of a body tells what form it is in. */
class ContextFormatUnsupported extends errors_1.OutboundError {
    name = 'ContextFormatUnsupported';
    code = exports.CONTEXT_ERROR_CODES.formatUnsupported;
    disposition = 'park';
    constructor() {
        super('The body is neither JSON nor XML nor .NET binary XML; check what sent it, or whether it was changed on its way.');
    }
}
exports.ContextFormatUnsupported = ContextFormatUnsupported;
/** Thrown when a body holds more than any context does, in a form that fits into few bytes. */
class BodyTooComplex extends errors_1.OutboundError {
    limit;
    max;
    name = 'BodyTooComplex';
    code = exports.CONTEXT_ERROR_CODES.bodyTooComplex;
    disposition = 'park';
    constructor(limit, max) {
        const what = {
            depth: `elements nested deeper than ${max}`,
            nodes: `more than ${max} values`,
            attributes: `an element with more than ${max} attributes`,
        };
        super(`The body has ${what[limit]}, which no execution context has; check what sent it, or raise the bound.`);
        this.limit = limit;
        this.max = max;
    }
}
exports.BodyTooComplex = BodyTooComplex;
/** Thrown when a body is not JSON in UTF-8. Never carries content: a column's value must not reach a log. */
class JsonInvalid extends errors_1.OutboundError {
    reason;
    position;
    name = 'JsonInvalid';
    code = exports.CONTEXT_ERROR_CODES.jsonInvalid;
    disposition = 'park';
    constructor(reason, 
    /** Where reading stopped, in characters from the start; undefined when it isn't known. */
    position) {
        const what = reason === 'encoding' ? 'The body is not UTF-8' : 'The body is not JSON';
        const where = position === undefined ? '' : ` (at character ${position})`;
        super(`${what}${where}; it was probably cut off or changed on its way, so send it again from its source.`);
        this.reason = reason;
        this.position = position;
    }
}
exports.JsonInvalid = JsonInvalid;
const XML_FAULTS = {
    syntax: 'is not well-formed XML',
    encoding: 'is not in the encoding that it says, or in none that is read (UTF-8, UTF-16)',
    doctype: 'has a document type, which is refused',
    prefix: 'uses a namespace prefix that it does not declare',
    declaration: 'declares a namespace in a way that XML does not allow',
    attribute: 'has the same attribute twice',
    structure: 'is not one element',
};
/** Thrown when a body is not the text XML that .NET writes. Never carries content. */
class XmlInvalid extends errors_1.OutboundError {
    reason;
    position;
    name = 'XmlInvalid';
    code = exports.CONTEXT_ERROR_CODES.xmlInvalid;
    disposition = 'park';
    constructor(reason, 
    /** Where reading stopped, in characters from the start; undefined when it isn't known. */
    position) {
        const where = position === undefined ? '' : ` (at character ${position})`;
        super(`The body ${XML_FAULTS[reason]}${where}; it was probably cut off or changed on its way, so send it again from its source.`);
        this.reason = reason;
        this.position = position;
    }
}
exports.XmlInvalid = XmlInvalid;
const BINARY_FAULTS = {
    'cut-off': 'ends inside a record',
    record: 'has a byte where no record begins with it',
    dictionary: 'needs a dictionary that did not come with it',
    length: 'gives a length that is negative or too large',
    encoding: 'has text that is not UTF-8',
    value: 'has a value out of its range',
    list: 'has a list that does not hold text alone',
    array: 'has an array that is not one element and a kind of value',
    name: 'has a name that is empty',
    prefix: 'uses a namespace prefix that it does not declare',
    declaration: 'declares a namespace in a way that XML does not allow',
    attribute: 'has the same attribute twice',
    structure: 'is not one element',
};
/**
 * Thrown when a body is not .NET's binary XML without a dictionary. Never carries content.
 * https://learn.microsoft.com/openspecs/windows_protocols/mc-nbfx/
 */
class BinaryInvalid extends errors_1.OutboundError {
    reason;
    offset;
    record;
    name = 'BinaryInvalid';
    code = exports.CONTEXT_ERROR_CODES.binaryInvalid;
    disposition = 'park';
    constructor(reason, 
    /** Where the record at fault begins, in bytes from the start. */
    offset, 
    /** The record at fault, by the name that the specification gives it; undefined when there is none. */
    record) {
        const at = `at byte ${offset}${record === undefined ? '' : `, record ${record}`}`;
        super(`The body ${BINARY_FAULTS[reason]} (${at}); it was probably cut off or changed on its way, so send it again from its source.`);
        this.reason = reason;
        this.offset = offset;
        this.record = record;
    }
}
exports.BinaryInvalid = BinaryInvalid;
/** Thrown when a body can be read but is not an execution context, or a member of it is missing or of another type. */
class ContextInvalid extends errors_1.OutboundError {
    name = 'ContextInvalid';
    code = exports.CONTEXT_ERROR_CODES.contextInvalid;
    disposition = 'park';
    /** The member at fault, by its path in the message. */
    member;
    constructor(member, expected) {
        const shown = printable(member);
        super(`${shown} must be ${expected}; check what sent this body, or whether it was changed on its way.`);
        this.member = shown;
    }
}
exports.ContextInvalid = ContextInvalid;
/** Thrown when an event names no table that Dataverse could have. */
class TableInvalid extends errors_1.OutboundError {
    event;
    name = 'TableInvalid';
    code = exports.CONTEXT_ERROR_CODES.tableInvalid;
    disposition = 'park';
    constructor(event) {
        super(`The ${printable(event)} event names no valid table (a logical name: lower case, digits, underscores).`);
        this.event = event;
    }
}
exports.TableInvalid = TableInvalid;
/** Thrown when an event of a row doesn't say which row. */
class RowIdInvalid extends errors_1.OutboundError {
    table;
    event;
    name = 'RowIdInvalid';
    code = exports.CONTEXT_ERROR_CODES.rowIdInvalid;
    disposition = 'park';
    constructor(table, event) {
        super(`The ${printable(event)} event of table ${printable(table)} has no valid row id (a GUID that is not all zeros).`);
        this.table = table;
        this.event = event;
    }
}
exports.RowIdInvalid = RowIdInvalid;
/** Thrown when a message came without the parameter that says which rows it is of. */
class ParametersRemoved extends errors_1.OutboundError {
    event;
    parameter;
    name = 'ParametersRemoved';
    code = exports.CONTEXT_ERROR_CODES.parametersRemoved;
    disposition = 'park';
    constructor(event, parameter) {
        super(`The ${printable(event)} event came without its parameter ${parameter} (it was over its size limit), so it is not known which rows it is of; the next pull brings what it did.`);
        this.event = event;
        this.parameter = parameter;
    }
}
exports.ParametersRemoved = ParametersRemoved;
/** Thrown when an event is of a message that is no change of rows. */
class MessageUnsupported extends errors_1.OutboundError {
    name = 'MessageUnsupported';
    code = exports.CONTEXT_ERROR_CODES.messageUnsupported;
    disposition = 'park';
    event;
    constructor(event) {
        const shown = printable(event);
        super(`The message ${shown} is no change of rows. To keep such events in a table of their own, name it under "events" in the mapping file and replay this one; otherwise remove the step.`);
        this.event = shown;
    }
}
exports.MessageUnsupported = MessageUnsupported;
//# sourceMappingURL=errors.js.map