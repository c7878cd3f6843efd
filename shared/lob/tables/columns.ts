/**
 * A row's columns as properties of an Azure entity, and as fingerprints, which tell whether a property is the same; docs/store.md has
 * the table of types.
 */
import { isoText } from '../../change/instant';
import type { Columns, Value } from '../../change/value';
import { plainValue, wallTimeOf } from '../../change/value-json';
import { ownName, textsBeside } from '../derived-names';

/** An Azure Tables property: a number is an Int32, a bigint an Int64. */
export type Property =
  string | number | boolean | bigint | { readonly type: 'Double' | 'DateTime' | 'Binary'; readonly value: string };

/** Properties that carry the stamp; see docs/store.md. */
export const STAMP_PROPERTY = 'Stamp';
/** True on a tombstone and on a hidden row, false on any other: what readers filter by. */
export const DELETED_PROPERTY = 'Deleted';
/** True on a row that the mapping's filter hides: it isn't deleted in Dataverse. Absent on any other. */
export const HIDDEN_PROPERTY = 'Hidden';
/** How many entities a row takes; absent on one that takes one. The others have its RowKey with `~2`, `~3` … */
export const PARTS_PROPERTY = 'Parts';
/** The same on all entities of a row, and another one after each write: whether they belong together. */
export const PARTS_TAG_PROPERTY = 'PartsTag';

/**
 * Bytes of one property at most: below the 64 KiB that Azure takes, with room for whoever counts otherwise. A text is within
 * them as UTF-16, as Azure counts it, and as UTF-8, as it is sent.
 */
const MAX_PART_BYTES = 64_000;
/** Largest binary of one property, as base64 text: a multiple of 3 bytes, so that parts join. */
const MAX_BASE64 = 4 * Math.floor(MAX_PART_BYTES / 3);
/** The moments that a DateTime of Azure Tables holds: from the year 1601 up to the year 10000. */
const FIRST_TIME_MS = Date.UTC(1601, 0, 1);
const END_OF_TIME_MS = Date.UTC(10_000, 0, 1);
/** A row's columns as properties; an empty column has none. */
export function encodeColumns(columns: Columns): Map<string, Property> {
  const properties = new Map<string, Property>();
  for (const [column, value] of columns) encodeValue(properties, ownName(column), value);
  return properties;
}

function encodeValue(into: Map<string, Property>, name: string, value: Value): void {
  if (value === null) return;
  switch (value.kind) {
    case 'string':
    case 'guid':
      putText(into, name, value.value);
      return;
    case 'boolean':
    case 'managed':
      return void into.set(name, value.value);
    case 'integer':
      return void into.set(name, value.value);
    case 'bigint':
      return void into.set(name, value.value);
    case 'double':
      return void into.set(name, { type: 'Double', value: String(value.value) });
    // Azure Tables has no decimal: the digits are kept as text, scale included.
    case 'number':
    case 'decimal':
    case 'money':
    case 'date':
    case 'wallTime':
      putText(into, name, value.text);
      return;
    case 'instant':
      return void into.set(name, timeProperty(value.epochMs));
    case 'offsetTime':
      return void into.set(name, wallTimeOf(value.epochMs, value.offsetMinutes));
    case 'choice':
      into.set(name, value.value);
      for (const [beside, text] of textsBeside(name, value)) putText(into, beside, text);
      return;
    case 'choices':
      putText(into, name, JSON.stringify(value.values));
      for (const [beside, text] of textsBeside(name, value)) putText(into, beside, text);
      return;
    case 'lookup':
      putText(into, name, value.id);
      for (const [beside, text] of textsBeside(name, value)) putText(into, beside, text);
      return;
    case 'bytes': {
      const end = (_text: string, start: number): number => start + MAX_BASE64;
      putParts(into, name, value.base64, end, (part) => ({ type: 'Binary', value: part }));
      return;
    }
    case 'aliased': {
      encodeValue(into, name, value.value);
      return;
    }
    case 'rows':
    case 'row':
    case 'list':
    case 'pairs':
    case 'relationship':
    case 'unknown': {
      putText(into, name, JSON.stringify(plainValue(value)));
      return;
    }
    default:
      value satisfies never;
  }
}

const putText = (into: Map<string, Property>, name: string, text: string): void =>
  putParts(into, name, text, textPartEnd, (part) => part);

const UTF8 = new TextEncoder();
const PART_BUFFER = new Uint8Array(MAX_PART_BYTES);

/** Where a part of a text ends: never between the halves of a character, each of which alone the service would replace. */
function textPartEnd(text: string, start: number): number {
  if (3 * (text.length - start) <= MAX_PART_BYTES) return text.length;
  const end = start + MAX_PART_BYTES / 2;
  const isCut = /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(end - 1, end + 1));
  return start + UTF8.encodeInto(text.slice(start, isCut ? end - 1 : end), PART_BUFFER).read;
}

function putParts(
  into: Map<string, Property>,
  name: string,
  text: string,
  endOf: (text: string, start: number) => number,
  make: (part: string) => Property,
): void {
  let at = endOf(text, 0);
  into.set(name, make(text.slice(0, at)));
  for (let part = 2; at < text.length; part += 1) {
    const end = endOf(text, at);
    into.set(`${name}Part${part}`, make(text.slice(at, end)));
    at = end;
  }
}

/**
 * A moment as a property. Azure has no DateTime before 1601 or after 9999: such a one is its text, so that it isn't lost. (Azurite
 * takes them, and would hide it.)
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#property-types
 */
export function timeProperty(epochMs: number): Property {
  const value = isoText(epochMs);
  return epochMs >= FIRST_TIME_MS && epochMs < END_OF_TIME_MS ? { type: 'DateTime', value } : value;
}

/** A property's type and value as one comparable value: equal ones (by ===), equal properties. */
export type Fingerprint = string | number | boolean | bigint;
/** By property. */
export type Fingerprints = ReadonlyMap<string, Fingerprint>;

/** Begins what is no plain text; a text that begins so is behind one of its own. */
const MARK = '\u0001';
const TEXT = `${MARK}s`;
const TIME = `${MARK}t`;
const BINARY = `${MARK}x`;
/** No number equals it, not even itself. */
const NOT_A_NUMBER = `${MARK}n`;

/** The fingerprint of a property. */
export function fingerprint(property: Property): Fingerprint {
  if (typeof property === 'string') return textPrint(property);
  return typeof property === 'object' ? fingerprintTyped(property.type, property.value) : property;
}

const textPrint = (text: string): string => (text.startsWith(MARK) ? TEXT + text : text);

function fingerprintTyped(type: string, value: unknown): Fingerprint {
  const text = String(value);
  switch (type) {
    case 'Boolean':
      return text === 'true';
    case 'Int64':
      return BigInt(text);
    case 'Int32':
    case 'Double':
      return Number.isNaN(Number(text)) ? NOT_A_NUMBER : Number(text);
    case 'DateTime':
      return TIME + isoTime(text);
    case 'Binary':
      return BINARY + text;
    default:
      return textPrint(text);
  }
}

/** The services leave out fractions of zero. */
function isoTime(text: string): string {
  if (text.endsWith('Z') && text.length === 24) return text;
  return text.endsWith('Z') && text.length === 20 ? `${text.slice(0, -1)}.000Z` : new Date(text).toISOString();
}

/** A plain text of stored properties, its parts put together. */
export function textIn(prints: Fingerprints, name: string): string | undefined {
  let text = prints.get(name);
  for (let part = 2; typeof text === 'string'; part += 1) {
    const next = prints.get(`${name}Part${part}`);
    if (typeof next !== 'string') return text;
    text += next;
  }
  return undefined;
}

/** A stored property from its fingerprint; a Double that happens to be whole may come back as an Int32. */
export function fromFingerprint(print: Fingerprint): Property {
  if (typeof print === 'number') return (print | 0) === print ? print : { type: 'Double', value: String(print) };
  if (typeof print !== 'string' || !print.startsWith(MARK)) return print;
  const text = print.slice(TEXT.length);
  switch (print.slice(0, TEXT.length)) {
    case TIME:
      return { type: 'DateTime', value: text };
    case BINARY:
      return { type: 'Binary', value: text };
    case NOT_A_NUMBER:
      return { type: 'Double', value: 'NaN' };
    default:
      return text;
  }
}

const OWN = new Set([
  ...[STAMP_PROPERTY, DELETED_PROPERTY, HIDDEN_PROPERTY, PARTS_PROPERTY, PARTS_TAG_PROPERTY],
  ...['PartitionKey', 'RowKey', 'Timestamp'],
]);
const TYPE = '@odata.type';
const EDM = 'Edm.';

/** The fingerprints of the columns of an entity as the service sent it. */
export function fingerprintsOf(entity: Readonly<Record<string, unknown>>): Fingerprints {
  const prints = new Map<string, Fingerprint>();
  const typed: string[] = [];
  for (const name of Object.keys(entity)) {
    if (name.includes('odata.')) {
      if (name.endsWith(TYPE)) typed.push(name);
    } else if (!OWN.has(name)) prints.set(name, untypedPrint(entity[name]));
  }
  for (const type of typed) {
    const name = type.slice(0, -TYPE.length);
    if (prints.has(name)) prints.set(name, fingerprintTyped(String(entity[type]).slice(EDM.length), entity[name]));
  }
  return prints;
}

/** JSON shows the type of texts, Int32 and booleans, and of a Double with a fraction. */
const untypedPrint = (value: unknown): Fingerprint =>
  typeof value === 'number' || typeof value === 'boolean' ? value : textPrint(String(value));

/** The bytes that a property's value takes, at least. */
export function bytesOf(print: Fingerprint): number {
  if (typeof print !== 'string') return 8;
  return 4 + (print.startsWith(BINARY) ? 0.75 : 2) * print.length;
}
