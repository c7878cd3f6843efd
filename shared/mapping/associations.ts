import type { Association } from '../change/association';
import type { RowAddress, RowChange } from '../change/row-change';
import type { Value } from '../change/value';
import { OutboundError } from '../errors/errors';
import { linkedRows, linkOf } from './link';
import type { OneToMany, RelationshipCatalog } from './relationship';

/** Thrown when rows were connected through a relationship that this deployment doesn't keep. */
export class RelationshipNotSynced extends OutboundError {
  constructor(relationship: string) {
    super(
      'relationship-not-synced',
      `Relationship ${relationship} isn't kept. Name it in SYNC_RELATIONSHIPS and replay the parked event, or have the ` +
        `mapping file ignore such events (unmapped.relationships).`,
    );
  }
}

/** What is kept. */
export interface KeptNames {
  readonly tables: readonly string[];
  /** Schema names of many-to-many relationships. */
  readonly relationships: readonly string[];
}

/**
 * What associations mean for stored rows: through a many-to-many relationship a link appears or goes; through a
 * one-to-many one the lookup of the row on the "many" side changed.
 */
export class Associations {
  /** Names as they were configured, by lower case: whoever writes them by hand may err in the case. */
  readonly #relationships: ReadonlyMap<string, string>;
  readonly #tables: ReadonlySet<string>;

  constructor(
    kept: KeptNames,
    /** Undefined without a Web API: then only the names that are kept are known to be many-to-many. */
    private readonly catalog: RelationshipCatalog | undefined,
  ) {
    this.#relationships = new Map(kept.relationships.map((name) => [name.toLowerCase(), name]));
    this.#tables = new Set(kept.tables);
  }

  /** @throws RelationshipNotSynced */
  async changesOf(association: Association): Promise<readonly RowChange[]> {
    const kept = this.#relationships.get(association.relationship.toLowerCase());
    const relationship = await this.catalog?.relationship(association.relationship);
    if (relationship?.kind === 'one-to-many') return this.#ofLookup(association, relationship);
    if (kept === undefined) throw new RelationshipNotSynced(association.relationship);
    return [linkChange(kept, association)];
  }

  #ofLookup(
    association: Association,
    { schemaName, referenced, referencing, column }: OneToMany,
  ): readonly RowChange[] {
    if (!this.#tables.has(referencing)) throw new RelationshipNotSynced(schemaName);
    const { target, related, role } = association;
    const isChild = (row: RowAddress): boolean => row.table === referencing;
    // In a relationship of a table with itself either row may be the one with the lookup, unless the role says it.
    const both = referenced === referencing && role === null;
    const child =
      referenced === referencing ? (role === 'Referencing' ? target : related) : [target, related].find(isChild);
    if (both) return [target, related].map((row) => patch(row, association, new Map()));
    if (child === undefined) throw new RelationshipNotSynced(schemaName);
    const parent = child === target ? related : target;
    const value: Value =
      association.kind === 'associate' ? { kind: 'lookup', table: parent.table, id: parent.id, name: null } : null;
    return [patch(child, association, new Map([[column, value]]))];
  }
}

function linkChange(relationship: string, association: Association): RowChange {
  const { evidence, origin } = association;
  const { row, columns } = linkOf(relationship, linkedRows(association));
  return association.kind === 'associate'
    ? { kind: 'snapshot', row, evidence, origin, columns }
    : { kind: 'delete', row, evidence, origin };
}

/** An association is never trusted, so where rows can be read, the row is. */
const patch = (row: RowAddress, { evidence, origin }: Association, columns: ReadonlyMap<string, Value>): RowChange => ({
  kind: 'patch',
  row,
  evidence,
  origin,
  columns,
});
