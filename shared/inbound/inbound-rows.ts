/** What the writer of inbound changes asks of Dataverse; the Web API does it, and so does the simulation. */
import type { RowVersion } from '../change/row-version';
import type { Condition, CurrentRow } from './decide';
import type { InboundTable } from './inbound-table';
import type { KeyPart } from './lob-value';

/** How a row is named. An id is known besides a key where the row was seen before. */
export type RowName =
  { readonly key: readonly KeyPart[]; readonly id?: string } | { readonly key?: undefined; readonly id: string };

/** What is asked of one row. `texts`: values by logical name; `columns`: those that are to be told of the row, as it is then. */
export type RowAction =
  | { readonly kind: 'read'; readonly columns: readonly string[] }
  /** Only if the row isn't there. */
  | { readonly kind: 'create'; readonly texts: ReadonlyMap<string, string>; readonly columns: readonly string[] }
  | {
      readonly kind: 'update';
      readonly texts: ReadonlyMap<string, string>;
      readonly columns: readonly string[];
      readonly condition: Condition;
    }
  | { readonly kind: 'delete'; readonly condition: Condition };

/** One request. */
export interface RowRequest {
  readonly table: InboundTable;
  readonly row: RowName;
  readonly action: RowAction;
  /** Of the message; tells the events that come of it apart from others. */
  readonly id: string | undefined;
}

/** What became of it. */
export type RowAnswer =
  /** As it was read, or is after the write: with the columns that were asked for. */
  | CurrentRow
  | { readonly kind: 'deleted' }
  /** The row, or one that a lookup names, isn't there: `what` says which. */
  | { readonly kind: 'missing'; readonly what: string }
  /** It has another version. */
  | { readonly kind: 'stale' }
  /** It is there already; or another row has its key, or one of its keys. */
  | { readonly kind: 'taken'; readonly what: string }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Dataverse, as the writer needs it. Never rejects. */
export interface InboundRows {
  /** Answers in the order of the requests, no two of which are of one row. */
  send(requests: readonly RowRequest[]): Promise<readonly RowAnswer[]>;
}

/** A version as an entity tag. */
export const etagOf = (version: RowVersion): string => `W/"${version}"`;
