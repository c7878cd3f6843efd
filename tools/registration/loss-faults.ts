import type { Fault } from '../../shared/yaml/schema-faults';
import type { Change, PlanInput } from './change';
import type { RegisteredItem } from './item';
import { labelOf } from './registered-label';

/** Why something may not be deleted, though it is the owner's and no longer declared. */
export function lossFaults(unwanted: readonly Change[], left: readonly RegisteredItem[], input: PlanInput): Fault[] {
  return unwanted.flatMap((change) => {
    if (change.action !== 'delete') return [];
    const { item, label } = change;
    const path = [`${item.kind === 'endpoint' ? 'endpoint' : 'step'}s`];
    if (item.isManaged)
      return [{ path, text: `can't lose ${label}: it came with a managed solution, which alone can take it away` }];
    return item.kind === 'endpoint' ? stepsInTheWay(item, label, left, input) : [];
  });
}

/** Deleting an endpoint takes its steps along, whoever's they are. */
function stepsInTheWay(
  { id }: RegisteredItem,
  label: string,
  left: readonly RegisteredItem[],
  input: PlanInput,
): Fault[] {
  const { owner } = input.declaration;
  const others = left.filter(
    ({ kind, mark, fields }) => kind === 'step' && mark?.owner !== owner && fields.endpoint === id,
  );
  if (others.length === 0) return [];
  const names = others.map((step) => labelOf(step, input)).join('; ');
  return [{ path: ['endpoints'], text: `can't lose ${label}: steps that aren't ${owner}'s post to it: ${names}` }];
}
