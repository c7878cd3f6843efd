/**
 * Proves that a row's stamp tells when Dataverse gave the columns that nobody owns their values, whichever way the row comes; and
 * that the stamps of other tables tell nothing.
 */
import { expect, test } from '@jest/globals';
import { MappedStore } from '../../shared/lob/mapped-store';
import { encodeStamp, type ColumnTimes } from '../../shared/lob/stamp';
import { Writer } from '../../shared/writer/writer';
import { mappingOf } from '../mapping/mappings';
import { RULE, columns, eventDelete, found, image, missing, patch, pulledRow, row, stamp } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';

const MAPPING = mappingOf(`
tables:
  account:
    columns: { secret: drop, name: titleText }
    filter: { statecode: { ne: 1 } }
    inbound: { columns: { name, phone: , fax: lob, limit: dataverse, secret: } }
  contact:
`);

function world() {
  const store = new MemoryStore(() => 9_000_000);
  const reader = new ScriptedReader();
  const writer = new Writer(new MappedStore(store, MAPPING), reader, { rule: RULE });
  const times = (): ColumnTimes | undefined => store.stampOf(row())?.times;
  return { store, reader, writer, times };
}
const FIRST = columns({ name: 'Ada', phone: null, fax: '1', secret: 'x' });
/** A row that is read at 1005 and stored, and then changes. */
async function after(...changes: Parameters<Writer['process']>[0][]): Promise<ColumnTimes | undefined> {
  const { writer, times } = world();
  await writer.process([pulledRow({ columns: FIRST })]);
  for (const some of changes) await writer.process(some);
  return times();
}
const read = (plain: Parameters<typeof columns>[0], version: bigint, modifiedOn: number) =>
  pulledRow({ columns: columns(plain), version, modifiedOn, runBegin: modifiedOn + 1, end: modifiedOn + 2 });
const times = (of: Readonly<Record<string, number>> = {}): ColumnTimes => ({
  first: 1005,
  columns: new Map(Object.entries(of)),
});
const AT = 3000;
const same = { name: 'Ada', fax: '1', secret: 'x' };

test.each<readonly [string, Parameters<typeof after>, ColumnTimes | undefined]>([
  ['as it was first stored', [], times()],
  ['a push that brings the column', [[patch({ at: AT, columns: columns({ name: 'Ada' }) })]], times({ name: AT })],
  ['a push that empties it', [[patch({ at: AT, columns: columns({ phone: null }) })]], times({ phone: AT })],
  [
    'a push of columns that somebody owns, or that are not stored',
    [[patch({ at: AT, columns: columns({ fax: '2', limit: 3, secret: 'y' }) })]],
    times(),
  ],
  ['an image: what differs', [[image({ at: AT, columns: columns({ ...same, phone: '5' }) })]], times({ phone: AT })],
  ['a read: what differs', [[read({ fax: '1' }, 300n, AT)]], times({ name: AT })],
  ['a read with nothing else', [[read({ ...same, fax: '2' }, 300n, AT)]], times()],
  [
    'each column has its own time',
    [[patch({ at: AT, columns: columns({ name: 'Bo' }) })], [read({ ...same, name: 'Bo', phone: '5' }, 300n, AT + 9)]],
    times({ name: AT, phone: AT + 9 }),
  ],
  [
    'pushes that wait together: no later than the last',
    [
      [
        patch({ key: 'k1', at: AT, columns: columns({ name: 'Bo' }) }),
        patch({ key: 'k2', at: AT + 1, columns: columns({ phone: '5' }) }),
      ],
    ],
    times({ name: AT + 1, phone: AT + 1 }),
  ],
  [
    'what is known already is adopted: as before',
    [[patch({ at: AT, columns: columns({ name: 'Bo' }) })], [read({ ...same, name: 'Bo' }, 300n, AT - 1)]],
    times({ name: AT }),
  ],
])('[I103] %s', async (_what, changes, then) => expect(await after(...changes)).toEqual(then));

test('[I103] a moment that has not come yet is no time: it was by the end of the read', async () => {
  expect(await after([{ ...read({ fax: '1' }, 300n, AT), evidence: futureRead() }])).toEqual(times({ name: AT }));
  const { writer, reader, times: of } = world();
  reader.answer = () => found(300n, FIRST, { modifiedOn: 9_000_000_000, begin: 1050, end: 1052 });
  await writer.process([patch()]);
  expect(of()).toEqual({ first: 1052, columns: new Map() });
});
const futureRead = () => pulledRow({ version: 300n, modifiedOn: 9_000_000_000, runBegin: AT - 2, end: AT }).evidence;

test('[I103] a row that was deleted, or hidden, begins anew', async () => {
  const { writer, reader, times: of } = world();
  await writer.process([pulledRow({ columns: FIRST })]);
  await writer.process([patch({ at: AT, columns: columns({ name: 'Bo' }) })]);
  reader.answer = () => missing(AT + 10, AT + 11);
  await writer.process([eventDelete({ key: 'k9', at: AT + 10 })]);
  expect(of()).toBeUndefined();
  reader.answer = () => found(400n, FIRST, { modifiedOn: AT + 20, begin: AT + 30, end: AT + 31 });
  await writer.process([patch({ key: 'k10', at: AT + 20 })]);
  expect(of()).toEqual({ first: AT + 20, columns: new Map() });
  await writer.process([read({ ...same, statecode: 1, name: 'hidden' }, 500n, AT + 40)]);
  await writer.process([read({ ...same, name: 'shown' }, 600n, AT + 50)]);
  expect(of()).toEqual({ first: AT + 50, columns: new Map() });
});

test('[I103] what is stored from before times were kept has those of its changes', async () => {
  const { store, writer, times: of } = world();
  const old = stamp({ version: 100n, knownUntil: 1000, latestKnown: 1010 });
  const data = columns({ titleText: 'Ada', fax: '1' });
  await store.write([{ row: row(), expected: undefined, stamp: old, effect: 'snapshot', columns: data }]);
  await writer.process([read({ ...same, phone: '5' }, 300n, AT)]);
  expect(of()).toEqual({ columns: new Map([['phone', AT]]) });
});

test('tables that the LOB system does not change: stamps tell nothing more', async () => {
  const { store, writer } = world();
  const contact = row(1, 'contact');
  await writer.process([pulledRow({ row: contact })]);
  await writer.process([patch({ row: contact, at: AT })]);
  const kept = store.stampOf(contact);
  expect(kept?.latestKnown).toBe(AT);
  expect(encodeStamp(kept ?? stamp())).not.toContain('"at"');
});
