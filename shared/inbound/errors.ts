import { OutboundError, foreignText } from '../errors/errors';

/** A row and a message, for errors: `account of message m-17`. */
export interface Place {
  readonly table: string;
  /** Of the message; undefined where a value is put back. */
  readonly id?: string | undefined;
}

const at = ({ table, id }: Place): string => `${table}${id === undefined ? '' : ` of message ${id}`}`;

/** Thrown when the mapping file has nothing about it, or forbids it. */
export class InboundNotMapped extends OutboundError {
  constructor(place: Place, what: string) {
    super(
      'inbound-not-mapped',
      `The change of ${at(place)} was not written: ${what}. See "inbound" in the mapping file.`,
    );
  }
}

/** Thrown when Dataverse, or a plug-in there, refuses this very change. */
export class InboundRefused extends OutboundError {
  constructor(place: Place, code: string, reason: string, options?: ErrorOptions) {
    super(
      'inbound-refused',
      `Dataverse refuses the change of ${at(place)}${code === '' ? '' : ` (${code})`}: ${foreignText(reason)}`,
      options,
    );
  }
}

/** Thrown when a row that the change needs isn't there: it may come yet. */
export class InboundDependency extends OutboundError {
  constructor(place: Place, what: string, options?: ErrorOptions) {
    super('inbound-dependency', `The change of ${at(place)} waits: ${foreignText(what)}`, options);
  }
}

/** Thrown when a plug-in failed without saying why (IsvUnExpected). */
export class InboundPlugInFailed extends OutboundError {
  constructor(place: Place, reason: string, options?: ErrorOptions) {
    super('inbound-plug-in', `A plug-in failed over the change of ${at(place)}: ${foreignText(reason)}`, options);
  }
}

/** Thrown when the application user lacks a privilege on the table. */
export class InboundForbidden extends OutboundError {
  constructor(place: Place, reason: string, options?: ErrorOptions) {
    super(
      'inbound-forbidden',
      `The application user may not make the change of ${at(place)}: ${foreignText(reason)}`,
      options,
    );
  }
}

/** Thrown when Dataverse takes nothing from the application user, whatever the row. */
export class InboundStopped extends OutboundError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      'inbound-stopped',
      `Dataverse takes nothing from the application user that writes: ${foreignText(reason)} Check the user in the environment, its role, and its credential.`,
      options,
    );
  }
}

/** Thrown when a message asks for a version that the row doesn't have. */
export class InboundVersionGone extends OutboundError {
  constructor(place: Place, asked: bigint, has: bigint | undefined) {
    super(
      'inbound-version',
      `The change of ${at(place)} asks for version ${asked}, and the row ${has === undefined ? 'is not there' : `has version ${has}`}. Nothing was written.`,
    );
  }
}

/** Thrown when an alternate key names another row than it did. */
export class InboundKeyMoved extends OutboundError {
  constructor(place: Place, before: string, now: string) {
    super(
      'inbound-key-moved',
      `The key of the change of ${at(place)} named row ${before}, and now names ${now}. Nothing was written.`,
    );
  }
}

/** Thrown when values of the LOB system were put back too often. */
export class OwnerContested extends OutboundError {
  constructor(table: string, rowId: string, columns: readonly string[], count: number) {
    super(
      'owner-contested',
      `${table}(${rowId}): ${columns.join(', ')} was put back to the LOB system's value ${count} times within an hour, and somebody in ` +
        `Dataverse changes it again each time. Find the plug-in or flow, or give the column another owner in the mapping file.`,
    );
  }
}
