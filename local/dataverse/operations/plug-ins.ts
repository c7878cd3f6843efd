import { DataverseError } from '../dataverse-error';
import type { RaisedEvent } from '../events/event';
import type { ColumnInputs, Columns } from '../rows/value';
import type { RowChanges } from './row-changes';
import type { OperationOptions, UnitOfWork } from './transactions';

/** What a plug-in is told. */
export interface PlugInCall {
  readonly message: string;
  readonly table: string;
  readonly id: string;
  /** The row before; undefined on Create. */
  readonly before: Columns | undefined;
  /** The row as it is going to be; undefined on Delete. */
  readonly after: Columns | undefined;
  /** Names of the columns in Target. */
  readonly columns: readonly string[];
  /** What a plug-in writes is one deeper; beyond 8 the platform ends the operation. */
  readonly depth: number;
  readonly initiatingUserId: string;
}

/** Custom logic that a test gives the organisation. */
export interface PlugIn {
  readonly table: string;
  /** `Create`, `Update`, `Delete`, … */
  readonly message: string;
  /** Asynchronous ones run after the commit, in a transaction of their own. @default sync */
  readonly mode?: 'sync' | 'async';
  /** @default 40 */
  readonly stage?: 10 | 20 | 40;
  /**
   * Refuses by throwing a {@link PlugInRefusal}, and crashes by throwing anything else. At stage 40 it may return columns
   * of the row, which an Update writes, one level deeper.
   */
  readonly execute: (call: PlugInCall) => ColumnInputs | undefined | Promise<ColumnInputs | undefined>;
}

/** What a plug-in throws to refuse an operation with a message for the user (InvalidPluginExecutionException). */
export class PlugInRefusal extends Error {}

/** What plug-ins work with. */
export interface PlugInDependencies {
  readonly changes: RowChanges;
  readonly update: (table: string, id: string, columns: ColumnInputs, options: OperationOptions) => Promise<void>;
}

/**
 * Plug-ins in process.
 * https://learn.microsoft.com/power-apps/developer/data-platform/handle-exceptions
 */
export class PlugIns {
  readonly #d: PlugInDependencies;
  readonly #plugIns = new Set<PlugIn>();
  readonly #running = new Set<Promise<void>>();

  constructor(dependencies: PlugInDependencies) {
    this.#d = dependencies;
  }

  /** Adds a plug-in; the function returned takes it away. */
  add(plugIn: PlugIn): () => void {
    this.#plugIns.add(plugIn);
    return () => this.#plugIns.delete(plugIn);
  }

  /** The plug-ins that an event calls. */
  of({ table, message }: RaisedEvent): readonly PlugIn[] {
    return [...this.#plugIns].filter((plugIn) => plugIn.table === table && plugIn.message === message);
  }

  /** Runs a synchronous plug-in as part of its operation. */
  async run(plugIn: PlugIn, event: RaisedEvent, work: UnitOfWork): Promise<void> {
    const columns = await executed(plugIn, event);
    if (columns === undefined) return;
    const table = this.#d.changes.table(event.table);
    this.#d.changes.update(work, table, event.id, columns, true);
  }

  /** Runs an asynchronous plug-in on its own. A failure is nobody's: a system job that failed. */
  runLater(plugIn: PlugIn, event: RaisedEvent): void {
    const running = this.#runAlone(plugIn, event)
      .catch(() => undefined)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when no asynchronous plug-in is running. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #runAlone(plugIn: PlugIn, event: RaisedEvent): Promise<void> {
    const columns = await executed(plugIn, event);
    if (columns === undefined) return;
    await this.#d.update(event.table, event.id, columns, {
      user: event.user.id,
      initiatingUser: event.initiatingUser.id,
      correlationId: event.correlationId,
      depth: event.depth + 1,
    });
  }
}

async function executed(plugIn: PlugIn, event: RaisedEvent): Promise<ColumnInputs | undefined> {
  const { message, table, id, columns, depth } = event;
  const image = Object.values(event.images)[0];
  try {
    return await plugIn.execute({
      message,
      table,
      id,
      before: image?.before,
      after: image?.after,
      columns,
      depth,
      initiatingUserId: event.initiatingUser.id,
    });
  } catch (error) {
    if (error instanceof PlugInRefusal) throw new DataverseError(400, '0x80040265', error.message);
    throw new DataverseError(400, '0x80040224', 'An unexpected error occurred from ISV code.');
  }
}
