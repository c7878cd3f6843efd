/**
 * Proves, by a simulated clock and against the simulator's service protection limits, that three instances that know nothing
 * of each other share the limits: they use nearly all of them, are hardly ever refused, and neither read-backs nor pages
 * starve.
 */
import { describe, expect, test } from '@jest/globals';
import { DataverseError } from '../../local/dataverse/dataverse-error';
import { ServiceProtection } from '../../local/dataverse/web-api/service-protection';
import { RateBudget, WebApiBusy, type Left, type Refusal, type Urgency } from '../../shared/dataverse/rate-budget';
import { TestClock } from './test-clock';

const MINUTE = 60_000;
const KINDS: Readonly<Record<string, Refusal['kind']>> = {
  '0x80072322': 'requests',
  '0x80072321': 'executionTime',
  '0x80072326': 'concurrency',
};

/** What the documented limits allow in ten minutes. */
const ALLOWED = { requests: 12_000, executionMs: 2_400_000 };

interface Load {
  /** Callers of each instance that read back one row after another, how long Dataverse takes for one, and their rest. */
  readonly readers: number;
  readonly readMs: number;
  readonly restMs?: number;
  /** Tables that the first instance pulls without end, and how long Dataverse takes for a page. */
  readonly tables: number;
  readonly pageMs: number;
  /** Answers don't say what is left. */
  readonly isSilent?: true;
}

class Result {
  refused = 0;
  pages = 0;
  pagesMs = 0;
  readsMs = 0;
  /** Waits of the read-backs that were answered. */
  readonly waitsMs: number[] = [];
  /** Read-backs answered, by instance. */
  readonly reads = [0, 0, 0];

  get requests(): number {
    return this.pages + this.waitsMs.length;
  }
  get executionMs(): number {
    return this.pagesMs + this.readsMs;
  }
  /** So long or less waits that share of them. */
  wait(share: number): number {
    return this.waitsMs.toSorted((a, b) => a - b)[Math.floor(share * this.waitsMs.length)] ?? Number.NaN;
  }
}

const WAITS = { quick: 15_000, patient: 300_000 } as const;

/** Runs three instances for some minutes, and then measures for ten. */
async function run(
  { readers, readMs, restMs = 0, tables, pageMs, isSilent }: Load,
  warmUpMinutes: number,
): Promise<Result> {
  const clock = new TestClock();
  const protection = new ServiceProtection({}, () => clock.now());
  const budgets = [0, 1, 2].map(() => new RateBudget({ clock, log: () => undefined }));
  let result = new Result();

  /** As the HTTP client's pipeline does: after a 429 and its Retry-After the call is made again. */
  async function send(instance: number, urgency: Urgency, takesMs: number, signal: AbortSignal): Promise<void> {
    const asked = clock.now();
    const call = { what: 'GET x', urgency, deadlineMs: asked + WAITS[urgency], signal };
    const budget = budgets[instance] ?? new RateBudget();
    for (;;) {
      const leave = await budget.enter(call);
      const sentMs = clock.now();
      let retryAfterMs: number;
      try {
        await clock.sleep(20);
        const answer = protection.enter();
        await clock.sleep(takesMs);
        if (isSilent !== true) budget.answered(leftOf(protection.headers()));
        answer();
        await clock.sleep(20);
        if (urgency === 'quick') {
          result.waitsMs.push(sentMs - asked);
          result.reads[instance] = (result.reads[instance] ?? 0) + 1;
          result.readsMs += takesMs;
        } else {
          result.pages += 1;
          result.pagesMs += takesMs;
        }
        return;
      } catch (error) {
        if (!(error instanceof DataverseError)) throw error;
        result.refused += 1;
        retryAfterMs = Number(error.headers['Retry-After']) * 1000;
        budget.refused(call, { kind: KINDS[error.code] ?? 'unknown', retryAfterMs, sentMs });
      } finally {
        leave();
      }
      await clock.sleep(retryAfterMs);
    }
  }

  async function caller(instance: number, urgency: Urgency, takesMs: number, number: number): Promise<never> {
    await clock.sleep(number * 7);
    for (;;) {
      const timeUp = new AbortController();
      const callOff = clock.after(WAITS[urgency], () => timeUp.abort());
      try {
        await send(instance, urgency, takesMs, timeUp.signal);
        await clock.sleep(urgency === 'quick' ? restMs : 0);
      } catch (error) {
        if (!(error instanceof WebApiBusy)) throw error;
        await clock.sleep(5000);
      } finally {
        callOff();
      }
    }
  }

  for (const instance of [0, 1, 2])
    for (let n = 0; n < readers; n += 1) void caller(instance, 'quick', readMs, instance + 3 * n);
  for (let n = 0; n < tables; n += 1) void caller(0, 'patient', pageMs, n);
  await clock.pass(warmUpMinutes * MINUTE);
  result = new Result();
  await clock.pass(10 * MINUTE);
  return result;
}

function leftOf(headers: Record<string, string>): Left {
  const [requests, seconds] = Object.values(headers).map((text) => Number(text.replaceAll(',', '')));
  return { requests: requests ?? Number.NaN, seconds: seconds ?? Number.NaN };
}

const READS_WITHOUT_END = { readers: 16, readMs: 60, tables: 4, pageMs: 3000 };
const SLOW_WITHOUT_END = { readers: 16, readMs: 1500, tables: 4, pageMs: 20_000 };

describe.each([
  ['from the start', 0],
  ['ten minutes later', 10],
])('%s', (_when, warmUp) => {
  test('[F17] more read-backs than Dataverse allows, and a pull: all requests are used, one in 1,000 is refused, all get a share', async () => {
    const result = await run(READS_WITHOUT_END, warmUp);
    expect(result.requests).toBeGreaterThan(0.99 * ALLOWED.requests);
    expect(result.refused).toBeLessThanOrEqual(12);
    expect(result.pages).toBeGreaterThanOrEqual(15);
    for (const reads of result.reads) expect(reads).toBeGreaterThan(0.3 * ALLOWED.requests);
  });

  test('[F17] more execution time than Dataverse allows: all of it is used, one in 100 is refused, pages leave most to read-backs', async () => {
    const result = await run(SLOW_WITHOUT_END, warmUp);
    expect(result.executionMs).toBeGreaterThan(ALLOWED.executionMs);
    expect(result.refused).toBeLessThanOrEqual(15);
    expect(result.pages).toBeGreaterThanOrEqual(10);
    expect(result.readsMs).toBeGreaterThan(0.8 * ALLOWED.executionMs);
  });

  test('a pull that alone would use up the execution time: no read-back waits, nothing is refused', async () => {
    const result = await run({ readers: 2, readMs: 60, restMs: 600, tables: 4, pageMs: 10_000 }, warmUp);
    expect(result.refused).toBe(0);
    expect(result.wait(0.99)).toBe(0);
    expect(result.executionMs).toBeGreaterThan(0.8 * ALLOWED.executionMs);
  });
});

test('[F17] more requests at once than Dataverse allows: three are refused at first, then none; all read-backs are answered', async () => {
  const load = { readers: 40, readMs: 1000, restMs: 40_000, tables: 0, pageMs: 0 };
  const first = await run(load, 0);
  expect(first.refused).toBe(3);
  expect(first.reads).toEqual([600, 600, 600]);
  expect(first.wait(0.99)).toBeLessThan(2000);
  expect((await run(load, 10)).refused).toBe(0);
});

test('[F17] answers that do not say what is left: all requests are used, one in 100 is refused', async () => {
  const result = await run({ ...READS_WITHOUT_END, isSilent: true }, 0);
  expect(result.requests).toBeGreaterThan(0.99 * ALLOWED.requests);
  expect(result.refused).toBeLessThanOrEqual(120);
});
