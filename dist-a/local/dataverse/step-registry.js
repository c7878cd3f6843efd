"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StepRegistry = void 0;
const endpoint_1 = require("./endpoint");
const value_1 = require("./value");
const STEP = 'sdkmessageprocessingstep';
const IMAGE = 'sdkmessageprocessingstepimage';
/** A comma list as registration keeps one; undefined when it is empty: all columns. */
function columnList(value) {
    const names = typeof value === 'string' ? value.split(',').map((name) => name.trim().toLowerCase()) : [];
    const filled = names.filter((name) => name !== '');
    return filled.length === 0 ? undefined : filled;
}
function imagesOf(row) {
    const alias = typeof row.entityalias === 'string' ? row.entityalias : '';
    const columns = columnList(row.attributes);
    const property = typeof row.messagepropertyname === 'string' ? row.messagepropertyname : 'Target';
    const whens = row.imagetype === 2 ? ['pre', 'post'] : row.imagetype === 0 ? ['pre'] : ['post'];
    return whens.map((when) => ({ when, alias, property, columns }));
}
const inOrder = (a, b) => a.stage - b.stage || a.rank - b.rank;
/** Reads what is registered out of the registration tables, once per change of them. */
class StepRegistry {
    #store;
    #steps = new Map();
    #readAt = -1;
    constructor(store) {
        this.#store = store;
    }
    /**
     * The enabled steps of a message on a table, in the order they run: stage, then rank. Those registered without a
     * table are among them.
     */
    steps(message, table) {
        const commits = this.#store.table(STEP).commits + this.#store.table(IMAGE).commits;
        if (commits !== this.#readAt) {
            this.#read();
            this.#readAt = commits;
        }
        const everywhere = this.#steps.get(`${message} `) ?? [];
        const own = this.#steps.get(`${message} ${table}`) ?? [];
        return everywhere.length === 0 ? own : [...own, ...everywhere].sort(inOrder);
    }
    /** The endpoint of this id; undefined when it was deleted or cannot be posted to. */
    endpoint(id) {
        const row = this.#store.table('serviceendpoint').get(id);
        return row === undefined ? undefined : (0, endpoint_1.endpointOf)(id, row.columns);
    }
    #read() {
        this.#steps = new Map();
        const images = new Map();
        for (const { columns } of this.#store.table(IMAGE).values()) {
            const step = (0, value_1.asReference)(columns.sdkmessageprocessingstepid)?.id ?? '';
            images.set(step, [...(images.get(step) ?? []), ...imagesOf(columns)]);
        }
        for (const { id, columns } of this.#store.table(STEP).values()) {
            const message = this.#column('sdkmessage', columns.sdkmessageid, 'name');
            const filter = this.#column('sdkmessagefilter', columns.sdkmessagefilterid, 'primaryobjecttypecode');
            const table = filter === 'none' ? '' : filter;
            const endpointId = (0, value_1.asReference)(columns.eventhandler)?.id;
            if (columns.statecode !== 0 || endpointId === undefined)
                continue;
            const step = {
                id,
                name: typeof columns.name === 'string' ? columns.name : '',
                mode: columns.mode === 1 ? 'async' : 'sync',
                stage: typeof columns.stage === 'number' ? columns.stage : 40,
                rank: typeof columns.rank === 'number' ? columns.rank : 1,
                filteringColumns: message === 'Update' ? columnList(columns.filteringattributes) : undefined,
                endpointId,
                images: images.get(id) ?? [],
            };
            const key = `${message} ${table}`;
            this.#steps.set(key, [...(this.#steps.get(key) ?? []), step]);
        }
        for (const steps of this.#steps.values())
            steps.sort(inOrder);
    }
    #column(table, value, name) {
        const found = this.#store.table(table).get((0, value_1.asReference)(value)?.id ?? '')?.columns[name];
        return typeof found === 'string' ? found : '';
    }
}
exports.StepRegistry = StepRegistry;
//# sourceMappingURL=step-registry.js.map