import type { Columns, RowContent, Value } from '../../change/value';
import type { QName, WireElement } from './element';
import { memberOf } from './element';
import { ContextInvalid } from '../errors';
import { guidOf } from '../values/guid';
import { ARRAYS, CONTRACTS, GENERIC, isContracts, SCHEMA, SERIALIZATION, typeText } from './namespaces';
import { isoValueOf } from '../values/wire-date';
import type { Place } from '../values/wire-value';
import { pathOf } from '../values/wire-value';

const NO_COLUMNS: Columns = new Map<string, Value>();
/** User-facing texts by column. */
type Texts = ReadonlyMap<string, string | null>;

const NO_TEXTS: Texts = new Map<string, string | null>();

/** Relationship.PrimaryEntityRole: https://learn.microsoft.com/dotnet/api/microsoft.xrm.sdk.entityrole */
const ROLES: ReadonlySet<string> = new Set(['Referencing', 'Referenced']);

const WHOLE = /^[+-]?\d{1,20}$/;
const DECIMAL = /^[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})$/;
const DOUBLE = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Numbers that XML Schema writes in letters. */
const LETTERED: ReadonlyMap<string, number> = new Map([
  ['INF', Number.POSITIVE_INFINITY],
  ['-INF', Number.NEGATIVE_INFINITY],
  ['NaN', Number.NaN],
]);

const INT32 = 2 ** 31;

/** Simple types that come as text: one `string`, and what .NET has no type for. */
const TEXT_TYPES: ReadonlySet<string> = new Set(['string', 'normalizedString', 'token', 'anyURI', 'QName', 'duration']);
const SMALL_TYPES: ReadonlySet<string> = new Set(['int', 'short', 'byte', 'unsignedShort', 'unsignedByte']);
const LARGE_TYPES: ReadonlySet<string> = new Set(['long', 'unsignedInt', 'unsignedLong', 'integer']);

/** Simple types whose namespace is not XML Schema's. */
const ADDED_TYPES: ReadonlySet<string> = new Set(['guid', 'char', 'duration']);

/** Names of collections begin so, and go on with that of their items. */
const ARRAY_OF = 'ArrayOf';

/** A value that was not sent: the same as null, as in JSON. */
const NOTHING: WireElement = {
  uri: '',
  name: '',
  type: null,
  nil: true,
  text: '',
  bytes: [],
  children: [],
  last: null,
  previous: null,
};

/** Null, or not sent. */
const isNothing = (element: WireElement | undefined): element is undefined => element === undefined || element.nil;

/** The text of an element that holds no others. */
function contentOf(
  element: WireElement | undefined,
  place: Place | null,
  member: string | undefined,
  what: string,
): string {
  if (isNothing(element) || element.last !== null) throw new ContextInvalid(pathOf(place, member), what);
  return element.text;
}

/** A whole number of at most `limit`. */
function wholeOf(element: WireElement | undefined, place: Place | null, member?: string, limit = INT32): number {
  const text = contentOf(element, place, member, 'a whole number').trim();
  const value = WHOLE.test(text) ? Number(text) : Number.NaN;
  if (!(value >= -limit && value < limit)) throw new ContextInvalid(pathOf(place, member), 'a whole number');
  // Not minus zero.
  return value + 0;
}

/** A whole number of a context's own. */
export const integerIn = (element: WireElement | undefined, place: Place | null, member: string): number =>
  wholeOf(element, place, member);

/** True or false. */
export function flagIn(element: WireElement | undefined, place: Place | null, member?: string): boolean {
  const text = contentOf(element, place, member, 'true or false').trim();
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new ContextInvalid(pathOf(place, member), 'true or false');
}

/** A text that may be null; a member that is absent is null too. */
export const textIn = (element: WireElement | undefined, place: Place | null, member?: string): string | null =>
  isNothing(element) ? null : contentOf(element, place, member, 'a text or null');

/** An id, in lower case and without braces; one that is no GUID stays as it is. */
export function idIn(element: WireElement | undefined, place: Place | null, member: string): string {
  const text = contentOf(element, place, member, 'an id').trim();
  return guidOf(text) ?? text;
}

/** The key of a pair. What the pair itself is called is of no matter: its name ends in a hash of its type. */
function keyOf(pair: WireElement, place: Place): string {
  const key = memberOf(pair, 'key', GENERIC);
  if (isNothing(key) || key.last !== null) {
    throw new ContextInvalid(pathOf(place), 'a list of pairs, each with its key');
  }
  return key.text;
}

const valueOf = (pair: WireElement): WireElement => memberOf(pair, 'value', GENERIC) ?? NOTHING;

/** A list of pairs by key; null where the list is not there. */
export function pairsIn(list: WireElement | undefined, place: Place): ReadonlyMap<string, WireElement> | null {
  if (isNothing(list)) return null;
  const pairs = new Map<string, WireElement>();
  for (const pair of list.children) pairs.set(keyOf(pair, place), valueOf(pair));
  return pairs;
}

function textsIn(list: WireElement | undefined, place: Place): Texts {
  if (isNothing(list) || list.last === null) return NO_TEXTS;
  const texts = new Map<string, string | null>();
  for (const pair of list.children) {
    const name = keyOf(pair, place);
    texts.set(name, textIn(valueOf(pair), place, name));
  }
  return texts;
}

/** The type of an array's items, by the array's name; null where each item says its own. */
function itemTypeOf(array: QName): QName | null {
  const name = array.name.slice(ARRAY_OF.length);
  if (name === 'anyType') return null;
  if (array.uri !== ARRAYS || name.startsWith(ARRAY_OF)) return { uri: array.uri, name };
  return { uri: ADDED_TYPES.has(name) ? SERIALIZATION : SCHEMA, name };
}

/**
 * Turns elements into values of the change model: those of text XML, and those of the binary form, where the record that
 * a value came in says nothing of its type (the text `0` comes as the number zero).
 *
 * The forms are what .NET's DataContractSerializer writes:
 * https://learn.microsoft.com/dotnet/framework/wcf/feature-details/data-contract-schema-reference
 */
export class ElementReader {
  /** @param maxDepth values nested deeper are refused */
  constructor(private readonly maxDepth: number) {}

  /** The value of a parameter or shared variable. */
  parameter(element: WireElement, place: Place): Value {
    return this.value(element, NO_TEXTS, place, 0);
  }

  /** A row in a place that is declared as a row, where no type is written: an image. */
  image(element: WireElement, place: Place): RowContent {
    return this.row(element, place, 0);
  }

  private value(
    element: WireElement,
    labels: Texts,
    place: Place,
    depth: number,
    declared: QName | null = null,
  ): Value {
    if (element.nil) return null;
    const type = element.type ?? declared;
    if (type === null) return this.other(element, null, place, depth);
    if (type.uri === SCHEMA || type.uri === SERIALIZATION) return this.simple(element, type, place, depth);
    if (depth > this.maxDepth) throw this.tooDeep(place);
    if (type.name.startsWith(ARRAY_OF)) return this.array(element, type, labels, place, depth);
    return isContracts(type.uri)
      ? this.contract(element, type, labels, place, depth)
      : this.other(element, type, place, depth);
  }

  /** https://learn.microsoft.com/dotnet/framework/wcf/feature-details/types-supported-by-the-data-contract-serializer */
  private simple(element: WireElement, type: QName, place: Place, depth: number): Value {
    const { name } = type;
    if (TEXT_TYPES.has(name)) return { kind: 'string', value: contentOf(element, place, undefined, 'a text') };
    if (SMALL_TYPES.has(name)) return { kind: 'integer', value: wholeOf(element, place) };
    if (LARGE_TYPES.has(name)) return { kind: 'bigint', value: this.largeOf(element, name, place) };
    switch (name) {
      case 'boolean':
        return { kind: 'boolean', value: flagIn(element, place) };
      case 'guid': {
        const value = guidOf(contentOf(element, place, undefined, 'a GUID').trim());
        if (value === undefined) throw new ContextInvalid(pathOf(place), 'a GUID');
        return { kind: 'guid', value };
      }
      case 'decimal':
        return { kind: 'decimal', text: this.decimalOf(element, place) };
      case 'double':
        return { kind: 'double', value: this.doubleOf(element, place) };
      case 'float':
        return { kind: 'double', value: Math.fround(this.doubleOf(element, place)) };
      case 'dateTime': {
        const value = isoValueOf(contentOf(element, place, undefined, 'a date').trim());
        if (value === undefined) throw new ContextInvalid(pathOf(place), 'a date');
        return value;
      }
      case 'base64Binary':
        return { kind: 'bytes', base64: this.base64Of(element, place) };
      case 'char':
        return { kind: 'string', value: String.fromCharCode(wholeOf(element, place, undefined, 0x10000)) };
      case 'anyType':
        return this.other(element, null, place, depth);
      default:
        return this.other(element, type, place, depth);
    }
  }

  private contract(element: WireElement, type: QName, labels: Texts, place: Place, depth: number): Value {
    switch (type.name) {
      case 'OptionSetValue': {
        const value = wholeOf(memberOf(element, 'Value'), place);
        const label = labels.get(place.name);
        return typeof label === 'string' ? { kind: 'choice', value, label } : { kind: 'choice', value };
      }
      case 'OptionSetValueCollection':
        return this.choices(element, labels, place);
      case 'EntityReference':
        return {
          kind: 'lookup',
          table: textIn(memberOf(element, 'LogicalName'), place, 'LogicalName') ?? '',
          id: idIn(memberOf(element, 'Id'), place, 'Id'),
          name: textIn(memberOf(element, 'Name'), place, 'Name') ?? labels.get(place.name) ?? null,
        };
      case 'EntityReferenceCollection':
        return this.items(element, { uri: CONTRACTS, name: 'EntityReference' }, place, depth);
      case 'Money':
        return { kind: 'money', text: this.decimalOf(memberOf(element, 'Value'), place, 'Value') };
      case 'Entity':
        return { kind: 'row', row: this.row(element, place, depth) };
      case 'EntityCollection': {
        const list = memberOf(element, 'Entities');
        const rows = isNothing(list) ? [] : this.rows(list, place, depth);
        const table = textIn(memberOf(element, 'EntityName'), place, 'EntityName') ?? rows[0]?.table ?? '';
        return { kind: 'rows', table, rows };
      }
      case 'AliasedValue': {
        const inner = memberOf(element, 'Value');
        return {
          kind: 'aliased',
          table: textIn(memberOf(element, 'EntityLogicalName'), place, 'EntityLogicalName') ?? '',
          column: textIn(memberOf(element, 'AttributeLogicalName'), place, 'AttributeLogicalName') ?? '',
          value: inner === undefined ? null : this.value(inner, labels, place, depth + 1),
        };
      }
      case 'BooleanManagedProperty': {
        const property = memberOf(element, 'ManagedPropertyLogicalName');
        return {
          kind: 'managed',
          value: flagIn(memberOf(element, 'Value'), place, 'Value'),
          canBeChanged: flagIn(memberOf(element, 'CanBeChanged'), place, 'CanBeChanged'),
          property: textIn(property, place, 'ManagedPropertyLogicalName') ?? '',
        };
      }
      case 'Relationship': {
        const role = textIn(memberOf(element, 'PrimaryEntityRole'), place, 'PrimaryEntityRole');
        return {
          kind: 'relationship',
          schemaName: textIn(memberOf(element, 'SchemaName'), place, 'SchemaName') ?? '',
          role: role !== null && ROLES.has(role) ? role : null,
        };
      }
      default:
        return this.other(element, type, place, depth);
    }
  }

  private array(element: WireElement, type: QName, labels: Texts, place: Place, depth: number): Value {
    // A dictionary and a list of pairs differ in their names and namespaces, and in nothing that matters.
    if (type.name === 'ArrayOfKeyValueOfstringstring') return this.pairs(element, ARRAYS, 'Key', 'Value', place);
    if (type.name === 'ArrayOfKeyValuePairOfstringstring') return this.pairs(element, GENERIC, 'key', 'value', place);
    const itemType = itemTypeOf(type);
    if (itemType !== null && isContracts(itemType.uri)) {
      if (itemType.name === 'OptionSetValue') return this.choices(element, labels, place);
      if (itemType.name === 'Entity') {
        const rows = this.rows(element, place, depth);
        return { kind: 'rows', table: rows[0]?.table ?? '', rows };
      }
    }
    return this.items(element, itemType, place, depth);
  }

  private items(element: WireElement, type: QName | null, place: Place, depth: number): Value {
    const items = element.children.map((item) => this.value(item, NO_TEXTS, place, depth + 1, type));
    return { kind: 'list', items };
  }

  private pairs(element: WireElement, uri: string, key: string, value: string, place: Place): Value {
    const entries = element.children.map((item): readonly [string, string] => [
      textIn(memberOf(item, key, uri), place, key) ?? '',
      textIn(memberOf(item, value, uri), place, value) ?? '',
    ]);
    return { kind: 'pairs', entries };
  }

  private choices(element: WireElement, labels: Texts, place: Place): Value {
    const values = element.children.map((item) => wholeOf(memberOf(item, 'Value'), place));
    const label = labels.get(place.name);
    return typeof label === 'string' ? { kind: 'choices', values, label } : { kind: 'choices', values };
  }

  private rows(list: WireElement, place: Place, depth: number): RowContent[] {
    return list.children.map((item, index) => this.row(item, { parent: place, name: String(index) }, depth + 1));
  }

  private row(element: WireElement, place: Place, depth: number): RowContent {
    if (depth > this.maxDepth) throw this.tooDeep(place);
    if (element.nil) throw new ContextInvalid(pathOf(place), 'a row');
    const formatted = textsIn(memberOf(element, 'FormattedValues'), { parent: place, name: 'FormattedValues' });
    const keys = memberOf(element, 'KeyAttributes');
    return {
      table: textIn(memberOf(element, 'LogicalName'), place, 'LogicalName') ?? '',
      id: idIn(memberOf(element, 'Id'), place, 'Id'),
      columns: this.columns(memberOf(element, 'Attributes'), formatted, { parent: place, name: 'Attributes' }, depth),
      formatted,
      rowVersion: textIn(memberOf(element, 'RowVersion'), place, 'RowVersion'),
      keyAttributes: this.columns(keys, NO_TEXTS, { parent: place, name: 'KeyAttributes' }, depth),
    };
  }

  private columns(list: WireElement | undefined, labels: Texts, place: Place, depth: number): Columns {
    if (isNothing(list) || list.last === null) return NO_COLUMNS;
    const columns = new Map<string, Value>();
    for (const pair of list.children) {
      const name = keyOf(pair, place);
      columns.set(name, this.value(valueOf(pair), labels, { parent: place, name }, depth + 1));
    }
    return columns;
  }

  /**
   * A type that is not known. One that holds text alone is an enumeration, for only those are written so: its name is
   * kept. https://learn.microsoft.com/dotnet/framework/wcf/feature-details/enumeration-types-in-data-contracts
   */
  private other(element: WireElement, type: QName | null, place: Place, depth: number): Value {
    const text = element.text;
    if (element.last === null && text !== '') return { kind: 'string', value: text };
    return {
      kind: 'unknown',
      type: type === null ? '' : typeText(type.name, type.uri),
      json: this.objectText(element, place, depth),
    };
  }

  /** An object as JSON text: its members by name, or a list where one name comes twice. */
  private objectText(element: WireElement, place: Place, depth: number): string {
    if (depth > this.maxDepth) throw this.tooDeep(place);
    const { children } = element;
    const names = new Set(children.map((child) => child.name));
    const values = children.map((child) => {
      if (child.nil) return 'null';
      return child.last === null && (child.type === null || child.text !== '')
        ? JSON.stringify(child.text)
        : this.objectText(child, place, depth + 1);
    });
    if (names.size < children.length) return `[${values.join(',')}]`;
    return `{${children.map(({ name }, index) => `${JSON.stringify(name)}:${values[index] ?? 'null'}`).join(',')}}`;
  }

  private largeOf(element: WireElement, type: string, place: Place): bigint {
    const text = contentOf(element, place, undefined, 'a whole number').trim();
    if (!WHOLE.test(text)) throw new ContextInvalid(pathOf(place), 'a whole number');
    const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
    const held = type === 'unsignedLong' ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
    if (held !== value) throw new ContextInvalid(pathOf(place), 'a whole number of 64 bits');
    return value;
  }

  private decimalOf(element: WireElement | undefined, place: Place, member?: string): string {
    const text = contentOf(element, place, member, 'an amount').trim();
    if (!DECIMAL.test(text)) throw new ContextInvalid(pathOf(place, member), 'an amount');
    return text.startsWith('+') ? text.slice(1) : text;
  }

  private doubleOf(element: WireElement, place: Place): number {
    const text = contentOf(element, place, undefined, 'a number').trim();
    const value = DOUBLE.test(text) ? Number(text) : LETTERED.get(text);
    if (value === undefined) throw new ContextInvalid(pathOf(place), 'a number');
    return value;
  }

  private base64Of(element: WireElement, place: Place): string {
    if (element.bytes.length > 0) return Buffer.concat(element.bytes).toString('base64');
    const text = contentOf(element, place, undefined, 'bytes').replace(/[ \t\r\n]+/g, '');
    if (text.length % 4 !== 0 || !BASE64.test(text)) throw new ContextInvalid(pathOf(place), 'bytes in base64');
    return Buffer.from(text, 'base64').toString('base64');
  }

  private tooDeep(place: Place): ContextInvalid {
    return new ContextInvalid(pathOf(place), `nested at most ${this.maxDepth} deep`);
  }
}
