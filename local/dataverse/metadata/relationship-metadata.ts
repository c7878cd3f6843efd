import { isCustom, metadataId, type Metadata } from './metadata-json';
import type { Relationship } from './relationship';

/** A relationship: what every kind has, and what only its kind has. */
export interface RelationshipMetadata {
  /** The type to cast to. */
  readonly type: 'ManyToManyRelationshipMetadata' | 'OneToManyRelationshipMetadata';
  readonly common: Metadata;
  readonly own: Metadata;
}

/**
 * A relationship as `RelationshipDefinitions` shows it.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
 */
export function relationshipMetadata(relationship: Relationship): RelationshipMetadata {
  const { schemaName } = relationship;
  const custom = isCustom(schemaName) && schemaName.startsWith('new_');
  const type = relationship.kind === 'manyToMany' ? 'ManyToManyRelationship' : 'OneToManyRelationship';
  const common = {
    MetadataId: metadataId(`relationship ${schemaName}`),
    SchemaName: schemaName,
    RelationshipType: type,
    IsCustomRelationship: custom,
    IsManaged: !custom,
    IsValidForAdvancedFind: true,
    SecurityTypes: relationship.kind === 'manyToMany' ? 'None' : 'Append',
    HasChanged: null,
  };
  if (relationship.kind === 'manyToMany') {
    const { one, two, intersect } = relationship;
    return {
      type: 'ManyToManyRelationshipMetadata',
      common,
      own: {
        Entity1LogicalName: one.table,
        Entity1IntersectAttribute: one.column,
        Entity1NavigationPropertyName: one.navigation,
        Entity2LogicalName: two.table,
        Entity2IntersectAttribute: two.column,
        Entity2NavigationPropertyName: two.navigation,
        IntersectEntityName: intersect,
      },
    };
  }
  const { referenced, referencing } = relationship;
  return {
    type: 'OneToManyRelationshipMetadata',
    common,
    own: {
      ReferencedEntity: referenced.table,
      ReferencedAttribute: referenced.column,
      ReferencedEntityNavigationPropertyName: referenced.navigation,
      ReferencingEntity: referencing.table,
      ReferencingAttribute: referencing.column,
      ReferencingEntityNavigationPropertyName: referencing.navigation,
      IsHierarchical: false,
    },
  };
}
