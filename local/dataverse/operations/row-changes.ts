import {
  DataverseError,
  alreadyExists,
  duplicateId,
  noProperty,
  noSuchRow,
  notFound,
  wrongReason,
  type ErrorForm,
} from '../dataverse-error';
import {
  entityParameter,
  referenceParameter,
  type EventDraft,
  type ImageSource,
  type Parameter,
} from '../events/event';
import type { IntersectRows } from '../metadata/relationship';
import { schemaName } from '../metadata/metadata-json';
import { isLookup, type Catalog, type Table } from '../metadata/table';
import type { Random } from '../random';
import { checkLengths } from '../registration/column-rules';
import type { RowStore } from '../rows/row-store';
import {
  EMPTY_GUID,
  acceptValue,
  asReference,
  asText,
  keptColumns,
  secondsText,
  type ColumnInputs,
  type Columns,
  type Reference,
  type Value,
} from '../rows/value';
import type { RowToLock, UnitOfWork } from './transactions';

/** A row that is about to be written. */
export interface RowWrite {
  readonly work: UnitOfWork;
  readonly table: Table;
  readonly id: string;
  /** Undefined: the row is created. */
  readonly before: Columns | undefined;
  /** What the caller asked for. */
  readonly requested: Columns;
  /** All columns as they will be. */
  readonly after: Columns;
}

/** What the platform checks and adds when rows of its own tables are written. */
export interface RowRules {
  /** Columns that the platform sets beside what was asked for. */
  completed(table: Table, requested: Columns, before: Columns | undefined): Columns;
  /** Throws when the platform does not take the row. */
  check(write: RowWrite): void;
  /** The rows that are deleted with a row. */
  dependents(work: UnitOfWork, table: Table, id: string): readonly RowToLock[];
}

/** What changes of rows work with. */
export interface RowChangeDependencies {
  readonly catalog: Catalog;
  readonly store: RowStore;
  readonly intersects: IntersectRows;
  readonly random: Random;
  readonly errorForm: ErrorForm;
  readonly rules: RowRules;
}

/** Creates, changes and deletes rows within a transaction, each with its event. */
export class RowChanges {
  readonly #d: RowChangeDependencies;

  constructor(dependencies: RowChangeDependencies) {
    this.#d = dependencies;
  }

  /** The table of this name, for rows that callers may write themselves. */
  table(logicalName: string): Table {
    const table = this.#d.catalog.table(logicalName);
    if (table.intersect !== true) return table;
    throw new DataverseError(
      400,
      '0x80040800',
      `Rows of the intersect table '${logicalName}' are written by Associate and Disassociate only.`,
    );
  }

  /** The id of a row to be created: given, among its columns, or a new one. */
  newId(table: Table, inputs: ColumnInputs, given: string | undefined): string {
    const own = inputs[table.primaryId];
    return (given ?? (typeof own === 'string' ? own : this.#d.random.guid())).toLowerCase();
  }

  /** Creates a row, under an id that the caller gave (`named`) or not. Returns the columns that were asked for. */
  create(work: UnitOfWork, table: Table, id: string, inputs: ColumnInputs, named: boolean): Columns {
    if (work.row(table, id) !== undefined) throw duplicateId();
    const requested = { ...this.accept(table, inputs), [table.primaryId]: id };
    const target = {
      ...requested,
      ...this.#defaults(work, table, requested),
      ...this.#d.rules.completed(table, requested, undefined),
    };
    const after = keptColumns(table, { ...emptyRow(table), ...target });
    if (work.strict) this.#checkValues({ work, table, id, before: undefined, requested, after });
    this.#d.rules.check({ work, table, id, before: undefined, requested, after });
    this.#put(
      work,
      'Create',
      requested,
      target,
      { table, id, before: undefined, after },
      named ? {} : { unnamed: unnamedTarget(table, requested) },
    );
    return requested;
  }

  /** Brings a deleted row back with its columns as they were. */
  restore(work: UnitOfWork, table: Table, id: string): void {
    const kept = this.#d.store.table(table.logicalName).deleted(id);
    if (work.row(table, id) !== undefined) throw alreadyExists(this.#d.errorForm);
    if (kept === undefined) throw notFound(this.#d.errorForm, table.logicalName, id);
    const given = Object.entries(kept.columns).filter(([name, value]) => value !== null && name !== 'versionnumber');
    const { modifiedon, modifiedby } = modified(work);
    const target: Columns = {
      ...Object.fromEntries(given),
      modifiedon: modifiedon ?? null,
      modifiedby: modifiedby ?? null,
    };
    this.#put(work, 'Create', target, target, {
      table,
      id,
      before: undefined,
      after: { ...emptyRow(table), ...target },
    });
  }

  /** Changes columns of a row. Returns the columns that were asked for. */
  update(work: UnitOfWork, table: Table, id: string, inputs: ColumnInputs, nested = false): Columns {
    const before = work.row(table, id);
    if (before === undefined) throw notFound(this.#d.errorForm, table.logicalName, id);
    const accepted = { ...this.accept(table, inputs), [table.primaryId]: id };
    return this.set(work, table, id, accepted, nested);
  }

  /** The same with values in stored form, those that only the platform sets included. */
  set(work: UnitOfWork, table: Table, id: string, requested: Columns, nested = false): Columns {
    const before = this.existing(work, table, id);
    const target = {
      ...requested,
      ...this.consequences(work, table, requested, before),
      ...this.#d.rules.completed(table, requested, before),
    };
    const after = keptColumns(table, { ...before, ...target });
    if (work.strict) this.#checkValues({ work, table, id, before, requested, after });
    this.#d.rules.check({ work, table, id, before, requested, after });
    this.#put(work, 'Update', requested, target, { table, id, before, after }, { nested });
    return requested;
  }

  /** Deletes a row and, without events, the intersect rows that join it and the rows that go with it. */
  remove(work: UnitOfWork, table: Table, id: string): void {
    const before = this.existing(work, table, id);
    for (const dependent of this.#d.rules.dependents(work, table, id)) work.remove(dependent.table, dependent.id);
    for (const intersect of this.#d.intersects.ofRow(table, id)) work.remove(intersect.table, intersect.id);
    work.remove(table, id);
    const target = [referenceParameter('Target', { table: table.logicalName, id })];
    work.raise({
      message: 'Delete',
      table: table.logicalName,
      id,
      requested: target,
      input: target,
      output: [],
      images: { Target: { table, id, before, after: undefined } },
      columns: [],
    });
  }

  /** The columns of a row that has to exist. */
  existing(work: UnitOfWork, table: Table, id: string): Columns {
    const row = work.row(table, id);
    if (row === undefined) throw notFound(this.#d.errorForm, table.logicalName, id);
    return row.columns;
  }

  /** What a change brings along: columns that follow from others, and who changed the row when. */
  consequences(work: UnitOfWork, table: Table, requested: Columns, before: Columns): Columns {
    const owner = asReference(requested.ownerid);
    return {
      ...(owner === undefined ? {} : this.#ownership(owner)),
      ...this.#parts(work, table, requested),
      ...composedName(table, requested, before),
      ...reasonOfState(table, requested),
      ...modified(work),
    };
  }

  /** The caller's columns in stored form. What only the platform sets is ignored, as the Web API does. */
  accept(table: Table, inputs: ColumnInputs): Columns {
    const accepted: Record<string, Value> = {};
    for (const [name, input] of Object.entries(inputs)) {
      const column = table.byName.get(name);
      if (column === undefined) throw noProperty(name, table.logicalName);
      if (column.platform === true) continue;
      accepted[name] = acceptValue(column, input);
    }
    return accepted;
  }

  #put(
    work: UnitOfWork,
    message: 'Create' | 'Update',
    requested: Columns,
    target: Columns,
    image: ImageSource & { readonly after: Columns },
    traits: Pick<EventDraft, 'nested' | 'unnamed'> = {},
  ): void {
    const { table, id } = image;
    work.put(table, id, image.after);
    const entity = (columns: Columns) => [entityParameter('Target', { table, id, columns })];
    work.raise({
      message,
      table: table.logicalName,
      id,
      requested: entity(requested),
      input: entity(target),
      output: message === 'Create' ? [{ name: 'id', value: { kind: 'guid', text: id } }] : [],
      images: { Target: image },
      columns: Object.keys(target),
      ...traits,
    });
  }

  /** What the platform asks of values in every table. */
  #checkValues({ work, table, id, requested, after }: RowWrite): void {
    checkLengths(table, requested);
    for (const column of table.columns) {
      const reference = isLookup(column) ? asReference(requested[column.logicalName]) : undefined;
      if (reference === undefined) continue;
      const target = this.#d.catalog.table(reference.table);
      if (work.row(target, reference.id) === undefined) throw noSuchRow(reference.table, reference.id);
    }
    checkReason(table, id, requested, after);
  }

  #defaults(work: UnitOfWork, table: Table, requested: Columns): Columns {
    const by = { table: 'systemuser', id: work.user.id };
    const at = secondsText(work.startedAt);
    const owner = asReference(requested.ownerid) ?? by;
    return {
      createdon: at,
      createdby: by,
      ...modified(work),
      ...composedName(table, requested, {}),
      ...this.#parts(work, table, requested),
      ...(table.ownership === 'user' ? { ownerid: owner, ...this.#ownership(owner) } : {}),
      ...(table.byName.has('merged') ? { merged: false } : {}),
      ...(table.stateless === true
        ? {}
        : { statecode: MADE_IN, statuscode: requested.statuscode ?? firstReason(table, MADE_IN) }),
    };
  }

  /** What the platform keeps beside images and files. (Of files, which are uploaded apart, the name is made up here.) */
  #parts(work: UnitOfWork, table: Table, requested: Columns): Columns {
    const parts: Record<string, Value> = {};
    for (const [name, value] of Object.entries(requested)) {
      const type = table.byName.get(name)?.type;
      const text = asText(value);
      if (type === 'file') parts[`${name}_name`] = text === '' ? null : `${text.slice(0, 8)}.pdf`;
      if (type !== 'image') continue;
      const timestamp = BigInt(work.startedAt) * 10_000n;
      const id = this.#d.random.guid();
      const url = `/Image/download.aspx?Entity=${table.logicalName}&Attribute=${name}&Id=${id}&Timestamp=${timestamp}`;
      parts[`${name}_timestamp`] = text === '' ? null : timestamp;
      parts[`${name}_url`] = text === '' ? null : url;
      parts[`${name}id`] = text === '' ? null : id;
    }
    return parts;
  }

  /** The columns that follow from the owner. */
  #ownership(owner: Reference): Columns {
    const unit = this.#d.store.table(owner.table).get(owner.id)?.columns.businessunitid ?? null;
    return {
      owningbusinessunit: unit,
      owninguser: owner.table === 'systemuser' ? reference('systemuser', owner.id) : null,
      owningteam: owner.table === 'team' ? reference('team', owner.id) : null,
    };
  }
}

/** The target as steps see it before the platform has made up its id. */
export const unnamedTarget = (table: Table, columns: Columns): readonly Parameter[] => {
  const sent = Object.fromEntries(Object.entries(columns).filter(([name]) => name !== table.primaryId));
  return [entityParameter('Target', { table, id: EMPTY_GUID, columns: sent })];
};

/**
 * Whatever state is asked for, which is not valid for create: an update gives another one.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/account
 */
const MADE_IN = 0;

const reference = (table: string, id: string): Value => ({ table, id });

const emptyRow = (table: Table): Columns =>
  Object.fromEntries(table.columns.map((column) => [column.logicalName, null]));

const modified = (work: UnitOfWork): Columns => ({
  modifiedon: secondsText(work.startedAt),
  modifiedby: reference('systemuser', work.user.id),
  modifiedonbehalfby: null,
});

/** A person's full name, which the platform makes of its parts. */
function composedName(table: Table, requested: Columns, before: Columns): Columns {
  const composed = table.byName.has('fullname') && table.byName.has('firstname');
  if (!composed || !('firstname' in requested || 'lastname' in requested)) return {};
  const parts = ['firstname', 'lastname'].map((name) => (name in requested ? requested[name] : before[name]));
  return { fullname: parts.filter((part): part is string => typeof part === 'string' && part !== '').join(' ') };
}

/** The first status reason of a state. */
export function firstReason(table: Table, state: Value): Value {
  const column = table.byName.get('statuscode');
  if (column?.type !== 'status') return null;
  return column.options.find((option) => option.state === state)?.value ?? null;
}

/** Throws when state and status reason don't belong together. */
function checkReason(table: Table, id: string, requested: Columns, after: Columns): void {
  if (!('statecode' in requested || 'statuscode' in requested)) return;
  const [states, reasons] = [table.byName.get('statecode'), table.byName.get('statuscode')];
  if (states?.type !== 'state' || reasons?.type !== 'status') return;
  const reason = reasons.options.find(({ value }) => value === after.statuscode);
  if (reason?.state === undefined || reason.state === after.statecode) return;
  const label = states.options.find(({ value }) => value === after.statecode)?.label ?? '';
  const state = `${schemaName(table.logicalName)}State.${label}`;
  throw wrongReason(String(reason.value), state, table.logicalName, id);
}

/** The status reason that comes with a state when the caller names none. */
function reasonOfState(table: Table, requested: Columns): Columns {
  const state = requested.statecode;
  if (state === undefined || 'statuscode' in requested) return {};
  return { statuscode: firstReason(table, state) };
}
