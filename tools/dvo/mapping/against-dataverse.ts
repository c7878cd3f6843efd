/** What is wrong with a mapping file in the eyes of an environment: only its metadata knows which columns there are. */
import type { Value } from '../../../shared/change/value';
import { TableUnknown } from '../../../shared/dataverse/metadata';
import { definitionIsMissing } from '../../../shared/dataverse/definitions';
import type { WebApi } from '../../../shared/dataverse/web-api';
import { TableTypeUnsupported } from '../../../shared/mapping/table-type';
import { compileMapping } from '../../../shared/mapping/compile-mapping';
import type { TargetType } from '../../../shared/mapping/convert';
import type { Finding } from './finding';
import { inboundFindings, type InboundSection } from './inbound-findings';
import { nearest } from '../../../shared/yaml/did-you-mean';
import { meets, type Condition } from '../../../shared/mapping/filter';
import { NO_HASH } from '../../../shared/mapping/mapping';
import { namedColumns } from '../../../shared/mapping/mapping-rules';
import type { FileColumn, MappingFile } from '../../../shared/mapping/mapping-schema';
import type { Fault } from '../../../shared/yaml/schema-faults';
import type {
  ColumnDefinition,
  ColumnType,
  TableCatalog,
  TableDefinition,
} from '../../../shared/mapping/table-definition';

/** A finding about a name, which is a key of the file. */
const ofName = (path: Fault['path'], text: string): Finding => ({ path, ofKey: true, text });

/**
 * Asks the environment about everything that the file names. Rejects where it doesn't answer.
 *
 * @param writer the Web API as whoever writes. @default whoever reads
 * @param bypassesSteps whether steps are to be left out where rows are written
 */
export async function findingsOf(
  file: MappingFile,
  api: Pick<WebApi, 'get'>,
  catalog: Pick<TableCatalog, 'get'>,
  writer: Pick<WebApi, 'get'> = api,
  bypassesSteps = false,
): Promise<readonly Finding[]> {
  const mapping = compileMapping(file, NO_HASH);
  const sections: InboundSection[] = [];
  const tables = Object.entries(file.tables ?? {}).map(async ([name, table]): Promise<Finding[]> => {
    const path = ['tables', name];
    const definition = await definitionOf(catalog, name);
    if (typeof definition === 'string') return [ofName(path, definition)];
    const rules = mapping.tableOf(name).inbound;
    if (rules !== undefined) sections.push({ path: [...path, 'inbound'], rules, definition });
    return [
      ...(definition.changeTracking ? [] : [ofName(path, "can't be pulled: its change tracking is off")]),
      ...namedColumns(table?.columns ?? {}).flatMap(([column, rule]) =>
        columnFindings([...path, 'columns', column], rule, column, definition),
      ),
      ...mapping
        .tableOf(name)
        .conditions.flatMap((condition) =>
          conditionFindings([...path, 'filter', condition.column], condition, definition),
        ),
    ];
  });
  const links = Object.keys(file.links ?? {}).map(async (name): Promise<Finding[]> => {
    const text = await relationshipFault(api, name);
    return text === undefined ? [] : [ofName(['links', name], text)];
  });
  const events = Object.keys(file.events ?? {}).map(async (name): Promise<Finding[]> => {
    const { body } = await api.get(`sdkmessages?$select=name&$filter=name eq '${encodeURIComponent(name)}'`);
    const { value } = JSON.parse(body) as { readonly value: readonly unknown[] };
    return value.length > 0 ? [] : [ofName(['events', name], 'is no message in this environment')];
  });
  const findings = (await Promise.all([...tables, ...links, ...events])).flat();
  return [...findings, ...(await inboundFindings(sections, writer, bypassesSteps))];
}

/** A table's definition, or why it can't be kept. */
async function definitionOf(catalog: Pick<TableCatalog, 'get'>, table: string): Promise<TableDefinition | string> {
  try {
    return await catalog.get(table);
  } catch (error) {
    if (error instanceof TableUnknown) return 'is no table in this environment, or the application user may not see it';
    if (error instanceof TableTypeUnsupported) return `can't be kept in step: the table is ${error.type}`;
    throw error;
  }
}

/** https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api */
async function relationshipFault(api: Pick<WebApi, 'get'>, name: string): Promise<string | undefined> {
  try {
    const path = `RelationshipDefinitions(SchemaName='${encodeURIComponent(name)}')`;
    const { body } = await api.get(`${path}?$select=SchemaName,RelationshipType`);
    const { RelationshipType: type } = JSON.parse(body) as { readonly RelationshipType?: string };
    return type === 'ManyToManyRelationship' ? undefined : 'is no N:N relationship: its lookup column holds the link';
  } catch (error) {
    if (definitionIsMissing(error)) return 'is no relationship in this environment';
    throw error;
  }
}

function unknownColumn(path: Fault['path'], column: string, { table, columns }: TableDefinition): Finding {
  const meant = nearest(column, [...columns.keys()]);
  return {
    path,
    ofKey: true,
    text: `is no column of ${table}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  };
}

function columnFindings(path: Fault['path'], rule: FileColumn, column: string, table: TableDefinition): Finding[] {
  const definition = table.columns.get(column);
  if (definition === undefined) return [unknownColumn(path, column, table)];
  if (typeof rule === 'string') return [];
  const { type } = definition;
  const isChoice = type === 'choice' || type === 'choices';
  return [
    ...(rule.label !== undefined && !isChoice ? [{ path: [...path, 'label'], text: 'is for choices only' }] : []),
    ...(rule.lookup !== undefined && type !== 'lookup'
      ? [{ path: [...path, 'lookup'], text: 'is for lookups only' }]
      : []),
    ...(rule.as === undefined ? [] : typeFindings([...path, 'as'], type, rule.as)),
  ];
}

const NUMBERS: readonly TargetType[] = ['integer', 'bigint', 'decimal', 'double'];
const TIMES: readonly TargetType[] = ['date', 'time'];

/** What a column can become besides text. */
const BECOMES: Readonly<Record<ColumnType, readonly TargetType[]>> = {
  string: [...NUMBERS, ...TIMES, 'boolean'],
  boolean: ['boolean'],
  integer: [...NUMBERS, 'boolean'],
  bigint: NUMBERS,
  decimal: NUMBERS,
  double: NUMBERS,
  money: NUMBERS,
  choice: [...NUMBERS, 'boolean'],
  instant: TIMES,
  date: TIMES,
  wallTime: TIMES,
  guid: [],
  choices: [],
  lookup: [],
  bytes: [],
  file: [],
  managed: ['boolean'],
  other: [],
};

function typeFindings(path: Fault['path'], from: ColumnType, to: TargetType): Finding[] {
  const warning = (text: string): Finding[] => [{ path, text, warning: true }];
  if (to === 'text') return [];
  if (!BECOMES[from].includes(to)) return [{ path, text: `can't be ${to}: the column is of type ${from}` }];
  if (to === 'double' && ['decimal', 'money', 'bigint'].includes(from))
    return warning(`loses digits: the column is of type ${from}, which a double can't hold exactly`);
  if ((to === 'integer' || to === 'bigint') && from !== 'integer' && from !== 'choice' && from !== to)
    return warning(`parks each row whose value can't be ${to}: the column is of type ${from}`);
  if (from === 'string') return warning(`parks each row whose text can't be ${to}`);
  return [];
}

/** A value of each type, to see whether a condition can be asked of it. */
const SAMPLES: Readonly<Partial<Record<ColumnType, Value>>> = {
  string: { kind: 'string', value: '' },
  boolean: { kind: 'boolean', value: true },
  integer: { kind: 'integer', value: 0 },
  bigint: { kind: 'bigint', value: 0n },
  decimal: { kind: 'decimal', text: '0' },
  double: { kind: 'double', value: 0 },
  money: { kind: 'money', text: '0' },
  instant: { kind: 'instant', epochMs: 0 },
  date: { kind: 'date', text: '2000-01-01' },
  wallTime: { kind: 'wallTime', text: '2000-01-01T00:00:00.000' },
  guid: { kind: 'guid', value: '' },
  choice: { kind: 'choice', value: 0 },
  choices: { kind: 'choices', values: [0] },
  lookup: { kind: 'lookup', table: '', id: '', name: null },
  bytes: { kind: 'bytes', base64: '' },
  file: { kind: 'guid', value: '' },
  managed: { kind: 'managed', value: true, canBeChanged: true, property: '' },
};

function conditionFindings(path: Fault['path'], condition: Condition, table: TableDefinition): Finding[] {
  const column = table.columns.get(condition.column);
  if (column === undefined) return [unknownColumn(path, condition.column, table)];
  const sample = SAMPLES[column.type];
  if (sample !== undefined && meets(new Map([[column.name, sample]]), condition) === undefined)
    return [
      { path, text: `can't be compared by ${condition.op} with this value: the column is of type ${column.type}` },
    ];
  return valuesOf(condition).flatMap((value) => choiceFinding(path, column, value));
}

function valuesOf(condition: Condition): readonly string[] {
  if (condition.op === 'isNull') return [];
  const operands = 'operands' in condition ? condition.operands : [condition.operand];
  return operands.flatMap((operand) => (operand.kind === 'number' ? [operand.text] : []));
}

function choiceFinding(path: Fault['path'], { labels }: ColumnDefinition, value: string): Finding[] {
  if (labels === undefined || labels.has(Number(value))) return [];
  const known = [...labels].map(([of, label]) => `${of} ${label}`).join(', ');
  return [{ path, text: `compares with ${value}, which is not one of its choices: ${known}`, warning: true }];
}
