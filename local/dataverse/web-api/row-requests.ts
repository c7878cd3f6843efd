import { readBody, requestOptions, type ApiRequest, type ApiResponse } from './api-request';
import type { Callers } from './callers';
import type { KeyLookUps } from './key-look-ups';
import type { Catalog, ColumnDefinition, Table } from '../metadata/table';
import { isTrackingPosition, type ChangeTracking } from '../rows/change-tracking';
import {
  alreadyExists,
  badRequest,
  DataverseError,
  noConcurrency,
  noProperty,
  noSuchKey,
  notFound,
  versionMismatch,
  type ErrorForm,
} from '../dataverse-error';
import type { NameOf } from '../rows/formatted-value';
import { Digits, type Json, type JsonObject } from './json-text';
import { project, readRowInputs, rowToJson, type Projection } from './row-json';
import type { RowKey, RowKeys } from './row-keys';
import { compileFilter, type Comparable, type Predicate } from './odata-filter';
import type { Access } from '../metadata/metadata-json';
import type { Operations, RowInputs } from '../operations/row-operations';
import type { Random } from '../random';
import type { Relationships } from '../metadata/relationship';
import type { OperationOptions } from '../operations/transactions';
import type { Row, RowPage, RowStore } from '../rows/row-store';
import { asReference, propertyName, ValueError, valueToJson } from '../rows/value';

/** What requests for rows work with. */
export interface RowRequestDependencies {
  readonly catalog: Catalog;
  readonly store: RowStore;
  readonly operations: Operations;
  readonly keys: RowKeys;
  readonly callers: Callers;
  readonly lookUps: KeyLookUps;
  readonly random: Random;
  readonly relationships: Relationships;
  readonly tracking: ChangeTracking;
  readonly nameOf: NameOf;
  readonly errorForm: ErrorForm;
  readonly maxPageSize: number;
  /** Tables whose rows are made when asked for (`stringmap`, `asyncoperation`). */
  readonly computed: ReadonlyMap<string, () => readonly Row[]>;
}

/** The rows that a query is about. */
interface RowSet {
  readonly table: Table;
  /** Its URL below the service root. */
  readonly path: string;
  readonly includes: (row: Row) => boolean;
}

const whole = (table: Table): RowSet => ({ table, path: table.entitySetName, includes: () => true });

/** CRUD, queries and change tracking of tables by the Web API. */
export class RowRequests {
  readonly #d: RowRequestDependencies;

  constructor(dependencies: RowRequestDependencies) {
    this.#d = dependencies;
  }

  /** Answers a request for an entity set, its count, or one row; `key` is the text between the parentheses. */
  async answer(request: ApiRequest, table: Table, key: string | undefined, rest: string): Promise<ApiResponse> {
    if (request.method === 'GET') {
      this.#d.callers.demand(request.caller, 'Read', table);
      return this.#read(request, table, key, rest);
    }
    if (rest !== '') throw unsupportedPath(table, rest);
    if (key === undefined) {
      if (request.method === 'POST') return this.#create(request, table);
      throw notAllowed();
    }
    switch (request.method) {
      case 'PATCH':
        return this.#upsert(request, table, key);
      case 'DELETE':
        return this.#delete(request, table, key);
      default:
        throw notAllowed();
    }
  }

  #read(request: ApiRequest, table: Table, key: string | undefined, rest: string): ApiResponse {
    if (key === undefined) {
      if (rest === '$count') return this.#count(request, whole(table));
      if (rest === '') return this.#query(request, whole(table));
      throw unsupportedPath(table, rest);
    }
    if (rest === '') return this.#one(request, table, this.#d.keys.id(table, key));
    return this.#query(request, this.#collection(table, key, rest));
  }

  /** The rows whose lookup refers to a row, by the collection-valued navigation property of that. */
  #collection(table: Table, key: string, navigation: string): RowSet {
    const found = this.#d.relationships.collection(table.logicalName, navigation);
    if (found === undefined) throw unsupportedPath(table, navigation);
    const id = this.#d.keys.id(table, key);
    if (this.#d.store.table(table.logicalName).get(id) === undefined) {
      throw notFound(this.#d.errorForm, table.logicalName, id);
    }
    return {
      table: this.#d.catalog.table(found.table),
      path: `${table.entitySetName}(${id})/${navigation}`,
      includes: (row) => asReference(row.columns[found.column])?.id === id,
    };
  }

  #writable(table: Table): Table {
    if (this.#d.computed.has(table.logicalName)) throw badRequest(`The table ${table.logicalName} is read only here.`);
    return table;
  }

  #options(request: ApiRequest, table: Table, target: Target, access?: Access): OperationOptions {
    return {
      ...requestOptions(request),
      id: target.id,
      precondition: (row) => {
        this.#d.callers.demand(request.caller, access ?? (row === undefined ? 'Create' : 'Write'), table);
        this.#checkConditions(request, table, target, row);
      },
    };
  }

  #checkConditions({ headers }: ApiRequest, table: Table, { id, found }: Target, row: Row | undefined): void {
    const match = headers['if-match'];
    // Clients are told to send the word null to keep caches out of it.
    const noneMatch = headers['if-none-match'];
    if ((match !== undefined || found) && row === undefined) {
      throw notFound(this.#d.errorForm, table.logicalName, id);
    }
    if (noneMatch === '*' && row !== undefined) throw alreadyExists(this.#d.errorForm);
    if (match === undefined || match === '*' || row === undefined) return;
    if (table.optimisticConcurrency === false) throw noConcurrency(table.logicalName);
    if (match !== etag(row)) throw versionMismatch(this.#d.errorForm);
  }

  #one(request: ApiRequest, table: Table, id: string): ApiResponse {
    const projection = project(table, request.query.select);
    const computed = this.#d.computed.get(table.logicalName)?.();
    const row =
      computed === undefined ? this.#d.store.table(table.logicalName).get(id) : computed.find((item) => item.id === id);
    if (row === undefined || isPartitioned(table, row)) throw notFound(this.#d.errorForm, table.logicalName, id);
    // Annotations can tell of other rows, whose changes no version here shows.
    const comparable = table.optimisticConcurrency !== false && request.prefer.annotations.length === 0;
    if (comparable && request.headers['if-none-match'] === etag(row))
      return { status: 304, headers: { ETag: etag(row) } };
    const body = {
      '@odata.context': `${contextUrl(request, table)}/$entity`,
      ...this.#json(request, projection, row),
    };
    return { status: 200, headers: { ETag: etag(row) }, body };
  }

  async #create(request: ApiRequest, table: Table): Promise<ApiResponse> {
    const body = readBody(request.body);
    const given = body[table.primaryId];
    const id = typeof given === 'string' ? given : this.#d.random.guid();
    const options = this.#options(request, this.#writable(table), { id, found: false }, 'Create');
    await this.#d.operations.create(table.logicalName, this.#inputs(table, body), options);
    return this.#written(request, table, id.toLowerCase(), 201);
  }

  async #upsert(request: ApiRequest, table: Table, text: string): Promise<ApiResponse> {
    const body = readBody(request.body);
    const key = this.#d.keys.read(this.#writable(table), text);
    const target = await this.#locate(request, table, key);
    const inputs = this.#inputs(table, body, key);
    // Named by the key that it was asked by.
    const name = key.kind === 'id' ? key.id : text;
    // With If-Match the row has to exist: that is an Update.
    if (request.headers['if-match'] !== undefined) {
      const row = existing(target, table);
      await this.#d.operations.update(table.logicalName, row.id, inputs, this.#options(request, table, row));
      return this.#written(request, table, row.id, 200, name);
    }
    const { id = this.#d.random.guid() } = target;
    const options = this.#options(request, table, { ...target, id });
    const { created } = await this.#d.operations.upsert(table.logicalName, id, inputs, options);
    return this.#written(request, table, id, created ? 201 : 200, name);
  }

  async #delete(request: ApiRequest, table: Table, text: string): Promise<ApiResponse> {
    const key = this.#d.keys.read(this.#writable(table), text);
    const target = existing(await this.#locate(request, table, key), table);
    await this.#d.operations.delete(table.logicalName, target.id, this.#options(request, table, target, 'Delete'));
    return { status: 204 };
  }

  /** Looks a row up, as the platform does before it creates or changes it: what happens in between goes unseen. */
  async #locate({ transaction }: ApiRequest, table: Table, key: RowKey): Promise<Located> {
    if (key.kind === 'id') return { id: key.id, found: false };
    const id = this.#d.keys.find(table, key, transaction);
    await this.#d.lookUps.told({ table: table.logicalName, columns: key.columns, id });
    return { id, found: id !== undefined };
  }

  /**
   * 204, or the row when the caller prefers it: that is read after the commit, with what plug-ins made of it.
   * https://learn.microsoft.com/power-apps/developer/data-platform/use-upsert-insert-update-record
   */
  #written(request: ApiRequest, table: Table, id: string, status: number, name = id): ApiResponse {
    const headers = { 'OData-EntityId': `${request.serviceRoot}/${table.entitySetName}(${name})` };
    if (!request.prefer.returnRepresentation) return { status: 204, headers };
    const read = (): ApiResponse => {
      const shown = this.#one({ ...request, headers: {} }, table, id);
      return { ...shown, status, headers: { ...shown.headers, ...headers } };
    };
    return request.transaction === undefined ? read() : { status, headers, committed: read };
  }

  /** Of the columns of an alternate key those in the body count when the row is created, and none when it is changed. */
  #inputs(table: Table, body: JsonObject, key?: RowKey): RowInputs {
    const columns = key?.kind === 'alternate' ? key.columns : {};
    return (work, created) => {
      const inputs = readRowInputs(table, body, (link) => this.#d.keys.linked(link, work));
      if (created) return { ...columns, ...inputs };
      return Object.fromEntries(Object.entries(inputs).filter(([name]) => !(name in columns)));
    };
  }

  #json(request: ApiRequest, projection: Projection, row: Row): Record<string, Json> {
    return rowToJson(row, projection, request.prefer.annotations, this.#d.nameOf);
  }

  #pageSize(request: ApiRequest): number {
    return Math.min(request.prefer.maxPageSize ?? this.#d.maxPageSize, this.#d.maxPageSize);
  }

  #query(request: ApiRequest, set: RowSet): ApiResponse {
    const { query } = request;
    const { table } = set;
    const tracked =
      request.prefer.trackChanges ||
      query.deltaToken !== undefined ||
      (query.skipToken !== undefined && isTrackingPosition(query.skipToken));
    const projection = project(table, query.select);
    if (tracked && set.path !== table.entitySetName) throw badRequest('Changes are tracked of whole tables only.');
    if (tracked) return this.#changes(request, table, projection);
    const page = this.#page(request, set);
    const counted = query.count ? { '@odata.count': this.#matching(request, set).length } : {};
    const next =
      page.next === undefined ? {} : { '@odata.nextLink': link(request, set.path, `$skiptoken=${page.next}`) };
    const value = page.rows.map((row) => this.#json(request, projection, row));
    return { status: 200, body: { '@odata.context': contextUrl(request, table), ...counted, value, ...next } };
  }

  #page(request: ApiRequest, set: RowSet): RowPage {
    const { table } = set;
    const { query } = request;
    const from = Number(query.skipToken ?? 0);
    const size = Math.min(this.#pageSize(request), query.top ?? Infinity);
    const inOrder = query.orderBy === undefined && !this.#d.computed.has(table.logicalName);
    if (inOrder) {
      const page = this.#d.store.table(table.logicalName).page(from, size, this.#predicate(request, set));
      return query.top === undefined ? page : { ...page, next: undefined };
    }
    const rows = this.#matching(request, set);
    const more = query.top === undefined && from + size < rows.length;
    return { rows: rows.slice(from, from + size), next: more ? from + size : undefined };
  }

  /** All rows of the query, sorted. */
  #matching(request: ApiRequest, set: RowSet): readonly Row[] {
    const { table } = set;
    const accept = this.#predicate(request, set);
    const all = this.#d.computed.get(table.logicalName)?.() ?? [...this.#d.store.table(table.logicalName).values()];
    const rows = all.filter(accept);
    const order = request.query.orderBy?.split(',').map((item) => item.trim().split(/\s+/)) ?? [];
    for (const [name = '', direction] of order.toReversed()) {
      const sign = direction === 'desc' ? -1 : 1;
      readable(table, name);
      const value = (row: Row): Comparable => comparable(table, row, name);
      rows.sort((a, b) => sign * compareValues(value(a), value(b)));
    }
    return rows;
  }

  #predicate(request: ApiRequest, { table, includes }: RowSet): (row: Row) => boolean {
    if (request.query.filter === undefined) return includes;
    const predicate: Predicate = compileFilter(request.query.filter);
    return (row) => includes(row) && predicate((name) => comparable(table, row, name));
  }

  #changes(request: ApiRequest, table: Table, projection: Projection): ApiResponse {
    const page = this.#d.tracking.page(table, request.query, this.#pageSize(request));
    const deletedContext = `${request.serviceRoot}/$metadata#${table.entitySetName}/$deletedEntity`;
    const value = page.items.map((item) =>
      item.kind === 'row'
        ? this.#json(request, projection, item.row)
        : { '@odata.context': deletedContext, id: item.id, reason: 'deleted' },
    );
    const url = link(request, table.entitySetName, page.link.parameter);
    const context = `${contextUrl(request, table)}${page.isDelta ? '/$delta' : ''}`;
    // A page has one link, never both: the delta link says that the run is complete.
    return page.link.kind === 'next'
      ? { status: 200, body: { '@odata.context': context, value, '@odata.nextLink': url } }
      : { status: 200, body: { '@odata.context': context, '@odata.deltaLink': url, value } };
  }

  #count(request: ApiRequest, set: RowSet): ApiResponse {
    const count =
      request.query.deltaToken === undefined
        ? this.#matching(request, set).length
        : this.#d.tracking.count(set.table, request.query);
    return { status: 200, text: String(count) };
  }
}

/** The row that a request is about. */
interface Target {
  readonly id: string;
  /** An alternate key led to it: it has to be there. */
  readonly found: boolean;
}

/** The same; an alternate key may lead to none. */
type Located = Omit<Target, 'id'> & { readonly id: string | undefined };

function existing({ id, found }: Located, table: Table): Target {
  if (id === undefined) throw noSuchKey(table.logicalName);
  return { id, found };
}

/**
 * Of an elastic table a row that has a partition isn't found by its id alone.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-elastic-tables#specify-partitionid
 */
const isPartitioned = ({ tableType }: Table, { columns }: Row): boolean =>
  tableType === 'Elastic' && (columns.partitionid ?? null) !== null;

const etag = (row: Row): string => `W/"${row.version}"`;

const unsupportedPath = (table: Table, rest: string): DataverseError =>
  badRequest(`The path after '${table.entitySetName}' is not supported here: '${rest}'.`);

const notAllowed = (): DataverseError =>
  new DataverseError(405, '0x80060888', 'The HTTP method is not supported here.');

function contextUrl(request: ApiRequest, table: Table): string {
  const columns = request.query.select === undefined ? '' : `(${request.query.select.join(',')})`;
  return `${request.serviceRoot}/$metadata#${table.entitySetName}${columns}`;
}

/** The request's own URL with another page or delta parameter; the rest of its query is kept as it came. */
function link(request: ApiRequest, path: string, parameter: string): string {
  const kept = request.search
    .split('&')
    .filter((part) => part !== '' && !/^(\$|%24)(skiptoken|deltatoken)=/i.test(part));
  return `${request.serviceRoot}/${path}?${[...kept, parameter].join('&')}`;
}

/** The column that a filter or an order names; what can't be read can't be compared either. */
function readable(table: Table, property: string): ColumnDefinition {
  const column = table.byName.get(/^_(.+)_value$/.exec(property)?.[1] ?? property);
  if (column === undefined || column.writeOnly === true || propertyName(column) !== property) {
    throw noProperty(property, table.logicalName);
  }
  return column;
}

function comparable(table: Table, row: Row, property: string): Comparable {
  const column = readable(table, property);
  const value = row.columns[column.logicalName] ?? null;
  if (typeof value === 'bigint') return value;
  const reference = asReference(value);
  if (reference !== undefined) return reference.id;
  const json = valueToJson(column, value);
  if (json instanceof Digits) return Number(json.text);
  return typeof json === 'object' ? null : json;
}

function compareValues(a: Comparable, b: Comparable): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return a < b ? -1 : 1;
}

/** An error of any kind as the Web API's own. */
export const asDataverseError = (error: unknown): DataverseError => {
  if (error instanceof DataverseError) return error;
  if (error instanceof ValueError) return badRequest(error.message, '0x80048d19');
  return new DataverseError(
    500,
    '0x80040216',
    error instanceof Error ? error.message : 'An unexpected error occurred.',
  );
};
