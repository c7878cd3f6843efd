import { withoutLastZeros } from '../../../shared/json/exact-number';
import { writeJson } from '../web-api/json-text';
import type { ContractValue, ListType, Members, PairsType, Scalar } from './contract-value';

/** An element as it is written: prefixes are given, and declared where they begin. */
export interface XmlElement {
  readonly prefix: string;
  readonly name: string;
  /** `true` for `i:nil`. */
  readonly attributes: readonly { readonly prefix: string; readonly name: string; readonly value: string | true }[];
  /** They come after the attributes, as .NET writes them. */
  readonly declares: readonly { readonly prefix: string; readonly uri: string }[];
  readonly content: readonly XmlElement[] | Scalar | null;
}

/** Is it a list of elements? (`Array.isArray` does not narrow readonly arrays.) */
export const isElements = (content: readonly XmlElement[] | Scalar): content is readonly XmlElement[] =>
  Array.isArray(content);

const XRM = 'http://schemas.microsoft.com/xrm/2011/Contracts';
const XRM_7_1 = 'http://schemas.microsoft.com/xrm/7.1/Contracts';
const XRM_9_0 = 'http://schemas.microsoft.com/xrm/9.0/Contracts';
const INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';
const SCHEMA = 'http://www.w3.org/2001/XMLSchema';
const SERIALIZATION = 'http://schemas.microsoft.com/2003/10/Serialization/';
const ARRAYS = 'http://schemas.microsoft.com/2003/10/Serialization/Arrays';
const GENERIC = 'http://schemas.datacontract.org/2004/07/System.Collections.Generic';

interface Name {
  readonly namespace: string;
  readonly name: string;
}

const xrm = (name: string): Name => ({ namespace: XRM, name });

/** Types of scalars; the platform puts no enum of its own where object is declared. */
const SCALAR_TYPES: Readonly<Record<Scalar['kind'], Name>> = {
  string: { namespace: SCHEMA, name: 'string' },
  boolean: { namespace: SCHEMA, name: 'boolean' },
  int: { namespace: SCHEMA, name: 'int' },
  long: { namespace: SCHEMA, name: 'long' },
  double: { namespace: SCHEMA, name: 'double' },
  decimal: { namespace: SCHEMA, name: 'decimal' },
  dateTime: { namespace: SCHEMA, name: 'dateTime' },
  guid: { namespace: SERIALIZATION, name: 'guid' },
  bytes: { namespace: SCHEMA, name: 'base64Binary' },
  enum: { namespace: SCHEMA, name: 'int' },
};

const LISTS: Readonly<Record<ListType, { readonly type: Name; readonly item: Name }>> = {
  Entities: { type: xrm('ArrayOfEntity'), item: xrm('Entity') },
  EntityReferenceCollection: { type: xrm('EntityReferenceCollection'), item: xrm('EntityReference') },
  OptionSetValueCollection: {
    type: { namespace: XRM_9_0, name: 'OptionSetValueCollection' },
    item: { namespace: XRM_9_0, name: 'OptionSetValue' },
  },
  ArrayOfstring: { type: { namespace: ARRAYS, name: 'ArrayOfstring' }, item: { namespace: ARRAYS, name: 'string' } },
  ArrayOfguid: { type: { namespace: ARRAYS, name: 'ArrayOfguid' }, item: { namespace: ARRAYS, name: 'guid' } },
};

interface PairNames {
  readonly item: Name;
  readonly key: Name;
  readonly value: Name;
  /** Namespaces that the collection's element declares where they are not in scope. */
  readonly declares: readonly string[];
}

const generic = (item: Name, declares: readonly string[] = [GENERIC]): PairNames => ({
  item,
  key: { namespace: GENERIC, name: 'key' },
  value: { namespace: GENERIC, name: 'value' },
  declares,
});

const PAIRS: Readonly<Record<PairsType, PairNames>> = {
  anyType: generic(xrm('KeyValuePairOfstringanyType')),
  string: generic(xrm('KeyValuePairOfstringstring')),
  // The letters are a hash of the contract's namespace.
  Entity: generic(xrm('KeyValuePairOfstringEntitygUGIFE1S')),
  related: generic(xrm('KeyValuePairOfRelationshipEntityCollectionX_PsK4FkN')),
  keyAttributes: generic({ namespace: XRM_7_1, name: 'KeyValuePairOfstringanyType' }, [XRM_7_1, GENERIC]),
  dictionary: {
    item: { namespace: ARRAYS, name: 'KeyValueOfstringstring' },
    key: { namespace: ARRAYS, name: 'Key' },
    value: { namespace: ARRAYS, name: 'Value' },
    declares: [],
  },
};

const DICTIONARY: Name = { namespace: ARRAYS, name: 'ArrayOfKeyValueOfstringstring' };

const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Prefixes by namespace, as they are in scope. */
type Scope = ReadonlyMap<string, string>;

/** Takes the first letter that is free for each namespace that is not in scope. */
function declare(scope: Scope, namespaces: readonly string[]): { scope: Scope; declares: XmlElement['declares'] } {
  const within = new Map(scope);
  const declares: { prefix: string; uri: string }[] = [];
  for (const uri of namespaces) {
    if (within.has(uri)) continue;
    const taken = new Set(within.values());
    const prefix = LETTERS.find((letter) => !taken.has(letter)) ?? 'z';
    within.set(uri, prefix);
    declares.push({ prefix, uri });
  }
  return { scope: within, declares };
}

const prefixOf = (scope: Scope, { namespace }: Name): string => scope.get(namespace) ?? '';

/** The type that is named where object is declared. */
function typeOf(value: Exclude<ContractValue, null>): Name {
  switch (value.kind) {
    case 'object':
      return xrm(value.type);
    case 'list':
      return LISTS[value.type].type;
    case 'pairs':
      return DICTIONARY;
    default:
      return SCALAR_TYPES[value.kind];
  }
}

function element(name: Name, value: ContractValue, scope: Scope, declared: 'object' | 'own'): XmlElement {
  const start = { prefix: prefixOf(scope, name), name: name.name };
  if (value === null) {
    const nil = { prefix: 'i', name: 'nil', value: true } as const;
    return { ...start, attributes: [nil], declares: [], content: null };
  }
  const type = declared === 'object' ? typeOf(value) : undefined;
  const wanted = [
    ...(type === undefined ? [] : [type.namespace]),
    ...(value.kind === 'pairs' ? PAIRS[value.type].declares : []),
  ];
  const { scope: within, declares } = declare(scope, wanted);
  const attributes =
    type === undefined ? [] : [{ prefix: 'i', name: 'type', value: qualified(prefixOf(within, type), type.name) }];
  return { ...start, attributes, declares, content: contentOf(value, within) };
}

function contentOf(value: Exclude<ContractValue, null>, scope: Scope): XmlElement['content'] {
  switch (value.kind) {
    case 'object':
      return membersOf(value.members, scope);
    case 'list':
      return value.items.map((item) => element(LISTS[value.type].item, item, scope, 'own'));
    case 'pairs': {
      const names = PAIRS[value.type];
      const of = value.type === 'anyType' ? 'object' : 'own';
      return value.pairs.map(({ key, value: item }) => ({
        prefix: prefixOf(scope, names.item),
        name: names.item.name,
        attributes: [],
        declares: [],
        content: [
          element(names.key, { kind: 'string', text: key }, scope, 'own'),
          element(names.value, item, scope, of),
        ],
      }));
    }
    default:
      return value;
  }
}

const membersOf = (members: Members, scope: Scope): readonly XmlElement[] =>
  Object.entries(members).map(([name, value]) => element(xrm(name), value, scope, 'own'));

/** The RemoteExecutionContext with these members as DataContractSerializer writes it. */
export function contractXml(members: Members): XmlElement {
  const scope: Scope = new Map([
    [XRM, ''],
    [INSTANCE, 'i'],
  ]);
  return {
    prefix: '',
    name: 'RemoteExecutionContext',
    attributes: [],
    declares: [
      { prefix: '', uri: XRM },
      { prefix: 'i', uri: INSTANCE },
    ],
    content: membersOf(members, scope),
  };
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** As .NET escapes text: also what XML 1.0 has no way to write. */
export const escapeXml = (text: string): string =>
  text.replace(
    /[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g,
    (char) => ESCAPES[char] ?? `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`,
  );

/** A scalar as XML Schema has it: no zone without one, no zeros at the end of a fraction of a second. */
export function scalarText(value: Scalar): string {
  switch (value.kind) {
    case 'string':
    case 'guid':
    case 'long':
    case 'decimal':
      return value.text;
    case 'boolean':
      return String(value.flag);
    case 'bytes':
      return value.base64;
    case 'int':
    case 'double':
      return writeJson(value.number, 'dataContract');
    case 'enum':
      return value.name;
    case 'dateTime': {
      const text = withoutLastZeros(new Date(value.epochMs).toISOString().slice(0, -1));
      return value.zone === 'utc' ? `${text}Z` : text;
    }
    default:
      return value satisfies never;
  }
}

const qualified = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}:${name}`);

function write(element: XmlElement): string {
  const name = qualified(element.prefix, element.name);
  const attributes = element.attributes.map(
    ({ prefix, name: attribute, value }) => ` ${qualified(prefix, attribute)}="${escapeXml(String(value))}"`,
  );
  const declares = element.declares.map(
    ({ prefix, uri }) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeXml(uri)}"`,
  );
  const { content } = element;
  const inner =
    content === null ? '' : isElements(content) ? content.map(write).join('') : textContent(scalarText(content));
  const start = `<${name}${attributes.join('')}${declares.join('')}`;
  return inner === '' ? `${start}/>` : `${start}>${inner}</${name}>`;
}

/** Quotes need no escape between tags. */
const textContent = (text: string): string => escapeXml(text).replaceAll('&quot;', '"');

/** An element as text XML, without declaration and byte order mark. */
export const textXml = (element: XmlElement): Buffer => Buffer.from(write(element), 'utf8');
