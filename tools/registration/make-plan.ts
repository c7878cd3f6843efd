import type { WebApi } from '../../shared/dataverse/web-api';
import type { ApplyInput } from './apply';
import { listOf } from './declaration-rules';
import type { Declaration } from './declaration-schema';
import { desiredItems } from './desired-items';
import { Messages, readRegistered, inWords, labelOf } from './registered';
import type { Change, Difference, Plan, PlanInput } from './plan';
import { secretState, withoutSecrets, type EndpointSecret } from './secrets';
import { readTables } from './web-api-reads';
import { environmentFaults, foreignNotes, lossFaults, validationNotes } from './plan-checks';
import type { DesiredItem, FieldValue, RegisteredItem } from './item';

/** A plan, and what it takes to carry it out. */
export interface Prepared {
  readonly plan: Plan;
  readonly input: ApplyInput;
}

/**
 * Asks an environment what is registered and compares it with a declaration. Changes nothing.
 *
 * Requests: one for who asks, one for the endpoints, one each for 15 steps, images, messages and tables of messages, and one
 * for each table that is declared.
 */
export async function prepare(
  api: Pick<WebApi, 'get' | 'getCurrent' | 'change'>,
  declaration: Declaration,
  secrets: ReadonlyMap<string, EndpointSecret>,
): Promise<Prepared> {
  // Whoever can't ask this can't ask anything: the error is then about that.
  const { dateMs } = await api.get('WhoAmI');
  const aheadMs = dateMs - Date.now();
  const desired = desiredItems(declaration);
  const named = Object.values(declaration.steps ?? {}).flatMap(({ table }) => listOf(table));
  const [tables, { registered, messages }] = await Promise.all([
    readTables(api, [...named, ...(declaration.changeTracking ?? [])]),
    readRegistered(api, desired, declaration.owner).then(async (found) => ({
      registered: found,
      messages: await Messages.read(api, desired, found),
    })),
  ]);
  const plan = await makePlan({ declaration, desired, registered, messages, tables, secrets });
  const nowMs = (): number => Date.now() + aheadMs;
  return { plan, input: { api, owner: declaration.owner, messages, secrets, nowMs } };
}

/** Compares what shall be with what is. */
async function makePlan(input: PlanInput): Promise<Plan> {
  const { declaration, desired, registered } = input;
  const faults = environmentFaults(input);
  const notes = validationNotes(input);
  const ids = new Set(desired.map(({ kind, id }) => `${kind} ${id.toLowerCase()}`));
  const wanted: Change[] = [];
  let unchanged = 0;
  for (const item of desired) {
    const found = registered[item.kind].get(item.id.toLowerCase());
    if (found === undefined) {
      wanted.push({ action: 'create', item, differences: newColumns(item, input) });
      continue;
    }
    const { differences, note } = await differencesOf(item, found, input);
    if (note !== undefined) notes.push(note);
    if (differences.length === 0) unchanged += 1;
    else wanted.push({ action: 'update', item, differences, adopts: item.isAdopted && found.mark === undefined });
  }
  const all = [...registered.endpoint.values(), ...registered.step.values(), ...registered.image.values()];
  const left = all.filter(({ kind, id }) => !ids.has(`${kind} ${id}`));
  const unwanted = left
    .filter(({ mark }) => mark?.owner === declaration.owner)
    .map((item): Change => ({ action: 'delete', item, label: labelOf(item, input) }));
  faults.push(...lossFaults(unwanted, left, input));
  notes.push(...foreignNotes(left, unwanted, input));
  const tracked = (declaration.changeTracking ?? [])
    .filter((table) => input.tables.get(table)?.tracking === 'off')
    .map((table): Change => ({ action: 'track', table }));
  const changes = [...wanted, ...unwanted].sort((a, b) => turnOf(a) - turnOf(b));
  return { changes: [...changes, ...tracked], unchanged, notes, faults };
}

/** What is needed by others comes before them, and goes after them; an image that takes another's place after that one. */
const TURNS = ['write endpoint', 'write step', 'delete image', 'write image', 'delete step', 'delete endpoint'];

function turnOf(change: Change): number {
  if (change.action === 'track') return TURNS.length;
  return TURNS.indexOf(`${change.action === 'delete' ? 'delete' : 'write'} ${change.item.kind}`);
}

/** What a new item gets, but for what its name says already. */
function newColumns({ kind, fields }: DesiredItem, input: PlanInput): Difference[] {
  const given = Object.entries(fields)
    .filter(
      ([field, value]) => !['message', 'table', 'step'].includes(field) && (value !== null || field === 'columns'),
    )
    .map(([field, value]): Difference => ({ field, from: null, to: shown(field, value, input) }));
  return kind === 'endpoint' ? [...given, { field: 'secret', from: null, to: DECLARED }] : given;
}

/** What is told of a secret. */
const DECLARED = 'the one declared';

/** A value as it may be shown: without secrets, and an endpoint by its name instead of its id. */
function shown(field: string, value: FieldValue, { desired, registered }: PlanInput): FieldValue {
  if (typeof value !== 'string') return value;
  if (field !== 'endpoint') return withoutSecrets(value);
  const endpoint = desired.find(({ kind, id }) => kind === 'endpoint' && id.toLowerCase() === value.toLowerCase());
  const other = registered.endpoint.get(value);
  return endpoint?.key ?? (other === undefined ? value : `${withoutSecrets(String(other.fields.name))} (${value})`);
}

async function differencesOf(
  item: DesiredItem,
  found: RegisteredItem,
  input: PlanInput,
): Promise<{ readonly differences: readonly Difference[]; readonly note: string | undefined }> {
  const { messages, declaration } = input;
  const there = found.kind === 'step' ? inWords(found.fields, messages) : found.fields;
  const differences: Difference[] = Object.entries(item.fields)
    .filter(([field, to]) => !isSame(there[field] ?? null, to))
    .map(([field, to]) => ({ field, from: shown(field, there[field] ?? null, input), to: shown(field, to, input) }));
  if (found.mark?.owner !== declaration.owner)
    differences.push({ field: 'owner', from: found.mark?.owner ?? null, to: declaration.owner });
  else if (found.mark.item !== item.key)
    differences.push({ field: 'declared as', from: found.mark.item, to: item.key });
  if (item.kind !== 'endpoint') return { differences, note: undefined };
  const secret = input.secrets.get(item.key);
  const from = await secretState(found, secret);
  if (from !== undefined)
    return { differences: [...differences, { field: 'secret', from, to: DECLARED }], note: undefined };
  const note = secret?.kind === 'unknown' ? `${item.label}: its secret wasn't compared: ${secret.reason}` : undefined;
  return { differences, note };
}

/** Ids are the same in either case. */
const isSame = (a: FieldValue, b: FieldValue): boolean =>
  a === b || (typeof a === 'string' && typeof b === 'string' && GUID.test(a) && a.toLowerCase() === b.toLowerCase());
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
