/**
 * Proves that values take their column's type whichever wire they came by, that a value which doesn't fit stays as it came,
 * and that the row version never becomes data.
 */
import { describe, expect, test } from '@jest/globals';
import type { Value } from '../../shared/change/value';
import type { Context } from '../../shared/context/context';
import { conformChange, conformColumns, conformUnknown, conformValue } from '../../shared/mapping/conform';
import type { ColumnType, TableDefinition } from '../../shared/mapping/table-definition';
import { columns, eventDelete, patch } from '../writer/changes';

const number = (text: string): Value => ({ kind: 'number', text });
const text = (value: string): Value => ({ kind: 'string', value });
const AS_IT_CAME = 'as it came';

const LABELS = new Map([
  [1, 'Gold'],
  [2, 'Silver'],
]);

describe('labels of several languages', () => {
  const labelsByLanguage = new Map([
    [
      1,
      new Map([
        [1031, 'Gold'],
        [1033, 'Gold!'],
      ]),
    ],
    [2, new Map([[1033, 'Silver!']])],
  ]);
  const column = { name: 'x', labels: LABELS, labelsByLanguage };
  test('come with a choice, and with choices where each of them has one', () => {
    expect(conformValue(number('1'), { ...column, type: 'choice' })).toEqual({
      ...{ kind: 'choice', value: 1, label: 'Gold' },
      labels: new Map([
        [1031, 'Gold'],
        [1033, 'Gold!'],
      ]),
    });
    expect(conformValue(text('1,2'), { ...column, type: 'choices' })).toEqual({
      ...{ kind: 'choices', values: [1, 2], label: 'Gold; Silver' },
      labels: new Map([[1033, 'Gold!; Silver!']]),
    });
  });
  test('a value without labels has none', () =>
    expect(conformValue(number('9'), { ...column, type: 'choice' })).toEqual({ kind: 'choice', value: 9 }));
});

describe('a value in the type of its column', () => {
  const cases: readonly (readonly [ColumnType, Value, Value | typeof AS_IT_CAME])[] = [
    ['integer', null, null],
    ['integer', number('-5'), { kind: 'integer', value: -5 }],
    ['integer', number('2147483647'), { kind: 'integer', value: 2147483647 }],
    ['integer', number('-2147483648'), { kind: 'integer', value: -2147483648 }],
    ['integer', number('2147483648'), AS_IT_CAME],
    ['integer', number('-2147483649'), AS_IT_CAME],
    ['integer', number('1.5'), AS_IT_CAME],
    ['integer', number('1E3'), AS_IT_CAME],
    ['bigint', number('9223372036854775807'), { kind: 'bigint', value: 9223372036854775807n }],
    ['bigint', number('-9223372036854775808'), { kind: 'bigint', value: -9223372036854775808n }],
    ['bigint', number('9223372036854775808'), AS_IT_CAME],
    ['decimal', number('1.10'), { kind: 'decimal', text: '1.10' }],
    ['money', number('922337203685477.5807'), { kind: 'money', text: '922337203685477.5807' }],
    ['double', number('1E-07'), { kind: 'double', value: 1e-7 }],
    ['string', number('5'), AS_IT_CAME],
    ['choice', number('1'), { kind: 'choice', value: 1, label: 'Gold' }],
    ['choice', number('9'), { kind: 'choice', value: 9 }],
    ['choice', number('1.5'), AS_IT_CAME],
    ['choice', { kind: 'choice', value: 1, label: 'Or' }, { kind: 'choice', value: 1, label: 'Gold' }],
    ['choice', { kind: 'choice', value: 9, label: 'Or' }, { kind: 'choice', value: 9, label: 'Or' }],
    ['choices', text('1,2'), { kind: 'choices', values: [1, 2], label: 'Gold; Silver' }],
    ['choices', text('1,9'), { kind: 'choices', values: [1, 9] }],
    ['choices', text('1;2'), AS_IT_CAME],
    ['choices', { kind: 'choices', values: [2], label: 'Argent' }, { kind: 'choices', values: [2], label: 'Silver' }],
    ['choices', { kind: 'list', items: [number('1')] }, { kind: 'choices', values: [1], label: 'Gold' }],
    ['choices', { kind: 'list', items: [text('1')] }, AS_IT_CAME],
    [
      'guid',
      text('{A1B2C3D4-0000-4000-8000-00000000000A}'),
      { kind: 'guid', value: 'a1b2c3d4-0000-4000-8000-00000000000a' },
    ],
    ['guid', text('a1b2c3d4'), AS_IT_CAME],
    ['date', text('1969-07-20'), { kind: 'date', text: '1969-07-20' }],
    ['date', text('20.7.1969'), AS_IT_CAME],
    ['date', { kind: 'instant', epochMs: -14182940000 }, { kind: 'date', text: '1969-07-20' }],
    [
      'date',
      { kind: 'offsetTime', epochMs: Date.UTC(2026, 0, 1, 23), offsetMinutes: 120 },
      { kind: 'date', text: '2026-01-02' },
    ],
    ['wallTime', text('2026-02-28T17:45:00Z'), { kind: 'wallTime', text: '2026-02-28T17:45:00.000' }],
    ['wallTime', text('2026-02-28T17:45:00'), { kind: 'wallTime', text: '2026-02-28T17:45:00.000' }],
    ['wallTime', text('soon 1'), AS_IT_CAME],
    [
      'wallTime',
      { kind: 'offsetTime', epochMs: 0, offsetMinutes: 60 },
      { kind: 'wallTime', text: '1970-01-01T01:00:00.000' },
    ],
    ['instant', text('2026-03-14T09:26:53Z'), { kind: 'instant', epochMs: Date.UTC(2026, 2, 14, 9, 26, 53) }],
    ['instant', text('2026-03-14T09:26:53+02:00'), { kind: 'instant', epochMs: Date.UTC(2026, 2, 14, 7, 26, 53) }],
    ['instant', text('1753-01-01T00:00:00Z'), { kind: 'instant', epochMs: Date.UTC(1753, 0, 1) }],
    ['instant', text('call me at 5'), AS_IT_CAME],
    ['instant', { kind: 'offsetTime', epochMs: 5, offsetMinutes: 60 }, { kind: 'instant', epochMs: 5 }],
    // A text column whose text has the form of a JSON date comes back as it was written.
    ['string', { kind: 'instant', epochMs: 5 }, text('/Date(5)/')],
    ['string', { kind: 'offsetTime', epochMs: 5, offsetMinutes: 90 }, text('/Date(5+0130)/')],
    ['string', { kind: 'offsetTime', epochMs: 5, offsetMinutes: 0 }, text('/Date(5+0000)/')],
    ['string', { kind: 'offsetTime', epochMs: 5, offsetMinutes: -450 }, text('/Date(5-0730)/')],
    ['choice', { kind: 'choices', values: [1] }, AS_IT_CAME],
    ['choices', { kind: 'choice', value: 1 }, AS_IT_CAME],
    ['choices', text('1,x'), AS_IT_CAME],
    ['choices', text('x1'), AS_IT_CAME],
    ['choices', text('10,-20,30'), { kind: 'choices', values: [10, -20, 30] }],
    ['bigint', number('x5'), AS_IT_CAME],
    ['bigint', number('5.5'), AS_IT_CAME],
    ['date', text('x2026-03-14'), AS_IT_CAME],
    ['date', text('2026-03-14T09:26:53Z'), AS_IT_CAME],
    ['integer', { kind: 'instant', epochMs: 5 }, AS_IT_CAME],
    ['bytes', text('AAEC'), { kind: 'bytes', base64: 'AAEC' }],
    ['bytes', { kind: 'list', items: [number('256')] }, AS_IT_CAME],
    ['bytes', { kind: 'list', items: [number('1'), number('256')] }, AS_IT_CAME],
    [
      'file',
      text('A1B2C3D4-0000-4000-8000-00000000000A'),
      { kind: 'guid', value: 'a1b2c3d4-0000-4000-8000-00000000000a' },
    ],
    ['managed', { kind: 'managed', value: true, canBeChanged: true, property: 'p' }, AS_IT_CAME],
    ['bytes', { kind: 'list', items: [number('0'), number('255')] }, { kind: 'bytes', base64: 'AP8=' }],
    ['string', text('1,2'), AS_IT_CAME],
    ['string', { kind: 'instant', epochMs: 5 }, text('/Date(5)/')],
    ['other', { kind: 'list', items: [number('1')] }, AS_IT_CAME],
    ['string', text(' '), AS_IT_CAME],
    ['lookup', { kind: 'lookup', table: 'contact', id: 'x', name: null }, AS_IT_CAME],
  ];
  test.each(cases.map(([type, value, then]) => [type, value, then] as const))('%s: %j', (type, value, then) => {
    expect(conformValue(value, { name: 'x', type, labels: LABELS })).toEqual(then === AS_IT_CAME ? value : then);
  });
});

describe('an emptied column is null, whatever its type is and whether or not it is known', () => {
  const rows = { kind: 'rows', table: 'activityparty', rows: [] } as const;
  test.each<[ColumnType | undefined, Value]>([
    ['string', text('')],
    ['guid', text('')],
    ['choices', { kind: 'choices', values: [] }],
    ['choices', { kind: 'list', items: [] }],
    ['choices', text('')],
    ['bytes', { kind: 'bytes', base64: '' }],
    ['bytes', { kind: 'list', items: [] }],
    ['other', rows],
    ['other', { kind: 'list', items: [] }],
    [undefined, text('')],
    [undefined, { kind: 'choices', values: [] }],
    [undefined, { kind: 'list', items: [] }],
    [undefined, { kind: 'bytes', base64: '' }],
    [undefined, rows],
  ])('%s: %j', (type, value) => {
    expect(conformValue(value, type === undefined ? undefined : { name: 'x', type })).toBeNull();
  });
});

describe('without metadata a list of bytes is bytes, as the other formats have it', () => {
  const list = (...items: readonly Value[]): Value => ({ kind: 'list', items });
  test.each<[Value, Value | typeof AS_IT_CAME]>([
    [list(number('0'), number('255')), { kind: 'bytes', base64: 'AP8=' }],
    [list(number('256')), AS_IT_CAME],
    [list(number('-1')), AS_IT_CAME],
    [list(number('1.5')), AS_IT_CAME],
    [list(text('1')), AS_IT_CAME],
  ])('%j', (value, then) => expect(conformValue(value, undefined)).toEqual(then === AS_IT_CAME ? value : then));
});

const DEFINITION: TableDefinition = {
  table: 'account',
  entitySet: 'accounts',
  primaryId: 'accountid',
  changeTracking: true,
  columns: new Map([['size', { name: 'size', type: 'integer' }]]),
};

test('a column that the metadata does not know stays as it came', () => {
  expect(conformColumns(new Map([['new', number('5')]]), DEFINITION).get('new')).toEqual(number('5'));
});

test('the row version is no column, with or without metadata', () => {
  const of = new Map<string, Value>([...columns({ name: 'a' }), ['versionnumber', number('5')]]);
  expect([...conformColumns(of, DEFINITION).keys()]).toEqual(['name']);
  expect([...conformColumns(of, undefined).keys()]).toEqual(['name']);
});

test('a change keeps all but its columns, a delete has none', () => {
  const change = patch({ columns: new Map([['size', number('5')]]) });
  expect(conformChange(change, DEFINITION)).toEqual({ ...change, columns: columns({ size: 5 }) });
  expect(conformChange(eventDelete(), DEFINITION)).toEqual(eventDelete());
});

test('a table without metadata: what a row of an elastic one brings is refused', () => {
  const of = { partitionid: 'p', name: 'x' };
  const preImages = new Map([['image', { columns: columns(of) }]]) as unknown as Context['preImages'];
  const refused = expect.objectContaining({ code: 'table-type-unsupported' });
  expect(() => conformUnknown(patch({ columns: columns(of) }), { preImages: null })).toThrow(refused);
  expect(() => conformUnknown(eventDelete(), { preImages })).toThrow(refused);
  expect(conformUnknown(patch({ columns: columns(of) }), undefined)).toEqual(patch({ columns: columns(of) }));
  expect(conformUnknown(patch({ columns: columns({ name: 'x' }) }), { preImages: null })).toEqual(
    patch({ columns: columns({ name: 'x' }) }),
  );
});

describe('names of columns', () => {
  test('one that is none makes the change one to be parked, whatever the others are', () => {
    const change = patch({ columns: new Map([...columns({ size: 5 }), ['a b', text('x')]]) });
    expect(() => conformChange(change, DEFINITION)).toThrow(
      /of account\(.+\) has a column whose name is no logical name/,
    );
  });

  const withColumn = (name: string, value: Value = text('x')) => patch({ columns: new Map([[name, value]]) });

  test.each(['partitionKey', 'rowKey', 'PartitionKey', 'name@odata.type', 'a b', '1', '', '__proto__x'.toUpperCase()])(
    '%p is no logical name: the change is parked, and the error does not repeat the name',
    (name) => {
      expect(() => conformChange(withColumn(name), undefined)).toThrow(
        expect.objectContaining({ code: 'column-name-invalid', disposition: 'park' }),
      );
      if (name.length > 2) expect(() => conformChange(withColumn(name), undefined)).not.toThrow(new RegExp(name));
    },
  );

  test('an aliased value of an image belongs to another table: it is left out, whatever its name', () => {
    const aliased: Value = { kind: 'aliased', table: 'contact', column: 'fullname', value: text('x') };
    const change = conformChange(withColumn('c.fullname', aliased), undefined);
    expect(change.kind === 'patch' && [...change.columns]).toEqual([]);
  });
});

test('a choice of a column without labels has the one that came, or none at all', () => {
  const plain = { name: 'x', type: 'choice' } as const;
  expect(conformValue(number('1'), plain)).toStrictEqual({ kind: 'choice', value: 1 });
  expect(conformValue({ kind: 'choice', value: 1, label: 'Or' }, plain)).toStrictEqual({
    ...{ kind: 'choice', value: 1 },
    label: 'Or',
  });
  expect(conformValue(text('1,2'), { name: 'x', type: 'choices' })).toStrictEqual({ kind: 'choices', values: [1, 2] });
});

test('choices of which one has no labels in any language have none in several', () => {
  const column = { name: 'x', type: 'choices', labelsByLanguage: new Map([[1, new Map([[1033, 'Gold']])]]) } as const;
  expect(conformValue(text('1,9'), column)).toStrictEqual({ kind: 'choices', values: [1, 9], labels: new Map() });
});
