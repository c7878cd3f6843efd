/**
 * Proves that a mapping file's every fault is told with its line, its place and what to do, never with a value; that no
 * accepted file lets two columns meet in the store; and that the committed schema and sample are the code's.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import type { Columns, Value } from '../../shared/change/value';
import { belongsTo } from '../../shared/lob/derived-names';
import { encodeColumns } from '../../shared/lob/tables/columns';
import { mappingJsonSchema } from '../../shared/mapping/mapping-schema';
import { faultsOf, mappingOf } from './mappings';

const SAMPLE = readFileSync('docs/mapping.sample.yaml', 'utf8');
const account = (columns: string, rest = ''): string =>
  `languages: [1031, 1033]\ntables:\n  account:\n    columns: ${columns}\n${rest}`;

describe('faults', () => {
  test.each([
    ['a key with a slip', 'tabels: {}', ['1:1 tabels is no known key; did you mean tables?']],
    [
      'a key like none',
      'x: 1',
      ['1:1 x is no known key; known are languages, unmapped, newColumns, tables, links, events'],
    ],
    ['a wrong choice', 'newColumns: no', ['1:13 newColumns must be one of backfill, add']],
    ['a number for a list', 'languages: 1033', ['1:12 languages must be a list']],
    ['a language that is none', 'languages: [en]', ['1:13 languages[0] must be a language code such as 1033']],
    ['a language twice', 'languages: [1033, 1033]', ['1:12 languages must not repeat a language']],
    ['no mapping at all', '- a', ['1:1 The file must be a mapping (key: value)']],
    [
      'a table that is text',
      'tables: { account: x }',
      ['1:20 tables.account must be a mapping with target, key, columns, filter or inbound, or empty'],
    ],
    ['a table name', 'tables: { Account: }', ['1:11 tables.Account must be the logical name of a table (lower case)']],
    [
      'a type',
      account('{ revenue: { as: money } }'),
      [
        '4:31 tables.account.columns.revenue.as must be one of text, integer, bigint, decimal, double, boolean, date, time',
      ],
    ],
    [
      'an option',
      account('{ x: { redct: hash } }'),
      ['4:21 tables.account.columns.x.redct is no known key; did you mean redact?'],
    ],
    [
      'two ways at once',
      account('{ x: { as: text, redact: hash } }'),
      ['4:19 tables.account.columns.x must have only one of as, redact'],
    ],
    [
      'a name for what is dropped',
      account('{ x: { to: X, drop: true } }'),
      ['4:25 tables.account.columns.x.to has no use: the column is dropped'],
    ],
    [
      'a lookup without its id',
      account('{ x: { lookup: [name] } }'),
      ['4:29 tables.account.columns.x.lookup must hold id: table and name only describe it, and most events lack them'],
    ],
    [
      'the row version',
      account('{ versionnumber: drop }'),
      [
        "4:16 tables.account.columns.versionnumber is no data column: the version of a row's last full read is in its stamp",
      ],
    ],
    [
      'labels of all languages, with one',
      'tables: { account: { columns: { x: { label: all } } } }',
      ['1:45 tables.account.columns.x.label can be all only where languages names two or more'],
    ],
    [
      'a key from columns',
      'tables: { account: { key: { columns: [x] } } }',
      [
        "1:29 tables.account.key.columns can't be: a row's key must come from its id, since a delete carries nothing else",
      ],
    ],
    [
      'a filter of nothing',
      'tables: { account: { filter: { x: {} } } }',
      ['1:35 tables.account.filter.x must have an operator, such as { isNull: false }'],
    ],
    [
      'a filter for null',
      'tables: { account: { filter: { x: null } } }',
      ['1:35 tables.account.filter.x must be a value, or a mapping of operators (for empty columns: { isNull: true })'],
    ],
    [
      'an operator',
      'tables: { account: { filter: { x: { gtt: 1 } } } }',
      ['1:37 tables.account.filter.x.gtt is no known key; did you mean gt?'],
    ],
    [
      'an inexact number',
      'tables: { account: { filter: { x: 12345678901234567890 } } }',
      ['1:35 A number of so many digits must be in quotes'],
    ],
    [
      'a message of rows',
      'events: { update: }',
      ['1:11 events.update is a message about changes of rows: name its tables under tables instead'],
    ],
    [
      'a parameter',
      'events: { new_X: { columns: { OrderId: x } } }',
      ['1:31 events.new_X.columns.OrderId must be input.NAME, output.NAME or variable.NAME'],
    ],
    [
      'a name among the event store’s own',
      'events: { new_X: { columns: { input.a: Message } } }',
      [
        `1:40 events.new_X.columns["input.a"] must begin with a lower-case letter and not with input_, output_ or variable_, so that it can't meet others`,
      ],
    ],
    ['a relationship', 'links: { a-b: }', ['1:10 links.a-b must be the schema name of a relationship']],
    ['a key twice', 'links: {}\nlinks: {}', ['2:1 Map keys must be unique']],
    ['no YAML', 'a: [1', ['1:6 Flow sequence in block collection must be sufficiently indented and end with a ]']],
    ['a tag', 'links: !!binary x', ['1:8 Unresolved tag: tag:yaml.org,2002:binary']],
    ['a key that no object has', 'tables: { __proto__: {} }', ['1:11 __proto__ is no known key']],
    ['JSON', '{"tables": {"account": {"target": 5}}}', ['1:35 tables.account.target must be a text']],
  ] as const)('%s', (_what, text, then) =>
    expect(faultsOf(text)).toEqual(then.map((fault) => `mapping.yaml:${fault}`)),
  );

  test('all at once, in the order of the file', () =>
    expect(
      faultsOf('newColumns: 1\ntables:\n  account: { target: 5x, key: { format: X } }\nlanguages: x').map(
        (fault) => fault.split(' ')[0],
      ),
    ).toEqual(['mapping.yaml:1:13', 'mapping.yaml:3:22', 'mapping.yaml:3:41', 'mapping.yaml:4:12']));
  test('without the values', () => {
    const secret = 'S3cret!';
    const text = `languages: ${secret}\nnewColumns: ${secret}\nunmapped: { tables: ${secret} }\ntables: { account: { target: ${secret}, key: { prefix: "${secret}" }, columns: { x: ${secret}, "*": ${secret}, y: { as: ${secret} } }, filter: { x: { in: ${secret} } } } }`;
    expect(faultsOf(text).length).toBeGreaterThanOrEqual(9);
    expect(faultsOf(text).join('\n')).not.toContain(secret);
  });
  test.each([
    ['nested without end', '['.repeat(200_000)],
    [
      'aliases that grow',
      `a: &a [x]\n${Array.from({ length: 9 }, (_, n) => `b${n}: &b${n} [${'*' + (n === 0 ? 'a' : `b${n - 1}`)}${`, *${n === 0 ? 'a' : `b${n - 1}`}`.repeat(9)}]`).join('\n')}`,
    ],
    ['larger than 1 MiB', `# ${'x'.repeat(1024 * 1024)}`],
  ])('a file that is %s is refused soon', (_what, text) => {
    expect(faultsOf(text).length).toBeGreaterThan(0);
  });
  test('an empty file is a mapping without anything', () => expect(mappingOf('').tables).toEqual([]));
});

describe('inbound', () => {
  const inbound = (section: string, columns = '{}'): string =>
    `tables:\n  account:\n    columns: ${columns}\n    inbound: ${section}\n`;
  test.each([
    ['nothing but columns', '{ columns: { name: } }', []],
    [
      'all there is',
      '{ key: [a, b], create: false, update: true, delete: true, others: ignore, columns: { c: lob, d: { from: D, owner: dataverse, lookup: { contact: [a], lead: } } } }',
      [],
    ],
    ['no columns', '{ key: a }', ['4:14 tables.account.inbound.columns must be a mapping (key: value)']],
    [
      'a slip',
      '{ columns: {}, colums: {} }',
      ['4:29 tables.account.inbound.colums is no known key; did you mean columns?'],
    ],
    [
      'an owner',
      '{ columns: { a: erp } }',
      ['4:30 tables.account.inbound.columns.a must be empty, dataverse, lob, or a mapping with from, owner or lookup'],
    ],
    [
      'a key',
      '{ key: A, columns: {} }',
      ['4:21 tables.account.inbound.key must hold logical names of columns (lower case)'],
    ],
    [
      'a column',
      '{ columns: { A: } }',
      ['4:27 tables.account.inbound.columns.A must be the logical name of a column (lower case)'],
    ],
    [
      'what Dataverse sets',
      '{ columns: { modifiedon: } }',
      ["4:27 tables.account.inbound.columns.modifiedon can't be written: Dataverse sets it"],
    ],
    [
      'two of one name',
      '{ columns: { a: { from: b }, b: } }',
      [
        '4:30 tables.account.inbound.columns.a must not have the same name as b: b',
        '4:46 tables.account.inbound.columns.b must not have the same name as a: b',
      ],
    ],
    [
      'a table',
      '{ columns: { a: { lookup: { Contact: } } } }',
      [
        '4:51 tables.account.inbound.columns.a.lookup.Contact must be logical names of a table and its columns (lower case)',
      ],
    ],
  ])('%s', (_what, section, then) =>
    expect(faultsOf(inbound(section))).toEqual(then.map((fault) => `mapping.yaml:${fault}`)),
  );
  test('the LOB system can’t own what is not stored', () => {
    const section = '{ columns: { a: lob, b: lob } }';
    expect(faultsOf(inbound(section, "{ '*': drop, a: keep }"))).toHaveLength(1);
    expect(faultsOf(inbound(section, '{ a: drop }'))).toHaveLength(1);
    expect(faultsOf(inbound(section, '{ a: { redact: drop } }'))).toHaveLength(1);
    expect(faultsOf(inbound(section, '{ a: Xa }'))).toEqual([]);
  });
  test('names are those in the store, unless the section says otherwise', () => {
    const rules = mappingOf(
      inbound('{ columns: { a: , b: { from: c }, company: } }', '{ a: Xa, name: companyName }'),
    ).tableOf('account').inbound;
    expect([...(rules?.columns ?? [])].map(([column, { name }]) => `${column} ${name}`)).toEqual([
      'a Xa',
      'b c',
      'company companyColumn',
    ]);
  });
  test('a table without the section has none', () =>
    expect(mappingOf(account('{}')).tableOf('account').inbound).toBeUndefined());
});

describe('names in the store', () => {
  test.each([
    ['two columns of one name', '{ a: X, b: X }', 2],
    ['a name that another column keeps', '{ a: Xy, b: { as: text }, c: XyName }', 1],
    ['a name without a capital, where others are kept', '{ a: b }', 1],
    ['the same where they are not', "{ '*': drop, a: b }", 0],
    ['a name of the store', "{ '*': drop, a: deleted }", 1],
    ['what an avoided name becomes', '{ a: nameColumn }', 1],
    ['what the SDK’s names become', "{ '*': drop, a: etagColumn }", 1],
    ['another column’s label', "{ '*': drop, a: rank, b: rankLabel1031 }", 1],
    ['a renamed column that ends as if derived', '{ name: companyName }', 0],
    ['a name taken from a dropped column', '{ a: drop, b: Xa }', 0],
    ['a part of an image or file', "{ '*': drop, a: keep, b: a_url }", 1],
    ['a part that is named itself', "{ '*': drop, a: keep, a_url: keep }", 0],
  ])('%s', (_what, columns, count) => expect(faultsOf(account(columns))).toHaveLength(count));

  /** Values that add to their column's name in every way. */
  const VALUES: readonly Value[] = [
    { kind: 'lookup', table: 't', id: 'i', name: 'n' },
    { kind: 'choice', value: 1, label: 'l', labels: new Map([[1031, 'm']]) },
    { kind: 'string', value: 'x'.repeat(32 * 1024 + 1) },
  ];
  const stem = fc.constantFrom('a', 'b', 'name', 'etag');
  const suffix = fc.constantFrom('', 'Label', 'Label1031', 'Name', 'Table', 'Part2', 'Column', 'ColumnName', 'X');
  const name = fc.tuple(stem, suffix).map((parts) => parts.join(''));

  test('no accepted file lets two columns meet', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.dictionary(
          stem,
          fc.oneof(
            name,
            name.map((to) => ({ to, label: 'all' })),
            fc.constant('keep'),
          ),
          { maxKeys: 4, noNullPrototype: true },
        ),
        fc.constantFrom('keep', 'drop'),
        fc.array(fc.constantFrom(...VALUES), { minLength: 5, maxLength: 5 }),
        (columns, others, values) => {
          const file = account(JSON.stringify({ ...columns, '*': others }));
          if (faultsOf(file).length > 0) return;
          accepted += 1;
          const mapping = mappingOf(file).tableOf('account');
          const sources = ['a', 'b', 'name', 'etag', 'other'];
          const parts = sources.map((source, at): [string, Columns] => [
            source,
            mapping.map({ table: 'account', id: '' }, new Map([[source, values[at] ?? null]])),
          ]);
          const properties = parts.flatMap(([source, of]) =>
            [...encodeColumns(of).keys()].map((property) => ({ property, source })),
          );
          const taken = ['etag', 'timestamp', 'Stamp', 'Deleted', 'Hidden', 'partitionKey', 'rowKey'];
          const names = properties.map(({ property }) => property);
          expect(new Set([...names, ...taken]).size).toBe(names.length + taken.length);
          // Nor does a patch of one column take another one's properties away.
          for (const [source, of] of parts)
            for (const target of of.keys())
              for (const { property, source: owner } of properties)
                if (owner !== source)
                  expect([property, belongsTo(property, new Set([target]))]).toEqual([property, false]);
        },
      ),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });
});

describe('what is in docs', () => {
  test('the sample has no fault', () => {
    const mapping = mappingOf(SAMPLE);
    expect(mapping.tables).toEqual(['account', 'contact', 'lead']);
    expect(mapping.unmapped).toEqual({ tables: 'park', relationships: 'refuse', messages: 'ignore' });
    expect(mapping.links.get('accountleads_association')).toEqual({ target: 'accountLeads' });
    expect(mapping.events.get('new_ShipOrder')).toMatchObject({ target: 'shipments', synchronous: 'park' });
  });
  test('an event whose rules are silent is kept under the message’s name, and parked where its step was synchronous', () =>
    expect(mappingOf('events: { new_X: {} }').events.get('new_X')).toMatchObject({
      target: 'new_X',
      synchronous: 'park',
    }));
  test('the schema is that of the code: dvo mapping schema > docs/mapping.schema.json', () =>
    expect(readFileSync('docs/mapping.schema.json', 'utf8')).toBe(`${JSON.stringify(mappingJsonSchema(), null, 2)}\n`));
});

test.each(['Stamp', 'Deleted', 'Hidden', 'HiddenName', 'Parts', 'PartsTag', 'RowKey', 'etag'])(
  'no column can be given the name of a property that is the store’s own: %s',
  (name) => expect(faultsOf(`tables: { account: { columns: { '*': drop, name: ${name} } } }`)).toHaveLength(1),
);

test('labels of all languages take two languages', () => {
  const of = (languages: string): number =>
    faultsOf(`languages: ${languages}\ntables: { account: { columns: { rank: { label: all } } } }`).length;
  expect([of('[1031]'), of('[1031, 1033]')]).toEqual([1, 0]);
});

test('forty thousand unknown keys are told within the time-out: the first hundred, and how many more', () => {
  const faults = faultsOf(Array.from({ length: 40_000 }, (_, index) => `key${index}: 1`).join('\n'));
  expect(faults).toHaveLength(101);
  expect(faults.at(0)).toMatch(/:1:1 key0 is no known key/);
  expect(faults.at(99)).toMatch(/:100:1 key99 is no known key/);
  expect(faults.at(100)).toBe('and 39900 more');
});
