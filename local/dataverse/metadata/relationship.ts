import type { Row, RowStore } from '../rows/row-store';
import type { Columns, Value } from '../rows/value';
import { isLookup, navigationProperty, type Catalog, type Table, type TableDefinition } from './table';

/** One end of a many-to-many relationship. */
export interface RelationshipEnd {
  readonly table: string;
  /** The intersect table's column for this end's rows. */
  readonly column: string;
  /**
   * The collection-valued navigation property of this end's rows. @default the schema name; `…_two` for a second own
   * end
   */
  readonly navigation?: string;
}

/** A many-to-many relationship as its author describes it. */
export interface ManyToManyDefinition {
  readonly schemaName: string;
  readonly intersect: { readonly table: string; readonly entitySet: string; readonly primaryId: string };
  readonly one: RelationshipEnd;
  readonly two: RelationshipEnd;
  /** Change tracking of the intersect table. */
  readonly changeTracking: boolean;
}

/** A relationship whose pairs are rows of an intersect table. */
export interface ManyToMany {
  readonly kind: 'manyToMany';
  readonly schemaName: string;
  readonly intersect: string;
  readonly one: Required<RelationshipEnd>;
  readonly two: Required<RelationshipEnd>;
}

/** A relationship that a lookup makes: many rows refer to one. */
export interface OneToMany {
  readonly kind: 'oneToMany';
  readonly schemaName: string;
  /** The one row; `navigation` is its collection of the many. */
  readonly referenced: Required<RelationshipEnd>;
  /** The many rows, and their lookup. */
  readonly referencing: Required<RelationshipEnd>;
}

/** A relationship between tables. */
export type Relationship = ManyToMany | OneToMany;

/** Do both ends have the same table? */
export const isReflexive = (relationship: Relationship): boolean =>
  relationship.kind === 'manyToMany'
    ? relationship.one.table === relationship.two.table
    : relationship.referenced.table === relationship.referencing.table;

/** The intersect table: its own id, one column for each end, a row version, and nothing else. */
export const intersectTable = ({ intersect, one, two, changeTracking }: ManyToManyDefinition): TableDefinition => ({
  logicalName: intersect.table,
  entitySetName: intersect.entitySet,
  primaryId: intersect.primaryId,
  primaryName: null,
  changeTracking,
  ownership: 'organization',
  intersect: true,
  columns: [
    { logicalName: one.column, type: 'uniqueidentifier' },
    { logicalName: two.column, type: 'uniqueidentifier' },
  ],
});

// The platform's own names; those of custom lookups are made by rule.
const LOOKUP_NAMES: Readonly<Record<string, string>> = {
  'account.masterid.account': 'account_master_account',
  'account.ownerid.owner': 'owner_accounts',
  'account.parentaccountid.account': 'account_parent_account',
  'account.primarycontactid.contact': 'account_primary_contact',
  'contact.masterid.contact': 'contact_master_contact',
  'contact.ownerid.owner': 'owner_contacts',
  'contact.parentcustomerid.account': 'contact_customer_accounts',
  'contact.parentcustomerid.contact': 'contact_customer_contacts',
  'incident.customerid.account': 'incident_customer_accounts',
  'incident.customerid.contact': 'incident_customer_contacts',
  'incident.ownerid.owner': 'owner_incidents',
  'incident.primarycontactid.contact': 'contact_as_primary_contact',
  'lead.customerid.account': 'lead_customer_accounts',
  'lead.customerid.contact': 'lead_customer_contacts',
  'lead.masterid.lead': 'lead_master_lead',
  'lead.ownerid.owner': 'owner_leads',
  'opportunity.customerid.account': 'opportunity_customer_accounts',
  'opportunity.customerid.contact': 'opportunity_customer_contacts',
  'opportunity.originatingleadid.lead': 'opportunity_originating_lead',
  'opportunity.ownerid.owner': 'owner_opportunitys',
  'opportunity.parentaccountid.account': 'opportunity_parent_account',
  'sdkmessageprocessingstep.eventhandler.serviceendpoint': 'serviceendpoint_sdkmessageprocessingstep',
  'sdkmessageprocessingstepimage.sdkmessageprocessingstepid.sdkmessageprocessingstep':
    'sdkmessageprocessingstepid_sdkmessageprocessingstepimage',
};

/**
 * What an owner refers to: users and teams together, by one relationship.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/owner
 */
const OWNER = { logicalName: 'owner', primaryId: 'ownerid' } as const;

function oneToManyOf(table: Table, catalog: Catalog): OneToMany[] {
  return table.columns.filter(isLookup).flatMap((column) => {
    const { logicalName: name } = column;
    const all = column.type === 'owner' ? [OWNER] : column.targets.flatMap((target) => catalog.find(target) ?? []);
    return all.map(({ logicalName: target, primaryId }): OneToMany => {
      const schemaName =
        LOOKUP_NAMES[`${table.logicalName}.${name}.${target}`] ??
        (target === 'owner' ? `owner_${table.logicalName}` : `${target}_${table.logicalName}_${name}`);
      return {
        kind: 'oneToMany',
        schemaName,
        referenced: { table: target, column: primaryId, navigation: schemaName },
        referencing: { table: table.logicalName, column: name, navigation: navigationProperty(column, target) },
      };
    });
  });
}

/** The relationships of the organisation: those of many to many as defined, those of lookups as the columns are now. */
export class Relationships {
  readonly #catalog: Catalog;
  readonly #manyToMany = new Map<string, ManyToMany>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Adds a many-to-many relationship; its intersect table has to be in the catalog. */
  define({ schemaName, intersect, one, two }: ManyToManyDefinition): ManyToMany {
    if (this.find(schemaName) !== undefined) throw new Error(`There is a relationship '${schemaName}' already.`);
    const second = one.table === two.table ? `${schemaName}_two` : schemaName;
    const relationship: ManyToMany = {
      kind: 'manyToMany',
      schemaName,
      intersect: intersect.table,
      one: { navigation: schemaName, ...one },
      two: { navigation: second, ...two },
    };
    this.#manyToMany.set(schemaName, relationship);
    return relationship;
  }

  /** All of them. */
  all(): readonly Relationship[] {
    return [
      ...this.#manyToMany.values(),
      ...[...this.#catalog.tables].flatMap((table) => oneToManyOf(table, this.#catalog)),
    ];
  }

  /** The relationship of this schema name; undefined when there is none. */
  find(schemaName: string): Relationship | undefined {
    return (
      this.#manyToMany.get(schemaName) ?? this.all().find((relationship) => relationship.schemaName === schemaName)
    );
  }

  /** The table and lookup whose rows a collection-valued navigation property leads to; undefined when it is none. */
  collection(table: string, navigation: string): { readonly table: string; readonly column: string } | undefined {
    return [...this.#catalog.tables]
      .flatMap((each) => oneToManyOf(each, this.#catalog))
      .find(({ referenced }) => referenced.table === table && referenced.navigation === navigation)?.referencing;
  }

  /** The many-to-many relationships that a table takes part in. */
  manyToManyOf(table: string): readonly ManyToMany[] {
    return [...this.#manyToMany.values()].filter(({ one, two }) => one.table === table || two.table === table);
  }
}

const pairKey = (one: string, two: string): string => `${one} ${two}`;
const textOf = (value: Value | undefined): string => (typeof value === 'string' ? value : '');

/** The rows of intersect tables, found by the rows that they join. */
export class IntersectRows {
  readonly #catalog: Catalog;
  readonly #store: RowStore;
  readonly #relationships: Relationships;

  constructor(catalog: Catalog, store: RowStore, relationships: Relationships) {
    this.#catalog = catalog;
    this.#store = store;
    this.#relationships = relationships;
  }

  /** Makes a relationship's rows findable; once, before it has any. */
  index({ intersect, one, two }: ManyToMany): void {
    this.#store.table(intersect).index(({ columns }: Row) => {
      const [first, second] = [textOf(columns[one.column]), textOf(columns[two.column])];
      return [pairKey(first, second), first, second];
    });
  }

  /** The intersect row of a pair; undefined when they are not associated. */
  pair(relationship: ManyToMany, one: string, two: string): string | undefined {
    return this.#store.table(relationship.intersect).withKey(pairKey(one, two))[0];
  }

  /** The columns of a new intersect row. */
  columns(relationship: ManyToMany, id: string, one: string, two: string): Columns {
    const { primaryId } = this.table(relationship);
    return { [primaryId]: id, [relationship.one.column]: one, [relationship.two.column]: two };
  }

  /** The intersect table of a relationship. */
  table(relationship: ManyToMany): Table {
    return this.#catalog.table(relationship.intersect);
  }

  /** All intersect rows of a row, over all relationships. */
  ofRow(table: Table, id: string): { readonly table: Table; readonly id: string }[] {
    return this.#relationships.manyToManyOf(table.logicalName).flatMap((relationship) =>
      this.#store
        .table(relationship.intersect)
        .withKey(id)
        .map((row) => ({ table: this.table(relationship), id: row })),
    );
  }
}
