/**
 * Proves that a column of the LOB system which comes with another value is seen to before it is stored, whichever way it comes;
 * and that everything else costs nothing.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { recordOfKey, recordOfRow } from '../../shared/inbound/inbound-records';
import { conclude, intend, NO_RECORD, type InboundRecord } from '../../shared/inbound/record';
import { OwnedColumns, restoredRow, RESTORE_SOURCE } from '../../shared/inbound/owned-columns';
import type { RowWrite, StoredRow } from '../../shared/lob/store';
import { mappingOf } from '../mapping/mappings';
import { RecordingParking } from '../receive/deliveries';
import { columns, row, stamp } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';

const MAPPING = mappingOf(
  'tables: { account: { inbound: { key: new_lobid, columns: { fax: lob, name: } } }, contact: }',
);

let memory: MemoryStore;
let parking: RecordingParking;
let record: InboundRecord;
let reads: number;
let failure: Error | undefined;
/** The only id that something is noted under; undefined: under all. */
let notedUnder: string | undefined;
let store: OwnedColumns;
beforeEach(() => {
  memory = new MemoryStore();
  parking = new RecordingParking();
  reads = 0;
  failure = undefined;
  notedUnder = undefined;
  record = conclude(
    intend(NO_RECORD, { by: 'm', atMs: 1, texts: new Map([['fax', '"1"']]) }),
    { by: 'm', atMs: 1, texts: new Map([['fax', '"1"']]) },
    { rowId: row().id, version: 50n, results: new Map([['fax', '"1"']]), wrote: { overGap: false, ends: true } },
    new Set(),
  );
  store = new OwnedColumns(memory, {
    mapping: MAPPING,
    records: {
      read: (id) => {
        reads += 1;
        const found = notedUnder === undefined || notedUnder === id ? record : NO_RECORD;
        return failure === undefined
          ? Promise.resolve({ id, record: found, stored: undefined })
          : Promise.reject(failure);
      },
    },
    parking,
    log: () => undefined,
    now: () => 7,
  });
});

const snapshot = (of: Parameters<typeof columns>[0], version: bigint, expected?: StoredRow): RowWrite => ({
  ...{ row: row(), expected, effect: 'snapshot', columns: columns(of) },
  stamp: stamp({ version }),
});
async function put(write: RowWrite): Promise<StoredRow> {
  const [outcome] = await store.write([write]);
  if (outcome?.kind !== 'written') throw new Error('not written', { cause: outcome });
  return outcome.stored;
}

describe('[I101] another value than the LOB system gave', () => {
  test('is stored, and parked to be put back, due at once and once for a row', async () => {
    await put(snapshot({ fax: '2' }, 60n));
    expect(memory.columnsOf(row())).toEqual(columns({ fax: '2' }));
    expect(parking.parked).toMatchObject([
      { delivery: { source: RESTORE_SOURCE }, cause: { code: 'owner-restored' }, dueAtMs: 7 },
    ]);
    expect(restoredRow(parking.parked[0]?.delivery.body ?? Buffer.alloc(0))).toEqual({ ...row(), key: {} });
    expect(JSON.stringify(parking.parked[0]?.cause)).not.toMatch(/"2"|\b2\b/);
  });

  test.each([
    ['id', recordOfRow('account', row().id), {}],
    ['key', recordOfKey('account', 'new_lobid="a-1"'), { new_lobid: '"A-1"' }],
  ])('is put back by what it is noted under: the row’s %s', async (_what, under, key) => {
    notedUnder = under;
    await put(snapshot({ fax: '2', new_lobid: 'A-1' }, 60n));
    expect(parking.parked.map(({ delivery }) => restoredRow(delivery.body))).toEqual([{ ...row(), key }]);
  });

  test.each([
    ['a push', { effect: 'patch', columns: columns({ fax: '2' }), stamp: stamp({ version: 10n, hasPushOnTop: true }) }],
    [
      'a push that empties it',
      { effect: 'patch', columns: columns({ fax: null }), stamp: stamp({ version: 10n, hasPushOnTop: true }) },
    ],
    [
      'an image',
      { effect: 'snapshot', columns: columns({ fax: '2' }), stamp: stamp({ version: 10n, hasPushOnTop: true }) },
    ],
    [
      'a row that was read, without the column',
      { effect: 'snapshot', columns: columns({ name: 'x' }), stamp: stamp({ version: 60n }) },
    ],
  ] as const)('%s', async (_what, of) => {
    const expected = await put(snapshot({ fax: '1' }, 55n));
    await store.write([{ row: row(), expected, ...of }]);
    expect(parking.parked).toHaveLength(1);
  });

  test('can’t be stored where it can’t be parked or looked up: its delivery comes again', async () => {
    failure = new Error('away');
    const other: RowWrite = { ...snapshot({ name: 'x' }, 60n), row: row(2, 'contact') };
    const outcomes = await store.write([snapshot({ fax: '2' }, 60n), other]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'written']);
    expect(memory.columnsOf(row())).toBeUndefined();
  });
});

describe('nothing is to be done', () => {
  test('the LOB system’s own value, also as Dataverse made it, or as it may yet be written', async () => {
    await put(snapshot({ fax: '1' }, 60n));
    record = intend(record, { by: 'm', atMs: 2, texts: new Map([['fax', '"3"']]) });
    await put(snapshot({ fax: '3' }, 61n, (await memory.read([row()]))[0]));
    expect(parking.parked).toEqual([]);
  });
  test('the row as it was before our own write', async () => {
    await put(snapshot({ fax: '0' }, 40n));
    expect(parking.parked).toEqual([]);
  });
  test('nothing is known of the LOB system’s value', async () => {
    record = NO_RECORD;
    await put(snapshot({ fax: '2' }, 60n));
    expect(parking.parked).toEqual([]);
  });
  test('and nothing is asked: other columns, other tables, deletions', async () => {
    const expected = await put(snapshot({ fax: '1', name: 'a' }, 55n));
    reads = 0;
    const next = await put(snapshot({ fax: '1', name: 'b' }, 60n, expected));
    await store.write([
      { ...snapshot({ name: 'c' }, 61n, next), effect: 'patch' },
      { ...snapshot({ fax: '2' }, 61n), row: row(1, 'contact') },
    ]);
    await store.write([{ ...snapshot({}, 62n, (await memory.read([row()]))[0]), effect: 'clear' }]);
    // That of the snapshot, which brings the column.
    expect(reads).toBe(1);
  });
});
