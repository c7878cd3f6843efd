/**
 * Proves, by a clock that the test moves, who of the Web API's callers goes when: how many at once, the slower the less is
 * left, read-backs first, nobody during a pause, and nobody waits longer than whoever asked.
 */
import { describe, expect, test } from '@jest/globals';
import { RateBudget, WebApiBusy, type RateBudgetOptions, type Urgency } from '../../shared/dataverse/rate-budget';
import { START, TestClock, settled } from './test-clock';

function world(options: RateBudgetOptions = {}) {
  const clock = new TestClock();
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
    await settled();
    for (let leave = ended.shift(); leave !== undefined; leave = ended.shift()) {
      leave();
      await settled();
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
    await settled();
    enter('c', 'patient');
    enter('d');
    await settled();
    expect(sent).toEqual(['a', 'b']);
    ended[0]?.();
    await settled();
    ended[1]?.();
    await settled();
    expect(sent).toEqual(['a', 'b', 'd', 'c']);
  });

  test('429 for concurrency: halved once for all that were sent together, then one more every ten seconds', async () => {
    const { sent, enterMany, endAll, clock, logged, budget } = world({ concurrency: 8 });
    enterMany(8);
    await settled();
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
      await settled();
      const running = sent.length - before;
      await endAll();
      return running;
    };
    expect(await runsAtOnce()).toBe(4);
    await clock.pass(10_000);
    expect(await runsAtOnce()).toBe(5);
    await clock.pass(100_000);
    expect(await runsAtOnce()).toBe(8);
    expect(logged).toMatchObject([['webApiPaused', { kind: 'concurrency', concurrency: 4 }]]);
  });
});

describe('a pause', () => {
  test.each(['requests', 'executionTime', 'unknown'] as const)(
    '429 (%s): nobody sends before Retry-After has passed, then all do; one record',
    async (kind) => {
      const { sent, enterMany, meets429, clock, logged } = world({ concurrency: 6 });
      meets429(kind, 5000);
      meets429(kind, 6000);
      enterMany(3);
      await clock.pass(5999);
      expect(sent).toEqual([]);
      await clock.pass(1);
      expect(sent).toHaveLength(3);
      const until = new Date(START + 5000).toISOString();
      expect(logged).toEqual([['webApiPaused', { kind, until, concurrency: 3 }]]);
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
    await settled();
    enter('GET accounts(1)', 'quick', 15_000);
    enter('page', 'patient', 300_000);
    meets429('requests', 14_000);
    expect(() => meets429('requests', 20_000)).toThrow(WebApiBusy);
    await settled();
    enter('GET accounts(2)', 'quick', 15_000);
    await settled();
    expect(refused).toMatchObject([
      { code: 'web-api-busy', disposition: 'retry', message: expect.stringContaining('GET accounts(1) was not sent') },
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
    await settled();
    enter('waits', 'quick', 15_000, given.signal);
    given.abort();
    await settled();
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
    await settled();
    expect(clock.timers).toBe(0);
  });

  test('a Retry-After that is a mistake does not stop the app for long', async () => {
    const { sent, enterMany, meets429, clock } = world();
    expect(() => meets429('requests', 1e9)).toThrow(WebApiBusy);
    enterMany(1);
    await clock.pass(600_000);
    expect(sent).toHaveLength(1);
  });
});

describe('what is left', () => {
  test.each([
    ['nothing said', {}, 5000],
    ['all', { requests: 6000 }, 3031],
    ['a hundredth', { requests: 60 }, 31],
    ['nothing', { requests: 0 }, 3],
    ['less than nothing', { requests: -5 }, 3],
  ])('of requests: %s; so many go in ten seconds', async (_what, left, count) => {
    const { budget, clock, sent, enterMany, ended } = world({ concurrency: 500 });
    budget.answered(left);
    enterMany(5000);
    for (let ms = 0; ms < 10_000; ms += 10) {
      await clock.pass(10);
      for (const leave of ended.splice(0)) leave();
    }
    expect(sent).toHaveLength(count);
  });

  test('each operation of a batch counts', async () => {
    const { budget, clock, sent, enter } = world();
    budget.answered({ requests: 200 });
    const signal = new AbortController().signal;
    const batch = { what: 'batch', urgency: 'quick', deadlineMs: clock.now() + 1e6, signal, operations: 50 } as const;
    void budget.enter(batch).then(() => sent.push('batch'));
    enter('next');
    await settled();
    expect(sent).toEqual(['batch']);
    // With 200 left one a tenth of a second: fifty take five seconds.
    await clock.pass(4800);
    expect(sent).toEqual(['batch']);
    await clock.pass(300);
    expect(sent).toEqual(['batch', 'next']);
  });

  test.each([
    ['all', 1200, 20],
    ['a twentieth', 60, 3],
    ['less than nothing', -9.5, 1],
  ])('of execution time: %s; so many run at once', async (_what, seconds, count) => {
    const { budget, sent, enterMany } = world();
    budget.answered({ seconds });
    enterMany(50);
    await settled();
    expect(sent).toHaveLength(count);
  });

  test('more again: those who wait go with the answer that says so', async () => {
    const { budget, clock, sent, enterMany, ended } = world();
    budget.answered({ requests: 0 });
    enterMany(10);
    await clock.pass(1000);
    expect(sent).toHaveLength(1);
    budget.answered({ requests: 6000 });
    ended[0]?.();
    await settled();
    expect(sent).toHaveLength(10);
  });

  test.each([{ requests: 1199 }, { seconds: 239 }])(
    'less than a fifth (%p): one page goes every ten seconds, read-backs go on',
    async (left) => {
      const { budget, clock, sent, enterMany } = world();
      budget.answered({ requests: 6000, seconds: 1200 });
      budget.answered(left);
      enterMany(3, 'patient');
      enterMany(3);
      await clock.pass(9999);
      expect(sent.toSorted()).toEqual(['patient 0', 'quick 0', 'quick 1', 'quick 2']);
      await clock.pass(1);
      expect(sent).toHaveLength(5);
      await clock.pass(10_000);
      expect(sent).toHaveLength(6);
    },
  );

  test('a fifth: all pages go', async () => {
    const { budget, sent, enterMany } = world();
    budget.answered({ requests: 6000, seconds: 1200 });
    budget.answered({ requests: 1200, seconds: 240 });
    enterMany(3, 'patient');
    await settled();
    expect(sent).toHaveLength(3);
  });

  test('a page that has waited for ten seconds goes before read-backs', async () => {
    const { clock, sent, enter, endAll } = world({ concurrency: 1 });
    enter('page 1', 'patient');
    await settled();
    enter('page 2', 'patient');
    enter('read-back 1');
    enter('read-back 2');
    await clock.pass(10_000);
    await endAll();
    expect(sent).toEqual(['page 1', 'page 2', 'read-back 1', 'read-back 2']);
  });

  test('so little that a call would wait too long: it fails at once, the others wait; one record', async () => {
    const { budget, clock, sent, refused, logged, enterMany } = world();
    budget.answered({ requests: 0, seconds: 700 });
    enterMany(6, 'quick', 15_000);
    await settled();
    const message = expect.stringMatching(
      /^quick [45] was not sent: Dataverse says that little is left of its limits\./,
    );
    expect(refused).toMatchObject([0, 1].map(() => ({ code: 'web-api-busy', message })));
    expect(logged).toEqual([['webApiNearLimit', { requestsLeft: 0, secondsLeft: 700 }]]);
    await clock.pass(14_900);
    expect([sent.length, refused.length]).toEqual([4, 2]);
    await clock.pass(60_000);
    enterMany(6, 'quick', 15_000);
    expect(logged).toHaveLength(2);
  });
});
