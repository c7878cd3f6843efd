import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../web-api/json-text';
import type { Relationship } from './relationship';
import type { AlternateKey } from './alternate-keys';
import { isCustom, isLookup, maxLengthOf, type ColumnDefinition, type Option, type Table } from './table';

/** Metadata as the Web API shows it. */
export type Metadata = JsonObject;

/** Ids of definitions do not change from one start to the next. */
export function metadataId(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

/** The language of the organisation and its users: English. */
export const LANGUAGE = 1033;

function label(text: string | undefined, others: Option['labels'] = {}): Json {
  if (text === undefined) return { LocalizedLabels: [], UserLocalizedLabel: null };
  const localized = (inLanguage: string, language: number): Json => ({
    Label: inLanguage,
    LanguageCode: language,
    IsManaged: true,
    MetadataId: metadataId(language === LANGUAGE ? `label ${text}` : `label ${language} ${text}`),
    HasChanged: null,
  });
  const own = localized(text, LANGUAGE);
  const further = Object.entries(others).map(([language, other]) => localized(other, Number(language)));
  return { LocalizedLabels: [own, ...further], UserLocalizedLabel: own };
}

const managed = (value: boolean, name: string): Json => ({
  Value: value,
  CanBeChanged: !value,
  ManagedPropertyLogicalName: name,
});

/** A name with the capitals that the platform's own names begin with. */
export const schemaName = (name: string): string =>
  isCustom(name) ? name : name.charAt(0).toUpperCase() + name.slice(1);

const ownershipType = (table: Table): string =>
  table.intersect === true ? 'None' : table.ownership === 'user' ? 'UserOwned' : 'OrganizationOwned';

/** What can be done with the rows of a table. */
export const ACCESSES = ['Create', 'Read', 'Write', 'Delete'] as const;

/** One of these. */
export type Access = (typeof ACCESSES)[number];

/** The name of a table's privilege: `prvWriteAccount`. */
export const privilegeName = (access: Access, table: Table): string => `prv${access}${schemaName(table.logicalName)}`;

const privilege = (access: Access, table: Table): Json => ({
  CanBeBasic: table.ownership === 'user',
  CanBeLocal: table.ownership === 'user',
  CanBeDeep: table.ownership === 'user',
  CanBeGlobal: true,
  Name: privilegeName(access, table),
  PrivilegeId: metadataId(privilegeName(access, table)),
  PrivilegeType: access,
});

/** The definition of a table, without its attributes. */
export function tableMetadata(table: Table): Metadata {
  const custom = isCustom(table.logicalName);
  return {
    MetadataId: metadataId(table.logicalName),
    LogicalName: table.logicalName,
    SchemaName: schemaName(table.logicalName),
    EntitySetName: table.entitySetName,
    LogicalCollectionName: table.entitySetName,
    CollectionSchemaName: schemaName(table.entitySetName),
    PrimaryIdAttribute: table.primaryId,
    PrimaryNameAttribute: table.primaryName,
    ObjectTypeCode: table.objectTypeCode,
    ChangeTrackingEnabled: table.changeTracking,
    CanChangeTrackingBeEnabled: managed(table.changeTrackingAllowed !== false, 'canchangetrackingbeenabled'),
    IsCustomEntity: custom,
    IsManaged: !custom,
    IsActivity: false,
    IsIntersect: table.intersect === true,
    IsPrivate: false,
    IsLogicalEntity: false,
    IsOptimisticConcurrencyEnabled: table.optimisticConcurrency !== false,
    DataProviderId: null,
    TableType: table.tableType ?? 'Standard',
    OwnershipType: ownershipType(table),
    Privileges: table.intersect === true ? [] : ACCESSES.map((access) => privilege(access, table)),
    DisplayName: label(table.label ?? table.logicalName),
    DisplayCollectionName: label(table.entitySetName),
    Description: label(undefined),
  };
}

const TYPES = {
  string: 'String',
  memo: 'Memo',
  integer: 'Integer',
  bigint: 'BigInt',
  decimal: 'Decimal',
  double: 'Double',
  money: 'Money',
  boolean: 'Boolean',
  dateTime: 'DateTime',
  choice: 'Picklist',
  // These are "Virtual" by their old type names; only AttributeTypeName tells them.
  choices: 'Virtual',
  image: 'Virtual',
  file: 'Virtual',
  managed: 'ManagedProperty',
  state: 'State',
  status: 'Status',
  lookup: 'Lookup',
  customer: 'Customer',
  owner: 'Owner',
  uniqueidentifier: 'Uniqueidentifier',
} as const satisfies Record<ColumnDefinition['type'], string>;

/** Where the name of the type isn't the old one. */
const TYPE_NAMES: Readonly<Partial<Record<ColumnDefinition['type'], string>>> = {
  choices: 'MultiSelectPicklist',
  image: 'Image',
  file: 'File',
};

/** An attribute: what every kind has, what only its kind has, and what must be expanded. */
export interface AttributeMetadata {
  /** `PicklistAttributeMetadata`, the type to cast to. */
  readonly type: string;
  readonly common: Metadata;
  readonly own: Metadata;
  readonly optionSet: Json | undefined;
}

function option(column: ColumnDefinition, { value, label: text, labels, state }: Option): Json {
  const kind =
    column.type === 'state' ? 'StateOptionMetadata' : column.type === 'status' ? 'StatusOptionMetadata' : undefined;
  return {
    ...(kind === undefined ? {} : { '@odata.type': `#Microsoft.Dynamics.CRM.${kind}` }),
    Value: value,
    Color: null,
    IsManaged: true,
    ExternalValue: '',
    ParentValues: [],
    Tag: null,
    IsHidden: false,
    MetadataId: null,
    HasChanged: null,
    ...(column.type === 'state' ? { DefaultStatus: value + 1, InvariantName: text } : {}),
    ...(column.type === 'status' ? { State: state ?? 0, TransitionData: null } : {}),
    Label: label(text, labels),
    Description: label(undefined),
  };
}

/** The options of a yes/no column. */
export const booleanOptions = (column: Extract<ColumnDefinition, { type: 'boolean' }>): readonly Option[] => [
  { value: 0, label: column.no ?? 'No' },
  { value: 1, label: column.yes ?? 'Yes' },
];

function optionSet(table: Table, column: ColumnDefinition): Json | undefined {
  const name = `${table.logicalName}_${column.logicalName}`;
  const set = { MetadataId: metadataId(name), Name: name, IsGlobal: false, HasChanged: null };
  if (column.type === 'boolean') {
    const [no, yes] = booleanOptions(column).map((item) => option(column, item));
    return { ...set, OptionSetType: 'Boolean', TrueOption: yes ?? null, FalseOption: no ?? null };
  }
  if (!('options' in column)) return undefined;
  const type = column.type === 'state' ? 'State' : column.type === 'status' ? 'Status' : 'Picklist';
  return { ...set, OptionSetType: type, Options: column.options.map((item) => option(column, item)) };
}

function ownMembers(column: ColumnDefinition): Metadata {
  switch (column.type) {
    case 'string':
      return { MaxLength: maxLengthOf(column), Format: 'Text', FormatName: { Value: 'Text' }, YomiOf: null };
    case 'memo':
      return { MaxLength: maxLengthOf(column), Format: 'TextArea', FormatName: { Value: 'TextArea' } };
    case 'integer':
      return { Format: 'None', MinValue: -2147483648, MaxValue: 2147483647 };
    case 'decimal':
    case 'double':
      return { Precision: column.precision ?? 2 };
    case 'money':
      return { Precision: column.precision ?? 2, PrecisionSource: 2, CalculationOf: null };
    case 'boolean':
      return { DefaultValue: false };
    case 'dateTime':
      return {
        Format: column.behavior === 'DateOnly' ? 'DateOnly' : 'DateAndTime',
        DateTimeBehavior: { Value: column.behavior },
        CanChangeDateTimeBehavior: managed(false, 'canchangedatetimebehavior'),
      };
    case 'choice':
    case 'choices':
    case 'state':
    case 'status':
      return { DefaultFormValue: -1 };
    case 'lookup':
    case 'customer':
    case 'owner':
      return { Targets: column.targets, Format: 'None' };
    case 'image':
      return { CanStoreFullImage: false, IsPrimaryImage: true, MaxHeight: 144, MaxWidth: 144, MaxSizeInKB: 10240 };
    case 'file':
      return { MaxSizeInKB: 32768 };
    case 'managed':
      return { ManagedPropertyLogicalName: column.logicalName, ValueAttributeTypeCode: 'Boolean' };
    case 'bigint':
    case 'uniqueidentifier':
      return {};
    default:
      return column satisfies never;
  }
}

interface Naming {
  readonly name: string;
  readonly schemaName?: string | undefined;
  readonly attributeType: string;
  readonly typeName: string;
  readonly attributeOf: string | null;
}

function commonMembers(
  table: Table,
  naming: Naming,
  number: number,
  flags: { readable: boolean; writable: boolean },
): Metadata {
  return {
    MetadataId: metadataId(`${table.logicalName}.${naming.name}`),
    LogicalName: naming.name,
    SchemaName: naming.schemaName ?? schemaName(naming.name),
    AttributeType: naming.attributeType,
    AttributeTypeName: { Value: naming.typeName },
    AttributeOf: naming.attributeOf,
    EntityLogicalName: table.logicalName,
    ColumnNumber: number,
    IsPrimaryId: naming.name === table.primaryId,
    IsPrimaryName: naming.name === table.primaryName,
    IsCustomAttribute: isCustom(naming.name),
    IsLogical: naming.attributeOf !== null,
    IsValidForRead: flags.readable,
    IsValidForCreate: flags.writable,
    IsValidForUpdate: flags.writable && naming.name !== table.primaryId,
    IsValidODataAttribute: naming.attributeOf === null,
    IsSecured: false,
    SourceType: 0,
    RequiredLevel: {
      Value: 'None',
      CanBeChanged: true,
      ManagedPropertyLogicalName: 'canmodifyrequirementlevelsettings',
    },
    DisplayName: label(naming.name),
    Description: label(undefined),
  };
}

/** The columns that the platform adds beside a choice or a reference: its label, name or type. They hold no data. */
function companions(column: ColumnDefinition): Naming[] {
  const attributeOf = column.logicalName;
  const virtual = { attributeType: 'Virtual', typeName: 'VirtualType', attributeOf };
  if ('options' in column || column.type === 'boolean') return [{ name: `${column.logicalName}name`, ...virtual }];
  if (!isLookup(column)) return [];
  const name: Naming = {
    name: `${column.logicalName}name`,
    attributeType: 'String',
    typeName: 'StringType',
    attributeOf,
  };
  const type: Naming = {
    name: `${column.logicalName}type`,
    attributeType: 'EntityName',
    typeName: 'EntityNameType',
    attributeOf,
  };
  return column.targets.length > 1 ? [name, type] : [name];
}

/** All attributes of a table, the platform's companions included. */
export function attributesMetadata(table: Table): AttributeMetadata[] {
  let number = 0;
  return table.columns.flatMap((column) => {
    const kind = TYPE_NAMES[column.type] ?? TYPES[column.type];
    const naming = {
      name: column.logicalName,
      schemaName: column.schemaName,
      attributeType: TYPES[column.type],
      typeName: `${kind}Type`,
      attributeOf: null,
    };
    const flags = { readable: column.writeOnly !== true, writable: column.platform !== true };
    const isReference = isLookup(column);
    const attribute: AttributeMetadata = {
      // Customers and owners are lookups by metadata type, and an id has no type of its own.
      type: isReference
        ? 'LookupAttributeMetadata'
        : column.type === 'uniqueidentifier'
          ? 'UniqueIdentifierAttributeMetadata'
          : `${kind}AttributeMetadata`,
      common: commonMembers(table, naming, (number += 1), flags),
      own: ownMembers(column),
      optionSet: optionSet(table, column),
    };
    const others = companions(column).map((companion): AttributeMetadata => {
      const common = commonMembers(table, companion, (number += 1), { readable: true, writable: false });
      const type =
        companion.attributeType === 'Virtual' ? 'AttributeMetadata' : `${companion.attributeType}AttributeMetadata`;
      return { type, common, own: {}, optionSet: undefined };
    });
    return [attribute, ...others];
  });
}

/**
 * An alternate key of a table.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/entitykeymetadata
 */
export const keyMetadata = (table: Table, key: AlternateKey): Metadata => ({
  MetadataId: metadataId(`key ${table.logicalName} ${key.schemaName}`),
  LogicalName: key.schemaName.toLowerCase(),
  SchemaName: key.schemaName,
  DisplayName: label(key.label ?? key.schemaName),
  EntityLogicalName: table.logicalName,
  KeyAttributes: key.columns,
  EntityKeyIndexStatus: key.status,
  IsManaged: false,
  IsSynchronous: false,
  HasChanged: null,
});

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
