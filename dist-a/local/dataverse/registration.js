"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.imageRows = void 0;
exports.endpointRow = endpointRow;
exports.stepRow = stepRow;
const endpoint_1 = require("./endpoint");
const registration_tables_1 = require("./registration-tables");
const IMAGE_TYPE = { pre: 0, post: 1, both: 2 };
/** The parameter that an image belongs to, where it is not Target. */
const IMAGE_PROPERTY = {
    Create: 'Id',
    SetState: 'EntityMoniker',
    SetStateDynamicEntity: 'EntityMoniker',
};
/** The `serviceendpoint` row of an endpoint. */
function endpointRow(endpoint) {
    const common = { name: endpoint.name, contract: registration_tables_1.CONTRACT[endpoint.contract], messageformat: 2, messagecharset: 1 };
    if (endpoint.contract !== 'webhook') {
        const { connectionString: authvalue, path } = endpoint;
        return { table: 'serviceendpoint', columns: { ...common, authtype: registration_tables_1.AUTH_TYPE.connectionString, authvalue, path } };
    }
    const { authtype = 4, authvalue } = endpoint;
    const value = typeof authvalue === 'object' ? (0, endpoint_1.writeSettings)(authvalue) : (authvalue ?? null);
    return { table: 'serviceendpoint', columns: { ...common, authtype, authvalue: value, url: endpoint.url } };
}
function idWhere(store, table, matches) {
    for (const row of store.table(table).values())
        if (matches(row.columns))
            return row.id;
    throw new Error(`Nothing in ${table} fits the registration.`);
}
/** The `sdkmessageprocessingstep` row of a step. Throws when the platform would not register it. */
function stepRow(store, step) {
    const stage = step.stage ?? 40;
    if (step.mode === 'async' && stage !== 40)
        throw new Error('An asynchronous step runs at stage 40 only.');
    const contract = store.table('serviceendpoint').get(step.endpoint)?.columns.contract;
    if (contract === undefined)
        throw new Error(`There is no endpoint ${step.endpoint}.`);
    if (step.mode === 'sync' && contract !== registration_tables_1.CONTRACT.webhook)
        throw new Error('Steps of bus endpoints are asynchronous.');
    const message = idWhere(store, 'sdkmessage', (columns) => columns.name === step.message);
    const filter = step.table === undefined
        ? null
        : idWhere(store, 'sdkmessagefilter', (columns) => columns.primaryobjecttypecode === step.table &&
            columns.sdkmessageid?.id === message);
    return {
        table: 'sdkmessageprocessingstep',
        columns: {
            name: step.name ?? `${step.message} of ${step.table ?? 'any table'}`,
            mode: step.mode === 'async' ? 1 : 0,
            stage,
            rank: step.rank ?? 1,
            supporteddeployment: 0,
            filteringattributes: step.filteringColumns?.join(',') ?? null,
            eventhandler: { table: 'serviceendpoint', id: step.endpoint },
            sdkmessageid: { table: 'sdkmessage', id: message },
            sdkmessagefilterid: filter === null ? null : { table: 'sdkmessagefilter', id: filter },
        },
    };
}
/** The rows of a step's images. */
const imageRows = (step, stepId) => (step.images ?? []).map((image) => ({
    table: 'sdkmessageprocessingstepimage',
    columns: {
        name: image.alias,
        entityalias: image.alias,
        imagetype: IMAGE_TYPE[image.kind],
        messagepropertyname: image.property ?? IMAGE_PROPERTY[step.message] ?? 'Target',
        attributes: image.columns?.join(',') ?? null,
        sdkmessageprocessingstepid: { table: 'sdkmessageprocessingstep', id: stepId },
    },
}));
exports.imageRows = imageRows;
//# sourceMappingURL=registration.js.map