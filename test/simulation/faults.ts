import type { Fault, NoteFault } from './fault-list';
import { StoreUnavailable } from '../../shared/azure/store-unavailable';
import { WebApiError } from '../../shared/dataverse/web-api';

/** What a store answers when it is throttled, away, or slow. */
export class StoreFault extends Error {
  constructor(what: '429' | '503' | 'time-out') {
    super(`the store: ${what}`);
  }
}

/** Statuses of a Web API that can't answer now: no answer, an expired access token, throttled, away. */
const PASSING = [0, 401, 429, 503] as const;
const FAULT_OF: Readonly<Record<(typeof PASSING)[number] | 410, Fault>> = {
  0: 'F20',
  401: 'F19',
  410: 'F24',
  429: 'F17',
  503: 'F18',
};

/** What goes wrong out of reach: the weather says how often. */
export class Faults {
  /** Probability of a fault at every step out of reach. */
  rate = 0;

  constructor(
    private readonly random: () => number,
    readonly note: NoteFault,
  ) {}

  happens(share = 1): boolean {
    return this.rate > 0 && this.random() < this.rate * share;
  }

  /** One of several. */
  oneOf<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor(this.random() * choices.length)] ?? choices[0];
  }

  /** A request that isn't done. */
  storeRefuses(): void {
    if (!this.happens()) return;
    this.note('F26');
    const what = this.oneOf(['429', '503', 'time-out', 'away'] as const);
    throw what === 'away' ? new StoreUnavailable('the store', 0) : new StoreFault(what);
  }

  /** Another step of the app's own: its state, its leases, its journal, its parking. */
  stateRefuses(): void {
    if (!this.happens(0.5)) return;
    this.note('F32');
    throw new StoreFault('503');
  }

  /** Before a copy is with the queue (F40), and after (F41). */
  queueRefuses(fault: 'F40' | 'F41'): void {
    if (!this.happens(0.5)) return;
    this.note(fault);
    throw new Error('the queue does not answer');
  }

  /** A request to the Web API. `link`: it goes on where an earlier run had ended, which may be refused for good. */
  webApiRefuses(request: string, link = false): void {
    // Few runs go on where another has ended: each is refused the more often.
    if (!this.happens(link ? 8 : 1)) return;
    const status = link && this.random() < 0.8 ? 410 : this.oneOf(PASSING);
    this.note(FAULT_OF[status]);
    throw new WebApiError(request, status, '', 'simulated');
  }
}
