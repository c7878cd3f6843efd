import type { RowChange } from '../change/row-change';
import type { Context } from '../context/context';
import { OutboundError } from '../errors/errors';

/**
 * A kind of table whose rows can't be kept in step.
 * https://learn.microsoft.com/dotnet/api/microsoft.xrm.sdk.metadata.tabletypecode
 */
export type UnsupportedTableType = 'elastic' | 'virtual';

const REASONS: Readonly<Record<UnsupportedTableType, string>> = {
  elastic:
    'its rows are told apart by their id and their partitionid together, so a read by the id alone proves nothing, and two ' +
    'rows may have one id.',
  virtual:
    'its rows are in another system, and Dataverse has neither their versions nor their changes. What that system reports ' +
    'can be kept as events: name OnExternalCreated, OnExternalUpdated and OnExternalDeleted under "events" in the mapping file.',
};

/** Thrown when something is of an elastic or a virtual table: none of its rows is read or stored. */
export class TableTypeUnsupported extends OutboundError {
  constructor(
    table: string,
    readonly type: UnsupportedTableType,
  ) {
    super(
      'table-type-unsupported',
      `Table ${table} is ${type}, so it can't be kept in step: ${REASONS[type]} Take the table out of SYNC_TABLES and the ` +
        `mapping file, and remove its steps.`,
    );
  }
}

/** Every elastic table has this column, and no other: columns that are added have a prefix. */
const PARTITION_ID = 'partitionid';

/**
 * Whether a change shows by itself that its table is elastic; of a deletion only the images of the row tell. For where there is
 * no metadata.
 * https://learn.microsoft.com/power-apps/developer/data-platform/elastic-tables#partitioning-and-horizontal-scaling
 */
export const isPartitioned = (change: RowChange, { preImages }: Pick<Context, 'preImages'>): boolean =>
  change.kind === 'delete'
    ? [...(preImages?.values() ?? [])].some(({ columns }) => columns.has(PARTITION_ID))
    : change.columns.has(PARTITION_ID);
