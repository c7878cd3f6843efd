"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.WebApiRowReader = exports.endOf = void 0;
const instant_1 = require("../change/instant");
const odata_row_1 = require("./odata-row");
const web_api_1 = require("./web-api");
/**
 * Seconds by which the Date header of an answer may lag behind the moment that the answer tells of. Without it a lagging
 * header together with a modifiedon that goes back could hide a change for ever.
 */
const DATE_ALLOWANCE = 2;
/**
 * Least age in milliseconds of a definition that is refreshed because a column is gone: whatever refreshes have brought
 * before, this one is proven to be old.
 */
const LEAST_AGE_MS = 2000;
/** The end of a read, in Dataverse's clock: never earlier than what the answer shows. */
const endOf = (dateMs) => (0, instant_1.ceilInstant)(dateMs) + DATE_ALLOWANCE;
exports.endOf = endOf;
/** Reads rows back one by one: one GET each. */
class WebApiRowReader {
    api;
    catalog;
    selectOf;
    now;
    constructor(api, catalog, 
    /** The columns to ask for, as the Web API names them; undefined: all. */
    selectOf = () => undefined, now = Date.now) {
        this.api = api;
        this.catalog = catalog;
        this.selectOf = selectOf;
        this.now = now;
    }
    async read({ table, id }) {
        let definition = await this.catalog.get(table);
        const begin = (0, instant_1.floorInstant)(this.now());
        try {
            let response;
            try {
                response = await this.#get(definition, id);
            }
            catch (error) {
                if (!(0, web_api_1.columnUnknown)(error))
                    throw error;
                definition = await this.catalog.refresh(table, LEAST_AGE_MS);
                response = await this.#get(definition, id);
            }
            let row = (0, odata_row_1.readRow)(response.body, definition);
            if (row.definitionIsOld)
                row = (0, odata_row_1.readRow)(response.body, await this.catalog.refresh(table));
            return {
                kind: 'found',
                columns: row.columns,
                version: row.version,
                modifiedOn: row.modifiedOn,
                begin,
                end: (0, exports.endOf)(response.dateMs),
            };
        }
        catch (error) {
            if (!(0, web_api_1.rowIsMissing)(error))
                throw error;
            return { kind: 'missing', begin, end: (0, exports.endOf)(error.dateMs ?? this.now()) };
        }
    }
    #get(definition, id) {
        const select = this.selectOf(definition);
        const query = select === undefined ? '' : `?$select=${select.join(',')}`;
        return this.api.get(`${definition.entitySet}(${id})${query}`, [odata_row_1.ROW_ANNOTATIONS]);
    }
}
exports.WebApiRowReader = WebApiRowReader;
//# sourceMappingURL=read-back.js.map