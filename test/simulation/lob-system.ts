/** A LOB system that changes rows of its own and sends messages of it: it shares nothing with the code under test. */
import type { Json } from './wire';

/** Values of the LOB system are as large, so that each tells who gave it, and no two are alike. */
export const FIRST_LOB_VALUE = 1_000_000;
/** What a plug-in adds to some values of the LOB system's own column. */
const PLUG_IN_ADDS = 5_000_000;

/** The LOB system's own column, Dataverse's own, and one that nobody owns. */
export const OWNED = { lob: 'b', dataverse: 'rev', nobody: 'a' } as const;

/** What becomes in Dataverse of a value that the LOB system gives to its own column. */
export const madeOf = (value: number | null): number | null =>
  value !== null && value % 3 === 0 ? value + PLUG_IN_ADDS : value;

/** A change of the LOB system's. */
export interface LobMessage {
  readonly id: string;
  readonly op: 'upsert' | 'update' | 'delete';
  readonly key: string;
  /** It names the row by its id. */
  readonly rowId?: string;
  readonly atMs: number;
  readonly columns: Readonly<Record<string, number | null>>;
  readonly body: Uint8Array;
}

/** Its row, by key: what each column has, and from which message; undefined where it has deleted the row. */
type LobRow = Map<string, LobValue> | undefined;

interface LobValue {
  readonly value: number | null;
  readonly by: LobMessage;
}

export class LobSystem {
  readonly messages: LobMessage[] = [];
  readonly rows = new Map<string, LobRow>();
  #lastMs = 0;
  #value = FIRST_LOB_VALUE;

  /** @param rowId names the row by its id, which it must know from somewhere */
  change(op: LobMessage['op'], key: string, names: readonly string[], nowMs: number, rowId?: string): LobMessage {
    const atMs = (this.#lastMs = Math.max(this.#lastMs + 1, nowMs));
    const columns = Object.fromEntries(
      op === 'delete' ? [] : names.map((name) => [name, this.#nextValue(name === OWNED.lob)]),
    );
    const id = `m${this.messages.length + 1}`;
    const body: Json = {
      ...{ id, op, table: 'account', at: new Date(atMs).toISOString() },
      ...(rowId === undefined ? { key: { k: key } } : { rowId }),
      ...(op === 'delete' ? {} : { columns }),
    };
    const message = { id, op, key, atMs, columns, body: Buffer.from(JSON.stringify(body)) };
    const told: LobMessage = rowId === undefined ? message : { ...message, rowId };
    this.messages.push(told);
    this.#keep(told);
    return told;
  }

  #nextValue(mayBeEmpty: boolean): number | null {
    this.#value += 1;
    return mayBeEmpty && this.#value % 5 === 0 ? null : this.#value;
  }

  #keep(by: LobMessage): void {
    if (by.op === 'delete') {
      this.rows.set(by.key, undefined);
      return;
    }
    const row: NonNullable<LobRow> = this.rows.get(by.key) ?? new Map<string, LobValue>();
    for (const [name, value] of Object.entries(by.columns)) row.set(name, { value, by });
    this.rows.set(by.key, row);
  }

  /** The message that gave a value. */
  messageOf(value: number): LobMessage | undefined {
    return this.messages.find(({ columns }) => Object.values(columns).includes(value));
  }

  isDeletedLater({ key, atMs }: LobMessage): boolean {
    return this.messages.some((other) => other.op === 'delete' && other.key === key && other.atMs > atMs);
  }

  /** Whether a later message is about all that there is of a column. */
  isSuperseded({ id, key, atMs }: LobMessage, name: string): boolean {
    return this.messages.some(
      (other) =>
        other.id !== id && other.key === key && other.atMs > atMs && (other.op === 'delete' || name in other.columns),
    );
  }
}
