import { visible } from '../../../shared/errors/visible';
import type { FaultPlace } from '../../../shared/yaml/yaml-file';
import { messageOf } from '../../../shared/errors/errors';
import type { FieldValue, RegisteredItem } from '../../registration/item';
import { withoutSecrets } from '../../registration/secrets';
import type { Change, Difference, Plan } from '../../registration/plan';
import { plainJson } from '../terminal/output';
import type { Terminal } from '../terminal/terminal';

/** How far a plan was carried out. */
export interface Outcome {
  readonly done: number;
  /** Why it ended before its end. */
  readonly error?: Error;
  /** It wasn't even begun. */
  readonly refused?: true;
}

/** What a plan is about. */
export interface Heading {
  readonly host: string;
  readonly owner: string;
}

const SIGNS: Readonly<Record<Change['action'], string>> = { create: '+', update: '~', delete: '-', track: '+' };

/** What a change is called. */
export function changeText(change: Change): string {
  switch (change.action) {
    case 'create':
      return change.item.label;
    case 'update':
      return change.adopts ? `${change.item.label} (taken over)` : change.item.label;
    case 'delete':
      return change.label;
    case 'track':
      return `change tracking of ${change.table} (it can't be disabled again)`;
    default:
      return change satisfies never;
  }
}

/** A value on one line. Nothing means all columns, where columns are meant. */
function valueText(field: string, value: FieldValue): string {
  if (value === null) return field === 'columns' || field === 'filteringColumns' ? 'all' : 'none';
  return visible(String(value));
}

function changeLines(change: Change): string[] {
  const isNew = change.action === 'create';
  const differences = 'differences' in change ? change.differences : [];
  const lines = differences.map(({ field, from, to }) =>
    isNew
      ? `    ${field}: ${valueText(field, to)}\n`
      : `    ${field}: ${valueText(field, from)} -> ${valueText(field, to)}\n`,
  );
  return [
    `${SIGNS[change.action]} ${changeText(change)}\n`,
    ...lines,
    ...(change.action === 'delete' ? deletedLines(change.item) : []),
  ];
}

/** What goes, as Dataverse has it: the mark that names it can be written by anyone who may change descriptions. */
const deletedLines = (item: RegisteredItem): string[] => [
  `    name: ${visible(nameOf(item))}\n`,
  `    id: ${item.id}\n`,
];

const nameOf = ({ fields }: RegisteredItem): string => withoutSecrets(String(fields.name ?? fields.alias));

/** How many of each. */
export function countsOf({ changes, unchanged }: Plan): Readonly<Record<Change['action'] | 'unchanged', number>> {
  const of = (action: Change['action']): number => changes.filter((change) => change.action === action).length;
  return { create: of('create'), update: of('update'), delete: of('delete'), track: of('track'), unchanged };
}

/** Shows what a plan would do. */
export function showPlan(terminal: Terminal, { host, owner }: Heading, plan: Plan): void {
  terminal.out(`${host}, owner ${owner}\n\n`);
  for (const change of plan.changes) for (const line of changeLines(change)) terminal.out(line);
  const counts = countsOf(plan);
  if (plan.changes.length > 0) terminal.out('\n');
  terminal.out(
    `${counts.create} to create, ${counts.update} to change, ${counts.delete} to delete, ${counts.track} to track; ` +
      `${counts.unchanged} as declared\n`,
  );
}

/** Tells what a plan leaves alone. */
export function showNotes(terminal: Terminal, { notes }: Plan): void {
  for (const note of notes) terminal.err(`note: ${visible(note)}\n`);
}

/** How each difference reads to whoever didn't make it. */
export function driftLines(plan: Plan): string[] {
  return plan.changes.flatMap((change) => {
    const what = change.action === 'update' ? change.item.label : changeText(change);
    switch (change.action) {
      case 'create':
        return [`${what}: is missing`];
      case 'delete':
        return [`${what}: exists, but isn't declared`];
      case 'track':
        return [`change tracking of ${change.table}: is off`];
      case 'update':
        return change.differences.map((difference) => `${what}: ${driftText(difference)}`);
      default:
        return change satisfies never;
    }
  });
}

function driftText({ field, from, to }: Difference): string {
  if (field === 'enabled') return from === true ? 'is enabled, declared as disabled' : 'is disabled';
  if (field === 'secret') return `its secret is ${valueText(field, from)}`;
  if (field === 'owner') return from === null ? "has no owner's mark" : `is ${from}'s`;
  return `${field} is ${valueText(field, from)}, declared as ${valueText(field, to)}`;
}

/** A plan as JSON; once it was carried out, with what became of each change. */
export function planJson(heading: Heading, plan: Plan, at: FaultPlace, outcome?: Outcome): string {
  return plainJson({
    environment: heading.host,
    owner: heading.owner,
    changes: plan.changes.map((change, index) => ({
      action: change.action,
      item: change.action === 'update' ? change.item.label : changeText(change),
      ...(change.action === 'track' ? { table: change.table } : { kind: change.item.kind, id: change.item.id }),
      ...(change.action === 'delete' ? { name: nameOf(change.item) } : {}),
      ...(change.action === 'update' && change.adopts ? { takenOver: true } : {}),
      ...('differences' in change ? { columns: change.differences } : {}),
      ...(outcome === undefined ? {} : { state: stateOf(index, outcome) }),
    })),
    counts: countsOf(plan),
    notes: plan.notes,
    faults: plan.faults.map(at),
    ...(outcome?.error === undefined ? {} : { error: messageOf(outcome.error) }),
  });
}

function stateOf(index: number, { done, error, refused }: Outcome): 'done' | 'failed' | 'open' {
  if (index < done) return 'done';
  return index === done && error !== undefined && refused !== true ? 'failed' : 'open';
}
