/**
 * Values as a LOB system gives them, and as Dataverse is given them. Each has one text, JSON in the form of messages: equal
 * texts, equal values. It is what is noted and compared, whichever side a value comes from.
 */
import type { Value } from '../change/value';
import { isList, numberTextOf, objectOf, parseAllExact, stringOf, type Json } from '../json/exact-json';
import { plainNumber, withoutLastZeros } from '../json/exact-number';
import { conformValue } from '../mapping/conform';
import type { ColumnDefinition, ColumnType } from '../mapping/table-definition';
import type { InboundTable, LookupTarget } from './inbound-table';
import { InboundInvalid } from './message';

/** A value of a column; a lookup's may be named by an alternate key, which only Dataverse knows the id of. */
export type LobValue =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'reference'; readonly table: string; readonly key: readonly KeyPart[] };

/** A column of an alternate key and its value. */
export interface KeyPart {
  readonly column: ColumnDefinition;
  readonly value: Exclude<Value, null>;
}

const EMPTY: LobValue = { kind: 'value', value: null };

/**
 * Reads a message's value of a column.
 *
 * @param beside the table of a lookup where it stands beside the id, as in the store
 * @throws InboundInvalid
 */
export function readLobValue(json: Json, name: string, table: InboundTable, beside?: Json): LobValue {
  const column = table.definition.columns.get(name);
  if (column === undefined) throw new InboundInvalid(`${placeOf(table, name)} is no column of the table`);
  if (json === null) return EMPTY;
  if (column.type === 'lookup') return lookupOf(json, name, table, beside);
  const value = scalarOf(json, column);
  if (value === undefined) throw new InboundInvalid(`${placeOf(table, name)} must be ${FORMS[column.type]}`);
  return { kind: 'value', value };
}

const placeOf = ({ definition }: InboundTable, column: string): string => `${definition.table}.${column}`;

/** What a message may give, by the column's type. */
const FORMS: Readonly<Record<ColumnType, string>> = {
  string: 'a text',
  boolean: 'true or false',
  integer: 'a whole number',
  bigint: 'a whole number, as a number or text',
  decimal: 'a number, or its digits as text',
  money: 'a number, or its digits as text',
  double: 'a number',
  instant: 'a time with its zone, such as 2026-03-14T09:26:53Z',
  date: 'a date such as 2026-03-14',
  wallTime: 'a time without a zone, such as 2026-03-14T09:26:53',
  guid: 'an id',
  choice: 'the number or the label of a choice',
  choices: 'a list of numbers or labels of choices',
  lookup: 'a row',
  bytes: 'left out: images are not written',
  file: 'left out: files are not written',
  managed: 'left out: Dataverse sets it',
  other: 'left out: columns of this type are not written',
};

/** Undefined where the value doesn't fit its column. */
function scalarOf(json: Json, column: ColumnDefinition): Value | undefined {
  const { type } = column;
  const digits = numberTextOf(json);
  const text = stringOf(json);
  switch (type) {
    case 'string':
      return text === undefined ? undefined : conformValue({ kind: 'string', value: text }, column);
    case 'boolean':
      return typeof json === 'boolean' ? { kind: 'boolean', value: json } : undefined;
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'money':
    case 'double': {
      const number = plainNumber(digits ?? text ?? '');
      if (number === undefined) return undefined;
      return fitting(conformValue({ kind: 'number', text: withoutLastZeros(number) }, column), type);
    }
    case 'instant':
      // Without its zone nobody knows when it is.
      if (!/(?:Z|[+-]\d\d:\d\d)$/.test(text ?? '')) return undefined;
      return fitting(conformValue({ kind: 'string', value: text ?? '' }, column), type);
    case 'wallTime':
      // Dataverse writes a Z, which means no zone. An offset would make it another time.
      if (/[+-]\d\d:\d\d$/.test(text ?? '')) return undefined;
      return fitting(conformValue({ kind: 'string', value: text ?? '' }, column), type);
    case 'date':
    case 'guid':
      return fitting(conformValue({ kind: 'string', value: text ?? '' }, column), type);
    case 'choice': {
      const value = choiceOf(json, column);
      return value === undefined ? undefined : { kind: 'choice', value };
    }
    case 'choices': {
      const values = isList(json) ? json.map((one) => choiceOf(one, column)) : undefined;
      if (values === undefined || values.includes(undefined)) return undefined;
      const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
      return conformValue({ kind: 'choices', values: [...new Set(sorted)] }, column);
    }
    case 'lookup':
    case 'bytes':
    case 'file':
    case 'managed':
    case 'other':
      return undefined;
    default:
      return type satisfies never;
  }
}

/** A value that didn't fit its column's type stayed as it came. */
const fitting = (value: Value, kind: ColumnType): Value | undefined => (value?.kind === kind ? value : undefined);

/** By its number; or by its label, in whichever language, if only one choice has it. */
function choiceOf(json: Json, column: ColumnDefinition): number | undefined {
  const number = conformValue({ kind: 'number', text: numberTextOf(json) ?? '' }, { ...column, type: 'integer' });
  if (number?.kind === 'integer') return number.value;
  const label = stringOf(json);
  if (label === undefined) return undefined;
  const found = new Set([
    ...[...(column.labels ?? [])].flatMap(([value, text]) => (text === label ? [value] : [])),
    ...[...(column.labelsByLanguage ?? [])].flatMap(([value, texts]) =>
      [...texts.values()].includes(label) ? [value] : [],
    ),
  ]);
  const [only] = found;
  return found.size === 1 ? only : undefined;
}

/** An id or the value of a one-column key; or `{ table, id }`, `{ table, key }`. */
function lookupOf(json: Json, name: string, table: InboundTable, beside: Json | undefined): LobValue {
  const targets = table.targets.get(name) ?? new Map<string, LookupTarget>();
  const { table: named = beside, id, key } = objectOf(json) ?? {};
  const [only, another] = [...targets.keys()];
  const to = stringOf(named) ?? (another === undefined ? only : undefined);
  const target = targets.get(to ?? '');
  if (to === undefined || target === undefined)
    throw new InboundInvalid(`${placeOf(table, name)} must name one of its tables: ${[...targets.keys()].join(', ')}`);
  const columns = table.rules.columns.get(name)?.lookup?.get(to) ?? [];
  const isObject = objectOf(json) !== undefined;
  const text = stringOf(isObject ? id : json);
  if (columns.length === 0 || (isObject && id !== undefined)) {
    const guid = scalarOf(text ?? '', { name, type: 'guid' });
    if (guid?.kind !== 'guid') throw new InboundInvalid(`${placeOf(table, name)} must be the id of a row of ${to}`);
    return { kind: 'value', value: { kind: 'lookup', table: to, id: guid.value, name: null } };
  }
  const given = isObject ? objectOf(key) : { [columns[0] ?? '']: json };
  return {
    kind: 'reference',
    table: to,
    key: keyParts(columns, new Map(Object.entries(given ?? {})), target.definition),
  };
}

/**
 * The values of an alternate key, in the order of its columns.
 *
 * A row with an empty column in its key isn't found by it, and two of them may be there: so none may be empty.
 * https://learn.microsoft.com/power-apps/developer/data-platform/define-alternate-keys-entity
 *
 * @param given by logical name
 * @throws InboundInvalid
 */
export function keyParts(
  columns: readonly string[],
  given: ReadonlyMap<string, Json | undefined>,
  { table, columns: known }: { readonly table: string; readonly columns: ReadonlyMap<string, ColumnDefinition> },
): readonly KeyPart[] {
  const wrong = [...given.keys()].find((column) => !columns.includes(column));
  if (wrong !== undefined) throw new InboundInvalid(`the key of ${table} has ${columns.join(', ')} and nothing else`);
  return columns.map((name) => {
    const column = known.get(name);
    if (column === undefined) throw new InboundInvalid(`${table}.${name} of the key is no column of the table`);
    const type = column.type === 'lookup' ? 'guid' : column.type;
    const value = scalarOf(given.get(name) ?? '', { ...column, type });
    if (value === undefined || value === null)
      throw new InboundInvalid(`the key of ${table} must have ${name}, and it must be ${FORMS[type]} that isn't empty`);
    return { column, value };
  });
}

/** A column of a row's key as a value of the row: a lookup with its table. @throws InboundInvalid */
export const valueOfPart = ({ column, value }: KeyPart, table: InboundTable): LobValue =>
  value.kind === 'guid' && column.type === 'lookup'
    ? readLobValue({ id: value.value }, column.name, table)
    : { kind: 'value', value };

/** A value's text; undefined for one that can't be compared. */
export function textOfValue(value: Value): string | undefined {
  if (value === null) return 'null';
  switch (value.kind) {
    case 'string':
      return value.value === '' ? 'null' : JSON.stringify(value.value);
    case 'guid':
      return JSON.stringify(value.value);
    case 'boolean':
    case 'managed':
      return String(value.value);
    case 'integer':
    case 'bigint':
    case 'choice':
      return String(value.value);
    case 'number':
    case 'decimal':
    case 'money':
      return digitsOf(value.text);
    case 'double':
      return digitsOf(String(value.value));
    case 'instant':
      return JSON.stringify(new Date(value.epochMs).toISOString());
    case 'date':
    case 'wallTime':
      return JSON.stringify(value.text);
    case 'choices':
      return value.values.length === 0 ? 'null' : JSON.stringify([...value.values].sort((a, b) => a - b));
    case 'lookup':
      return JSON.stringify({ table: value.table, id: value.id });
    case 'offsetTime':
    case 'bytes':
    case 'aliased':
    case 'rows':
    case 'row':
    case 'relationship':
    case 'pairs':
    case 'list':
    case 'unknown':
      return undefined;
    default:
      return value satisfies never;
  }
}

const digitsOf = (text: string): string | undefined => {
  const plain = plainNumber(text);
  if (plain === undefined) return undefined;
  const short = withoutLastZeros(plain);
  return /^-0*$/.test(short) ? '0' : short;
};

/** A LOB value's text, from which `lobValueIn` makes the value again. */
export function textOfLobValue(of: LobValue): string {
  if (of.kind === 'value') return textOfValue(of.value) ?? 'null';
  const key = of.key.map(({ column, value }) => `${JSON.stringify(column.name)}:${textOfValue(value) ?? 'null'}`);
  return `{"table":${JSON.stringify(of.table)},"key":{${key.join(',')}}}`;
}

/** The LOB value that has a text. */
export const lobValueIn = (text: string, column: string, table: InboundTable): LobValue =>
  readLobValue(parseAllExact(text), column, table);

/** A member of a body of the Web API: its name, and its value as JSON text with every digit. */
export function bodyMember(name: string, of: LobValue, table: InboundTable): readonly [name: string, json: string] {
  const column = table.definition.columns.get(name);
  if (column?.type !== 'lookup') return [name, of.kind === 'value' ? bodyJson(of.value) : 'null'];
  const targets = table.targets.get(name);
  const to = of.kind === 'reference' ? of.table : of.value?.kind === 'lookup' ? of.value.table : undefined;
  // To empty a lookup, any of its navigation properties does.
  const [first] = targets?.values() ?? [];
  const target = to === undefined ? first : targets?.get(to);
  const property = `${target?.navigation ?? name}@odata.bind`;
  if (target === undefined || to === undefined) return [property, 'null'];
  const { entitySet } = target.definition;
  const row = of.kind === 'reference' ? keyInUrl(of.key) : of.value?.kind === 'lookup' ? of.value.id : '';
  return [property, JSON.stringify(`/${entitySet}(${row})`)];
}

/** https://learn.microsoft.com/power-apps/developer/data-platform/webapi/create-entity-web-api */
function bodyJson(value: Value): string {
  switch (value?.kind) {
    case 'choices':
      return JSON.stringify([...value.values].join(','));
    case 'wallTime':
      // A time-zone independent column takes a time as if it were UTC, and stores it as written.
      return JSON.stringify(`${value.text}Z`);
    default:
      return textOfValue(value) ?? 'null';
  }
}

/** A key between the brackets of a URL: `new_lobid='A-1',new_line=2`. */
export const keyInUrl = (key: readonly KeyPart[]): string =>
  key.map((part) => `${keyName(part)}=${literal(part)}`).join(',');

/** A lookup in a key is named by its id. https://learn.microsoft.com/power-apps/developer/data-platform/use-alternate-key-reference-record */
export const keyName = ({ column }: KeyPart): string =>
  column.type === 'lookup' ? `_${column.name}_value` : column.name;

/** A value as OData has it in a URL. */
export function literal({ value }: KeyPart): string {
  const text = textOfValue(value) ?? '';
  if (value.kind === 'string') return `'${encodeURIComponent(value.value.replaceAll("'", "''"))}'`;
  // OData has no time without a zone.
  if (value.kind === 'wallTime') return encodeURIComponent(`${value.text}Z`);
  return encodeURIComponent(text.startsWith('"') ? text.slice(1, -1) : text);
}

/**
 * Whether the Web API finds a row by this key in a URL: by no time, for each has a colon.
 * https://learn.microsoft.com/power-apps/developer/data-platform/define-alternate-keys-entity
 */
export const fitsUrl = (key: readonly KeyPart[]): boolean =>
  key.every(({ value }) => !/[/<>*%&:\\?+]/.test(value.kind === 'string' ? value.value : (textOfValue(value) ?? '')));

/** A key as one text, whatever its case: Dataverse compares texts without it. */
export const textOfKey = (key: readonly KeyPart[]): string =>
  textOfKeyTexts(key.map(({ column, value }) => [column.name, textOfValue(value) ?? '']));

/** The same of its values' texts. */
export const textOfKeyTexts = (key: readonly (readonly [column: string, text: string])[]): string =>
  key.map(([column, text]) => `${column}=${text.toLowerCase()}`).join(',');
