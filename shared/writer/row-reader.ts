import type { RowAddress } from '../change/row-change';
import type { Columns } from '../change/value';
import type { ReadBack } from './decide';

/** A row read back from Dataverse, now. */
export type RowRead =
  (Extract<ReadBack, { kind: 'found' }> & { readonly columns: Columns }) | Extract<ReadBack, { kind: 'missing' }>;

/** Reads one row by its id from Dataverse: at least as new as anything that was delivered before the request was sent. */
export interface RowReader {
  read(row: RowAddress): Promise<RowRead>;
}
