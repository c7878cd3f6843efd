/** Proves that rows of the Web API keep every digit, take their columns' types, and that what can't be read is said, not guessed. */
import { describe, expect, test } from '@jest/globals';
import { BEGINNING } from '../../shared/change/instant';
import { readPage, readRow } from '../../shared/dataverse/odata-row';
import type { ColumnType, TableDefinition } from '../../shared/mapping/table-definition';

const ID = 'a0000001-0000-4000-8000-00000000000a';
const TYPES: Readonly<Record<string, ColumnType>> = {
  accountid: 'guid',
  name: 'string',
  employees: 'integer',
  big: 'bigint',
  revenue: 'money',
  share: 'decimal',
  rating: 'double',
  tier: 'choice',
  tags: 'choices',
  founded: 'date',
  modifiedon: 'instant',
  ownerid: 'lookup',
};
const DEFINITION: TableDefinition = {
  table: 'account',
  entitySet: 'accounts',
  primaryId: 'accountid',
  changeTracking: true,
  columns: new Map(Object.entries(TYPES).map(([name, type]) => [name, { name, type }])),
};

const body = (members: string): string =>
  `{"@odata.etag":"W/\"9007199254740993\"","accountid":"${ID}"${members}}`.replaceAll(
    '"W/"9007199254740993""',
    String.raw`"W/\"9007199254740993\""`,
  );
const column = (members: string, name: string): unknown => readRow(body(`,${members}`), DEFINITION).columns.get(name);

test('id, version and modifiedon; the version is exact beyond 2^53 and no column', () => {
  const row = readRow(body(',"versionnumber":9007199254740993,"modifiedon":"2026-04-02T13:05:10Z"'), DEFINITION);
  expect(row).toMatchObject({ kind: 'row', id: ID, version: 9007199254740993n, modifiedOn: 1775135110 });
  expect([...row.columns.keys()]).toEqual(['accountid', 'modifiedon']);
});

test('a table without modifiedon: the beginning of time, which proves nothing', () => {
  expect(readRow(body(''), DEFINITION).modifiedOn).toBe(BEGINNING);
});

describe('columns', () => {
  test.each([
    ['"big":9223372036854775807', 'big', { kind: 'bigint', value: 9223372036854775807n }],
    ['"revenue":922337203685477.5807', 'revenue', { kind: 'money', text: '922337203685477.5807' }],
    ['"share":1.10', 'share', { kind: 'decimal', text: '1.10' }],
    ['"rating":1e-7', 'rating', { kind: 'double', value: 1e-7 }],
    ['"employees":5', 'employees', { kind: 'integer', value: 5 }],
    ['"founded":"1969-07-20"', 'founded', { kind: 'date', text: '1969-07-20' }],
    ['"name":null', 'name', null],
    ['"name":"5"', 'name', { kind: 'string', value: '5' }],
    [
      '"tier":1,"tier@OData.Community.Display.V1.FormattedValue":"Gold"',
      'tier',
      { kind: 'choice', value: 1, label: 'Gold' },
    ],
    [
      '"tags":"1,2","tags@OData.Community.Display.V1.FormattedValue":"A; B"',
      'tags',
      { kind: 'choices', values: [1, 2], label: 'A; B' },
    ],
    [
      '"employees":5,"employees@OData.Community.Display.V1.FormattedValue":"5"',
      'employees',
      { kind: 'integer', value: 5 },
    ],
    ['"new_column":5', 'new_column', { kind: 'number', text: '5' }],
    ['"name":""', 'name', null],
    [
      '"custom":{"Value":true,"CanBeChanged":false,"ManagedPropertyLogicalName":"iscustomizableanddeletable"}',
      'custom',
      { kind: 'managed', value: true, canBeChanged: false, property: 'iscustomizableanddeletable' },
    ],
    [
      '"complex":{"Value":1.10,"Names":["a",{"b":9007199254740993}]}',
      'complex',
      { kind: 'unknown', type: '', json: '{"Value":1.10,"Names":["a",{"b":9007199254740993}]}' },
    ],
  ])('%s', (members, name, value) => expect(column(members, name)).toEqual(value));

  test('a lookup is one column with its table and name', () => {
    const members =
      `"_ownerid_value":"${ID.toUpperCase()}","_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"systemuser",` +
      `"_ownerid_value@OData.Community.Display.V1.FormattedValue":"Ada"`;
    expect(column(members, 'ownerid')).toEqual({ kind: 'lookup', table: 'systemuser', id: ID, name: 'Ada' });
    expect(column(members, '_ownerid_value')).toBeUndefined();
  });

  test('an empty lookup is an empty column', () => expect(column('"_ownerid_value":null', 'ownerid')).toBeNull());

  test('a name that an object inherits is a column like any other', () =>
    expect(column('"__proto__":"x"', '__proto__')).toEqual({ kind: 'string', value: 'x' }));
});

describe('pages', () => {
  const page = (value: string): string => `{"@odata.context":"x","value":[${value}]}`;

  test('rows and deleted rows', () => {
    const deleted = `{"@odata.context":"https://x/$metadata#accounts/$deletedEntity","id":"${ID.toUpperCase()}","reason":"deleted"}`;
    const read = readPage(page(`${body('')},${deleted}`), DEFINITION);
    expect(read.items.map(({ kind, id }) => [kind, id])).toEqual([
      ['row', ID],
      ['deleted', ID],
    ]);
  });

  test.each([
    ['a row without its version', `{"accountid":"${ID}"}`],
    ['a version of another form', `{"@odata.etag":"abc","accountid":"${ID}"}`],
  ])('%s: named, and the rest of the page is read', (_what, broken) => {
    expect(readPage(page(`${broken},${body('')}`), DEFINITION).items).toMatchObject([
      { kind: 'unreadable', id: ID, error: { code: 'web-api-answer' } },
      { kind: 'row', id: ID },
    ]);
  });

  test.each([
    ['no JSON', '<html>'],
    ['no rows', '{"error":{}}'],
    ['a row that is none', page('5')],
    ['a row without its id', page(String.raw`{"@odata.etag":"W/\"5\""}`)],
    ['an id that is none', page(String.raw`{"@odata.etag":"W/\"5\"","accountid":"5"}`)],
    ['a deleted row without its id', page('{"@odata.context":"x#accounts/$deletedEntity"}')],
  ])('%s: said, and worth another try', (_what, text) => {
    expect(() => readPage(text, DEFINITION)).toThrow(
      expect.objectContaining({ code: 'web-api-answer', disposition: 'retry' }),
    );
  });
});
