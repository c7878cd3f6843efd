/** One side of a many-to-many relationship: a table, and the column of the intersect table that holds its row's id. */
export interface RelationshipEnd {
  readonly table: string;
  readonly column: string;
}

/**
 * A relationship between tables, from Dataverse's metadata.
 * https://learn.microsoft.com/power-apps/developer/data-platform/entity-relationship-metadata
 */
export type Relationship =
  | {
      readonly kind: 'many-to-many';
      readonly schemaName: string;
      /** Logical name of the table that holds the pairs. */
      readonly intersect: string;
      /** As the metadata has them: of two ends in one table, the first is the one in the role Referencing. */
      readonly ends: readonly [RelationshipEnd, RelationshipEnd];
    }
  | {
      readonly kind: 'one-to-many';
      readonly schemaName: string;
      /** The "one": the table that the lookup refers to. */
      readonly referenced: string;
      /** The "many": the table that has the lookup. */
      readonly referencing: string;
      /** The lookup column. */
      readonly column: string;
    };

/** One through an intersect table. */
export type ManyToMany = Extract<Relationship, { kind: 'many-to-many' }>;
/** One through a lookup column. */
export type OneToMany = Extract<Relationship, { kind: 'one-to-many' }>;

/** Gives relationships' definitions; kept for a while. */
export interface RelationshipCatalog {
  /** Rejects where Dataverse shows no relationship of that name: what can't be looked up isn't taken for absent. */
  relationship(schemaName: string): Promise<Relationship>;
}
