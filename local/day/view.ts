/**
 * What a mapping file promises, as far as the business day uses it: read by code of its own, so that the check follows
 * the file and not the app. Anything else in a file is an error rather than overlooked.
 */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Columns } from '../dataverse/rows/value';
import type { DaySettings } from './settings';

/** How a column or a parameter is to be found in the store. */
export interface ColumnView {
  /** Undefined: under its own name. */
  readonly name?: string;
  readonly redact?: (text: string) => string;
  readonly isInteger?: true;
}

/** How a table, or the events of a message, are to be found in the store. */
export interface TableView {
  /** Name of its table in the store. */
  readonly target: string;
  /** Undefined: it must not be there. */
  column(name: string): ColumnView | undefined;
  /** Whether a row is to be seen. */
  shows(columns: Columns): boolean;
}

/** How everything is to be found in the store. */
export interface View {
  /** A table, or a relationship by its schema name. */
  table(name: string): TableView;
  /** By the message's name. */
  readonly events: ReadonlyMap<string, TableView>;
}

const mask = z.strictObject({ keepFirst: z.number().optional(), keepLast: z.number().optional() });
const column = z.union([
  z.string(),
  z.strictObject({
    to: z.string().optional(),
    redact: z.union([z.literal('hash'), z.strictObject({ mask })]).optional(),
    as: z.literal('integer').optional(),
  }),
]);
const table = z
  .strictObject({
    target: z.string().optional(),
    columns: z.record(z.string(), column).optional(),
    filter: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  })
  .nullable();
const form = z.strictObject({
  languages: z.tuple([z.literal(1033)]),
  unmapped: z.strictObject({ relationships: z.literal('ignore') }),
  tables: z.record(z.string(), table),
  links: z.record(z.string(), table),
  events: z.record(z.string(), table),
});

type FileTable = z.output<typeof table>;
type FileColumn = z.output<typeof column>;

/** Every column of every table under its own name. */
export const PLAIN_VIEW: View = { table: (name) => tableView(name, null, ''), events: new Map() };

/** Reads the mapping file that the settings name. */
export function readView({ MAPPING_FILE, REDACTION_KEY }: DaySettings): View {
  const file = form.parse(parse(readFileSync(MAPPING_FILE, 'utf8')));
  const named = { ...file.tables, ...file.links };
  return {
    table: (name) => tableView(name, named[name] ?? null, REDACTION_KEY),
    events: new Map(
      Object.entries(file.events).map(([message, event]) => [message, tableView(message, event, REDACTION_KEY)]),
    ),
  };
}

function tableView(name: string, file: FileTable, key: string): TableView {
  const { target = name, columns = {}, filter = {} } = file ?? {};
  // Of an event's parameters variables are left out unless named.
  const others = (name: string): FileColumn => (name.startsWith('variable.') ? 'drop' : (columns['*'] ?? 'keep'));
  return {
    target,
    column: (column) => columnView(columns[column] ?? others(column), key),
    shows: (row) => Object.entries(filter).every(([column, wanted]) => row[column] === wanted),
  };
}

function columnView(rule: FileColumn, key: string): ColumnView | undefined {
  if (rule === 'drop') return undefined;
  if (rule === 'keep') return {};
  if (typeof rule === 'string') return { name: rule };
  const { to, redact, as } = rule;
  return {
    ...(to === undefined ? {} : { name: to }),
    ...(redact === undefined ? {} : { redact: redact === 'hash' ? hashWith(key) : maskWith(redact.mask) }),
    ...(as === undefined ? {} : { isInteger: true }),
  };
}

const hashWith =
  (key: string) =>
  (text: string): string =>
    createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest('base64url');

/** Of a short text at most half stays. */
const maskWith =
  ({ keepFirst = 0, keepLast = 0 }: z.output<typeof mask>) =>
  (text: string): string => {
    const characters = Array.from(text);
    const first = Math.min(keepFirst, Math.floor(characters.length / 2));
    const last = Math.min(keepLast, Math.floor(characters.length / 2) - first);
    const hidden = characters.length - first - last;
    return [...characters.slice(0, first), '*'.repeat(hidden), ...characters.slice(first + hidden)].join('');
  };
