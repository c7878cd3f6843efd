import type { Clock } from '../../shared/dataverse/rate-budget';

/** When the clock begins, milliseconds since 1970. */
export const START = 1_800_000_000_000;

/** A clock that the test moves. */
export class TestClock implements Clock {
  #now = START;
  readonly #timers = new Set<{ readonly at: number; readonly then: () => void }>();

  now(): number {
    return this.#now;
  }
  after(milliseconds: number, then: () => void): () => void {
    const timer = { at: this.#now + milliseconds, then };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }
  get timers(): number {
    return this.#timers.size;
  }
  /** Lets time pass, timer by timer. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settled();
      let next: { readonly at: number; readonly then: () => void } | undefined;
      for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.then();
    }
    this.#now = end;
  }
}

/** Everything that can happen by now has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
