import { ceilInstant, floorInstant, type Instant } from '../change/instant';
import type { RowAddress } from '../change/row-change';
import type { TableCatalog, TableDefinition } from '../mapping/table-definition';
import type { RowRead, RowReader } from '../writer/read-back';
import { ROW_ANNOTATIONS, readRow } from './odata-row';
import { columnUnknown } from './definitions';
import { WebApiError, type AnswerTime, type WebApi, type WebApiResponse } from './web-api';

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

/** When a read was made, in Dataverse's clock: `begin` is no later than its request, `end` no earlier than what it shows. */
export const spanOf = ({ sentMs, dateMs }: AnswerTime): { readonly begin: Instant; readonly end: Instant } => ({
  begin: floorInstant(sentMs),
  end: ceilInstant(dateMs) + DATE_ALLOWANCE,
});

/**
 * ObjectDoesNotExist, and of this very row: its id is in the text, whatever the language. A 404 for another reason (a table
 * unknown to the Web API, another row, a proxy's) is no delete.
 */
export const rowIsMissing = (error: unknown, id: string): error is WebApiError =>
  error instanceof WebApiError &&
  error.status === 404 &&
  (error.platformCode === '0x80040217' || (error.platformCode === '' && /does not exist/i.test(error.message))) &&
  error.message.slice(error.request.length).toLowerCase().includes(id);

/** Reads rows back one by one: one GET each. */
export class WebApiRowReader implements RowReader {
  constructor(
    private readonly api: WebApi,
    private readonly catalog: TableCatalog,
    /** The columns to ask for, as the Web API names them; undefined: all. */
    private readonly selectOf: (definition: TableDefinition) => readonly string[] | undefined = () => undefined,
  ) {}

  async read({ table, id }: RowAddress): Promise<RowRead> {
    let definition = await this.catalog.get(table);
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
        ...spanOf(response),
      };
    } catch (error) {
      if (!rowIsMissing(error, id) || error.time === undefined) throw error;
      return { kind: 'missing', ...spanOf(error.time) };
    }
  }

  #get(definition: TableDefinition, id: string): Promise<WebApiResponse> {
    const select = this.selectOf(definition);
    const query = select === undefined ? '' : `?$select=${select.join(',')}`;
    return this.api.get(`${definition.entitySet}(${id})${query}`, [ROW_ANNOTATIONS]);
  }
}
