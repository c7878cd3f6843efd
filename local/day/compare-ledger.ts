/**
 * The check of the other direction: what the clerks gave against Dataverse, by what was seen from outside.
 *
 * - A column that the LOB system owns has the clerks' last value, whatever users did.
 * - A column that Dataverse owns never has a value of the clerks.
 * - Any other column has the later one of the clerks' last value and the users' last one, unless the users' is one that the column
 *   had before, or an empty one before the clerks' first; the clerks' may also be missing where the app said that it gave it up.
 * - A row that the clerks deleted is gone, and one that they have is there: unless users did otherwise later, or the app said so.
 *
 * A change whose message is still parked is told to an operator, so it is counted by itself and is no difference.
 */
import type { Dataverse, Row, Value } from '../dataverse/simulator';
import type { Clerks } from './clerks';
import { rowOf } from './clerks';
import type { Given, LedgerRow } from './ledger';
import type { InboundMapping, Mapping } from './mapping';
import { Differences, type Difference } from './store-entities';
import { isEqual, type UserChange, type Witness } from './witness';

/** What the app said of its own accord. */
export interface Told {
  /** Whether the app said that it gave up the clerks' value of a column of a row, or the row's deletion (no column). */
  readonly lost: (rowId: string, messageId: string, column: string) => boolean;
  /** Ids of messages whose row users deleted, as the app said, at the latest after the clerks' change. */
  readonly refused: ReadonlySet<string>;
  /** Ids of messages that are parked. */
  readonly parked: ReadonlySet<string>;
}

/** The result. */
export interface LedgerCheck {
  readonly rows: number;
  readonly columnsCompared: number;
  /** Values of Dataverse that the clerks have to take over: the users' won. */
  readonly takenOver: number;
  /** Values and deletions whose messages are parked. */
  readonly parked: number;
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
}

/** Clocks and whole seconds: what is closer than that may be either. */
const CLOSE_MS = 1000;

/** Compares. */
export function compareLedger(
  dataverse: Dataverse,
  mapping: Mapping,
  { ledger, trespasses }: Pick<Clerks, 'ledger' | 'trespasses'>,
  witness: Pick<Witness, 'lastOf' | 'deletionOf'>,
  told: Told,
): LedgerCheck {
  const differences = new Differences();
  const counts = { columnsCompared: 0, takenOver: 0, parked: 0 };
  const note = ({ table, name }: LedgerRow, what: string): void =>
    differences.note(table, 'key' in name ? name.key : name.id, what);
  for (const row of ledger.rows) {
    const { inbound } = mapping.table(row.table);
    if (inbound === undefined) continue;
    const there = rowOf(dataverse, row, inbound);
    const { last } = row;
    if (row.deleted !== undefined) {
      if (there === undefined) continue;
      if (told.parked.has(last.messageId)) counts.parked += 1;
      else if (isTold(there, last, '') || changedLater(there, last, inbound)) counts.takenOver += 1;
      else note(row, 'the clerks deleted the row, and it is there');
      continue;
    }
    if (there === undefined) {
      if (told.parked.has(last.messageId)) counts.parked += 1;
      else if (told.refused.has(last.messageId) || deletedAt(row) >= last.atMs - CLOSE_MS) counts.takenOver += 1;
      else note(row, 'the clerks have the row, and it is not there');
      continue;
    }
    compareColumns(row, there, inbound);
  }
  for (const { row, column, value } of trespasses) {
    const { inbound } = mapping.table(row.table);
    const there = inbound && rowOf(dataverse, row, inbound);
    if (there !== undefined && isEqual(there.columns[column], value))
      note(row, `column ${column} has a value of the clerks, and Dataverse owns it`);
  }
  return { rows: ledger.rows.length, ...counts, differences: differences.first, differenceCount: differences.count };

  function compareColumns(row: LedgerRow, there: Row, { owners }: InboundMapping): void {
    for (const [column, given] of row.values) {
      counts.columnsCompared += 1;
      const user = witness.lastOf(there.id, column);
      const isUsers = user !== undefined && isEqual(there.columns[column], user.value);
      if (isEqual(there.columns[column], given.value)) {
        const isLater = user !== undefined && user.atMs > given.atMs + CLOSE_MS;
        if (
          isLater &&
          !isUsers &&
          !looksLikeNoChange(row.given.get(column) ?? [], user) &&
          owners.get(column) !== 'lob'
        )
          note(row, `column ${column} has the clerks' value, and users gave it a later one`);
      } else if (told.parked.has(given.messageId)) counts.parked += 1;
      else if (owners.get(column) === 'lob') note(row, `column ${column} differs, and the LOB system owns it`);
      else {
        const isLater = (user?.atMs ?? deletedAt(row)) >= given.atMs - CLOSE_MS;
        const isEmptied = there.columns[column] === null && deletedAt(row) >= given.atMs - CLOSE_MS;
        if ((isUsers && (isLater || isTold(there, given, column))) || isEmptied) counts.takenOver += 1;
        else note(row, `column ${column} has neither the clerks' last value nor a later one of users`);
      }
    }
  }

  /**
   * A user's value that anyone gave before can't be told from the earlier one, which went and came back unseen; nor can an emptied
   * column from one that never had a value.
   */
  function looksLikeNoChange(given: readonly Value[], { value, earlier }: UserChange): boolean {
    return (
      [...given, ...earlier].some((other) => isEqual(other, value)) || (given.length === 1 && isEqual(value, null))
    );
  }

  function isTold({ id }: Row, { messageId }: Given, column: string): boolean {
    return told.lost(id, messageId, column);
  }

  function changedLater({ id }: Row, { atMs }: Given, { owners }: InboundMapping): boolean {
    return [...owners.keys()].some((column) => (witness.lastOf(id, column)?.atMs ?? -Infinity) >= atMs - CLOSE_MS);
  }

  function deletedAt({ table, name }: LedgerRow): number {
    return witness.deletionOf(table, 'key' in name ? name.key : name.id) ?? -Infinity;
  }
}
