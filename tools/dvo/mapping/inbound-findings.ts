/** What is wrong with the `inbound` sections of a mapping file in the eyes of an environment, and of the user who writes. */
import { LOOKUP_RELATIONSHIPS, lookupTables, type LookupRelationship } from '../../../shared/dataverse/lookup-tables';
import type { WebApi } from '../../../shared/dataverse/web-api';
import type { InboundRules } from '../../../shared/mapping/inbound-rules';
import type { TableDefinition } from '../../../shared/mapping/table-definition';
import type { Fault } from '../../../shared/yaml/schema-faults';
import type { Finding } from './finding';

/** A table and its section. */
export interface InboundSection {
  readonly path: Fault['path'];
  readonly rules: InboundRules;
  readonly definition: TableDefinition;
}

type Access = 'Read' | 'Create' | 'Write' | 'Delete' | 'Assign' | 'Append' | 'AppendTo';

interface EntityMetadata {
  readonly IsOptimisticConcurrencyEnabled?: boolean;
  readonly Privileges: readonly { readonly Name: string; readonly PrivilegeType: string }[];
  readonly Attributes: readonly {
    readonly LogicalName: string;
    readonly IsValidForCreate?: boolean;
    readonly IsValidForUpdate?: boolean;
  }[];
  readonly Keys: readonly { readonly KeyAttributes: readonly string[]; readonly EntityKeyIndexStatus: string }[];
  readonly ManyToOneRelationships: readonly LookupRelationship[];
}

/** https://learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api */
async function metadataOf(api: Pick<WebApi, 'get'>, table: string): Promise<EntityMetadata> {
  const { body } = await api.get(
    `EntityDefinitions(LogicalName='${encodeURIComponent(table)}')?$select=IsOptimisticConcurrencyEnabled,Privileges` +
      '&$expand=Attributes($select=LogicalName,IsValidForCreate,IsValidForUpdate),Keys($select=KeyAttributes,EntityKeyIndexStatus),' +
      LOOKUP_RELATIONSHIPS,
  );
  return JSON.parse(body) as EntityMetadata;
}

/** Types of columns that no message can bring. */
const UNWRITABLE = new Set(['bytes', 'file', 'managed', 'other']);

/**
 * Everything that would keep changes from being written.
 *
 * @param writer the Web API as whoever writes
 * @param bypassesSteps whether steps are to be left out
 */
export async function inboundFindings(
  sections: readonly InboundSection[],
  writer: Pick<WebApi, 'get'>,
  bypassesSteps = false,
): Promise<readonly Finding[]> {
  if (sections.length === 0) return [];
  const held = await privilegesOf(writer);
  const known = new Map<string, Promise<EntityMetadata>>();
  const get = (table: string): Promise<EntityMetadata> => {
    const asked = known.get(table) ?? metadataOf(writer, table);
    known.set(table, asked);
    return asked;
  };
  const findings = sections.map(async (section): Promise<readonly Finding[]> => {
    const metadata = await get(section.definition.table);
    return [
      ...tableFindings(section, metadata),
      ...columnFindings(section, metadata),
      ...(await lookupFindings(section, metadata, get)),
      ...(await privilegeFindings(section, metadata, get, held)),
      ...(bypassesSteps ? bypassFindings(section, held) : []),
    ];
  });
  return (await Promise.all(findings)).flat();
}

/** The names of the privileges that the user has, in whatever depth. */
async function privilegesOf(writer: Pick<WebApi, 'get'>): Promise<ReadonlySet<string>> {
  const { UserId: id } = JSON.parse((await writer.get('WhoAmI')).body) as { readonly UserId: string };
  const { body } = await writer.get(`systemusers(${id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`);
  const { RolePrivileges: all } = JSON.parse(body) as {
    readonly RolePrivileges: readonly { readonly PrivilegeName: string }[];
  };
  return new Set(all.map(({ PrivilegeName: name }) => name.toLowerCase()));
}

/** Why rows can't be found by these columns; undefined where they can. */
function keyFault({ Keys: keys }: EntityMetadata, columns: readonly string[], table: string): string | undefined {
  const wanted = [...columns].sort().join();
  const key = keys.find(({ KeyAttributes }) => [...KeyAttributes].sort().join() === wanted);
  if (key === undefined) return `is no alternate key of ${table}: define one of ${columns.join(', ')}`;
  const { EntityKeyIndexStatus: status } = key;
  if (status === 'Active') return undefined;
  const action = status === 'Failed' ? 'remove duplicates and reactivate it' : 'wait until it is built';
  return `can't be used: the index of the key of ${table} is ${status}; ${action}`;
}

function tableFindings({ path, rules, definition }: InboundSection, metadata: EntityMetadata): Finding[] {
  const fault = rules.key.length === 0 ? undefined : keyFault(metadata, rules.key, definition.table);
  return [
    ...(fault === undefined ? [] : [{ path: [...path, 'key'], text: fault }]),
    ...(metadata.IsOptimisticConcurrencyEnabled === true
      ? []
      : [
          {
            path,
            ofKey: true as const,
            warning: true as const,
            text: 'is written without versions: optimistic concurrency is off for the table, so each change is read first, and a moment is left',
          },
        ]),
  ];
}

function columnFindings(
  { path, rules, definition }: InboundSection,
  { Attributes: attributes }: EntityMetadata,
): Finding[] {
  return [...rules.columns.keys()].flatMap((column): Finding[] => {
    const at = [...path, 'columns', column];
    const known = definition.columns.get(column);
    const attribute = attributes.find(({ LogicalName }) => LogicalName === column);
    if (known === undefined || attribute === undefined)
      return [{ path: at, ofKey: true, text: `is no column of ${definition.table}` }];
    if (UNWRITABLE.has(known.type))
      return [{ path: at, ofKey: true, text: `can't be written: it is of type ${known.type}` }];
    const [forUpdate, forCreate] = [attribute.IsValidForUpdate !== false, attribute.IsValidForCreate !== false];
    if (!forUpdate && !forCreate) return [{ path: at, ofKey: true, text: "can't be written: Dataverse sets it" }];
    if (!forUpdate)
      return [{ path: at, ofKey: true, warning: true, text: 'can be given when a row is made, and not changed' }];
    return [];
  });
}

type Get = (table: string) => Promise<EntityMetadata>;

async function lookupFindings(
  { path, rules, definition }: InboundSection,
  { ManyToOneRelationships: relationships }: EntityMetadata,
  get: Get,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [column, { lookup }] of rules.columns) {
    if (lookup === undefined) continue;
    const at = [...path, 'columns', column, 'lookup'];
    if (definition.columns.get(column)?.type !== 'lookup') {
      findings.push({ path: at, text: 'is for lookups only' });
      continue;
    }
    const targets = [...(lookupTables(relationships).get(column)?.keys() ?? [])];
    for (const [table, key] of lookup) {
      if (!targets.includes(table))
        findings.push({
          path: [...at, table],
          ofKey: true,
          text: `is no table of this lookup; these are: ${targets.join(', ')}`,
        });
      else if (key.length > 0) {
        const fault = keyFault(await get(table), key, table);
        if (fault !== undefined) findings.push({ path: [...at, table], text: fault });
      }
    }
  }
  return findings;
}

/** https://learn.microsoft.com/power-platform/admin/how-record-access-determined */
async function privilegeFindings(
  { path, rules, definition }: InboundSection,
  { ManyToOneRelationships: relationships }: EntityMetadata,
  get: Get,
  held: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  const { allows } = rules;
  const own = [definition.table];
  // Of several tables one will do. Whoever writes is given the row back, so needs to read it as well.
  const needed: [access: Access, tables: readonly string[]][] = [['Read', own]];
  if (allows.create) needed.push(['Create', own]);
  if (allows.update) needed.push(['Write', own]);
  if (allows.delete) needed.push(['Delete', own]);
  for (const [column, { owner, lookup }] of rules.columns) {
    if (owner === 'dataverse' || definition.columns.get(column)?.type !== 'lookup') continue;
    const tables = [...(lookupTables(relationships).get(column)?.keys() ?? [])];
    const isOwner = column === 'ownerid';
    needed.push([isOwner ? 'Assign' : 'Append', own]);
    if (!isOwner && lookup === undefined) needed.push(['AppendTo', tables]);
    for (const [table, key] of lookup ?? []) {
      if (!tables.includes(table)) continue;
      if (!isOwner) needed.push(['AppendTo', [table]]);
      if (key.length > 0) needed.push(['Read', [table]]);
    }
  }
  const missing = new Set<string>();
  for (const [access, tables] of needed) {
    const names = await lacking(access, tables, get, held);
    if (names.length > 0) missing.add(names.join(' or '));
  }
  return missing.size === 0
    ? []
    : [{ path, ofKey: true, text: `can't be written: the application user lacks ${[...missing].join(', ')}` }];
}

/** The privileges that would do; none where the user has one of them, or needs none. */
async function lacking(
  access: Access,
  tables: readonly string[],
  get: Get,
  held: ReadonlySet<string>,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const table of tables) {
    const name = (await get(table)).Privileges.find(({ PrivilegeType }) => PrivilegeType === access)?.Name;
    if (name === undefined || held.has(name.toLowerCase())) return [];
    names.push(name);
  }
  return names;
}

/** https://learn.microsoft.com/power-apps/developer/data-platform/bypass-custom-business-logic */
function bypassFindings({ path }: InboundSection, held: ReadonlySet<string>): Finding[] {
  const name = 'prvBypassCustomBusinessLogic';
  if (held.has(name.toLowerCase())) return [];
  return [
    {
      path,
      ofKey: true,
      text: `can't be written: INBOUND_BYPASS_STEPS is set, and the application user lacks ${name}`,
    },
  ];
}
