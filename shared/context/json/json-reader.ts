import type { Value } from '../../change/value';
import type { Json, JsonObject } from '../../json/exact-json';
import { isList, numberTextOf, objectOf, stringOf, writeExact } from '../../json/exact-json';
import { NO_TEXTS, ROLES, ValueReader, type Pair, type Place, type Texts } from '../values/value-reader';
import { dateValueOf } from '../values/wire-date';

/** What DataContractJsonSerializer adds to a contract's name in `__type`, which it writes where the declared type is object. */
const XRM = ':http://schemas.microsoft.com/xrm/2011/Contracts';

/** The most frequent ones first: there are few, and each text is compared, which takes less than making its hash. */
const CONTRACTS = [
  ...['OptionSetValue', 'EntityReference', 'Money', 'Entity', 'EntityCollection', 'AliasedValue'],
  ...['BooleanManagedProperty', 'Relationship'],
].map((contract) => ({ contract, type: contract + XRM }));

function contractOf(type: string | undefined): string | undefined {
  for (const known of CONTRACTS) if (known.type === type) return known.contract;
  return undefined;
}

const PAIR = 'KeyValuePairOfstringstring:#System.Collections.Generic';

const SLASH = 0x2f;

const isPair = (item: Json): item is JsonObject & { readonly key: string } =>
  typeof item === 'object' && item !== null && !isList(item) && stringOf(item.key) !== undefined;

const typeOf = (json: Json | undefined): string | undefined => stringOf(objectOf(json)?.__type);

/** A text, or what is written as one: a date, and a number whose digits were kept. */
function textValue(text: string): Value {
  const first = text.charCodeAt(0);
  if (first === SLASH) return dateValueOf(text) ?? { kind: 'string', value: text };
  const digits = numberTextOf(text);
  return digits === undefined ? { kind: 'string', value: text } : { kind: 'number', text: digits };
}

/**
 * Reads the JSON form: what .NET's DataContractJsonSerializer writes.
 * https://learn.microsoft.com/dotnet/framework/wcf/feature-details/stand-alone-json-serialization
 */
export class JsonReader extends ValueReader<Json> {
  /**
   * @param makeAllExact gives all numbers of the message their digits, in place; asked for before a value is read in
   *   which numbers stand where the contracts have none
   */
  constructor(
    maxDepth: number,
    private readonly makeAllExact: () => void,
  ) {
    super(maxDepth);
  }

  isNothing(json: Json | undefined): json is undefined {
    return json === undefined || json === null;
  }

  isObject(json: Json): boolean {
    return objectOf(json) !== undefined;
  }

  member(json: Json, name: string): Json | undefined {
    return objectOf(json)?.[name];
  }

  membersOf(json: Json): (name: string) => Json | undefined {
    const object = objectOf(json);
    return (name) => object?.[name];
  }

  text(json: Json | undefined): string | undefined {
    return stringOf(json);
  }

  protected idText(json: Json | undefined): string | undefined {
    return stringOf(json);
  }

  protected whole(json: Json | undefined): number | undefined {
    return typeof json === 'number' && Number.isSafeInteger(json) ? json : undefined;
  }

  protected flag(json: Json | undefined): boolean | undefined {
    return typeof json === 'boolean' ? json : undefined;
  }

  protected amount(json: Json | undefined): string | undefined {
    return numberTextOf(json);
  }

  /** JSON has enums as numbers. */
  protected role(json: Json, place: Place): string | undefined {
    return ROLES[this.wholeAt(json, place)];
  }

  protected items(json: Json): readonly Json[] | undefined {
    return isList(json) ? json : undefined;
  }

  protected readonly nothing = null;

  protected pair(item: Json): Pair<Json> | undefined {
    return isPair(item) ? item : undefined;
  }

  protected value(json: Json, labels: Texts, parent: Place | null, name: string, depth: number): Value {
    if (typeof json === 'string') return textValue(json);
    if (json === null) return null;
    if (typeof json === 'number') return { kind: 'number', text: String(json) };
    if (typeof json === 'boolean') return { kind: 'boolean', value: json };
    if (depth > this.maxDepth) this.tooDeep(parent, name);
    return isList(json)
      ? this.list(json, labels, parent, name, depth)
      : this.object(json, labels, { parent, name }, depth);
  }

  private object(json: JsonObject, labels: Texts, place: Place, depth: number): Value {
    const type = stringOf(json.__type);
    const contract = contractOf(type);
    const value = contract === undefined ? undefined : this.contract(contract, json, labels, place, depth);
    if (value !== undefined) return value;
    this.makeAllExact();
    try {
      return { kind: 'unknown', type: type ?? '', json: writeExact(json, this.maxDepth - depth) };
    } catch (error) {
      if (error instanceof RangeError) this.tooDeep(place);
      throw error;
    }
  }

  /** Collections name no type of their own: their items do. */
  private list(json: readonly Json[], labels: Texts, parent: Place | null, name: string, depth: number): Value {
    const place = { parent, name };
    const type = typeOf(json[0]);
    const oneType = type !== undefined && json.every((item) => typeOf(item) === type);
    const contract = oneType ? contractOf(type) : undefined;
    if (contract === 'OptionSetValue') return this.choices(json, labels, place);
    // A party list as some versions send it: a list of rows without the collection around them.
    if (contract === 'Entity') return this.rows(json, place, depth);
    if (oneType && type === PAIR) {
      const entries = json.map((item): readonly [string, string] => [
        this.textAt(this.member(item, 'key'), place, 'key') ?? '',
        this.textAt(this.member(item, 'value'), place, 'value') ?? '',
      ]);
      return { kind: 'pairs', entries };
    }
    // Behind an object in a list numbers may have lost digits: `parseExact` reads lists up to their first object.
    if (!oneType && json.some((item) => typeof item === 'object' && item !== null)) this.makeAllExact();
    return { kind: 'list', items: json.map((item) => this.value(item, NO_TEXTS, parent, name, depth + 1)) };
  }
}
