import { badRequest } from '../dataverse-error';
import type { ParameterValue, RowValue } from '../events/event';
import type { Catalog } from '../metadata/table';
import type { RowChanges } from '../operations/row-changes';
import { EMPTY_GUID, propertyName, valueToJson, type ColumnInputs, type Reference } from '../rows/value';
import { Digits, isList, isObject, type Json, type JsonObject } from './json-text';
import { readRowInputs } from './row-json';
import type { RowKeys } from './row-keys';

/**
 * Types of a custom API's parameters and properties.
 * https://learn.microsoft.com/power-apps/developer/data-platform/custom-api
 */
export type ApiParameterType =
  | 'Boolean'
  | 'DateTime'
  | 'Decimal'
  | 'Entity'
  | 'EntityCollection'
  | 'EntityReference'
  | 'Float'
  | 'Guid'
  | 'Integer'
  | 'Money'
  | 'Picklist'
  | 'String'
  | 'StringArray';

/** A row given as a parameter. */
export interface ApiEntity {
  readonly table: string;
  /** @default an empty id */
  readonly id?: string;
  readonly columns: ColumnInputs;
}

/** A parameter as callers and handlers give it; digits of a decimal as text keep their scale. */
export type ApiValue =
  null | boolean | number | string | Date | Reference | ApiEntity | readonly string[] | readonly ApiEntity[];

/** Parameters by name. */
export type ApiValues = Readonly<Record<string, ApiValue>>;

const isEntity = (value: ApiValue): value is ApiEntity =>
  typeof value === 'object' && value !== null && 'columns' in value;
const isReference = (value: ApiValue): value is Reference =>
  typeof value === 'object' && value !== null && 'table' in value && 'id' in value && !('columns' in value);
const isApiList = (value: ApiValue): value is readonly string[] | readonly ApiEntity[] => Array.isArray(value);

/** Gives values their declared types, and reads and writes them as the Web API does. */
export class ApiParameters {
  readonly #catalog: Catalog;
  readonly #changes: RowChanges;
  readonly #keys: RowKeys;

  constructor(catalog: Catalog, changes: RowChanges, keys: RowKeys) {
    this.#catalog = catalog;
    this.#changes = changes;
    this.#keys = keys;
  }

  /** A value as its declared type. */
  typed(name: string, type: ApiParameterType, value: ApiValue): ParameterValue {
    if (value === null) return { kind: 'null' };
    const accepted = this.#accept(type, value);
    if (accepted === undefined) throw badRequest(`The value of '${name}' is no ${type}.`, '0x80048d19');
    return accepted;
  }

  #accept(type: ApiParameterType, value: Exclude<ApiValue, null>): ParameterValue | undefined {
    const number = typeof value === 'number' ? value : undefined;
    const text = typeof value === 'string' ? value : undefined;
    switch (type) {
      case 'Boolean':
        return typeof value === 'boolean' ? { kind: 'boolean', flag: value } : undefined;
      case 'Integer':
        return number !== undefined && Number.isInteger(number) ? { kind: 'integer', number } : undefined;
      case 'Float':
        return number === undefined ? undefined : { kind: 'double', number };
      case 'Picklist':
        return number === undefined ? undefined : { kind: 'choice', number };
      case 'Decimal':
      case 'Money': {
        const digits = number === undefined ? text : String(number);
        if (digits === undefined || !/^-?\d+(\.\d+)?$/.test(digits)) return undefined;
        return { kind: type === 'Money' ? 'money' : 'decimal', text: digits };
      }
      case 'String':
        return text === undefined ? undefined : { kind: 'string', text };
      case 'Guid':
        return text === undefined ? undefined : { kind: 'guid', text: text.toLowerCase() };
      case 'DateTime': {
        const ms = value instanceof Date ? value.getTime() : Date.parse(text ?? '');
        return Number.isNaN(ms) ? undefined : { kind: 'dateTime', text: new Date(ms).toISOString() };
      }
      case 'StringArray': {
        const items = isApiList(value) ? value.filter((item) => typeof item === 'string') : undefined;
        return items === undefined ? undefined : { kind: 'strings', items };
      }
      case 'EntityReference':
        return isReference(value) ? { kind: 'reference', reference: { table: value.table, id: value.id } } : undefined;
      case 'Entity':
        return isEntity(value) ? { kind: 'entity', row: this.#row(value) } : undefined;
      case 'EntityCollection': {
        if (!isApiList(value)) return undefined;
        const rows = value.filter((item) => typeof item !== 'string').map((item) => this.#row(item));
        return { kind: 'entities', table: rows[0]?.table.logicalName ?? null, rows };
      }
      default:
        return type satisfies never;
    }
  }

  #row({ table: tableName, id = EMPTY_GUID, columns }: ApiEntity): RowValue {
    const table = this.#catalog.table(tableName);
    return { table, id, columns: this.#changes.accept(table, columns) };
  }

  /** A value of a request's body. */
  read(name: string, type: ApiParameterType, json: Json): ApiValue {
    switch (type) {
      case 'Decimal':
      case 'Money':
        return json instanceof Digits ? json.text : scalar(name, json);
      case 'StringArray':
        return isList(json) ? json.filter((item) => typeof item === 'string') : scalar(name, json);
      case 'EntityReference':
        return isObject(json) ? this.#reference(json) : scalar(name, json);
      case 'Entity':
        return isObject(json) ? this.entity(json) : scalar(name, json);
      case 'EntityCollection':
        return isList(json) ? json.filter(isObject).map((item) => this.entity(item)) : scalar(name, json);
      default:
        return scalar(name, json);
    }
  }

  #reference(json: JsonObject): Reference {
    if (json['@odata.id'] !== undefined) return this.#keys.linked(json['@odata.id']);
    const { table, id } = this.entity(json);
    return { table, id };
  }

  /** A row in a request's body, which names its table: `{"@odata.type":"Microsoft.Dynamics.CRM.account",…}`. */
  entity(json: JsonObject): Required<ApiEntity> {
    const type = json['@odata.type'];
    const name = typeof type === 'string' ? type.replace(/^#?Microsoft\.Dynamics\.CRM\./, '') : '';
    const table = this.#catalog.find(name);
    if (table === undefined) throw badRequest(`A row needs '@odata.type' with its table; '${name}' is none.`);
    const id = json[table.primaryId];
    return {
      table: table.logicalName,
      id: typeof id === 'string' ? id.toLowerCase() : EMPTY_GUID,
      columns: readRowInputs(table, json, (link) => this.#keys.linked(link)),
    };
  }

  /** A value in a response's body. */
  write(value: ParameterValue): Json {
    switch (value.kind) {
      case 'null':
        return null;
      case 'boolean':
        return value.flag;
      case 'integer':
      case 'double':
      case 'choice':
        return value.number;
      case 'decimal':
      case 'money':
        return new Digits(value.text);
      case 'string':
      case 'guid':
      case 'dateTime':
        return value.text;
      case 'strings':
      case 'guids':
        return value.items;
      case 'reference':
        return this.#referenceJson(value.reference);
      case 'references':
        return value.references.map((reference) => this.#referenceJson(reference));
      case 'relationship':
        return value.schemaName;
      case 'entity':
        return rowJson(value.row);
      case 'entities':
        return value.rows.map(rowJson);
      default:
        return value satisfies never;
    }
  }

  #referenceJson({ table, id }: Reference): Json {
    return { '@odata.type': `#Microsoft.Dynamics.CRM.${table}`, [this.#catalog.table(table).primaryId]: id };
  }
}

function rowJson({ table, columns }: RowValue): Json {
  const members = Object.entries(columns).flatMap(([name, value]): [string, Json][] => {
    const column = table.byName.get(name);
    return column === undefined ? [] : [[propertyName(column), valueToJson(column, value)]];
  });
  return { '@odata.type': `#Microsoft.Dynamics.CRM.${table.logicalName}`, ...Object.fromEntries(members) };
}

function scalar(name: string, json: Json): ApiValue {
  if (json instanceof Digits) return Number(json.text);
  if (isList(json) || isObject(json)) throw badRequest(`The value of '${name}' has the wrong type.`, '0x80048d19');
  return json;
}
