import { ceilInstant, floorInstant, type Instant } from '../change/instant';
import type { RowAddress } from '../change/row-change';
import type { TableCatalog, TableDefinition } from '../mapping/table-definition';
import type { RowRead, RowReader } from '../writer/row-reader';
import { ROW_ANNOTATIONS, readRow } from './odata-row';
import { columnUnknown, rowIsMissing, type WebApi, type WebApiResponse } from './web-api';

/**
 * Seconds by which the Date header of an answer may lag behind the moment that the answer tells of. Without it a lagging
 * header together with a modifiedon that goes back could hide a change for ever.
 */
const DATE_ALLOWANCE = 2;

/**
 * Least age in milliseconds of a definition that is refreshed because a column is gone: whatever refreshes have brought
 * before, this one is proven to be old.
 */
const LEAST_AGE_MS = 2000;

/** The end of a read, in Dataverse's clock: never earlier than what the answer shows. */
export const endOf = (dateMs: number): Instant => ceilInstant(dateMs) + DATE_ALLOWANCE;

/** Reads rows back one by one: one GET each. */
export class WebApiRowReader implements RowReader {
  constructor(
    private readonly api: WebApi,
    private readonly catalog: TableCatalog,
    /** The columns to ask for, as the Web API names them; undefined: all. */
    private readonly selectOf: (definition: TableDefinition) => readonly string[] | undefined = () => undefined,
    private readonly now: () => number = Date.now,
  ) {}

  async read({ table, id }: RowAddress): Promise<RowRead> {
    let definition = await this.catalog.get(table);
    const begin = floorInstant(this.now());
    try {
      let response: WebApiResponse;
      try {
        response = await this.#get(definition, id);
      } catch (error) {
        if (!columnUnknown(error)) throw error;
        definition = await this.catalog.refresh(table, LEAST_AGE_MS);
        response = await this.#get(definition, id);
      }
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
      if (!rowIsMissing(error, id)) throw error;
      return { kind: 'missing', begin, end: endOf(error.dateMs ?? this.now()) };
    }
  }

  #get(definition: TableDefinition, id: string): Promise<WebApiResponse> {
    const select = this.selectOf(definition);
    const query = select === undefined ? '' : `?$select=${select.join(',')}`;
    return this.api.get(`${definition.entitySet}(${id})${query}`, [ROW_ANNOTATIONS]);
  }
}
