import type { Evidence, Origin, RowAddress, RowChange } from './row-change';

/**
 * Two rows were connected, or no longer are. What that means for stored rows depends on the relationship: a row of a
 * link table for a many-to-many one, a lookup column for a one-to-many one (`shared/mapping/associations.ts`).
 */
export interface Association {
  readonly kind: 'associate' | 'disassociate';
  /** Schema name, as sent. */
  readonly relationship: string;
  /** The row that the request was made on. */
  readonly target: RowAddress;
  /** The target's side where a relationship connects rows of one table; null where the tables tell. */
  readonly role: 'Referencing' | 'Referenced' | null;
  readonly related: RowAddress;
  /** Never trusted: an association has no modifiedon. */
  readonly evidence: Evidence;
  readonly origin: Origin;
}

/** What a pushed message can tell. */
export type Change = RowChange | Association;
