import { badRequest, noSuchKey, notAKey } from '../dataverse-error';
import type { AlternateKey, AlternateKeys, RowView } from '../metadata/alternate-keys';
import type { Catalog, ColumnDefinition, Table } from '../metadata/table';
import { acceptValue, isGuid, propertyName, ValueError, type Columns, type Reference, type Value } from '../rows/value';
import type { Json } from './json-text';
import { splitAt, splitOutside } from './odata-query';

/** What stands between the parentheses after an entity set: the id of a row, or its values of an alternate key. */
export type RowKey =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'alternate'; readonly key: AlternateKey; readonly columns: Columns };

/** The parts of a path below the service root: `accounts(accountnumber='1')/primarycontactid`. */
export interface ResourcePath {
  readonly set: string;
  /** Between the parentheses; undefined without these. */
  readonly key: string | undefined;
  /** After the slash. */
  readonly rest: string;
}

// A quoted text may hold parentheses and slashes; a quote in it is doubled.
const KEY = String.raw`\(((?:[^'()]|'[^']*')*)\)`;
const PATH = new RegExp(String.raw`^(\w+)(?:${KEY})?(?:/(.*))?$`);
const LINK = new RegExp(String.raw`(?:^|/)(\w+)${KEY}$`);

/** Takes a decoded path apart; undefined when it is none of rows. */
export function resourcePath(path: string): ResourcePath | undefined {
  const [, set, key, rest = ''] = PATH.exec(path) ?? [];
  return set === undefined ? undefined : { set, key, rest };
}

/** Reads how requests name rows, and finds these. */
export class RowKeys {
  readonly #catalog: Catalog;
  readonly #keys: AlternateKeys;

  constructor(catalog: Catalog, keys: AlternateKeys) {
    this.#catalog = catalog;
    this.#keys = keys;
  }

  /**
   * Reads a row's key: `00000000-…`, the same with the name of the primary id, or the values of an alternate key.
   * https://learn.microsoft.com/power-apps/developer/data-platform/use-alternate-key-reference-record
   */
  read(table: Table, text: string): RowKey {
    const pairs = splitOutside(text, ',').map((part) => splitAt(part.trim(), '='));
    const first = pairs[0] ?? ['', ''];
    if (!text.includes('=')) return { kind: 'id', id: guid(table, text) };
    // Users and teams inherit their key from principal: its name is ownerid.
    const named = !['systemuser', 'team'].includes(table.logicalName);
    if (pairs.length === 1 && first[0] === table.primaryId && named) return { kind: 'id', id: guid(table, first[1]) };
    const columns = pairs.map(([property]) => table.columns.find((column) => propertyName(column) === property));
    const found = columns.filter((column) => column !== undefined);
    const key = this.#keys.ofColumns(
      table,
      found.map(({ logicalName }) => logicalName),
    );
    if (key === undefined || found.length < columns.length) throw notAKey(table.logicalName);
    const values = found.map((column, index) => [column.logicalName, keyValue(column, pairs[index]?.[1] ?? '')]);
    return { kind: 'alternate', key, columns: Object.fromEntries(values) as Columns };
  }

  /** The id of the row; undefined when an alternate key leads to none. */
  find(table: Table, key: RowKey, view?: RowView): string | undefined {
    return key.kind === 'id' ? key.id : this.#keys.find(table, key.key, key.columns, view);
  }

  /** The id that a key's text leads to; throws when an alternate key leads to none. */
  id(table: Table, text: string, view?: RowView): string {
    const id = this.find(table, this.read(table, text), view);
    if (id === undefined) throw noSuchKey(table.logicalName);
    return id;
  }

  /** The row that a URL, absolute or relative, leads to: `accounts(…)`. */
  linked(link: Json | undefined, view?: RowView): Reference {
    const [, set = '', key = ''] = LINK.exec(typeof link === 'string' ? link : '') ?? [];
    const table = this.#catalog.bySet(set);
    if (table === undefined) throw badRequest(`The reference '${JSON.stringify(link ?? null)}' leads to no table.`);
    return { table: table.logicalName, id: this.id(table, decoded(key), view) };
  }
}

/** A part of a URL without its escapes. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(`The URL has an escape that is none: '${text}'.`, '0x0');
  }
}

function guid(table: Table, text: string): string {
  const id = text.replace(/^'(.*)'$/, '$1').toLowerCase();
  if (!isGuid(id)) throw notAKey(table.logicalName);
  return id;
}

/**
 * Characters that the platform does not take in a key, however they are encoded.
 * https://learn.microsoft.com/power-apps/developer/data-platform/define-alternate-keys-entity#create-alternate-keys
 */
const BREAKING = /[/<>*%&:\\?+]/;

/** The value of a literal: texts in quotes, all else bare. */
function keyValue(column: ColumnDefinition, literal: string): Value {
  const syntax = (): Error => badRequest(`Bad Request - Error in query syntax.`);
  const quoted = /^'((?:[^']|'')*)'$/.exec(literal)?.[1];
  const text = quoted?.replaceAll("''", "'") ?? literal;
  const breaking = BREAKING.exec(text)?.[0];
  if (breaking !== undefined) {
    throw badRequest(`A potentially dangerous Request.Path value was detected from the client (${breaking}).`, '0x0');
  }
  if ((column.type === 'string') !== (quoted !== undefined) || text === '' || literal === 'null') throw syntax();
  try {
    switch (column.type) {
      case 'lookup':
      case 'customer':
      case 'owner':
        return acceptValue(column, { table: column.targets[0] ?? '', id: text });
      case 'integer':
      case 'choice':
        return acceptValue(column, Number(text));
      default:
        return acceptValue(column, text);
    }
  } catch (error) {
    throw error instanceof ValueError ? syntax() : error;
  }
}
