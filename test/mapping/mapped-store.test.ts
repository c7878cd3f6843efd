/**
 * Proves that the writer over a mapped store shows exactly the rows that meet the filter, under their mapped columns: a row
 * leaves and comes back by every way that a change comes, nothing is ever merged into a hidden row, and a value that the
 * mapping can't store fails its own row alone.
 */
import { describe, expect, test } from '@jest/globals';
import type { Columns } from '../../shared/change/value';
import { MappedStore } from '../../shared/lob/mapped-store';
import { DEFAULT_MAPPING, type Mapping } from '../../shared/mapping/mapping';
import { codeOf } from '../../shared/errors/errors';
import { Writer, type ChangeResult, type WriterOptions } from '../../shared/writer/writer';
import {
  RULE,
  columns,
  eventDelete,
  found,
  image,
  missing,
  patch,
  pulledDelete,
  pulledRow,
  row,
} from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';
import { mappingOf } from './mappings';

const FILTERED = mappingOf(`
tables:
  account:
    columns: { name: companyName, statecode: drop }
    filter: { statecode: 0, size: { gte: 10 }, rating: { ne: 5 } }
`);

/** Stored as pulled: base 1025, seen 1040. */
const SEEN = 1040;
const SHOWN = columns({ name: 'Ada', statecode: 0, size: 12 });
const OTHER = columns({ name: 'Ada', statecode: 1, size: 12 });

function world(options: Partial<WriterOptions> = {}, withReader = true, mapping: Mapping = FILTERED) {
  const store = new MemoryStore(() => 2_000_000);
  const reader = new ScriptedReader();
  const writer = new Writer(new MappedStore(store, mapping), withReader ? reader : undefined, {
    rule: RULE,
    ...options,
  });
  return { store, reader, writer };
}

const seen = (store: MemoryStore): Record<string, unknown> | undefined => {
  const of: Columns | undefined = store.columnsOf(row());
  return (
    of &&
    Object.fromEntries(
      [...of].map(([name, value]) => [
        name,
        value?.kind === 'integer' || value?.kind === 'string' ? value.value : value,
      ]),
    )
  );
};
const ends = (results: readonly ChangeResult[]): string[] =>
  results.map((result) =>
    result.kind === 'processed' ? `${result.verdict}${result.changed ? ', changed' : ''}` : codeOf(result.error),
  );

const ADA = { companyName: 'Ada', size: 12 };

describe('a row that meets the filter', () => {
  test('is shown under its mapped columns', async () => {
    const { store, writer } = world();
    expect(ends(await writer.process([pulledRow({ columns: SHOWN })]))).toEqual(['applied, changed']);
    expect(seen(store)).toEqual(ADA);
  });

  test('leaves by a pulled row and by an image, and comes back by them', async () => {
    const { store, writer } = world();
    const steps = [
      [pulledRow({ columns: SHOWN }), ADA],
      [image({ columns: OTHER, at: SEEN + 1, key: 'e1' }), undefined],
      [image({ columns: SHOWN, at: SEEN + 2, key: 'e2' }), ADA],
      [pulledRow({ columns: OTHER, version: 201n, modifiedOn: SEEN + 3, runBegin: 1100, end: 1110 }), undefined],
      [pulledRow({ columns: SHOWN, version: 202n, modifiedOn: 1200, runBegin: 1200, end: 1210 }), ADA],
    ] as const;
    for (const [change, then] of steps) {
      await writer.process([change]);
      expect(seen(store)).toEqual(then);
    }
  });

  test('leaves by a patch without being read, and comes back by a read only', async () => {
    const { store, reader, writer } = world();
    await writer.process([pulledRow({ columns: SHOWN })]);
    expect(
      ends(await writer.process([patch({ columns: columns({ statecode: 1 }), at: SEEN + 1, key: 'e1' })])),
    ).toEqual(['merged']);
    expect([seen(store), reader.gets.length]).toEqual([undefined, 0]);
    reader.answer = () => found(300n, SHOWN, { modifiedOn: SEEN + 2, begin: 1100, end: 1102 });
    const back = patch({ columns: columns({ statecode: 0, size: 12 }), at: SEEN + 2, key: 'e2' });
    expect(ends(await writer.process([back]))).toEqual(['readBack']);
    expect([seen(store), reader.gets.length]).toEqual([ADA, 1]);
  });

  test('a patch of other columns, or one that still meets it, is merged', async () => {
    const { store, reader, writer } = world();
    await writer.process([pulledRow({ columns: SHOWN })]);
    await writer.process([patch({ columns: columns({ name: 'Bea' }), at: SEEN + 1, key: 'e1' })]);
    await writer.process([patch({ columns: columns({ size: 10 }), at: SEEN + 2, key: 'e2' })]);
    expect([seen(store), reader.gets.length]).toEqual([{ companyName: 'Bea', size: 10 }, 0]);
  });

  test('patches that wait together count as one: out and in again is in, out and another column is out', async () => {
    const { store, writer } = world();
    await writer.process([pulledRow({ columns: SHOWN })]);
    const out = patch({ columns: columns({ statecode: 1 }), at: SEEN + 1, key: 'e1' });
    await writer.process([out, patch({ columns: columns({ statecode: 0, name: 'Bea' }), at: SEEN + 2, key: 'e2' })]);
    expect(seen(store)).toEqual({ companyName: 'Bea', size: 12 });
    await writer.process([
      patch({ columns: columns({ size: null }), at: SEEN + 3, key: 'e3' }),
      patch({ columns: columns({ name: 'Cid' }), at: SEEN + 4, key: 'e4' }),
    ]);
    expect(seen(store)).toBeUndefined();
  });
});

describe('a hidden row', () => {
  const hidden = async (options?: Partial<WriterOptions>, withReader?: boolean): Promise<ReturnType<typeof world>> => {
    const made = world(options, withReader);
    expect(ends(await made.writer.process([pulledRow({ columns: OTHER })]))).toEqual(['applied']);
    expect([seen(made.store), made.store.stampOf(row())?.deleted]).toEqual([undefined, false]);
    return made;
  };

  test('an image and a patch on it that wait together are whole, without a read', async () => {
    const { store, reader, writer } = await hidden();
    await writer.process([
      image({ columns: OTHER, at: SEEN + 1, key: 'e1' }),
      patch({ columns: columns({ statecode: 0 }), at: SEEN + 2, key: 'e2' }),
    ]);
    expect([seen(store), reader.gets.length]).toEqual([ADA, 0]);
  });

  test('read back and still hidden, it stays so', async () => {
    const { store, reader, writer } = await hidden();
    reader.answer = () => found(300n, OTHER, { modifiedOn: SEEN + 1 });
    await writer.process([patch({ columns: columns({ name: 'Bea' }), at: SEEN + 1 })]);
    expect([seen(store), store.stampOf(row())?.version]).toEqual([undefined, 300n]);
  });

  test('hidden here and there is the same: adopted, and no reader saw a change', async () => {
    const { reader, writer } = await hidden();
    reader.answer = () => found(300n, SHOWN);
    await writer.process([image({ columns: OTHER, at: SEEN + 5, key: 'e1' })]);
    const page = { version: 201n, modifiedOn: SEEN + 1, runBegin: 1, end: 1100 };
    expect(ends(await writer.process([pulledRow({ ...page, columns: OTHER })]))).toEqual(['adopted']);
    expect(ends(await writer.process([pulledRow({ ...page, version: 202n, columns: SHOWN })]))).toEqual([
      'readBack, changed',
    ]);
  });

  test('shown here and hidden there is not the same, nor the other way round', async () => {
    const { store, writer } = world();
    await writer.process([pulledRow({ columns: SHOWN })]);
    const mapped = new MappedStore(store, FILTERED);
    const [shown] = await mapped.read([row()]);
    expect(shown && [OTHER, SHOWN].map((of) => mapped.sameData(shown, { row: row(), columns: of }))).toEqual([
      false,
      true,
    ]);
    await writer.process([patch({ columns: columns({ size: 1 }), at: SEEN + 1 })]);
    const [out] = await mapped.read([row()]);
    expect(out && [OTHER, SHOWN].map((of) => mapped.sameData(out, { row: row(), columns: of }))).toEqual([true, false]);
  });

  test('deleted, it becomes a tombstone, which is no change to a reader', async () => {
    const { store, reader, writer } = await hidden();
    reader.answer = () => missing();
    expect(ends(await writer.process([eventDelete({ at: SEEN + 1 })]))).toEqual(['readBack']);
    expect(store.stampOf(row())?.deleted).toBe(true);
    expect(ends(await writer.process([pulledDelete({ end: 1200 })]))).toEqual(['touched']);
  });

  test('without a Web API a patch is parked', async () => {
    const { writer } = await hidden({}, false);
    expect(ends(await writer.process([patch({ columns: columns({ statecode: 0, size: 12 }), at: SEEN + 1 })]))).toEqual(
      ['order-unprovable'],
    );
  });

  test.each([
    [
      'brings all columns of the filter and meets it: shown with what is known',
      { statecode: 0, size: 12, rating: null },
      { size: 12 },
    ],
    ['brings only some of them, and nobody knows the others: stays hidden', { statecode: 0, size: 12 }, undefined],
    ['brings them and does not meet it: stays hidden', { statecode: 0, size: 1, rating: 1 }, undefined],
  ])('without a Web API, UNPROVABLE_ORDER=apply: a patch that %s', async (_what, brought, then) => {
    const { store, writer } = await hidden({ unprovable: 'apply' }, false);
    expect(ends(await writer.process([patch({ columns: columns(brought), at: SEEN + 1 })]))).toEqual(['merged']);
    expect([seen(store), store.stampOf(row())?.hasPushOnTop]).toEqual([then, true]);
  });
});

describe('after a change of the mapping', () => {
  const again = { runBegin: 3000, end: 3010 };
  const remapped = async (before: Mapping, after: Mapping, of: Columns): Promise<[string[], unknown]> => {
    const store = new MemoryStore(() => 2_000_000);
    const writerWith = (mapping: Mapping): Writer =>
      new Writer(new MappedStore(store, mapping), new ScriptedReader(), { rule: RULE });
    await writerWith(before).process([pulledRow({ columns: of })]);
    const writer = writerWith(after);
    const processed = await writer.process([pulledRow({ ...again, columns: of })]);
    return [[...ends(processed), ...ends(await writer.process([pulledRow({ ...again, columns: of })]))], seen(store)];
  };

  test('a full load stores the rows anew that are the same in Dataverse, each once', async () => {
    const renamed = mappingOf('tables: { account: { columns: { name: title, "*": drop } } }');
    expect(await remapped(FILTERED, renamed, SHOWN)).toEqual([['refreshed, changed', 'contained'], { title: 'Ada' }]);
  });
  test('it shows rows that were hidden, and hides rows that were shown', async () => {
    expect(await remapped(FILTERED, DEFAULT_MAPPING, OTHER)).toEqual([
      ['refreshed, changed', 'contained'],
      { name: 'Ada', statecode: 1, size: 12 },
    ]);
    expect(await remapped(DEFAULT_MAPPING, FILTERED, OTHER)).toEqual([['refreshed, changed', 'contained'], undefined]);
  });
  test('a row that a pull has adopted is stored anew too', async () => {
    const store = new MemoryStore(() => 1_041_000);
    const writerWith = (mapping: Mapping): Writer =>
      new Writer(new MappedStore(store, mapping), new ScriptedReader(), { rule: RULE });
    const before = writerWith(FILTERED);
    await before.process([pulledRow({ columns: SHOWN })]);
    const pushed = patch({ columns: columns({ size: 13 }), at: SEEN + 1 });
    const pulled = { columns: columns({ name: 'Ada', statecode: 0, size: 13 }), version: 201n, modifiedOn: SEEN + 1 };
    const processed = [
      await before.process([pushed]),
      await before.process([pulledRow({ ...pulled, runBegin: SEEN + 2 })]),
    ];
    expect(processed.flatMap(ends)).toEqual(['merged', 'adopted']);
    const after = writerWith(mappingOf('tables: { account: { columns: { name: title, "*": drop } } }'));
    expect(ends(await after.process([pulledRow({ ...pulled, ...again })]))).toEqual(['refreshed, changed']);
    expect(seen(store)).toEqual({ title: 'Ada' });
  });
  test('a row that an instance with the old mapping has written since is stored anew, once what is known of it is forgotten', async () => {
    const store = new MemoryStore(() => 2_000_000);
    const reader = new ScriptedReader(() => found(200n, SHOWN, { modifiedOn: SEEN }));
    const writerWith = (mapping: Mapping): Writer =>
      new Writer(new MappedStore(store, mapping), reader, { rule: RULE });
    const after = writerWith(mappingOf('tables: { account: { columns: { name: title, "*": drop } } }'));
    await after.process([pulledRow({ columns: SHOWN })]);
    await writerWith(DEFAULT_MAPPING).process([patch({ at: SEEN })]);
    expect(seen(store)).toEqual({ name: 'Ada', statecode: 0, size: 12 });
    after.forget([row()]);
    expect(ends(await after.process([pulledRow({ ...again, columns: SHOWN })]))).toEqual(['refreshed, changed']);
    expect(seen(store)).toEqual({ title: 'Ada' });
  });
  test('without one it writes nothing', async () => {
    expect(await remapped(FILTERED, FILTERED, SHOWN)).toEqual([['contained', 'contained'], ADA]);
    expect(await remapped(FILTERED, FILTERED, OTHER)).toEqual([['contained', 'contained'], undefined]);
  });
});

describe('what the mapping can not store', () => {
  const TYPED = mappingOf(`
tables:
  account:
    columns: { size: { as: integer } }
    filter: { name: { startsWith: A } }
`);

  test('fails its own row, and not those beside it', async () => {
    const { store, writer } = world({}, true, TYPED);
    const processed = await writer.process([
      pulledRow({ row: row(1), columns: columns({ name: 'Ada', size: '12' }) }),
      pulledRow({ row: row(2), columns: columns({ name: 'Ada', size: 'secret' }) }),
      pulledRow({ row: row(3), columns: columns({ name: 5 }) }),
      pulledRow({ row: row(4), columns: columns({ name: 'Ada', size: '13' }) }),
    ]);
    expect(ends(processed)).toEqual(['applied, changed', 'value-not-convertible', 'filter-unfit', 'applied, changed']);
    const errors = processed.flatMap((of) => (of.kind === 'failed' ? [String(of.error)] : []));
    expect(errors[0]).toMatch(/account\(.*\) has a value in column size that can't be stored as integer/);
    expect(errors.join()).not.toContain('secret');
    expect([row(1), row(2), row(3), row(4)].map((of) => store.columnsOf(of)?.get('size'))).toEqual([
      { kind: 'integer', value: 12 },
      undefined,
      undefined,
      { kind: 'integer', value: 13 },
    ]);
  });
});
