"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.FilterUnfit = exports.ValueNotConvertible = exports.placeOf = void 0;
const errors_1 = require("../errors");
/** What a mapping is applied to, for its errors: `account(…)` or `event new_ShipOrder`. */
const placeOf = ({ table, id }) => `${table}(${id})`;
exports.placeOf = placeOf;
/** Thrown when a column's value has no form in the type that the mapping gives the column. */
class ValueNotConvertible extends errors_1.OutboundError {
    code = 'value-not-convertible';
    disposition = 'park';
    constructor(place, column, as) {
        super(`${place} has a value in column ${column} that can't be stored as ${as}. Correct the value in Dataverse, or the ` +
            `column's "as" in the mapping file, and replay it.`);
    }
}
exports.ValueNotConvertible = ValueNotConvertible;
/** Thrown when a filter compares what can't be compared: a row must not vanish downstream for that. */
class FilterUnfit extends errors_1.OutboundError {
    code = 'filter-unfit';
    disposition = 'park';
    constructor(place, column, op) {
        super(`${place} has a value in column ${column} to which the filter's "${op}" doesn't apply. Correct the filter in the ` +
            `mapping file (dvo mapping check --from-dataverse tells what fits), and replay it.`);
    }
}
exports.FilterUnfit = FilterUnfit;
//# sourceMappingURL=errors.js.map