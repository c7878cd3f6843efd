import type { Instant } from './instant';
import type { RowVersion } from './row-version';
import type { Columns } from './value';

/** A row of Dataverse: the table's logical name and the row's id (lower case, hyphens). */
export interface RowAddress {
  readonly table: string;
  readonly id: string;
}

/** Names one event of one row. Two deliveries of it have the same key; two events of one request do not. */
export type DeliveryKey = string;

/**
 * What is known of a change's place in the row's history.
 *
 * - `event`: pushed after its transaction was committed (an asynchronous step). `at` is `modifiedon` and then `isTrusted`;
 *   otherwise OperationCreatedOn, which may prove the event old but never new.
 * - `unconfirmed`: only a reason to read the row, and nothing of it is stored. Pushed from a synchronous step, inside a transaction
 *   that may yet roll back; or, `committed`, told by a flow after the change, in no order. `atLeast` is a version that the row
 *   is said to have had at an instant: a read soon after it that shows an older one has lagged.
 * - `pull`: read through the Web API. `runBegin` is when the pull run began and `end` when the response was made, both
 *   in Dataverse's clock; `version` and `modifiedOn` are those of the row as read (a deleted row has neither).
 */
export type Evidence =
  | { readonly kind: 'event'; readonly key: DeliveryKey; readonly at: Instant; readonly isTrusted: boolean }
  | {
      readonly kind: 'unconfirmed';
      readonly key: DeliveryKey;
      readonly committed?: true;
      readonly atLeast?: { readonly version: RowVersion; readonly at: Instant };
    }
  | {
      readonly kind: 'pull';
      readonly version: RowVersion;
      readonly modifiedOn: Instant;
      readonly runBegin: Instant;
      readonly end: Instant;
      /** Asked at the moment of deciding: is it certain that no other run has taken over? */
      readonly holdsLease: () => boolean;
    };

/** Where a change came from: for logs and operators, never for deciding. */
export interface Origin {
  readonly source: string;
  readonly message: string;
  readonly correlationId?: string;
  readonly operationId?: string;
  readonly userId?: string;
  readonly initiatingUserId?: string;
  readonly organizationId?: string;
  /** Id of the step that sent the event. */
  readonly step?: string;
  readonly stage?: number;
  readonly depth?: number;
  /** When the operation was created in Dataverse, milliseconds since 1970 (OperationCreatedOn made true). */
  readonly occurredAtMs?: number;
}

interface Change {
  readonly row: RowAddress;
  readonly evidence: Evidence;
  readonly origin: Origin;
}

/** All columns of the row; one that is absent is null. */
export interface RowSnapshot extends Change {
  readonly kind: 'snapshot';
  readonly columns: Columns;
}

/** Only the columns that changed; one that is absent is as it was. */
export interface RowPatch extends Change {
  readonly kind: 'patch';
  readonly columns: Columns;
}

/** The row is gone. */
export interface RowDelete extends Change {
  readonly kind: 'delete';
}

/** One change of one row, whatever brought it. Everything after the parser and the pull speaks only this. */
export type RowChange = RowSnapshot | RowPatch | RowDelete;
