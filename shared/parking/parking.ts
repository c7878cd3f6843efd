import type { RowAddress } from '../change/row-change';

/** Why something was parked: a stable code and a sentence, never a column's value. */
export interface ParkCause {
  readonly code: string;
  readonly message: string;
}

/** A delivery as it came in, kept so that it can be processed later exactly as if it had just arrived. */
export interface KeptDelivery {
  /** The function that received it. */
  readonly source: string;
  readonly body: Uint8Array;
  readonly contentType?: string;
  /** The sender said that members were removed for size. */
  readonly truncated?: boolean;
  /** When it first reached us, by its broker's clock or ours, in epoch milliseconds. @default now */
  readonly arrivedAtMs?: number;
}

/** What is parked: a delivery, or a pulled row (which is read again, never replayed from its old page). */
export type ParkedSubject =
  { readonly kind: 'delivery'; readonly delivery: KeptDelivery } | { readonly kind: 'row'; readonly row: RowAddress };

/** A parked item. */
export interface ParkedItem {
  readonly id: string;
  readonly subject: ParkedSubject;
  readonly cause: ParkCause;
  /** How often it was tried in vain since it was parked. */
  readonly attempts: number;
  readonly parkedAtMs: number;
  /** When it is tried again by itself; absent: it waits for an operator. */
  readonly dueAtMs?: number;
  /** Moves with every change of the item, so that processing it can't take away what was parked again meanwhile. */
  readonly tag?: string;
}

/** A parked item without its body: what a list shows. */
export interface ParkedSummary extends Omit<ParkedItem, 'subject'>, Omit<KeptDelivery, 'source' | 'body'> {
  readonly kind: ParkedSubject['kind'];
  /** Where the delivery came from; of a row, its table. */
  readonly of: string;
  readonly rowId?: string;
  /** Of a delivery's body. */
  readonly bytes?: number;
}

/** Which items: those that meet all that is given. */
export interface ParkedFilter {
  readonly code?: string;
  readonly source?: string;
  /** Parked then or earlier, in epoch milliseconds. */
  readonly parkedUntilMs?: number;
  /** `due`: tried again by itself when its time comes; `waiting`: only by an operator. */
  readonly next?: 'due' | 'waiting';
}

/**
 * Durable parking: what couldn't be processed is kept with its cause. Parking the same subject twice keeps one item.
 */
export interface Parking {
  /** `dueAtMs`: when to try again by itself; absent: never. */
  parkDelivery(delivery: KeptDelivery, cause: ParkCause, dueAtMs?: number): Promise<void>;
  parkRow(row: RowAddress, cause: ParkCause, dueAtMs?: number): Promise<void>;
  /** Items whose time has come, the earliest due first, `limit` at most; none only where there is none. */
  due(nowMs: number, limit: number): Promise<readonly ParkedItem[]>;
  /** Items were processed (or superseded): each goes, unless its subject was parked again since the item was read. */
  remove(items: readonly ParkedItem[]): Promise<void>;
  /** The item failed again. */
  postpone(item: ParkedItem, cause: ParkCause, dueAtMs?: number): Promise<void>;
}
