import { ceilInstant } from '../../change/instant';
import type { RowContent, Value } from '../../change/value';
import type { Context } from '../context';
import { looksDoubleEncoded } from '../json/double-encoded';
import { modifiedOnOf, MODIFIED_ON_MARGIN_S } from './pushed-event';

/** Something about a context that an operator should know: harmless, but a reason for what is done or not done. */
export interface Warning {
  readonly kind:
    | 'string-envelope'
    | 'members-removed'
    | 'offset-trap'
    | 'future-modifiedon'
    | 'uncommitted'
    | 'offline'
    | 'not-after'
    | 'other-row'
    | 'row-version-ignored'
    | 'double-encoded'
    | 'unknown-type';
  readonly text: string;
}

const offsetText = (minutes: number): string => {
  const abs = Math.abs(minutes);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(abs / 60))}:${two(abs % 60)}`;
};

/** All values inside a value, with where they stand. */
function* valuesIn(value: Value, place: string): Generator<readonly [string, Exclude<Value, null>]> {
  if (value === null) return;
  yield [place, value];
  switch (value.kind) {
    case 'row':
      yield* valuesOfRow(value.row, place);
      return;
    case 'rows':
      for (const [index, row] of value.rows.entries()) yield* valuesOfRow(row, `${place}[${index}]`);
      return;
    case 'list':
      for (const [index, item] of value.items.entries()) yield* valuesIn(item, `${place}[${index}]`);
      return;
    case 'aliased':
      yield* valuesIn(value.value, place);
      return;
    default:
      return;
  }
}

function* valuesOfRow(row: RowContent, place: string): Generator<readonly [string, Exclude<Value, null>]> {
  for (const [name, value] of row.columns) yield* valuesIn(value, `${place}.${name}`);
}

function* allValues(context: Context): Generator<readonly [string, Exclude<Value, null>]> {
  for (const parameters of [context.inputParameters, context.outputParameters, context.sharedVariables]) {
    for (const [name, value] of parameters ?? []) yield* valuesIn(value, name);
  }
  for (const images of [context.preImages, context.postImages]) {
    for (const [alias, row] of images ?? []) yield* valuesOfRow(row, alias);
  }
}

const textIn = (value: Exclude<Value, null>): string | null => {
  switch (value.kind) {
    case 'string':
      return value.value;
    case 'lookup':
      return value.name;
    case 'choice':
      return value.label ?? null;
    default:
      return null;
  }
};

const listed = (places: readonly string[]): string =>
  places.length > 5 ? `${places.slice(0, 5).join(', ')} and ${places.length - 5} more` : places.join(', ');

/**
 * What is odd about a context. Reads all of it, so it is for operators, not for the way of the data.
 *
 * @throws ContextInvalid for a fault in any part
 */
export function warningsOf(context: Context): Warning[] {
  const found: Warning[] = [];
  const add = (kind: Warning['kind'], text: string): void => {
    found.push({ kind, text });
  };
  const { inputParameters, operationCreatedOnOffset: offset } = context;
  const target = inputParameters?.get('Target');
  const targetRow = target?.kind === 'row' ? target.row : undefined;

  if (context.form.envelope !== null) {
    add(
      'string-envelope',
      "The context was text inside another message (one `string` element): its sender is old, or not Dataverse's own.",
    );
  }
  if (inputParameters === null || context.preImages === null || context.postImages === null) {
    add('members-removed', 'Parameters or images are missing: the message was over its size limit.');
  }
  if (context.mode === 'async' && offset !== null && offset !== 0) {
    add(
      'offset-trap',
      `OperationCreatedOn was sent with the offset ${offsetText(offset)} of its server; the true instant is the sent one plus that offset, and is used here.`,
    );
  }
  const modifiedOn = targetRow === undefined ? undefined : modifiedOnOf(targetRow.columns)?.at;
  if (modifiedOn !== undefined && modifiedOn > ceilInstant(context.operationCreatedOn) + MODIFIED_ON_MARGIN_S) {
    add(
      'future-modifiedon',
      `modifiedon is more than ${MODIFIED_ON_MARGIN_S} s after the operation: it was set by someone and proves no order.`,
    );
  }
  if (context.mode === 'async' && context.isInTransaction === true) {
    add('uncommitted', 'An asynchronous event says that it is inside a transaction; no captured one does.');
  }
  if (context.isExecutingOffline === true || context.isOfflinePlayback === true) {
    add('offline', 'The operation ran in an offline client, or is the playback of one.');
  }
  if (context.stage !== 40) {
    add('not-after', `The step is at stage ${context.stage}: the operation may not have been done yet.`);
  }
  if (targetRow !== undefined && (targetRow.table !== context.table || targetRow.id !== context.rowId)) {
    add('other-row', `Target is row ${targetRow.id} of ${targetRow.table || 'no table'}, not the row of the event.`);
  }
  if (typeof targetRow?.rowVersion === 'string') {
    add(
      'row-version-ignored',
      `Target has the row version ${targetRow.rowVersion}; it may be the one before the change, so it is no order evidence.`,
    );
  }
  const garbled: string[] = [];
  const unknown = new Set<string>();
  for (const [place, value] of allValues(context)) {
    if (looksDoubleEncoded(textIn(value) ?? '')) garbled.push(place);
    if (value.kind === 'unknown') unknown.add(`${place} (${value.type || 'no type'})`);
  }
  if (garbled.length > 0) {
    add(
      'double-encoded',
      `Text looks encoded twice in ${listed(garbled)}: set the endpoint's messagecharset to 1 (UTF-8).`,
    );
  }
  if (unknown.size > 0) {
    add('unknown-type', `Values of types that are not known are kept as JSON text: ${listed([...unknown])}.`);
  }
  return found;
}
