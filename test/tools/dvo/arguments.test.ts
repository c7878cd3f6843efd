/** Proves what the operator's arguments mean, and that what means nothing is refused with the reason. */
import { describe, expect, test } from '@jest/globals';
import {
  countArgument,
  rateArgument,
  spanArgument,
  spanText,
  timeArgument,
} from '../../../tools/dvo/terminal/arguments';
import { fromArgument, holdsAny, positionOf } from '../../../tools/dvo/hub/position';
import { batchAt, paceOf } from '../../../tools/dvo/terminal/pace';
import { timeText } from '../../../tools/dvo/terminal/output';

describe('arguments', () => {
  test.each<[(text: string) => unknown, string, unknown]>([
    [countArgument, '1', 1],
    [countArgument, '100000', 100_000],
    [rateArgument, '0.5', 0.5],
    [rateArgument, '300', 300],
    [spanArgument, '90s', 90_000],
    [spanArgument, '15m', 900_000],
    [spanArgument, '1h', 3_600_000],
    [spanArgument, '7d', 604_800_000],
    [timeArgument, '2026-03-14T09:26:53Z', Date.UTC(2026, 2, 14, 9, 26, 53)],
    [timeArgument, '2026-03-14T09:26+02:00', Date.UTC(2026, 2, 14, 7, 26)],
    [timeArgument, '2026-03-14', Date.UTC(2026, 2, 14)],
    [fromArgument, 'start', { kind: 'start' }],
    [fromArgument, '4711', { kind: 'offset', offset: '4711' }],
    [fromArgument, '1:2:3', { kind: 'offset', offset: '1:2:3' }],
    [fromArgument, '2026-03-14', { kind: 'time', epochMs: Date.UTC(2026, 2, 14) }],
  ])('%p takes %s', (read, text, value) => expect(read(text)).toEqual(value));

  test.each<[(text: string) => unknown, string]>([
    [countArgument, '0'],
    [countArgument, '-1'],
    [countArgument, '1e3'],
    [countArgument, ''],
    [rateArgument, '0'],
    [rateArgument, 'fast'],
    [rateArgument, '-5'],
    [spanArgument, '1'],
    [spanArgument, '1 h'],
    [spanArgument, '1w'],
    [timeArgument, 'yesterday'],
    [timeArgument, '2026-03-14T09:26:53'],
    [timeArgument, '2026-13-14'],
    [fromArgument, '-1'],
    [fromArgument, ''],
  ])('%p refuses "%s"', (read, text) => expect(() => read(text)).toThrow(/^It must be /));

  test.each([
    [1, '1s'],
    [60_000, '60s'],
    [119_001, '120s'],
    [120_000, '2m'],
    [7_199_999, '120m'],
    [7_200_000, '2h'],
    [604_800_000, '7d'],
  ])('a span of %i ms is shown as %s, which is a span again', (ms, text) => {
    expect(spanText(ms)).toBe(text);
    expect(spanArgument(text)).toBeGreaterThanOrEqual(ms);
  });

  test('a time is shown as one that can be given again', () => {
    expect(timeText(timeArgument('2026-03-14T09:26:53Z') + 999)).toBe('2026-03-14T09:26:53Z');
  });

  test('a span before now', () => {
    const begun = Date.now();
    const time = timeArgument('2h') + 7_200_000;
    expect([begun <= time, time <= Date.now()]).toEqual([true, true]);
  });
});

describe('positions in a partition', () => {
  const end = {
    isEmpty: false,
    lastEnqueuedSequenceNumber: 9,
    lastEnqueuedOffset: '900',
    lastEnqueuedOnUtc: new Date(5_000),
  };
  test.each([
    ['start', { kind: 'start' } as const, true],
    ['the last time', { kind: 'time', epochMs: 5_000 } as const, true],
    ['a later time', { kind: 'time', epochMs: 5_001 } as const, false],
    ['the last offset', { kind: 'offset', offset: '900' } as const, true],
    ['an offset behind it', { kind: 'offset', offset: '1000' } as const, false],
    ['an offset of another kind', { kind: 'offset', offset: '1:2:3' } as const, true],
  ])('%s', (_, from, holds) => {
    expect(holdsAny(from, end)).toBe(holds);
    expect(holdsAny(from, { ...end, isEmpty: true })).toBe(false);
  });
  test('an event exactly there is read', () => {
    expect(positionOf({ kind: 'time', epochMs: 5_000 })).toEqual({ enqueuedOn: 4_999 });
    expect(positionOf({ kind: 'offset', offset: '900' })).toEqual({ offset: '900', isInclusive: true });
  });
});

describe('pace', () => {
  test('so many a second, evenly, and no burst after a pause', async () => {
    let now = 0;
    const slept: number[] = [];
    const pace = paceOf(
      10,
      () => now,
      (milliseconds) => {
        slept.push(milliseconds);
        now += milliseconds;
        return Promise.resolve();
      },
    );
    await pace();
    await pace();
    await pace(5);
    await pace();
    expect(slept).toEqual([100, 100, 500]);
    now += 60_000;
    await pace();
    await pace();
    expect(slept).toEqual([100, 100, 500, 100]);
  });
  test('without a rate nothing waits', async () => {
    await paceOf(undefined, undefined, () => Promise.reject(new Error('waited')))(1000);
  });
  test.each([
    [undefined, 100],
    [0.5, 1],
    [30, 30],
    [5000, 100],
  ])('at %p a second %i at once', (rate, size) => expect(batchAt(rate, 100)).toBe(size));
});
