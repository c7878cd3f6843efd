import type { DeliveryKey, Origin, RowAddress } from './row-change';
import type { Columns } from './value';

/**
 * A message that is no change of rows: a custom action or API, a business event, or a message that this app doesn't
 * know. It happened once and never changes, so there is no order to decide.
 */
export interface MessageEvent {
  readonly message: string;
  readonly key: DeliveryKey;
  /** The row that the message was bound to; null for an unbound one. */
  readonly row: RowAddress | null;
  /** When the operation was created, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly occurredAtMs: number;
  /** False for an event of a synchronous step, whose transaction may yet be rolled back. */
  readonly committed: boolean;
  /** The message was over its size limit and came without its input parameters. */
  readonly truncated: boolean;
  /** `input.NAME`, `output.NAME`, `variable.NAME`. */
  readonly columns: Columns;
  readonly origin: Origin;
}
