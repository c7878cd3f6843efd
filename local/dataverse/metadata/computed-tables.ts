import { JOB_STATUS, type SystemJob } from '../events/system-jobs';
import { ENDPOINT_CHECK, type EndpointCheck } from '../registration/endpoint-checks';
import type { Row } from '../rows/row-store';
import { secondsText, type Columns } from '../rows/value';
import { LANGUAGE, booleanOptions, metadataId } from './metadata-json';
import type { Catalog, Option, TableDefinition } from './table';

const option = (value: number, label: string): Option => ({ value, label });

/** System jobs, read only: made from the job queue when asked for. */
export const ASYNC_OPERATION: TableDefinition = {
  logicalName: 'asyncoperation',
  entitySetName: 'asyncoperations',
  primaryId: 'asyncoperationid',
  primaryName: 'name',
  changeTracking: false,
  ownership: 'organization',
  states: [option(0, 'Ready'), option(1, 'Suspended'), option(2, 'Locked'), option(3, 'Completed')],
  statuses: [
    { value: 0, label: 'Waiting For Resources', state: 0 },
    { value: 10, label: 'Waiting', state: 1 },
    { value: 20, label: 'In Progress', state: 2 },
    { value: 30, label: 'Succeeded', state: 3 },
    { value: 31, label: 'Failed', state: 3 },
    { value: 32, label: 'Canceled', state: 3 },
  ],
  columns: [
    { logicalName: 'name', type: 'string', maxLength: 256 },
    { logicalName: 'operationtype', type: 'choice', options: [option(1, 'System Event')] },
    { logicalName: 'messagename', type: 'string', maxLength: 160 },
    { logicalName: 'primaryentitytype', type: 'string' },
    // A row of any table: named one by one they would each make a relationship.
    { logicalName: 'regardingobjectid', type: 'lookup', targets: [] },
    { logicalName: 'retrycount', type: 'integer' },
    { logicalName: 'completedon', type: 'dateTime', behavior: 'UserLocal' },
    { logicalName: 'friendlymessage', type: 'memo' },
    { logicalName: 'message', type: 'memo' },
    { logicalName: 'owningextensionid', type: 'lookup', targets: ['sdkmessageprocessingstep'] },
  ],
};

/** The labels of all choices, read only: made from the tables' definitions when asked for. */
export const STRING_MAP: TableDefinition = {
  logicalName: 'stringmap',
  entitySetName: 'stringmaps',
  primaryId: 'stringmapid',
  primaryName: 'value',
  changeTracking: false,
  ownership: 'organization',
  columns: [
    { logicalName: 'objecttypecode', type: 'string' },
    { logicalName: 'attributename', type: 'string' },
    { logicalName: 'attributevalue', type: 'integer' },
    { logicalName: 'value', type: 'string' },
    { logicalName: 'langid', type: 'integer' },
    { logicalName: 'displayorder', type: 'integer' },
  ],
};

const computedRow = (table: string, id: string, columns: Columns): Row => ({ table, id, version: 1n, columns });

/** An option's labels by language. */
const labelsOf = ({ label, labels = {} }: Option): readonly (readonly [number, string])[] => [
  [LANGUAGE, label],
  ...Object.entries(labels).map(([language, text]) => [Number(language), text] as const),
];

/** The labels of all choices of all tables in all languages, as `stringmap` keeps them. */
function stringMapRows(catalog: Catalog): Row[] {
  const rows: Row[] = [];
  for (const table of catalog.tables) {
    for (const column of table.columns) {
      const options: readonly Option[] =
        column.type === 'boolean' ? booleanOptions(column) : 'options' in column ? column.options : [];
      options.forEach((option, index) => {
        for (const [language, label] of labelsOf(option)) {
          const of = `${table.logicalName} ${column.logicalName} ${option.value}`;
          const id = metadataId(language === LANGUAGE ? `stringmap ${of}` : `stringmap ${language} ${of}`);
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

const STATES = { 0: 0, 10: 1, 20: 2, 30: 3, 31: 3, 32: 3 } as const;

/** `operationtype` of steps; no source tells that of checks. */
const SYSTEM_EVENT = 1;

/** What all system jobs tell. */
function jobColumns(job: {
  readonly id: string;
  readonly name: string;
  readonly status: keyof typeof JOB_STATUS;
  readonly createdAt: number;
  readonly completedAt: number | undefined;
  readonly error: string | undefined;
}): Columns {
  return {
    asyncoperationid: job.id,
    name: job.name,
    operationtype: SYSTEM_EVENT,
    statecode: STATES[JOB_STATUS[job.status]],
    statuscode: JOB_STATUS[job.status],
    createdon: secondsText(job.createdAt),
    completedon: job.completedAt === undefined ? null : secondsText(job.completedAt),
    friendlymessage: job.error ?? null,
    message: job.error ?? null,
  };
}

/** System jobs of steps as `asyncoperation` shows them. */
const jobRows = (jobs: readonly SystemJob[]): Row[] =>
  jobs
    .filter((job) => !(job.autoDelete && job.status === 'succeeded'))
    .map((job) =>
      computedRow('asyncoperation', job.id, {
        ...jobColumns(job),
        messagename: job.message,
        primaryentitytype: job.table,
        regardingobjectid: { table: job.table, id: job.rowId },
        owningextensionid: { table: 'sdkmessageprocessingstep', id: job.stepId },
        retrycount: Math.max(job.attempts - 1, 0),
      }),
    );

/** System jobs of checks as `asyncoperation` shows them. */
const checkRows = (checks: readonly EndpointCheck[]): Row[] =>
  checks.map((check) =>
    computedRow('asyncoperation', check.id, {
      ...jobColumns(check),
      messagename: ENDPOINT_CHECK,
      primaryentitytype: 'serviceendpoint',
      regardingobjectid: { table: 'serviceendpoint', id: check.endpointId },
      retrycount: 0,
    }),
  );

/** Tables whose rows are made when asked for. */
export const computedRows = (
  catalog: Catalog,
  jobs: () => readonly SystemJob[],
  checks: () => readonly EndpointCheck[],
): ReadonlyMap<string, () => readonly Row[]> =>
  new Map([
    ['stringmap', () => stringMapRows(catalog)],
    ['asyncoperation', () => [...jobRows(jobs()), ...checkRows(checks())]],
  ]);
