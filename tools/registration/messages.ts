import type { DesiredItem } from './item';
import type { Registered } from './registered';
import { rowsWhere, type Asks } from './rows';

/** Messages and what tables they have steps for, by name and by id. */
export class Messages {
  readonly #names = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  readonly #tables = new Map<string, string>();
  readonly #filters = new Map<string, string>();

  /** Asks for those of steps that shall be registered or are. */
  static async read(api: Asks, desired: readonly DesiredItem[], registered: Registered): Promise<Messages> {
    const messages = new Messages();
    const wanted = desired.filter(({ kind }) => kind === 'step').map(({ fields }) => fields);
    const there = [...registered.step.values()].map(({ fields }) => fields);
    const rows = await rowsWhere(
      api,
      'sdkmessages',
      ['sdkmessageid', 'name'],
      [
        ...wanted.map(({ message }) => `name eq '${String(message)}'`),
        ...there.map(({ message }) => `sdkmessageid eq ${String(message)}`),
      ],
    );
    for (const { sdkmessageid: id, name } of rows) {
      messages.#names.set(String(id), String(name));
      messages.#ids.set(String(name), String(id));
    }
    const filters = await rowsWhere(
      api,
      'sdkmessagefilters',
      ['sdkmessagefilterid', 'primaryobjecttypecode', '_sdkmessageid_value', 'iscustomprocessingstepallowed'],
      [
        ...wanted.flatMap(({ message, table }) => {
          const id = messages.#ids.get(String(message));
          return table === null || id === undefined
            ? []
            : [`(_sdkmessageid_value eq ${id} and primaryobjecttypecode eq '${String(table)}')`];
        }),
        ...there.flatMap(({ table }) => (table === null ? [] : [`sdkmessagefilterid eq ${String(table)}`])),
      ],
    );
    for (const row of filters) {
      const [id, table] = [String(row.sdkmessagefilterid), String(row.primaryobjecttypecode)];
      messages.#tables.set(id, table);
      if (row.iscustomprocessingstepallowed !== false)
        messages.#filters.set(`${String(row._sdkmessageid_value)} ${table}`, id);
    }
    return messages;
  }

  /** A message's id; undefined: there is no such message. */
  idOf(message: string): string | undefined {
    return this.#ids.get(message);
  }

  /** The id of what stands for a message of a table; undefined: there are none, or no steps of ours, for it. */
  filterOf(message: string, table: string): string | undefined {
    return this.#filters.get(`${this.#ids.get(message) ?? ''} ${table}`);
  }

  /** A message's name by its id. */
  nameOf(id: string): string {
    return this.#names.get(id) ?? id;
  }

  /** A table's name by the id of what stands for a message of it; null: for all tables. */
  tableOf(id: string): string | null {
    const table = this.#tables.get(id) ?? id;
    return table === 'none' ? null : table;
  }
}
