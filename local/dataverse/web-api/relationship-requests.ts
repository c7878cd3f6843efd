import type { ApiRequest, ApiResponse } from './api-request';
import { DataverseError, noResource } from '../dataverse-error';
import type { Json } from './json-text';
import { matches, selected } from '../metadata/metadata-selection';
import type { ODataQuery } from './odata-query';
import { relationshipMetadata, type RelationshipMetadata } from '../metadata/relationship-metadata';
import type { Relationships } from '../metadata/relationship';

const CAST = 'Microsoft.Dynamics.CRM.';
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
