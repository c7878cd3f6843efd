import { DataverseError } from '../dataverse-error';
import type { DeliveryResult } from '../events/endpoint-clients';
import type { EventDraft, RaisedEvent, Step, User } from '../events/event';
import type { PushCounters } from '../events/system-jobs';
import type { Table } from '../metadata/table';
import type { Random } from '../random';
import type { StepRegistry } from '../registration/step-registry';
import type { Row, RowStore } from '../rows/row-store';
import { EMPTY_GUID, asReference, type Columns } from '../rows/value';

/** A row to be committed, or to be removed when there are no columns. */
export interface Write {
  readonly table: Table;
  readonly id: string;
  readonly columns: Columns | undefined;
}

/** What one transaction is about to do: rows in their new state, and the events that tell of them. */
export class UnitOfWork {
  /** When the operation began, milliseconds since 1970. */
  readonly startedAt: number;
  /** Under whom the operation runs. */
  readonly user: User;
  readonly writes: Write[] = [];
  readonly events: EventDraft[] = [];
  readonly #store: RowStore;
  readonly #pending = new Map<string, Columns | undefined>();

  constructor(store: RowStore, startedAt: number, user: User) {
    this.#store = store;
    this.startedAt = startedAt;
    this.user = user;
  }

  /** The row as this transaction sees it; its version is that of the committed one. */
  row(table: Table, id: string): Row | undefined {
    const committed = this.#store.table(table.logicalName).get(id);
    const key = rowKey(table, id);
    if (!this.#pending.has(key)) return committed;
    const columns = this.#pending.get(key);
    if (columns === undefined) return undefined;
    return { table: table.logicalName, id, version: committed?.version ?? 0n, columns };
  }

  /** Gives a row its new state. */
  put(table: Table, id: string, columns: Columns): void {
    this.#pending.set(rowKey(table, id), columns);
    this.writes.push({ table, id, columns });
  }

  /** Removes a row. */
  remove(table: Table, id: string): void {
    this.#pending.set(rowKey(table, id), undefined);
    this.writes.push({ table, id, columns: undefined });
  }

  /** Tells of something: an operation inside another one before that one. */
  raise(event: EventDraft): void {
    this.events.push(event);
  }
}

/** What identifies a row in the organisation. */
export const rowKey = (table: Table, id: string): string => `${table.logicalName} ${id}`;

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
  /** Looked at under the row's lock by operations on one row; throws to refuse the operation. */
  readonly precondition?: (row: Row | undefined) => void;
}

/** Posts an event to the webhook of a synchronous step. */
export type PostSync = (event: RaisedEvent, step: Step, at: number) => Promise<DeliveryResult>;

/** What transactions work with. */
export interface TransactionDependencies {
  readonly store: RowStore;
  readonly steps: StepRegistry;
  readonly counters: PushCounters;
  readonly random: Random;
  readonly now: () => number;
  readonly defaultUser: string;
  readonly postSync: PostSync;
  /** `version`: of the commit of the event's row; undefined where the transaction didn't write it. */
  readonly createJob: (event: RaisedEvent, step: Step, version: bigint | undefined) => void;
}

/** A row that a transaction writes. */
export interface RowToLock {
  readonly table: Table;
  readonly id: string;
}

interface Firing {
  readonly event: RaisedEvent;
  readonly step: Step;
}

/**
 * Operations as transactions that run their steps: all of it or nothing. Writers of one row wait for each other;
 * readers see a row only as committed. `modifiedon` is taken when the operation begins and the row version when it
 * commits, so the one does not always follow the other, as in the platform.
 */
export class Transactions {
  readonly #d: TransactionDependencies;
  readonly #locks = new Map<string, Promise<void>>();

  constructor(dependencies: TransactionDependencies) {
    this.#d = dependencies;
  }

  /** Waits for the rows, lets `make` say what to do, runs the steps and commits. */
  async run<T>(
    rows: readonly RowToLock[],
    options: OperationOptions,
    make: (work: UnitOfWork) => T | Promise<T>,
  ): Promise<T> {
    // In one order for all, or two transactions could wait for each other.
    const keys = [...new Set(rows.map(({ table, id }) => rowKey(table, id)))].toSorted();
    const releases: (() => void)[] = [];
    try {
      for (const key of keys) releases.push(await this.#lock(key));
      const work = new UnitOfWork(this.#d.store, this.#d.now(), this.user(options.user));
      const result = await make(work);
      const firings = this.#firings(work, options);
      await this.#runSync(firings.filter(({ step }) => step.mode === 'sync'));
      if (options.failAfterSync === true) {
        this.#d.counters.rolledBack += 1;
        throw new DataverseError(400, '0x80040265', 'A later step of the operation failed; it was rolled back.');
      }
      const versions = new Map<string, bigint>();
      for (const { table, id, columns } of work.writes) {
        const { logicalName } = table;
        const version =
          columns === undefined
            ? this.#d.store.commitDelete(logicalName, id)
            : this.#d.store.commit(logicalName, id, columns).version;
        versions.set(`${logicalName} ${id}`, version);
      }
      // System jobs are created with the commit: no asynchronous event tells of what was rolled back.
      for (const { event, step } of firings) {
        if (step.mode !== 'async') continue;
        this.#d.counters.raised += 1;
        this.#d.createJob(event, step, versions.get(`${event.table} ${event.id}`));
      }
      return result;
    } finally {
      for (const release of releases) release();
    }
  }

  /** The steps that the work's events fire, in the order they run. */
  #firings(work: UnitOfWork, options: OperationOptions): Firing[] {
    const common = {
      user: work.user,
      initiatingUser: this.user(options.initiatingUser ?? options.user),
      userAgent: options.userAgent ?? '',
      requestId: options.requestId ?? this.#d.random.guid(),
      correlationId: options.correlationId ?? this.#d.random.guid(),
      tag: options.tag,
      startedAt: work.startedAt,
    };
    const firings = work.events.flatMap((draft) => {
      const depth = (options.depth ?? 1) + (draft.nested === true ? 1 : 0);
      const event: RaisedEvent = { ...draft, ...common, depth };
      const steps = this.#d.steps.steps(event.message, event.table).filter((step) => fires(step, event));
      return steps.map((step) => ({ event, step }));
    });
    return firings.toSorted((a, b) => a.step.stage - b.step.stage);
  }

  async #runSync(firings: readonly Firing[]): Promise<void> {
    for (const { event, step } of firings) {
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

/** Filtering columns count for Update only, and one of them in Target is enough, changed or not. */
const fires = (step: Step, event: RaisedEvent): boolean =>
  step.filteringColumns === undefined || step.filteringColumns.some((column) => event.columns.includes(column));

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
