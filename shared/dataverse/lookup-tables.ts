/** What a table's definition says of its lookups. */
export interface LookupRelationship {
  readonly ReferencingAttribute: string;
  readonly ReferencedEntity: string;
  readonly ReferencingEntityNavigationPropertyName: string;
}

/** Expands a table's definition by these. */
export const LOOKUP_RELATIONSHIPS =
  'ManyToOneRelationships($select=ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName)';

/**
 * Users and teams own rows by one relationship and one navigation property.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/owner
 */
const OWNERS = ['systemuser', 'team'] as const;

/** The tables that each lookup refers to, with the navigation properties that bind their rows. */
export function lookupTables(
  relationships: readonly LookupRelationship[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const lookups = new Map<string, Map<string, string>>();
  for (const one of relationships) {
    const { ReferencingAttribute: column, ReferencedEntity: referenced } = one;
    const of = lookups.get(column) ?? new Map<string, string>();
    lookups.set(column, of);
    for (const table of referenced === 'owner' ? OWNERS : [referenced])
      of.set(table, one.ReferencingEntityNavigationPropertyName);
  }
  return lookups;
}
