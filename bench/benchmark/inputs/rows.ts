/** Rows and their changes as the writer gets them, with columns of the kinds that rows have. */
import type { Evidence, Origin, RowAddress, RowPatch, RowSnapshot } from '../../../shared/change/row-change';
import type { Columns, Value } from '../../../shared/change/value';
import type { Stamp } from '../../../shared/lob/stamp';

export const TABLE = 'account';

const ORIGIN: Origin = { source: 'bench', message: 'Update' };

/** A second in 2026, from which the benchmarks' clock counts. */
export const EPOCH = 1_790_000_000;

/** The n-th row id: evenly over the partitions, as random ids are. */
export const idOf = (n: number): string =>
  `${(n % 16).toString(16)}${(0x1000000 + n).toString(16).slice(0, 7)}-5b1d-4c0a-8e6f-0d9a3c27f514`;

export const rowOf = (n: number): RowAddress => ({ table: TABLE, id: idOf(n) });

/** What a pushed Update of a row brings: six columns and modifiedon. */
const updated = (n: number, at: number): [string, Value][] => [
  ['name', { kind: 'string', value: `Contoso Harbour ${n}, revision ${at}` }],
  ['industrycode', { kind: 'choice', value: at % 40, label: `Industry ${at % 40}` }],
  ['ownerid', { kind: 'lookup', table: 'systemuser', id: idOf(at % 999), name: 'Amara Okonkwo-Lindqvist' }],
  ['creditlimit', { kind: 'money', text: `${at % 100_000}.5000` }],
  ['numberofemployees', { kind: 'integer', value: at % 5000 }],
  ['lastonholdtime', { kind: 'instant', epochMs: at * 1000 }],
  ['modifiedon', { kind: 'instant', epochMs: at * 1000 }],
];

export const updatedColumns = (n: number, at: number): Columns => new Map(updated(n, at));

/** All columns of a row: those of an Update and 24 more. */
export const allColumns = (n: number, at: number): Columns =>
  new Map([
    ...updated(n, at),
    ...Array.from({ length: 8 }, (_, column): [string, Value][] => [
      [`address1_line${column}`, { kind: 'string', value: `Berth ${n}, gate ${column}, Südkai` }],
      [`new_units${column}`, { kind: 'integer', value: n + column }],
      [`new_checkedon${column}`, { kind: 'instant', epochMs: (EPOCH + n) * 1000 }],
    ]).flat(),
  ]);

/** A key as long as those of deliveries. */
export const keyOf = (n: number, at: number): string => `${n.toString(36)}-${at.toString(36)}-`.padEnd(22, 'k');

/** A pushed Update that is provably newer than any before. */
export function updateOf(n: number, at: number): RowPatch {
  const evidence: Evidence = { kind: 'event', key: keyOf(n, at), at, isTrusted: true };
  return { kind: 'patch', row: rowOf(n), columns: updatedColumns(n, at), evidence, origin: ORIGIN };
}

/** A row as a pull reads it. */
export function pulledOf(n: number, at: number): RowSnapshot {
  const evidence: Evidence = {
    kind: 'pull',
    version: BigInt(at),
    modifiedOn: at,
    runBegin: at,
    end: at + 1,
    holdsLease: () => true,
  };
  return { kind: 'snapshot', row: rowOf(n), columns: allColumns(n, at), evidence, origin: ORIGIN };
}

/** The stamp of a row that has seen many events: as long as it gets. */
export const seasoned = (n: number): Stamp => ({
  version: BigInt(EPOCH - 1000),
  knownUntil: EPOCH - 1000,
  latestKnown: EPOCH - 900,
  hasPushOnTop: true,
  deleted: false,
  recentKeys: Array.from({ length: 16 }, (_, at) => keyOf(n, EPOCH - 900 + at)),
});
