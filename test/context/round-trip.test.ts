// Proves: a context made of any columns, parameters and images is read back as it was made, in value, type and order,
// whatever the columns are called and whatever their texts hold.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RowContent, Value } from '../../shared/change/value';
import { readContext } from '../../shared/context/read-context';
import { changesOf } from '../../shared/context/messages/to-changes';
import { writeContext } from './wire-writer';

const DATE_SHAPED = /^\/Date\(.*\)\/$/s;

const text = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '"value":1.10',
      '\\"',
      '[1.10]',
      '/Date(',
      '\u0091x',
      '<b>',
      '港湾物流',
      '\u2028',
      '\u0000',
      '__type',
    ),
  )
  .filter((value) => !DATE_SHAPED.test(value));
const name = fc.oneof(
  fc.constantFrom(
    'name',
    'value',
    'Value',
    'key',
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    '__type',
    '',
  ),
  fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/),
  text,
);
const whole = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }), fc.integer().map(BigInt)).map(String);
const decimal = fc.oneof(
  whole,
  fc.tuple(whole, fc.stringMatching(/^\d{1,10}$/)).map(([before, after]) => `${before}.${after}`),
  fc.constantFrom(
    '1.10',
    '-0.5',
    '0.00',
    '250000.0000',
    '12345.0123456789',
    '1E-07',
    '1E+21',
    '79228162514264337593543950335',
  ),
);
const guid = fc.uuid();
const ms = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
const option = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  text.map((value): Value => ({ kind: 'string', value })),
  guid.map((value): Value => ({ kind: 'string', value })),
  fc.boolean().map((value): Value => ({ kind: 'boolean', value })),
  decimal.map((digits): Value => ({ kind: 'number', text: digits })),
  decimal.map((digits): Value => ({ kind: 'money', text: digits })),
  ms.map((epochMs): Value => ({ kind: 'instant', epochMs })),
  fc
    .tuple(ms, fc.integer({ min: -839, max: 839 }))
    .map(([epochMs, offsetMinutes]): Value => ({ kind: 'offsetTime', epochMs, offsetMinutes })),
  option.map((value): Value => ({ kind: 'choice', value })),
  fc.array(option, { minLength: 1 }).map((values): Value => ({ kind: 'choices', values })),
  fc
    .tuple(name, guid, fc.option(text))
    .map(([table, id, shown]): Value => ({ kind: 'lookup', table, id, name: shown })),
  fc
    .tuple(fc.boolean(), fc.boolean(), name)
    .map(([value, canBeChanged, property]): Value => ({ kind: 'managed', value, canBeChanged, property })),
  fc
    .tuple(name, fc.constantFrom(null, 'Referencing', 'Referenced'))
    .map(([schemaName, role]): Value => ({ kind: 'relationship', schemaName, role })),
  fc.array(fc.tuple(text, text), { minLength: 1 }).map((entries): Value => ({ kind: 'pairs', entries })),
  fc
    .array(
      decimal.map((digits): Value => ({ kind: 'number', text: digits })),
      { maxLength: 6 },
    )
    .map((items): Value => ({ kind: 'list', items })),
  fc.tuple(decimal, text).map(([digits, note]): Value => {
    const json = `{"__type":"Custom:#Contoso","Amount":${digits},"Note":${JSON.stringify(note)},"Parts":[{"x":${digits}},${digits}]}`;
    return { kind: 'unknown', type: 'Custom:#Contoso', json };
  }),
);

const { value: anyValue, row: anyRow } = fc.letrec<{ value: Value; row: RowContent }>((tie) => ({
  row: fc.record(
    {
      table: name,
      id: guid,
      columns: fc.array(fc.tuple(name, tie('value'))).map((columns) => new Map(columns)),
      formatted: fc.constant(new Map<string, string | null>()),
      rowVersion: fc.option(whole),
      keyAttributes: fc.array(fc.tuple(name, scalar), { maxLength: 2 }).map((columns) => new Map(columns)),
    },
    { noNullPrototype: true },
  ),
  value: fc.oneof(
    { maxDepth: 2 },
    scalar,
    scalar,
    tie('row').map((row): Value => ({ kind: 'row', row })),
    fc
      .tuple(name, fc.array(tie('row'), { maxLength: 3 }))
      .map(([table, rows]): Value => ({ kind: 'rows', table, rows })),
    fc
      .tuple(name, name, tie('value'))
      .map(([table, column, value]): Value => ({ kind: 'aliased', table, column, value })),
    // A list with a first item that no collection has, so that its kind is sure.
    fc.array(tie('value'), { maxLength: 4 }).map((items): Value => ({ kind: 'list', items: [null, ...items] })),
  ),
}));

const named = fc.uniqueArray(fc.tuple(name, anyValue), { selector: ([key]) => key, maxLength: 6 });

describe('what is written is read', () => {
  test('parameters, variables and images', () => {
    const images = fc.uniqueArray(fc.tuple(name, anyRow), { selector: ([alias]) => alias, maxLength: 3 });
    fc.assert(
      fc.property(named, named, images, (parameters, variables, rows) => {
        const context = readContext(writeContext({ table: 'account', id: 'x' }, parameters, variables, rows));
        expect([...(context.inputParameters ?? [])]).toStrictEqual(parameters);
        expect([...(context.sharedVariables ?? [])]).toStrictEqual(variables);
        expect([...(context.postImages ?? [])]).toStrictEqual(rows);
      }),
      { numRuns: 300 },
    );
  });

  test('the columns of a change', () => {
    fc.assert(
      fc.property(anyRow, (row) => {
        const target = { ...row, table: 'account', columns: new Map(row.columns) };
        const body = Buffer.from(writeContext(target, [['Target', { kind: 'row', row: target }]]));
        const [change] = changesOf(readContext(body), { source: 'test', body });
        expect(change).toMatchObject({ kind: 'patch', row: { table: 'account', id: row.id } });
        const data = new Map(target.columns);
        data.delete('versionnumber');
        expect(change?.kind === 'patch' ? change.columns : undefined).toStrictEqual(data);
      }),
      { numRuns: 300 },
    );
  });

  test('labels come from the formatted values of the same row', () => {
    const columns = new Map<string, Value>([
      ['statecode', { kind: 'choice', value: 1 }],
      ['channels', { kind: 'choices', values: [1, 2] }],
      ['ownerid', { kind: 'lookup', table: 'team', id: 'd319e5ff-94de-4c04-b544-0d25b0a63d7a', name: null }],
      ['parentid', { kind: 'lookup', table: 'account', id: 'd319e5ff-94de-4c04-b544-0d25b0a63d7a', name: 'Sent' }],
      ['p.code', { kind: 'aliased', table: 'account', column: 'code', value: { kind: 'choice', value: 3 } }],
      ['plain', { kind: 'choice', value: 4 }],
    ]);
    const formatted = new Map([
      ['statecode', 'Inactive'],
      ['channels', 'A; B'],
      ['ownerid', 'North Sea desk'],
      ['parentid', 'Formatted'],
      ['p.code', 'Three'],
      ['plain', null],
    ]);
    const row: RowContent = {
      table: 'account',
      id: 'x',
      columns,
      formatted,
      rowVersion: null,
      keyAttributes: new Map(),
    };
    const image = readContext(writeContext(row, [], [], [['After', row]])).postImages?.get('After');
    expect(image?.formatted).toStrictEqual(formatted);
    expect([...(image?.columns.values() ?? [])]).toStrictEqual([
      { kind: 'choice', value: 1, label: 'Inactive' },
      { kind: 'choices', values: [1, 2], label: 'A; B' },
      { kind: 'lookup', table: 'team', id: 'd319e5ff-94de-4c04-b544-0d25b0a63d7a', name: 'North Sea desk' },
      { kind: 'lookup', table: 'account', id: 'd319e5ff-94de-4c04-b544-0d25b0a63d7a', name: 'Sent' },
      { kind: 'aliased', table: 'account', column: 'code', value: { kind: 'choice', value: 3, label: 'Three' } },
      { kind: 'choice', value: 4 },
    ]);
  });

  test('a list of items of several types is no collection', () => {
    const items: Value[] = [
      { kind: 'choice', value: 1 },
      { kind: 'money', text: '1.10' },
      { kind: 'number', text: '2.50' },
      { kind: 'choice', value: 2 },
    ];
    const list: Value = { kind: 'list', items };
    const body = writeContext({ table: 'account', id: 'x' }, [['mixed', list]]);
    expect(readContext(body).inputParameters?.get('mixed')).toStrictEqual(list);
  });

  test('a party list as a bare list of rows is rows too', () => {
    const row: RowContent = {
      table: 'activityparty',
      id: '5c3f7481-2918-4e32-9c90-4a675887fb39',
      columns: new Map([['addressused', { kind: 'string', value: 'amara@contoso.example' }]]),
      formatted: new Map(),
      rowVersion: null,
      keyAttributes: new Map(),
    };
    const items: Value[] = [{ kind: 'row', row }];
    const body = writeContext(row, [['to', { kind: 'list', items }]]);
    expect(readContext(body).inputParameters?.get('to')).toStrictEqual({
      kind: 'rows',
      table: 'activityparty',
      rows: [row],
    });
  });
});
