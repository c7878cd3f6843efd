import type { Association, Change } from '../../change/association';
import type { RowAddress, RowChange } from '../../change/row-change';
import type { Columns, RowContent, Value } from '../../change/value';
import type { Context } from '../context';
import { ContextInvalid, MessageUnsupported } from '../errors';
import { NO_ROW_ID } from '../values/guid';
import { type Delivery, idIn, isOf, PushedEvent, rowIdOf } from './pushed-event';

const VERSION_NUMBER = 'versionnumber';

const NO_COLUMNS: Columns = new Map<string, Value>();

/** https://learn.microsoft.com/power-apps/developer/data-platform/entity-relationship-metadata */
const RELATIONSHIP = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** The row's data: its version is no column, and in a pushed message no evidence either. */
function dataOf(columns: Columns): Columns {
  if (!columns.has(VERSION_NUMBER)) return columns;
  const data = new Map(columns);
  data.delete(VERSION_NUMBER);
  return data;
}

/** The row as the image with all columns shows it; undefined when there is no such image. */
function fullRow(event: PushedEvent, row: RowAddress, sent: Columns, subject: string): RowChange | undefined {
  const image = event.fullImage(row);
  if (image === undefined) return undefined;
  const moment = event.modifiedMoment(image.columns) ?? event.modifiedMoment(sent) ?? event.createdMoment();
  const evidence = event.evidence(moment, subject);
  return { kind: 'snapshot', row, evidence, origin: event.origin, columns: dataOf(image.columns) };
}

/**
 * A row that was created or updated: the full row where its image is sent, otherwise the columns that Target holds.
 *
 * Without a Target (a message over its size limit arrives without one) or with that of another row, nothing is known
 * but that the row changed: a patch without columns that is not trusted, so that the row will be read.
 */
function written(
  event: PushedEvent,
  row: RowAddress,
  target: RowContent | undefined,
  subject: string = row.id,
): RowChange {
  const full = fullRow(event, row, target?.columns ?? NO_COLUMNS, subject);
  if (full !== undefined) return full;
  const { origin } = event;
  if (target === undefined || !isOf(target, row)) {
    const evidence = event.evidence(event.createdMoment(), subject);
    return { kind: 'patch', row, evidence, origin, columns: NO_COLUMNS };
  }
  const moment = event.modifiedMoment(target.columns) ?? event.imageMoment(row) ?? event.createdMoment();
  return { kind: 'patch', row, evidence: event.evidence(moment, subject), origin, columns: dataOf(target.columns) };
}

/**
 * A row that a message changed in some way of its own. Its parameters name only part of the columns that it changes
 * (an Assign moves the business unit too), so it is never trusted: the row is read where that is possible.
 */
function touched(event: PushedEvent, row: RowAddress, columns: Columns): RowChange {
  const full = fullRow(event, row, NO_COLUMNS, row.id);
  if (full !== undefined) return full;
  const { at } = event.imageMoment(row) ?? event.createdMoment();
  const evidence = event.evidence({ at, isTrusted: false }, row.id);
  return { kind: 'patch', row, evidence, origin: event.origin, columns: dataOf(columns) };
}

const deleted = (event: PushedEvent, row: RowAddress, subject: string = row.id): RowChange => ({
  kind: 'delete',
  row,
  evidence: event.evidence(event.createdMoment(), subject),
  origin: event.origin,
});

type Handler = (event: PushedEvent) => readonly Change[];

const onUpdate: Handler = (event) => [written(event, event.ownRow(), event.rowInput('Target'))];

/** Before the operation a new row may have no id yet in the context itself; then its parameters have it. */
const onCreate: Handler = (event) => {
  const target = event.rowInput('Target');
  const id =
    event.context.rowId === NO_ROW_ID
      ? (idIn(event.output('id')) ?? rowIdOf(target?.id))
      : rowIdOf(event.context.rowId);
  return [written(event, event.ownRow(id), target)];
};

/** Found by an alternate key, a row's id is only in the result. */
const onUpsert: Handler = (event) => {
  const target = event.rowInput('Target');
  const result = event.output('Target');
  const id = rowIdOf(event.context.rowId) ?? (result?.kind === 'lookup' ? rowIdOf(result.id) : undefined);
  return [written(event, event.ownRow(id ?? rowIdOf(target?.id)), target)];
};

/** A delete needs nothing but the row's id, so one that lost its members to the size limit is as good. */
const onDelete: Handler = (event) => [deleted(event, event.ownRow())];

const onAssign: Handler = (event) => {
  const assignee = event.input('Assignee');
  return [touched(event, event.ownRow(), assignee === undefined ? NO_COLUMNS : new Map([['ownerid', assignee]]))];
};

/** A status of -1 stands for the state's default one. */
const onSetState: Handler = (event) => {
  const columns = new Map<string, Value>();
  const state = event.input('State');
  const status = event.input('Status');
  if (state?.kind === 'choice') columns.set('statecode', state);
  if (status?.kind === 'choice' && status.value >= 0) columns.set('statuscode', status);
  return [touched(event, event.ownRow(), columns)];
};

/** The subordinate is deactivated or deleted, depending on the table: only a read tells. */
const onMerge: Handler = (event) => {
  const target = event.ownRow();
  const subordinate = event.address(target.table, idIn(event.requiredInput('SubordinateId')));
  const masterId: Value = { kind: 'lookup', table: target.table, id: target.id, name: null };
  return [
    touched(event, target, event.rowInput('UpdateContent')?.columns ?? NO_COLUMNS),
    touched(event, subordinate, new Map([['masterid', masterId]])),
  ];
};

/** The rows in the Targets of CreateMultiple, UpdateMultiple and UpsertMultiple; none of them has images. */
const onWriteMultiple: Handler = (event) => {
  const targets = event.requiredInput('Targets');
  if (targets?.kind === 'list' && targets.items.length === 0) return [];
  if (targets?.kind !== 'rows') throw new ContextInvalid('InputParameters.Targets', 'a collection of rows');
  const ids = event.output('Ids');
  return targets.rows.map((target, index) => {
    const created = ids?.kind === 'list' ? idIn(ids.items[index]) : undefined;
    const row = event.address(target.table || event.context.table, rowIdOf(target.id) ?? created);
    return written(event, row, target, `${row.id} ${index}`);
  });
};

const onDeleteMultiple: Handler = (event) =>
  event.references('Targets').map((row, index) => deleted(event, row, `${row.id} ${index}`));

const onAssociate =
  (kind: Association['kind']): Handler =>
  (event) => {
    const target = event.reference('Target');
    const relationship = event.requiredInput('Relationship');
    if (relationship?.kind !== 'relationship' || !RELATIONSHIP.test(relationship.schemaName))
      throw new ContextInvalid('InputParameters.Relationship', 'a relationship with its schema name');
    const { schemaName, role } = relationship;
    return event.references('RelatedEntities').map((related) => ({
      kind,
      relationship: schemaName,
      target,
      role: role === 'Referencing' || role === 'Referenced' ? role : null,
      related,
      evidence: event.evidence(event.createdMoment(), `${schemaName} ${target.id} ${related.table} ${related.id}`),
      origin: event.origin,
    }));
  };

/** What each message means for rows. Of one that is not here nothing is guessed. */
const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['Create', onCreate],
  ['Update', onUpdate],
  ['Upsert', onUpsert],
  ['Delete', onDelete],
  ['Assign', onAssign],
  ['SetState', onSetState],
  ['SetStateDynamicEntity', onSetState],
  ['Merge', onMerge],
  ['CreateMultiple', onWriteMultiple],
  ['UpdateMultiple', onWriteMultiple],
  ['UpsertMultiple', onWriteMultiple],
  ['DeleteMultiple', onDeleteMultiple],
  ['Associate', onAssociate('associate')],
  ['Disassociate', onAssociate('disassociate')],
  // Whoever has an endpoint checked asks whether it is reached: no row changed.
  ['TriggerServiceEndpointCheck', () => []],
]);

/** The messages that are turned into changes; any other is an event (`messageEventOf`). */
export const ROW_MESSAGES: ReadonlySet<string> = new Set(HANDLERS.keys());

/**
 * The changes that a context tells of; docs/how-it-works.md#messages shows them for each message.
 *
 * - A Create, Update or Upsert is a patch with the columns of Target, or a snapshot if the image named by
 *   `fullImageAlias` came along. A patch without columns says only that the row changed.
 * - Evidence of an asynchronous step is an event: `at` is `modifiedon` and trusted; without one, or with one that is later
 *   than the operation could be, or than the delivery arrived, it is not trusted. That of a synchronous step is unconfirmed: it may
 *   yet be rolled back.
 *   https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 * - Target's row version and a `versionnumber` column are no evidence: they may be those before the change.
 *
 * @throws MessageUnsupported, TableInvalid, RowIdInvalid, ParametersRemoved, ContextInvalid (a parameter that is not
 *   what it should be)
 */
export function changesOf(context: Context, delivery: Delivery): readonly Change[] {
  const handler = HANDLERS.get(context.message);
  if (handler === undefined) throw new MessageUnsupported(context.message);
  return handler(new PushedEvent(context, delivery));
}
