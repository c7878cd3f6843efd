/**
 * What to do with the delivery that met the error.
 *
 * - `retry`: the same delivery can succeed later.
 * - `park`: it can't succeed as things stand; keep it with its cause until an operator or a new version acts.
 * - `reject`: there is nothing to keep: answer with the reason.
 */
export type Disposition = 'retry' | 'park' | 'reject';

/** What is known of an error code. `cause` and `action` are what docs/operations.md says, in Markdown. */
export interface CodeFacts {
  readonly disposition: Disposition;
  readonly cause: string;
  /** What an operator does about it. */
  readonly action: string;
  /** Whether it says something of one row or delivery only, so that others may well succeed. Absent: unless it is tried again. */
  readonly isOfOne?: boolean;
  /** The body isn't an execution context: the sender is told so, although it is kept. */
  readonly isNoContext?: boolean;
  /** The setting of the mapping file (`unmapped`) that says what becomes of such a delivery. */
  readonly unmapped?: 'tables' | 'relationships' | 'messages';
  /** Of what is tried again: after so many tries in the parking it waits for an operator. Absent: without end. */
  readonly tries?: number;
}

const TEMPORARY = {
  disposition: 'retry',
  cause: 'Temporary failure',
  action: 'Nothing, unless it stays',
} as const;
const TEMPORARY_OF_ONE = { ...TEMPORARY, isOfOne: true } as const;
const UNKNOWN = {
  disposition: 'retry',
  cause: 'Wrong name, no read right, or publishing',
  action: 'Fix name or role',
} as const;
const REFUSED_BY_STORE = {
  disposition: 'park',
  cause: 'The store refuses it; see the reason',
  action: 'Leave the column or parameter out in the mapping file',
} as const;
const REFUSED_BY_OTHERS = {
  disposition: 'park',
  cause: 'The LOB system, Dataverse or a plug-in refuses it; see the reason',
  action: 'Correct what the reason names, then replay',
} as const;
const TOO_LARGE_FOR_STORE = {
  disposition: 'park',
  cause: "A row over 4 MiB, or an event that doesn't fit one entity",
  action: 'Map fewer columns',
} as const;
const UNFIT = {
  disposition: 'park',
  cause: "A value doesn't fit the mapping file",
  action: 'Fix it, then replay',
} as const;
const NO_CONTEXT = {
  disposition: 'park',
  cause: 'Not an execution context',
  action: 'Find the sender; discard',
  isNoContext: true,
} as const;
const UNREAD = { disposition: 'reject', cause: 'Refused unread', action: 'Find the sender' } as const;
const TRACKING = {
  cause: 'Change tracking is off, not allowed, not visible yet',
  action: '`dvo tracking enable`; remove the table; `dvo tracking show`',
} as const;
const INBOUND_LACKS = {
  cause: 'A row or privilege is missing, a key names another row, or a plug-in crashed; see the reason',
  action: 'If it stays, mend what the reason names',
} as const;
const FOREIGN_ENTITY = {
  disposition: 'park',
  cause: "The entity isn't this app's, or has an old key",
  action: 'Move or delete it',
} as const;

/** Every error code that logs, answers and parked items can hold, in the order of docs/operations.md. Codes are stable. */
export const CODES = {
  unconfirmed: {
    disposition: 'park',
    cause: 'Event of a synchronous step',
    action: 'Nothing: a read confirms it',
  },
  'web-api-busy': TEMPORARY,
  'web-api': TEMPORARY,
  'web-api-answer': TEMPORARY_OF_ONE,
  'read-lagged': TEMPORARY_OF_ONE,
  'read-too-slow': TEMPORARY_OF_ONE,
  'row-contended': TEMPORARY_OF_ONE,
  'deadline-passed': TEMPORARY,
  unavailable: TEMPORARY,
  unexpected: TEMPORARY,
  'not-configured': {
    disposition: 'retry',
    cause: 'A setting is missing or wrong: see `misconfigured`',
    action: 'Correct it, then restart',
  },
  'web-api-answer-too-large': {
    disposition: 'park',
    cause: 'An answer unpacks to more than 128 MiB',
    action: 'Lower `PULL_PAGE_ROWS`, or map fewer columns',
  },
  'rows-left': TEMPORARY_OF_ONE,
  'store-unavailable': {
    disposition: 'retry',
    cause: "A storage account or the database doesn't answer",
    action: 'Check it and the network',
  },
  'schema-locked': {
    disposition: 'retry',
    cause: 'A long transaction blocks a new column in the database',
    action: 'If it stays, end the transaction (`pg_stat_activity`)',
    isOfOne: true,
  },
  'schema-behind': {
    disposition: 'retry',
    cause: 'The database lacks a table or column, and `LOB_POSTGRES__growsSchema` is `false`',
    action: '`dvo store migrate --apply`',
    isOfOne: true,
  },
  'table-not-synced': {
    disposition: 'park',
    cause: 'Table not in `SYNC_TABLES`',
    action: 'Add it and replay, or remove the step',
    unmapped: 'tables',
  },
  'relationship-not-synced': {
    disposition: 'park',
    cause: 'Relationship not in `SYNC_RELATIONSHIPS`',
    action: 'Add it, or ignore it in the mapping file',
    unmapped: 'relationships',
  },
  'table-unknown': UNKNOWN,
  'relationship-unknown': UNKNOWN,
  'table-type-unsupported': {
    disposition: 'park',
    cause: 'Elastic or virtual table',
    action: 'Remove table and steps; discard the items',
  },
  'organization-foreign': {
    disposition: 'park',
    cause: 'Event or `DATAVERSE_URL` of another organisation; pulls stop too',
    action: "Remove the copy's steps, fix `DATAVERSE_URL`, or set `ORGANIZATION_ID` and replay",
  },
  'order-unprovable': {
    disposition: 'park',
    cause: 'No Web API to read the row',
    action: 'Set `DATAVERSE_URL`, or `UNPROVABLE_ORDER=apply`',
  },
  'row-refused': REFUSED_BY_STORE,
  'event-refused': REFUSED_BY_STORE,
  'lob-refused': REFUSED_BY_OTHERS,
  'lob-unauthorized': {
    disposition: 'retry',
    cause: "The LOB system doesn't take the credential",
    action: 'Check `LOB_HTTP__…`',
  },
  'lob-unclear': TEMPORARY_OF_ONE,
  'row-too-large': TOO_LARGE_FOR_STORE,
  'event-too-large': TOO_LARGE_FOR_STORE,
  'value-not-convertible': UNFIT,
  'filter-unfit': UNFIT,
  'message-unsupported': {
    disposition: 'park',
    cause: 'Not a change of rows',
    action: 'Add it to `events` in the mapping file, or remove the step',
    unmapped: 'messages',
  },
  unconfirmable: {
    disposition: 'park',
    cause: 'Custom event of a synchronous step',
    action: 'Make the step asynchronous, or set `synchronous: store`',
  },
  'parameters-removed': {
    disposition: 'park',
    cause: 'Too large: its rows are unknown',
    action: 'Discard: the next pull brings them',
  },
  'body-too-large': {
    disposition: 'park',
    cause: 'Over 640 KiB: parked unread. In `refused`: over `WEBHOOK_MAX_KILOBYTES`',
    action: '`dvo parked replay`; use fewer image columns',
  },
  'format-unsupported': NO_CONTEXT,
  'json-invalid': NO_CONTEXT,
  'xml-invalid': NO_CONTEXT,
  'binary-invalid': NO_CONTEXT,
  'body-too-complex': NO_CONTEXT,
  'context-invalid': NO_CONTEXT,
  'row-id-invalid': NO_CONTEXT,
  'table-invalid': NO_CONTEXT,
  'column-name-invalid': NO_CONTEXT,
  'body-empty': { ...NO_CONTEXT, disposition: 'reject' },
  'key-refused': UNREAD,
  'content-type': UNREAD,
  'length-required': UNREAD,
  'rule-unjudged': {
    disposition: 'reject',
    cause: 'A rule of `validate` has no answer; see the reason',
    action: '`dvo rules try`, then correct rule or step',
  },
  'inbound-invalid': {
    disposition: 'park',
    cause: 'Not a message as docs/inbound.md describes',
    action: 'Correct the sender; discard',
  },
  'inbound-not-mapped': {
    disposition: 'park',
    cause: 'The mapping file lacks an `inbound` section, or forbids the operation',
    action: 'Add it and replay, or correct the sender and discard',
  },
  'inbound-refused': REFUSED_BY_OTHERS,
  'inbound-dependency': {
    disposition: 'retry',
    ...INBOUND_LACKS,
    isOfOne: true,
    tries: 12,
  },
  'inbound-plug-in': {
    disposition: 'retry',
    ...INBOUND_LACKS,
    isOfOne: true,
    tries: 5,
  },
  'inbound-forbidden': {
    disposition: 'retry',
    ...INBOUND_LACKS,
    isOfOne: true,
    tries: 12,
  },
  'inbound-stopped': {
    disposition: 'retry',
    cause: 'Dataverse takes nothing from the application user',
    action: 'Check the user and its credential. Nothing is lost meanwhile',
  },
  'inbound-version': {
    disposition: 'park',
    cause: 'The row no longer has the version in `ifVersion`',
    action: 'Send it anew; discard',
  },
  'inbound-key-moved': {
    disposition: 'retry',
    ...INBOUND_LACKS,
    isOfOne: true,
    tries: 12,
  },
  'owner-restored': {
    disposition: 'park',
    cause: 'A column of the LOB system has another value in Dataverse',
    action: 'Nothing: it is put back when it is due',
  },
  'owner-contested': {
    disposition: 'park',
    cause: 'Somebody in Dataverse keeps changing a column of the LOB system',
    action: 'Find the plug-in, or give the column another owner; replay',
  },
  'change-tracking-off': { disposition: 'park', ...TRACKING },
  'tracking-impossible': { disposition: 'park', ...TRACKING },
  'tracking-unconfirmed': { disposition: 'retry', ...TRACKING },
  'lease-lost': TEMPORARY,
  'journal-incomplete': {
    disposition: 'retry',
    cause: "A load's journal lost rows twice",
    action: 'See who writes to `dvo-loads`',
  },
  'foreign-link': { disposition: 'park', cause: 'A link leads to another host', action: 'Check `DATAVERSE_URL`' },
  'purge-refused': {
    disposition: 'retry',
    cause: "The table's pull isn't complete",
    action: 'Purge after the next complete pull',
  },
  'stamp-unreadable': FOREIGN_ENTITY,
  'row-key-foreign': FOREIGN_ENTITY,
} as const satisfies Readonly<Record<string, CodeFacts>>;

export type ErrorCode = keyof typeof CODES;

/** What is known of a code; undefined for one that is none, as a parked item of another version may have. */
export const factsOf = (code: string): CodeFacts | undefined =>
  Object.hasOwn(CODES, code) ? CODES[code as ErrorCode] : undefined;
