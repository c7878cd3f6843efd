import { DataverseError, badRequest, noProperty, noResource } from '../dataverse-error';
import { readBody, type ApiRequest, type ApiResponse } from '../web-api/api-request';
import { isObject, writeJson, type Json } from '../web-api/json-text';
import { compileFilter, type Comparable } from '../web-api/odata-filter';
import type { ODataQuery } from '../web-api/odata-query';
import {
  attributesMetadata,
  keyMetadata,
  metadataId,
  relationshipMetadata,
  tableMetadata,
  type AttributeMetadata,
  type Metadata,
  type RelationshipMetadata,
} from './metadata-json';
import type { AlternateKeys } from './alternate-keys';
import type { Relationships } from './relationship';
import type { Catalog, Table } from './table';

const TRACKING = 'ChangeTrackingEnabled';
const CAST = 'Microsoft.Dynamics.CRM.';

function attributeJson(attribute: AttributeMetadata, query: ODataQuery, cast: string | undefined): Json {
  const members = cast === undefined ? attribute.common : { ...attribute.common, ...attribute.own };
  const type = cast ?? 'AttributeMetadata';
  const json: Record<string, Json> = {
    ...(cast === undefined ? { '@odata.type': `#${CAST}${attribute.type}` } : {}),
    ...(cast === undefined && query.select === undefined
      ? { ...members, ...attribute.own }
      : selected(members, query.select, type)),
  };
  for (const [name, options] of query.expand) {
    if (name !== 'OptionSet' && name !== 'GlobalOptionSet') throw noProperty(name, type);
    if (attribute.optionSet === undefined) throw noProperty(name, type);
    const set = name === 'OptionSet' && isObject(attribute.optionSet) ? attribute.optionSet : undefined;
    json[name] = set === undefined ? null : selected(set, options.select, 'OptionSetMetadata');
  }
  return json;
}

function attributeList(table: Table, query: ODataQuery, cast: string | undefined): Json[] {
  return attributesMetadata(table)
    .filter((attribute) => cast === undefined || attribute.type === cast)
    .filter((attribute) => matches({ ...attribute.common, ...attribute.own }, query.filter))
    .map((attribute) => attributeJson(attribute, query, cast));
}

/** The members of a table's definition that hold definitions themselves, beside its attributes. */
const COLLECTIONS = ['Keys', 'ManyToOneRelationships', 'OneToManyRelationships'] as const;

type Collection = (typeof COLLECTIONS)[number];

const isCollection = (name: string): name is Collection => COLLECTIONS.some((each) => each === name);

/** Tables and columns by `EntityDefinitions` (query-metadata-web-api). */
export class MetadataRequests {
  readonly #catalog: Catalog;
  readonly #relationships: Relationships;
  readonly #keys: AlternateKeys;
  /** Tables whose changes are tracked once they are published. */
  readonly #unpublished = new Set<string>();

  constructor(catalog: Catalog, relationships: Relationships, keys: AlternateKeys) {
    this.#catalog = catalog;
    this.#relationships = relationships;
    this.#keys = keys;
  }

  /** Answers `EntityDefinitions`, one of them, its attributes, or one of those. */
  answer(request: ApiRequest): ApiResponse {
    if (request.method === 'PUT') return this.#replace(request);
    if (request.method !== 'GET')
      throw new DataverseError(405, '0x80060888', 'Definitions are read and replaced only here.');
    const context = `${request.serviceRoot}/$metadata#EntityDefinitions`;
    const path = /^EntityDefinitions(?:\(([^)]*)\))?(?:\/(.*))?$/.exec(request.path);
    const [, key, rest] = path ?? [];
    if (key === undefined) {
      if (path === null || rest !== undefined) throw noResource(request.path);
      const tables = [...this.#catalog.tables].filter((table) => matches(tableMetadata(table), request.query.filter));
      const value = tables.map((table) => this.#tableJson(table, request.query));
      return { status: 200, body: { '@odata.context': context, value } };
    }
    const table = this.#table(key);
    if (rest === undefined) {
      const json = this.#tableJson(table, request.query);
      return { status: 200, body: { '@odata.context': `${context}/$entity`, ...json } };
    }
    const own = `${context}('${table.logicalName}')`;
    const [, name = '', one] = /^(\w+)(?:\(LogicalName='([^']*)'\))?$/.exec(rest) ?? [];
    if (!isCollection(name)) return this.#attributes(request, table, rest, own);
    const value = this.#collection(table, name, request.query, one);
    if (one === undefined) return { status: 200, body: { '@odata.context': `${own}/${name}`, value } };
    if (value[0] === undefined) {
      throw new DataverseError(404, '0x80060888', `Could not find an entity key with logical name = '${one}'.`);
    }
    return { status: 200, body: { '@odata.context': `${own}/${name}/$entity`, ...value[0] } };
  }

  #tableJson(table: Table, query: ODataQuery): Record<string, Json> {
    const json = selected(tableMetadata(table), query.select, 'EntityMetadata');
    for (const [name, options] of query.expand) {
      if (name === 'Attributes') json.Attributes = attributeList(table, options, undefined);
      else if (isCollection(name)) json[name] = this.#collection(table, name, options);
      else throw badRequest(`Expanding '${name}' is not supported here.`);
    }
    return json;
  }

  #collection(table: Table, name: Collection, query: ODataQuery, one?: string): Record<string, Json>[] {
    const all = this.#definitions(table, name).filter((each) => one === undefined || each.LogicalName === one);
    const type = name === 'Keys' ? 'EntityKeyMetadata' : 'OneToManyRelationshipMetadata';
    return all
      .filter((members) => matches(members, query.filter))
      .map((members) => selected(members, query.select, type));
  }

  #definitions(table: Table, name: Collection): readonly Metadata[] {
    if (name === 'Keys') return table.keys.map((key) => keyMetadata(table, key));
    const end = name === 'ManyToOneRelationships' ? 'referencing' : 'referenced';
    return this.#relationships
      .all()
      .filter((each) => each.kind === 'oneToMany')
      .filter((each) => each[end].table === table.logicalName)
      .map(relationshipMetadata)
      .map(({ common, own }) => ({ ...common, ...own }));
  }

  /** `POST ReactivateEntityKey`: the index of a key that failed is built once more. */
  reactivateKey(request: ApiRequest): ApiResponse {
    if (request.method !== 'POST') throw new DataverseError(405, '0x80060888', 'Actions are called by POST.');
    const body = readBody(request.body);
    const table = typeof body.EntityLogicalName === 'string' ? this.#catalog.find(body.EntityLogicalName) : undefined;
    const key = table?.keys.find(({ schemaName }) => schemaName.toLowerCase() === body.EntityKeyLogicalName);
    if (table === undefined || key === undefined) throw badRequest('Could not find the entity key.');
    this.#keys.reactivate(table, key);
    return { status: 204 };
  }

  /**
   * `PUT EntityDefinitions(…)`: the whole definition, of which only ChangeTrackingEnabled can differ. It shows after
   * publishing.
   */
  #replace(request: ApiRequest): ApiResponse {
    const key = /^EntityDefinitions\(([^)]*)\)$/.exec(request.path)?.[1];
    if (key === undefined) throw noResource(request.path);
    const table = this.#table(key);
    const before = tableMetadata(table);
    const after = readBody(request.body);
    const differing = Object.keys(before).filter(
      (name) =>
        name !== TRACKING && writeJson(after[name] ?? null, 'webApi') !== writeJson(before[name] ?? null, 'webApi'),
    );
    if (differing.length > 0 || typeof after[TRACKING] !== 'boolean')
      throw badRequest(
        `A definition is replaced as a whole, and only ${TRACKING} can be changed here: ${differing.join(', ')}.`,
      );
    if (request.headers['mscrm.mergelabels'] !== 'true')
      throw badRequest('Without MSCRM.MergeLabels labels would be lost, which is not supported here.');
    if (after[TRACKING] !== table.changeTracking) {
      if (table.changeTracking) throw badRequest('Change tracking can not be disabled.');
      if (table.changeTrackingAllowed === false) throw badRequest(`${TRACKING} can not be set for this table.`);
      this.#unpublished.add(table.logicalName);
    }
    return { status: 204 };
  }

  /** `POST PublishXml`: what was changed of the tables that are named shows from now on. */
  publish(request: ApiRequest): ApiResponse {
    if (request.method !== 'POST') throw new DataverseError(405, '0x80060888', 'Actions are called by POST.');
    const xml = readBody(request.body).ParameterXml;
    if (typeof xml !== 'string') throw badRequest("The parameter 'ParameterXml' is missing.");
    for (const [, name = ''] of xml.matchAll(/<entity>([^<]*)<\/entity>/g)) {
      const table = this.#catalog.find(name);
      if (table === undefined) throw badRequest(`The entity with a name = '${name}' was not found.`);
      if (this.#unpublished.delete(name)) this.#catalog.trackChanges(table);
    }
    return { status: 204 };
  }

  #table(key: string): Table {
    const name = /^LogicalName='([^']*)'$/.exec(key)?.[1];
    const table =
      name === undefined
        ? [...this.#catalog.tables].find((candidate) => metadataId(candidate.logicalName) === key.toLowerCase())
        : this.#catalog.find(name);
    if (table !== undefined) return table;
    const which = name === undefined ? `id = '${key}'` : `logical name = '${name}'`;
    throw new DataverseError(404, '0x80060888', `Could not find an entity with ${which}.`);
  }

  #attributes(request: ApiRequest, table: Table, rest: string, context: string): ApiResponse {
    const [, name, cast] =
      /^Attributes(?:\(LogicalName='([^']*)'\))?(?:\/Microsoft\.Dynamics\.CRM\.(\w+))?$/.exec(rest) ?? [];
    if (!rest.startsWith('Attributes') || (rest !== 'Attributes' && name === undefined && cast === undefined)) {
      throw noResource(rest);
    }
    const suffix = cast === undefined ? '/Attributes' : `/Attributes/${CAST}${cast}`;
    if (name === undefined) {
      return {
        status: 200,
        body: { '@odata.context': `${context}${suffix}`, value: attributeList(table, request.query, cast) },
      };
    }
    const attribute = attributesMetadata(table).find((candidate) => candidate.common.LogicalName === name);
    if (attribute === undefined || (cast !== undefined && attribute.type !== cast)) {
      throw new DataverseError(404, '0x80060888', `Could not find an attribute with logical name = '${name}'.`);
    }
    const json = attributeJson(attribute, request.query, cast);
    return { status: 200, body: { '@odata.context': `${context}${suffix}/$entity`, ...(isObject(json) ? json : {}) } };
  }
}

const PATH = /^RelationshipDefinitions(?:\(([^)]*)\))?(?:\/Microsoft\.Dynamics\.CRM\.(\w+))?$/;

/** Without a cast only what all relationships have can be selected; the type tells which cast gives the rest. */
function relationshipJson(
  { type, common, own }: RelationshipMetadata,
  { select }: ODataQuery,
  cast: string | undefined,
): Record<string, Json> {
  if (cast !== undefined) return selected({ ...common, ...own }, select, cast);
  const members = select === undefined ? { ...common, ...own } : selected(common, select, 'RelationshipMetadataBase');
  return { '@odata.type': `#${CAST}${type}`, ...members };
}

/** Relationships by `RelationshipDefinitions` (query-metadata-web-api). */
export class RelationshipRequests {
  readonly #relationships: Relationships;

  constructor(relationships: Relationships) {
    this.#relationships = relationships;
  }

  /** Answers `RelationshipDefinitions` or one of them, with or without a cast to its kind. */
  answer(request: ApiRequest): ApiResponse {
    if (request.method !== 'GET') throw new DataverseError(405, '0x80060888', 'Definitions are read only here.');
    const path = PATH.exec(request.path);
    if (path === null) throw noResource(request.path);
    const [, key, cast] = path;
    const all = this.#relationships.all().map(relationshipMetadata);
    const suffix = cast === undefined ? '' : `/${CAST}${cast}`;
    const context = `${request.serviceRoot}/$metadata#RelationshipDefinitions${suffix}`;
    if (key !== undefined) {
      const json = relationshipJson(one(all, key, cast), request.query, cast);
      return { status: 200, body: { '@odata.context': `${context}/$entity`, ...json } };
    }
    const value = all
      .filter(({ type }) => cast === undefined || type === cast)
      .filter(({ common, own }) => matches(cast === undefined ? common : { ...common, ...own }, request.query.filter))
      .map((relationship) => relationshipJson(relationship, request.query, cast));
    return { status: 200, body: { '@odata.context': context, value } };
  }
}

function one(all: readonly RelationshipMetadata[], key: string, cast: string | undefined): RelationshipMetadata {
  const name = /^SchemaName='([^']*)'$/.exec(key)?.[1];
  const found = all.find(({ common }) =>
    name === undefined ? common.MetadataId === key.toLowerCase() : common.SchemaName === name,
  );
  if (found !== undefined && (cast === undefined || found.type === cast)) return found;
  const which = name === undefined ? `id = '${key}'` : `schema name = '${name}'`;
  throw new DataverseError(404, '0x80060888', `Could not find a relationship with ${which}.`);
}

/** Members named by `$select` (all without one); MetadataId always comes along. */
export function selected(members: Metadata, select: readonly string[] | undefined, type: string): Record<string, Json> {
  if (select === undefined) return { ...members };
  const result: Record<string, Json> = {};
  for (const name of select) {
    const value = members[name];
    if (value === undefined) throw noProperty(name, type);
    result[name] = value;
  }
  return { ...result, MetadataId: members.MetadataId ?? null };
}

/** Do the members satisfy a `$filter`? */
export function matches(members: Metadata, filter: string | undefined): boolean {
  if (filter === undefined) return true;
  return compileFilter(filter)((path): Comparable => {
    let value: Json | undefined = members;
    for (const name of path.split('/')) value = value !== undefined && isObject(value) ? value[name] : undefined;
    return typeof value === 'object' && value !== null ? undefined : value;
  });
}
