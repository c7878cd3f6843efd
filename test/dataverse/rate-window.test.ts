/**
 * Proves the arithmetic of the shared window: whoever takes, whenever, by clocks a few seconds apart, no span of five minutes
 * holds more requests than the limit; what lapses comes back; and neither reads nor pulls can take all of it.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EMPTY_WINDOW, believed, take, type RateWindow, type Urgency } from '../../shared/dataverse/rate-window';

const LIMIT = { requests: 100, windowMs: 300_000 };
const SLOT_MS = 15_000;
const START = 1_800_000_000_000;

/** Takes all that there is, in portions. */
function drain(window: RateWindow, urgency: Urgency, nowMs: number): { count: number; window: RateWindow } {
  let count = 0;
  for (let rest = window; ;) {
    const grant = take(rest, urgency, 7, nowMs, LIMIT);
    if (grant.kind === 'none') return { count, window: rest };
    count += grant.count;
    rest = grant.window;
  }
}

test('no span of five minutes holds more than the limit, although a request is sent late in its grant and clocks differ', async () => {
  const step = fc.record({
    afterMs: fc.nat({ max: 40_000 }),
    skewMs: fc.integer({ min: -5000, max: 5000 }),
    urgency: fc.constantFrom<Urgency>('quick', 'patient'),
    want: fc.integer({ min: 1, max: 40 }),
    late: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 200 }), async (steps) => {
      await Promise.resolve();
      const sent: { readonly atMs: number; readonly count: number }[] = [];
      let window = EMPTY_WINDOW;
      let realMs = START;
      for (const { afterMs, skewMs, urgency, want, late } of steps) {
        realMs += afterMs;
        const grant = take(window, urgency, want, realMs + skewMs, LIMIT);
        if (grant.kind === 'none') {
          expect(grant.untilMs).toBeGreaterThan(realMs + skewMs);
          continue;
        }
        window = grant.window;
        sent.push({ atMs: realMs + late * (grant.untilMs - 1 - realMs - skewMs), count: grant.count });
      }
      for (const { atMs } of sent) {
        const inSpan = sent.filter((other) => other.atMs >= atMs && other.atMs < atMs + LIMIT.windowMs);
        expect(inSpan.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(LIMIT.requests);
      }
    }),
    { numRuns: 500 },
  );
});

describe('what is left', () => {
  test('read-backs leave a tenth to pulls, pulls a fifth to read-backs, and together they never take more than all', () => {
    const reads = drain(EMPTY_WINDOW, 'quick', START);
    expect([reads.count, drain(reads.window, 'patient', START).count]).toEqual([90, 10]);
    const pulls = drain(EMPTY_WINDOW, 'patient', START);
    expect([pulls.count, drain(pulls.window, 'quick', START).count]).toEqual([80, 20]);
  });

  test('nothing: it says when the oldest slot no longer counts, and then there is what that slot held', () => {
    const early = drain(EMPTY_WINDOW, 'quick', START).window;
    const first = take(early, 'patient', 4, START + 3 * SLOT_MS, LIMIT);
    const { window } =
      first.kind === 'granted' ? drain(first.window, 'patient', START + 3 * SLOT_MS) : { window: early };
    const none = take(window, 'quick', 1, START + 4 * SLOT_MS, LIMIT);
    expect(none).toEqual({ kind: 'none', untilMs: START + 22 * SLOT_MS });
    expect(drain(window, 'quick', START + 22 * SLOT_MS - 1).count).toBe(0);
    expect(drain(window, 'quick', START + 22 * SLOT_MS).count).toBe(90);
  });

  test('slots that no longer count are not kept, nor those of a clock that is far off', () => {
    const { window } = drain(
      { slots: { 1: { quick: 5 }, 999_999_999: { quick: 99 } }, pausedUntilMs: 0 },
      'quick',
      START,
    );
    expect(Object.keys(window.slots)).toEqual([String(START / SLOT_MS)]);
  });

  test('a time to wait for that lies further ahead than one can is of a wrong clock', () => {
    const until = (untilMs: number): number => believed(untilMs, START, LIMIT);
    expect([until(START + 200_000), until(START + 700_000)]).toEqual([START + 200_000, 0]);
  });
});
