import type { LRUCache } from 'lru-cache';
import type { Labels } from '../change/value';
import { OutboundError } from '../errors/errors';
import type { ColumnDefinition, ColumnType, TableCatalog, TableDefinition } from '../mapping/table-definition';
import { DEFINITION_LIFETIME_MS, definitionCache, definitionIsMissing } from './definitions';
import type { WebApi } from './web-api';
import { TableTypeUnsupported, type UnsupportedTableType } from '../mapping/table-type';

/** Thrown when Dataverse shows this user no table of that name: for good, or while it is being published. */
export class TableUnknown extends OutboundError {
  constructor(table: string) {
    super(
      'table-unknown',
      `Dataverse has no table ${table}, or the application user may not see it. Check SYNC_TABLES and the user's role.`,
    );
  }
}

/**
 * Least age of a definition that is refreshed, in milliseconds. Doubled each time that a refresh brings nothing new, since
 * some property of the rows may stay unknown for good; and as it was once one does.
 */
const REFRESH_AGE_MS = 2000;

/**
 * Tables' definitions from the Web API, three requests each: the table with its columns, the behaviour of its date
 * columns, and the labels of its choices (the StringMap table holds them all).
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api
 * https://learn.microsoft.com/power-apps/developer/data-platform/behavior-format-date-time-attribute
 */
export class MetadataCatalog implements TableCatalog {
  readonly #definitions: LRUCache<string, TableDefinition>;
  /** By table, where it isn't the least. */
  readonly #refreshAgeMs = new Map<string, number>();

  /**
   * @param languages of choice labels, the preferred one first; without any English, then the lowest code
   * @param clock milliseconds that only grow
   */
  constructor(api: WebApi, languages: readonly number[] = [], clock: () => number = () => performance.now()) {
    this.#definitions = definitionCache((table) => readDefinition(api, table, languages), clock);
  }

  async get(table: string): Promise<TableDefinition> {
    return supported(await this.#definitions.forceFetch(table));
  }

  async refresh(table: string, leastAgeMs?: number): Promise<TableDefinition> {
    const ageMs = DEFINITION_LIFETIME_MS - this.#definitions.getRemainingTTL(table);
    const refreshAgeMs = this.#refreshAgeMs.get(table) ?? REFRESH_AGE_MS;
    if (ageMs < (leastAgeMs ?? refreshAgeMs)) return this.get(table);
    const before = this.#definitions.peek(table, { allowStale: true });
    const definition = await this.#definitions.forceFetch(table, { forceRefresh: true });
    if (before === undefined || shapeText(before) !== shapeText(definition)) this.#refreshAgeMs.delete(table);
    else this.#refreshAgeMs.set(table, Math.min(2 * refreshAgeMs, DEFINITION_LIFETIME_MS));
    return supported(definition);
  }
}

/** Whoever reads or stores rows has their table's definition from here: so none gets that of a table without proof of order. */
function supported(definition: TableDefinition): TableDefinition {
  if (definition.unsupported !== undefined) throw new TableTypeUnsupported(definition.table, definition.unsupported);
  return definition;
}

/** What a refresh can change for a reader of rows. */
const shapeText = ({ changeTracking, columns }: TableDefinition): string =>
  [changeTracking, ...[...columns.values()].map(({ name, type }) => `${name}:${type}`)].join(' ');

interface AttributeMetadata {
  readonly LogicalName: string;
  readonly AttributeType: string;
  readonly AttributeTypeName?: { readonly Value?: string } | null;
  /** Either of them false: the Web API's rows don't have it (the name beside a lookup; what only the platform reads). */
  readonly IsValidODataAttribute?: boolean;
  readonly IsValidForRead?: boolean;
}

async function readDefinition(api: WebApi, table: string, languages: readonly number[]): Promise<TableDefinition> {
  const path = `EntityDefinitions(LogicalName='${encodeURIComponent(table)}')`;
  try {
    const [entity, dates, labels] = await Promise.all([
      api.get(
        `${path}?$select=LogicalName,EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled,TableType` +
          `&$expand=Attributes($select=LogicalName,AttributeType,AttributeTypeName,IsValidODataAttribute,IsValidForRead)`,
      ),
      api.get(
        `${path}/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior,Format`,
      ),
      readLabels(api, table),
    ]);
    return definitionFrom(
      table,
      JSON.parse(entity.body) as EntityMetadata,
      JSON.parse(dates.body) as DateMetadata,
      labels,
      languages,
    );
  } catch (error) {
    if (definitionIsMissing(error)) throw new TableUnknown(table);
    throw error;
  }
}

interface EntityMetadata {
  readonly EntitySetName: string;
  readonly PrimaryIdAttribute: string;
  readonly ChangeTrackingEnabled: boolean;
  readonly TableType?: string | null;
  readonly Attributes: readonly AttributeMetadata[];
}

interface DateMetadata {
  readonly value: readonly {
    readonly LogicalName: string;
    readonly DateTimeBehavior?: { readonly Value?: string } | null;
    readonly Format?: string | null;
  }[];
}

/** By column and value, the label in each language. */
type ChoiceLabels = ReadonlyMap<string, ReadonlyMap<number, Labels>>;

function definitionFrom(
  table: string,
  entity: EntityMetadata,
  dates: DateMetadata,
  labels: ChoiceLabels,
  languages: readonly number[],
): TableDefinition {
  const dateTypes = new Map(
    dates.value.map(({ LogicalName, DateTimeBehavior }) => [LogicalName, dateType(DateTimeBehavior?.Value)]),
  );
  const types = new Map(entity.Attributes.map((attribute) => [attribute.LogicalName, columnType(attribute)]));
  const columns = new Map<string, ColumnDefinition>();
  for (const { LogicalName: name, IsValidODataAttribute, IsValidForRead } of entity.Attributes) {
    const type = dateTypes.get(name) ?? types.get(name) ?? 'other';
    const ofColumn = labels.get(name);
    const owner = ownerOf(name, types);
    columns.set(name, {
      name,
      type,
      ...(IsValidODataAttribute === false || IsValidForRead === false ? { readable: false } : {}),
      ...(owner === undefined ? {} : { partOf: owner }),
      ...(ofColumn === undefined ? {} : inLanguages(ofColumn, languages)),
    });
  }
  const unsupported = UNSUPPORTED_TYPES[entity.TableType ?? ''];
  return {
    table,
    ...(unsupported === undefined ? {} : { unsupported }),
    entitySet: entity.EntitySetName,
    primaryId: entity.PrimaryIdAttribute,
    changeTracking: entity.ChangeTrackingEnabled,
    columns,
  };
}

const UNSUPPORTED_TYPES: Readonly<Record<string, UnsupportedTableType>> = { Elastic: 'elastic', Virtual: 'virtual' };

function dateType(behavior: string | undefined): ColumnType {
  if (behavior === 'DateOnly') return 'date';
  return behavior === 'TimeZoneIndependent' ? 'wallTime' : 'instant';
}

/** https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/attributetypecode */
const COLUMN_TYPES: Readonly<Record<string, ColumnType>> = {
  String: 'string',
  Memo: 'string',
  EntityName: 'string',
  Boolean: 'boolean',
  Integer: 'integer',
  BigInt: 'bigint',
  Decimal: 'decimal',
  Double: 'double',
  Money: 'money',
  DateTime: 'instant',
  Uniqueidentifier: 'guid',
  Picklist: 'choice',
  State: 'choice',
  Status: 'choice',
  Lookup: 'lookup',
  Customer: 'lookup',
  Owner: 'lookup',
  ManagedProperty: 'managed',
};

/** By AttributeTypeName: these are all `Virtual` by the older name. */
const NEWER_TYPES: Readonly<Record<string, ColumnType>> = {
  MultiSelectPicklistType: 'choices',
  ImageType: 'bytes',
  FileType: 'file',
};

const columnType = ({ AttributeType, AttributeTypeName }: AttributeMetadata): ColumnType =>
  NEWER_TYPES[AttributeTypeName?.Value ?? ''] ?? COLUMN_TYPES[AttributeType] ?? 'other';

/**
 * The image or file that a column is a part of, by the names that the platform gives them.
 * https://learn.microsoft.com/power-apps/developer/data-platform/image-column-data#download-url
 * https://learn.microsoft.com/power-apps/developer/data-platform/file-column-data#file-name-column
 */
const ownerOf = (name: string, types: ReadonlyMap<string, ColumnType>): string | undefined =>
  PARTS.flatMap(({ suffix, of }) => (name.endsWith(suffix) ? [[name.slice(0, -suffix.length), of] as const] : [])).find(
    ([owner, of]) => types.get(owner) === of,
  )?.[0];

const PARTS: readonly { readonly suffix: string; readonly of: ColumnType }[] = [
  ...['_url', '_timestamp', 'id'].map((suffix) => ({ suffix, of: 'bytes' as const })),
  { suffix: '_name', of: 'file' },
];

const ENGLISH = 1033;

/** The labels of a choice's values in the languages asked for: the first one that there is, and of several each. */
function inLanguages(
  labels: ReadonlyMap<number, Labels>,
  languages: readonly number[],
): Pick<ColumnDefinition, 'labels' | 'labelsByLanguage'> {
  const first = (byLanguage: Labels): string => {
    const lowest = Math.min(...byLanguage.keys());
    return [...languages, ENGLISH, lowest].flatMap((language) => byLanguage.get(language) ?? [])[0] ?? '';
  };
  const each = (byLanguage: Labels): Labels =>
    new Map([...byLanguage].filter(([language]) => languages.includes(language)).sort(([a], [b]) => a - b));
  return {
    labels: new Map([...labels].map(([value, byLanguage]) => [value, first(byLanguage)])),
    ...(languages.length > 1
      ? { labelsByLanguage: new Map([...labels].map(([value, byLanguage]) => [value, each(byLanguage)])) }
      : {}),
  };
}

async function readLabels(api: WebApi, table: string): Promise<ChoiceLabels> {
  const labels = new Map<string, Map<number, Map<number, string>>>();
  let page: string | undefined =
    `stringmaps?$select=attributename,attributevalue,value,langid&$filter=objecttypecode eq '${encodeURIComponent(table)}'`;
  while (page !== undefined) {
    const { value, '@odata.nextLink': next } = JSON.parse((await api.get(page)).body) as StringMaps;
    for (const { attributename, attributevalue, value: label, langid } of value) {
      const ofColumn = labels.get(attributename) ?? new Map<number, Map<number, string>>();
      labels.set(attributename, ofColumn);
      const ofValue = ofColumn.get(attributevalue) ?? new Map<number, string>();
      ofColumn.set(attributevalue, ofValue.set(langid, label));
    }
    page = next;
  }
  return labels;
}

interface StringMaps {
  readonly value: readonly {
    readonly attributename: string;
    readonly attributevalue: number;
    readonly value: string;
    readonly langid: number;
  }[];
  readonly '@odata.nextLink'?: string;
}
