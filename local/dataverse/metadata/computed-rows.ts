import type { Catalog } from './catalog';
import { ENDPOINT_CHECK, type EndpointCheck } from '../registration/endpoint-checks';
import { booleanOptions, LANGUAGE, metadataId } from './metadata-json';
import type { Row } from '../rows/row-store';
import { JOB_STATUS, type SystemJob } from '../events/system-jobs';
import type { Option } from './table';
import { secondsText, type Columns } from '../rows/value';

const computedRow = (table: string, id: string, columns: Columns): Row => ({ table, id, version: 1n, columns });

/** An option's labels by language. */
const labelsOf = ({ label, labels = {} }: Option): readonly (readonly [number, string])[] => [
  [LANGUAGE, label],
  ...Object.entries(labels).map(([language, text]) => [Number(language), text] as const),
];

/** The labels of all choices of all tables in all languages, as `stringmap` keeps them. */
export function stringMapRows(catalog: Catalog): Row[] {
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
export const jobRows = (jobs: readonly SystemJob[]): Row[] =>
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
export const checkRows = (checks: readonly EndpointCheck[]): Row[] =>
  checks.map((check) =>
    computedRow('asyncoperation', check.id, {
      ...jobColumns(check),
      messagename: ENDPOINT_CHECK,
      primaryentitytype: 'serviceendpoint',
      regardingobjectid: { table: 'serviceendpoint', id: check.endpointId },
      retrycount: 0,
    }),
  );
