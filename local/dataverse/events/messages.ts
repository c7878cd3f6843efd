import { ASYNC_OPERATION, STRING_MAP } from '../metadata/computed-tables';
import type { Table } from '../metadata/table';
import { REGISTRATION_TABLES } from '../registration/registration-tables';
import type { Columns, Reference } from '../rows/value';

/** A message of the platform, and where its steps are registered. */
interface PlatformMessage {
  readonly name: string;
  /** The tables that it can be registered for; `none` when its steps have no table. */
  readonly tables: 'none' | ((table: Table) => boolean);
}

/** Their rows are made when asked for: nothing happens to them. */
const READ_ONLY = [ASYNC_OPERATION, STRING_MAP].map(({ logicalName }) => logicalName);

const ordinary = (table: Table): boolean => table.intersect !== true && !READ_ONLY.includes(table.logicalName);
const owned = (table: Table): boolean => table.ownership === 'user';
const merged = (table: Table): boolean => table.byName.has('masterid');

const BULK = ['CreateMultiple', 'UpdateMultiple', 'UpsertMultiple', 'DeleteMultiple'];

/**
 * The messages that raise events here. Associate and Disassociate have no table: one step hears of all relationships.
 * https://learn.microsoft.com/power-apps/developer/data-platform/event-framework
 */
export const PLATFORM_MESSAGES: readonly PlatformMessage[] = [
  ...['Create', 'Update', 'Delete', 'Upsert', ...BULK].map((name) => ({ name, tables: ordinary })),
  ...['Assign', 'SetState', 'SetStateDynamicEntity'].map((name) => ({ name, tables: owned })),
  { name: 'Merge', tables: merged },
  ...['Associate', 'Disassociate'].map((name) => ({ name, tables: 'none' as const })),
];

/**
 * The `sdkmessagefilter` row that says that a message can have steps on a table (`none`: on no table). The tables of
 * registration have the messages, but no steps.
 */
export const messageFilter = (sdkmessageid: Reference, table: string): Columns => ({
  primaryobjecttypecode: table,
  secondaryobjecttypecode: 'none',
  sdkmessageid,
  iscustomprocessingstepallowed: !REGISTRATION_TABLES.some(({ logicalName }) => logicalName === table),
});
