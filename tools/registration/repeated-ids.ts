import type { Fault } from '../../shared/yaml/schema-faults';
import type { Declaration } from './declaration-schema';
import { desiredItems } from './desired-items';

/**
 * Ids that are given to two items, or given to one and made for another: each would be changed into the other, at every run.
 */
export function repeatedIds(declaration: Declaration): Fault[] {
  const items = desiredItems(declaration);
  const given = items.filter(({ isAdopted }) => isAdopted);
  return given.flatMap((item, index) => {
    const other = [...items.filter(({ isAdopted }) => !isAdopted), ...given.slice(0, index)].find(
      ({ id }) => id === item.id,
    );
    return other === undefined ? [] : [{ path: [...item.path, 'id'], text: `is the id of ${other.label}, too` }];
  });
}
