import { OutboundError } from '../errors/errors';

/** Names that come from outside go into an error's text only in this form: short, and without anything unprintable. */
const printable = (name: string): string => {
  const clean = name.replace(/[^\x20-\x7e]/g, '?');
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean;
};

/** Thrown when a delivery has no body at all: there is nothing to keep. */
export class BodyEmpty extends OutboundError {
  constructor() {
    super('body-empty', 'The body is empty; send the execution context as the body.');
  }
}

/** Thrown before a body is looked at when it is larger than what is read here. */
export class BodyTooLarge extends OutboundError {
  constructor(
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(
      'body-too-large',
      `The body has ${bytes} bytes, more than the ${maxBytes} that are read here; see what sent it. Parked, it is read by dvo parked replay.`,
    );
  }
}

/** Thrown when neither the content type nor the first byte of a body tells what form it is in. */
export class ContextFormatUnsupported extends OutboundError {
  constructor() {
    super(
      'format-unsupported',
      'The body is neither JSON nor XML nor .NET binary XML; check what sent it, or whether it was changed on its way.',
    );
  }
}

/** Thrown when a body holds more than any context does, in a form that fits into few bytes. */
export class BodyTooComplex extends OutboundError {
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
    super(
      'body-too-complex',
      `The body has ${what[limit]}, which no execution context has; check what sent it, or raise the bound.`,
    );
  }
}

/** Thrown when a body is not JSON in UTF-8. Never carries content: a column's value must not reach a log. */
export class JsonInvalid extends OutboundError {
  constructor(
    readonly reason: 'syntax' | 'encoding',
    /** Where reading stopped, in characters from the start; undefined when it isn't known. */
    readonly position?: number,
  ) {
    const what = reason === 'encoding' ? 'The body is not UTF-8' : 'The body is not JSON';
    const where = position === undefined ? '' : ` (at character ${position})`;
    super(
      'json-invalid',
      `${what}${where}; it was probably cut off or changed on its way, so send it again from its source.`,
    );
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
  constructor(
    readonly reason: XmlFault,
    /** Where reading stopped, in characters from the start; undefined when it isn't known. */
    readonly position?: number,
  ) {
    const where = position === undefined ? '' : ` (at character ${position})`;
    super(
      'xml-invalid',
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
  constructor(
    readonly reason: BinaryFault,
    /** Where the record at fault begins, in bytes from the start. */
    readonly offset: number,
    /** The record at fault, by the name that the specification gives it; undefined when there is none. */
    readonly record?: string,
  ) {
    const at = `at byte ${offset}${record === undefined ? '' : `, record ${record}`}`;
    super(
      'binary-invalid',
      `The body ${BINARY_FAULTS[reason]} (${at}); it was probably cut off or changed on its way, so send it again from its source.`,
    );
  }
}

/** Thrown when a body can be read but is not an execution context, or a member of it is missing or of another type. */
export class ContextInvalid extends OutboundError {
  /** The member at fault, by its path in the message. */
  readonly member: string;

  constructor(member: string, expected: string) {
    const shown = printable(member);
    super(
      'context-invalid',
      `${shown} must be ${expected}; check what sent this body, or whether it was changed on its way.`,
    );
    this.member = shown;
  }
}

/** Thrown when an event names no table that Dataverse could have. */
export class TableInvalid extends OutboundError {
  constructor(readonly event: string) {
    super(
      'table-invalid',
      `The ${printable(event)} event names no valid table (a logical name: lower case, digits, underscores).`,
    );
  }
}

/** Thrown when an event of a row doesn't say which row. */
export class RowIdInvalid extends OutboundError {
  constructor(
    readonly table: string,
    readonly event: string,
  ) {
    super(
      'row-id-invalid',
      `The ${printable(event)} event of table ${printable(table)} has no valid row id (a GUID that is not all zeros).`,
    );
  }
}

/** Thrown when a message came without the parameter that says which rows it is of. */
export class ParametersRemoved extends OutboundError {
  constructor(
    readonly event: string,
    readonly parameter: string,
  ) {
    super(
      'parameters-removed',
      `The ${printable(event)} event came without its parameter ${parameter} (it was over its size limit), so it is not known which rows it is of; the next pull brings what it did.`,
    );
  }
}

/** Thrown when an event is of a message that is no change of rows. */
export class MessageUnsupported extends OutboundError {
  readonly event: string;

  constructor(event: string) {
    const shown = printable(event);
    super(
      'message-unsupported',
      `The message ${shown} is no change of rows. To keep such events in a table of their own, name it under "events" in the mapping file and replay this one; otherwise remove the step.`,
    );
    this.event = shown;
  }
}
