import type { Columns, RowContent, Value } from '../change/value';
import type { Context, Parameters } from '../context/context';
import { NO_ROW_ID } from '../context/values/guid';
import { conformValue } from '../mapping/conform';
import type { Operation } from './rules-schema';

/** What rules are asked about: a row that is to be created, changed or deleted, or the parameters of another message. */
export interface Subject {
  readonly operation: Operation | 'message';
  /** The table's logical name; of a message its own name. */
  readonly name: string;
  /** Undefined for one that has none yet. */
  readonly rowId: string | undefined;
  /** What the operation brings: columns of Target, or parameters. */
  readonly brought: Columns;
  /** The row before the operation; undefined where it isn't known. Empty columns may be absent. */
  readonly image: Columns | undefined;
}

const NOTHING: Columns = new Map<string, Value>();

/** A column of the row as it will be, or a parameter; undefined where that isn't known. */
export function valueOf(subject: Subject, column: string): Value | undefined {
  const { brought } = subject;
  return brought.has(column) ? conformValue(brought.get(column) ?? null, undefined) : valueBefore(subject, column);
}

/** A column of the row as it is before the operation; undefined where that isn't known. */
export function valueBefore({ operation, image }: Subject, column: string): Value | undefined {
  if (image !== undefined) return conformValue(image.get(column) ?? null, undefined);
  // A row that is to be created has only what is brought, and a message its parameters.
  return operation === 'Create' || operation === 'message' ? null : undefined;
}

/** Messages on rows. Dataverse runs an Upsert as Create or Update, and the messages on several rows also one by one. */
const MESSAGES: ReadonlyMap<string, { readonly operation: Operation; readonly isMultiple: boolean }> = new Map([
  ['Create', { operation: 'Create', isMultiple: false }],
  ['Update', { operation: 'Update', isMultiple: false }],
  ['Delete', { operation: 'Delete', isMultiple: false }],
  ['CreateMultiple', { operation: 'Create', isMultiple: true }],
  ['UpdateMultiple', { operation: 'Update', isMultiple: true }],
  ['DeleteMultiple', { operation: 'Delete', isMultiple: true }],
]);

/** What a message does to rows; undefined for one whose rules are those of its parameters. */
export const operationOf = (message: string): Operation | undefined => MESSAGES.get(message)?.operation;

/**
 * What an operation is about; undefined where the message doesn't say, since its parameters were removed for size.
 *
 * @param imageAlias of the pre image that has what rules look at; Dataverse sends none with messages on several rows
 * @param truncated the sender said that it removed members: neither parameters nor images are there, whatever else is
 */
export function subjectsOf(context: Context, imageAlias: string, truncated: boolean): readonly Subject[] | undefined {
  const of = MESSAGES.get(context.message);
  const parameters = truncated ? null : context.inputParameters;
  const image = truncated ? undefined : context.preImages?.get(imageAlias)?.columns;
  const rowId = context.rowId === NO_ROW_ID ? undefined : context.rowId;
  if (of === undefined)
    return parameters === null
      ? undefined
      : [{ operation: 'message', name: context.message, rowId, brought: parameters, image }];
  const { operation, isMultiple } = of;
  if (isMultiple) return rowsIn(parameters, context.table)?.map((row) => subjectOf(operation, row, undefined));
  // A deletion brings nothing but the row's id.
  if (operation === 'Delete') return [{ operation, name: context.table, rowId, brought: NOTHING, image }];
  const target = parameters?.get('Target');
  if (target?.kind !== 'row') return undefined;
  return [
    { ...subjectOf(operation, target.row, image), name: context.table, ...(rowId === undefined ? {} : { rowId }) },
  ];
}

const subjectOf = (operation: Operation, { table, id, columns }: RowContent, image: Columns | undefined): Subject => ({
  operation,
  name: table,
  rowId: id === NO_ROW_ID || id === '' ? undefined : id,
  brought: columns,
  image,
});

/** The rows, or references to rows, of a message on several. */
function rowsIn(parameters: Parameters | null, table: string): readonly RowContent[] | undefined {
  const targets = parameters?.get('Targets');
  if (targets?.kind === 'rows') return targets.rows.map((row) => (row.table === '' ? { ...row, table } : row));
  if (targets?.kind !== 'list') return undefined;
  return targets.items.flatMap((item) =>
    item?.kind === 'lookup' ? [{ ...NO_ROW, table: item.table, id: item.id }] : [],
  );
}

const NO_ROW: RowContent = {
  table: '',
  id: '',
  columns: NOTHING,
  formatted: new Map(),
  rowVersion: null,
  keyAttributes: NOTHING,
};
