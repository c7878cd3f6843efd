import type { Fault } from '../../shared/yaml/schema-faults';
import type { Change, PlanInput } from './plan';
import { isValidating, listOf } from './declaration-rules';
import type { DesiredItem, FieldValue, Fields, RegisteredItem } from './item';
import { labelOf, type Registered } from './registered';
import { withoutSecrets } from './secrets';

/** What of a declaration doesn't fit the environment, each fault with its place in the file. */
export const environmentFaults = (input: PlanInput): Fault[] => [
  ...tableFaults(input),
  ...input.desired.flatMap((item) => itemFaults(item, input)),
];

/** What of an item the environment doesn't have, or has as somebody else's. */
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
  if (other !== undefined && other.mark === undefined && belongsElsewhere(item, other, registered))
    faults.push({
      path: [...path, 'id'],
      text:
        kind === 'step'
          ? `can't be taken over: step ${item.id} doesn't belong to a service endpoint`
          : `can't be taken over: image ${item.id} belongs to another step`,
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
          text: `names ${message}, which allows no custom steps on table ${String(table)}`,
        },
      ]
    : faults;
}

/** Whether what is to be taken over is no step of an endpoint, or an image of another step: its id is a slip. */
function belongsElsewhere({ kind, fields }: DesiredItem, other: RegisteredItem, { endpoint }: Registered): boolean {
  if (kind === 'step') return !endpoint.has(String(other.fields.endpoint));
  return kind === 'image' && other.fields.step !== fields.step;
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

/** Why something may not be deleted, though it is the owner's and no longer declared. */
export function lossFaults(unwanted: readonly Change[], left: readonly RegisteredItem[], input: PlanInput): Fault[] {
  return unwanted.flatMap((change) => {
    if (change.action !== 'delete') return [];
    const { item, label } = change;
    const path = [`${item.kind === 'endpoint' ? 'endpoint' : 'step'}s`];
    if (item.isManaged)
      return [{ path, text: `lacks ${label}, which can't be deleted: it belongs to a managed solution` }];
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
  return [
    {
      path: ['endpoints'],
      text: `lacks ${label}, which can't be deleted: steps that aren't ${owner}'s post to it: ${names}`,
    },
  ];
}

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
    return [
      `${labelOf(item, input)} isn't declared${goes.has(step?.id ?? '') ? ', and is deleted with its step' : ''}`,
    ];
  });
}

/** What saving costs where steps validate: everybody waits for the app. */
export function validationNotes({ declaration: { endpoints = {}, steps = {} } }: PlanInput): string[] {
  const validating = Object.entries(steps).filter(
    ([, { endpoint, enabled }]) =>
      enabled !== false && Object.hasOwn(endpoints, endpoint) && isValidating(endpoints[endpoint]),
  );
  if (validating.length === 0) return [];
  const keys = validating.map(([key]) => key).join(', ');
  const tables = [...new Set(validating.flatMap(([, { table }]) => listOf(table)))].join(', ') || 'any table';
  return [
    `${keys}: whoever saves a row of ${tables} waits for validate, and can't save where it doesn't answer. Keep an instance ` +
      `always ready (withValidation in infra/main.bicep). To stop validating, set "enabled: false" and apply`,
  ];
}

/** An endpoint that goes where a declared one goes: after another owner was written into the file, say. */
function sameTargetNotes(other: RegisteredItem, { desired }: PlanInput): string[] {
  const name = `${withoutSecrets(String(other.fields.name))} (${other.id})`;
  const whose = other.mark === undefined ? '' : `, which is ${other.mark.owner}'s`;
  return desired
    .filter(({ kind, fields }) => kind === 'endpoint' && targetOf(fields) === targetOf(other.fields))
    .map(({ label }) => `${label} has the same address as endpoint ${name}${whose}: events sent to both come twice`);
}

/** Where an endpoint posts to. */
const targetOf = ({ kind, url, namespace, path }: Fields): string =>
  kind === 'webhook' ? address(url) : [kind, address(namespace), path].join(' ').toLowerCase();

const address = (value: FieldValue | undefined): string => {
  const text = String(value);
  return URL.canParse(text) ? new URL(text).href.toLowerCase().replace(/\/$/, '') : text;
};
