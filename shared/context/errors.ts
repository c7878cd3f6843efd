import type { Disposition } from '../errors/errors';
import { OutboundError } from '../errors/errors';

/** Codes of everything that can be wrong with a body that was pushed; stable, for logs, parked items and the CLI. */
export const CONTEXT_ERROR_CODES = {
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
} as const;

/** Names that come from outside go into an error's text only in this form: short, and without anything unprintable. */
const printable = (name: string): string => {
  const clean = name.replace(/[^\x20-\x7e]/g, '?');
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean;
};

/** Thrown when a delivery has no body at all: there is nothing to keep. */
export class BodyEmpty extends OutboundError {
  override readonly name = 'BodyEmpty';
  readonly code = CONTEXT_ERROR_CODES.bodyEmpty;
  readonly disposition: Disposition = 'reject';

  constructor() {
    super('The body is empty; send the execution context as the body.');
  }
}

/** Thrown before a body is looked at when it is larger than what is read here. */
export class BodyTooLarge extends OutboundError {
  override readonly name = 'BodyTooLarge';
  readonly code = CONTEXT_ERROR_CODES.bodyTooLarge;
  readonly disposition: Disposition = 'park';

  constructor(
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(
      `The body has ${bytes} bytes, more than the ${maxBytes} that are read here; see what sent it. Parked, it is read by dvo parked replay.`,
    );
  }
}

/** Thrown when neither the content type nor the first byte of a body tells what form it is in. */
export class ContextFormatUnsupported extends OutboundError {
  override readonly name = 'ContextFormatUnsupported';
  readonly code = CONTEXT_ERROR_CODES.formatUnsupported;
  readonly disposition: Disposition = 'park';

  constructor() {
    super(
      'The body is neither JSON nor XML nor .NET binary XML; check what sent it, or whether it was changed on its way.',
    );
  }
}

/** Thrown when a body holds more than any context does, in a form that fits into few bytes. */
export class BodyTooComplex extends OutboundError {
  override readonly name = 'BodyTooComplex';
  readonly code = CONTEXT_ERROR_CODES.bodyTooComplex;
  readonly disposition: Disposition = 'park';

  constructor(
    readonly limit: 'depth' | 'nodes' | 'containers' | 'attributes',
    readonly max: number,
  ) {
    const what = {
      depth: `elements nested deeper than ${max}`,
      nodes: `more than ${max} values`,
      containers: `more than ${max} objects and lists`,
      attributes: `an element with more than ${max} attributes`,
    } as const;
    super(`The body has ${what[limit]}, which no execution context has; check what sent it, or raise the bound.`);
  }
}

/** Thrown when a body is not JSON in UTF-8. Never carries content: a column's value must not reach a log. */
export class JsonInvalid extends OutboundError {
  override readonly name = 'JsonInvalid';
  readonly code = CONTEXT_ERROR_CODES.jsonInvalid;
  readonly disposition: Disposition = 'park';

  constructor(
    readonly reason: 'syntax' | 'encoding',
    /** Where reading stopped, in characters from the start; undefined when it isn't known. */
    readonly position?: number,
  ) {
    const what = reason === 'encoding' ? 'The body is not UTF-8' : 'The body is not JSON';
    const where = position === undefined ? '' : ` (at character ${position})`;
    super(`${what}${where}; it was probably cut off or changed on its way, so send it again from its source.`);
  }
}

/** What can be wrong with a document of text XML. */
export type XmlFault = 'syntax' | 'encoding' | 'doctype' | 'prefix' | 'declaration' | 'attribute' | 'structure';

const XML_FAULTS: Readonly<Record<XmlFault, string>> = {
  syntax: 'is not well-formed XML',
  encoding: 'is not in the encoding that it says, or in none that is read (UTF-8, UTF-16)',
  doctype: 'has a document type, which is refused',
  prefix: 'uses a namespace prefix that it does not declare',
  declaration: 'declares a namespace in a way that XML does not allow',
  attribute: 'has the same attribute twice',
  structure: 'is not one element',
};

/** Thrown when a body is not the text XML that .NET writes. Never carries content. */
export class XmlInvalid extends OutboundError {
  override readonly name = 'XmlInvalid';
  readonly code = CONTEXT_ERROR_CODES.xmlInvalid;
  readonly disposition: Disposition = 'park';

  constructor(
    readonly reason: XmlFault,
    /** Where reading stopped, in characters from the start; undefined when it isn't known. */
    readonly position?: number,
  ) {
    const where = position === undefined ? '' : ` (at character ${position})`;
    super(
      `The body ${XML_FAULTS[reason]}${where}; it was probably cut off or changed on its way, so send it again from its source.`,
    );
  }
}

/** What can be wrong with a document in the binary form. */
export type BinaryFault =
  | 'cut-off'
  | 'record'
  | 'dictionary'
  | 'length'
  | 'encoding'
  | 'value'
  | 'list'
  | 'array'
  | 'name'
  | 'prefix'
  | 'declaration'
  | 'attribute'
  | 'structure';

const BINARY_FAULTS: Readonly<Record<BinaryFault, string>> = {
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
export class BinaryInvalid extends OutboundError {
  override readonly name = 'BinaryInvalid';
  readonly code = CONTEXT_ERROR_CODES.binaryInvalid;
  readonly disposition: Disposition = 'park';

  constructor(
    readonly reason: BinaryFault,
    /** Where the record at fault begins, in bytes from the start. */
    readonly offset: number,
    /** The record at fault, by the name that the specification gives it; undefined when there is none. */
    readonly record?: string,
  ) {
    const at = `at byte ${offset}${record === undefined ? '' : `, record ${record}`}`;
    super(
      `The body ${BINARY_FAULTS[reason]} (${at}); it was probably cut off or changed on its way, so send it again from its source.`,
    );
  }
}

/** Thrown when a body can be read but is not an execution context, or a member of it is missing or of another type. */
export class ContextInvalid extends OutboundError {
  override readonly name = 'ContextInvalid';
  readonly code = CONTEXT_ERROR_CODES.contextInvalid;
  readonly disposition: Disposition = 'park';
  /** The member at fault, by its path in the message. */
  readonly member: string;

  constructor(member: string, expected: string) {
    const shown = printable(member);
    super(`${shown} must be ${expected}; check what sent this body, or whether it was changed on its way.`);
    this.member = shown;
  }
}

/** Thrown when an event names no table that Dataverse could have. */
export class TableInvalid extends OutboundError {
  override readonly name = 'TableInvalid';
  readonly code = CONTEXT_ERROR_CODES.tableInvalid;
  readonly disposition: Disposition = 'park';

  constructor(readonly event: string) {
    super(`The ${printable(event)} event names no valid table (a logical name: lower case, digits, underscores).`);
  }
}

/** Thrown when an event of a row doesn't say which row. */
export class RowIdInvalid extends OutboundError {
  override readonly name = 'RowIdInvalid';
  readonly code = CONTEXT_ERROR_CODES.rowIdInvalid;
  readonly disposition: Disposition = 'park';

  constructor(
    readonly table: string,
    readonly event: string,
  ) {
    super(
      `The ${printable(event)} event of table ${printable(table)} has no valid row id (a GUID that is not all zeros).`,
    );
  }
}

/** Thrown when a message came without the parameter that says which rows it is of. */
export class ParametersRemoved extends OutboundError {
  override readonly name = 'ParametersRemoved';
  readonly code = CONTEXT_ERROR_CODES.parametersRemoved;
  readonly disposition: Disposition = 'park';

  constructor(
    readonly event: string,
    readonly parameter: string,
  ) {
    super(
      `The ${printable(event)} event came without its parameter ${parameter} (it was over its size limit), so it is not known which rows it is of; the next pull brings what it did.`,
    );
  }
}

/** Thrown when an event is of a message that is no change of rows. */
export class MessageUnsupported extends OutboundError {
  override readonly name = 'MessageUnsupported';
  readonly code = CONTEXT_ERROR_CODES.messageUnsupported;
  readonly disposition: Disposition = 'park';
  readonly event: string;

  constructor(event: string) {
    const shown = printable(event);
    super(
      `The message ${shown} is no change of rows. To keep such events in a table of their own, name it under "events" in the mapping file and replay this one; otherwise remove the step.`,
    );
    this.event = shown;
  }
}
