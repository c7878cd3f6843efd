import type { PullState, PullStateStore, StoredState } from '../../shared/sync/pull-state';

const NEW: StoredState = { state: { kind: 'new' }, tag: undefined };

/** Pull states in memory, with tags that never repeat. */
export class MemoryStates implements PullStateStore {
  readonly #states = new Map<string, StoredState & { readonly writtenAtMs: number }>();
  /** Every state of any table that was written, in order. */
  readonly writes: PullState[] = [];
  #tags = 0;

  constructor(private readonly now: () => number = () => 0) {}

  read(table: string): Promise<StoredState> {
    return Promise.resolve(this.#states.get(table) ?? NEW);
  }

  write(table: string, state: PullState, tag: string | undefined): Promise<string | undefined> {
    if (this.#states.get(table)?.tag !== tag) return Promise.resolve(undefined);
    this.writes.push(state);
    return Promise.resolve(this.put(table, state));
  }

  lastWritten(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(new Map([...this.#states].map(([table, { writtenAtMs }]) => [table, writtenAtMs])));
  }

  /** Whatever is there. */
  put(table: string, state: PullState): string {
    const tag = String((this.#tags += 1));
    this.#states.set(table, { state, tag, writtenAtMs: this.now() });
    return tag;
  }

  stateOf(table: string): PullState {
    return (this.#states.get(table) ?? NEW).state;
  }
}
