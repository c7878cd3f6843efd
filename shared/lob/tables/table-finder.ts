import { odata } from '@azure/data-tables';
import { tableIsMissing, type TableClientFactory } from '../../azure/tables';
import type { Columns, Value } from '../../change/value';
import { int32Of, int64Of } from '../../json/exact-number';
import { ownName } from '../derived-names';
import { NotFindable, type RowFinder } from '../row-finder';
import { EntityTable } from './entity-table';
import { isPartKey, PARTITIONS, type StoreNaming } from './layout';

const ENOUGH = 2;

/**
 * Finds rows in Azure Tables, which has no index but that of its keys: every entity is looked at, in all partitions at once. Of a
 * row of several entities the columns have to lie in one of them.
 * https://learn.microsoft.com/azure/storage/tables/table-storage-design-for-query
 */
export class TableFinder implements RowFinder {
  constructor(
    private readonly clientOf: TableClientFactory,
    private readonly naming: StoreNaming,
  ) {}

  async find(table: string, columns: Columns, isWanted: () => boolean): Promise<readonly string[]> {
    const entities = new EntityTable(this.clientOf(this.naming.tableOf(table)));
    const conditions = [...columns].map(([name, value]) => conditionOf(ownName(name), value)).join(' and ');
    const found: string[] = [];
    const lookIn = async (partition: string): Promise<void> => {
      const filter = `PartitionKey eq '${partition}' and ${conditions}`;
      for await (const page of entities.query({ filter, top: ENOUGH, select: ['RowKey'] })) {
        for (const { RowKey: key } of page.entities) {
          const rowKey = String(key);
          const id = this.naming.idOf(table, isPartKey(rowKey) ? rowKey.replace(/~\d+$/, '') : rowKey);
          if (id !== undefined && !found.includes(id)) found.push(id);
        }
        if (found.length >= ENOUGH || !isWanted()) return;
      }
    };
    try {
      await Promise.all(PARTITIONS.map(lookIn));
    } catch (error) {
      if (!tableIsMissing(error)) throw error;
    }
    return found;
  }
}

/** A value as a filter compares it: by its type, so that digits may be an Int32 or an Int64. */
function conditionOf(property: string, value: Value): string {
  switch (value?.kind) {
    case 'string':
    case 'guid':
      return `${property} ${odata`eq ${value.value}`}`;
    case 'lookup':
      return `${property} ${odata`eq ${value.id}`}`;
    case 'boolean':
      return `${property} eq ${value.value}`;
    case 'integer':
    case 'choice':
      return `${property} eq ${value.value}`;
    case 'bigint':
      return `${property} eq ${value.value}L`;
    case 'number': {
      const [int32, int64] = [int32Of(value.text), int64Of(value.text)];
      if (int64 === undefined) break;
      return int32 === undefined ? `${property} eq ${int64}L` : `(${property} eq ${int32} or ${property} eq ${int64}L)`;
    }
    default:
  }
  throw new NotFindable('the store looks for texts, ids, choices and whole numbers only');
}
