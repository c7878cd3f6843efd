import type { WebApi } from '../../shared/dataverse/web-api';
import { enableTracking } from '../../shared/dataverse/table-tracking';
import { TABLES, writtenColumns } from './registration-tables';
import { fingerprintOf, scrubbedError, type EndpointSecret } from './secrets';
import { withMark, readMark, type DesiredItem, type Fields, type SecretMark, type RegisteredItem } from './item';
import type { Messages } from './registered';
import type { Change } from './plan';
import { rowsWhere, type Asks } from './web-api-reads';

/** What carrying out a plan needs. */
export interface ApplyInput {
  readonly api: Pick<WebApi, 'get' | 'getCurrent' | 'change'>;
  readonly owner: string;
  readonly messages: Messages;
  readonly secrets: ReadonlyMap<string, EndpointSecret>;
  /** Now by Dataverse's clock, milliseconds since 1970. */
  readonly nowMs: () => number;
}

/**
 * Carries out one change, with one request (two for a step that shall be disabled; before something is deleted it is looked
 * at again; some more for change tracking). What is made has an id that is made of what it is, so a change that was carried
 * out before its answer was lost isn't in the next plan any more.
 * @throws WebApiError; Error where what shall be deleted isn't the owner's any more
 */
export async function applyChange(change: Change, input: ApplyInput): Promise<void> {
  const writesSecret = (change.action === 'create' || change.action === 'update') && change.item.kind === 'endpoint';
  if (!writesSecret) return carryOut(change, input);
  try {
    await carryOut(change, input);
  } catch (error) {
    throw scrubbedError(error, input.secrets.get(change.item.key));
  }
}

async function carryOut(change: Change, input: ApplyInput): Promise<void> {
  const { api } = input;
  switch (change.action) {
    case 'create':
      await create(change.item, input);
      return;
    case 'update': {
      const { item, differences } = change;
      const changed = new Set(differences.map(({ field }) => field));
      // The platform fails when an image is changed without naming its step.
      const fields = Object.fromEntries(
        Object.entries(item.fields).filter(([field]) => changed.has(field) || field === 'step'),
      );
      // An endpoint's secret goes along with whatever is written, as its mark says when that was.
      const marked =
        item.kind === 'endpoint' || ['owner', 'declared as', 'description'].some((field) => changed.has(field));
      const columns = {
        ...writtenColumns(item.kind, withIds(fields, item, input)),
        ...(marked ? await markColumns(item, input) : {}),
      };
      await api.change('PATCH', `${TABLES[item.kind].set}(${item.id})`, columns, { 'If-Match': '*' });
      return;
    }
    case 'delete':
      if (await isStillOwned(api, change.item, change.label, input.owner))
        await api.change('DELETE', `${TABLES[change.item.kind].set}(${change.item.id})`);
      return;
    case 'track':
      await enableTracking(api, change.table);
      return;
    default:
      change satisfies never;
  }
}

async function create(item: DesiredItem, input: ApplyInput): Promise<void> {
  const { set, id, fixed } = TABLES[item.kind];
  const { enabled, ...fields } = item.fields;
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  const columns = writtenColumns(item.kind, withIds(given, item, input));
  await input.api.change('POST', set, {
    [id]: item.id,
    // A new row refers to nothing by itself: nothing can be bound to null.
    ...Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null)),
    ...fixed(item.fields),
    ...(await markColumns(item, input)),
  });
  // A new row is always active.
  if (enabled === false)
    await input.api.change('PATCH', `${set}(${item.id})`, writtenColumns(item.kind, { enabled }), { 'If-Match': '*' });
}

/** Fields of a step with the ids of its message and of what stands for the message of its table. */
function withIds(fields: Fields, { kind, fields: all }: DesiredItem, { messages }: ApplyInput): Fields {
  if (kind !== 'step') return fields;
  const message = String(all.message);
  const filter = all.table === null ? null : (messages.filterOf(message, String(all.table)) ?? null);
  return {
    ...fields,
    ...('message' in fields ? { message: messages.idOf(message) ?? null } : {}),
    ...('table' in fields || 'message' in fields ? { table: filter } : {}),
  };
}

/** The description with its mark; of an endpoint its secret, too. @throws Error where the secret can't be had */
async function markColumns(item: DesiredItem, { owner, secrets, nowMs }: ApplyInput): Promise<Record<string, string>> {
  const description = typeof item.fields.description === 'string' ? item.fields.description : null;
  const mark = (secret?: SecretMark): { description: string } => ({
    description: withMark(description, { owner, item: item.key, ...(secret === undefined ? {} : { secret }) }),
  });
  if (item.kind !== 'endpoint') return mark();
  const secret = secrets.get(item.key);
  if (secret?.kind !== 'known')
    throw new Error(`${item.label} needs its secret: ${secret?.reason ?? 'none is declared'}`);
  const fingerprint = await fingerprintOf(secret.value);
  return { ...mark({ fingerprint, writtenMs: nowMs() }), [secret.column]: secret.value };
}

/**
 * Looks again, just before something is deleted: a plan may have been looked at for long, and another one may be carried out
 * beside it.
 * @param label as errors shall name it
 * @returns false: it is gone already
 * @throws Error where it is no longer the owner's, or somebody's step would go along
 */
async function isStillOwned(api: Asks, { kind, id }: RegisteredItem, label: string, owner: string): Promise<boolean> {
  const { set, id: column } = TABLES[kind];
  const [row] = await rowsWhere(api, set, [column, 'description'], [`${column} eq ${id}`]);
  if (row === undefined) return false;
  const { mark } = readMark(typeof row.description === 'string' ? row.description : null);
  if (mark?.owner !== owner)
    throw new Error(`${label} no longer has ${owner}'s mark and was not deleted. Make a new plan.`);
  if (kind !== 'endpoint') return true;
  const steps = await rowsWhere(api, TABLES.step.set, [TABLES.step.id], [`_eventhandler_value eq ${id}`]);
  if (steps.length > 0)
    throw new Error(
      `${label} was not deleted: ${steps.length} steps post to it since the plan was made. Make a new plan.`,
    );
  return true;
}
