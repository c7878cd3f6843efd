import type { RowAddress } from '../../change/row-change';
import type { Columns, Value } from '../../change/value';
import { NO_STAMP, type Stamp } from '../stamp';
import type { RowWrite, StoredRow } from '../store';
import { textIn } from '../tables/columns';
import { type HeldRow } from '../tables/layout';
import type { Prints } from './json-columns';

/** What is noted of a row that lies elsewhere, beside its stamp. */
export interface RowNote {
  /** Of the last request; grows. */
  readonly version: number;
  /** Of what the LOB system has; undefined where nobody knows, since a request was sent and its end isn't known. */
  readonly prints: Prints | undefined;
  /** The instance that is sending the row. */
  readonly intent?: string;
}

/** A note, and the row of the notes' store that holds it. */
export interface Noted {
  readonly row: StoredRow;
  readonly note: RowNote;
}

const text = (value: string): Value => ({ kind: 'string', value });

/** The write that keeps a note, if the row still is as `before`. */
export function noteWrite(
  row: RowAddress,
  before: StoredRow | undefined,
  stamp: Stamp,
  hidden: boolean,
  { version, prints, intent }: RowNote,
): RowWrite {
  const columns: Columns = new Map<string, Value>([
    ['Version', { kind: 'bigint', value: BigInt(version) }],
    ...(prints === undefined ? [] : [['Prints', text(JSON.stringify([...prints]))] as const]),
    ...(intent === undefined ? [] : [['Intent', text(intent)] as const]),
  ]);
  return { row, expected: before, stamp, effect: hidden ? 'hide' : 'snapshot', columns };
}

/** Reads a note back. */
export function notedOf(row: StoredRow): Noted {
  const data = (row.data as HeldRow).columns;
  const prints = textIn(data, 'Prints');
  const intent = textIn(data, 'Intent');
  const note: RowNote = {
    version: Number(data.get('Version') ?? 0),
    // What was on its way when its sender died may have arrived.
    prints:
      prints === undefined || intent !== undefined
        ? undefined
        : new Map(JSON.parse(prints) as readonly (readonly [string, string])[]),
    ...(intent === undefined ? {} : { intent }),
  };
  return { row, note };
}

/** Whether a row's stamp says nothing: of such a one there is only an intent, or what is left of one. */
export const isBlank = ({ version, knownUntil, latestKnown, deleted, recentKeys }: Stamp): boolean =>
  version === NO_STAMP.version &&
  knownUntil === NO_STAMP.knownUntil &&
  latestKnown === NO_STAMP.latestKnown &&
  !deleted &&
  recentKeys.length === 0;
