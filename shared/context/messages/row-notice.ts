import { hash } from 'node:crypto';
import { floorInstant } from '../../change/instant';
import type { Origin, RowAddress, RowChange } from '../../change/row-change';
import type { RowVersion } from '../../change/row-version';
import { objectOf, stringOf, type Json, type JsonObject } from '../../json/exact-json';
import { KEY_LENGTH } from './delivery-key';
import { ContextInvalid } from '../errors';
import { guidOf } from '../values/guid';
import { rowIdOf, TABLE, type Delivery } from './pushed-event';

/**
 * The values of `SdkMessage` in the body of the trigger "When a row is added, modified or deleted".
 * https://learn.microsoft.com/power-automate/dataverse/create-update-delete-trigger
 */
export const NOTICE_MESSAGES = ['Create', 'Update', 'Delete'] as const;

/**
 * What a flow tells of a row: that it changed, and which one it is.
 *
 * A flow runs some time after the change, as often as it likes, and runs overtake each other; so nothing else that it sends is
 * believed, its columns least of all (docs/how-it-works.md#notices-of-flows).
 */
export interface RowNotice {
  readonly message: (typeof NOTICE_MESSAGES)[number];
  readonly row: RowAddress;
  /** The environment's organisation, where the flow names it. */
  readonly organizationId: string | null;
  /** A version that the row had when it was changed: a read soon after it that shows an older one has lagged. Never stored. */
  readonly version: RowVersion | null;
  /** When the row was changed, milliseconds since 1970: to tell how late notice and read are, never for order. */
  readonly modifiedOnMs: number | null;
  /** Names of the columns that came along, which are not used. */
  readonly columns: readonly string[];
}

/** What the trigger adds to the row's own columns. */
const TRIGGERS_OWN: ReadonlySet<string> = new Set(['ItemInternalId', 'SdkMessage', 'RunAsSystemUserId', 'RowVersion']);

/** What stands beside the row, or beside its columns. */
const ENVELOPES_OWN: ReadonlySet<string> = new Set([
  ...TRIGGERS_OWN,
  ...['table', 'message', 'id', 'version', 'organization', 'row'],
]);

/** `#Microsoft.Dynamics.CRM.account`: in rows that an action of the flow has read, not in the trigger's body. */
const ODATA_TYPE = /^#?Microsoft\.Dynamics\.CRM\.(.+)$/;

const VERSION = /^\d{1,19}$/;

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** Where there is nothing, an expression of a flow gives null, and text with an expression in it an empty text. */
const isGiven = (json: Json | undefined): boolean => json !== undefined && json !== null && json !== '';

/** Whether an object is meant as a notice: no execution context has these members, and each of those has a message's name. */
export const isRowNotice = (wire: JsonObject): boolean =>
  !Object.hasOwn(wire, 'MessageName') && ['SdkMessage', 'table', 'row'].some((member) => Object.hasOwn(wire, member));

/**
 * A flow's notice: the body of the Dataverse connector's trigger inside an envelope that names its table, or beside that
 * name, or the envelope alone.
 *
 * @throws ContextInvalid when table, message or id are missing, are none, or contradict each other
 */
export function rowNoticeOf(wire: JsonObject): RowNotice {
  const row = isGiven(wire.row) ? objectOf(wire.row) : wire;
  if (row === undefined) throw new ContextInvalid('row', "the body of the flow's trigger, an object");
  const table = tableOf(wire, row);
  const columns = columnsOf(row, row === wire ? ENVELOPES_OWN : TRIGGERS_OWN);
  const version = stringOf([wire.version, row.RowVersion].find(isGiven)) ?? '';
  const modifiedOn = stringOf([wire.modifiedon, row.modifiedon].find(isGiven)) ?? '';
  return {
    message: messageOf(wire, row),
    row: { table, id: idOf(wire, row, table, columns) },
    organizationId: organizationOf(wire),
    version: VERSION.test(version) ? BigInt(version) : null,
    modifiedOnMs: instantOf(modifiedOn),
    columns,
  };
}

/** The columns among an object's members. */
const columnsOf = (row: JsonObject, others: ReadonlySet<string>): string[] =>
  Object.keys(row).filter((name) => !others.has(name) && !name.includes('@'));

function tableOf(wire: JsonObject, row: JsonObject): string {
  const typed = ODATA_TYPE.exec(stringOf(row['@odata.type']) ?? '')?.[1];
  const table = isGiven(wire.table) ? stringOf(wire.table) : typed;
  if (table === undefined || !TABLE.test(table))
    throw new ContextInvalid('table', "the logical name of the row's table, which the trigger's body doesn't tell");
  if (typed !== undefined && typed !== table) throw new ContextInvalid('table', 'that of @odata.type');
  return table;
}

function messageOf(wire: JsonObject, row: JsonObject): RowNotice['message'] {
  const said = isGiven(row.SdkMessage) ? row.SdkMessage : wire.message;
  const message = NOTICE_MESSAGES.find((known) => known === said);
  if (message === undefined)
    throw new ContextInvalid('message (or SdkMessage in row)', `one of ${NOTICE_MESSAGES.join(', ')}`);
  return message;
}

/**
 * The primary key is named after the table, except that of activities. A row that has neither is of another table than it is
 * said to be, so the trigger's own id is taken only where no column came along.
 */
function idOf(wire: JsonObject, row: JsonObject, table: string, columns: readonly string[]): string {
  const own = [row[`${table}id`], row.activityid, columns.length === 0 ? row.ItemInternalId : undefined].find(isGiven);
  const ids = [wire.id, own].filter(isGiven).map((json) => rowIdOf(stringOf(json)));
  const [id] = ids;
  if (id === undefined) throw new ContextInvalid('id', `a GUID (or ${table}id in row, where it isn't given)`);
  if (ids.some((other) => other !== id)) throw new ContextInvalid('id', `the same as the id in row`);
  return id;
}

function organizationOf({ organization }: JsonObject): string | null {
  if (!isGiven(organization)) return null;
  const id = guidOf(stringOf(organization) ?? '');
  if (id === undefined) throw new ContextInvalid('organization', "the organisation's id (a GUID)");
  return id;
}

function instantOf(text: string): number | null {
  const ms = UTC.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** The change that a notice means: a row that is to be read. */
export function changeOfNotice(notice: RowNotice, { source, body, notAfter = Infinity }: Delivery): RowChange {
  const { message, row, organizationId, version, modifiedOnMs } = notice;
  const facts = [message, row.table, row.id, hash('sha256', body, 'base64url')];
  const key = hash('sha256', JSON.stringify(facts), 'base64url').slice(0, KEY_LENGTH);
  const origin: Origin = {
    source,
    message,
    ...(organizationId === null ? {} : { organizationId }),
    ...(modifiedOnMs === null ? {} : { occurredAtMs: modifiedOnMs }),
  };
  const atLeast =
    version === null || modifiedOnMs === null
      ? undefined
      : { version, at: Math.min(floorInstant(modifiedOnMs), notAfter) };
  const evidence = { kind: 'unconfirmed', key, committed: true, ...(atLeast && { atLeast }) } as const;
  return message === 'Delete'
    ? { kind: 'delete', row, evidence, origin }
    : { kind: 'patch', row, evidence, origin, columns: new Map() };
}
