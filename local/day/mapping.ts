/**
 * The mapping file as the check reads it. It has code of its own, so that a mistake of the app would show. A rule that the
 * business day doesn't use is an error here.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { Columns } from '../dataverse/rows/value';

/** The settings with which the app maps what the day brings, and what the check has to know of them. */
export interface MappingSettings {
  /** Absolute, so that it doesn't matter where the app is started. */
  readonly MAPPING_FILE: string;
  readonly REDACTION_KEY: string;
}

/** @param root folder of the repository: the mapping file isn't compiled, so it lies with the sources */
export const mappingSettings = (root: string): MappingSettings => ({
  MAPPING_FILE: join(root, 'local/day/mapping.yaml'),
  REDACTION_KEY: randomBytes(32).toString('base64'),
});

/** Adds the sections of local/day/inbound.yaml to the mapping file, in a file of their own. @param folder where it is put */
export function withInbound(settings: MappingSettings, root: string, folder: string): MappingSettings {
  const { tables = {}, ...file } = parse(readFileSync(settings.MAPPING_FILE, 'utf8')) as ParsedFile;
  const sections = parse(readFileSync(join(root, 'local/day/inbound.yaml'), 'utf8')) as Readonly<
    Record<string, object>
  >;
  const added = Object.entries(sections).map(([table, inbound]) => [table, { ...tables[table], inbound }] as const);
  const path = join(folder, 'mapping.yaml');
  writeFileSync(path, stringify({ ...file, tables: { ...tables, ...Object.fromEntries(added) } }));
  return { ...settings, MAPPING_FILE: path };
}

interface ParsedFile {
  readonly tables?: Readonly<Record<string, object>>;
}

/** How a column or a parameter is to be found in the store. */
export interface ColumnMapping {
  /** Undefined: under its own name. */
  readonly name?: string;
  readonly redact?: (text: string) => string;
  readonly isInteger?: true;
}

/** How a table, or the events of a message, are to be found in the store. */
export interface TableMapping {
  /** Name of its table in the store. */
  readonly target: string;
  /** Undefined: it must not be there. */
  column(name: string): ColumnMapping | undefined;
  /** Whether a row is to be seen. */
  shows(columns: Columns): boolean;
  /** What a LOB system may change; undefined: nothing. */
  readonly inbound: InboundMapping | undefined;
}

/** What a LOB system may change of a table. */
export interface InboundMapping {
  /** The column of the alternate key. */
  readonly key: string;
  /** The columns that it may give, each with its owner; null: none. */
  readonly owners: ReadonlyMap<string, 'lob' | 'dataverse' | null>;
}

/** How everything is to be found in the store. */
export interface Mapping {
  /** A table, or a relationship by its schema name. */
  table(name: string): TableMapping;
  /** The tables that a LOB system may change. */
  readonly inbound: readonly string[];
  /** By the message's name. */
  readonly events: ReadonlyMap<string, TableMapping>;
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
const inbound = z.strictObject({
  key: z.string(),
  delete: z.literal(true),
  columns: z.record(z.string(), z.enum(['lob', 'dataverse']).nullable()),
});
const table = z
  .strictObject({
    inbound: inbound.optional(),
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
export const UNMAPPED: Mapping = { table: (name) => tableMapping(name, null, ''), inbound: [], events: new Map() };

/** Reads the mapping file that the settings name. */
export function readMapping({ MAPPING_FILE, REDACTION_KEY }: MappingSettings): Mapping {
  const file = form.parse(parse(readFileSync(MAPPING_FILE, 'utf8')));
  const named = { ...file.tables, ...file.links };
  return {
    table: (name) => tableMapping(name, named[name] ?? null, REDACTION_KEY),
    inbound: Object.entries(file.tables).flatMap(([name, of]) => (of?.inbound === undefined ? [] : name)),
    events: new Map(
      Object.entries(file.events).map(([message, event]) => [message, tableMapping(message, event, REDACTION_KEY)]),
    ),
  };
}

function tableMapping(name: string, file: FileTable, key: string): TableMapping {
  const { target = name, columns = {}, filter = {}, inbound } = file ?? {};
  // Of an event's parameters variables are left out unless named.
  const others = (name: string): FileColumn => (name.startsWith('variable.') ? 'drop' : (columns['*'] ?? 'keep'));
  return {
    target,
    column: (column) => columnMapping(columns[column] ?? others(column), key),
    shows: (row) => Object.entries(filter).every(([column, wanted]) => row[column] === wanted),
    inbound: inbound && { key: inbound.key, owners: new Map(Object.entries(inbound.columns)) },
  };
}

function columnMapping(rule: FileColumn, key: string): ColumnMapping | undefined {
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
