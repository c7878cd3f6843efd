/**
 * Proves that a row ends in the same stored columns by every way: pushed by each of them, read back, pulled as a change and
 * loaded anew; with images, files, managed properties and emptied columns, whether or not the mapping names them. And that a
 * table with such columns isn't loaded again and again. Through the real app in a process of its own; the store is read with
 * the plain SDK.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PUSHED, System, type Fields } from './system';

/** Of contact every column is kept, of account the named ones only, of lead an image besides all others. */
const MAPPING = `
tables:
  account:
    columns: { '*': drop, name: keep, new_photo: keep, new_contract: keep, new_customizable: keep, new_tags: keep }
  contact:
  lead:
    columns: { new_photo: picture1Photo }
`;
const TABLES = ['account', 'contact', 'lead'] as const;
type Table = (typeof TABLES)[number];
const NAME = { account: 'name', contact: 'lastname', lead: 'subject' } as const satisfies Record<Table, string>;
const FILE = '365092da-7683-43da-8855-63f2f979c18b';

const folder = mkdtempSync(join(tmpdir(), 'values-'));
let system: System;

beforeAll(async () => {
  const file = join(folder, 'mapping.yaml');
  writeFileSync(file, MAPPING);
  system = await System.start({ SYNC_TABLES: TABLES.join(), MAPPING_FILE: file });
  for (const table of TABLES) {
    system.dataverse.addColumn(table, { logicalName: 'new_photo', type: 'image' });
    system.dataverse.addColumn(table, { logicalName: 'new_contract', type: 'file' });
    system.dataverse.addColumn(table, { logicalName: 'new_customizable', type: 'managed' });
    system.dataverse.addColumn(table, {
      logicalName: 'new_tags',
      type: 'choices',
      options: [
        { value: 1, label: 'One' },
        { value: 2, label: 'Two' },
      ],
    });
  }
  await system.pull();
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const thumbnail = (text: string): Uint8Array => Buffer.from(text.slice(0, 8));

/** What is stored of the columns that this is about; bytes as text. */
async function stored(table: Table, id: string): Promise<Fields> {
  const entity = (await system.entity(table, id)) ?? {};
  const names = [NAME[table], 'new_contract', 'new_contract_name', 'new_customizable', 'new_tags', 'new_tagsLabel'];
  const photo = ['new_photo', 'picture1Photo', 'new_photo_url', 'new_photo_timestamp'];
  return Object.fromEntries(
    [...names, ...photo].flatMap((name) => {
      const value = entity[name];
      return value === undefined ? [] : [[name, value instanceof Uint8Array ? Buffer.from(value).toString() : value]];
    }),
  );
}

/** What a table's row is to be, by what Dataverse has. */
function expected(table: Table, id: string, photo: string | null, others: Fields): Fields {
  const { columns = {} } = system.dataverse.get(table, id) ?? {};
  const ofPhoto =
    photo === null ? {} : { new_photo_url: columns.new_photo_url, new_photo_timestamp: columns.new_photo_timestamp };
  const bytes =
    photo === null
      ? {}
      : { [table === 'lead' ? 'picture1Photo' : 'new_photo']: Buffer.from(thumbnail(photo)).toString() };
  return { ...others, ...ofPhoto, ...(table === 'contact' ? {} : bytes) };
}

const reloaded = async (): Promise<readonly unknown[]> =>
  [...(await system.pull()).values()].map(({ mode, healed }) => [mode, healed]);

const STAYS = TABLES.map(() => ['delta', 0]);

describe.each(PUSHED)('by %s', (way) => {
  test.each(TABLES)('[I50] of %s a row is stored as it is read, and stays so', async (table) => {
    const { dataverse } = system;
    const id = await system.pushing(table, way, () =>
      dataverse.create(table, {
        [NAME[table]]: 'x',
        new_photo: base64('a picture that is large'),
        new_contract: FILE,
        new_customizable: true,
        new_tags: [1, 2],
      }),
    );
    const filled = expected(table, id, 'a picture that is large', {
      ...{ [NAME[table]]: 'x', new_contract: FILE, new_contract_name: '365092da.pdf' },
      ...{ new_customizable: true, new_tags: '[1,2]', new_tagsLabel: 'One; Two' },
    });
    await system.until(`a ${table} as it is`, async () => Object.keys(await stored(table, id)).length > 0);
    expect(await stored(table, id)).toEqual(filled);

    await system.pushing(table, way, () => dataverse.update(table, id, { new_photo: base64('another one') }));
    const changed = expected(
      table,
      id,
      'another one',
      Object.fromEntries(Object.entries(filled).filter(([name]) => !name.includes('hoto'))),
    );
    await system.until(
      'another picture',
      async () => (await stored(table, id)).new_photo_timestamp === changed.new_photo_timestamp,
    );
    expect(await stored(table, id)).toEqual(changed);

    await system.pushing(table, way, () =>
      dataverse.update(table, id, { [NAME[table]]: '', new_photo: null, new_contract: null, new_tags: [] }),
    );
    await system.until('emptied', async () => (await stored(table, id))[NAME[table]] === undefined);
    expect(await stored(table, id)).toEqual({ new_customizable: true });

    await system.pushing(table, way, () =>
      dataverse.update(table, id, { [NAME[table]]: 'y', new_photo: base64('a third') }),
    );
    const last = expected(table, id, 'a third', { [NAME[table]]: 'y', new_customizable: true });
    await system.until(
      'a third picture',
      async () => (await stored(table, id)).new_photo_timestamp === last.new_photo_timestamp,
    );
    expect(await stored(table, id)).toEqual(last);
    expect(await reloaded()).toEqual(STAYS);
    expect(await stored(table, id)).toEqual(last);
  });
});

test('[I50] by the pull alone, as a change and in a load: the same, and no load follows another', async () => {
  const { dataverse } = system;
  const ids = await Promise.all(
    TABLES.map((table) =>
      dataverse.create(table, { [NAME[table]]: 'x', new_photo: base64('a picture'), new_customizable: false }),
    ),
  );
  const all = (): Promise<readonly Fields[]> => Promise.all(TABLES.map((table, n) => stored(table, ids[n] ?? '')));
  const wanted = TABLES.map((table, n) =>
    expected(table, ids[n] ?? '', 'a picture', { [NAME[table]]: 'x', new_customizable: false }),
  );
  await system.pull();
  expect(await all()).toEqual(wanted);
  for (const table of TABLES) dataverse.expireToken(table);
  expect(await reloaded()).toEqual(TABLES.map(() => ['reload', 0]));
  expect(await all()).toEqual(wanted);
  expect(await reloaded()).toEqual(STAYS);
  await Promise.all(
    TABLES.map((table, n) => dataverse.update(table, ids[n] ?? '', { [NAME[table]]: '', new_photo: null })),
  );
  await system.pull();
  expect(await all()).toEqual(TABLES.map(() => ({ new_customizable: false })));
  expect(await system.parkedCodes()).toEqual([]);
});
