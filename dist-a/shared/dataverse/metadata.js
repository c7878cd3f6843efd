"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MetadataCatalog = exports.TableUnknown = void 0;
const lru_cache_1 = require("lru-cache");
const errors_1 = require("../errors");
const web_api_1 = require("./web-api");
/** Thrown when Dataverse has no table of that name (for this user). */
class TableUnknown extends errors_1.OutboundError {
    code = 'table-unknown';
    disposition = 'park';
    constructor(table) {
        super(`Dataverse has no table ${table}, or the application user may not see it. Check SYNC_TABLES and the user's role.`);
    }
}
exports.TableUnknown = TableUnknown;
/** How long a definition is used before it is read again, in milliseconds. */
const DEFINITION_LIFETIME_MS = 60 * 60 * 1000;
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
class MetadataCatalog {
    #definitions;
    /** By table, where it isn't the least. */
    #refreshAgeMs = new Map();
    /**
     * @param languages of choice labels, the preferred one first; without any English, then the lowest code
     * @param clock milliseconds that only grow
     */
    constructor(api, languages = [], clock = () => performance.now()) {
        this.#definitions = new lru_cache_1.LRUCache({
            max: 1000,
            ttl: DEFINITION_LIFETIME_MS,
            ttlResolution: 0,
            perf: { now: clock },
            fetchMethod: (table) => readDefinition(api, table, languages),
            // A definition that can't be refreshed for now is better than none.
            allowStaleOnFetchRejection: true,
            noDeleteOnFetchRejection: true,
        });
    }
    async get(table) {
        const definition = await this.#definitions.fetch(table);
        if (definition === undefined)
            throw new TableUnknown(table);
        return definition;
    }
    async refresh(table, leastAgeMs) {
        const ageMs = DEFINITION_LIFETIME_MS - this.#definitions.getRemainingTTL(table);
        const refreshAgeMs = this.#refreshAgeMs.get(table) ?? REFRESH_AGE_MS;
        if (ageMs < (leastAgeMs ?? refreshAgeMs))
            return this.get(table);
        const before = this.#definitions.peek(table, { allowStale: true });
        const definition = (await this.#definitions.fetch(table, { forceRefresh: true })) ?? (await this.get(table));
        if (before === undefined || shapeText(before) !== shapeText(definition))
            this.#refreshAgeMs.delete(table);
        else
            this.#refreshAgeMs.set(table, Math.min(2 * refreshAgeMs, DEFINITION_LIFETIME_MS));
        return definition;
    }
}
exports.MetadataCatalog = MetadataCatalog;
/** What a refresh can change for a reader of rows. */
const shapeText = ({ changeTracking, columns }) => [changeTracking, ...[...columns.values()].map(({ name, type }) => `${name}:${type}`)].join(' ');
async function readDefinition(api, table, languages) {
    const path = `EntityDefinitions(LogicalName='${encodeURIComponent(table)}')`;
    try {
        const [entity, dates, labels] = await Promise.all([
            api.get(`${path}?$select=LogicalName,EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled` +
                `&$expand=Attributes($select=LogicalName,AttributeType,AttributeTypeName,IsValidODataAttribute)`),
            api.get(`${path}/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior,Format`),
            readLabels(api, table),
        ]);
        return definitionFrom(table, JSON.parse(entity.body), JSON.parse(dates.body), labels, languages);
    }
    catch (error) {
        if (error instanceof web_api_1.WebApiError && error.status === 404)
            throw new TableUnknown(table);
        throw error;
    }
}
function definitionFrom(table, entity, dates, labels, languages) {
    const dateTypes = new Map(dates.value.map(({ LogicalName, DateTimeBehavior }) => [LogicalName, dateType(DateTimeBehavior?.Value)]));
    const columns = new Map();
    for (const attribute of entity.Attributes) {
        const name = attribute.LogicalName;
        const type = dateTypes.get(name) ?? columnType(attribute);
        const ofColumn = labels.get(name);
        columns.set(name, {
            name,
            type,
            ...(attribute.IsValidODataAttribute === false ? { readable: false } : {}),
            ...(ofColumn === undefined ? {} : inLanguages(ofColumn, languages)),
        });
    }
    return {
        table,
        entitySet: entity.EntitySetName,
        primaryId: entity.PrimaryIdAttribute,
        changeTracking: entity.ChangeTrackingEnabled,
        columns,
    };
}
function dateType(behavior) {
    if (behavior === 'DateOnly')
        return 'date';
    return behavior === 'TimeZoneIndependent' ? 'wallTime' : 'instant';
}
/** https://learn.microsoft.com/power-apps/developer/data-platform/webapi/reference/attributetypecode */
const COLUMN_TYPES = {
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
};
function columnType({ AttributeType, AttributeTypeName }) {
    if (AttributeTypeName?.Value === 'MultiSelectPicklistType')
        return 'choices';
    if (AttributeTypeName?.Value === 'ImageType')
        return 'bytes';
    return COLUMN_TYPES[AttributeType] ?? 'other';
}
const ENGLISH = 1033;
/** The labels of a choice's values in the languages asked for: the first one that there is, and of several each. */
function inLanguages(labels, languages) {
    const first = (byLanguage) => {
        const lowest = Math.min(...byLanguage.keys());
        return [...languages, ENGLISH, lowest].flatMap((language) => byLanguage.get(language) ?? [])[0] ?? '';
    };
    const each = (byLanguage) => new Map([...byLanguage].filter(([language]) => languages.includes(language)).sort(([a], [b]) => a - b));
    return {
        labels: new Map([...labels].map(([value, byLanguage]) => [value, first(byLanguage)])),
        ...(languages.length > 1
            ? { labelsByLanguage: new Map([...labels].map(([value, byLanguage]) => [value, each(byLanguage)])) }
            : {}),
    };
}
async function readLabels(api, table) {
    const labels = new Map();
    let page = `stringmaps?$select=attributename,attributevalue,value,langid&$filter=objecttypecode eq '${encodeURIComponent(table)}'`;
    while (page !== undefined) {
        const { value, '@odata.nextLink': next } = JSON.parse((await api.get(page)).body);
        for (const { attributename, attributevalue, value: label, langid } of value) {
            const ofColumn = labels.get(attributename) ?? new Map();
            labels.set(attributename, ofColumn);
            const ofValue = ofColumn.get(attributevalue) ?? new Map();
            ofColumn.set(attributevalue, ofValue.set(langid, label));
        }
        page = next;
    }
    return labels;
}
//# sourceMappingURL=metadata.js.map