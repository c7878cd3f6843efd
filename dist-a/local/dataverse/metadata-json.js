"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.booleanOptions = exports.isCustom = exports.LANGUAGE = void 0;
exports.metadataId = metadataId;
exports.tableMetadata = tableMetadata;
exports.attributesMetadata = attributesMetadata;
const node_crypto_1 = require("node:crypto");
const table_1 = require("./table");
/** Ids of definitions do not change from one start to the next. */
function metadataId(name) {
    const hash = (0, node_crypto_1.createHash)('sha256').update(name).digest('hex');
    return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
/** The language of the organisation and its users: English. */
exports.LANGUAGE = 1033;
function label(text, others = {}) {
    if (text === undefined)
        return { LocalizedLabels: [], UserLocalizedLabel: null };
    const localized = (inLanguage, language) => ({
        Label: inLanguage,
        LanguageCode: language,
        IsManaged: true,
        MetadataId: metadataId(language === exports.LANGUAGE ? `label ${text}` : `label ${language} ${text}`),
        HasChanged: null,
    });
    const own = localized(text, exports.LANGUAGE);
    const further = Object.entries(others).map(([language, other]) => localized(other, Number(language)));
    return { LocalizedLabels: [own, ...further], UserLocalizedLabel: own };
}
const managed = (value, name) => ({
    Value: value,
    CanBeChanged: !value,
    ManagedPropertyLogicalName: name,
});
/** Does the name have a publisher's prefix? */
const isCustom = (name) => /^[a-z]+_/.test(name) && !name.startsWith('address1_');
exports.isCustom = isCustom;
const schemaName = (name) => ((0, exports.isCustom)(name) ? name : name.charAt(0).toUpperCase() + name.slice(1));
const ownershipType = (table) => table.intersect === true ? 'None' : table.ownership === 'user' ? 'UserOwned' : 'OrganizationOwned';
/** The definition of a table, without its attributes. */
function tableMetadata(table) {
    const custom = (0, exports.isCustom)(table.logicalName);
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
        DataProviderId: null,
        TableType: 'Standard',
        OwnershipType: ownershipType(table),
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
    // A multi-select choice is "Virtual" by its old type name; only AttributeTypeName tells it.
    choices: 'Virtual',
    state: 'State',
    status: 'Status',
    lookup: 'Lookup',
    customer: 'Customer',
    owner: 'Owner',
    uniqueidentifier: 'Uniqueidentifier',
};
function option(column, { value, label: text, labels, state }) {
    const kind = column.type === 'state' ? 'StateOptionMetadata' : column.type === 'status' ? 'StatusOptionMetadata' : undefined;
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
const booleanOptions = (column) => [
    { value: 0, label: column.no ?? 'No' },
    { value: 1, label: column.yes ?? 'Yes' },
];
exports.booleanOptions = booleanOptions;
function optionSet(table, column) {
    const name = `${table.logicalName}_${column.logicalName}`;
    const set = { MetadataId: metadataId(name), Name: name, IsGlobal: false, HasChanged: null };
    if (column.type === 'boolean') {
        const [no, yes] = (0, exports.booleanOptions)(column).map((item) => option(column, item));
        return { ...set, OptionSetType: 'Boolean', TrueOption: yes ?? null, FalseOption: no ?? null };
    }
    if (!('options' in column))
        return undefined;
    const type = column.type === 'state' ? 'State' : column.type === 'status' ? 'Status' : 'Picklist';
    return { ...set, OptionSetType: type, Options: column.options.map((item) => option(column, item)) };
}
function ownMembers(column) {
    switch (column.type) {
        case 'string':
            return { MaxLength: column.maxLength ?? 100, Format: 'Text', FormatName: { Value: 'Text' }, YomiOf: null };
        case 'memo':
            return { MaxLength: column.maxLength ?? 2000, Format: 'TextArea', FormatName: { Value: 'TextArea' } };
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
        case 'bigint':
        case 'uniqueidentifier':
            return {};
        default:
            return column;
    }
}
function commonMembers(table, naming, number, flags) {
    return {
        MetadataId: metadataId(`${table.logicalName}.${naming.name}`),
        LogicalName: naming.name,
        SchemaName: schemaName(naming.name),
        AttributeType: naming.attributeType,
        AttributeTypeName: { Value: naming.typeName },
        AttributeOf: naming.attributeOf,
        EntityLogicalName: table.logicalName,
        ColumnNumber: number,
        IsPrimaryId: naming.name === table.primaryId,
        IsPrimaryName: naming.name === table.primaryName,
        IsCustomAttribute: (0, exports.isCustom)(naming.name),
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
function companions(column) {
    const attributeOf = column.logicalName;
    const virtual = { attributeType: 'Virtual', typeName: 'VirtualType', attributeOf };
    if ('options' in column || column.type === 'boolean')
        return [{ name: `${column.logicalName}name`, ...virtual }];
    if (!(0, table_1.isLookup)(column))
        return [];
    const name = {
        name: `${column.logicalName}name`,
        attributeType: 'String',
        typeName: 'StringType',
        attributeOf,
    };
    const type = {
        name: `${column.logicalName}type`,
        attributeType: 'EntityName',
        typeName: 'EntityNameType',
        attributeOf,
    };
    return column.targets.length > 1 ? [name, type] : [name];
}
/** All attributes of a table, the platform's companions included. */
function attributesMetadata(table) {
    let number = 0;
    return table.columns.flatMap((column) => {
        const kind = column.type === 'choices' ? 'MultiSelectPicklist' : TYPES[column.type];
        const naming = {
            name: column.logicalName,
            attributeType: TYPES[column.type],
            typeName: `${kind}Type`,
            attributeOf: null,
        };
        const flags = { readable: column.writeOnly !== true, writable: column.platform !== true };
        const isReference = (0, table_1.isLookup)(column);
        const attribute = {
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
        const others = companions(column).map((companion) => {
            const common = commonMembers(table, companion, (number += 1), { readable: true, writable: false });
            const type = companion.attributeType === 'Virtual' ? 'AttributeMetadata' : `${companion.attributeType}AttributeMetadata`;
            return { type, common, own: {}, optionSet: undefined };
        });
        return [attribute, ...others];
    });
}
//# sourceMappingURL=metadata-json.js.map