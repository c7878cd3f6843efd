/**
 * Proves that a page which is cut into slices has the rows and links that it has as a whole, whatever its strings hold and
 * wherever its members stand, and that what is no page is refused all the same.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AnswerUnreadable, readPage, type WireRow } from '../../shared/dataverse/odata-row';
import { slicedPage } from '../../shared/dataverse/page-slices';
import { writeExact } from '../../shared/json/exact-json';

interface Read {
  readonly rows: readonly WireRow[];
  readonly links: object;
  readonly slices: number;
}

/** Every row, or undefined for what is no page. */
function cutUp(text: string, sliceBytes: number): Read | undefined {
  try {
    const { slices, ...links } = slicedPage(Buffer.from(text), 'account', sliceBytes);
    const all = [...slices];
    expect(all.map(({ isLast }) => isLast)).toEqual(all.map((_, index) => index === all.length - 1));
    return { rows: all.flatMap(({ rows }) => rows), links, slices: all.length };
  } catch (error) {
    expect(error).toBeInstanceOf(AnswerUnreadable);
    return undefined;
  }
}

/** What a page is to JSON.parse. */
function asWhole(text: string): Omit<Read, 'slices'> | undefined {
  let page: Readonly<Record<string, unknown>> | null;
  try {
    page = JSON.parse(text) as typeof page;
  } catch {
    return undefined;
  }
  const rows = page?.value;
  if (!Array.isArray(rows)) return undefined;
  const links = (['nextLink', 'deltaLink'] as const).flatMap((name) => {
    const link = page?.[`@odata.${name}`];
    return typeof link === 'string' ? [[name, link]] : [];
  });
  return { rows: rows as WireRow[], links: Object.fromEntries(links) as object };
}

/** Made to be taken for the place between two rows, for the begin or the end of all, or for a member of the page. */
const tricky = fc
  .array(
    fc.constantFrom(
      '},{',
      '"},{"',
      '\\',
      '"',
      '"value":[',
      '"value"',
      ']',
      '}]',
      '[',
      '{',
      '}',
      ',',
      'é',
      '€',
      '😀',
      ' ',
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''));
const scalar = fc.oneof(
  tricky.map((text) => JSON.stringify(text)),
  fc.constantFrom('5', '1.10', 'true', 'null'),
);
/** Without escapes: V8 (Node 24.21) takes such a name for another one that it has met, as `"\""` for `"\\"`. */
const name = tricky.map((text) => text.replaceAll(/["\\]/g, "'"));
const ESCAPED_NAME = /"(?:[^"\\]|\\.)*\\["\\](?:[^"\\]|\\.)*"\s*:/;
const space = fc.constantFrom('', '', '', ' ', '\r\n  ');
const objectOf = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(fc.array(fc.tuple(name, value), { maxLength: 4 }), space)
    .map(([members, gap]) => `{${members.map(([of, text]) => `${JSON.stringify(of)}:${text}`).join(`,${gap}`)}}`);
const listOf = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(fc.array(value, { maxLength: 4 }), space).map(([items, gap]) => `[${gap}${items.join(`,${gap}`)}${gap}]`);
const nested = fc.oneof({ weight: 4, arbitrary: scalar }, listOf(objectOf(scalar)), objectOf(scalar));
const rows = fc
  .tuple(fc.array(objectOf(nested), { maxLength: 12 }), space)
  .map(([items, gap]) => `[${items.join(`,${gap}`)}]`);
const member = fc.oneof(
  { weight: 4, arbitrary: rows.map((list) => `"value":${list}`) },
  { weight: 2, arbitrary: tricky.map((link) => `"@odata.nextLink":${JSON.stringify(link)}`) },
  { weight: 1, arbitrary: tricky.map((link) => `"@odata.deltaLink":${JSON.stringify(link)}`) },
  { weight: 1, arbitrary: fc.tuple(name, nested).map(([of, value]) => `${JSON.stringify(of)}:${value}`) },
  { weight: 1, arbitrary: nested.map((value) => `"value":${value}`) },
  { weight: 1, arbitrary: rows.map((list) => `"other":{"value":${list}}`) },
  { weight: 1, arbitrary: rows.map((list) => String.raw`"\u0076alue":${list}`) },
);
const page = fc
  .tuple(fc.array(member, { maxLength: 4 }), space)
  .map(([members, gap]) => `{${members.join(`,${gap}`)}${gap}}`);
const sliceBytes = fc.constantFrom(1, 1, 10, 60, 1000);

const expectSame = (given: string, bytes: number): void => {
  // Half a character is none in UTF-8.
  const text = given.toWellFormed();
  const whole = asWhole(text);
  const cut = cutUp(text, bytes);
  expect(cut === undefined).toBe(whole === undefined);
  if (cut === undefined || whole === undefined) return;
  expect(cut.links).toEqual(whole.links);
  // As JSON: a row that is no object is none that has anything.
  const rowsText = cut.rows.map((row) => JSON.parse(writeExact(row, 20)) as unknown);
  expect(rowsText).toEqual(whole.rows.map((row) => (isObject(row) ? row : {})));
};
const isObject = (row: unknown): boolean => typeof row === 'object' && row !== null && !Array.isArray(row);

test('cut or not, a page is the same', () => {
  fc.assert(fc.property(page, sliceBytes, expectSame), { numRuns: 4000 });
});

test('what JSON.parse refuses is refused, and nothing else', () => {
  const edit = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 3 }),
    put: fc.constantFrom('', '"', '\\', ',', ':', '[', ']', '{', '}', '},{', '"value":[', '1'),
  });
  fc.assert(
    fc.property(page, fc.array(edit, { maxLength: 3 }), sliceBytes, (valid, edits, bytes) => {
      let text = valid;
      for (const { at, cut, put } of edits) {
        const place = at % (text.length + 1);
        text = text.slice(0, place) + put + text.slice(place + cut);
      }
      if (!ESCAPED_NAME.test(text)) expectSame(text, bytes);
    }),
    { numRuns: 6000 },
  );
});

describe('a page as Dataverse sends it', () => {
  const row = (n: number): string =>
    `{"@odata.etag":"W/\\"${n}\\"","accountid":"a${n}","revenue":${n}.50,"name":"},{"}`;
  const NEXT =
    'https://contoso.crm4.dynamics.com/api/data/v9.2/accounts?$select=_ownerid_value&$skiptoken=%3Ccookie%20';
  const text = (rowsOf: readonly string[]): string =>
    `{"@odata.context":"https://x/$metadata#accounts","value":[${rowsOf.join(',')}],"@odata.nextLink":"${NEXT}"}`;
  const rowsText = Array.from({ length: 100 }, (_, n) => row(n));

  test.each([
    [1, 100],
    [10 * row(10).length, 10],
    [1e6, 1],
  ])('slices of %i bytes', (bytes, slices) => {
    const read = cutUp(text(rowsText), bytes);
    expect(read?.slices).toBe(slices);
    expect(read?.links).toEqual({ nextLink: NEXT });
    expect(read?.rows.map((of) => writeExact(of, 3))).toEqual(rowsText);
  });

  test('the links after a list with spaces, or before it', () => {
    const spaced = `{\r\n  "value":[\r\n    ${rowsText.join(',')}\r\n  ],"@odata.deltaLink":"D"\r\n}`;
    expect(cutUp(spaced, 1)).toMatchObject({ slices: 100, links: { deltaLink: 'D' } });
    const before = `{"@odata.deltaLink":"D","value":[${rowsText.join(',')}]}`;
    expect(cutUp(before, 1)).toMatchObject({ slices: 100, links: { deltaLink: 'D' } });
  });

  test('a link that holds what ends a list: not cut, but read', () => {
    const page = text(rowsText).replace('%3Ccookie', ']');
    expect(cutUp(page, 1)).toMatchObject({ links: { nextLink: NEXT.replace('%3Ccookie', ']') } });
  });

  test('a page that breaks off is refused before any of its rows is read', () => {
    expect(() => slicedPage(Buffer.from(text(rowsText).slice(0, -300)), 'account', 1)).toThrow('it is no JSON');
  });

  test('its rows are those of a short answer', () => {
    const definition = {
      table: 'a',
      entitySet: 'as',
      primaryId: 'accountid',
      changeTracking: true,
      columns: new Map(),
    };
    const read = () => readPage(`{"value":[${row(1)}]}`, definition);
    expect(read).toThrow('no id');
  });
});
