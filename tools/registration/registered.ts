import { readField, readName, TABLES } from './columns';
import type { DesiredItem, FieldValue, ItemKind, RegisteredItem } from './item';
import { readMark } from './mark';
import { rowsWhere, type Asks, type Row } from './rows';

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
