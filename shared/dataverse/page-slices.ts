import { isList, objectOf, type Json } from '../json/exact-json';
import { AnswerUnreadable, parseAnswer, rowsOf, type WireRow } from './odata-row';

/** A page of rows that are parsed some at a time, so that no more than those are in memory beside the page's bytes. */
export interface SlicedPage {
  readonly nextLink?: string;
  readonly deltaLink?: string;
  /** All rows in their order; at least one slice, which may be empty. To be gone through once. @throws AnswerUnreadable */
  readonly slices: Iterable<PageSlice>;
}

/** Some rows of a page. */
export interface PageSlice {
  readonly rows: readonly WireRow[];
  /** No more rows come after these. */
  readonly isLast: boolean;
}

/** Bytes of a slice, at least: some 900 rows of 22 columns, so that each partition of the store gets enough for a transaction. */
const SLICE_BYTES = 2 * 1024 * 1024;

const ROWS_OPEN = '"value":[';
const BETWEEN_ROWS = '},{';
/** Stands for the rows in a page without them. */
const ROWS = 'rows';

/*
 * Why a cut can't go wrong, whatever the text holds: a reader of JSON that stands before a row of the list stands as one
 * does after `[`. So a piece that parses between `[` and `]` begins and ends where rows do: were its end inside a string or
 * an object, that would still be open; and the next piece begins in the same state. Where cutting doesn't come out like this
 * it is cut further on, at last not at all. In the same way the page with a string in the place of its rows has to be an
 * object whose `value` is a list of that string.
 */

/**
 * Opens a page of a table or of its delta. Its bytes are used up.
 *
 * @throws AnswerUnreadable also while its slices are gone through
 */
export function slicedPage(bytes: Buffer, table: string, sliceBytes: number = SLICE_BYTES): SlicedPage {
  const place = rowsIn(bytes);
  if (place !== undefined) return { ...linksOf(place.envelope), slices: cut(bytes, place, table, sliceBytes) };
  const page = parseAnswer(bytes.toString(), table);
  return { ...linksOf(page), slices: [{ rows: rowsOf(objectOf(page)?.value, table), isLast: true }] };
}

function linksOf(page: Json): Pick<SlicedPage, 'nextLink' | 'deltaLink'> {
  const { '@odata.nextLink': nextLink, '@odata.deltaLink': deltaLink } = objectOf(page) ?? {};
  return {
    ...(typeof nextLink === 'string' ? { nextLink } : {}),
    ...(typeof deltaLink === 'string' ? { deltaLink } : {}),
  };
}

/** Where the rows are in a page: after `[` and before `]`. */
interface RowsPlace {
  readonly start: number;
  readonly end: number;
  /** The page without them. */
  readonly envelope: Json;
}

/** Undefined where it isn't plain to see: where a list before the last one could be the one of the rows. */
function rowsIn(bytes: Buffer): RowsPlace | undefined {
  const open = bytes.indexOf(ROWS_OPEN);
  const end = bytes.lastIndexOf(']');
  const start = open + ROWS_OPEN.length;
  if (open === -1 || end < start) return undefined;
  for (let at = bytes.indexOf(']', start); at < end; at = bytes.indexOf(']', at + 1))
    if (mayLeadToMember(bytes, at + 1)) return undefined;
  const rest = bytes.toString('utf8', end);
  try {
    const envelope = JSON.parse(bytes.toString('utf8', 0, start) + JSON.stringify(ROWS) + rest) as Json;
    const value = objectOf(envelope)?.value;
    return isList(value) && value.length === 1 && value[0] === ROWS ? { start, end, envelope } : undefined;
  } catch {
    return undefined;
  }
}

const [COMMA, QUOTE] = Buffer.from(',"');
const SPACES = new Set(Buffer.from(' \t\r\n'));

/** Whether a comma and a quotation mark come next. */
function mayLeadToMember(bytes: Buffer, from: number): boolean {
  const comma = skipSpaces(bytes, from);
  return bytes[comma] === COMMA && bytes[skipSpaces(bytes, comma + 1)] === QUOTE;
}

function skipSpaces(bytes: Buffer, from: number): number {
  let at = from;
  while (SPACES.has(bytes[at] ?? 0)) at += 1;
  return at;
}

function* cut(bytes: Buffer, { start, end }: RowsPlace, table: string, sliceBytes: number): Generator<PageSlice> {
  let from = start;
  let least = sliceBytes;
  let further = 1;
  for (;;) {
    const found = bytes.indexOf(BETWEEN_ROWS, from + least);
    const to = found === -1 || found >= end ? end : found + 1;
    const rows = rowsBetween(bytes, from, to, table, to === end);
    if (rows === undefined) {
      least = to - from + further;
      further *= 2;
      continue;
    }
    yield { rows, isLast: to === end };
    if (to === end) return;
    from = to + 1;
    least = sliceBytes;
    further = 1;
  }
}

/**
 * The rows between two places; undefined where one of them isn't between rows. What stands there becomes brackets: to add
 * them to the text would be to copy it.
 */
function rowsBetween(
  bytes: Buffer,
  from: number,
  to: number,
  table: string,
  isLast: boolean,
): readonly WireRow[] | undefined {
  const after = bytes.toString('latin1', to, to + 1);
  bytes.write('[', from - 1);
  bytes.write(']', to);
  try {
    return rowsOf(parseAnswer(bytes.toString('utf8', from - 1, to + 1), table), table);
  } catch (error) {
    if (isLast || !(error instanceof AnswerUnreadable)) throw error;
    bytes.write(after, to);
    return undefined;
  }
}
