/** The store as any reader sees it, with the plain SDK or client. */
import { TableClient } from '@azure/data-tables';
import { isReceiver, receivedEntities } from './receiver-entities';
import { isPostgres, rowsAsEntities } from './postgres-entities';

/** An entity of the store. */
export type Entity = Readonly<Record<string, unknown>>;

/** Properties by name; `undefined` as a value: any text will do. */
export type Properties = ReadonlyMap<string, unknown>;

/** What a store calls the table for a name. */
export const tableIn = (place: string, name: string): string =>
  isPostgres(place) || isReceiver(place) ? name : name.replaceAll('_', '');

/**
 * All entities of the table for a name; none where it was never written.
 *
 * @param place connection string of a storage account, or address of a database or a LOB system
 */
export async function entitiesOf(place: string, name: string): Promise<readonly Entity[]> {
  if (isPostgres(place)) return rowsAsEntities(place, name);
  if (isReceiver(place)) return receivedEntities(place, name);
  const client = TableClient.fromConnectionString(place, tableIn(place, name), {
    allowInsecureConnection: true,
  });
  const entities: Entity[] = [];
  try {
    for await (const entity of client.listEntities()) entities.push(entity);
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
  return joined(entities);
}

/** Rows of several entities as one: what the others have, with the keys of the first. */
function joined(entities: readonly Entity[]): readonly Entity[] {
  const others = Map.groupBy(entities, ({ rowKey }) => /^(.*)~\d+$/.exec(String(rowKey))?.[1]);
  return (others.get(undefined) ?? []).map((entity) => {
    const { Parts, PartsTag } = entity;
    const rest = others.get(String(entity.rowKey)) ?? [];
    if (rest.length + 1 !== (Parts ?? 1) || rest.some((other) => other.PartsTag !== PartsTag))
      return { ...entity, Torn: rest.length };
    return Object.assign({}, ...rest, entity) as Entity;
  });
}

const KEYS = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp']);

/** The names of an entity's own properties: neither its keys nor what the service and the SDK add. */
export const propertiesOf = (entity: Entity): string[] =>
  Object.keys(entity).filter((name) => !KEYS.has(name) && !name.startsWith('odata'));

/** The names of the properties that aren't as expected, or aren't expected at all. `own`: those of every entity. */
export function differingProperties(
  expected: Properties,
  entity: Entity,
  own: ReadonlySet<string>,
  digitsAsText = false,
): string[] {
  const wrong: string[] = [];
  for (const [name, want] of expected) {
    const have = entity[name];
    const plain = have instanceof Date ? have.getTime() : have;
    // JSON has no 64-bit integers: the receiver gets their digits.
    const isSame = plain === want || (typeof want === 'bigint' && digitsAsText && plain === String(want));
    if (want !== undefined && !isSame) wrong.push(name);
  }
  return [...wrong, ...propertiesOf(entity).filter((name) => !own.has(name) && !expected.has(name))];
}

/** A column, a whole row, an event, or a property of the store that isn't as it should be. */
export interface Difference {
  /** The table, the relationship or the message, by its name in Dataverse. */
  readonly table: string;
  /** The row's, or the call's. */
  readonly id: string;
  /** Names columns, never their values. */
  readonly what: string;
}

/** How many differences are kept; all of them count. */
const KEPT = 100;

/** Collects what differs. */
export class Differences {
  readonly first: Difference[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  note(table: string, id: string, what: string): void {
    this.#count += 1;
    if (this.first.length < KEPT) this.first.push({ table, id, what });
  }
}
