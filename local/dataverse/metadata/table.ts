import type { AlternateKey, AlternateKeyDefinition } from './alternate-keys';

/** One choice of a column: a number with its label. */
export interface Option {
  readonly value: number;
  /** In English, the language of the organisation and its users. */
  readonly label: string;
  /** In further languages, by their number (1031 is German). */
  readonly labels?: Readonly<Record<number, string>>;
  /** For a status reason: the state it belongs to. */
  readonly state?: number;
}

interface ColumnBase {
  readonly logicalName: string;
  /** Its capitals, which a custom lookup's navigation property has too. @default made of the logical name */
  readonly schemaName?: string;
  readonly label?: string;
  /** Never read back, as `authvalue` of a service endpoint. */
  readonly writeOnly?: boolean;
  /** Not set by callers, only by the platform. */
  readonly platform?: boolean;
}

/** A column of a table; `type` tells what its values are (see `value.ts`). */
export type ColumnDefinition = ColumnBase &
  (
    | { readonly type: 'string' | 'memo'; readonly maxLength?: number }
    | { readonly type: 'integer' | 'bigint' | 'uniqueidentifier' }
    /** Bytes, set with the row; a file's name, whose bytes are uploaded apart; a Boolean of a solution component. */
    | { readonly type: 'image' | 'file' | 'managed' }
    | { readonly type: 'decimal' | 'money' | 'double'; readonly precision?: number }
    | { readonly type: 'boolean'; readonly yes?: string; readonly no?: string }
    | { readonly type: 'dateTime'; readonly behavior: 'UserLocal' | 'DateOnly' | 'TimeZoneIndependent' }
    | { readonly type: 'choice' | 'choices' | 'state' | 'status'; readonly options: readonly Option[] }
    | { readonly type: 'lookup' | 'customer' | 'owner'; readonly targets: readonly string[] }
  );

/** A table as its author describes it: the platform adds its own columns (`createdon`, `ownerid`, `versionnumber`, …). */
export interface TableDefinition {
  readonly logicalName: string;
  readonly entitySetName: string;
  readonly label?: string;
  readonly primaryId: string;
  readonly primaryName: string | null;
  readonly changeTracking: boolean;
  /** Whether change tracking may be enabled. @default true */
  readonly changeTrackingAllowed?: boolean;
  /** `user` (default): rows have owners and states. `organization`: none. */
  readonly ownership?: 'user' | 'organization';
  readonly columns: readonly ColumnDefinition[];
  /** Holds the pairs of a many-to-many relationship: no columns of the platform but the row version. */
  readonly intersect?: boolean;
  /** Names and states of its own: `Open`, `Won`, `Lost` instead of `Active`, `Inactive`. */
  readonly states?: readonly Option[];
  readonly statuses?: readonly Option[];
  /** Has no state and status reason. */
  readonly stateless?: boolean;
  /** Kept elsewhere than in the organisation's database. @default 'Standard' */
  readonly tableType?: 'Elastic' | 'Virtual';
  readonly keys?: readonly AlternateKeyDefinition[];
  /** Whether If-Match may name a version (`IsOptimisticConcurrencyEnabled`). @default true */
  readonly optimisticConcurrency?: boolean;
}

/** A table with all its columns. */
export interface Table extends TableDefinition {
  readonly ownership: 'user' | 'organization';
  readonly objectTypeCode: number;
  readonly keys: readonly AlternateKey[];
  /** By logical name, in order. */
  readonly byName: ReadonlyMap<string, ColumnDefinition>;
}

/** The number of German among languages. */
export const GERMAN = 1031;

const ACTIVE: readonly Option[] = [
  { value: 0, label: 'Active', labels: { [GERMAN]: 'Aktiv' } },
  { value: 1, label: 'Inactive', labels: { [GERMAN]: 'Inaktiv' } },
];
const ACTIVE_REASONS: readonly Option[] = [
  { value: 1, label: 'Active', labels: { [GERMAN]: 'Aktiv' }, state: 0 },
  { value: 2, label: 'Inactive', labels: { [GERMAN]: 'Inaktiv' }, state: 1 },
];

/** What the platform keeps beside an image or a file: columns of their own, which it alone sets. */
function partsOf({ logicalName, type }: ColumnDefinition): ColumnDefinition[] {
  const platform = true;
  if (type === 'file') return [{ logicalName: `${logicalName}_name`, type: 'string', maxLength: 200, platform }];
  if (type !== 'image') return [];
  return [
    { logicalName: `${logicalName}_timestamp`, type: 'bigint', platform },
    { logicalName: `${logicalName}_url`, type: 'string', maxLength: 200, platform },
    { logicalName: `${logicalName}id`, type: 'uniqueidentifier', platform },
  ];
}

function platformColumns(definition: TableDefinition): ColumnDefinition[] {
  const platform = true;
  const version: ColumnDefinition = { logicalName: 'versionnumber', type: 'bigint', platform };
  if (definition.intersect === true) return [version];
  const user = { type: 'lookup', targets: ['systemuser'], platform } as const;
  const columns: ColumnDefinition[] = [
    { logicalName: 'createdon', type: 'dateTime', behavior: 'UserLocal', platform },
    { logicalName: 'createdby', ...user },
    { logicalName: 'modifiedon', type: 'dateTime', behavior: 'UserLocal', platform },
    { logicalName: 'modifiedby', ...user },
    { logicalName: 'modifiedonbehalfby', ...user },
  ];
  if (definition.ownership !== 'organization') {
    columns.push(
      { logicalName: 'ownerid', type: 'owner', targets: ['systemuser', 'team'] },
      { logicalName: 'owningbusinessunit', type: 'lookup', targets: ['businessunit'], platform },
      { logicalName: 'owninguser', ...user },
      { logicalName: 'owningteam', type: 'lookup', targets: ['team'], platform },
    );
  }
  if (definition.tableType === 'Elastic') {
    columns.push({ logicalName: 'partitionid', type: 'string' }, { logicalName: 'ttlinseconds', type: 'integer' });
  }
  if (definition.stateless === true) return [...columns, version];
  columns.push(
    { logicalName: 'statecode', type: 'state', options: definition.states ?? ACTIVE },
    { logicalName: 'statuscode', type: 'status', options: definition.statuses ?? ACTIVE_REASONS },
    version,
  );
  return columns;
}

/** Adds what the platform adds to every table. */
export function completeTable(definition: TableDefinition, objectTypeCode: number): Table {
  const byName = new Map<string, ColumnDefinition>();
  const add = (column: ColumnDefinition): void => {
    if (!byName.has(column.logicalName)) byName.set(column.logicalName, column);
  };
  add({ logicalName: definition.primaryId, type: 'uniqueidentifier' });
  definition.columns.forEach((column) => [column, ...partsOf(column)].forEach(add));
  platformColumns(definition).forEach(add);
  return {
    ...definition,
    ownership: definition.ownership ?? 'user',
    objectTypeCode,
    keys: (definition.keys ?? []).map((key) => ({ status: 'Active', ...key })),
    columns: [...byName.values()],
    byName,
  };
}

/** Is the column a reference to a row? */
export const isLookup = (
  column: ColumnDefinition,
): column is Extract<ColumnDefinition, { readonly targets: unknown }> =>
  column.type === 'lookup' || column.type === 'customer' || column.type === 'owner';

/** Does the name have a publisher's prefix? */
export const isCustom = (name: string): boolean => /^[a-z]+_/.test(name) && !name.startsWith('address1_');

/** The longest text that a column takes. */
export const maxLengthOf = (column: Extract<ColumnDefinition, { readonly type: 'string' | 'memo' }>): number =>
  column.maxLength ?? (column.type === 'memo' ? 2000 : 100);

/**
 * The OData navigation property of a reference, whose capitals count: that of a lookup of one table is named after the
 * column, that of several tables also after the table (`parentcustomerid_account`), an owner's never. A custom lookup's
 * has the schema name.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/web-api-navigation-properties
 */
export function navigationProperty(column: Extract<ColumnDefinition, { readonly targets: unknown }>, target: string) {
  const name = isCustom(column.logicalName) ? (column.schemaName ?? column.logicalName) : column.logicalName;
  const several = column.type === 'customer' || (column.type === 'lookup' && column.targets.length > 1);
  return several ? `${name}_${target}` : name;
}

/** The tables of the organisation, by logical name and by entity set. */
export class Catalog {
  readonly #byName = new Map<string, Table>();
  readonly #bySet = new Map<string, Table>();

  constructor(definitions: readonly TableDefinition[]) {
    for (const definition of definitions) this.add(definition);
  }

  /** Adds a table. */
  add(definition: TableDefinition): Table {
    if (this.#byName.has(definition.logicalName))
      throw new Error(`There is a table '${definition.logicalName}' already.`);
    return this.#put(completeTable(definition, 10_000 + this.#byName.size));
  }

  /** Gives a table other columns; those of the platform stay. */
  setColumns(table: Table, columns: readonly ColumnDefinition[]): Table {
    return this.#put(completeTable({ ...table, columns }, table.objectTypeCode));
  }

  /** Gives a table other alternate keys. */
  setKeys(table: Table, keys: readonly AlternateKey[]): Table {
    return this.#put({ ...table, keys });
  }

  /** Has a table's changes tracked from now on. */
  trackChanges(table: Table): Table {
    return this.#put({ ...table, changeTracking: true });
  }

  #put(table: Table): Table {
    this.#byName.set(table.logicalName, table);
    this.#bySet.set(table.entitySetName, table);
    return table;
  }

  /** All tables. */
  get tables(): IterableIterator<Table> {
    return this.#byName.values();
  }

  /** The table of this logical name; undefined when there is none. */
  find(logicalName: string): Table | undefined {
    return this.#byName.get(logicalName);
  }

  /** The table of this logical name; throws when there is none. */
  table(logicalName: string): Table {
    const table = this.#byName.get(logicalName);
    if (table === undefined) throw new Error(`There is no table '${logicalName}'.`);
    return table;
  }

  /** The table of this entity set (`accounts`); undefined when there is none. */
  bySet(entitySetName: string): Table | undefined {
    return this.#bySet.get(entitySetName);
  }
}
