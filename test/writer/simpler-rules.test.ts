/**
 * Proves that the ten failures of simpler rules don't happen: each test is one of them, told as it would go through the
 * writer.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Verdict } from '../../shared/writer/decide';
import type { RowChange } from '../../shared/change/row-change';
import { Writer } from '../../shared/writer/writer';
import {
  RULE,
  STRICT,
  columns,
  eventDelete,
  found,
  unconfirmed,
  image,
  missing,
  patch,
  pulledDelete,
  pulledRow,
  row,
} from './changes';
import { MemoryStore } from './memory-store';
import { ScriptedReader, gate, settleDown } from './scripted-reader';

let store: MemoryStore;
let reader: ScriptedReader;
let writer: Writer;

beforeEach(() => {
  store = new MemoryStore(() => 2_000_000);
  reader = new ScriptedReader(() => missing());
  writer = new Writer(store, reader, { rule: RULE });
});

const process = async (change: RowChange, by = writer): Promise<Verdict | 'failed'> => {
  const [result] = await by.process([change]);
  return result?.kind === 'processed' ? result.verdict : 'failed';
};

const name = (value: string) => columns({ name: value });

describe('failures of simpler rules', () => {
  test('[I11] 1. ghost: a late Create of a row deleted long ago does not land on "nothing"', async () => {
    expect(await process(image({ columns: name('ghost') }))).toBe('readBack');
    expect(store.columnsOf(row())).toBeUndefined();
    expect(store.stampOf(row())?.deleted).toBe(true);
  });

  test('[I4] 2. an old page is not written over a merged patch', async () => {
    await process(pulledRow({ version: 100n, columns: name('v100') }));
    expect(await process(patch({ at: 1050, columns: name('v102') }))).toBe('merged');
    // The run began before the patch; its page shows the version in between.
    reader.answer = () => found(102n, name('v102'), { modifiedOn: 1050, end: 1061 });
    expect(await process(pulledRow({ version: 101n, modifiedOn: 1045, end: 1060, columns: name('v101') }))).toBe(
      'readBack',
    );
    expect(store.columnsOf(row())).toEqual(name('v102'));
  });

  test('[I11] 3. a page that was read before a delete does not revive the row', async () => {
    await process(pulledRow({ version: 100n }));
    await process(eventDelete({ at: 1050 }));
    expect(store.stampOf(row())?.deleted).toBe(true);
    expect(await process(pulledRow({ version: 101n, modifiedOn: 2000 }))).toBe('readBack');
    expect(store.columnsOf(row())).toBeUndefined();
  });

  test("[I15] 4. deleted and restored in one second: the delete's OperationCreatedOn, a second late, does not remove the live row", async () => {
    await process(pulledRow({ version: 100n }));
    reader.answer = () => found(102n, name('restored'), { modifiedOn: 1050 });
    expect(await process(patch({ key: 'restore', at: 1040, columns: name('restored') }))).toBe('readBack');
    expect(await process(eventDelete({ key: 'delete', at: 1053 }))).toBe('readBack');
    expect(store.columnsOf(row())).toEqual(name('restored'));
  });

  test('[I4] 5. a push does not raise the row version, so it can not hide a gap from the pull', async () => {
    await process(pulledRow({ version: 100n, columns: columns({ name: 'old', phone: '1' }) }));
    // Version 101 changed the phone and was never pushed; version 102 changed the name.
    await process(patch({ at: 1050, columns: name('new') }));
    expect(store.stampOf(row())?.version).toBe(100n);
    const page = columns({ name: 'new', phone: '2' });
    reader.answer = () => found(102n, page, { modifiedOn: 1050 });
    await process(pulledRow({ version: 102n, modifiedOn: 1050, columns: page }));
    expect(store.columnsOf(row())).toEqual(page);
  });

  test('[I18] 6. a synchronous step whose transaction rolled back is not applied', async () => {
    await process(pulledRow({ version: 100n, columns: name('true') }));
    reader.answer = () => found(100n, name('true'));
    expect(await process(unconfirmed({ columns: name('never happened') }))).toBe('readBack');
    expect(store.columnsOf(row())).toEqual(name('true'));
    expect(store.stampOf(row())?.recentKeys).toEqual([]);
  });

  test('[I6] 7. a GET that was sent before a change does not process it', async () => {
    await process(pulledRow({ version: 100n }));
    const sent = gate();
    const answers = [name('before the change'), name('with the change')];
    reader.answer = (_row, get) => {
      const read = found(100n + BigInt(get), answers[get - 1], { end: 1050 });
      return get === 1 ? sent.passed.then(() => read) : read;
    };
    const first = process(unconfirmed({ key: 'h1' }));
    await settleDown();
    const second = process(unconfirmed({ key: 'h2' }));
    sent.open();
    await Promise.all([first, second]);
    expect(store.columnsOf(row())).toEqual(name('with the change'));
  });

  test('[I12] 8. a delete on a tombstone moves the entity tag, so an older read-back can not land', async () => {
    await process(eventDelete({ key: 'first delete', at: 1000 }));
    const other = new Writer(store, reader, { rule: RULE });
    reader.answer = async (_row, get) => {
      if (get > 1) return missing();
      // The row was restored when this was read; it is deleted again before the answer is here.
      await process(eventDelete({ key: 'second delete', at: 1060 }), other);
      return found(102n, name('restored for a moment'), { modifiedOn: 1050 });
    };
    expect(await process(patch({ key: 'restore', at: 1050 }))).toBe('readBack');
    expect(store.columnsOf(row())).toBeUndefined();
  });

  test.each([
    ['the row was stored', true],
    ['the row was unknown: its delete leaves a tombstone too', false],
  ])('[I10] 9. a full load that began before a delete does not bring the row back: %s', async (_when, wasStored) => {
    if (wasStored) await process(pulledRow({ version: 90n }));
    await process(pulledDelete({ runBegin: 3000, end: 3001 }));
    expect(await process(pulledRow({ version: 100n, runBegin: 2000, modifiedOn: 2500 }))).toBe('readBack');
    expect(store.columnsOf(row())).toBeUndefined();
  });

  test('[I11] 9. a superseded load that began before a delete no one remembers writes nothing onto "nothing"', async () => {
    expect(await process(pulledRow({ version: 100n, leased: false }))).toBe('readBack');
    expect(store.columnsOf(row())).toBeUndefined();
  });

  test('[I3] 10. modifiedon going backwards: the pull puts it right whatever the pushes did', async () => {
    await process(pulledRow({ version: 100n }));
    // Version 102 committed with the earlier modifiedon, since its transaction was the longer one.
    expect(await process(patch({ key: 'v102', at: 1050, columns: name('v102') }))).toBe('merged');
    expect(await process(patch({ key: 'v101', at: 1055, columns: name('v101') }))).toBe('merged');
    reader.answer = () => found(102n, name('v102'), { modifiedOn: 1050, end: 1070 });
    await process(pulledRow({ version: 102n, modifiedOn: 1050, end: 1070, columns: name('v102') }));
    expect(store.columnsOf(row())).toEqual(name('v102'));
  });

  test.each([
    ['patches', patch],
    ['images', image],
  ])('[I7] 10. in strict mode not even a reader in between sees %s go back', async (_what, change) => {
    const strict = new Writer(store, reader, { rule: STRICT });
    await process(pulledRow({ version: 100n }), strict);
    await process(change({ key: 'v102', at: 1050, columns: name('v102') }), strict);
    reader.answer = () => found(102n, name('v102'), { modifiedOn: 1055 });
    expect(await process(change({ key: 'v101', at: 1055, columns: name('v101') }), strict)).toBe('readBack');
    expect(store.columnsOf(row())).toEqual(name('v102'));
  });
});
