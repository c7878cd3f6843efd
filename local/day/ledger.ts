/** What the clerks of a LOB system keep of their own: the last value that they gave to each column of each row. */
import type { Value } from '../dataverse/simulator';

/** A value, a row or a deletion as the clerks gave it. */
export interface Given {
  /** Of the message that tells of it. */
  readonly messageId: string;
  /** In milliseconds since 1970. */
  readonly atMs: number;
}

/** A value of a column, as Dataverse should have it. */
export interface GivenValue extends Given {
  readonly value: Value;
}

/** A row of the clerks. */
export interface LedgerRow {
  readonly table: string;
  /** The key by which it is known; or the id, if Dataverse had it first. */
  readonly name: { readonly key: string } | { readonly id: string };
  /** By logical name: the columns that the clerks gave a value since they made the row. */
  readonly values: Map<string, GivenValue>;
  /** All values that they ever gave a column, whatever they deleted since. */
  readonly given: Map<string, readonly Value[]>;
  /** Set by the clerks' deletion, until they make the row again. */
  deleted: Given | undefined;
  /** Whether the clerks ever deleted it: then an id that they read may be that of the row that they deleted. */
  wasDeleted: boolean;
  /** The last change of all. */
  last: Given;
}

/** A change that a clerk made; its message tells of it. */
export interface ClerkChange extends Given {
  readonly table: string;
  readonly op: 'upsert' | 'update' | 'delete';
  readonly row: LedgerRow;
  /** The row's id where the message is to name it by that. */
  readonly rowId: string | undefined;
  /** By the names in messages, in the form of messages. */
  readonly columns: Readonly<Record<string, string | null>>;
}

/** All rows of the clerks. */
export class Ledger {
  readonly rows: LedgerRow[] = [];

  /** Rows that are there, as far as the clerks know. */
  live(table: string): readonly LedgerRow[] {
    return this.rows.filter((row) => row.table === table && row.deleted === undefined);
  }
}
