import type { Catalog } from './catalog';
import { alreadyExists, DataverseError, noProperty, notFound, type ErrorForm } from './dataverse-error';
import type { DeliveryResult } from './delivery';
import type { Message, RowEvent, Step, User } from './event';
import type { Random } from './random';
import type { Row, RowStore } from './row-store';
import type { StepRegistry } from './step-registry';
import type { PushCounters } from './system-jobs';
import type { Table } from './table';
import { acceptValue, asReference, secondsText, type ColumnInput, type Columns, type Value } from './value';

/** Columns as a caller gives them. */
export type ColumnInputs = Readonly<Record<string, ColumnInput>>;

/** How an operation is made. */
export interface OperationOptions {
  /** systemuserid of the user under whom the operation runs. @default the first user */
  readonly user?: string;
  /** systemuserid of the user who asked for it. @default `user` */
  readonly initiatingUser?: string;
  /** Create only: the row's id. */
  readonly id?: string;
  readonly userAgent?: string;
  /** Several operations of one request share it (and with it OperationId of synchronous events). */
  readonly requestId?: string;
  readonly correlationId?: string;
  /** @default 1 */
  readonly depth?: number;
  /** The caller's mark: arrives as a shared variable. */
  readonly tag?: string;
  /** A step after all synchronous webhooks fails: what they were told never happened. */
  readonly failAfterSync?: boolean;
  /** Looked at under the row's lock; throws to refuse the operation. */
  readonly precondition?: (row: Row | undefined) => void;
}

interface Change {
  readonly message: Message;
  readonly requested: Columns;
  readonly target: Columns;
  readonly after: Columns | undefined;
}

/** Posts an event to the webhook of a synchronous step. */
export type PostSync = (event: RowEvent, step: Step, at: number) => Promise<DeliveryResult>;

/** What operations work with. */
export interface OperationDependencies {
  readonly catalog: Catalog;
  readonly store: RowStore;
  readonly steps: StepRegistry;
  readonly counters: PushCounters;
  readonly random: Random;
  readonly now: () => number;
  readonly errorForm: ErrorForm;
  readonly defaultUser: string;
  readonly postSync: PostSync;
  readonly createJob: (event: RowEvent, step: Step) => void;
}

const NO_GUID = '00000000-0000-0000-0000-000000000000';

/**
 * Create, Update and Delete as transactions that run their steps. Writers of one row wait for each other; readers see a
 * row only as committed. `modifiedon` is taken when the operation begins and the row version when it commits, so the one
 * does not always follow the other, as in the platform.
 */
export class Operations {
  readonly #d: OperationDependencies;
  readonly #locks = new Map<string, Promise<void>>();

  constructor(dependencies: OperationDependencies) {
    this.#d = dependencies;
  }

  /** Creates a row and returns its id. */
  async create(tableName: string, inputs: ColumnInputs, options: OperationOptions = {}): Promise<string> {
    const table = this.#d.catalog.table(tableName);
    const given = inputs[table.primaryId];
    const id = (options.id ?? (typeof given === 'string' ? given : this.#d.random.guid())).toLowerCase();
    await this.#transaction(table, id, options, (before, startedAt) => {
      if (before !== undefined) throw alreadyExists(this.#d.errorForm);
      const requested = { ...this.#accept(table, inputs), [table.primaryId]: id };
      const target = { ...requested, ...this.#defaults(table, requested, startedAt, this.#user(options.user)) };
      return { message: 'Create', requested, target, after: { ...emptyRow(table), ...target } };
    });
    return id;
  }

  /** Changes columns of a row. */
  async update(tableName: string, id: string, inputs: ColumnInputs, options: OperationOptions = {}): Promise<void> {
    const table = this.#d.catalog.table(tableName);
    await this.#transaction(table, id.toLowerCase(), options, (before, startedAt) => {
      if (before === undefined) throw notFound(this.#d.errorForm, table.logicalName, id);
      const requested = { ...this.#accept(table, inputs), [table.primaryId]: before.id };
      const owner = asReference(requested.ownerid);
      const target: Columns = {
        ...requested,
        ...(owner === undefined ? {} : this.#ownership(owner)),
        ...composedName(table, requested, before.columns),
        ...reasonOfState(table, requested),
        modifiedon: secondsText(startedAt),
        modifiedby: reference('systemuser', this.#user(options.user).id),
        modifiedonbehalfby: null,
      };
      return { message: 'Update', requested, target, after: { ...before.columns, ...target } };
    });
  }

  /** Deletes a row. */
  async delete(tableName: string, id: string, options: OperationOptions = {}): Promise<void> {
    const table = this.#d.catalog.table(tableName);
    await this.#transaction(table, id.toLowerCase(), options, (before) => {
      if (before === undefined) throw notFound(this.#d.errorForm, table.logicalName, id);
      return { message: 'Delete', requested: {}, target: {}, after: undefined };
    });
  }

  /** Brings a deleted row back with its id and its columns as they were. Raises Create. */
  async restore(tableName: string, id: string, options: OperationOptions = {}): Promise<void> {
    const table = this.#d.catalog.table(tableName);
    await this.#transaction(table, id.toLowerCase(), options, (existing, startedAt) => {
      const kept = this.#d.store.table(table.logicalName).deleted(id.toLowerCase());
      if (existing !== undefined) throw alreadyExists(this.#d.errorForm);
      if (kept === undefined) throw notFound(this.#d.errorForm, table.logicalName, id);
      const given = Object.entries(kept.columns).filter(([name, value]) => value !== null && name !== 'versionnumber');
      const by = { table: 'systemuser', id: this.#user(options.user).id };
      const target = { ...Object.fromEntries(given), modifiedon: secondsText(startedAt), modifiedby: by };
      return { message: 'Create', requested: target, target, after: { ...emptyRow(table), ...target } };
    });
  }

  /** Waits for the row, makes the change, runs its steps and commits: all of it or nothing. */
  async #transaction(
    table: Table,
    id: string,
    options: OperationOptions,
    make: (before: Row | undefined, startedAt: number) => Change,
  ): Promise<void> {
    const release = await this.#lock(`${table.logicalName} ${id}`);
    try {
      const startedAt = this.#d.now();
      const before = this.#d.store.table(table.logicalName).get(id);
      options.precondition?.(before);
      const change = make(before, startedAt);
      const event = this.#event(table, id, before, change, startedAt, options);
      const steps = this.#d.steps.steps(change.message, table.logicalName).filter((step) => fires(step, change));
      const sync = steps.filter((step) => step.mode === 'sync');
      if (sync.length > 0) await this.#runSync(sync, event);
      if (options.failAfterSync === true) {
        this.#d.counters.rolledBack += 1;
        throw new DataverseError(400, '0x80040265', 'A later step of the operation failed; it was rolled back.');
      }
      if (change.after === undefined) this.#d.store.commitDelete(table.logicalName, id);
      else this.#d.store.commit(table.logicalName, id, change.after);
      // System jobs are created with the commit: no asynchronous event tells of what was rolled back.
      for (const step of steps) {
        if (step.mode !== 'async') continue;
        this.#d.counters.raised += 1;
        this.#d.createJob(event, step);
      }
    } finally {
      release();
    }
  }

  async #runSync(steps: readonly Step[], event: RowEvent): Promise<void> {
    for (const step of steps) {
      this.#d.counters.raised += 1;
      const result = await this.#d.postSync(event, step, this.#d.now());
      this.#d.counters.posts += result.attempts;
      if (result.kind === 'delivered') {
        this.#d.counters.delivered += 1;
        continue;
      }
      this.#d.counters.failed += 1;
      this.#d.counters.rolledBack += 1;
      throw new DataverseError(400, '0x80040265', `Endpoint unavailable. ${result.reason}`);
    }
  }

  /** Resolves with the release when the row is free. */
  async #lock(key: string): Promise<() => void> {
    for (;;) {
      const held = this.#locks.get(key);
      if (held === undefined) break;
      await held;
    }
    const { promise, resolve } = withResolver();
    this.#locks.set(key, promise);
    return () => {
      this.#locks.delete(key);
      resolve();
    };
  }

  #event(
    table: Table,
    id: string,
    before: Row | undefined,
    change: Change,
    startedAt: number,
    options: OperationOptions,
  ): RowEvent {
    return {
      message: change.message,
      table,
      id,
      requested: change.requested,
      target: change.target,
      before: before?.columns,
      after: change.after,
      user: this.#user(options.user),
      initiatingUser: this.#user(options.initiatingUser ?? options.user),
      userAgent: options.userAgent ?? '',
      requestId: options.requestId ?? this.#d.random.guid(),
      correlationId: options.correlationId ?? this.#d.random.guid(),
      depth: options.depth ?? 1,
      tag: options.tag,
      startedAt,
    };
  }

  /** The caller's columns in stored form. What only the platform sets is ignored, as the Web API does. */
  #accept(table: Table, inputs: ColumnInputs): Columns {
    const accepted: Record<string, Value> = {};
    for (const [name, input] of Object.entries(inputs)) {
      const column = table.byName.get(name);
      if (column === undefined) throw noProperty(name, table.logicalName);
      if (column.platform === true) continue;
      accepted[name] = acceptValue(column, input);
    }
    if (table.logicalName === 'serviceendpoint' && 'authvalue' in accepted) {
      accepted.isauthvalueset = accepted.authvalue !== null;
    }
    return accepted;
  }

  #defaults(table: Table, requested: Columns, startedAt: number, user: User): Columns {
    const by = { table: 'systemuser', id: user.id };
    const at = secondsText(startedAt);
    const owner = asReference(requested.ownerid) ?? by;
    return {
      createdon: at,
      createdby: by,
      modifiedon: at,
      modifiedby: by,
      modifiedonbehalfby: null,
      ...composedName(table, requested, {}),
      ...(table.ownership === 'user' ? { ownerid: owner, ...this.#ownership(owner) } : {}),
      statecode: requested.statecode ?? 0,
      statuscode: requested.statuscode ?? firstReason(table, requested.statecode ?? 0),
    };
  }

  /** The columns that follow from the owner. */
  #ownership(owner: { readonly table: string; readonly id: string }): Columns {
    const unit = this.#d.store.table(owner.table).get(owner.id)?.columns.businessunitid ?? null;
    return {
      owningbusinessunit: unit,
      owninguser: owner.table === 'systemuser' ? reference('systemuser', owner.id) : null,
      owningteam: owner.table === 'team' ? reference('team', owner.id) : null,
    };
  }

  #user(id = this.#d.defaultUser): User {
    const row = this.#d.store.table('systemuser').get(id);
    if (row === undefined) throw new DataverseError(403, '0x80041d1f', `The user ${id} does not exist.`);
    const { fullname, azureactivedirectoryobjectid: objectId, businessunitid } = row.columns;
    return {
      id,
      name: typeof fullname === 'string' ? fullname : '',
      businessUnitId: asReference(businessunitid)?.id ?? NO_GUID,
      objectId: typeof objectId === 'string' ? objectId : NO_GUID,
    };
  }
}

const reference = (table: string, id: string): Value => ({ table, id });

const emptyRow = (table: Table): Columns =>
  Object.fromEntries(table.columns.map((column) => [column.logicalName, null]));

/** Filtering columns count for Update only, and one of them in Target is enough, changed or not. */
const fires = (step: Step, change: Change): boolean =>
  step.filteringColumns === undefined || step.filteringColumns.some((column) => column in change.target);

/** A person's full name, which the platform makes of its parts. */
function composedName(table: Table, requested: Columns, before: Columns): Columns {
  const composed = table.byName.has('fullname') && table.byName.has('firstname');
  if (!composed || !('firstname' in requested || 'lastname' in requested)) return {};
  const parts = ['firstname', 'lastname'].map((name) => (name in requested ? requested[name] : before[name]));
  return { fullname: parts.filter((part): part is string => typeof part === 'string' && part !== '').join(' ') };
}

function firstReason(table: Table, state: Value): Value {
  const column = table.byName.get('statuscode');
  if (column?.type !== 'status') return null;
  return column.options.find((option) => option.state === state)?.value ?? null;
}

/** The status reason that comes with a state when the caller names none. */
function reasonOfState(table: Table, requested: Columns): Columns {
  const state = requested.statecode;
  if (state === undefined || 'statuscode' in requested) return {};
  return { statuscode: firstReason(table, state) };
}

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
