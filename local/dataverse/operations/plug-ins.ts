import { DataverseError } from '../dataverse-error';
import type { RaisedEvent } from '../events/event';
import type { ColumnInputs, Columns } from '../rows/value';

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

/** Writes columns of the row that an event is of, one level deeper. */
export type WriteBack = (event: RaisedEvent, columns: ColumnInputs) => unknown;

/**
 * Plug-ins in process.
 * https://learn.microsoft.com/power-apps/developer/data-platform/handle-exceptions
 */
export class PlugIns {
  readonly #plugIns = new Set<PlugIn>();
  readonly #running = new Set<Promise<void>>();

  /** @param writeLater in a transaction of its own */
  constructor(private readonly writeLater: WriteBack) {}

  /** Adds a plug-in; the function returned takes it away. */
  add(plugIn: PlugIn): () => void {
    this.#plugIns.add(plugIn);
    return () => this.#plugIns.delete(plugIn);
  }

  /** Is there a plug-in of PreValidation on a table? */
  validates(table: string): boolean {
    return [...this.#plugIns].some((plugIn) => plugIn.table === table && plugIn.stage === 10);
  }

  /** The plug-ins that an event calls. */
  of({ table, message }: RaisedEvent): readonly PlugIn[] {
    return [...this.#plugIns].filter((plugIn) => plugIn.table === table && plugIn.message === message);
  }

  /** Runs a synchronous plug-in as part of its operation, in which `write` writes. */
  async run(plugIn: PlugIn, event: RaisedEvent, write: WriteBack): Promise<void> {
    const columns = await executed(plugIn, event);
    if (columns === undefined) return;
    if ((plugIn.stage ?? 40) < 40) throw new Error('Before stage 40 a plug-in cannot write here.');
    write(event, columns);
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
    await this.writeLater(event, columns);
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
