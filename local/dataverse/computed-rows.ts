import type { Catalog } from './catalog';
import { booleanOptions, LANGUAGE, metadataId } from './metadata-json';
import type { Row } from './row-store';
import { JOB_STATUS, type SystemJob } from './system-jobs';
import type { Option } from './table';
import { secondsText, type Columns } from './value';

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

/** System jobs as `asyncoperation` shows them. */
export const jobRows = (jobs: readonly SystemJob[]): Row[] =>
  jobs.map((job) =>
    computedRow('asyncoperation', job.id, {
      asyncoperationid: job.id,
      name: job.name,
      messagename: job.message,
      primaryentitytype: job.table,
      regardingobjectid_guid: job.rowId,
      owningextensionid: { table: 'sdkmessageprocessingstep', id: job.stepId },
      statecode: STATES[JOB_STATUS[job.status]],
      statuscode: JOB_STATUS[job.status],
      retrycount: Math.max(job.attempts - 1, 0),
      createdon: secondsText(job.createdAt),
      completedon: job.completedAt === undefined ? null : secondsText(job.completedAt),
      friendlymessage: job.error ?? null,
      message: job.error ?? null,
    }),
  );
