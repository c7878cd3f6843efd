import type { Change } from '../../../shared/change/association';
import type { MessageEvent } from '../../../shared/change/message-event';
import type { Evidence, RowAddress } from '../../../shared/change/row-change';
import type { Columns, RowContent, Value } from '../../../shared/change/value';
import type { BodyForm, Context, Images, Parameters } from '../../../shared/context/context';
import type { ContextFormat } from '../../../shared/context/format';
import { warningsOf } from '../../../shared/context/messages/warnings';
import type { Delivery } from '../../../shared/context/messages/pushed-event';
import { ROW_MESSAGES, changesOf } from '../../../shared/context/messages/to-changes';
import type { Push } from '../../../shared/context/read-push';
import { changeOfNotice, type RowNotice } from '../../../shared/context/messages/row-notice';
import { messageEventOf } from '../../../shared/context/messages/to-message-event';
import { messageOf } from '../../../shared/errors/errors';
import { visible } from '../../../shared/errors/visible';
import { conformUnknown } from '../../../shared/mapping/conform';
import { timeText } from '../terminal/output';
import type { MappedChange, Told } from './mapped-change';

/** What people call the formats: the choices of a service endpoint's message format. */
const FORMAT_NAMES: Readonly<Record<ContextFormat, string>> = {
  json: 'JSON',
  xml: 'text XML',
  binary: '.NET binary XML',
};

const formText = ({ format, envelope }: BodyForm): string =>
  envelope === null ? FORMAT_NAMES[format] : `${FORMAT_NAMES[format]}, as text inside ${FORMAT_NAMES[envelope]}`;

const names = (list: Iterable<string>): string => {
  const all = [...list];
  return all.length === 0 ? 'none' : all.join(', ');
};

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const rowText = (row: RowContent): string =>
  `row of ${row.table || 'no table'}, ${countOf(row.columns.size, 'column')}: ${names(row.columns.keys())}`;

function valueText(value: Value): string {
  if (value === null) return 'empty';
  switch (value.kind) {
    case 'row':
      return rowText(value.row);
    case 'rows':
      return `${countOf(value.rows.length, 'row')} of ${value.table || 'no table'}`;
    case 'list':
      return `list of ${value.items.length}`;
    case 'lookup':
      return `${value.table} ${value.id}`;
    default:
      return value.kind;
  }
}

/** A part of the context, or why it can't be read: one bad part shouldn't hide the others. */
function attempt(read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    return [`can't be read: ${messageOf(error)}`];
  }
}

const parametersText = (parameters: Parameters | null): string[] => {
  if (parameters === null) return ['removed'];
  return parameters.size === 0 ? ['none'] : [...parameters].map(([name, value]) => `${name} (${valueText(value)})`);
};

const imagesText = (images: Images | null): string[] => {
  if (images === null) return ['removed'];
  return images.size === 0 ? ['none'] : [...images].map(([alias, row]) => `${alias} (${rowText(row)})`);
};

function parentsText(context: Context): string[] {
  const lines: string[] = [];
  for (let at = context.parent; at !== null; at = at.parent) {
    lines.push(`${at.message} of ${at.table} at stage ${at.stage}, depth ${at.depth}`);
  }
  return lines.length === 0 ? ['none'] : [`${lines.length} deep`, ...lines];
}

/** A heading with its lines below each other. */
const section = (title: string, lines: readonly string[]): string[] =>
  lines.map((line, index) => `  ${(index === 0 ? title : '').padEnd(14)}${line}`);

function happened(context: Context): string[] {
  const how =
    context.mode === 'async'
      ? 'asynchronous: sent after its transaction was committed'
      : 'synchronous: sent inside its transaction, which may still be rolled back';
  const by =
    context.userId === context.initiatingUserId
      ? context.userId
      : `${context.userId}, started by ${context.initiatingUserId}`;
  const agent = context.initiatingUserAgent ?? '';
  const step = context.owningExtension;
  return [
    `${context.message} of ${context.table} ${context.rowId}`,
    ...section('format', [formText(context.form)]),
    ...section('when', [`${timeText(context.operationCreatedOn)} (when the operation was created)`]),
    ...section('how', [`stage ${context.stage}, depth ${context.depth}, ${how}`]),
    ...section('by', [by, ...(agent === '' ? [] : [`with ${agent}`])]),
    ...section('organisation', [`${context.organizationName ?? 'no name'} (${context.organizationId})`]),
    ...section('step', [step === null ? 'none' : `${step.stepId}${step.name === null ? '' : ` "${step.name}"`}`]),
    ...section('correlation', [context.correlationId]),
    ...section('operation', [context.operationId]),
    ...section('request', [context.requestId ?? 'none']),
    ...section(
      'parameters',
      attempt(() => parametersText(context.inputParameters)),
    ),
    ...section(
      'results',
      attempt(() => parametersText(context.outputParameters)),
    ),
    ...section(
      'variables',
      attempt(() => parametersText(context.sharedVariables)),
    ),
    ...section(
      'row before',
      attempt(() => imagesText(context.preImages)),
    ),
    ...section(
      'row after',
      attempt(() => imagesText(context.postImages)),
    ),
    ...section(
      'parents',
      attempt(() => parentsText(context)),
    ),
  ];
}

function evidenceText(evidence: Evidence): string {
  switch (evidence.kind) {
    case 'event': {
      const at = timeText(evidence.at * 1000);
      return evidence.isTrusted
        ? `dated ${at} by modifiedon: applied without a read if that is provably newer`
        : `not after ${at}: this can prove the change stale, never newer; otherwise the row is read`;
    }
    case 'unconfirmed':
      return evidence.committed === true
        ? `none: the row is read at once${evidence.atLeast === undefined ? '' : `, until it shows version ${evidence.atLeast.version}`}. Nothing of this message is stored`
        : 'none (unconfirmed): the row is read. Nothing of this message is stored';
    case 'pull':
      return `row version ${evidence.version}`;
  }
}

function changeText(change: Change): string[] {
  switch (change.kind) {
    case 'snapshot':
      return [`all ${countOf(change.columns.size, 'column')} of the row; absent columns are empty`];
    case 'patch': {
      const { columns } = change;
      if (columns.size === 0) return ['a patch without columns: the row changed, but it is unknown how'];
      const hasImage = [...columns.values()].some((value) => value?.kind === 'bytes');
      return [
        `a patch of ${countOf(columns.size, 'column')}: ${columnsText(columns)}`,
        ...(hasImage
          ? ['with the Web API, the image is left out, and the row is read if the mapping keeps any part of the image']
          : []),
      ];
    }
    case 'delete':
      return ['the row was deleted'];
    case 'associate':
    case 'disassociate':
      return [
        `${change.kind === 'associate' ? 'connected with' : 'no longer connected with'} ${addressText(change.related)}`,
        'many-to-many: a link is added or removed; one-to-many: the lookup of the row on the "many" side changed',
      ];
  }
}

const columnsText = (columns: Columns): string =>
  names(
    [...columns].map(([name, value]) =>
      value === null ? `${name} (emptied)` : value.kind === 'bytes' ? `${name} (an image)` : name,
    ),
  );

const addressText = ({ table, id }: RowAddress): string => `${table} ${id}`;

const titleOf = (change: Change): string =>
  'relationship' in change
    ? `Will be handled as a change of relationship ${change.relationship} at ${addressText(change.target)}`
    : `Will be handled as a change of ${addressText(change.row)}`;

function willBeDone(change: Change): string[] {
  const { evidence } = change;
  return [
    titleOf(change),
    ...section('change', changeText(change)),
    ...section('order', [evidenceText(evidence)]),
    ...(evidence.kind === 'pull' ? [] : section('delivery key', [evidence.key])),
  ];
}

function willBeKept({ message, columns, key, committed, truncated }: MessageEvent): string[] {
  return [
    `Will be handled as an event of ${message}, not as a change of a row`,
    ...section('kept', [
      'in the event table that the mapping file names for the message (events)',
      'without an event table: unmapped.messages decides (default: park)',
    ]),
    ...section('columns', [
      names(columns.keys()),
      ...(truncated ? ['Dataverse removed input parameters for size'] : []),
    ]),
    ...section('committed', [committed ? 'yes' : 'unknown: the step is synchronous']),
    ...section('key', [key]),
  ];
}

/** A context in words, for operators: what happened, and what is worth knowing about it. Names columns, not values. */
function explainContext(context: Context): string {
  const warnings = attempt(() => warningsOf(context).map((warning) => `${warning.kind}: ${warning.text}`));
  return [...happened(context), ...section('warnings', warnings.length === 0 ? ['none'] : warnings)]
    .map(visible)
    .join('\n');
}

/** A notice in words, for operators. Names columns, not values. */
function explainNotice({ message, row, organizationId, modifiedOnMs, columns }: RowNotice): string {
  return [
    `${message} of ${addressText(row)}`,
    ...section('format', ['JSON, the notice of a flow']),
    ...section('when', [modifiedOnMs === null ? 'not given' : `${timeText(modifiedOnMs)} (modifiedon)`]),
    ...section('organisation', [organizationId ?? 'not given: the row is read from DATAVERSE_URL']),
    ...section('columns', [columns.length === 0 ? 'none' : `${names(columns)} (not used)`]),
  ]
    .map(visible)
    .join('\n');
}

/** A body that was pushed, in words. */
export const explainPush = (push: Push): string =>
  push.kind === 'notice' ? explainNotice(push.notice) : explainContext(push.context);

/**
 * What a body tells, whether or not this deployment takes it: rows as they are without their table's metadata.
 *
 * @throws OutboundError where it can't become changes
 */
export function toldBy(push: Push, delivery: Delivery): readonly Told[] {
  if (push.kind === 'notice') return [changeOfNotice(push.notice, delivery)];
  const { context } = push;
  return ROW_MESSAGES.has(context.message)
    ? changesOf(context, delivery).map((change) =>
        'relationship' in change ? change : conformUnknown(change, context),
      )
    : [{ kind: 'event', ...messageEventOf(context, delivery) }];
}

/** Changes in words: what the writer will make of them. */
export const explainChanges = (changes: readonly Told[]): string =>
  changes
    .flatMap((change) => [
      ...(change.kind === 'event' ? willBeKept(change) : willBeDone(change)),
      ...(change.stored === undefined ? [] : section('in the store', storedText(change.stored))),
    ])
    .map(visible)
    .join('\n');

function storedText(stored: MappedChange): string[] {
  if ('notMapped' in stored) return [stored.notMapped];
  const place = 'rowKey' in stored ? `${stored.table} (${stored.partitionKey}, ${stored.rowKey})` : stored.table;
  if ('hidden' in stored) return [place, "hidden: the row doesn't meet the filter"];
  return [place, ...(stored.columns === null ? [] : [names(stored.columns.keys())])];
}
