import { readField, readName, TABLES } from './registration-tables';
import { readMark, eventText, type DesiredItem, type FieldValue, type ItemKind, type RegisteredItem } from './item';
import { rowsWhere, type Asks, type Row } from './web-api-reads';
import { withoutSecrets } from './secrets';

/** What is registered in an environment, as far as service endpoints are concerned; each kind by id. */
export type Registered = Readonly<Record<ItemKind, ReadonlyMap<string, RegisteredItem>>>;

/**
 * Reads every service endpoint, the steps that post to one of them, and their images; also what is there under the ids of
 * `desired`, or bears the owner's mark, and posts elsewhere. Messages and tables of steps are ids here: `Messages` has their
 * names.
 * @param owner undefined: nobody's in particular
 */
export async function readRegistered(api: Asks, desired: readonly DesiredItem[], owner?: string): Promise<Registered> {
  const ask = (kind: ItemKind, conditions: readonly string[] | 'everything'): Promise<Row[]> => {
    const { set, id, columns, alsoRead } = TABLES[kind];
    return rowsWhere(api, set, [id, ...columns.map(readName), ...alsoRead], conditions);
  };
  const wanted = (kind: ItemKind): string[] =>
    desired.filter((item) => item.kind === kind).map(({ id }) => `${TABLES[kind].id} eq ${id}`);
  // Without the bracket of the mark, which would be a wildcard; what this finds too much is nobody's business.
  const marked = owner === undefined ? [] : [`contains(description,'dvo owner=${owner} ')`];
  const endpoints = itemsOf('endpoint', await ask('endpoint', 'everything'));
  const steps = itemsOf(
    'step',
    await ask('step', [
      ...[...endpoints.keys()].map((id) => `_eventhandler_value eq ${id}`),
      ...wanted('step'),
      ...marked,
    ]),
  );
  const ofSteps = [...steps.keys()].map((id) => `_sdkmessageprocessingstepid_value eq ${id}`);
  const images = itemsOf('image', await ask('image', [...ofSteps, ...wanted('image'), ...marked]));
  return { endpoint: endpoints, step: steps, image: images };
}

const itemsOf = (kind: ItemKind, rows: readonly Row[]): Map<string, RegisteredItem> =>
  new Map(rows.map((row) => itemOf(kind, row)).map((item) => [item.id, item]));

function itemOf(kind: ItemKind, row: Row): RegisteredItem {
  const { id, columns } = TABLES[kind];
  const fields: Record<string, FieldValue> = Object.fromEntries(columns.map((of) => [of.field, readField(of, row)]));
  const { text, mark } = readMark(typeof fields.description === 'string' ? fields.description : null);
  return {
    kind,
    id: String(row[id]).toLowerCase(),
    fields: { ...fields, description: text },
    mark,
    modifiedMs: Date.parse(String(row.modifiedon)),
    hasSecret: row.isauthvalueset === true || row.issaskeyset === true || row.issastokenset === true,
    isManaged: row.ismanaged === true,
  };
}

/** What a registered item is called in messages; what nobody's mark names goes by its name and id in Dataverse. */
export function labelOf(
  { kind, id, fields, mark }: RegisteredItem,
  { registered, messages }: { readonly registered: Registered; readonly messages: Messages },
): string {
  const named = mark?.item ?? `${withoutSecrets(String(fields.name))} (${id})`;
  if (kind === 'endpoint') return `endpoint ${named}`;
  const step = kind === 'step' ? fields : registered.step.get(String(fields.step))?.fields;
  const event = step === undefined ? '' : eventText(inWords(step, messages));
  if (kind === 'step') return `step ${named}: ${event}`;
  return `image ${mark?.item ?? withoutSecrets(String(fields.alias))} of ${event}`;
}

/** The fields of a registered step with the names of its message and table. */
export const inWords = (fields: RegisteredItem['fields'], messages: Messages): RegisteredItem['fields'] => ({
  ...fields,
  message: messages.nameOf(String(fields.message)),
  table: fields.table === null || fields.table === undefined ? null : messages.tableOf(String(fields.table)),
});

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
