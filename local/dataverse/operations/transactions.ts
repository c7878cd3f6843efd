import { DataverseError } from '../dataverse-error';
import type { DeliveryResult } from '../events/endpoint-clients';
import type { EventDraft, RaisedEvent, Step, User } from '../events/event';
import { firedBy, modeOf, raiseEvents, stageOf, type Bypass, type Firing } from '../events/raise-events';
import type { PushCounters } from '../events/system-jobs';
import type { AlternateKeys, RowView } from '../metadata/alternate-keys';
import type { Table } from '../metadata/table';
import type { Random } from '../random';
import type { StepRegistry } from '../registration/step-registry';
import type { Row, RowStore } from '../rows/row-store';
import { EMPTY_GUID, asReference, type ColumnInputs, type Columns } from '../rows/value';
import type { PlugIns } from './plug-ins';
import { sqlError, type WriteFaults } from './write-faults';

/** A row to be committed, or to be removed when there are no columns. */
export interface Write {
  readonly table: Table;
  readonly id: string;
  readonly columns: Columns | undefined;
}

/** What identifies a row in the organisation. */
export const rowKey = (table: Table, id: string): string => `${table.logicalName} ${id}`;

/** A transaction of one or several operations: all that they change is committed together, or nothing is. */
export class Transaction implements RowView {
  readonly writes = new Map<string, Write>();
  /** What asynchronous steps and plug-ins are told of with the commit. */
  readonly afterCommit: Firing[] = [];
  readonly locks = new Set<string>();
  /** Resolves when its locks are released. */
  readonly ended: Promise<void>;
  release: () => void = () => undefined;
  readonly #store: RowStore;

  constructor(store: RowStore) {
    this.#store = store;
    this.ended = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  /** The row as this transaction sees it; its version is that of the committed one. */
  row(table: Table, id: string): Row | undefined {
    const committed = this.#store.table(table.logicalName).get(id);
    const write = this.writes.get(rowKey(table, id));
    if (write === undefined) return committed;
    if (write.columns === undefined) return undefined;
    return { table: table.logicalName, id, version: committed?.version ?? 0n, columns: write.columns };
  }

  /** The same rows, changed on its own from now on. */
  copy(): Transaction {
    const copy = new Transaction(this.#store);
    for (const [key, write] of this.writes) copy.writes.set(key, write);
    return copy;
  }

  uncommitted(table: Table): readonly Row[] {
    return [...this.writes.values()]
      .filter((write) => write.table.logicalName === table.logicalName)
      .flatMap(({ id }) => this.row(table, id) ?? []);
  }
}

/** What an operation is about to do: rows in their new state, and the events that tell of them. */
export class UnitOfWork implements RowView {
  /** When the operation began, milliseconds since 1970. */
  readonly startedAt: number;
  /** Under whom the operation runs. */
  readonly user: User;
  /** Whether the values have to be ones that the platform takes. */
  readonly strict: boolean;
  readonly events: EventDraft[] = [];
  readonly #transaction: Transaction;

  constructor(transaction: Transaction, startedAt: number, user: User, strict: boolean) {
    this.#transaction = transaction;
    this.startedAt = startedAt;
    this.user = user;
    this.strict = strict;
  }

  row(table: Table, id: string): Row | undefined {
    return this.#transaction.row(table, id);
  }

  uncommitted(table: Table): readonly Row[] {
    return this.#transaction.uncommitted(table);
  }

  /** Gives a row its new state. */
  put(table: Table, id: string, columns: Columns): void {
    this.#transaction.writes.set(rowKey(table, id), { table, id, columns });
  }

  /** Removes a row. */
  remove(table: Table, id: string): void {
    this.#transaction.writes.set(rowKey(table, id), { table, id, columns: undefined });
  }

  /** Tells of something: an operation inside another one before that one. */
  raise(event: EventDraft): void {
    this.events.push(event);
  }
}

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
  readonly bypass?: Bypass;
  /**
   * Texts have to fit, lookups have to lead to rows, and status reasons have to be those of the state, as the Web API
   * has it. @default false
   */
  readonly strict?: boolean;
  /** The transaction that the operation is part of. @default one of its own */
  readonly transaction?: Transaction;
  /** A step after all synchronous webhooks fails: what they were told never happened. */
  readonly failAfterSync?: boolean;
  /** Looked at under the row's lock by operations on one row; throws to refuse the operation. */
  readonly precondition?: (row: Row | undefined) => void;
}

/** Posts an event to the webhook of a synchronous step. */
export type PostSync = (event: RaisedEvent, step: Step, at: number) => Promise<DeliveryResult>;

/** What transactions work with. */
export interface TransactionDependencies {
  readonly store: RowStore;
  readonly keys: AlternateKeys;
  readonly steps: StepRegistry;
  readonly plugIns: PlugIns;
  /** Writes columns of the row that an event is of, as part of the work. */
  readonly write: (work: UnitOfWork, event: RaisedEvent, columns: ColumnInputs) => void;
  readonly faults: WriteFaults;
  readonly counters: PushCounters;
  readonly random: Random;
  readonly now: () => number;
  readonly defaultUser: string;
  readonly postSync: PostSync;
  /** What the caller sees when that failed. */
  readonly syncFailure: (result: Exclude<DeliveryResult, { kind: 'delivered' }>, step: Step) => DataverseError;
  /** `version`: of the commit of the event's row; undefined where the transaction didn't write it. */
  readonly createJob: (event: RaisedEvent, step: Step, version: bigint | undefined) => void;
}

/** Where events are in their request. */
interface Place {
  /** The operation in whose steps they happened. */
  readonly parent?: RaisedEvent;
  /** The steps of PreValidation have run. */
  readonly validated?: boolean;
}

const PRE_VALIDATION = 10;
const POST_OPERATION = 40;

const between = (firings: readonly Firing[], from: number, to = Infinity): readonly Firing[] =>
  firings.filter((firing) => stageOf(firing) >= from && stageOf(firing) < to);

/** A row that a transaction writes. */
export interface RowToLock {
  readonly table: Table;
  readonly id: string;
}

/** An operation's options with the ids that all of its events share. */
type Request = OperationOptions & { readonly requestId: string; readonly correlationId: string };

/**
 * Operations as transactions that run their steps: all of it or nothing. Writers of one row wait for each other;
 * readers see a row only as committed. `modifiedon` is taken when the operation begins and the row version when it
 * commits, so the one does not always follow the other, as in the platform.
 */
export class Transactions {
  readonly #d: TransactionDependencies;
  readonly #holders = new Map<string, Transaction>();
  readonly #waiting = new Map<Transaction, string>();

  constructor(dependencies: TransactionDependencies) {
    this.#d = dependencies;
  }

  /** Waits for the rows, lets `make` say what to do, runs the steps and, if it began the transaction, commits. */
  async run<T>(
    rows: readonly RowToLock[],
    options: OperationOptions,
    make: (work: UnitOfWork) => T | Promise<T>,
  ): Promise<T> {
    if (options.transaction !== undefined) return this.#operate(options.transaction, rows, options, make);
    return this.together((transaction) => this.#operate(transaction, rows, options, make));
  }

  /** Makes several operations, which name the transaction in their options, one: commits all of them or none. */
  async together<T>(make: (transaction: Transaction) => Promise<T>): Promise<T> {
    const transaction = new Transaction(this.#d.store);
    try {
      const result = await make(transaction);
      this.#commit(transaction);
      return result;
    } finally {
      for (const key of transaction.locks) this.#holders.delete(key);
      transaction.release();
    }
  }

  async #operate<T>(
    transaction: Transaction,
    rows: readonly RowToLock[],
    options: OperationOptions,
    make: (work: UnitOfWork) => T | Promise<T>,
  ): Promise<T> {
    const validating = rows.some(
      ({ table: { logicalName } }) => this.#d.steps.validates(logicalName) || this.#d.plugIns.validates(logicalName),
    );
    const request = validating ? this.#request(options) : undefined;
    if (request !== undefined) await this.#validate(transaction, request, make);
    // In one order for all, or two operations could wait for each other.
    const keys = [...new Set(rows.map(({ table, id }) => rowKey(table, id)))].toSorted();
    for (const key of keys) await this.#lock(transaction, key);
    const work = this.#work(transaction, options);
    const result = await make(work);
    await this.#fire(transaction, work, request ?? this.#request(options), { validated: validating });
    if (options.failAfterSync === true) {
      this.#d.counters.rolledBack += 1;
      throw new DataverseError(400, '0x80040265', 'A later step of the operation failed; it was rolled back.');
    }
    return result;
  }

  #request(options: OperationOptions): Request {
    const { requestId = this.#d.random.guid(), correlationId = this.#d.random.guid() } = options;
    return { ...options, requestId, correlationId };
  }

  #work(transaction: Transaction, { user, strict = false }: OperationOptions): UnitOfWork {
    return new UnitOfWork(transaction, this.#d.now(), this.user(user), strict);
  }

  /**
   * Runs the steps of PreValidation: before the operation's own transaction, which others may still forestall. What they
   * are told is tried out on the rows as they are now.
   */
  async #validate(transaction: Transaction, request: Request, make: (work: UnitOfWork) => unknown): Promise<void> {
    const work = this.#work(transaction.copy(), request);
    await make(work);
    for (const firing of firedBy(this.#raised(work, request), this.#d, request.bypass)) {
      if (stageOf(firing) === PRE_VALIDATION) await this.#runSync(transaction, work, request, firing);
    }
  }

  /**
   * Runs what the events of an operation fire, those of PreValidation only if that hasn't been, or the events of what a
   * plug-in did inside the operation.
   */
  async #fire(transaction: Transaction, work: UnitOfWork, request: Request, place: Place): Promise<void> {
    const events = this.#raised(work, request, place.parent);
    // What a plug-in does inside the operation is told of, whatever the request leaves out.
    const fired = firedBy(events, this.#d, place.parent === undefined ? request.bypass : undefined);
    const sync = fired.filter((firing) => modeOf(firing) === 'sync');
    const first = place.validated === true ? PRE_VALIDATION + 1 : PRE_VALIDATION;
    for (const firing of between(sync, first, POST_OPERATION)) await this.#runSync(transaction, work, request, firing);
    // The database has its say after the stages before the main operation.
    if (place.parent === undefined) this.#d.faults.meet(events);
    this.#checkKeys(transaction);
    for (const firing of between(sync, POST_OPERATION)) await this.#runSync(transaction, work, request, firing);
    transaction.afterCommit.push(...fired.filter((firing) => modeOf(firing) === 'async'));
  }

  /** What the work has to tell, as events of the request. */
  #raised(work: UnitOfWork, request: Request, parent?: RaisedEvent): readonly RaisedEvent[] {
    const { userAgent = '', requestId, correlationId, tag, depth = 1 } = request;
    const user = this.user(request.user);
    const initiatingUser = this.user(request.initiatingUser ?? request.user);
    const inTransaction = parent !== undefined || request.transaction !== undefined;
    const common = { user, initiatingUser, userAgent, requestId, correlationId, tag, startedAt: work.startedAt };
    return raiseEvents(work.events.splice(0), { ...common, depth, inTransaction }, parent);
  }

  async #runSync(transaction: Transaction, work: UnitOfWork, request: Request, firing: Firing): Promise<void> {
    if (firing.kind === 'plugIn') {
      await this.#runPlugIn(transaction, work, request, firing);
      return;
    }
    const { event, step } = firing;
    this.#d.counters.raised += 1;
    const result = await this.#d.postSync(event, step, this.#d.now());
    this.#d.counters.posts += result.attempts;
    if (result.kind === 'delivered') {
      this.#d.counters.delivered += 1;
      return;
    }
    this.#d.counters.failed += 1;
    this.#d.counters.rolledBack += 1;
    throw this.#d.syncFailure(result, step);
  }

  async #runPlugIn(
    transaction: Transaction,
    work: UnitOfWork,
    request: Request,
    { event, plugIn }: Extract<Firing, { kind: 'plugIn' }>,
  ): Promise<void> {
    try {
      await this.#d.plugIns.run(plugIn, event, (of, columns) => this.#d.write(work, of, columns));
    } catch (error) {
      this.#d.counters.rolledBack += 1;
      throw error;
    }
    if (work.events.length > 0) await this.#fire(transaction, work, request, { parent: event });
  }

  #checkKeys(transaction: Transaction): void {
    for (const { table, id, columns } of transaction.writes.values()) {
      if (columns !== undefined) this.#d.keys.check(table, id, columns, transaction);
    }
  }

  #commit(transaction: Transaction): void {
    const { store } = this.#d;
    // Others may have taken the values of a key since they were looked at: the index refuses the later one.
    this.#checkKeys(transaction);
    const versions = new Map<string, bigint>();
    for (const [key, { table, id, columns }] of transaction.writes) {
      const { logicalName } = table;
      if (columns !== undefined) versions.set(key, store.commit(logicalName, id, columns).version);
      // What was created and deleted in one transaction never was there.
      else if (store.table(logicalName).get(id) !== undefined) versions.set(key, store.commitDelete(logicalName, id));
    }
    // System jobs are created with the commit: no asynchronous event tells of what was rolled back.
    for (const firing of transaction.afterCommit) {
      const { event } = firing;
      if (firing.kind === 'plugIn') {
        this.#d.plugIns.runLater(firing.plugIn, event);
        continue;
      }
      this.#d.counters.raised += 1;
      this.#d.createJob(event, firing.step, versions.get(`${event.table} ${event.id}`));
    }
  }

  /** Returns when the row is the transaction's; throws when whoever has it waits for this transaction. */
  async #lock(transaction: Transaction, key: string): Promise<void> {
    if (transaction.locks.has(key)) return;
    for (;;) {
      const holder = this.#holders.get(key);
      if (holder === undefined) break;
      if (this.#waitsFor(holder, transaction)) throw sqlError('deadlock');
      this.#waiting.set(transaction, key);
      await holder.ended;
      this.#waiting.delete(transaction);
    }
    this.#holders.set(key, transaction);
    transaction.locks.add(key);
  }

  #waitsFor(one: Transaction, other: Transaction): boolean {
    let each: Transaction | undefined = one;
    while (each !== undefined && each !== other) each = this.#holders.get(this.#waiting.get(each) ?? '');
    return each === other;
  }

  /** The user under whom something runs; throws when there is none. */
  user(id = this.#d.defaultUser): User {
    const row = this.#d.store.table('systemuser').get(id);
    if (row === undefined) throw new DataverseError(403, '0x80041d1f', `The user ${id} does not exist.`);
    const { fullname, azureactivedirectoryobjectid: objectId, businessunitid } = row.columns;
    return {
      id,
      name: typeof fullname === 'string' ? fullname : '',
      businessUnitId: asReference(businessunitid)?.id ?? EMPTY_GUID,
      objectId: typeof objectId === 'string' ? objectId : EMPTY_GUID,
    };
  }
}
