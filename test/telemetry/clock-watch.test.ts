/** Proves that a clock which is surely off is said once, that doubt is none, and what Dataverse's clock is taken to show. */
import { describe, expect, test } from '@jest/globals';
import { ClockWatch } from '../../shared/telemetry/clock-watch';

const DATE = 1_800_000_000_000;
const MARGIN = 5000;

function watch() {
  const said: unknown[] = [];
  const clocks = new ClockWatch(
    MARGIN,
    (event, fields) => said.push([event, fields.clock, fields.aheadSeconds]),
    () => DATE,
  );
  /** An answer that says that it is `DATE` there, and comes when it is so much later here. */
  const dataverse = (aheadMs: number, tookMs = 0): void =>
    clocks.dataverseAnswered({ dateMs: DATE, receivedMs: DATE + aheadMs, tookMs });
  const store = (aheadMs: number): void =>
    clocks.storeAnswered({ dateMs: DATE, receivedMs: DATE + aheadMs, tookMs: 0 });
  return { clocks, said, dataverse, store };
}

describe('this machine', () => {
  test.each([
    ['right', 0, 0],
    ['ahead by no more than the margin, seconds without fractions and a header that lags', 8000, 0],
    ['behind by no more than the margin', -5000, 0],
    ['perhaps ahead: the answer may have been under way all the time', 20_000, 12_000],
  ])('%s: nothing is said', (_, aheadMs, tookMs) => {
    const { said, dataverse } = watch();
    dataverse(aheadMs, tookMs);
    expect(said).toEqual([]);
  });

  test.each([
    ['ahead', 20_000, 17],
    ['behind', -20_000, -20],
  ])('%s: it is said once, and again after it was right', (_, aheadMs, seconds) => {
    const { said, dataverse } = watch();
    dataverse(aheadMs);
    dataverse(aheadMs);
    expect(said).toEqual([['clockOff', 'machine', seconds]]);
    dataverse(0);
    dataverse(aheadMs);
    expect(said).toHaveLength(2);
  });
});

describe('the store', () => {
  test('as far off as this machine is, but the other way: it is right', () => {
    const { said, dataverse, store } = watch();
    dataverse(4000);
    store(4000);
    expect(said).toEqual([]);
  });

  test.each([
    ['behind', 20_000, -16],
    ['ahead', -20_000, 19],
  ])('%s of Dataverse: it is said once', (_, aheadMs, seconds) => {
    const { said, dataverse, store } = watch();
    store(aheadMs);
    expect(said).toEqual([]);
    dataverse(0);
    store(aheadMs);
    store(aheadMs);
    expect(said).toEqual([['clockOff', 'store', expect.any(Number)]]);
    expect(Math.sign((said[0] as [string, string, number])[2])).toBe(Math.sign(seconds));
  });
});

test("Dataverse's clock: this machine's where it may be right, else less what it is surely off", () => {
  const { clocks, dataverse } = watch();
  expect(clocks.dataverseNow()).toBe(DATE);
  dataverse(2000);
  expect(clocks.dataverseNow()).toBe(DATE);
  dataverse(60_000);
  expect(clocks.dataverseNow()).toBe(DATE - 57_000);
  dataverse(-60_000);
  expect(clocks.dataverseNow()).toBe(DATE + 60_000);
});
