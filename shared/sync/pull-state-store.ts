import { odata, type TableClient } from '@azure/data-tables';
import { randomUUID } from 'node:crypto';
import { findEntity, statusOf, withTable } from '../azure/tables';
import type { PullState, PullStateStore, StoredState } from './pull-state';

const PARTITION = 'pull';

/** Longest text of one property: 64,000 bytes of UTF-16. A list of columns beyond it isn't kept: drift then isn't named. */
const MAX_TEXT = 32_000;

/** Pull state in an Azure table: one entity per Dataverse table, the state as JSON, its columns in a property of their own. */
export class TablePullStates implements PullStateStore {
  constructor(private readonly client: TableClient) {}

  async read(table: string): Promise<StoredState> {
    const entity = await findEntity(this.client, PARTITION, table);
    if (entity === undefined) return { state: { kind: 'new' }, tag: undefined };
    const state = stateFrom(String(entity.state), table);
    const columns = typeof entity.columns === 'string' ? { columns: entity.columns.split(' ') } : {};
    return { state: state.kind === 'new' ? state : { ...state, ...columns }, tag: String(entity.etag) };
  }

  async write(table: string, state: PullState, tag: string | undefined): Promise<string | undefined> {
    const { columns, ...rest } = state.kind === 'new' ? { ...state, columns: undefined } : state;
    const list = columns?.join(' ') ?? '';
    const entity = {
      partitionKey: PARTITION,
      rowKey: table,
      state: JSON.stringify(rest),
      // Tells a write whose answer was lost, and which was sent again, from somebody else's.
      writeId: randomUUID(),
      ...(list === '' || list.length > MAX_TEXT ? {} : { columns: list }),
    };
    try {
      const { etag = '' } = await withTable(this.client, () =>
        tag === undefined
          ? this.client.createEntity(entity)
          : this.client.updateEntity(entity, 'Replace', { etag: tag }),
      );
      return etag;
    } catch (error) {
      if (statusOf(error) !== 409 && statusOf(error) !== 412 && statusOf(error) !== 404) throw error;
      const stored = await findEntity(this.client, PARTITION, table);
      return stored?.writeId === entity.writeId ? String(stored.etag) : undefined;
    }
  }

  async lastWritten(): Promise<ReadonlyMap<string, number>> {
    const written = new Map<string, number>();
    const filter = odata`PartitionKey eq ${PARTITION}`;
    try {
      const entities = this.client.listEntities({ queryOptions: { filter, select: ['RowKey', 'Timestamp'] } });
      for await (const { rowKey = '', timestamp = '' } of entities) written.set(rowKey, Date.parse(timestamp));
    } catch (error) {
      // No state was ever kept.
      if (statusOf(error) !== 404) throw error;
    }
    return written;
  }
}

/** A state as it is stored. One of a form that this version doesn't know says only that something was loaded: it is loaded again. */
function stateFrom(text: string, table: string): PullState {
  const state = JSON.parse(text) as Partial<PullState>;
  if (state.kind !== undefined) return state as PullState;
  return { kind: 'loading', journal: { table, load: 'unknown' }, first: false, again: false };
}
