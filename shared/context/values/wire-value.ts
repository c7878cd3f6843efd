import type { Columns, RowContent, Value } from '../../change/value';
import { ContextInvalid } from '../errors';
import type { Json, JsonObject } from '../../json/exact-json';
import { isList, numberTextOf, objectOf, stringOf, writeExact } from '../../json/exact-json';
import { guidOf } from './guid';
import { dateValueOf } from './wire-date';

/** Where a value stands in the message: for errors, so its path is made only when there is one. */
export interface Place {
  readonly parent: Place | null;
  readonly name: string;
}

/** The path of a place, or of a member at it. */
export function pathOf(place: Place | null, member?: string): string {
  const names = member === undefined ? [] : [member];
  for (let at = place; at !== null; at = at.parent) names.unshift(at.name);
  return names.join('.');
}

const XRM = ':http://schemas.microsoft.com/xrm/2011/Contracts';

/** What DataContractJsonSerializer writes as `__type` where the declared type is object. */
const TYPES = {
  choice: `OptionSetValue${XRM}`,
  lookup: `EntityReference${XRM}`,
  money: `Money${XRM}`,
  row: `Entity${XRM}`,
  rows: `EntityCollection${XRM}`,
  aliased: `AliasedValue${XRM}`,
  managed: `BooleanManagedProperty${XRM}`,
  relationship: `Relationship${XRM}`,
  pair: 'KeyValuePairOfstringstring:#System.Collections.Generic',
} as const;

/** Relationship.PrimaryEntityRole is an enum, and JSON has enums as numbers. */
const ROLES = ['Referencing', 'Referenced'] as const;

const NO_COLUMNS: Columns = new Map<string, Value>();
/** User-facing texts by column. */
type Texts = ReadonlyMap<string, string | null>;

const NO_TEXTS: Texts = new Map<string, string | null>();
const SLASH = 0x2f;

const typeOf = (json: Json | undefined): string | undefined => stringOf(objectOf(json)?.__type);

/** A text, or what is written as one: a date, and a number whose digits were kept. */
function textValue(text: string): Value {
  const first = text.charCodeAt(0);
  if (first === SLASH) return dateValueOf(text) ?? { kind: 'string', value: text };
  const digits = numberTextOf(text);
  return digits === undefined ? { kind: 'string', value: text } : { kind: 'number', text: digits };
}

function wholeNumber(json: Json | undefined, place: Place): number {
  if (typeof json === 'number' && Number.isSafeInteger(json)) return json;
  throw new ContextInvalid(pathOf(place), 'a whole number');
}

/** True or false. */
export function flag(json: Json | undefined, place: Place | null, member: string): boolean {
  if (typeof json === 'boolean') return json;
  throw new ContextInvalid(pathOf(place, member), 'true or false');
}

/** A text that may be null; a member that is absent is null too. */
export function textOrNull(json: Json | undefined, place: Place | null, member?: string): string | null {
  if (json === undefined || json === null) return null;
  const text = stringOf(json);
  if (text === undefined) throw new ContextInvalid(pathOf(place, member), 'a text or null');
  return text;
}

/** An id, in lower case and without braces; one that is no GUID stays as it is. */
export function idText(json: Json | undefined, place: Place | null, member: string): string {
  const text = stringOf(json);
  if (text === undefined) throw new ContextInvalid(pathOf(place, member), 'an id');
  return guidOf(text) ?? text;
}

const isEmpty = (json: Json | undefined): boolean =>
  json === undefined || json === null || (isList(json) && json.length === 0);

/** An item of a list of `{key, value}`, as .NET writes dictionaries. */
type Pair = JsonObject & { readonly key: string };

const isPair = (item: Json): item is Pair =>
  typeof item === 'object' && item !== null && !isList(item) && stringOf(item.key) !== undefined;

const noPair = (place: Place): ContextInvalid =>
  new ContextInvalid(pathOf(place), 'a list of pairs, each with its key');

function listOfPairs(json: Json | undefined, place: Place): readonly Json[] {
  if (!isList(json)) throw new ContextInvalid(pathOf(place), 'a list of pairs');
  return json;
}

/** A list of `{key, value}` by key; null where the list is not there. */
export function pairsOf(json: Json | undefined, place: Place): ReadonlyMap<string, Json> | null {
  if (json === undefined || json === null) return null;
  const pairs = new Map<string, Json>();
  for (const pair of listOfPairs(json, place)) {
    if (!isPair(pair)) throw noPair(place);
    pairs.set(pair.key, pair.value ?? null);
  }
  return pairs;
}

function textsOf(json: Json | undefined, place: Place): Texts {
  if (isEmpty(json)) return NO_TEXTS;
  const texts = new Map<string, string | null>();
  for (const pair of listOfPairs(json, place)) {
    if (!isPair(pair)) throw noPair(place);
    texts.set(pair.key, textOrNull(pair.value, place, pair.key));
  }
  return texts;
}

/**
 * Turns the values of the JSON form into values of the change model.
 *
 * The JSON form is what .NET's DataContractJsonSerializer writes:
 * https://learn.microsoft.com/dotnet/framework/wcf/feature-details/stand-alone-json-serialization
 */
export class WireReader {
  /**
   * @param maxDepth values nested deeper are refused
   * @param makeAllExact gives all numbers of the message their digits, in place; asked for before a value is read in
   *   which numbers stand where the contracts have none
   */
  constructor(
    private readonly maxDepth: number,
    private readonly makeAllExact: () => void,
  ) {}

  /** The value of a parameter or shared variable. */
  parameter(json: Json, place: Place, name: string): Value {
    return this.value(json, NO_TEXTS, place, name, 0);
  }

  /** A row in a place that is declared as a row, where no type is written: an image. */
  image(json: Json, place: Place, name: string): RowContent {
    return this.row(json, { parent: place, name }, 0);
  }

  /** @param labels by name: looked into only for a value that can have one */
  private value(json: Json, labels: Texts, place: Place | null, name: string, depth: number): Value {
    if (typeof json === 'string') return textValue(json);
    if (json === null) return null;
    if (typeof json === 'number') return { kind: 'number', text: String(json) };
    if (typeof json === 'boolean') return { kind: 'boolean', value: json };
    if (depth > this.maxDepth) throw this.tooDeep(place, name);
    return isList(json)
      ? this.list(json, labels, place, name, depth)
      : this.object(json, labels, { parent: place, name }, depth);
  }

  private object(json: JsonObject, labels: Texts, place: Place, depth: number): Value {
    const type = stringOf(json.__type);
    switch (type) {
      case TYPES.choice: {
        const value = wholeNumber(json.Value, place);
        const label = labels.get(place.name);
        return typeof label === 'string' ? { kind: 'choice', value, label } : { kind: 'choice', value };
      }
      case TYPES.lookup:
        return {
          kind: 'lookup',
          table: textOrNull(json.LogicalName, place, 'LogicalName') ?? '',
          id: idText(json.Id, place, 'Id'),
          name: textOrNull(json.Name, place, 'Name') ?? labels.get(place.name) ?? null,
        };
      case TYPES.money: {
        const text = numberTextOf(json.Value);
        if (text === undefined) throw new ContextInvalid(pathOf(place, 'Value'), 'an amount');
        return { kind: 'money', text };
      }
      case TYPES.row:
        return { kind: 'row', row: this.row(json, place, depth) };
      case TYPES.rows: {
        const rows = this.rows(json.Entities ?? [], place, depth);
        return { kind: 'rows', table: textOrNull(json.EntityName, place, 'EntityName') ?? rows[0]?.table ?? '', rows };
      }
      case TYPES.aliased:
        return {
          kind: 'aliased',
          table: textOrNull(json.EntityLogicalName, place, 'EntityLogicalName') ?? '',
          column: textOrNull(json.AttributeLogicalName, place, 'AttributeLogicalName') ?? '',
          value: this.value(json.Value ?? null, labels, place.parent, place.name, depth + 1),
        };
      case TYPES.managed:
        return {
          kind: 'managed',
          value: flag(json.Value, place, 'Value'),
          canBeChanged: flag(json.CanBeChanged, place, 'CanBeChanged'),
          property: textOrNull(json.ManagedPropertyLogicalName, place, 'ManagedPropertyLogicalName') ?? '',
        };
      case TYPES.relationship: {
        const role = json.PrimaryEntityRole ?? null;
        return {
          kind: 'relationship',
          schemaName: textOrNull(json.SchemaName, place, 'SchemaName') ?? '',
          role: role === null ? null : (ROLES[wholeNumber(role, place)] ?? null),
        };
      }
      default:
        this.makeAllExact();
        try {
          return { kind: 'unknown', type: type ?? '', json: writeExact(json, this.maxDepth - depth) };
        } catch (error) {
          throw error instanceof RangeError ? this.tooDeep(place.parent, place.name) : error;
        }
    }
  }

  /** Collections name no type of their own: their items do. */
  private list(json: readonly Json[], labels: Texts, parent: Place | null, name: string, depth: number): Value {
    const place = { parent, name };
    const type = typeOf(json[0]);
    const oneType = type !== undefined && json.every((item) => typeOf(item) === type);
    if (oneType && type === TYPES.choice) {
      const values = json.map((item) => wholeNumber(objectOf(item)?.Value, place));
      const label = labels.get(name);
      return typeof label === 'string' ? { kind: 'choices', values, label } : { kind: 'choices', values };
    }
    if (oneType && type === TYPES.row) {
      // A party list as some versions send it: a list of rows without the collection around them.
      const rows = this.rows(json, place, depth);
      return { kind: 'rows', table: rows[0]?.table ?? '', rows };
    }
    if (oneType && type === TYPES.pair) {
      const entries = json.map((item): readonly [string, string] => {
        const pair = objectOf(item);
        return [textOrNull(pair?.key, place, 'key') ?? '', textOrNull(pair?.value, place, 'value') ?? ''];
      });
      return { kind: 'pairs', entries };
    }
    // Behind an object in a list numbers may have lost digits: `parseExact` reads lists up to their first object.
    if (!oneType && json.some((item) => typeof item === 'object' && item !== null)) this.makeAllExact();
    return { kind: 'list', items: json.map((item) => this.value(item, NO_TEXTS, parent, name, depth + 1)) };
  }

  private rows(json: Json, place: Place, depth: number): RowContent[] {
    if (!isList(json)) throw new ContextInvalid(pathOf(place), 'a list of rows');
    return json.map((item, index) => this.row(item, { parent: place, name: String(index) }, depth + 1));
  }

  private row(json: Json, place: Place, depth: number): RowContent {
    if (depth > this.maxDepth) throw this.tooDeep(place.parent, place.name);
    const row = objectOf(json);
    if (row === undefined) throw new ContextInvalid(pathOf(place), 'a row');
    const formatted = textsOf(row.FormattedValues, { parent: place, name: 'FormattedValues' });
    return {
      table: textOrNull(row.LogicalName, place, 'LogicalName') ?? '',
      id: idText(row.Id, place, 'Id'),
      columns: this.columns(row.Attributes, formatted, { parent: place, name: 'Attributes' }, depth),
      formatted,
      rowVersion: textOrNull(row.RowVersion, place, 'RowVersion'),
      keyAttributes: this.columns(row.KeyAttributes, NO_TEXTS, { parent: place, name: 'KeyAttributes' }, depth),
    };
  }

  private columns(json: Json | undefined, labels: Texts, place: Place, depth: number): Columns {
    if (isEmpty(json)) return NO_COLUMNS;
    const columns = new Map<string, Value>();
    for (const pair of listOfPairs(json, place)) {
      if (!isPair(pair)) throw noPair(place);
      columns.set(pair.key, this.value(pair.value ?? null, labels, place, pair.key, depth + 1));
    }
    return columns;
  }

  private tooDeep(place: Place | null, name: string): ContextInvalid {
    return new ContextInvalid(pathOf(place, name), `nested at most ${this.maxDepth} deep`);
  }
}
