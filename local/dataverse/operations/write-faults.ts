import { DataverseError } from '../dataverse-error';
import type { RaisedEvent } from '../events/event';

/** What the database can do to a writer; another error may be given in full. */
export type WriteFault =
  'deadlock' | 'sqlTimeout' | { readonly status: number; readonly code: string; readonly message: string };

/** Which operations a fault meets. */
export interface WriteFaultOptions {
  /** @default any */
  readonly table?: string;
  /** `Create`, `Update`, `Delete`. @default any */
  readonly message?: string;
}

const SQL = {
  deadlock: { code: '0x80044150', message: 'Generic SQL error.', ids: [-2147204784, 1205] },
  sqlTimeout: { code: '0x80044151', message: 'SQL timeout expired.', ids: [-2147204783, -2] },
} as const;

/** An error of the database: the numbers in its text tell which (SqlError, SqlErrorTimeout). */
export function sqlError(kind: keyof typeof SQL): DataverseError {
  const { code, message, ids } = SQL[kind];
  const text = ` Sql error: ${message} CRM ErrorCode: ${ids[0]} Sql ErrorCode: -2146232060 Sql Number: ${ids[1]}`;
  return new DataverseError(500, code, text);
}

/** Faults that the next operations meet after the stages before the main operation: they are rolled back. */
export class WriteFaults {
  #faults: { readonly fault: WriteFault; readonly options: WriteFaultOptions; left: number }[] = [];

  /** Makes the next `count` operations fail. */
  failNext(count: number, fault: WriteFault, options: WriteFaultOptions = {}): void {
    this.#faults.push({ fault, options, left: count });
  }

  /** Throws when a fault waits for an operation with these events. */
  meet(events: readonly RaisedEvent[]): void {
    const found = this.#faults.find(({ options: { table, message } }) =>
      events.some((event) => event.table === (table ?? event.table) && event.message === (message ?? event.message)),
    );
    if (found === undefined) return;
    found.left -= 1;
    if (found.left <= 0) this.#faults = this.#faults.filter((each) => each !== found);
    const { fault } = found;
    throw typeof fault === 'string' ? sqlError(fault) : new DataverseError(fault.status, fault.code, fault.message);
  }
}
