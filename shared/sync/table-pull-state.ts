import type { TableClient } from '@azure/data-tables';
import { findEntity, withTable } from '../azure/tables';
import type { PullState, PullStateStore } from './pull-state';

const PARTITION = 'pull';

/** Pull state in an Azure table: one entity per Dataverse table, the state as JSON. */
export class TablePullStates implements PullStateStore {
  constructor(private readonly client: TableClient) {}

  async read(table: string): Promise<PullState> {
    const entity = await findEntity(this.client, PARTITION, table);
    return typeof entity?.state === 'string' ? (JSON.parse(entity.state) as PullState) : {};
  }

  async write(table: string, state: PullState): Promise<void> {
    const entity = { partitionKey: PARTITION, rowKey: table, state: JSON.stringify(state) };
    await withTable(this.client, () => this.client.upsertEntity(entity, 'Replace'));
  }
}
