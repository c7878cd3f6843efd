import { TABLES } from './columns';
import type { RegisteredItem } from './item';
import { readMark } from './mark';
import { rowsWhere, type Asks } from './rows';

/**
 * Looks again, just before something is deleted: a plan may have been looked at for long, and another one may be carried out
 * beside it.
 * @param label as errors shall name it
 * @returns false: it is gone already
 * @throws Error where it is no longer the owner's, or somebody's step would go along
 */
export async function isStillOwned(
  api: Asks,
  { kind, id }: RegisteredItem,
  label: string,
  owner: string,
): Promise<boolean> {
  const { set, id: column } = TABLES[kind];
  const [row] = await rowsWhere(api, set, [column, 'description'], [`${column} eq ${id}`]);
  if (row === undefined) return false;
  const { mark } = readMark(typeof row.description === 'string' ? row.description : null);
  if (mark?.owner !== owner)
    throw new Error(`${label} no longer bears ${owner}'s mark, and isn't deleted. Look at the plan again.`);
  if (kind !== 'endpoint') return true;
  const steps = await rowsWhere(api, TABLES.step.set, [TABLES.step.id], [`_eventhandler_value eq ${id}`]);
  if (steps.length > 0)
    throw new Error(
      `${label} isn't deleted: since the plan was made, ${steps.length} steps post to it. Look at the plan again.`,
    );
  return true;
}
