import { ceilInstant, floorInstant, type Instant } from '../change/instant';
import type { RowAddress } from '../change/row-change';
import type { TableCatalog } from '../mapping/table-definition';
import type { RowRead, RowReader } from '../writer/row-reader';
import { ROW_ANNOTATIONS, readRow } from './odata-row';
import { rowIsMissing, type WebApi } from './web-api';

/**
 * Seconds by which the Date header of an answer may lag behind the moment that the answer tells of. Without it a lagging
 * header together with a modifiedon that goes back could hide a change for ever.
 */
const DATE_ALLOWANCE = 2;

/** The end of a read, in Dataverse's clock: never earlier than what the answer shows. */
export const endOf = (dateMs: number): Instant => ceilInstant(dateMs) + DATE_ALLOWANCE;

/** Reads rows back one by one: one GET each. */
export class WebApiRowReader implements RowReader {
  constructor(
    private readonly api: WebApi,
    private readonly catalog: TableCatalog,
    private readonly now: () => number = Date.now,
  ) {}

  async read({ table, id }: RowAddress): Promise<RowRead> {
    const definition = await this.catalog.get(table);
    const begin = floorInstant(this.now());
    try {
      const response = await this.api.get(`${definition.entitySet}(${id})`, [ROW_ANNOTATIONS]);
      let row = readRow(response.body, definition);
      if (row.definitionIsOld) row = readRow(response.body, await this.catalog.refresh(table));
      return {
        kind: 'found',
        columns: row.columns,
        version: row.version,
        modifiedOn: row.modifiedOn,
        begin,
        end: endOf(response.dateMs),
      };
    } catch (error) {
      if (!rowIsMissing(error)) throw error;
      return { kind: 'missing', begin, end: endOf(error.dateMs ?? this.now()) };
    }
  }
}
