/** A row reader that answers as told and remembers what it was asked. */
import type { RowAddress } from '../../shared/change/row-change';
import type { RowRead, RowReader } from '../../shared/writer/read-back';
import { found } from './changes';

export class ScriptedReader implements RowReader {
  /** Ids asked for, in order. */
  readonly gets: string[] = [];

  constructor(public answer: (row: RowAddress, get: number) => RowRead | Promise<RowRead> = () => found(300n)) {}

  async read(row: RowAddress): Promise<RowRead> {
    this.gets.push(row.id);
    return this.answer(row, this.gets.length);
  }
}

/** A promise that is opened from outside, to hold a step until a test lets it go on. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** Lets everything that can go on without a gate go on. */
export const settleDown = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
