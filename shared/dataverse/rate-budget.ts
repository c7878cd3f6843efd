import { OutboundError } from '../errors/errors';
import { logTo, type Log } from '../telemetry/log';

/** Who asks: `quick` has a webhook or a message's lock wait for it, `patient` is a page of a pull. */
export type Urgency = 'quick' | 'patient';

/** What an answer says is left of the limits on its web server, for all connections of the user. */
export interface Left {
  readonly requests: number;
  /** Of execution time. */
  readonly seconds: number;
}

/** A call that asks to be sent. */
export interface Call {
  /** What is called, without query values: `GET accounts(…)`. */
  readonly what: string;
  readonly urgency: Urgency;
  /** Operations in it, each of which counts. @default 1 */
  readonly operations?: number;
  /** What would have to wait longer fails at once; in the budget's clock. */
  readonly deadlineMs: number;
  /** Ends its waiting. */
  readonly signal: AbortSignal;
}

/** Why Dataverse answered 429. */
export interface Refusal {
  readonly kind: 'requests' | 'executionTime' | 'concurrency' | 'unknown';
  readonly retryAfterMs: number;
  /** When the refused request was sent, in the budget's clock. */
  readonly sentMs: number;
}

/** Time, and being woken. */
export interface Clock {
  /** Milliseconds since 1970, never going back. */
  now(): number;
  /** Calls back later; returns how to call that off. */
  after(milliseconds: number, then: () => void): () => void;
}

/** How to send, and where to say that it goes slowly. */
export interface RateBudgetOptions {
  /** Requests of this process under way at once. @default 20 of the platform's 52 */
  readonly concurrency?: number;
  /** @default to the console */
  readonly log?: Log;
  readonly clock?: Clock;
}

/** Thrown when a call isn't sent since it would have to wait longer than whoever asks for it does. */
export class WebApiBusy extends OutboundError {
  constructor(what: string, why: string) {
    super('web-api-busy', `${what} was not sent: ${why}. It will be tried again.`);
  }
}

const SYSTEM_CLOCK: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (milliseconds, then) => {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** The headers of an answer. */
interface Headers {
  get(name: string): string | undefined;
}

/** By the platform's codes, which come as hexadecimal text; older texts have them as decimal numbers. */
const REFUSALS: readonly (readonly [RegExp, Refusal['kind']])[] = [
  [/0x80072322|-2147015902/i, 'requests'],
  [/0x80072321|-2147015903/i, 'executionTime'],
  [/0x80072326|-2147015898/i, 'concurrency'],
];
/** Where a 429 doesn't say how long to wait: a proxy's, say. */
const UNTOLD_WAIT_MS = 1000;

/** What a 429 says. https://learn.microsoft.com/power-apps/developer/data-platform/api-limits */
export function refusalIn(
  { headers, bodyAsText }: { readonly headers: Headers; readonly bodyAsText?: string | null },
  sentMs: number,
  nowMs: number,
): Refusal {
  const told = headers.get('Retry-After') ?? '';
  const waitMs = /^\d+$/.test(told) ? Number(told) * 1000 : Date.parse(told) - nowMs;
  return {
    kind: REFUSALS.find(([code]) => code.test(bodyAsText ?? ''))?.[1] ?? 'unknown',
    retryAfterMs: Number.isNaN(waitMs) ? UNTOLD_WAIT_MS : Math.max(0, waitMs),
    sentMs,
  };
}

/** What any answer says is left. Figures may come with commas: `1,200.00`. */
export function leftIn(headers: Headers): Partial<Left> {
  const figure = (name: string): number => Number.parseFloat(headers.get(name)?.replaceAll(',', '') ?? '');
  const requests = figure('x-ms-ratelimit-burst-remaining-xrm-requests');
  const seconds = figure('x-ms-ratelimit-time-remaining-xrm-requests');
  return { ...(Number.isNaN(requests) ? {} : { requests }), ...(Number.isNaN(seconds) ? {} : { seconds }) };
}

/** An instance spends what is left over at least this long: with 6,000 requests left 300 a second, with 60 left 3. */
const SPREAD_MS = 20_000;
/** Longest time between two calls, however little is left: only an answer says that there is more again. */
const LONGEST_GAP_MS = 5000;
/** Turns that came late are caught up with for that long. */
const CATCH_UP_MS = 100;
/** Pages leave this share of the limits to read-backs, except for one page in a while. */
const RESERVED = 0.2;
const PAGE_EVERY_MS = 10_000;
/** A concurrency that was halved grows by one in that time. */
const GROW_EVERY_MS = 10_000;
/** A longer Retry-After is a mistake. */
const LONGEST_PAUSE_MS = 600_000;
const SAY_EVERY_MS = 60_000;

interface Waiter {
  readonly call: Call;
  readonly admit: () => void;
  readonly refuse: (why: string) => void;
}

/**
 * Lets calls to the Web API go as fast as Dataverse allows. Dataverse counts for all instances together, and its answers say
 * what is left: the less is left, the slower an instance sends. So instances share the limits without knowing each other.
 * The documentation gives these numbers for debugging only, so nothing but the pace depends on them. A 429 decides: it
 * pauses all calls until Retry-After and halves the concurrency.
 *
 * Read-backs go before pages, but one page goes every ten seconds: it brings more than any read-back.
 * https://learn.microsoft.com/power-apps/developer/data-platform/api-limits
 */
export class RateBudget {
  readonly #concurrency: number;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #waiting: Readonly<Record<Urgency, Set<Waiter>>> = { quick: new Set(), patient: new Set() };
  #left: Left = { requests: Number.POSITIVE_INFINITY, seconds: Number.POSITIVE_INFINITY };
  /** The most that was ever left: close to the limits, which differ between environments. */
  #most: Left = { requests: 0, seconds: 0 };
  #running = 0;
  #pausedUntilMs = 0;
  #lowered: { readonly concurrency: number; readonly atMs: number };
  #lastTurnMs = 0;
  #lastPageMs = 0;
  #lastSaidMs = 0;
  #callOffWaking: () => void = () => undefined;

  constructor(options: RateBudgetOptions = {}) {
    this.#concurrency = options.concurrency ?? 20;
    this.#lowered = { concurrency: this.#concurrency, atMs: 0 };
    this.#log = options.log ?? logTo(console);
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  get nowMs(): number {
    return this.#clock.now();
  }

  /** Waits until a call may be sent. Returns what to call when it has been answered. @throws WebApiBusy */
  enter(call: Call): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting[call.urgency];
      const leaveQueue = (): void => {
        queue.delete(waiter);
        call.signal.removeEventListener('abort', giveUp);
      };
      const waiter: Waiter = {
        call,
        admit: () => {
          leaveQueue();
          this.#running += 1;
          resolve(() => {
            this.#running -= 1;
            this.#pump();
          });
        },
        refuse: (why) => {
          leaveQueue();
          reject(new WebApiBusy(call.what, why));
        },
      };
      const giveUp = (): void => {
        waiter.refuse('its time was up before others had ended');
        this.#pump();
      };
      queue.add(waiter);
      call.signal.addEventListener('abort', giveUp);
      if (call.signal.aborted) giveUp();
      else this.#pump();
    });
  }

  /** A call that was sent is answered, and the answer may say what is left. */
  answered({ requests, seconds }: Partial<Left>): void {
    this.#left = { requests: requests ?? this.#left.requests, seconds: seconds ?? this.#left.seconds };
    this.#most = {
      requests: Math.max(this.#most.requests, requests ?? 0),
      seconds: Math.max(this.#most.seconds, seconds ?? 0),
    };
  }

  /** A call that was sent is answered 429. @throws WebApiBusy where waiting as long as Dataverse asks takes it too long */
  refused({ what, deadlineMs }: Call, { kind, retryAfterMs, sentMs }: Refusal): void {
    const now = this.nowMs;
    const untilMs = now + Math.min(retryAfterMs, LONGEST_PAUSE_MS);
    if (kind !== 'concurrency') this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
    // Several that were sent before and are refused, too, lower it once.
    if (sentMs > this.#lowered.atMs) {
      this.#lowered = { concurrency: Math.max(1, Math.floor(this.#allowed(now) / 2)), atMs: now };
      this.#log('webApiPaused', { kind, until: instantText(untilMs), concurrency: this.#lowered.concurrency });
    }
    if (untilMs > deadlineMs) throw new WebApiBusy(what, askedToWait(untilMs));
  }

  /** Requests that may run at once by now. */
  #allowed(now: number): number {
    const { concurrency, atMs } = this.#lowered;
    return Math.min(this.#concurrency, concurrency + Math.floor((now - atMs) / GROW_EVERY_MS));
  }

  /** From one turn to the next. */
  get #gapMs(): number {
    return Math.min(LONGEST_GAP_MS, SPREAD_MS / Math.max(0, this.#left.requests));
  }

  get #isScarce(): boolean {
    const { requests, seconds } = this.#left;
    return requests < RESERVED * this.#most.requests || seconds < RESERVED * this.#most.seconds;
  }

  /** When the next one may go, if enough of the others have ended. */
  #turnMs(urgency: Urgency): number {
    const isRationed = urgency === 'patient' && this.#isScarce;
    return Math.max(
      this.#pausedUntilMs,
      isRationed ? this.#lastPageMs + PAGE_EVERY_MS : this.#lastTurnMs + this.#gapMs,
    );
  }

  /** Lets go whoever may go, refuses who would have to wait too long, and sees to it that the others are thought of again. */
  #pump(): void {
    this.#callOffWaking();
    const now = this.nowMs;
    for (let next = this.#next(now); next !== undefined; next = this.#next(now)) {
      if (next.call.urgency === 'patient') this.#lastPageMs = now;
      // The further operations of a batch put off the turns after it.
      const further = ((next.call.operations ?? 1) - 1) * this.#gapMs;
      this.#lastTurnMs = Math.max(this.#lastTurnMs + this.#gapMs, now - CATCH_UP_MS) + further;
      next.admit();
    }
    this.#refuseLate('quick', this.#gapMs);
    this.#refuseLate('patient', 0);
    const wakeMs = [...this.#waitingTurns()].filter((turnMs) => turnMs > now);
    // Where only others have to end, their leaving wakes.
    this.#callOffWaking =
      wakeMs.length === 0 ? () => undefined : this.#clock.after(Math.min(...wakeMs) - now, () => this.#pump());
  }

  *#waitingTurns(): Iterable<number> {
    if (this.#waiting.quick.size > 0) yield this.#turnMs('quick');
    if (this.#waiting.patient.size > 0) yield this.#turnMs('patient');
  }

  #next(now: number): Waiter | undefined {
    if (now < this.#pausedUntilMs || this.#running >= this.#allowed(now)) return undefined;
    const [page] = this.#waiting.patient;
    if (now >= this.#lastPageMs + PAGE_EVERY_MS && page !== undefined) return page;
    const atOnce = Math.max(1, (this.#left.seconds * 1000) / SPREAD_MS);
    if (now < this.#lastTurnMs + this.#gapMs || this.#running >= atOnce) return undefined;
    const [quick] = this.#waiting.quick;
    return quick ?? (this.#isScarce ? undefined : page);
  }

  #refuseLate(urgency: Urgency, gapMs: number): void {
    let turnMs = this.#turnMs(urgency);
    for (const { call, refuse } of this.#waiting[urgency]) {
      if (turnMs <= call.deadlineMs) turnMs += gapMs;
      else if (this.#pausedUntilMs > call.deadlineMs) refuse(askedToWait(this.#pausedUntilMs));
      else {
        refuse('Dataverse says that little is left of its limits');
        this.#sayNearLimit();
      }
    }
  }

  #sayNearLimit(): void {
    if (this.nowMs < this.#lastSaidMs + SAY_EVERY_MS) return;
    this.#lastSaidMs = this.nowMs;
    this.#log('webApiNearLimit', { requestsLeft: this.#left.requests, secondsLeft: this.#left.seconds });
  }
}

const askedToWait = (untilMs: number): string => `Dataverse asks the app to wait (429) until ${instantText(untilMs)}`;

const instantText = (epochMs: number): string => new Date(epochMs).toISOString();
