import type { TableDefinition } from '../../shared/mapping/table-definition';

/** A table that is pulled by deltas, of which no column is known. */
export const DEFINITION: TableDefinition = {
  table: 'account',
  entitySet: 'accounts',
  primaryId: 'accountid',
  changeTracking: true,
  columns: new Map(),
};
