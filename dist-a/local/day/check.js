"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.compare = compare;
const check_events_1 = require("./check-events");
const differences_1 = require("./differences");
const entities_1 = require("./entities");
const expected_rows_1 = require("./expected-rows");
const view_1 = require("./view");
/** Compares the tables and the links of the relationships named, and the events that the view names. */
async function compare(dataverse, connectionString, tables, relationships = [], { view = view_1.PLAIN_VIEW, calls = [] } = {}) {
    const differences = new differences_1.Differences();
    const checks = [];
    let columnsCompared = 0;
    for (const [table, expected] of (0, expected_rows_1.expectedOf)(dataverse, tables, relationships, view)) {
        const { target } = view.table(table);
        const { compared, ...check } = compareTable(table, expected, await (0, entities_1.entitiesOf)(connectionString, target), differences);
        checks.push({ table, target, ...check });
        columnsCompared += compared;
    }
    const ofEvents = await (0, check_events_1.compareEvents)(dataverse, connectionString, view, calls, differences);
    return {
        tables: checks,
        events: ofEvents.events,
        differences: differences.first,
        differenceCount: differences.count,
        columnsCompared: columnsCompared + ofEvents.columnsCompared,
    };
}
/** What every row has besides its columns. */
const OWN = new Set(['Stamp', 'Deleted']);
const OWN_OF_DELETED = new Set([...OWN, 'Hidden']);
function compareTable(table, expected, entities, differences) {
    const [deleted, stored] = [true, false].map((is) => entities.filter(({ Deleted }) => (Deleted === true) === is));
    const live = new Map(stored?.map((entity) => [String(entity.rowKey), entity]));
    const counts = { rows: 0, hidden: 0, missing: 0, surplus: 0, different: 0 };
    let compared = 0;
    const differ = (id, wrong, what) => {
        if (wrong.length > 0)
            counts.different += 1;
        for (const name of wrong)
            differences.note(table, id, `property ${name} ${what}`);
    };
    for (const { key, properties } of expected) {
        const entity = live.get(key);
        live.delete(key);
        counts.rows += 1;
        if (properties === 'hidden') {
            counts.hidden += 1;
            if (entity === undefined)
                continue;
            counts.surplus += 1;
            differences.note(table, key, "the row is live in the store, but the mapping's filter hides it");
        }
        else if (entity === undefined) {
            counts.missing += 1;
            differences.note(table, key, 'the row is missing in the store');
        }
        else {
            compared += properties.size;
            differ(key, (0, entities_1.differingProperties)(properties, entity, OWN), 'differs');
        }
    }
    for (const id of live.keys()) {
        counts.surplus += 1;
        differences.note(table, id, 'the row is live in the store but not in Dataverse');
    }
    for (const entity of deleted ?? []) {
        const left = (0, entities_1.propertiesOf)(entity).filter((name) => !OWN_OF_DELETED.has(name));
        differ(String(entity.rowKey), left, 'is left in a row that is not live');
    }
    const tombstones = (deleted ?? []).filter(({ Hidden }) => Hidden !== true).length;
    return { stored: stored?.length ?? 0, tombstones, compared, ...counts };
}
//# sourceMappingURL=check.js.map