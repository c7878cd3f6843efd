/** The settings of the mapping: the file, the tables it and SYNC_TABLES name, the key of hashed columns. */
import { azureTableName } from '../lob/tables/layout';
import { compileMapping, hashesColumns } from '../mapping/compile-mapping';
import { DEFAULT_MAPPING, type Mapping } from '../mapping/mapping';
import { readMapping, type ReadMapping } from '../mapping/read-mapping';
import { hashWith, type Hash } from '../mapping/redact';
import type { Fault } from '../yaml/schema-faults';
import type { FaultPlace } from '../yaml/yaml-file';
import type { Environment } from '../settings/environment';
import { readSettingFile } from './setting-file';

/** What the app makes of the settings, or every fault of theirs. */
export interface MappingSettings {
  readonly mapping: Mapping;
  /** Logical names of the tables that are kept in step. */
  readonly tables: readonly string[];
  /** Schema names of the many-to-many relationships whose links are kept in step. */
  readonly relationships: readonly string[];
  readonly faults: readonly string[];
}

/** Azure tables of the app's own state, which may lie in the same account. */
const STATE_TABLES = ['dvoparked', 'dvopull', 'dvodiscarded', 'dvoinbound'];

/** Shortest key of hashed columns, in bytes. */
const MIN_KEY_BYTES = 32;

/** What the settings besides the mapping file say; undefined where one has a fault of its own. */
export interface GivenNames {
  /** SYNC_TABLES; empty where it isn't set. */
  readonly tables: readonly string[] | undefined;
  /** SYNC_RELATIONSHIPS. */
  readonly relationships: readonly string[] | undefined;
  /** LOB_TABLE_PREFIX. */
  readonly prefix: string | undefined;
}

/** Reads the mapping file, and which tables and relationships are kept in step. */
export function readMappingSettings(
  environment: Environment,
  { tables: given, relationships: named = [], prefix }: GivenNames,
): MappingSettings {
  const read = readMappingFile(environment.MAPPING_FILE?.trim() ?? '');
  const key = readKey(environment.REDACTION_KEY?.trim() ?? '');
  const mapping = read?.ok === true ? compileMapping(read.file, key.hash) : DEFAULT_MAPPING;
  const tables = given === undefined || given.length > 0 ? (given ?? []) : mapping.tables;
  const relationships = [...new Set([...named, ...mapping.links.keys()])];
  const at: FaultPlace = read?.ok === true ? read.at : ({ text }) => text;
  const faults = [
    ...key.faults,
    ...(read?.ok === false ? read.faults : []),
    ...(read?.ok === true && key.missing && hashesColumns(read.file)
      ? ['REDACTION_KEY is missing: the mapping file hashes columns']
      : []),
    ...(given?.length === 0 && tables.length === 0 && read?.ok !== false
      ? ['SYNC_TABLES is missing: name the tables to keep in step, such as account,contact, or set MAPPING_FILE']
      : []),
    ...(given === undefined || given.length === 0
      ? []
      : mapping.tables
          .filter((table) => !new Set(given).has(table))
          .map((table) => at({ path: ['tables', table], ofKey: true, text: "isn't in SYNC_TABLES" }))),
    ...(prefix === undefined ? [] : nameFaults(mapping, tables, relationships, prefix, at)),
  ];
  return { mapping, tables, relationships, faults };
}

/** Reads a mapping file, its path relative to the app's root; undefined without one. */
export const readMappingFile = (path: string): ReadMapping | undefined =>
  readSettingFile('MAPPING_FILE', path, readMapping);

interface Key {
  readonly hash: Hash;
  readonly missing: boolean;
  readonly faults: readonly string[];
}

function readKey(text: string): Key {
  const key = /^[A-Za-z0-9+/_-]+=*$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  const fits = text === '' || key.length >= MIN_KEY_BYTES;
  return {
    hash: hashWith(key),
    missing: text === '',
    faults: fits ? [] : [`REDACTION_KEY must be at least ${MIN_KEY_BYTES} bytes in base64 (openssl rand -base64 32)`],
  };
}

/** Something that has an Azure table of its own. */
interface Named {
  readonly name: string;
  readonly azure: string;
  /** Where the mapping file says it, or the setting that alone names it. */
  readonly path: Fault['path'] | string;
}

/** Names that Azure doesn't allow, and names that two things would share. */
function nameFaults(
  mapping: Mapping,
  tables: readonly string[],
  relationships: readonly string[],
  prefix: string,
  at: FaultPlace,
): string[] {
  const inFile = { tables: new Set(mapping.tables), links: mapping.links, events: mapping.events };
  const named = (group: 'tables' | 'links' | 'events', name: string, target: string): Named => ({
    name,
    azure: azureTableName(prefix, target),
    path: inFile[group].has(name) ? [group, name] : group === 'tables' ? 'SYNC_TABLES' : 'SYNC_RELATIONSHIPS',
  });
  const all = [
    ...tables.map((table) => named('tables', table, mapping.tableOf(table).target)),
    ...relationships.map((name) => named('links', name, mapping.links.get(name)?.target ?? name)),
    ...[...mapping.events].map(([name, { target }]) => named('events', name, target)),
  ];
  const say = ({ name, path }: Named, text: string): string =>
    typeof path === 'string'
      ? `${path} can't hold ${name}: ${text}`
      : at({ path, ofKey: true, text: `can't have that name in the store: ${text}` });
  return [
    ...all
      .filter(({ azure }) => !/^[A-Za-z][A-Za-z0-9]{2,62}$/.test(azure))
      .map((one) => say(one, 'with LOB_TABLE_PREFIX its Azure table needs 3 to 63 letters and digits')),
    ...all
      .filter(({ azure }) => STATE_TABLES.includes(azure.toLowerCase()))
      .map((one) => say(one, "its Azure table would be one of the app's own state")),
    ...[...Map.groupBy(all, ({ azure }) => azure.toLowerCase()).values()].flatMap(([first, ...others]) =>
      others.map((other) => say(other, `its Azure table would have the same name as that of ${first?.name ?? ''}`)),
    ),
  ];
}
