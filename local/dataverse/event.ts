import type { Table } from './table';
import type { Columns } from './value';

/** Messages that raise events here. */
export type Message = 'Create' | 'Update' | 'Delete';

/** A user as contexts name one. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly businessUnitId: string;
  /** The user's object id in Entra ID. */
  readonly objectId: string;
}

/** One operation on one row: what steps are told of. */
export interface RowEvent {
  readonly message: Message;
  readonly table: Table;
  readonly id: string;
  /** The columns of the caller's request. */
  readonly requested: Columns;
  /** The columns of the request and those that the platform added to it: Target from the main operation on. */
  readonly target: Columns;
  /** The whole row before and after; undefined where there is none. */
  readonly before: Columns | undefined;
  readonly after: Columns | undefined;
  readonly user: User;
  readonly initiatingUser: User;
  readonly userAgent: string;
  readonly requestId: string;
  readonly correlationId: string;
  readonly depth: number;
  /** The caller's own mark (`tag`), which arrives as a shared variable. */
  readonly tag: string | undefined;
  /** When the request began, milliseconds since 1970. */
  readonly startedAt: number;
}

/** What a step wants to see of the row. */
export interface StepImage {
  readonly when: 'pre' | 'post';
  readonly alias: string;
  /** Absent: all columns. */
  readonly columns: readonly string[] | undefined;
}

/** A registered step. */
export interface Step {
  readonly id: string;
  readonly name: string;
  readonly mode: 'sync' | 'async';
  readonly stage: number;
  readonly rank: number;
  /** Update only: at least one must be in Target. Absent: any column. */
  readonly filteringColumns: readonly string[] | undefined;
  readonly endpointId: string;
  readonly images: readonly StepImage[];
}
