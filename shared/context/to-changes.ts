import type { Instant } from '../change/instant';
import { ceilInstant, floorInstant } from '../change/instant';
import type { Evidence, Origin, RowAddress, RowChange } from '../change/row-change';
import type { Columns, RowContent, Value } from '../change/value';
import type { Context } from './context';
import { deliveryKeyOf } from './delivery-key';
import { MessageUnsupported, RowIdInvalid, TableInvalid } from './errors';
import { guidOf, NO_ROW_ID } from './guid';

/** How a context arrived. */
export interface Delivery {
  /** The trigger or endpoint that received it; goes into the change's origin. */
  readonly source: string;
  /** The body as received: part of the delivery key. */
  readonly body: Uint8Array;
  /** The request's header or the message's property said that members were removed for size. @default false */
  readonly truncated?: boolean;
  /** Alias of the post image that is registered with all columns. @default none: no image is taken as the full row */
  readonly fullImageAlias?: string;
}

/**
 * How much later than the operation a `modifiedon` may be and still be believed. Someone who sets the column to a moment
 * in the future would otherwise make the change look newer than everything after it.
 */
export const MODIFIED_ON_MARGIN_S = 300;

const MODIFIED_ON = 'modifiedon';
const VERSION_NUMBER = 'versionnumber';

const TABLE = /^[a-z][a-z0-9_]{0,127}$/;

const NO_COLUMNS: Columns = new Map<string, Value>();

/** A place in the row's history: what an event's evidence says besides its key. */
export interface Moment {
  readonly at: Instant;
  readonly sure: boolean;
}

/**
 * When the operation was created stands in for a change's own time: it is never before the change, and is not sure.
 * The whole second after it is taken, so that no change looks older than it is.
 */
const createdMoment = (context: Context): Moment => ({ at: ceilInstant(context.operationCreatedOn), sure: false });

/** A row's `modifiedon` as sent, not yet held against the operation's time; undefined without one. */
export function modifiedOnOf(columns: Columns): Moment | undefined {
  const value = columns.get(MODIFIED_ON);
  if (value?.kind === 'instant') return { at: floorInstant(value.epochMs), sure: true };
  if (value?.kind !== 'offsetTime') return undefined;
  // With an offset other than zero it is not known which of two instants is meant; the later one claims less.
  const latest = Math.max(value.epochMs, value.epochMs + value.offsetMinutes * 60_000);
  return { at: floorInstant(latest), sure: value.offsetMinutes === 0 };
}

/** The moment that a row's `modifiedon` tells; undefined without one. */
function modifiedMoment(context: Context, columns: Columns): Moment | undefined {
  const moment = modifiedOnOf(columns);
  if (moment === undefined) return undefined;
  const latest = ceilInstant(context.operationCreatedOn) + MODIFIED_ON_MARGIN_S;
  return { at: moment.at, sure: moment.sure && moment.at <= latest };
}

/** The row's id; undefined when it is missing or no id of a row. */
function rowIdOf(text: string | undefined): string | undefined {
  const id = text === undefined ? undefined : guidOf(text);
  return id === NO_ROW_ID ? undefined : id;
}

const idIn = (value: Value | undefined): string | undefined =>
  value?.kind === 'string' || value?.kind === 'guid' ? value.value : undefined;

/** The row that an Update's or Create's Target holds; undefined when the message was too big to hold it. */
function targetOf(context: Context, delivery: Delivery): RowContent | undefined {
  if (delivery.truncated === true) return undefined;
  const target = context.inputParameters?.get('Target');
  return target?.kind === 'row' ? target.row : undefined;
}

function addressOf(context: Context, id: string | undefined): RowAddress {
  if (!TABLE.test(context.table)) throw new TableInvalid(context.message);
  if (id === undefined) throw new RowIdInvalid(context.table, context.message);
  return { table: context.table, id };
}

function evidenceOf(context: Context, delivery: Delivery, row: RowAddress, moment: Moment): Evidence {
  const key = deliveryKeyOf(context, row.id, delivery.body);
  switch (context.mode) {
    case 'sync':
      return { kind: 'hint', key };
    case 'async':
      return { kind: 'event', key, ...moment };
  }
}

function originOf(context: Context, delivery: Delivery): Origin {
  return {
    source: delivery.source,
    message: context.message,
    correlationId: context.correlationId,
    operationId: context.operationId,
    userId: context.userId,
    initiatingUserId: context.initiatingUserId,
    organizationId: context.organizationId,
    ...(context.owningExtension === null ? {} : { step: context.owningExtension.stepId }),
    stage: context.stage,
    depth: context.depth,
    occurredAtMs: context.operationCreatedOn,
  };
}

/** The row's data: its version is no column, and in a pushed message no evidence either. */
function dataOf(columns: Columns): Columns {
  if (!columns.has(VERSION_NUMBER)) return columns;
  const data = new Map(columns);
  data.delete(VERSION_NUMBER);
  return data;
}

const isOf = (content: RowContent, row: RowAddress): boolean =>
  content.table === row.table && (rowIdOf(content.id) ?? row.id) === row.id;

/** The `modifiedon` of any post image of the row: the same event's, for images are taken right after the operation. */
function imageMoment(context: Context, delivery: Delivery, row: RowAddress): Moment | undefined {
  if (delivery.truncated === true) return undefined;
  for (const image of context.postImages?.values() ?? []) {
    const moment = isOf(image, row) ? modifiedMoment(context, image.columns) : undefined;
    if (moment !== undefined) return moment;
  }
  return undefined;
}

/**
 * A Create or an Update: the full row where its image is sent, otherwise the columns that Target holds.
 *
 * Without a Target (a message over its size limit arrives without one) or with that of another row, nothing is known
 * but that the row changed: a patch without columns that is not sure, so that the row will be read.
 */
function written(context: Context, delivery: Delivery, row: RowAddress, target: RowContent | undefined): RowChange {
  const origin = originOf(context, delivery);
  const alias = delivery.truncated === true ? undefined : delivery.fullImageAlias;
  const image = alias === undefined ? undefined : context.postImages?.get(alias);
  if (image !== undefined && isOf(image, row)) {
    const moment =
      modifiedMoment(context, image.columns) ??
      modifiedMoment(context, target?.columns ?? NO_COLUMNS) ??
      createdMoment(context);
    const evidence = evidenceOf(context, delivery, row, moment);
    return { kind: 'snapshot', row, evidence, origin, columns: dataOf(image.columns) };
  }
  if (target === undefined || !isOf(target, row)) {
    const evidence = evidenceOf(context, delivery, row, createdMoment(context));
    return { kind: 'patch', row, evidence, origin, columns: NO_COLUMNS };
  }
  const moment =
    modifiedMoment(context, target.columns) ?? imageMoment(context, delivery, row) ?? createdMoment(context);
  const evidence = evidenceOf(context, delivery, row, moment);
  return { kind: 'patch', row, evidence, origin, columns: dataOf(target.columns) };
}

type Handler = (context: Context, delivery: Delivery) => RowChange[];

const onUpdate: Handler = (context, delivery) => {
  const row = addressOf(context, rowIdOf(context.rowId));
  return [written(context, delivery, row, targetOf(context, delivery))];
};

/** Before the operation a new row may have no id yet in the context itself; then its parameters have it. */
const onCreate: Handler = (context, delivery) => {
  const target = targetOf(context, delivery);
  const id =
    context.rowId === NO_ROW_ID
      ? (rowIdOf(idIn(context.outputParameters?.get('id'))) ?? rowIdOf(target?.id))
      : rowIdOf(context.rowId);
  return [written(context, delivery, addressOf(context, id), target)];
};

/** A delete needs nothing but the row's id, so one that lost its members to the size limit is as good. */
const onDelete: Handler = (context, delivery) => {
  const row = addressOf(context, rowIdOf(context.rowId));
  const evidence = evidenceOf(context, delivery, row, createdMoment(context));
  return [{ kind: 'delete', row, evidence, origin: originOf(context, delivery) }];
};

/** What each message means for rows. A message that is not here is kept, not guessed at. */
const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ['Create', onCreate],
  ['Update', onUpdate],
  ['Delete', onDelete],
]);

/**
 * The changes of rows that a context tells of.
 *
 * - A Create or Update is a patch with the columns of Target, or a snapshot if the image named by `fullImageAlias` came
 *   along. A patch without columns says only that the row changed.
 * - Evidence of an asynchronous step is an event: `at` is `modifiedon` and sure; without one, or with one that is later
 *   than the operation could be, it is not sure. That of a synchronous step is a hint: it may yet be rolled back.
 *   https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 * - Target's row version and a `versionnumber` column are no evidence: they may be those before the change.
 *
 * @throws MessageUnsupported, TableInvalid, RowIdInvalid, ContextInvalid (a parameter that is not what it should be)
 */
export function changesOf(context: Context, delivery: Delivery): RowChange[] {
  const handler = HANDLERS.get(context.message);
  if (handler === undefined) throw new MessageUnsupported(context.message, [...HANDLERS.keys()]);
  return handler(context, delivery);
}
