import type { Columns, RowContent, Value } from '../../change/value';
import { ContextInvalid } from '../errors';
import { guidOf } from './guid';

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

const NO_COLUMNS: Columns = new Map<string, Value>();
/** User-facing texts by column. */
export type Texts = ReadonlyMap<string, string | null>;

/** Of a row without any. */
export const NO_TEXTS: Texts = new Map<string, string | null>();

/** Relationship.PrimaryEntityRole: https://learn.microsoft.com/dotnet/api/microsoft.xrm.sdk.entityrole */
export const ROLES: readonly string[] = ['Referencing', 'Referenced'];

/** An item of a list of `{key, value}`. */
export interface Pair<N> {
  readonly key: string;
  readonly value?: N | undefined;
}

/**
 * Turns the platform's contracts into values of the change model, whatever form they came in. A form says by the abstract
 * methods what its nodes are: `N` is a value as it was sent, undefined where nothing was.
 * https://learn.microsoft.com/dotnet/api/microsoft.xrm.sdk
 */
export abstract class ValueReader<N> {
  /** @param maxDepth values nested deeper are refused */
  constructor(readonly maxDepth: number) {}

  /** Null, or not sent. */
  abstract isNothing(node: N | undefined): node is undefined;
  /** Whether it may have members. */
  abstract isObject(node: N): boolean;
  abstract member(object: N, name: string): N | undefined;
  /** All members of an object, which may have any number: for whoever asks for many. */
  abstract membersOf(object: N): (name: string) => N | undefined;
  /** These are undefined for a node of another kind. */
  abstract text(node: N | undefined): string | undefined;
  protected abstract idText(node: N | undefined): string | undefined;
  protected abstract whole(node: N | undefined): number | undefined;
  protected abstract flag(node: N | undefined): boolean | undefined;
  /** The digits of an amount. */
  protected abstract amount(node: N | undefined): string | undefined;
  protected abstract role(node: N, place: Place): string | undefined;
  protected abstract items(node: N): readonly N[] | undefined;
  /** An item of a dictionary, as .NET writes them; undefined for one without a key. */
  protected abstract pair(item: N): Pair<N> | undefined;
  /** A value that was sent as null. */
  protected abstract readonly nothing: N;
  /** @param labels by name: looked into only for a value that can have one */
  protected abstract value(node: N, labels: Texts, parent: Place | null, name: string, depth: number): Value;

  /** The value of a parameter or shared variable. */
  parameter(node: N, place: Place, name: string): Value {
    return this.value(node, NO_TEXTS, place, name, 0);
  }

  /** A row in a place that is declared as a row, where no type is written: an image. */
  image(node: N, place: Place, name: string): RowContent {
    return this.row(node, { parent: place, name }, 0);
  }

  /** A whole number. These throw ContextInvalid for a node of another kind, and for none. */
  wholeAt(node: N | undefined, place: Place | null, member?: string): number {
    return this.whole(node) ?? refuse('a whole number', place, member);
  }

  /** True or false. */
  flagAt(node: N | undefined, place: Place | null, member: string): boolean {
    return this.flag(node) ?? refuse('true or false', place, member);
  }

  /** A text that may be null; a member that is absent is null too. */
  textAt(node: N | undefined, place: Place | null, member?: string): string | null {
    return this.isNothing(node) ? null : (this.text(node) ?? refuse('a text or null', place, member));
  }

  /** An id, in lower case and without braces; one that is no GUID stays as it is. */
  idAt(node: N | undefined, place: Place | null, member: string): string {
    const text = this.idText(node) ?? refuse('an id', place, member);
    return guidOf(text) ?? text;
  }

  /** A list of pairs by key; null where the list is not there. */
  pairsAt(list: N | undefined, place: Place): ReadonlyMap<string, N> | null {
    if (this.isNothing(list)) return null;
    const pairs = new Map<string, N>();
    for (const item of this.pairs(list, place)) {
      const { key, value } = this.pairOf(item, place);
      pairs.set(key, value ?? this.nothing);
    }
    return pairs;
  }

  /** An object of the contract that is called so; undefined where there is none. */
  protected contract(contract: string, node: N, labels: Texts, place: Place, depth: number): Value | undefined {
    switch (contract) {
      case 'OptionSetValue': {
        const value = this.wholeAt(this.member(node, 'Value'), place);
        const label = labels.get(place.name);
        return typeof label === 'string' ? { kind: 'choice', value, label } : { kind: 'choice', value };
      }
      case 'EntityReference':
        return {
          kind: 'lookup',
          table: this.name(node, place, 'LogicalName') ?? '',
          id: this.idAt(this.member(node, 'Id'), place, 'Id'),
          name: this.name(node, place, 'Name') ?? labels.get(place.name) ?? null,
        };
      case 'Money': {
        const text = this.amount(this.member(node, 'Value')) ?? refuse('an amount', place, 'Value');
        return { kind: 'money', text };
      }
      case 'Entity':
        return { kind: 'row', row: this.row(node, place, depth) };
      case 'EntityCollection': {
        const list = this.member(node, 'Entities');
        return this.rows(
          this.isNothing(list) ? [] : this.items(list),
          place,
          depth,
          this.name(node, place, 'EntityName'),
        );
      }
      case 'AliasedValue': {
        const inner = this.member(node, 'Value');
        return {
          kind: 'aliased',
          table: this.name(node, place, 'EntityLogicalName') ?? '',
          column: this.name(node, place, 'AttributeLogicalName') ?? '',
          value: inner === undefined ? null : this.value(inner, labels, place.parent, place.name, depth + 1),
        };
      }
      case 'BooleanManagedProperty':
        return {
          kind: 'managed',
          value: this.flagAt(this.member(node, 'Value'), place, 'Value'),
          canBeChanged: this.flagAt(this.member(node, 'CanBeChanged'), place, 'CanBeChanged'),
          property: this.name(node, place, 'ManagedPropertyLogicalName') ?? '',
        };
      case 'Relationship': {
        const role = this.member(node, 'PrimaryEntityRole');
        return {
          kind: 'relationship',
          schemaName: this.name(node, place, 'SchemaName') ?? '',
          role: this.isNothing(role) ? null : (this.role(role, place) ?? null),
        };
      }
      default:
        return undefined;
    }
  }

  protected choices(items: readonly N[], labels: Texts, place: Place): Value {
    const values = items.map((item) => this.wholeAt(this.member(item, 'Value'), place));
    const label = labels.get(place.name);
    return typeof label === 'string' ? { kind: 'choices', values, label } : { kind: 'choices', values };
  }

  /** @param table that of the first row where none is named */
  protected rows(items: readonly N[] | undefined, place: Place, depth: number, table: string | null = null): Value {
    if (items === undefined) return refuse('a list of rows', place);
    const rows = items.map((item, index) => this.row(item, { parent: place, name: String(index) }, depth + 1));
    return { kind: 'rows', table: table ?? rows[0]?.table ?? '', rows };
  }

  protected tooDeep(place: Place | null, name?: string): never {
    return refuse(`nested at most ${this.maxDepth} deep`, place, name);
  }

  private row(node: N, place: Place, depth: number): RowContent {
    if (depth > this.maxDepth) this.tooDeep(place);
    if (!this.isObject(node)) return refuse('a row', place);
    const formatted = this.texts(this.member(node, 'FormattedValues'), { parent: place, name: 'FormattedValues' });
    return {
      table: this.name(node, place, 'LogicalName') ?? '',
      id: this.idAt(this.member(node, 'Id'), place, 'Id'),
      columns: this.columns(node, 'Attributes', formatted, place, depth),
      formatted,
      rowVersion: this.name(node, place, 'RowVersion'),
      keyAttributes: this.columns(node, 'KeyAttributes', NO_TEXTS, place, depth),
    };
  }

  private columns(row: N, member: string, labels: Texts, parent: Place, depth: number): Columns {
    const list = this.member(row, member);
    if (this.isNothing(list)) return NO_COLUMNS;
    const place = { parent, name: member };
    const pairs = this.pairs(list, place);
    if (pairs.length === 0) return NO_COLUMNS;
    const columns = new Map<string, Value>();
    for (const item of pairs) {
      const { key, value } = this.pairOf(item, place);
      columns.set(key, this.value(value ?? this.nothing, labels, place, key, depth + 1));
    }
    return columns;
  }

  private texts(list: N | undefined, place: Place): Texts {
    if (this.isNothing(list)) return NO_TEXTS;
    const pairs = this.pairs(list, place);
    if (pairs.length === 0) return NO_TEXTS;
    const texts = new Map<string, string | null>();
    for (const item of pairs) {
      const { key, value } = this.pairOf(item, place);
      texts.set(key, this.textAt(value, place, key));
    }
    return texts;
  }

  private name(object: N, place: Place, member: string): string | null {
    return this.textAt(this.member(object, member), place, member);
  }

  private pairs(list: N, place: Place): readonly N[] {
    return this.items(list) ?? refuse('a list of pairs', place);
  }

  private pairOf(item: N, place: Place): Pair<N> {
    return this.pair(item) ?? refuse('a list of pairs, each with its key', place);
  }
}

/** Refuses what isn't of its kind. */
export function refuse(expected: string, place: Place | null, member?: string): never {
  throw new ContextInvalid(pathOf(place, member), expected);
}
