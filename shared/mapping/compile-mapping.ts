import type { ColumnRule } from './column-rule';
import { EventMapping } from './event-mapping';
import { columnNames } from './column-names';
import type { Condition, Operand } from './filter';
import { inboundRules } from './inbound-rules';
import { tableLookup, type Mapping } from './mapping';
import { namedColumns } from './mapping-rules';
import type {
  FileColumn,
  FileColumns,
  FileCondition,
  FileEvent,
  FileRedaction,
  FileTable,
  MappingFile,
} from './mapping-schema';
import type { Hash, Redaction } from './redact';
import { PLAIN_KEY } from './row-key';
import { TableMapping, type MappingContext, type TableRules } from './table-mapping';

/** The mapping that a faultless file means. `hash` is asked only where the file hashes columns (see `hashesColumns`). */
export function compileMapping(file: MappingFile, hash: Hash): Mapping {
  const languages = file.languages ?? [];
  const newColumns = file.newColumns ?? 'backfill';
  const context: MappingContext = { hash, languages, newColumns };
  const tables = new Map(
    Object.entries(file.tables ?? {}).map(([name, table]) => [
      name,
      new TableMapping(name, tableRules(table), context),
    ]),
  );
  const { tables: ofTables = 'park', relationships = 'park', messages = 'park' } = file.unmapped ?? {};
  return {
    languages,
    newColumns,
    unmapped: { tables: ofTables, relationships, messages },
    tables: [...tables.keys()],
    tableOf: tableLookup(tables, context),
    links: new Map(Object.entries(file.links ?? {}).map(([name, link]) => [name, { target: link?.target ?? name }])),
    events: new Map(
      Object.entries(file.events ?? {}).map(([name, event]) => [name, new EventMapping(name, eventRules(event), hash)]),
    ),
  };
}

/** Whether any column of the file is hashed, so that there has to be a key. */
export const hashesColumns = (file: MappingFile): boolean =>
  [...Object.values(file.tables ?? {}), ...Object.values(file.events ?? {})].some((of) =>
    namedColumns(of?.columns ?? {}).some(([, column]) => typeof column !== 'string' && column.redact === 'hash'),
  );

function tableRules(table: FileTable): TableRules {
  if (table === null) return {};
  const { target, key, columns, filter, inbound } = table;
  const ofColumns = columns === undefined ? {} : columnsOf(columns);
  return {
    ...(target === undefined ? {} : { target }),
    ...(key === undefined
      ? {}
      : { key: { prefix: key.prefix ?? PLAIN_KEY.prefix, format: key.format ?? PLAIN_KEY.format } }),
    ...ofColumns,
    filter: Object.entries(filter ?? {}).flatMap(([column, condition]) => conditionsOf(column, condition)),
    ...(inbound === undefined ? {} : { inbound: inboundRules(inbound, columnNames(ofColumns.columns ?? new Map())) }),
  };
}

const eventRules = (event: FileEvent): ConstructorParameters<typeof EventMapping>[1] => ({
  ...(event?.target === undefined ? {} : { target: event.target }),
  ...(event?.synchronous === undefined ? {} : { synchronous: event.synchronous }),
  ...(event?.columns === undefined ? {} : columnsOf(event.columns)),
});

const columnsOf = (columns: FileColumns): Pick<TableRules, 'columns' | 'dropOthers'> => ({
  columns: new Map(namedColumns(columns).map(([name, column]) => [name, ruleOf(column)])),
  ...(columns['*'] === 'drop' ? { dropOthers: true } : {}),
});

function ruleOf(column: FileColumn): ColumnRule {
  if (column === 'keep') return {};
  if (column === 'drop') return { drop: true };
  if (typeof column === 'string') return { to: column };
  const { to, drop, as, label, lookup, redact } = column;
  if (drop === true || redact === 'drop') return { drop: true };
  return {
    ...(to === undefined ? {} : { to }),
    ...(as === undefined ? {} : { as }),
    ...(label === undefined ? {} : { label }),
    ...(lookup === undefined ? {} : { lookup }),
    ...(redact === undefined ? {} : { redact: redactionOf(redact) }),
  };
}

function redactionOf(redact: Exclude<FileRedaction, 'drop'>): Redaction {
  if (redact === 'hash') return redact;
  const { keepFirst = 0, keepLast = 0 } = redact === 'mask' ? {} : redact.mask;
  return { keepFirst, keepLast };
}

type Scalar = string | number | boolean;

/** What a condition of a file means: operators that must all hold. */
export function conditionsOf(column: string, condition: FileCondition): Condition[] {
  if (typeof condition !== 'object') return [{ column, op: 'eq', operand: operandOf(condition) }];
  const { in: oneOf, notIn, isNull, ...single } = condition;
  const entries = Object.entries(single) as [
    'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'startsWith' | 'contains',
    Scalar,
  ][];
  return [
    ...entries.map(([op, operand]): Condition => ({ column, op, operand: operandOf(operand) })),
    ...(oneOf === undefined ? [] : [{ column, op: 'in', operands: oneOf.map(operandOf) } as const]),
    ...(notIn === undefined ? [] : [{ column, op: 'notIn', operands: notIn.map(operandOf) } as const]),
    ...(isNull === undefined ? [] : [{ column, op: 'isNull', isNull } as const]),
  ];
}

/** A number of the file is exact as the digits that JavaScript shows: reading it has made sure of that. */
export function operandOf(value: Scalar): Operand {
  switch (typeof value) {
    case 'boolean':
      return { kind: 'boolean', value };
    case 'number':
      return { kind: 'number', text: String(value) };
    default:
      return { kind: 'text', text: value };
  }
}
