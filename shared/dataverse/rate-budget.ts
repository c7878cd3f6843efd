import { OutboundError } from '../errors/errors';
import { logTo, type Log } from '../telemetry/log';
import {
  EMPTY_WINDOW,
  believed,
  slotMsOf,
  take,
  type Grant,
  type RateLimit,
  type RateWindow,
  type Urgency,
} from './rate-window';
import type { KnownWindow, SharedRateWindow } from './table-rate-window';

/** A budget: of all instances together, except the concurrency. */
export interface RateBudgetOptions {
  /** Requests in a window. @default 5000 of the platform's 6000 for one user and web server */
  readonly requests?: number;
  /** @default 300,000: the platform's window */
  readonly windowMs?: number;
  /** Requests of this process under way at once. @default 20 of the platform's 52 */
  readonly concurrency?: number;
  /** Where instances share their window. @default nowhere: the budget is this process's own */
  readonly shared?: SharedRateWindow;
  /** @default to the console */
  readonly log?: Log;
  readonly clock?: Clock;
}

/** Time, and being woken. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back later; returns how to call that off. */
  after(milliseconds: number, then: () => void): () => void;
}

const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  after: (milliseconds, then) => {
    const timer = setTimeout(then, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** A call that asks to be sent. */
export interface Call {
  /** What is called, without query values: `GET accounts(…)`. */
  readonly what: string;
  readonly urgency: Urgency;
  /** What would have to wait longer fails at once; in the budget's clock. */
  readonly deadlineMs: number;
  /** Ends its waiting. */
  readonly signal: AbortSignal;
}

/** Why Dataverse answered 429. https://learn.microsoft.com/power-apps/developer/data-platform/api-limits */
export interface Refusal {
  readonly kind: 'requests' | 'executionTime' | 'concurrency' | 'unknown';
  readonly retryAfterMs: number;
  /** When the refused request was sent, in the budget's clock. */
  readonly sentMs: number;
}

/** Thrown when a call isn't sent since it would have to wait longer than whoever asks for it does. */
export class WebApiBusy extends OutboundError {
  readonly code = 'web-api-busy';
  readonly disposition = 'retry';
  constructor(
    what: string,
    why: string,
    /** Milliseconds since 1970; undefined where only others that are under way have to end. */
    readonly untilMs?: number,
  ) {
    super(`${what} was not sent: ${why}. It will be tried again.`);
  }
}

/** The store is given that long to answer, and then left alone for a slot. */
const STORE_LIMIT_MS = 1000;
/** Lost races for the window after which this process goes on by what it knows. */
const MAX_ROUNDS = 10;
/** A concurrency that was halved grows by one in that time. */
const GROW_EVERY_MS = 10_000;
/** Requests taken out of the window at a time: at least, and at most (at most a hundredth of it, too). */
const LEAST_GRANT = 8;
const LARGEST_GRANT = 64;

interface Waiter {
  readonly call: Call;
  readonly admit: () => void;
  readonly refuse: (error: WebApiBusy) => void;
}

/** Requests that were taken out of the window and not sent yet. */
interface Held {
  left: number;
  untilMs: number;
  /** How many were asked for. */
  size: number;
}

/**
 * The one budget of all calls to the Web API: how many run at once, how many go out in five minutes over all instances, and
 * who waits while Dataverse wants none. Read-backs go before pages of a pull.
 *
 * Of the window an instance takes some dozens of requests at a time by one compare-and-swap, so a call costs a fraction of a
 * round trip. Where the store doesn't answer, calls go on by what this process knows.
 *
 * Own code: the libraries at hand share a count, but neither a pause nor a priority, and none over Azure Tables.
 */
export class RateBudget {
  readonly #limit: RateLimit;
  readonly #concurrency: number;
  readonly #shared: SharedRateWindow | undefined;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #waiting: Readonly<Record<Urgency, Set<Waiter>>> = { quick: new Set(), patient: new Set() };
  readonly #held: Readonly<Record<Urgency, Held>> = { quick: nothingHeld(), patient: nothingHeld() };
  /** Nothing is left of the window before. */
  readonly #spentUntilMs: Record<Urgency, number> = { quick: 0, patient: 0 };
  #pausedUntilMs = 0;
  #running = 0;
  #lowered: { readonly concurrency: number; readonly atMs: number };
  #known: KnownWindow | undefined;
  #storeAwayUntilMs = 0;
  #taking = false;
  #callOffWaking: () => void = () => undefined;

  constructor(options: RateBudgetOptions = {}) {
    this.#limit = { requests: options.requests ?? 5000, windowMs: options.windowMs ?? 300_000 };
    this.#concurrency = options.concurrency ?? 20;
    this.#lowered = { concurrency: this.#concurrency, atMs: 0 };
    this.#shared = options.shared;
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
          resolve(() => this.#leave());
        },
        refuse: (error) => {
          leaveQueue();
          reject(error);
        },
      };
      const giveUp = (): void => {
        waiter.refuse(new WebApiBusy(call.what, 'its time was up before others had ended'));
        this.#pump();
      };
      queue.add(waiter);
      call.signal.addEventListener('abort', giveUp);
      if (call.signal.aborted) giveUp();
      else this.#pump();
    });
  }

  /** A call that was sent is answered 429. @throws WebApiBusy where waiting as long as Dataverse asks takes it too long */
  refused({ what, deadlineMs }: Call, { kind, retryAfterMs, sentMs }: Refusal): void {
    const now = this.nowMs;
    const untilMs = now + Math.min(retryAfterMs, 2 * this.#limit.windowMs);
    if (kind === 'concurrency') this.#lower(now, sentMs);
    else this.#pause(kind, untilMs);
    if (untilMs > deadlineMs) throw busyUntil(what, ASKED_TO_WAIT, untilMs);
  }

  /** Several that were refused together lower it once. */
  #lower(now: number, sentMs: number): void {
    if (sentMs < this.#lowered.atMs) return;
    this.#lowered = { concurrency: Math.max(1, Math.floor(this.#allowed(now) / 2)), atMs: now };
    this.#log('webApiPaused', { kind: 'concurrency', concurrency: this.#lowered.concurrency });
  }

  #pause(kind: Refusal['kind'], untilMs: number): void {
    if (untilMs <= this.#pausedUntilMs) return;
    if (this.#pausedUntilMs <= this.nowMs) this.#log('webApiPaused', { kind, until: instantText(untilMs) });
    this.#pausedUntilMs = untilMs;
    void this.#sharePause(untilMs);
  }

  /** Requests that may run at once by now. */
  #allowed(now: number): number {
    const { concurrency, atMs } = this.#lowered;
    return Math.min(this.#concurrency, concurrency + Math.floor(Math.max(0, now - atMs) / GROW_EVERY_MS));
  }

  #leave(): void {
    this.#running -= 1;
    this.#pump();
  }

  /** Lets go whoever may go, refuses who would have to wait too long, and sees to it that the others are thought of again. */
  #pump(): void {
    this.#callOffWaking();
    const now = this.nowMs;
    const quickAt = this.#admit('quick', now);
    // A page doesn't overtake a read-back that waits for its grant.
    const wakeAt = this.#taking ? quickAt : Math.min(quickAt, this.#admit('patient', now));
    this.#callOffWaking =
      wakeAt === Number.POSITIVE_INFINITY ? () => undefined : this.#clock.after(wakeAt - now, () => this.#pump());
  }

  /** @returns when to look again if nothing happens until then */
  #admit(urgency: Urgency, now: number): number {
    const untilMs = this.#blockedUntil(urgency, now);
    for (const { call, admit, refuse } of this.#waiting[urgency]) {
      if (untilMs > call.deadlineMs) {
        refuse(busyUntil(call.what, this.#pauseEnds(now) > now ? ASKED_TO_WAIT : SPENT, untilMs));
        continue;
      }
      if (untilMs > now) continue;
      if (this.#running >= this.#allowed(now)) break;
      if (!spend(this.#held[urgency], now)) {
        void this.#takeMore(urgency);
        break;
      }
      admit();
    }
    return untilMs > now && this.#waiting[urgency].size > 0 ? untilMs : Number.POSITIVE_INFINITY;
  }

  #pauseEnds(now: number): number {
    return believed(this.#pausedUntilMs, now, this.#limit);
  }

  #blockedUntil(urgency: Urgency, now: number): number {
    return Math.max(this.#pauseEnds(now), believed(this.#spentUntilMs[urgency], now, this.#limit));
  }

  async #takeMore(urgency: Urgency): Promise<void> {
    if (this.#taking) return;
    this.#taking = true;
    try {
      const grant = await this.#take(urgency, this.#wanted(urgency));
      if (grant?.kind === 'granted') Object.assign(this.#held[urgency], { left: grant.count, untilMs: grant.untilMs });
      if (grant?.kind === 'none') this.#spent(urgency, grant.untilMs);
    } finally {
      this.#taking = false;
      this.#pump();
    }
  }

  /** More each time that all of the last ones were used in time; fewer when some lapsed. */
  #wanted(urgency: Urgency): number {
    const held = this.#held[urgency];
    const most = Math.max(1, Math.min(LARGEST_GRANT, Math.floor(this.#limit.requests / 100)));
    const size = held.left === 0 ? held.size * 2 : Math.floor(held.size / 2);
    held.size = Math.min(most, Math.max(LEAST_GRANT, size));
    return held.size;
  }

  #spent(urgency: Urgency, untilMs: number): void {
    if (this.#spentUntilMs[urgency] <= this.nowMs - slotMsOf(this.#limit))
      this.#log('webApiBudgetSpent', { urgency, requests: this.#limit.requests, until: instantText(untilMs) });
    this.#spentUntilMs[urgency] = untilMs;
  }

  /** Undefined: there is a pause that wasn't known before. */
  async #take(urgency: Urgency, want: number): Promise<Grant | undefined> {
    const takenFrom = (window: RateWindow): Grant => take(window, urgency, want, this.nowMs, this.#limit);
    const shared = await this.#withStore(async (store, signal) => {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const known = await this.#read(store, signal);
        if (this.#pauseEnds(this.nowMs) > this.nowMs) return { grant: undefined };
        const grant = takenFrom(known.window);
        // What is known may be old, but then even less is left.
        if (grant.kind === 'none') return { grant };
        this.#known = await store.replace(known, grant.window, signal);
        if (this.#known !== undefined) return { grant };
      }
      return undefined;
    });
    if (shared !== undefined) return shared.grant;
    const grant = takenFrom(this.#known?.window ?? EMPTY_WINDOW);
    if (grant.kind === 'granted') this.#known = { tag: this.#known?.tag, window: grant.window };
    return grant;
  }

  /** The window as this process knows it, else as it is stored; takes over a pause that another one has met. */
  async #read(store: SharedRateWindow, signal: AbortSignal): Promise<KnownWindow> {
    this.#known ??= await store.read(signal);
    const { pausedUntilMs } = this.#known.window;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, believed(pausedUntilMs, this.nowMs, this.#limit));
    return this.#known;
  }

  async #sharePause(pausedUntilMs: number): Promise<void> {
    await this.#withStore(async (store, signal) => {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const known = await this.#read(store, signal);
        if (known.window.pausedUntilMs >= pausedUntilMs) return;
        this.#known = await store.replace(known, { ...known.window, pausedUntilMs }, signal);
        if (this.#known !== undefined) return;
      }
    });
  }

  /** Does something with the store; undefined where there is none or it doesn't answer soon. */
  async #withStore<T>(action: (store: SharedRateWindow, signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const store = this.#shared;
    if (store === undefined || this.nowMs < this.#storeAwayUntilMs) return undefined;
    const limit = new AbortController();
    let callOff = (): void => undefined;
    const tooLong = new Promise<never>((_, reject) => {
      callOff = this.#clock.after(STORE_LIMIT_MS, () => {
        limit.abort();
        reject(new Error('The store did not answer in time.'));
      });
    });
    try {
      return await Promise.race([action(store, limit.signal), tooLong]);
    } catch {
      // It may have failed on what is known, or be done although its answer is lost.
      this.#storeAwayUntilMs = this.nowMs + slotMsOf(this.#limit);
      return undefined;
    } finally {
      callOff();
    }
  }
}

const ASKED_TO_WAIT = 'Dataverse asks the app to wait (429)';
const SPENT = "the app's share of Dataverse's limit (WEB_API_REQUESTS_PER_5_MINUTES) is used up";

const busyUntil = (what: string, why: string, untilMs: number): WebApiBusy =>
  new WebApiBusy(what, `${why} until ${instantText(untilMs)}`, untilMs);

const instantText = (epochMs: number): string => new Date(epochMs).toISOString();

const nothingHeld = (): Held => ({ left: 0, untilMs: 0, size: LEAST_GRANT / 2 });

function spend(held: Held, now: number): boolean {
  if (held.left < 1 || held.untilMs <= now) return false;
  held.left -= 1;
  return true;
}
