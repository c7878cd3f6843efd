import type { Instant } from '../../change/instant';
import { ceilInstant, floorInstant } from '../../change/instant';
import type { DeliveryKey, Evidence, Origin, RowAddress } from '../../change/row-change';
import type { Columns, RowContent, Value } from '../../change/value';
import type { Context } from '../context';
import { deliveryKeys } from './delivery-key';
import { ContextInvalid, ParametersRemoved, RowIdInvalid, TableInvalid } from '../errors';
import { guidOf, NO_ROW_ID } from '../values/guid';

/** How a context arrived. */
export interface Delivery {
  /** The trigger or endpoint that received it; goes into the change's origin. */
  readonly source: string;
  /** The body as received: part of the delivery key. */
  readonly body: Uint8Array;
  /** The request's header or the message's property said that members were removed for size. @default false */
  readonly truncated?: boolean;
  /** What it tells of happened no later (`arrivalBound`). @default not known */
  readonly notAfter?: Instant;
  /** Alias of the post image that is registered with all columns. @default none: no image is taken as the full row */
  readonly fullImageAlias?: string;
}

/**
 * How much later than the operation a `modifiedon` may be and still be believed. Someone who sets the column to a moment
 * in the future would otherwise make the change look newer than everything after it.
 */
export const MODIFIED_ON_MARGIN_S = 300;

const MODIFIED_ON = 'modifiedon';

/**
 * The latest moment that a delivery can tell of: when it first arrived, and as much as clocks may differ. A sender's dates
 * can agree with each other and both lie in the future.
 *
 * @param marginSeconds CLOCK_MARGIN_SECONDS
 */
export const arrivalBound = (arrivedAtMs: number, marginSeconds = 5): Instant =>
  ceilInstant(arrivedAtMs) + marginSeconds;

/** Logical names of tables. */
export const TABLE = /^[a-z][a-z0-9_]{0,127}$/;

/** A place in the row's history: what an event's evidence says besides its key. */
export interface Moment {
  readonly at: Instant;
  readonly isTrusted: boolean;
}

/** A row's `modifiedon` as sent, not yet held against the operation's time; undefined without one. */
export function modifiedOnOf(columns: Columns): Moment | undefined {
  const value = columns.get(MODIFIED_ON);
  if (value?.kind === 'instant') return { at: floorInstant(value.epochMs), isTrusted: true };
  if (value?.kind !== 'offsetTime') return undefined;
  // With an offset other than zero it is not known which of two instants is meant; the later one claims less.
  const latest = Math.max(value.epochMs, value.epochMs + value.offsetMinutes * 60_000);
  return { at: floorInstant(latest), isTrusted: value.offsetMinutes === 0 };
}

/** A row's id; undefined when it is missing or no id of a row. */
export function rowIdOf(text: string | undefined): string | undefined {
  const id = text === undefined ? undefined : guidOf(text);
  return id === NO_ROW_ID ? undefined : id;
}

/** The id in a parameter of ids. */
export const idIn = (value: Value | undefined): string | undefined =>
  value?.kind === 'string' || value?.kind === 'guid' ? rowIdOf(value.value) : undefined;

/** Whether a row that came along is the row that a change is of; one without an id of its own is. */
export const isOf = (content: RowContent, row: RowAddress): boolean =>
  content.table === row.table && (rowIdOf(content.id) ?? row.id) === row.id;

/** A context together with how it arrived: what the messages' handlers work with. */
export class PushedEvent {
  readonly origin: Origin;
  /** Members were removed for size: neither parameters nor images are there, whatever else is. */
  readonly truncated: boolean;
  readonly #keyOf: (subject: string) => DeliveryKey;

  constructor(
    readonly context: Context,
    private readonly delivery: Delivery,
  ) {
    this.truncated = delivery.truncated === true;
    this.#keyOf = deliveryKeys(context, delivery.body);
    this.origin = {
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

  /** An input parameter; undefined when it wasn't sent. */
  input(name: string): Value | undefined {
    return this.truncated ? undefined : this.context.inputParameters?.get(name);
  }

  /** An input parameter without which it isn't known what the message is about. */
  requiredInput(name: string): Value {
    const removed = this.truncated || this.context.inputParameters === null;
    if (removed) throw new ParametersRemoved(this.context.message, name);
    return this.input(name) ?? null;
  }

  /** An output parameter; they stay even where the others were removed. */
  output(name: string): Value | undefined {
    return this.context.outputParameters?.get(name);
  }

  /** The row in a parameter; undefined when there is none. */
  rowInput(name: string): RowContent | undefined {
    const value = this.input(name);
    return value?.kind === 'row' ? value.row : undefined;
  }

  /** The row that a parameter refers to. */
  reference(name: string): RowAddress {
    const value = this.requiredInput(name);
    if (value?.kind !== 'lookup') throw new ContextInvalid(`InputParameters.${name}`, 'a reference to a row');
    return this.address(value.table, rowIdOf(value.id));
  }

  /** The rows that a parameter refers to. */
  references(name: string): readonly RowAddress[] {
    const value = this.requiredInput(name);
    if (value?.kind === 'rows') return value.rows.map(({ table, id }) => this.address(table, rowIdOf(id)));
    if (value?.kind !== 'list') throw new ContextInvalid(`InputParameters.${name}`, 'references to rows');
    return value.items.map((item) => {
      if (item?.kind !== 'lookup') throw new ContextInvalid(`InputParameters.${name}`, 'references to rows');
      return this.address(item.table, rowIdOf(item.id));
    });
  }

  /** The row of the event itself, which its context names. */
  ownRow(id: string | undefined = rowIdOf(this.context.rowId)): RowAddress {
    return this.address(this.context.table, id);
  }

  /** @throws TableInvalid, RowIdInvalid */
  address(table: string, id: string | undefined): RowAddress {
    if (!TABLE.test(table)) throw new TableInvalid(this.context.message);
    if (id === undefined) throw new RowIdInvalid(table, this.context.message);
    return { table, id };
  }

  /** The image that is registered with all columns, if it came along and is of the row. */
  fullImage(row: RowAddress): RowContent | undefined {
    const alias = this.truncated ? undefined : this.delivery.fullImageAlias;
    const image = alias === undefined ? undefined : this.context.postImages?.get(alias);
    return image !== undefined && isOf(image, row) ? image : undefined;
  }

  /** The `modifiedon` of any post image of the row: the same event's, for images are taken right after the operation. */
  imageMoment(row: RowAddress): Moment | undefined {
    if (this.truncated) return undefined;
    for (const image of this.context.postImages?.values() ?? []) {
      const moment = isOf(image, row) ? this.modifiedMoment(image.columns) : undefined;
      if (moment !== undefined) return moment;
    }
    return undefined;
  }

  /** The moment that a row's `modifiedon` tells; undefined without one. */
  modifiedMoment(columns: Columns): Moment | undefined {
    const moment = modifiedOnOf(columns);
    if (moment === undefined) return undefined;
    const latest = ceilInstant(this.context.operationCreatedOn) + MODIFIED_ON_MARGIN_S;
    return this.#bounded({ at: moment.at, isTrusted: moment.isTrusted && moment.at <= latest });
  }

  /**
   * When the operation was created stands in for a change's own time: it is never before the change, and is not trusted.
   * The whole second after it is taken, so that no change looks older than it is.
   */
  createdMoment(): Moment {
    return this.#bounded({ at: ceilInstant(this.context.operationCreatedOn), isTrusted: false });
  }

  /** What is dated later than it can be happened before it arrived; when, nobody knows. */
  #bounded(moment: Moment): Moment {
    const { notAfter = Number.POSITIVE_INFINITY } = this.delivery;
    return moment.at <= notAfter ? moment : { at: notAfter, isTrusted: false };
  }

  key(subject: string): DeliveryKey {
    return this.#keyOf(subject);
  }

  /** @param subject tells the changes of one message apart: the row's id, unless a message names a row twice */
  evidence(moment: Moment, subject: string): Evidence {
    const key = this.#keyOf(subject);
    return this.context.mode === 'sync' ? { kind: 'unconfirmed', key } : { kind: 'event', key, ...moment };
  }
}
