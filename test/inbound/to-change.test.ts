/** Proves that a message's names become Dataverse's as the mapping file says, and that nothing in it is lost silently. */
import { describe, expect, test } from '@jest/globals';
import { parseAllExact, type JsonObject } from '../../shared/json/exact-json';
import type { InboundMessage } from '../../shared/inbound/message';
import { changeOfMessage } from '../../shared/inbound/to-change';
import type { FileInbound } from '../../shared/mapping/inbound-schema';
import { inboundTable } from './tables';

const ID = '7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3';
const SECTION: FileInbound = {
  key: 'new_lobid',
  columns: {
    new_lobid: { from: 'No' },
    name: { from: 'Company', owner: 'lob' },
    creditlimit: 'dataverse',
    industrycode: null,
    new_owner: null,
  },
};

const change = (columns: string, section = SECTION, message: Partial<InboundMessage> = {}) =>
  changeOfMessage(
    {
      ...{ id: 'm', table: 'account', op: 'upsert', atMs: 5 },
      address: { kind: 'key', key: new Map([['No', 'A-1']]) },
      columns: new Map(Object.entries(parseAllExact(columns) as JsonObject)) as InboundMessage['columns'],
      ...message,
    },
    inboundTable(section),
  );
const textsOf = (columns: string, section = SECTION) => Object.fromEntries(change(columns, section).change.texts);

test('names of the message become columns; what Dataverse owns is left out, and told', () => {
  const { change: of, row } = change('{"Company":"Ada","creditlimit":5,"industrycode":null}');
  expect(of).toMatchObject({ id: 'm', table: 'account', op: 'upsert', atMs: 5, refused: ['creditlimit'] });
  expect(Object.fromEntries(of.texts)).toEqual({ name: '"Ada"', industrycode: 'null' });
  expect(row.key?.map(({ column, value }) => [column.name, value])).toEqual([
    ['new_lobid', { kind: 'string', value: 'A-1' }],
  ]);
});

test('by its id, the row may be given its key', () => {
  const message = { address: { kind: 'row', id: ID } } as const;
  expect(Object.fromEntries(change('{"No":"A-1"}', SECTION, message).change.texts)).toEqual({ new_lobid: '"A-1"' });
});

describe('the key', () => {
  test('among the columns it says nothing; another one there is refused', () => {
    expect(textsOf('{"No":"A-1","Company":"Ada"}')).toEqual({ name: '"Ada"' });
    expect(() => change('{"No":"A-2"}')).toThrow(/key column No of account has another value/);
    const section = { ...SECTION, key: ['primarycontactid'] };
    const message = { address: { kind: 'key', key: new Map([['primarycontactid', ID]]) } } as const;
    const byLookup = (id: string) => change(`{"primarycontactid":"${id}","Company":"Ada"}`, section, message);
    expect(Object.fromEntries(byLookup(ID).change.texts)).toEqual({ name: '"Ada"' });
    expect(() => byLookup(ID.replace('7', '8'))).toThrow(/key column primarycontactid of account has another value/);
  });
  test('a table without one takes ids only', () => {
    expect(() => change('{"Company":"Ada"}', { columns: SECTION.columns })).toThrow(/the table has none/);
  });
});

describe('other columns', () => {
  test('are refused, unless the section says that they are left out', () => {
    expect(() => change('{"Company":"Ada","telephone1":"1"}')).toThrow(
      /lets no message bring the column telephone1 of account/,
    );
    // By the message's name only.
    expect(() => change('{"name":"Ada"}')).toThrow(/column name of account/);
    expect(textsOf('{"Company":"Ada","telephone1":"1"}', { ...SECTION, others: 'ignore' })).toEqual({ name: '"Ada"' });
  });
  test('what the store adds to a choice or lookup is no column, and tells the table of a lookup', () =>
    expect(
      textsOf(
        `{"industrycode":1,"industrycodeLabel":"x","new_owner":"${ID}","new_ownerTable":"contact","new_ownerName":"x"}`,
      ),
    ).toEqual({ industrycode: '1', new_owner: `{"table":"contact","id":"${ID}"}` }));
});

test('a deletion has no columns', () => {
  expect(change('{"telephone1":"1"}', SECTION, { op: 'delete' }).change.texts.size).toBe(0);
});
