"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Relationships = exports.intersectTable = exports.isReflexive = void 0;
const table_1 = require("./table");
/** Do both ends have the same table? */
const isReflexive = (relationship) => relationship.kind === 'manyToMany'
    ? relationship.one.table === relationship.two.table
    : relationship.referenced.table === relationship.referencing.table;
exports.isReflexive = isReflexive;
/** The intersect table: its own id, one column for each end, a row version, and nothing else. */
const intersectTable = ({ intersect, one, two, changeTracking }) => ({
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
exports.intersectTable = intersectTable;
// The platform's own names; those of custom lookups are made by rule.
const LOOKUP_NAMES = {
    'account.masterid.account': 'account_master_account',
    'account.parentaccountid.account': 'account_parent_account',
    'account.primarycontactid.contact': 'account_primary_contact',
    'contact.masterid.contact': 'contact_master_contact',
    'contact.parentcustomerid.account': 'contact_customer_accounts',
    'contact.parentcustomerid.contact': 'contact_customer_contacts',
    'incident.customerid.account': 'incident_customer_accounts',
    'incident.customerid.contact': 'incident_customer_contacts',
    'incident.primarycontactid.contact': 'contact_as_primary_contact',
    'lead.customerid.account': 'lead_customer_accounts',
    'lead.customerid.contact': 'lead_customer_contacts',
    'lead.masterid.lead': 'lead_master_lead',
    'opportunity.customerid.account': 'opportunity_customer_accounts',
    'opportunity.customerid.contact': 'opportunity_customer_contacts',
    'opportunity.originatingleadid.lead': 'opportunity_originating_lead',
    'opportunity.parentaccountid.account': 'opportunity_parent_account',
};
function oneToManyOf(table, catalog) {
    return table.columns.filter(table_1.isLookup).flatMap((column) => column.targets.flatMap((target) => {
        const referenced = catalog.find(target);
        if (referenced === undefined)
            return [];
        const { logicalName: name } = column;
        const schemaName = LOOKUP_NAMES[`${table.logicalName}.${name}.${target}`] ?? `${target}_${table.logicalName}_${name}`;
        return [
            {
                kind: 'oneToMany',
                schemaName,
                referenced: { table: target, column: referenced.primaryId, navigation: schemaName },
                referencing: { table: table.logicalName, column: name, navigation: (0, table_1.navigationProperty)(column, target) },
            },
        ];
    }));
}
/** The relationships of the organisation: those of many to many as defined, those of lookups as the columns are now. */
class Relationships {
    #catalog;
    #manyToMany = new Map();
    constructor(catalog) {
        this.#catalog = catalog;
    }
    /** Adds a many-to-many relationship; its intersect table has to be in the catalog. */
    define({ schemaName, intersect, one, two }) {
        if (this.find(schemaName) !== undefined)
            throw new Error(`There is a relationship '${schemaName}' already.`);
        const second = one.table === two.table ? `${schemaName}_two` : schemaName;
        const relationship = {
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
    all() {
        return [
            ...this.#manyToMany.values(),
            ...[...this.#catalog.tables].flatMap((table) => oneToManyOf(table, this.#catalog)),
        ];
    }
    /** The relationship of this schema name; undefined when there is none. */
    find(schemaName) {
        return (this.#manyToMany.get(schemaName) ?? this.all().find((relationship) => relationship.schemaName === schemaName));
    }
    /** The many-to-many relationships that a table takes part in. */
    manyToManyOf(table) {
        return [...this.#manyToMany.values()].filter(({ one, two }) => one.table === table || two.table === table);
    }
}
exports.Relationships = Relationships;
//# sourceMappingURL=relationship.js.map