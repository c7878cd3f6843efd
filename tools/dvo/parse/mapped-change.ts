import type { Columns } from '../../../shared/change/value';
import { readMappingPart } from '../../../shared/app/config';
import { partitionOf } from '../../../shared/lob/tables/layout';
import { linkedRows, linkOf } from '../../../shared/mapping/link';
import type { Mapping } from '../../../shared/mapping/mapping';
import { namingOf } from '../../../shared/lob/mapped-store';
import { UsageError } from '../terminal/terminal';
import type { Change } from '../../../shared/change/association';
import type { MessageEvent } from '../../../shared/change/message-event';

/** Where a change goes in the store and what it brings there, by the mapping alone: without the table's metadata. */
export type MappedChange =
  | { readonly table: string; readonly partitionKey: string; readonly rowKey: string; readonly columns: Columns | null }
  /** The row doesn't meet the filter: it is hidden. */
  | { readonly hidden: true; readonly table: string; readonly partitionKey: string; readonly rowKey: string }
  /** An event: its key is made of the message. */
  | { readonly table: string; readonly columns: Columns }
  | { readonly notMapped: string };

type Environment = Readonly<Record<string, string | undefined>>;

/** Stands in for the key of hashed columns where only the app needs the real one. */
export const SOME_KEY = Buffer.alloc(32).toString('base64');

/** The mapping of a file; without REDACTION_KEY hashes are by another key. @throws UsageError with every fault of it */
export function mappingAt(file: string, settings: Environment): Mapping {
  const { mapping, faults } = readMappingPart({
    ...settings,
    SYNC_TABLES: '',
    MAPPING_FILE: file,
    ...((settings.REDACTION_KEY ?? '').trim() === '' ? { REDACTION_KEY: SOME_KEY } : {}),
  });
  if (faults.length > 0) throw new UsageError(faults.join('; '));
  return mapping;
}

/** What a change becomes in the store. @throws ValueNotConvertible, FilterUnfit */
export function mappedChange(mapping: Mapping, change: Told): MappedChange {
  if (change.kind === 'event') {
    const rule = mapping.events.get(change.message);
    if (rule === undefined) return { notMapped: `unmapped.messages: ${mapping.unmapped.messages}` };
    return { table: rule.target, columns: rule.mapColumns(change.columns) };
  }
  if ('relationship' in change) {
    const link = mapping.links.get(change.relationship);
    if (link === undefined)
      return {
        notMapped: `not a link in the mapping file: a lookup of a row, or unmapped.relationships: ${mapping.unmapped.relationships}`,
      };
    const { row, columns } = linkOf(change.relationship, linkedRows(change));
    const at = { table: link.target, partitionKey: partitionOf(row.id), rowKey: row.id };
    return { ...at, columns: change.kind === 'associate' ? columns : null };
  }
  const { row } = change;
  const table = mapping.tableOf(row.table);
  const at = { table: table.target, partitionKey: partitionOf(row.id), rowKey: namingOf(mapping, '').keyOf(row) };
  if (change.kind === 'delete') return { ...at, columns: null };
  return table.shows(row, change.columns, change.kind === 'snapshot' ? 'all' : 'brought')
    ? { ...at, columns: table.map(row, change.columns) }
    : { hidden: true, ...at };
}

/** What a context tells: changes, or an event. */
export type Told = (Change | (MessageEvent & { readonly kind: 'event' })) & { readonly stored?: MappedChange };
