/**
 * Proves that the check of the clerks' direction sees what it is there for: each way in which Dataverse may differ from the clerks'
 * ledger is either excused by what users did or by what the app said, or named by table, row and column. The Dataverse
 * simulator, no app.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compareLedger, type LedgerCheck } from '../../local/day/compare-ledger';
import { Ledger, type LedgerRow } from '../../local/day/ledger';
import { mappingSettings, readMapping, withInbound, type Mapping } from '../../local/day/mapping';
import { Witness } from '../../local/day/witness';
import { startDataverse, type Dataverse, type Value } from '../../local/dataverse/simulator';

const ROOT = resolve(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
const CLERK_MS = 1_000_000;
const EARLIER = CLERK_MS - 60_000;
const LATER = CLERK_MS + 60_000;

let dataverse: Dataverse;
let mapping: Mapping;
let witness: Witness;
let now = 0;
let count = 0;

beforeAll(async () => {
  dataverse = await startDataverse({ seed: 4 });
  mapping = readMapping(withInbound(mappingSettings(ROOT), ROOT, folder));
  dataverse.addColumn('account', { logicalName: 'new_lobid', type: 'string', maxLength: 50 });
  witness = new Witness(dataverse, mapping, () => now);
});
afterAll(async () => {
  witness.close();
  await dataverse.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  now = EARLIER;
});

const app = () => ({ user: dataverse.applicationUserId });

/** A row that the app made for the clerks, and what their ledger says of it. */
async function row(there: Readonly<Record<string, Value>>, ledger: Readonly<Record<string, Value>> = there) {
  const key = `L-${(count += 1)}`;
  const id = await dataverse.create('account', { ...there, new_lobid: key }, app());
  const given = { messageId: key, atMs: CLERK_MS };
  const of: LedgerRow = {
    table: 'account',
    name: { key },
    values: new Map(Object.entries(ledger).map(([column, value]) => [column, { ...given, value }])),
    given: new Map(Object.entries(ledger).map(([column, value]) => [column, ['before', value]])),
    deleted: undefined,
    wasDeleted: false,
    last: given,
  };
  return { id, key, of, given };
}

interface Said {
  readonly lost?: string;
  readonly refused?: string;
  readonly parked?: string;
  readonly trespass?: readonly [column: string, value: Value];
}

function check(of: LedgerRow, { lost, refused, parked, trespass }: Said = {}): LedgerCheck {
  const ledger = new Ledger();
  ledger.rows.push(of);
  const trespasses = trespass === undefined ? [] : [{ row: of, column: trespass[0], value: trespass[1] }];
  return compareLedger(dataverse, mapping, { ledger, trespasses }, witness, {
    lost: (rowId, messageId, column) => lost === `${rowId} ${messageId} ${column}`,
    refused: new Set(refused === undefined ? [] : [refused]),
    parked: new Set(parked === undefined ? [] : [parked]),
  });
}
const said = ({ differences }: LedgerCheck): readonly string[] => differences.map(({ what }) => what);

test('what the clerks gave is there: no difference, whatever the digits end with', async () => {
  const { of } = await row({ name: 'Fjord', revenue: '12.50', description: null });
  expect(check(of)).toMatchObject({ rows: 1, columnsCompared: 3, takenOver: 0, differences: [] });
  expect(check((await row({ revenue: '12.50' }, { revenue: '12.51' })).of).differenceCount).toBe(1);
});

test('a column that the LOB system owns differs: nothing but a parked message excuses it', async () => {
  const { id, of, key } = await row({ name: 'Fjord' });
  now = LATER;
  await dataverse.update('account', id, { name: 'Fell' });
  expect(said(check(of, { lost: `${id} ${key} name` }))).toEqual(['column name differs, and the LOB system owns it']);
  expect(check(of, { parked: key })).toMatchObject({ differences: [], parked: 1 });
});

test('a column that Dataverse owns has a value of the clerks', async () => {
  const { of } = await row({ telephone1: 'LOB 1' }, {});
  expect(said(check(of, { trespass: ['telephone1', 'LOB 1'] }))).toEqual([
    'column telephone1 has a value of the clerks, and Dataverse owns it',
  ]);
  expect(check(of, { trespass: ['telephone1', 'LOB 2'] }).differences).toEqual([]);
});

test('a column without an owner: a later value of users, or one that the app has told, is taken over', async () => {
  const { id, of, key } = await row({ description: 'clerk' });
  await dataverse.update('account', id, { description: 'user' });
  const lost = [expect.stringContaining('column description has neither')];
  expect(said(check(of))).toEqual(lost);
  expect(check(of, { lost: `${id} ${key} description` })).toMatchObject({ differences: [], takenOver: 1 });
  now = LATER;
  await dataverse.update('account', id, { description: 'user, later' });
  expect(check(of)).toMatchObject({ differences: [], takenOver: 1 });
  // Back to what neither of them gave last.
  await dataverse.update('account', id, { description: 'clerk, before' }, app());
  expect(said(check(of))).toEqual(lost);
});

test("the clerks' earlier value over a later one of users", async () => {
  const { id, of } = await row({ description: 'clerk' });
  now = LATER;
  await dataverse.update('account', id, { description: 'user' });
  await dataverse.update('account', id, { description: 'clerk' }, app());
  expect(said(check(of))).toEqual(["column description has the clerks' value, and users gave it a later one"]);
  await dataverse.update('account', id, { description: null });
  await dataverse.update('account', id, { description: 'clerk' }, app());
  expect(check(of).differenceCount).toBe(1);
  // One that the clerks gave before can't be told from theirs.
  await dataverse.update('account', id, { description: 'before' });
  await dataverse.update('account', id, { description: 'clerk' }, app());
  expect(check(of).differences).toEqual([]);
  // Nor one of users that went and came back.
  await dataverse.update('account', id, { description: 'user, once more' });
  await dataverse.update('account', id, { description: 'clerk' }, app());
  expect(check(of).differenceCount).toBe(1);
  await dataverse.update('account', id, { description: 'user' });
  await dataverse.update('account', id, { description: 'clerk' }, app());
  expect(check(of).differences).toEqual([]);
});

test("the clerks' first value over an empty one of users, which may as well have been never given", async () => {
  const { id, of } = await row({ description: 'clerk' });
  now = LATER;
  await dataverse.update('account', id, { description: null });
  await dataverse.update('account', id, { description: 'clerk' }, app());
  const first: LedgerRow = { ...of, given: new Map([['description', ['clerk']]]) };
  expect([check(of).differenceCount, check(first).differenceCount]).toEqual([1, 0]);
});

test('rows that are there, or not, against the ledger', async () => {
  const { id, of, key, given } = await row({ name: 'Fjord' });
  const deleted: LedgerRow = { ...of, values: new Map(), deleted: given };
  expect(said(check(deleted))).toEqual(['the clerks deleted the row, and it is there']);
  expect(check(deleted, { lost: `${id} ${key} ` })).toMatchObject({ differences: [], takenOver: 1 });
  await dataverse.delete('account', id);
  expect(check(deleted).differences).toEqual([]);
  expect(said(check(of))).toEqual(['the clerks have the row, and it is not there']);
  expect(check(of, { parked: key })).toMatchObject({ differences: [], parked: 1 });
  expect(check(of, { refused: key })).toMatchObject({ differences: [], takenOver: 1 });
  const other = await row({ name: 'Fell' });
  now = LATER;
  await dataverse.delete('account', other.id);
  expect(check(other.of)).toMatchObject({ differences: [], takenOver: 1 });
  const third = await row({ name: 'Fen' });
  await dataverse.delete('account', third.id, app());
  expect(said(check(third.of))).toEqual(['the clerks have the row, and it is not there']);
});

test('the app is told from users', async () => {
  const { written } = witness;
  const { id } = await row({ name: 'Fjord' });
  await dataverse.update('account', id, { name: 'Fell' });
  await dataverse.delete('account', id, app());
  expect(witness.written - written).toBe(2);
  expect(witness.lastOf(id, 'name')).toEqual({ value: 'Fell', atMs: EARLIER, earlier: [] });
  expect(witness.deletionOf('account', id)).toBeUndefined();
});
