"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.jobRows = void 0;
exports.stringMapRows = stringMapRows;
const metadata_json_1 = require("./metadata-json");
const system_jobs_1 = require("./system-jobs");
const value_1 = require("./value");
const computedRow = (table, id, columns) => ({ table, id, version: 1n, columns });
/** An option's labels by language. */
const labelsOf = ({ label, labels = {} }) => [
    [metadata_json_1.LANGUAGE, label],
    ...Object.entries(labels).map(([language, text]) => [Number(language), text]),
];
/** The labels of all choices of all tables in all languages, as `stringmap` keeps them. */
function stringMapRows(catalog) {
    const rows = [];
    for (const table of catalog.tables) {
        for (const column of table.columns) {
            const options = column.type === 'boolean' ? (0, metadata_json_1.booleanOptions)(column) : 'options' in column ? column.options : [];
            options.forEach((option, index) => {
                for (const [language, label] of labelsOf(option)) {
                    const of = `${table.logicalName} ${column.logicalName} ${option.value}`;
                    const id = (0, metadata_json_1.metadataId)(language === metadata_json_1.LANGUAGE ? `stringmap ${of}` : `stringmap ${language} ${of}`);
                    const columns = {
                        stringmapid: id,
                        objecttypecode: table.logicalName,
                        attributename: column.logicalName,
                        attributevalue: option.value,
                        value: label,
                        langid: language,
                        displayorder: index + 1,
                    };
                    rows.push(computedRow('stringmap', id, columns));
                }
            });
        }
    }
    return rows;
}
const STATES = { 0: 0, 10: 1, 20: 2, 30: 3, 31: 3, 32: 3 };
/** System jobs as `asyncoperation` shows them. */
const jobRows = (jobs) => jobs.map((job) => computedRow('asyncoperation', job.id, {
    asyncoperationid: job.id,
    name: job.name,
    messagename: job.message,
    primaryentitytype: job.table,
    regardingobjectid_guid: job.rowId,
    owningextensionid: { table: 'sdkmessageprocessingstep', id: job.stepId },
    statecode: STATES[system_jobs_1.JOB_STATUS[job.status]],
    statuscode: system_jobs_1.JOB_STATUS[job.status],
    retrycount: Math.max(job.attempts - 1, 0),
    createdon: (0, value_1.secondsText)(job.createdAt),
    completedon: job.completedAt === undefined ? null : (0, value_1.secondsText)(job.completedAt),
    friendlymessage: job.error ?? null,
    message: job.error ?? null,
}));
exports.jobRows = jobRows;
//# sourceMappingURL=computed-rows.js.map