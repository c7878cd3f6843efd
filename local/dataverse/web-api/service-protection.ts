import { DataverseError } from '../dataverse-error';

const SECONDS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Service protection limits, per user and web server (api-limits). */
export interface ServiceProtectionLimits {
  /** @default 6000 */
  readonly requests?: number;
  /** Combined execution time. @default 1200 */
  readonly executionSeconds?: number;
  /** @default 52 */
  readonly concurrent?: number;
  /** The sliding window. @default 300 */
  readonly windowSeconds?: number;
}

interface Past {
  readonly at: number;
  readonly executionMs: number;
}

/** The requests of each user, counted apart. */
export function userProtection(
  limits: ServiceProtectionLimits | 'off',
  now: () => number,
): (userId: string) => ServiceProtection {
  const users = new Map<string, ServiceProtection>();
  return (userId) => {
    const user = users.get(userId) ?? new ServiceProtection(limits, now);
    users.set(userId, user);
    return user;
  };
}

/** Counts the requests of a user and refuses what is over a limit. */
export class ServiceProtection {
  readonly #limits: Required<ServiceProtectionLimits> | undefined;
  readonly #now: () => number;
  #window: Past[] = [];
  #executionMs = 0;
  #running = 0;
  #counted = 0;
  #ignored = 0;
  /** Requests refused so far. */
  throttled = 0;

  constructor(limits: ServiceProtectionLimits | 'off', now: () => number) {
    this.#limits =
      limits === 'off'
        ? undefined
        : { requests: 6000, executionSeconds: 1200, concurrent: 52, windowSeconds: 300, ...limits };
    this.#now = now;
  }

  /** Lets a request in, or throws the 429. Returns what to call when it is answered. */
  enter(): () => void {
    const leave = this.connect();
    try {
      const finish = this.operate();
      return () => {
        finish();
        leave();
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** The same for a batch, whose operations count instead of it. */
  connect(): () => void {
    if (this.#limits !== undefined && this.#running >= this.#limits.concurrent) {
      const { concurrent } = this.#limits;
      this.#refuse('0x80072326', `Number of concurrent requests exceeded the limit of ${concurrent}.`, 1);
    }
    this.#running += 1;
    return () => {
      this.#running -= 1;
    };
  }

  /** The same for an operation of a batch. */
  operate(): () => void {
    if (this.#limits !== undefined) this.#check(this.#limits);
    this.#counted += 1;
    const started = this.#now();
    return () => {
      this.#counted -= 1;
      const executionMs = Math.max(this.#now() - started, 0);
      this.#executionMs += executionMs;
      this.#window.push({ at: started, executionMs });
    };
  }

  /** What is left, for debugging only, as the documentation says. */
  headers(): Record<string, string> {
    if (this.#limits === undefined) return {};
    const seconds = this.#limits.executionSeconds - this.#executionMs / 1000;
    return {
      'x-ms-ratelimit-burst-remaining-xrm-requests': String(Math.max(this.#limits.requests - this.#used(), 0)),
      'x-ms-ratelimit-time-remaining-xrm-requests': SECONDS.format(seconds),
    };
  }

  #used(): number {
    return this.#window.length + this.#counted;
  }

  #check(limits: Required<ServiceProtectionLimits>): void {
    const windowMs = limits.windowSeconds * 1000;
    const now = this.#now();
    const first = this.#window.findIndex((past) => past.at > now - windowMs);
    const old = this.#window.splice(0, first === -1 ? this.#window.length : first);
    for (const past of old) this.#executionMs -= past.executionMs;
    const oldest = this.#window[0];
    const free = oldest === undefined ? 1 : Math.max(Math.ceil((oldest.at + windowMs - now) / 1000), 1);
    if (this.#used() >= limits.requests) {
      this.#refuse(
        '0x80072322',
        `Number of requests exceeded the limit of ${limits.requests} over time window of ${limits.windowSeconds} seconds.`,
        free,
      );
    }
    if (this.#executionMs >= limits.executionSeconds * 1000) {
      this.#refuse(
        '0x80072321',
        `Combined execution time of incoming requests exceeded limit of ${limits.executionSeconds * 1000} milliseconds ` +
          `over time window of ${limits.windowSeconds} seconds. Decrease number of concurrent requests or reduce the ` +
          'duration of requests and try again later.',
        free,
      );
    }
    this.#ignored = 0;
  }

  /** The wait grows with every request that ignores it. */
  #refuse(code: string, message: string, seconds: number): never {
    this.throttled += 1;
    this.#ignored += 1;
    const wait = seconds + this.#ignored - 1;
    throw new DataverseError(429, code, message, { 'Retry-After': String(wait) });
  }
}
