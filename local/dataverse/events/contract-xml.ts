import type { ContractValue, ListType, Members, PairsType, Scalar } from './contract-value';
import type { XmlElement } from './xml-element';

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
  const attributes = type === undefined ? [] : [{ prefix: 'i', name: 'type', value: qualified(within, type) }];
  return { ...start, attributes, declares, content: contentOf(value, within) };
}

function qualified(scope: Scope, type: Name): string {
  const prefix = prefixOf(scope, type);
  return prefix === '' ? type.name : `${prefix}:${type.name}`;
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
