import { visible } from '../../../shared/errors/visible';
import type { ColumnDefinition, TableDefinition } from '../../../shared/mapping/table-definition';

/** Longest comment behind a column, in characters. */
const MAX_COMMENT = 200;

/** A mapping file of some tables that keeps every column as it is, each with its type: to be changed by hand. Images, which make reads larger, are left out. */
export function mappingDraft(definitions: readonly TableDefinition[]): string {
  return [
    '# yaml-language-server: $schema=./mapping.schema.json',
    '# Made by "dvo mapping init". It keeps every column except images. Change what you need.',
    '# docs/mapping.md explains each key; "dvo mapping schema" prints the schema for editors.',
    '',
    'tables:',
    ...definitions.flatMap(tableLines),
    '',
  ].join('\n');
}

const tableLines = (definition: TableDefinition): string[] => [
  ...(definition.changeTracking
    ? []
    : ['  # Change tracking is off for this table. It can not be pulled until you enable it.']),
  `  ${definition.table}:`,
  '    columns:',
  "      '*': keep",
  ...[...definition.columns.values()]
    .filter(({ name, readable }) => readable !== false && name !== 'versionnumber' && /^[a-z_][a-z0-9_]*$/.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (column) =>
        `      ${column.name}: ${column.type === 'bytes' ? 'drop' : 'keep'} # ${commentOf(column, definition)}`,
    ),
];

function commentOf({ name, type, labels }: ColumnDefinition, { primaryId }: TableDefinition): string {
  const choices = [...(labels ?? [])].map(([value, label]) => `${value} ${label}`).join(', ');
  const text = [name === primaryId ? `${type}, the row's id` : type, choices].filter((part) => part !== '').join(': ');
  // A label may hold anything; a comment is one line.
  const line = visible(text);
  return line.length > MAX_COMMENT ? `${line.slice(0, MAX_COMMENT - 1)}…` : line;
}
