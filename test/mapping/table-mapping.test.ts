/**
 * Proves what a table's and an event's mapping make of columns, which properties the pull asks for, and when the
 * fingerprint says that rows stored earlier would be stored otherwise now.
 */
import { describe, expect, test } from '@jest/globals';
import type { RowPatch, RowSnapshot } from '../../shared/change/row-change';
import type { Columns, Value } from '../../shared/change/value';
import { encodeColumns } from '../../shared/lob/tables/columns';
import { asRead } from '../../shared/mapping/as-read';
import { idOf, keyOf, type KeyFormat } from '../../shared/mapping/row-key';
import type { ColumnType, TableDefinition } from '../../shared/mapping/table-definition';
import { eventDelete, unconfirmed, image, patch, row, rowId } from '../writer/changes';
import { KEY, mappingOf } from './mappings';

const text = (value: string): Value => ({ kind: 'string', value });
const lookup: Value = { kind: 'lookup', table: 'contact', id: rowId(9), name: 'Ada' };
const labels = new Map([
  [1031, 'Gelb'],
  [1033, 'Yellow'],
]);
const rank: Value = { kind: 'choice', value: 3, label: 'Gelb', labels };

/** What lies in the store of columns under `columns: …`. */
function stored(columns: string, of: Readonly<Record<string, Value>>): Record<string, unknown> {
  const mapping = mappingOf(`languages: [1031, 1033]\ntables: { account: { columns: ${columns} } }`);
  return Object.fromEntries(encodeColumns(mapping.tableOf('account').map(row(), new Map(Object.entries(of)))));
}

describe('columns of a table', () => {
  test('are kept, renamed and dropped', () => {
    const of = {
      name: text('Ada'),
      fax: text('1'),
      city: text('Oslo'),
      versionnumber: { kind: 'bigint', value: 7n } as const,
    };
    expect(stored('{}', of)).toEqual({ name: 'Ada', fax: '1', city: 'Oslo' });
    expect(stored('{ name: companyName, fax: drop }', of)).toEqual({ companyName: 'Ada', city: 'Oslo' });
    expect(stored("{ '*': drop, name: title, city: keep }", of)).toEqual({ title: 'Ada', city: 'Oslo' });
    expect(stored('{ name: { drop: true }, fax: { redact: drop }, city: {} }', of)).toEqual({ city: 'Oslo' });
  });
  test('an empty column stays in a patch, so that it is emptied', () => {
    const mapping = mappingOf('tables: { account: { columns: { name: { to: Title, as: integer } } } }').tableOf(
      'account',
    );
    expect(mapping.map(row(), new Map([['name', null]]))).toEqual(new Map([['Title', null]]));
  });
  test.each([
    ['{}', true],
    ['{ name: Title }', true],
    ['{ name: { as: text } }', true],
    ['{ name: { redact: hash } }', true],
    ['{ name: { as: double } }', false],
    ['{ name: { as: date } }', false],
    ['{ name: { redact: { mask: { keepLast: 2 } } } }', false],
    ['{ name: drop }', false],
    ["{ '*': drop }", false],
  ])('values are equal in the store where they are, and only there: %s %s', (columns, are) =>
    expect(mappingOf(`tables: { account: { columns: ${columns} } }`).tableOf('account').comparable('name')).toBe(are),
  );
  test('a column whose derived names a renamed one could meet gets out of its way', () =>
    expect(stored('{ name: companyName }', { name: text('x'), company: lookup })).toEqual({
      companyName: 'x',
      companyColumn: rowId(9),
      companyColumnTable: 'contact',
      companyColumnName: 'Ada',
    }));
  test.each([
    ['{}', { rank: 3, rankLabel: 'Gelb' }],
    ['{ rank: { label: first } }', { rank: 3, rankLabel: 'Gelb' }],
    ['{ rank: { label: all } }', { rank: 3, rankLabel: 'Gelb', rankLabel1031: 'Gelb', rankLabel1033: 'Yellow' }],
    ['{ rank: { label: none } }', { rank: 3 }],
    ['{ rank: { as: text } }', { rank: '3' }],
  ])('a choice under %s', (columns, then) => expect(stored(columns, { rank })).toEqual(then));
  test.each([
    ['{}', { owner: rowId(9), ownerTable: 'contact', ownerName: 'Ada' }],
    ['{ owner: { lookup: [id] } }', { owner: rowId(9) }],
    ['{ owner: { lookup: [id, name] } }', { owner: rowId(9), ownerName: 'Ada' }],
    ['{ owner: { lookup: [table, id], to: Who } }', { Who: rowId(9), WhoTable: 'contact' }],
    ['{ owner: { as: text } }', { owner: rowId(9) }],
  ])('a lookup under %s', (columns, then) => expect(stored(columns, { owner: lookup })).toEqual(then));
  test('redacted, nothing else of a choice or a lookup is left', () => {
    const of = stored(
      '{ rank: { redact: hash }, owner: { redact: hash }, tel: { redact: { mask: { keepLast: 2 } } } }',
      { rank, owner: lookup, tel: text('12345') },
    );
    expect(of).toEqual({
      rank: expect.stringMatching(/^[\w-]{43}$/),
      owner: expect.stringMatching(/^[\w-]{43}$/),
      tel: '***45',
    });
  });
  test('choices of several languages', () => {
    const choices: Value = { kind: 'choices', values: [1, 2], label: 'a; b', labels: new Map([[1033, 'A; B']]) };
    expect(stored('{ x: { label: all } }', { x: choices })).toEqual({ x: '[1,2]', xLabel: 'a; b', xLabel1033: 'A; B' });
    expect(stored('{}', { x: choices })).toEqual({ x: '[1,2]', xLabel: 'a; b' });
    expect(stored('{ x: { label: none } }', { x: choices })).toEqual({ x: '[1,2]' });
  });
});

describe('columns of an event', () => {
  const event = (columns: string, of: Readonly<Record<string, Value>>): Record<string, unknown> => {
    const mapping = mappingOf(`events: { new_X: { columns: ${columns} } }`).events.get('new_X');
    return Object.fromEntries(encodeColumns(mapping?.mapColumns(new Map(Object.entries(of))) ?? new Map()));
  };
  const OF = {
    'input.OrderId': text('7'),
    'output.ok': { kind: 'boolean', value: true } as const,
    'variable.tag': text('t'),
  };
  test('parameters are kept, variables are dropped', () => {
    expect(event('{}', OF)).toEqual({ input_OrderId: '7', output_ok: true });
    expect(event('{ input.OrderId: orderId, output.ok: drop, variable.tag: tag }', OF)).toEqual({
      orderId: '7',
      tag: 't',
    });
    expect(event("{ '*': drop, variable.tag: keep }", OF)).toEqual({ variable_tag: 't' });
    expect(event('{ input.OrderId: { as: integer, to: orderId } }', OF)).toEqual({ orderId: 7, output_ok: true });
  });
  test('a parameter named like the name of another one’s row', () =>
    expect(event('{}', { 'input.Customer': lookup, 'input.CustomerName': text('x') })).toEqual({
      input_Customer: rowId(9),
      input_CustomerTable: 'contact',
      input_CustomerName: 'Ada',
      input_CustomerNameColumn: 'x',
    }));
  test('a name that no property can have', () =>
    expect(event('{}', { 'input.a-b c': text('x') })).toEqual({ input_a_x2D_b_x20_c: 'x' }));
  test('a value that does not fit', () =>
    expect(() => event('{ input.a: { as: integer } }', { 'input.a': text('secret') })).toThrow(
      /^Event new_X has a value in column input\.a that can't be stored as integer/,
    ));
});

describe('the key of a row', () => {
  const D: KeyFormat = { prefix: 'acc-', format: 'D' };
  const N: KeyFormat = { prefix: '', format: 'N' };
  const link = `${rowId(1)}_${rowId(2)}`;
  test.each([
    [D, rowId(1), `acc-${rowId(1)}`],
    [N, rowId(1), rowId(1).replaceAll('-', '')],
    [N, link, link.replaceAll('-', '')],
    [D, link, `acc-${link}`],
  ])('%j of %s', (format, id, key) => expect([keyOf(format, id), idOf(format, key)]).toEqual([key, id]));
  test.each([
    [D, rowId(1)],
    [D, `acc-${rowId(1).replaceAll('-', '')}`],
    [N, rowId(1)],
    [D, `xyz-${rowId(1)}`],
    [D, `acc-${link}_${rowId(3)}`],
    [D, `acc-x${rowId(1)}`],
    [D, `acc-${rowId(1)}0`],
    [N, `${link}_${rowId(3)}`.replaceAll('-', '')],
    [N, `0${rowId(1).replaceAll('-', '')}`],
    [N, `${rowId(1).replaceAll('-', '')}0`],
    [N, ''],
  ])('%j: no row has %s', (format, key) => expect(idOf(format, key)).toBeUndefined());
});

const TYPES: Readonly<Record<string, ColumnType>> = {
  accountid: 'guid',
  name: 'string',
  primarycontactid: 'lookup',
  statecode: 'choice',
  modifiedon: 'instant',
  versionnumber: 'bigint',
  partylist: 'other',
};
const definition = (types: Readonly<Record<string, ColumnType>> = TYPES): TableDefinition => ({
  ...{ table: 'account', entitySet: 'accounts', primaryId: 'accountid', changeTracking: true },
  columns: new Map(Object.entries(types).map(([name, type]) => [name, { name, type }])),
});
const tableOf = (rules: string, rest = '', key: Uint8Array = KEY) =>
  mappingOf(`${rest}\ntables: { account: ${rules} }`, key).tableOf('account');

describe('what the pull asks for', () => {
  test('everything where other columns are kept', () => {
    expect(tableOf('{}').select(definition())).toBeUndefined();
    expect(tableOf('{ columns: { name: drop }, filter: { statecode: 0 } }').select(definition())).toBeUndefined();
  });
  test('otherwise the kept columns and those of the filter that there are, the id, and modifiedon', () => {
    const rules =
      "{ columns: { '*': drop, primarycontactid: keep, none: keep, name: drop, partylist: keep }, filter: { statecode: 0 } }";
    expect(tableOf(rules).select(definition())).toEqual([
      'accountid',
      'modifiedon',
      '_primarycontactid_value',
      'statecode',
    ]);
    expect(tableOf("{ columns: { '*': drop } }").select(definition({ accountid: 'guid' }))).toEqual(['accountid']);
  });
  test('no column that a read does not have, even where it is kept', () => {
    const { columns, ...table } = definition({ accountid: 'guid', name: 'string', createdbyname: 'string' });
    const unread = { name: 'createdbyname', type: 'string', readable: false } as const;
    const known = { ...table, columns: new Map([...columns, [unread.name, unread]]) };
    const kept = tableOf("{ columns: { '*': drop, name: keep, createdbyname: keep } }");
    expect([kept.select(known), kept.keptColumns(known)]).toEqual([['accountid', 'name'], ['name:string']]);
  });
  test('the kept columns, for telling drift', () => {
    expect(tableOf('{ columns: { name: drop } }').keptColumns(definition())).toEqual([
      'accountid:guid',
      'modifiedon:instant',
      'primarycontactid:lookup',
      'statecode:choice',
    ]);
    expect(tableOf("{ columns: { '*': drop, name: Title } }").keptColumns(definition())).toEqual(['name:string']);
  });
});

describe('images and files', () => {
  const PARTED: TableDefinition = {
    ...definition(),
    columns: new Map(
      [
        { name: 'accountid', type: 'guid' } as const,
        { name: 'modifiedon', type: 'instant' } as const,
        { name: 'name', type: 'string' } as const,
        { name: 'photo', type: 'bytes' } as const,
        { name: 'photo_url', type: 'string', partOf: 'photo' } as const,
        { name: 'photo_timestamp', type: 'bigint', partOf: 'photo' } as const,
        { name: 'photoid', type: 'guid', partOf: 'photo' } as const,
        { name: 'contract', type: 'file' } as const,
        { name: 'contract_name', type: 'string', partOf: 'contract' } as const,
        { name: 'note', type: 'string' } as const,
        { name: 'note_name', type: 'string' } as const,
      ].map((column) => [column.name, column]),
    ),
  };
  const PHOTO: Value = { kind: 'bytes', base64: 'AAEC' };
  const ids = ['accountid', 'modifiedon'];

  test('an image that is not named is neither asked for nor stored, its address and time are', () => {
    const keeps = tableOf('{}');
    expect(keeps.select(PARTED)).toBeUndefined();
    expect(keeps.keptColumns(PARTED).join()).not.toContain('photo:');
    expect(keeps.keptColumns(PARTED)).toContain('photo_url:string');
    expect(stored('{}', { photo: PHOTO, photo_url: text('/x') })).toEqual({ photo_url: '/x' });
    expect(stored("{ '*': drop, name: keep }", { photo: PHOTO, photo_url: text('/x') })).toEqual({});
  });

  test('one that is named has to be asked for, and then so has every other column', () => {
    const named = tableOf('{ columns: { photo: keep, note: drop } }');
    expect([...(named.select(PARTED) ?? [])].sort()).toEqual(
      [...PARTED.columns.keys()].filter((name) => name !== 'note').sort(),
    );
    expect(named.keptColumns(PARTED)).toContain('photo:bytes');
    expect(stored('{ photo: { to: Picture } }', { photo: PHOTO })).toEqual({
      Picture: { type: 'Binary', value: 'AAEC' },
    });
    expect(tableOf('{ columns: { photo: drop } }').select(PARTED)).toBeUndefined();
    expect(tableOf('{ filter: { photo: { isNull: false } } }').select(PARTED)).toContain('photo');
  });

  test('without other columns a part comes with its image or file, if it is one, and if that is kept as it is', () => {
    const selected = (columns: string): readonly string[] | undefined =>
      tableOf(`{ columns: { '*': drop, ${columns} } }`).select(PARTED);
    expect(selected('photo: keep')).toEqual([...ids, 'photo', 'photo_url', 'photo_timestamp']);
    expect(selected('contract: keep')).toEqual([...ids, 'contract', 'contract_name']);
    expect(selected('contract: { to: agreement }')).toEqual([...ids, 'contract', 'contract_name']);
    expect(selected('contract: keep, contract_name: drop')).toEqual([...ids, 'contract']);
    expect(selected('contract_name: keep')).toEqual([...ids, 'contract_name']);
    expect(selected('contract: { redact: hash }')).toEqual([...ids, 'contract']);
    expect(selected('contract: { as: text }')).toEqual([...ids, 'contract']);
    expect(selected('contract: drop')).toEqual(ids);
    expect(selected('note: keep')).toEqual([...ids, 'note']);
    const of = { contract: { kind: 'guid', value: rowId(1) }, contract_name: text('a.pdf') } as const;
    expect(stored("{ '*': drop, contract: keep }", of)).toEqual({ contract: rowId(1), contract_name: 'a.pdf' });
    expect(stored("{ '*': drop, contract: { redact: hash } }", of)).not.toHaveProperty('contract_name');
  });

  describe('a push', () => {
    const rule = (columns: string, filter = '{}') => tableOf(`{ columns: ${columns}, filter: ${filter} }`);
    const of = (...names: readonly string[]): Columns =>
      new Map(names.map((name) => [name, name === 'photo' ? PHOTO : text('x')]));
    const pushed = (mapping: ReturnType<typeof rule>, change: RowPatch | RowSnapshot) => {
      const read = asRead(change, PARTED, mapping);
      if (read.kind === 'delete' || read.evidence.kind !== 'event') throw new Error('another change');
      return { columns: [...read.columns.keys()], isTrusted: read.evidence.isTrusted };
    };

    test.each<[string, string, readonly string[], boolean, readonly string[]]>([
      ['an image that is not named, with its parts', '{}', ['name', 'photo'], false, ['name']],
      [
        'nothing of it is kept',
        "{ '*': drop, name: keep }",
        ['name', 'photo', 'photo_url'],
        true,
        ['name', 'photo_url'],
      ],
      ['only its address is kept', "{ '*': drop, photo_url: keep }", ['photo'], false, []],
      ['an image that is named', '{ photo: keep }', ['name', 'photo'], false, ['name']],
      ['only its id came', '{ photo: keep }', ['photoid'], false, ['photoid']],
      ['only its address came, and it is not named', '{}', ['photo_url'], true, ['photo_url']],
      ['nothing of it came', '{ photo: keep }', ['name'], true, ['name']],
      ['a file', '{}', ['contract', 'contract_name'], true, ['contract', 'contract_name']],
      [
        'a column that is called as if it were a part',
        "{ '*': drop, note: keep }",
        ['note', 'note_name'],
        true,
        ['note'],
      ],
    ])('%s: %s', (_what, columns, names, isTrusted, left) => {
      expect(pushed(rule(columns), patch({ columns: of(...names) }))).toEqual({ isTrusted, columns: left });
    });

    test('an image that is emptied is left to the read, too', () =>
      expect(pushed(rule('{ photo: keep }'), patch({ columns: new Map([['photo', null]]) }))).toEqual({
        isTrusted: false,
        columns: [],
      }));

    test('[I50] the image of a whole row lacks the bytes: it stands for the row only where they are not named', () => {
      expect(pushed(rule('{}'), image({ columns: of('name', 'photo_url') })).isTrusted).toBe(true);
      expect(pushed(rule('{ photo: keep }'), image({ columns: of('name', 'photo_url') })).isTrusted).toBe(false);
      expect(pushed(rule('{}', '{ photo: { isNull: false } }'), image({ columns: of('name') })).isTrusted).toBe(false);
    });

    test('a delete and an unconfirmed change stay as they are', () => {
      const change = unconfirmed({ columns: of('name') });
      expect(asRead(eventDelete(), PARTED, rule('{ photo: keep }'))).toEqual(eventDelete());
      expect(asRead(change, PARTED, rule('{ photo: keep }')).evidence).toEqual(change.evidence);
    });
  });
});

describe('the fingerprint', () => {
  const BASE = '{ columns: { name: Title, fax: { redact: hash } }, filter: { statecode: 0 } }';
  const base = tableOf(BASE).fingerprint(definition());
  test('stays with what does not matter: order, form, other tables, what becomes of the unmapped', () => {
    expect(base).toMatch(/^[\w-]{16}$/);
    expect(
      tableOf(
        '{ filter: { statecode: { eq: 0 } }, columns: { fax: { redact: hash }, name: { to: Title } } }',
      ).fingerprint(definition()),
    ).toBe(base);
    expect(tableOf(BASE, 'unmapped: { tables: ignore }\nlinks: { a_b: }').fingerprint(definition())).toBe(base);
  });
  test.each([
    ['a name', tableOf(BASE.replace('Title', 'Name1'))],
    ['the filter', tableOf(BASE.replace('0', '1'))],
    ['what becomes of other columns', tableOf(BASE.replace('{ name', "{ '*': drop, name"))],
    ['the target', tableOf(BASE.replace('{ columns', '{ target: x, columns'))],
    ['the key', tableOf(BASE.replace('{ columns', '{ key: { format: N }, columns'))],
    ['the languages', tableOf(BASE, 'languages: [1031]')],
    ['the key of hashed columns', tableOf(BASE, '', Buffer.alloc(32, 8))],
  ])('changes with %s', (_what, other) => expect(other.fingerprint(definition())).not.toBe(base));
  test('changes with a kept column and its type, not with a dropped one', () => {
    expect(tableOf(BASE).fingerprint(definition({ ...TYPES, more: 'string' }))).not.toBe(base);
    expect(tableOf(BASE).fingerprint(definition({ ...TYPES, name: 'integer' }))).not.toBe(base);
    const drops = tableOf('{ columns: { more: drop } }');
    expect(drops.fingerprint(definition({ ...TYPES, more: 'string' }))).toBe(drops.fingerprint(definition()));
  });
  test('newColumns: add leaves the columns out', () => {
    const adds = tableOf(BASE, 'newColumns: add');
    expect(adds.fingerprint(definition({ ...TYPES, more: 'string' }))).toBe(adds.fingerprint(definition()));
  });
  test('changes when a named column comes or goes of which a delta link would not know', () => {
    const adds = tableOf("{ columns: { '*': drop, tier: keep } }", 'newColumns: add');
    expect(adds.fingerprint(definition({ ...TYPES, tier: 'choice' }))).not.toBe(adds.fingerprint(definition()));
    expect(adds.fingerprint(definition({ ...TYPES, more: 'string' }))).toBe(adds.fingerprint(definition()));
  });
  test.each(["{ columns: { '*': drop }, filter: { tier: 1 } }", '{ columns: { tier: drop }, filter: { tier: 1 } }'])(
    "changes with a column of the filter that isn't kept, and its type: %s",
    (rules) => {
      const filtered = tableOf(rules);
      const of = (tier: ColumnType): string => filtered.fingerprint(definition({ ...TYPES, tier }));
      expect(new Set([filtered.fingerprint(definition()), of('choice'), of('string')]).size).toBe(3);
    },
  );
  test('the key of hashed columns counts only where there are any', () => {
    const of = (key: Uint8Array): string => tableOf('{ columns: { name: Title } }', '', key).fingerprint(definition());
    expect(of(Buffer.alloc(32, 8))).toBe(of(KEY));
  });
});

test('a table that the file does not name keeps every column', () => {
  const columns: Columns = new Map([['name', text('x')]]);
  const other = mappingOf('tables: { account: { columns: { name: drop } } }').tableOf('contact');
  expect([other.target, other.map(row(), columns), other.shows(row(), columns, 'all')]).toEqual([
    'contact',
    columns,
    true,
  ]);
});
