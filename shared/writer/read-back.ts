import type { DeliveryKey, RowAddress, RowChange } from '../change/row-change';
import type { Columns } from '../change/value';
import { OutboundError } from '../errors/errors';
import type { RowWrite, StoredRow } from '../lob/store';
import { decideByReadBack, leavesNoTrace, readLags, type ReadBack, type Rule, type Verdict } from './decide';

/** A row read back from Dataverse, now. */
export type RowRead =
  (Extract<ReadBack, { kind: 'found' }> & { readonly columns: Columns }) | Extract<ReadBack, { kind: 'missing' }>;

/** Reads one row by its id from Dataverse: at least as new as anything that was delivered before the request was sent. */
export interface RowReader {
  read(row: RowAddress): Promise<RowRead>;
}

/** How rows are read back. */
export interface Reading {
  readonly rule: Rule;
  /** Oldest read-back that may be written where no live row is stored, in milliseconds. */
  readonly maxReadAgeMs: number;
  /** Milliseconds that only grow. */
  readonly clock: () => number;
}

/** Thrown when a read-back shows a state older than what is known: it was served by a lagging replica. */
export class ReadLagged extends OutboundError {
  constructor(row: RowAddress) {
    super(
      'read-lagged',
      `Reading ${row.table}(${row.id}) back showed an older state than is already known. It will be read again.`,
    );
  }
}

/** Thrown when every read-back took so long that it may no longer be written where no live row is stored. */
export class ReadTooSlow extends OutboundError {
  constructor(row: RowAddress, maxReadAgeMs: number) {
    super(
      'read-too-slow',
      `Reading ${row.table}(${row.id}) back took more than ${maxReadAgeMs / 2} ms, ${MAX_SLOW_READS} times in a row. ` +
        `If that is usual, raise READ_BACK_MAX_AGE_SECONDS.`,
    );
  }
}

/** Read-backs of one row that may be too old to be written before the row is given up for now. */
const MAX_SLOW_READS = 3;

/** Of a row that is gone. */
export const NO_COLUMNS: Columns = new Map();

/**
 * The fenced read-back: what it brings may be written only if the entity tag of `stored`, known before it was sent, still
 * stands.
 *
 * @param changes what it processes
 * @returns what is to be written; undefined where it leaves no trace
 * @throws ReadLagged, ReadTooSlow, and what the reader throws
 */
export async function readBack(
  reader: RowReader,
  row: RowAddress,
  stored: StoredRow | undefined,
  changes: readonly RowChange[],
  reading: Reading,
): Promise<{ readonly verdict: Verdict; readonly write: RowWrite } | undefined> {
  const read = await readFresh(reader, row, stored, reading);
  if (readLags(stored?.stamp, read, changes)) throw new ReadLagged(row);
  if (leavesNoTrace(stored?.stamp, read, changes)) return undefined;
  const { verdict, stamp, data } = decideByReadBack(stored?.stamp, read, changes.flatMap(eventKey), reading.rule);
  const brought =
    read.kind === 'found'
      ? { columns: read.columns, changedOn: Math.min(read.modifiedOn, read.end) }
      : { columns: NO_COLUMNS };
  return { verdict, write: { row, expected: stored, stamp, effect: data, ...brought } };
}

/**
 * Where no live row is stored, an old read must not be written: a sweep may already have passed. Half of the allowed
 * age is left for the write to land.
 */
async function readFresh(
  reader: RowReader,
  row: RowAddress,
  stored: StoredRow | undefined,
  { maxReadAgeMs, clock }: Reading,
): Promise<RowRead> {
  for (let attempt = 0; attempt < MAX_SLOW_READS; attempt += 1) {
    const sent = clock();
    const read = await reader.read(row);
    if (clock() - sent <= maxReadAgeMs / 2 || (stored !== undefined && !stored.stamp.deleted)) return read;
  }
  throw new ReadTooSlow(row, maxReadAgeMs);
}

const eventKey = ({ evidence }: RowChange): DeliveryKey[] => (evidence.kind === 'event' ? [evidence.key] : []);
