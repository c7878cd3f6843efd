/** What the end of a request says of the service: it answers, it doesn't, or neither (a fault of the request itself). */
export type Answer = 'up' | 'down' | 'unclear';

/** How a request ended. */
export type End<T> =
  { readonly kind: 'value'; readonly value: T } | { readonly kind: 'error'; readonly error: unknown };

/** Options of a circuit. */
export interface CircuitOptions {
  /** So many requests in a row that weren't answered open it; one that was answered starts the count again. */
  readonly failures: number;
  /** Pause before the first probe, in milliseconds; doubled after each one that fails, with jitter. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** What is thrown instead of asking. `nextAtMs`: when the service is asked next, in epoch milliseconds. */
  readonly refusal: (nextAtMs: number, cause: unknown) => Error;
  readonly onOpened?: (nextAtMs: number, cause: unknown) => void;
  readonly onClosed?: (openMs: number) => void;
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
}

interface Opened {
  readonly sinceMs: number;
  readonly cause: unknown;
  readonly pauses: number;
  readonly nextAtMs: number;
}

/**
 * A circuit breaker: a service that doesn't answer is not asked by everyone until each one's time is up. After some
 * failures in a row requests are refused at once; from time to time one goes through as a probe while all others are still
 * refused, and the first answer of any request closes the circuit.
 * https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker
 */
export class Circuit {
  #failures = 0;
  #opened: Opened | undefined;
  #probing = false;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(private readonly options: CircuitOptions) {
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
  }

  /**
   * Makes a request, unless the circuit is open.
   *
   * @throws the circuit's refusal where it is open, and where this request's failure finds or leaves it open
   */
  async run<T>(request: () => Promise<T>, answerOf: (end: End<T>) => Answer): Promise<T> {
    const isProbe = this.#admit();
    const end = await ended(request());
    if (isProbe) this.#probing = false;
    const answer = answerOf(end);
    const cause = end.kind === 'error' ? end.error : undefined;
    if (answer === 'down') this.#failed(isProbe, cause);
    // A probe that failed for a reason of its own was answered all the same.
    else if (answer === 'up' || isProbe) this.#answered();
    if (answer === 'down' && this.#opened !== undefined) throw this.options.refusal(this.#opened.nextAtMs, cause);
    if (end.kind === 'error') throw end.error;
    return end.value;
  }

  /** Whether the request is a probe. */
  #admit(): boolean {
    if (this.#opened === undefined) return false;
    const { nextAtMs, cause } = this.#opened;
    if (this.#probing || this.#now() < nextAtMs) throw this.options.refusal(nextAtMs, cause);
    this.#probing = true;
    return true;
  }

  #answered(): void {
    this.#failures = 0;
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    this.options.onClosed?.(this.#now() - opened.sinceMs);
  }

  #failed(isProbe: boolean, cause: unknown): void {
    if (this.#opened !== undefined) {
      if (isProbe) this.#opened = this.#openedFor(this.#opened.sinceMs, this.#opened.pauses + 1, cause);
      return;
    }
    this.#failures += 1;
    if (this.#failures < this.options.failures) return;
    this.#opened = this.#openedFor(this.#now(), 0, cause);
    this.options.onOpened?.(this.#opened.nextAtMs, cause);
  }

  #openedFor(sinceMs: number, pauses: number, cause: unknown): Opened {
    const { firstPauseMs, longestPauseMs } = this.options;
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(pauses, 20));
    return { sinceMs, cause, pauses, nextAtMs: this.#now() + equalJitter(pause, this.#random) };
  }
}

/**
 * Half of a delay and a random part of the other half, so that what failed together doesn't come again together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const equalJitter = (delayMs: number, random: () => number): number =>
  Math.round(delayMs / 2 + (random() * delayMs) / 2);

const ended = async <T>(request: Promise<T>): Promise<End<T>> => {
  try {
    return { kind: 'value', value: await request };
  } catch (error) {
    return { kind: 'error', error };
  }
};
