/**
 * Proves that a message of a LOB system is read as its published contract says, with every digit; that every fault is told with
 * its place and never with a value; and that the committed contract is the code's.
 */
import { describe, expect, test } from '@jest/globals';
import Ajv from 'ajv/dist/2020';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { numberTextOf } from '../../shared/json/exact-json';
import { inboundJsonSchema, InboundInvalid, readInboundMessage } from '../../shared/inbound/message';
import { inboundOpenApi } from '../../tools/dvo/inbound/openapi';

const NOW = Date.UTC(2026, 2, 14, 9);
const ROW = '7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3';
const GOOD = { id: 'm-1', table: 'account', op: 'upsert', key: { new_lobid: 'A-1' }, columns: { name: 'Ada' } };

const read = (message: unknown) => readInboundMessage(Buffer.from(JSON.stringify(message)), NOW);
const faultOf = (message: unknown): string | undefined => {
  try {
    read(message);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(InboundInvalid);
    return (error as Error).message;
  }
};
const withOut = (...names: readonly string[]) =>
  Object.fromEntries(Object.entries(GOOD).filter(([name]) => !names.includes(name)));

test('a message by key, and one by id with all it may have', () => {
  expect(read(GOOD)).toEqual({
    ...{ id: 'm-1', table: 'account', op: 'upsert', atMs: NOW },
    address: { kind: 'key', key: new Map([['new_lobid', 'A-1']]) },
    columns: new Map([['name', 'Ada']]),
  });
  const rest = { id: 'm-2', table: 'account', op: 'delete', rowId: ROW.toUpperCase(), ifVersion: '9007199254740993' };
  expect(read({ ...rest, at: '2026-03-14T09:26:53.123+01:00' })).toEqual({
    ...{ id: 'm-2', table: 'account', op: 'delete', atMs: Date.UTC(2026, 2, 14, 8, 26, 53, 123) },
    address: { kind: 'row', id: ROW },
    ifVersion: 9007199254740993n,
    columns: new Map(),
  });
});

test('numbers keep their digits', () => {
  const body =
    '{"id":"1","table":"account","op":"update","key":{"n":9007199254740993},"columns":{"d":1234567.0123456789}}';
  const { address, columns } = readInboundMessage(Buffer.from(body), NOW);
  expect(numberTextOf(columns.get('d'))).toBe('1234567.0123456789');
  expect(address.kind === 'key' && numberTextOf(address.key.get('n'))).toBe('9007199254740993');
});

const S = 'S3cret!';
const FAULTY: readonly (readonly [unknown, RegExp])[] = [
  [[], /must be a mapping/],
  [withOut('id'), /id must be a text/],
  [{ ...GOOD, id: `${S} ` }, /id must be 1 to 100 letters/],
  [{ ...GOOD, table: S }, /table must be the logical name/],
  [{ ...GOOD, op: S }, /op must be one of upsert, update, delete/],
  [withOut('key'), /must have either key or rowId/],
  [{ ...GOOD, rowId: ROW }, /must have either key or rowId/],
  [{ ...withOut('key'), rowId: S }, /rowId must be the id/],
  [{ ...GOOD, key: { x: [S] } }, /key\.x must be a text, a number, true or false/],
  [withOut('columns'), /it has no columns/],
  [{ ...GOOD, columns: {} }, /it has no columns/],
  [{ ...GOOD, ifVersion: S }, /ifVersion must be a row version/],
  [{ ...GOOD, ifVersion: 1 }, /ifVersion must be a text/],
  [{ ...GOOD, at: '2026-03-14' }, /at must be a time with its zone/],
  [{ ...GOOD, at: '2026-02-30T00:00:00Z' }, /at is no time that there is/],
  [{ ...GOOD, at: '2026-03-14T09:15:00.001Z' }, /at is over 15 minutes later than it came/],
  [{ ...GOOD, colums: {} }, /colums is no known key; did you mean columns\?/],
];

describe('faults', () => {
  test.each(FAULTY)('%j', (message, fault) => {
    expect(faultOf(message)).toMatch(fault);
    expect(faultOf(message)).not.toContain(S);
  });
  test('no JSON, and no UTF-8', () => {
    for (const body of [Buffer.from('{"id"'), Buffer.from([0x22, 0xff, 0x22])])
      expect(() => readInboundMessage(body, NOW)).toThrow(/no JSON in UTF-8/);
  });
  test('any body ends in a message or in InboundInvalid', () =>
    fc.assert(
      fc.property(fc.json(), (body) => {
        try {
          readInboundMessage(Buffer.from(body), NOW);
        } catch (error) {
          expect(error).toBeInstanceOf(InboundInvalid);
        }
      }),
    ));
});

describe('what is published', () => {
  const isValid = new Ajv({ strict: false }).compile(inboundJsonSchema());
  test('the schema is that of the code: dvo inbound schema > docs/inbound.schema.json', () =>
    expect(readFileSync('docs/inbound.schema.json', 'utf8')).toBe(`${JSON.stringify(inboundJsonSchema(), null, 2)}\n`));
  test('it takes what is read, and refuses what is refused', () => {
    expect(isValid(GOOD)).toBe(true);
    for (const rowId of [ROW, ROW.toUpperCase()])
      expect(isValid({ ...withOut('key', 'columns'), op: 'delete', rowId })).toBe(true);
    for (const [message] of FAULTY)
      // That February has no 30th no schema says.
      if (!/02-30|15:00/.test(JSON.stringify(message))) expect([message, isValid(message)]).toEqual([message, false]);
  });
  test('the OpenAPI document is that of the code (dvo inbound schema --openapi), and is valid', () => {
    const input = readFileSync('docs/inbound.openapi.json', 'utf8');
    expect(input).toBe(`${JSON.stringify(inboundOpenApi(), null, 2)}\n`);
    const { stderr, status } = spawnSync(process.execPath, ['test/docs/validate-openapi.mjs'], {
      input,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });
});
