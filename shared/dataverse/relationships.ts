import { LRUCache } from 'lru-cache';
import type { Relationship, RelationshipCatalog } from '../mapping/relationship';
import { WebApiError, type WebApi } from './web-api';

/** How long a definition is used before it is read again, in milliseconds. */
const LIFETIME_MS = 60 * 60 * 1000;

interface Found {
  readonly relationship: Relationship | undefined;
}

/**
 * Relationships' definitions from the Web API: one request each, a second one for a one-to-many relationship.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
 */
export class WebApiRelationships implements RelationshipCatalog {
  readonly #found: LRUCache<string, Found>;

  constructor(api: WebApi) {
    this.#found = new LRUCache<string, Found>({
      max: 1000,
      ttl: LIFETIME_MS,
      fetchMethod: async (schemaName) => ({ relationship: await readRelationship(api, schemaName) }),
      allowStaleOnFetchRejection: true,
      noDeleteOnFetchRejection: true,
    });
  }

  async relationship(schemaName: string): Promise<Relationship | undefined> {
    return (await this.#found.fetch(schemaName))?.relationship;
  }
}

const MANY_TO_MANY =
  'SchemaName,IntersectEntityName,Entity1LogicalName,Entity1IntersectAttribute,Entity2LogicalName,Entity2IntersectAttribute';
const ONE_TO_MANY = 'SchemaName,ReferencedEntity,ReferencingEntity,ReferencingAttribute';

async function readRelationship(api: WebApi, schemaName: string): Promise<Relationship | undefined> {
  const cast = async <T>(type: string, columns: string): Promise<T | undefined> => {
    const path = `RelationshipDefinitions(SchemaName='${encodeURIComponent(schemaName)}')/Microsoft.Dynamics.CRM.${type}`;
    try {
      return JSON.parse((await api.get(`${path}?$select=${columns}`)).body) as T;
    } catch (error) {
      // Of the other kind, or there is none of that name.
      if (error instanceof WebApiError && error.status === 404) return undefined;
      throw error;
    }
  };
  const many = await cast<ManyToMany>('ManyToManyRelationshipMetadata', MANY_TO_MANY);
  if (many !== undefined) {
    return {
      kind: 'many-to-many',
      schemaName: many.SchemaName,
      intersect: many.IntersectEntityName,
      ends: [
        { table: many.Entity1LogicalName, column: many.Entity1IntersectAttribute },
        { table: many.Entity2LogicalName, column: many.Entity2IntersectAttribute },
      ],
    };
  }
  const one = await cast<OneToMany>('OneToManyRelationshipMetadata', ONE_TO_MANY);
  return one === undefined
    ? undefined
    : {
        kind: 'one-to-many',
        schemaName: one.SchemaName,
        referenced: one.ReferencedEntity,
        referencing: one.ReferencingEntity,
        column: one.ReferencingAttribute,
      };
}

interface ManyToMany {
  readonly SchemaName: string;
  readonly IntersectEntityName: string;
  readonly Entity1LogicalName: string;
  readonly Entity1IntersectAttribute: string;
  readonly Entity2LogicalName: string;
  readonly Entity2IntersectAttribute: string;
}

interface OneToMany {
  readonly SchemaName: string;
  readonly ReferencedEntity: string;
  readonly ReferencingEntity: string;
  readonly ReferencingAttribute: string;
}
