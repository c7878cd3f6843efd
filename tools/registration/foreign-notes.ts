import type { Change, PlanInput } from './change';
import type { Fields, FieldValue, RegisteredItem } from './item';
import { labelOf } from './registered-label';
import { withoutSecrets } from './without-secrets';

/** What isn't the owner's and shares an endpoint or a step with it. */
export function foreignNotes(left: readonly RegisteredItem[], unwanted: readonly Change[], input: PlanInput): string[] {
  const { declaration, registered } = input;
  const { owner } = declaration;
  const isOwned = (item: RegisteredItem | undefined): boolean => item?.mark?.owner === owner;
  const goes = new Set(unwanted.map((change) => (change.action === 'delete' ? change.item.id : '')));
  return left.flatMap((item) => {
    if (isOwned(item)) return [];
    if (item.kind === 'endpoint') return sameTargetNotes(item, input);
    if (item.kind === 'step' && isOwned(registered.endpoint.get(String(item.fields.endpoint))))
      return [`${labelOf(item, input)} posts to an endpoint of ${owner}'s and isn't declared`];
    if (item.kind !== 'image') return [];
    const step = registered.step.get(String(item.fields.step));
    if (!isOwned(step)) return [];
    return [`${labelOf(item, input)} isn't declared${goes.has(step?.id ?? '') ? ', and goes with its step' : ''}`];
  });
}

/** An endpoint that goes where a declared one goes: after another owner was written into the file, say. */
function sameTargetNotes(other: RegisteredItem, { desired }: PlanInput): string[] {
  const name = `${withoutSecrets(String(other.fields.name))} (${other.id})`;
  const whose = other.mark === undefined ? '' : `, which is ${other.mark.owner}'s,`;
  return desired
    .filter(({ kind, fields }) => kind === 'endpoint' && targetOf(fields) === targetOf(other.fields))
    .map(({ label }) => `${label} goes where endpoint ${name}${whose} goes: what is sent to both comes twice`);
}

/** Where an endpoint posts to. */
const targetOf = ({ kind, url, namespace, path }: Fields): string =>
  kind === 'webhook' ? address(url) : [kind, address(namespace), path].join(' ').toLowerCase();

const address = (value: FieldValue | undefined): string => {
  const text = String(value);
  return URL.canParse(text) ? new URL(text).href.toLowerCase().replace(/\/$/, '') : text;
};
