/** What a mapping file must keep to besides its form: names that can be, and that never meet in the store. */
import { ROW_MESSAGES } from '../context/messages/to-changes';
import { DERIVED_NAME, OWN_PROPERTIES, wholeOf } from './column-names';
import { inboundFaults, inboundRules } from './inbound-rules';
import type { FileColumn, FileColumns, FileCondition, FileEvent, FileTable, MappingFile } from './mapping-schema';
import type { Fault } from '../yaml/schema-faults';

/** https://learn.microsoft.com/power-apps/developer/data-platform/entity-metadata#table-names (columns are alike) */
export const LOGICAL_NAME = /^[a-z_][a-z0-9_]{0,127}$/;

const PARAMETER_NAME = /^(?:input|output|variable)\..{1,100}$/;

/** Their events are rows' changes, never rows of an event table. */
const NO_EVENTS = new Set([...ROW_MESSAGES].map((name) => name.toLowerCase()));

/** Every fault of a file that has the right form. */
export function ruleFaults(file: MappingFile): Fault[] {
  const languages = file.languages ?? [];
  return [
    ...(new Set(languages).size < languages.length
      ? [{ path: ['languages'], text: 'must not repeat a language' }]
      : []),
    ...Object.entries(file.tables ?? {}).flatMap(([name, table]) => tableFaults(name, table, languages.length)),
    ...Object.keys(file.links ?? {}).flatMap(linkFaults),
    ...Object.entries(file.events ?? {}).flatMap(([name, event]) => eventFaults(name, event, languages.length)),
  ];
}

function tableFaults(name: string, table: FileTable, languages: number): Fault[] {
  const path = ['tables', name];
  if (!LOGICAL_NAME.test(name))
    return [{ path, ofKey: true, text: 'must be the logical name of a table (lower case)' }];
  const columns = table?.columns ?? {};
  const filter = table?.filter ?? {};
  return [
    ...Object.keys(columns).flatMap((column) => columnNameFaults(column, [...path, 'columns', column])),
    ...Object.keys(filter).flatMap((column) => columnNameFaults(column, [...path, 'filter', column])),
    ...conditionFaults(filter, [...path, 'filter']),
    ...ruleCombinations(columns, [...path, 'columns'], languages),
    ...targetFaults(columns, [...path, 'columns'], (column) => column),
    ...inboundFaultsOf(table, path),
  ];
}

function inboundFaultsOf(table: FileTable, path: Fault['path']): Fault[] {
  if (table?.inbound === undefined) return [];
  const { columns = {}, inbound } = table;
  const dropsOthers = columns['*'] === 'drop';
  const named = new Map(namedColumns(columns));
  const rules = inboundRules(inbound, (column) => givenTarget(named.get(column) ?? 'keep') ?? column);
  return inboundFaults(inbound, [...path, 'inbound'], rules, (column) => {
    const rule = named.get(column);
    return rule === undefined ? dropsOthers : isDropped(rule);
  });
}

/** Conditions that say nothing. */
export const conditionFaults = (conditions: Readonly<Record<string, FileCondition>>, path: Fault['path']): Fault[] =>
  Object.entries(conditions).flatMap(([column, condition]) =>
    typeof condition === 'object' && Object.keys(condition).length === 0
      ? [{ path: [...path, column], text: 'must have an operator, such as { isNull: false }' }]
      : [],
  );

function columnNameFaults(column: string, path: Fault['path']): Fault[] {
  if (column === '*') return path.at(-2) === 'columns' ? [] : [{ path, ofKey: true, text: 'must be a column' }];
  if (!LOGICAL_NAME.test(column))
    return [{ path, ofKey: true, text: 'must be the logical name of a column (lower case)' }];
  return column === 'versionnumber'
    ? [{ path, ofKey: true, text: "is no data column: the version of a row's last full read is in its stamp" }]
    : [];
}

const linkFaults = (name: string): Fault[] =>
  /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)
    ? []
    : [{ path: ['links', name], ofKey: true, text: 'must be the schema name of a relationship' }];

function eventFaults(name: string, event: FileEvent, languages: number): Fault[] {
  const path = ['events', name];
  if (NO_EVENTS.has(name.toLowerCase()))
    return [{ path, ofKey: true, text: 'is a message about changes of rows: name its tables under tables instead' }];
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name))
    return [{ path, ofKey: true, text: 'must be the name of a message' }];
  const columns = event?.columns ?? {};
  const columnsPath = [...path, 'columns'];
  return [
    ...Object.keys(columns).flatMap((column): Fault[] =>
      column === '*' || PARAMETER_NAME.test(column)
        ? []
        : [{ path: [...columnsPath, column], ofKey: true, text: 'must be input.NAME, output.NAME or variable.NAME' }],
    ),
    ...ruleCombinations(columns, columnsPath, languages),
    ...targetFaults(columns, columnsPath, () => undefined),
  ];
}

/** The entries of columns, without the one for all others. */
export const namedColumns = (columns: FileColumns): [string, FileColumn][] =>
  Object.entries(columns).filter((entry): entry is [string, FileColumn] => entry[0] !== '*');

const WAYS = ['drop', 'as', 'label', 'lookup', 'redact'] as const;

function ruleCombinations(columns: FileColumns, path: Fault['path'], languages: number): Fault[] {
  return namedColumns(columns).flatMap(([name, column]): Fault[] => {
    if (typeof column === 'string') return [];
    const at = [...path, name];
    const ways = WAYS.filter((way) => column[way] !== undefined);
    if (ways.length > 1) return [{ path: at, text: `must have only one of ${ways.join(', ')}` }];
    const drops = column.drop === true || column.redact === 'drop';
    if (drops && column.to !== undefined) return [{ path: [...at, 'to'], text: 'has no use: the column is dropped' }];
    if (column.lookup !== undefined && !column.lookup.includes('id'))
      return [
        { path: [...at, 'lookup'], text: 'must hold id: table and name only describe it, and most events lack them' },
      ];
    if (column.label === 'all' && languages < 2)
      return [{ path: [...at, 'label'], text: 'can be all only where languages names two or more' }];
    return [];
  });
}

/** The name that a column is given in the file; undefined where it keeps its own or is dropped. */
export const givenTarget = (column: FileColumn): string | undefined =>
  typeof column === 'string' ? (column === 'keep' || column === 'drop' ? undefined : column) : column.to;

const isDropped = (column: FileColumn): boolean =>
  typeof column === 'string' ? column === 'drop' : column.drop === true || column.redact === 'drop';

/** Two columns must never meet in one property, neither in their names nor in what is added to them. */
function targetFaults(
  columns: FileColumns,
  path: Fault['path'],
  ownName: (column: string) => string | undefined,
): Fault[] {
  const others = columns['*'] !== 'drop';
  const names = namedColumns(columns).flatMap(([column, rule]) => {
    const given = givenTarget(rule);
    const name = given ?? ownName(column);
    return isDropped(rule) || name === undefined
      ? []
      : [{ column, name, given: given !== undefined && given !== column }];
  });
  const byName = Map.groupBy(names, ({ name }) => name);
  return names.flatMap(({ column, name, given }): Fault[] => {
    const fault = (text: string): Fault[] => [{ path: [...path, column], text }];
    const twin = byName.get(name)?.find((other) => other.column !== column);
    if (twin !== undefined) return fault(`must not have the same name in the store as ${twin.column}: ${name}`);
    const stem = DERIVED_NAME.exec(name)?.[1] ?? '';
    const base = byName.get(stem)?.[0];
    if (base !== undefined)
      return fault(`must not be ${name} in the store: ${base.column} is ${stem} there, which may add to its name`);
    if (!given) return [];
    if (OWN_PROPERTIES.has(name.toLowerCase()) || OWN_PROPERTIES.has(stem.toLowerCase()))
      return fault(`must not be ${name} in the store: that name is taken`);
    if (path[0] === 'events')
      return /^(?:input_|output_|variable_|[^a-z])/.test(name)
        ? fault(
            "must begin with a lower-case letter and not with input_, output_ or variable_, so that it can't meet others",
          )
        : [];
    if (others && !/[A-Z]/.test(name))
      return fault(`must have a capital letter in its name, so that it can't meet another column's (or set '*': drop)`);
    const whole = names.find((other) => other.column === wholeOf(name));
    if (whole !== undefined)
      return fault(
        `must not be ${name} in the store: a part of ${whole.column} has that name if it's an image or a file`,
      );
    if (others && AVOIDED.test(name)) return fault(`must not be ${name} in the store: names ending so may be taken`);
    return [];
  });
}

/** What `columnNames` may make of the name of a column that isn't in the file. */
const AVOIDED = /^[a-z_][a-z0-9_]*Column(?:Label\d*|Table|Name)?(?:Part\d+)?$/;
