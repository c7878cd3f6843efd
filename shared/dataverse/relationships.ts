import type { LRUCache } from 'lru-cache';
import { OutboundError } from '../errors/errors';
import type { ManyToMany, Relationship, RelationshipCatalog } from '../mapping/relationship';
import { definitionCache, definitionIsMissing } from './definitions';
import type { WebApi } from './web-api';

/** Thrown when Dataverse shows this user no relationship of that name (and kind): for good, or while it is being published. */
export class RelationshipUnknown extends OutboundError {
  constructor(relationship: string, kind?: 'many-to-many') {
    super(
      'relationship-unknown',
      `Dataverse has no ${kind === undefined ? '' : `${kind} `}relationship ${relationship}, or the application user may not see it. Check ` +
        `SYNC_RELATIONSHIPS (schema names, with their capital letters) and the user's role.`,
    );
  }
}

/**
 * Relationships' definitions from the Web API: one request each, a second one for a one-to-many relationship.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
 */
export class WebApiRelationships implements RelationshipCatalog {
  readonly #definitions: LRUCache<string, Relationship>;

  /** @param clock milliseconds that only grow */
  constructor(api: WebApi, clock: () => number = () => performance.now()) {
    this.#definitions = definitionCache((schemaName) => readRelationship(api, schemaName), clock);
  }

  relationship(schemaName: string): Promise<Relationship> {
    return this.#definitions.forceFetch(schemaName);
  }
}

/** A many-to-many relationship that must be there. @throws RelationshipUnknown */
export async function manyToMany(relationships: RelationshipCatalog, name: string): Promise<ManyToMany> {
  const relationship = await relationships.relationship(name);
  if (relationship.kind !== 'many-to-many') throw new RelationshipUnknown(name, 'many-to-many');
  return relationship;
}

const MANY_TO_MANY =
  'SchemaName,IntersectEntityName,Entity1LogicalName,Entity1IntersectAttribute,Entity2LogicalName,Entity2IntersectAttribute';
const ONE_TO_MANY = 'SchemaName,ReferencedEntity,ReferencingEntity,ReferencingAttribute';

async function readRelationship(api: WebApi, schemaName: string): Promise<Relationship> {
  const cast = async <T>(type: string, columns: string): Promise<T | undefined> => {
    const path = `RelationshipDefinitions(SchemaName='${encodeURIComponent(schemaName)}')/Microsoft.Dynamics.CRM.${type}`;
    try {
      return JSON.parse((await api.get(`${path}?$select=${columns}`)).body) as T;
    } catch (error) {
      // Of the other kind, or there is none of that name.
      if (definitionIsMissing(error)) return undefined;
      throw error;
    }
  };
  const many = await cast<ManyToManyMetadata>('ManyToManyRelationshipMetadata', MANY_TO_MANY);
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
  const one = await cast<OneToManyMetadata>('OneToManyRelationshipMetadata', ONE_TO_MANY);
  if (one === undefined) throw new RelationshipUnknown(schemaName);
  return {
    kind: 'one-to-many',
    schemaName: one.SchemaName,
    referenced: one.ReferencedEntity,
    referencing: one.ReferencingEntity,
    column: one.ReferencingAttribute,
  };
}

interface ManyToManyMetadata {
  readonly SchemaName: string;
  readonly IntersectEntityName: string;
  readonly Entity1LogicalName: string;
  readonly Entity1IntersectAttribute: string;
  readonly Entity2LogicalName: string;
  readonly Entity2IntersectAttribute: string;
}

interface OneToManyMetadata {
  readonly SchemaName: string;
  readonly ReferencedEntity: string;
  readonly ReferencingEntity: string;
  readonly ReferencingAttribute: string;
}
