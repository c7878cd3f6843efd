import type { Fault } from '../shared/yaml/schema-faults';
import { listOf } from './declaration-rules';
import type { Declaration } from './declaration-schema';
import { isFingerprintOf } from './fingerprint';
import { eventText, type DesiredItem, type FieldValue, type RegisteredItem } from './item';
import type { Messages } from './messages';
import type { Registered } from './registered';
import type { EndpointSecret } from './secrets';
import type { TableFacts } from './tables';

/** A column that is otherwise than declared. Of a secret only what is known of it is told. */
export interface Difference {
  readonly field: string;
  readonly from: FieldValue;
  readonly to: FieldValue;
}

/** One thing to do. */
export type Change =
  | { readonly action: 'create'; readonly item: DesiredItem; readonly differences: readonly Difference[] }
  | {
      readonly action: 'update';
      readonly item: DesiredItem;
      readonly differences: readonly Difference[];
      /** It was nobody's, and becomes the owner's. */
      readonly adopts: boolean;
    }
  | { readonly action: 'delete'; readonly item: RegisteredItem; readonly label: string }
  | { readonly action: 'track'; readonly table: string };

/** What would change. */
export interface Plan {
  /** In the order in which it is done. */
  readonly changes: readonly Change[];
  /** What is as declared. */
  readonly unchanged: number;
  /** What an operator should know and the tool leaves alone. */
  readonly notes: readonly string[];
  /** Why nothing may be done, each with its place in the declaration. */
  readonly faults: readonly Fault[];
}

/** What a plan is made of. */
export interface PlanInput {
  readonly declaration: Declaration;
  readonly desired: readonly DesiredItem[];
  readonly registered: Registered;
  readonly messages: Messages;
  readonly tables: ReadonlyMap<string, TableFacts>;
  readonly secrets: ReadonlyMap<string, EndpointSecret>;
}

/**
 * How much later than its own mark an endpoint may have been changed: `modifiedon` is when Dataverse carried out the request
 * that the mark came with.
 */
const WRITTEN_WITHIN_MS = 15_000;

/** Compares what shall be with what is. */
export async function makePlan(input: PlanInput): Promise<Plan> {
  const { declaration, desired, registered } = input;
  const faults = [...tableFaults(input), ...desired.flatMap((item) => itemFaults(item, input))];
  const notes: string[] = [];
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
  faults.push(...stepsInTheWay(unwanted, left, input));
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

/** What a registered item is called in messages. */
function labelOf({ kind, id, fields, mark }: RegisteredItem, { registered, messages }: PlanInput): string {
  if (kind === 'endpoint') return `endpoint ${mark?.item ?? `${String(fields.name)} (${id})`}`;
  const step = kind === 'step' ? fields : registered.step.get(String(fields.step))?.fields;
  const event = step === undefined ? '' : eventText(inWords(step, messages));
  if (kind === 'step') return `step ${mark?.item ?? `${String(fields.name)} (${id})`}: ${event}`;
  return `image ${mark?.item ?? String(fields.alias)} of ${event}`;
}

/** The fields of a registered step with the names of its message and table. */
export const inWords = (fields: RegisteredItem['fields'], messages: Messages): RegisteredItem['fields'] => ({
  ...fields,
  message: messages.nameOf(String(fields.message)),
  table: fields.table === null || fields.table === undefined ? null : messages.tableOf(String(fields.table)),
});

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

/** An endpoint by its name instead of its id. */
function shown(field: string, value: FieldValue, { desired, registered }: PlanInput): FieldValue {
  if (field !== 'endpoint' || typeof value !== 'string') return value;
  const endpoint = desired.find(({ kind, id }) => kind === 'endpoint' && id.toLowerCase() === value.toLowerCase());
  const other = registered.endpoint.get(value);
  return endpoint?.key ?? (other === undefined ? value : `${String(other.fields.name)} (${value})`);
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

/** Why an endpoint's secret, which can't be read, may not be the declared one; undefined: nothing says so. */
async function secretState(
  { mark, hasSecret, modifiedMs }: RegisteredItem,
  secret: EndpointSecret | undefined,
): Promise<string | undefined> {
  if (!hasSecret) return 'none is set';
  if (mark?.secret === undefined) return "unknown: it wasn't written from a declaration";
  const { fingerprint, writtenMs } = mark.secret;
  if (secret?.kind === 'known' && !(await isFingerprintOf(fingerprint, secret.value))) return 'another one';
  return modifiedMs > writtenMs + WRITTEN_WITHIN_MS
    ? `perhaps another one: the endpoint was changed at ${new Date(modifiedMs).toISOString()}`
    : undefined;
}

/** What the environment doesn't have. */
function itemFaults(item: DesiredItem, { registered, messages, tables, declaration }: PlanInput): Fault[] {
  const { path, kind, fields } = item;
  const faults: Fault[] = [];
  const other = registered[kind].get(item.id.toLowerCase());
  if (other?.mark !== undefined && other.mark.owner !== declaration.owner)
    faults.push({
      path,
      ofKey: true,
      text: `is ${other.mark.owner}'s: ${item.id} is registered from another declaration`,
    });
  if (item.isAdopted && other !== undefined && kind === 'endpoint' && other.fields.kind !== fields.kind)
    faults.push({
      path: [...path, 'kind'],
      text: `can't be changed: ${item.id} is of kind ${String(other.fields.kind)}`,
    });
  if (kind !== 'step') return faults;
  const [message, table] = [String(fields.message), fields.table];
  if (messages.idOf(message) === undefined)
    return [
      ...faults,
      { path: [...path, 'message'], text: `names ${message}, a message that the environment doesn't have` },
    ];
  if (table === null || !tables.has(String(table))) return faults;
  return messages.filterOf(message, String(table)) === undefined
    ? [
        ...faults,
        {
          path: [...path, 'message'],
          text: `names ${message}, which table ${String(table)} has no steps for, or none but the platform's`,
        },
      ]
    : faults;
}

/** Tables and columns that the environment doesn't have. */
function tableFaults({ declaration, tables }: PlanInput): Fault[] {
  const missing = (path: Fault['path'], table: string): Fault[] =>
    tables.has(table) ? [] : [{ path, text: `names ${table}, a table that the environment doesn't have` }];
  const ofSteps = Object.entries(declaration.steps ?? {}).flatMap(([key, step]) => {
    const path = ['steps', key];
    const of = listOf(step.table);
    const absent = (columns: readonly string[], at: Fault['path']): Fault[] =>
      columns.flatMap((column, index) =>
        of
          .filter((table) => tables.get(table)?.columns.has(column) === false)
          .map((table) => ({
            path: [...at, index],
            text: `names ${column}, a column that table ${table} doesn't have`,
          })),
      );
    return [
      ...of.flatMap((table) => missing([...path, 'table'], table)),
      ...absent(step.filteringColumns ?? [], [...path, 'filteringColumns']),
      ...Object.entries(step.images ?? {}).flatMap(([alias, { columns }]) =>
        columns === 'all' ? [] : absent(columns, [...path, 'images', alias, 'columns']),
      ),
    ];
  });
  const ofTracking = (declaration.changeTracking ?? []).flatMap((table, index) => {
    const path = ['changeTracking', index];
    if (tables.get(table)?.tracking !== 'impossible') return missing(path, table);
    return [
      { path, text: `names ${table}, whose change tracking can't be enabled (CanChangeTrackingBeEnabled is false)` },
    ];
  });
  return [...ofSteps, ...ofTracking];
}

/** Deleting an endpoint takes its steps along, whoever's they are. */
function stepsInTheWay(unwanted: readonly Change[], left: readonly RegisteredItem[], input: PlanInput): Fault[] {
  const { owner } = input.declaration;
  return unwanted.flatMap((change) => {
    if (change.action !== 'delete' || change.item.kind !== 'endpoint') return [];
    const others = left.filter(
      ({ kind, mark, fields }) => kind === 'step' && mark?.owner !== owner && fields.endpoint === change.item.id,
    );
    if (others.length === 0) return [];
    const names = others.map((step) => labelOf(step, input)).join('; ');
    return [
      { path: ['endpoints'], text: `can't lose ${change.label}: steps that aren't ${owner}'s post to it: ${names}` },
    ];
  });
}

/** What isn't the owner's and shares an endpoint or a step with it. */
function foreignNotes(left: readonly RegisteredItem[], unwanted: readonly Change[], input: PlanInput): string[] {
  const { declaration, registered } = input;
  const { owner } = declaration;
  const isOwned = (item: RegisteredItem | undefined): boolean => item?.mark?.owner === owner;
  const goes = new Set(unwanted.map((change) => (change.action === 'delete' ? change.item.id : '')));
  return left.flatMap((item) => {
    if (isOwned(item)) return [];
    if (item.kind === 'step' && isOwned(registered.endpoint.get(String(item.fields.endpoint))))
      return [`${labelOf(item, input)} posts to an endpoint of ${owner}'s and isn't declared`];
    if (item.kind !== 'image') return [];
    const step = registered.step.get(String(item.fields.step));
    if (!isOwned(step)) return [];
    return [`${labelOf(item, input)} isn't declared${goes.has(step?.id ?? '') ? ', and goes with its step' : ''}`];
  });
}
