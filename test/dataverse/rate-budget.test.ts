/**
 * Proves, by a clock that the test moves, who of the Web API's callers goes when: how many at once, within the window that
 * instances share, read-backs first, nobody during a pause, and nobody waits longer than whoever asked.
 */
import { describe, expect, test } from '@jest/globals';
import { RateBudget, WebApiBusy, type Clock, type RateBudgetOptions } from '../../shared/dataverse/rate-budget';
import { EMPTY_WINDOW, type Urgency } from '../../shared/dataverse/rate-window';
import type { KnownWindow, SharedRateWindow } from '../../shared/dataverse/table-rate-window';

const START = 1_800_000_000_000;
const SLOT_MS = 15_000;

class TestClock implements Clock {
  #now = START;
  #timers: { readonly at: number; readonly then: () => void }[] = [];

  now(): number {
    return this.#now;
  }
  after(milliseconds: number, then: () => void): () => void {
    const timer = { at: this.#now + milliseconds, then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  get timers(): number {
    return this.#timers.length;
  }
  /** Lets time pass, timer by timer. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await processed();
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.then();
    }
    this.#now = end;
    await processed();
  }
}

/** Everything that can happen by now has happened. */
const processed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A store that instances share, with its round trips counted. */
class MemoryWindow implements SharedRateWindow {
  known: KnownWindow = { window: EMPTY_WINDOW, tag: undefined };
  trips = 0;
  answers: 'at once' | 'never' | 'fails' = 'at once';
  #tags = 0;

  async read(): Promise<KnownWindow> {
    await this.#trip();
    return this.known;
  }
  async replace({ tag }: KnownWindow, window: KnownWindow['window']): Promise<KnownWindow | undefined> {
    await this.#trip();
    if (tag !== this.known.tag) return undefined;
    this.known = { window, tag: String((this.#tags += 1)) };
    return this.known;
  }
  #trip(): Promise<void> {
    this.trips += 1;
    if (this.answers === 'never') return new Promise(() => undefined);
    return this.answers === 'fails' ? Promise.reject(new Error('away')) : Promise.resolve();
  }
}

function world(options: RateBudgetOptions = {}, clock = new TestClock()) {
  const logged: [string, Readonly<Record<string, unknown>>][] = [];
  const budget = new RateBudget({ clock, log: (event, fields) => void logged.push([event, fields]), ...options });
  const sent: string[] = [];
  const ended: (() => void)[] = [];
  const refused: unknown[] = [];
  const callOf = (what: string, urgency: Urgency, waits: number, signal = new AbortController().signal) => ({
    what,
    urgency,
    deadlineMs: clock.now() + waits,
    signal,
  });
  const enter = (what: string, urgency: Urgency = 'quick', waits = 1e9, signal?: AbortSignal): void => {
    budget.enter(callOf(what, urgency, waits, signal)).then(
      (leave) => {
        sent.push(what);
        ended.push(leave);
      },
      (error: unknown) => refused.push(error),
    );
  };
  const enterMany = (count: number, urgency: Urgency = 'quick', waits?: number): void => {
    for (let n = 0; n < count; n += 1) enter(`${urgency} ${n}`, urgency, waits);
  };
  const endAll = async (): Promise<void> => {
    await processed();
    for (let leave = ended.shift(); leave !== undefined; leave = ended.shift()) {
      leave();
      await processed();
    }
  };
  const meets429 = (
    kind: 'requests' | 'executionTime' | 'concurrency' | 'unknown',
    retryAfterMs: number,
    waits = 15_000,
  ): void => budget.refused(callOf('GET refused', 'quick', waits), { kind, retryAfterMs, sentMs: clock.now() });
  return { budget, clock, sent, refused, logged, enter, enterMany, endAll, ended, meets429 };
}

describe('at once', () => {
  test('so many run; the next goes when one has ended, read-backs before pages', async () => {
    const { sent, enter, ended } = world({ concurrency: 2 });
    enter('a', 'patient');
    enter('b', 'patient');
    await processed();
    enter('c', 'patient');
    enter('d');
    await processed();
    expect(sent).toEqual(['a', 'b']);
    ended[0]?.();
    await processed();
    ended[1]?.();
    await processed();
    expect(sent).toEqual(['a', 'b', 'd', 'c']);
  });

  test('429 for concurrency: halved once for all that were sent together, then one more every ten seconds', async () => {
    const { sent, enterMany, endAll, clock, logged, budget } = world({ concurrency: 8 });
    enterMany(8);
    await processed();
    const call = {
      what: 'GET x',
      urgency: 'quick' as const,
      deadlineMs: clock.now() + 15_000,
      signal: new AbortController().signal,
    };
    const sentMs = clock.now();
    await clock.pass(10);
    for (let n = 0; n < 8; n += 1) budget.refused(call, { kind: 'concurrency', retryAfterMs: 1000, sentMs });
    await endAll();
    const runsAtOnce = async (): Promise<number> => {
      const before = sent.length;
      enterMany(20);
      await processed();
      const running = sent.length - before;
      await endAll();
      return running;
    };
    expect(await runsAtOnce()).toBe(4);
    await clock.pass(10_000);
    expect(await runsAtOnce()).toBe(5);
    await clock.pass(100_000);
    expect(await runsAtOnce()).toBe(8);
    expect(logged).toEqual([['webApiPaused', { kind: 'concurrency', concurrency: 4 }]]);
  });
});

describe('a pause', () => {
  test.each(['requests', 'executionTime', 'unknown'] as const)(
    '429 (%s): nobody sends before Retry-After has passed, then all do; one record',
    async (kind) => {
      const { sent, enterMany, meets429, clock, logged } = world();
      meets429(kind, 5000);
      meets429(kind, 6000);
      enterMany(3);
      await clock.pass(5999);
      expect(sent).toEqual([]);
      await clock.pass(1);
      expect(sent).toHaveLength(3);
      expect(logged).toEqual([['webApiPaused', { kind, until: new Date(START + 5000).toISOString() }]]);
    },
  );

  test('a shorter one does not shorten it', async () => {
    const { sent, enterMany, meets429, clock } = world();
    meets429('requests', 9000);
    meets429('requests', 1000);
    enterMany(1);
    await clock.pass(8999);
    expect(sent).toEqual([]);
  });

  test('whoever would have to wait too long is refused at once, and told until when; those who wait already, too', async () => {
    const { sent, refused, enter, meets429, clock } = world({ concurrency: 1 });
    enter('runs');
    await processed();
    enter('GET accounts(1)', 'quick', 15_000);
    enter('page', 'patient', 300_000);
    meets429('requests', 14_000);
    expect(() => meets429('requests', 20_000)).toThrow(WebApiBusy);
    await processed();
    enter('GET accounts(2)', 'quick', 15_000);
    await processed();
    expect(refused).toMatchObject([
      { code: 'web-api-busy', disposition: 'retry', untilMs: START + 20_000 },
      {
        message: expect.stringMatching(
          /^GET accounts\(2\) was not sent: Dataverse asks the app to wait \(429\) until 20/,
        ),
      },
    ]);
    expect(sent).toEqual(['runs']);
    expect(clock.timers).toBe(1);
  });

  test('its time is up while others run: it leaves, and no timer stays', async () => {
    const { refused, enter, clock, endAll, sent } = world({ concurrency: 1 });
    const given = new AbortController();
    enter('runs');
    await processed();
    enter('waits', 'quick', 15_000, given.signal);
    given.abort();
    await processed();
    expect(refused).toMatchObject([{ code: 'web-api-busy', message: expect.stringContaining('its time was up') }]);
    await endAll();
    expect([sent, clock.timers]).toEqual([['runs'], 0]);
  });

  test('what waits for a pause and is given up leaves no timer', async () => {
    const { enter, meets429, clock } = world();
    const given = new AbortController();
    meets429('requests', 5000);
    enter('waits', 'quick', 15_000, given.signal);
    expect(clock.timers).toBe(1);
    given.abort();
    await processed();
    expect(clock.timers).toBe(0);
  });

  test('a clock that goes back does not make it last', async () => {
    const { sent, enterMany, meets429, clock } = world();
    meets429('requests', 5000);
    await clock.pass(-3_600_000);
    enterMany(1);
    await clock.pass(1);
    expect(sent).toHaveLength(1);
  });
});

describe('the window', () => {
  test('used up: a read-back fails at once and is told until when, a page waits; one record', async () => {
    const { sent, refused, enterMany, endAll, clock, logged } = world({ requests: 100, concurrency: 500 });
    enterMany(90);
    await endAll();
    enterMany(2, 'quick', 15_000);
    enterMany(11, 'patient', 400_000);
    await processed();
    expect(refused).toHaveLength(2);
    expect(refused).toMatchObject(
      [0, 1].map(() => ({ code: 'web-api-busy', message: expect.stringContaining('WEB_API_REQUESTS_PER_5_MINUTES') })),
    );
    expect(sent).toHaveLength(100);
    await clock.pass(22 * SLOT_MS - 1);
    expect(sent).toHaveLength(100);
    await clock.pass(1);
    expect(sent).toHaveLength(101);
    expect(logged.map(([event, { urgency }]) => [event, urgency])).toEqual([
      ['webApiBudgetSpent', 'quick'],
      ['webApiBudgetSpent', 'patient'],
    ]);
  });

  test('used up, and the clock goes back: it does not stay so', async () => {
    const { sent, enterMany, clock } = world({ requests: 100, concurrency: 500 });
    enterMany(91);
    await clock.pass(-3_600_000);
    enterMany(5);
    await clock.pass(1);
    expect(sent).toHaveLength(96);
  });

  test('two instances share it', async () => {
    const shared = new MemoryWindow();
    const clock = new TestClock();
    const [one, two] = [
      world({ requests: 100, concurrency: 500, shared }, clock),
      world({ requests: 100, concurrency: 500, shared }, clock),
    ];
    for (let n = 0; n < 100; n += 1) {
      one.enter(`one ${n}`);
      two.enter(`two ${n}`);
    }
    await clock.pass(0);
    expect(one.sent.length + two.sent.length).toBe(90);
    expect(Math.min(one.sent.length, two.sent.length)).toBeGreaterThan(0);
  });

  test('a pause that one has met is known to the other with its next grant', async () => {
    const shared = new MemoryWindow();
    const clock = new TestClock();
    const [one, two] = [world({ shared }, clock), world({ shared }, clock)];
    two.enter('before');
    await processed();
    one.meets429('requests', 40_000, 300_000);
    await clock.pass(SLOT_MS);
    two.enter('during');
    await clock.pass(40_000 - SLOT_MS - 1);
    expect(two.sent).toEqual(['before']);
    await clock.pass(1);
    expect(two.sent).toEqual(['before', 'during']);
  });

  test('under load a call costs at most a fiftieth of a round trip; an idle instance asks nothing', async () => {
    const shared = new MemoryWindow();
    const { enterMany, endAll, sent, clock } = world({ shared, requests: 100_000 });
    for (let round = 0; round < 10; round += 1) {
      enterMany(1000);
      await endAll();
      await clock.pass(1000);
    }
    expect(sent).toHaveLength(10_000);
    expect(shared.trips).toBeLessThanOrEqual(200);
    const before = shared.trips;
    await clock.pass(600_000);
    expect([shared.trips, clock.timers]).toEqual([before, 0]);
  });

  test('what was not used lapses with its slot, and next time less is taken', async () => {
    const shared = new MemoryWindow();
    const { enter, endAll, clock } = world({ shared });
    for (let slot = 0; slot < 3; slot += 1) {
      enter('one');
      await endAll();
      await clock.pass(SLOT_MS);
    }
    expect(Object.values(shared.known.window.slots).map(({ quick }) => quick)).toEqual([8, 8, 8]);
  });
});

describe('the store does not answer', () => {
  test.each([
    ['never' as const, 1000],
    ['fails' as const, 0],
  ])('%s: calls go on after one short attempt, which is not repeated for a slot', async (answers, waitMs) => {
    const shared = new MemoryWindow();
    shared.answers = answers;
    const { sent, enterMany, endAll, clock } = world({ shared, concurrency: 500 });
    enterMany(50);
    await clock.pass(waitMs);
    expect(sent).toHaveLength(50);
    await endAll();
    enterMany(50);
    await processed();
    expect([sent.length, shared.trips]).toEqual([100, 1]);
    await clock.pass(SLOT_MS);
    shared.answers = 'at once';
    enterMany(1);
    await clock.pass(0);
    expect(shared.known.window.slots).not.toEqual({});
  });

  test('the process keeps to the limit by its own count', async () => {
    const shared = new MemoryWindow();
    shared.answers = 'fails';
    const { sent, enterMany, clock } = world({ shared, requests: 100, concurrency: 500 });
    enterMany(200);
    await clock.pass(0);
    expect(sent).toHaveLength(90);
  });
});
