import type { Value } from '../../change/value';
import type { QName, WireElement } from './element';
import { memberOf, membersOf } from './element';
import { guidOf } from '../values/guid';
import { ARRAYS, CONTRACTS, GENERIC, isContracts, SCHEMA, SERIALIZATION, typeText } from './namespaces';
import { NO_TEXTS, refuse, ROLES, ValueReader, type Pair, type Place, type Texts } from '../values/value-reader';
import { isoValueOf } from '../values/wire-date';

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

/** The text of an element that holds no others. */
const contentOf = (element: WireElement | undefined): string | undefined =>
  element === undefined || element.nil || element.last !== null ? undefined : element.text;

/** Likewise, without white space around it, which no other type than text has a use for; empty where there is none. */
const tokenOf = (element: WireElement | undefined): string => contentOf(element)?.trim() ?? '';

/** A whole number of at most `limit`. */
function wholeOf(element: WireElement | undefined, limit = INT32): number | undefined {
  const text = tokenOf(element);
  const value = WHOLE.test(text) ? Number(text) : Number.NaN;
  // Not minus zero.
  return value >= -limit && value < limit ? value + 0 : undefined;
}

function decimalOf(element: WireElement | undefined): string | undefined {
  const text = tokenOf(element);
  if (!DECIMAL.test(text)) return undefined;
  return text.startsWith('+') ? text.slice(1) : text;
}

function doubleOf(element: WireElement): number | undefined {
  const text = tokenOf(element);
  return DOUBLE.test(text) ? Number(text) : LETTERED.get(text);
}

function base64Of(element: WireElement): string | undefined {
  if (element.bytes.length > 0) return Buffer.concat(element.bytes).toString('base64');
  const text = contentOf(element)?.replace(/[ \t\r\n]+/g, '');
  if (text === undefined || text.length % 4 !== 0 || !BASE64.test(text)) return undefined;
  return Buffer.from(text, 'base64').toString('base64');
}

function largeOf(element: WireElement, type: string, place: Place): bigint {
  const text = tokenOf(element);
  if (!WHOLE.test(text)) return refuse('a whole number', place);
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  const held = type === 'unsignedLong' ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
  return held === value ? value : refuse('a whole number of 64 bits', place);
}

/** The type of an array's items, by the array's name; null where each item says its own. */
function itemTypeOf(array: QName): QName | null {
  const name = array.name.slice(ARRAY_OF.length);
  if (name === 'anyType') return null;
  if (array.uri !== ARRAYS || name.startsWith(ARRAY_OF)) return { uri: array.uri, name };
  return { uri: ADDED_TYPES.has(name) ? SERIALIZATION : SCHEMA, name };
}

/**
 * Reads elements: those of text XML, and those of the binary form, where the record that a value came in says nothing of
 * its type (the text `0` comes as the number zero).
 *
 * The forms are what .NET's DataContractSerializer writes:
 * https://learn.microsoft.com/dotnet/framework/wcf/feature-details/data-contract-schema-reference
 */
export class ElementReader extends ValueReader<WireElement> {
  isNothing(element: WireElement | undefined): element is undefined {
    return element === undefined || element.nil;
  }

  isObject(element: WireElement): boolean {
    return !element.nil;
  }

  member(element: WireElement, name: string): WireElement | undefined {
    return memberOf(element, name);
  }

  membersOf(element: WireElement): (name: string) => WireElement | undefined {
    const members = membersOf(element);
    return (name) => members.get(name);
  }

  text(element: WireElement | undefined): string | undefined {
    return contentOf(element);
  }

  protected idText(element: WireElement | undefined): string | undefined {
    return contentOf(element)?.trim();
  }

  protected whole(element: WireElement | undefined): number | undefined {
    return wholeOf(element);
  }

  protected flag(element: WireElement | undefined): boolean | undefined {
    const text = tokenOf(element);
    if (text === 'true' || text === '1') return true;
    return text === 'false' || text === '0' ? false : undefined;
  }

  protected amount(element: WireElement | undefined): string | undefined {
    return decimalOf(element);
  }

  protected role(element: WireElement, place: Place): string | undefined {
    const role = this.textAt(element, place, 'PrimaryEntityRole');
    return ROLES.find((known) => known === role);
  }

  protected items(element: WireElement): readonly WireElement[] {
    return element.children;
  }

  protected readonly nothing = NOTHING;

  /** What the pair itself is called is of no matter: its name ends in a hash of its type. */
  protected pair(item: WireElement): Pair<WireElement> | undefined {
    const key = contentOf(memberOf(item, 'key', GENERIC));
    return key === undefined ? undefined : { key, value: memberOf(item, 'value', GENERIC) };
  }

  protected value(
    element: WireElement,
    labels: Texts,
    parent: Place | null,
    name: string,
    depth: number,
    declared: QName | null = null,
  ): Value {
    if (element.nil) return null;
    const type = element.type ?? declared;
    const place = { parent, name };
    if (type === null) return this.other(element, null, place, depth);
    if (type.uri === SCHEMA || type.uri === SERIALIZATION) return this.simple(element, type, place, depth);
    if (depth > this.maxDepth) this.tooDeep(place);
    if (type.name.startsWith(ARRAY_OF)) return this.array(element, type, labels, place, depth);
    const value = isContracts(type.uri) ? this.object(element, type.name, labels, place, depth) : undefined;
    return value ?? this.other(element, type, place, depth);
  }

  /** https://learn.microsoft.com/dotnet/framework/wcf/feature-details/types-supported-by-the-data-contract-serializer */
  private simple(element: WireElement, type: QName, place: Place, depth: number): Value {
    const { name } = type;
    if (TEXT_TYPES.has(name)) return { kind: 'string', value: contentOf(element) ?? refuse('a text', place) };
    if (SMALL_TYPES.has(name)) return { kind: 'integer', value: wholeOf(element) ?? refuse('a whole number', place) };
    if (LARGE_TYPES.has(name)) return { kind: 'bigint', value: largeOf(element, name, place) };
    switch (name) {
      case 'boolean':
        return { kind: 'boolean', value: this.flag(element) ?? refuse('true or false', place) };
      case 'guid':
        return { kind: 'guid', value: guidOf(tokenOf(element)) ?? refuse('a GUID', place) };
      case 'decimal':
        return { kind: 'decimal', text: decimalOf(element) ?? refuse('an amount', place) };
      case 'double':
        return { kind: 'double', value: doubleOf(element) ?? refuse('a number', place) };
      case 'float':
        return { kind: 'double', value: Math.fround(doubleOf(element) ?? refuse('a number', place)) };
      case 'dateTime':
        return isoValueOf(tokenOf(element)) ?? refuse('a date', place);
      case 'base64Binary':
        return { kind: 'bytes', base64: base64Of(element) ?? refuse('bytes in base64', place) };
      case 'char':
        return {
          kind: 'string',
          value: String.fromCharCode(wholeOf(element, 0x10000) ?? refuse('a whole number', place)),
        };
      case 'anyType':
        return this.other(element, null, place, depth);
      default:
        return this.other(element, type, place, depth);
    }
  }

  private object(element: WireElement, type: string, labels: Texts, place: Place, depth: number): Value | undefined {
    if (type === 'OptionSetValueCollection') return this.choices(element.children, labels, place);
    if (type === 'EntityReferenceCollection')
      return this.list(element, { uri: CONTRACTS, name: 'EntityReference' }, place, depth);
    return this.contract(type, element, labels, place, depth);
  }

  private array(element: WireElement, type: QName, labels: Texts, place: Place, depth: number): Value {
    // A dictionary and a list of pairs differ in their names and namespaces, and in nothing that matters.
    if (type.name === 'ArrayOfKeyValueOfstringstring') return this.entries(element, ARRAYS, 'Key', 'Value', place);
    if (type.name === 'ArrayOfKeyValuePairOfstringstring') return this.entries(element, GENERIC, 'key', 'value', place);
    const itemType = itemTypeOf(type);
    if (itemType !== null && isContracts(itemType.uri)) {
      if (itemType.name === 'OptionSetValue') return this.choices(element.children, labels, place);
      if (itemType.name === 'Entity') return this.rows(element.children, place, depth);
    }
    return this.list(element, itemType, place, depth);
  }

  private list(element: WireElement, type: QName | null, { parent, name }: Place, depth: number): Value {
    const items = element.children.map((item) => this.value(item, NO_TEXTS, parent, name, depth + 1, type));
    return { kind: 'list', items };
  }

  private entries(element: WireElement, uri: string, key: string, value: string, place: Place): Value {
    const entries = element.children.map((item): readonly [string, string] => [
      this.textAt(memberOf(item, key, uri), place, key) ?? '',
      this.textAt(memberOf(item, value, uri), place, value) ?? '',
    ]);
    return { kind: 'pairs', entries };
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
    if (depth > this.maxDepth) this.tooDeep(place);
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
}
