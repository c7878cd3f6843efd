/** A stream of Updates as bodies, each newer than all before, over so many rows in turn; and those rows to begin with. */
import type { TableClient } from '@azure/data-tables';
import { updateBodies } from './contexts';
import { EPOCH, idOf, seasoned, updatedColumns } from './rows';
import { entityOf, transact } from './stores';

export class Updates {
  readonly #bodyOf = updateBodies();
  #made = 0;

  constructor(readonly rows: number) {}

  /** The body of the next one: of the next row, by an operation of its own. */
  next(): Buffer {
    this.#made += 1;
    return this.#bodyOf(idOf(this.#made % this.rows), idOf(this.#made).replace('5b1d', 'a3c9'), EPOCH + this.#made);
  }

  /** Makes a table with the rows in it, which have a history. */
  async seed(client: TableClient): Promise<void> {
    await client.createTable();
    const entities = Array.from({ length: this.rows }, (_, n) =>
      entityOf(n, updatedColumns(n, EPOCH - 1), seasoned(n)),
    );
    await transact(client, entities, 'Replace');
  }
}
