import type { TableClient } from '@azure/data-tables';
import { findEntity, withTable } from '../azure/tables';
import type { PullState, PullStateStore } from './pull-state';

const PARTITION = 'pull';

/** Longest text of one property. A list of columns beyond it isn't kept: drift then isn't named. */
const MAX_TEXT = 32 * 1024;

/** Pull state in an Azure table: one entity per Dataverse table, the state as JSON, its columns in a property of their own. */
export class TablePullStates implements PullStateStore {
  constructor(private readonly client: TableClient) {}

  async read(table: string): Promise<PullState> {
    const entity = await findEntity(this.client, PARTITION, table);
    const state = typeof entity?.state === 'string' ? (JSON.parse(entity.state) as PullState) : {};
    return typeof entity?.columns === 'string' ? { ...state, columns: entity.columns.split(' ') } : state;
  }

  async write(table: string, { columns, ...state }: PullState): Promise<void> {
    const list = columns?.join(' ') ?? '';
    const entity = {
      partitionKey: PARTITION,
      rowKey: table,
      state: JSON.stringify(state),
      ...(list === '' || list.length > MAX_TEXT ? {} : { columns: list }),
    };
    await withTable(this.client, () => this.client.upsertEntity(entity, 'Replace'));
  }
}
