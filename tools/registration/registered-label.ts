import type { PlanInput } from './change';
import { eventText, type RegisteredItem } from './item';
import type { Messages } from './messages';
import { withoutSecrets } from './without-secrets';

/** What a registered item is called in messages; what nobody's mark names goes by its name and id in Dataverse. */
export function labelOf(
  { kind, id, fields, mark }: RegisteredItem,
  { registered, messages }: Pick<PlanInput, 'registered' | 'messages'>,
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
