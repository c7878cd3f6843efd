/** Proves that refused requests are counted, and cost one record a minute for each code however many there are. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Refusals } from '../../shared/receive/refusal-count';

const KEY = { code: 'key-refused', reason: 'No valid key came.' } as const;
const TOO_LARGE = { code: 'body-too-large', reason: 'The body is too large.' } as const;
const MINUTE = 60_000;

let told: (readonly [string, unknown, unknown, unknown])[];
let refusals: Refusals;
const times = (count: number, refusal: typeof KEY | typeof TOO_LARGE): void => {
  for (let index = 0; index < count; index += 1) refusals.count(refusal);
};

beforeEach(() => {
  jest.useFakeTimers();
  told = [];
  refusals = new Refusals('webhook', (event, { source, code, requests }) => told.push([event, source, code, requests]));
});
afterEach(() => {
  jest.useRealTimers();
});

test('[I70] a thousand refusals are two records: of the first at once, of the others a minute later', () => {
  times(1000, KEY);
  expect(told).toEqual([['refused', 'webhook', 'key-refused', 1]]);
  jest.advanceTimersByTime(MINUTE - 1);
  expect(told).toHaveLength(1);
  jest.advanceTimersByTime(1);
  expect(told.slice(1)).toEqual([['refused', 'webhook', 'key-refused', 999]]);
});

test('while they go on there is one record a minute, and their sum is all of them', () => {
  for (let second = 0; second < 300; second += 1) {
    times(10, KEY);
    jest.advanceTimersByTime(1000);
  }
  expect(told).toHaveLength(6);
  expect(told.reduce((sum, [, , , requests]) => sum + Number(requests), 0)).toBe(3000);
});

test('each code is told by itself, and the next one at once after a quiet minute', () => {
  times(2, KEY);
  times(1, TOO_LARGE);
  jest.advanceTimersByTime(MINUTE);
  jest.advanceTimersByTime(MINUTE);
  jest.advanceTimersByTime(MINUTE);
  times(1, TOO_LARGE);
  expect(told.map(([, , code, requests]) => [code, requests])).toEqual([
    ['key-refused', 1],
    ['body-too-large', 1],
    ['key-refused', 1],
    ['body-too-large', 1],
  ]);
});

test('the wait for the next record keeps no process alive', () => {
  const unref = jest.fn();
  const timer = jest.spyOn(globalThis, 'setTimeout').mockReturnValue({ unref } as unknown as NodeJS.Timeout);
  times(1, KEY);
  expect(unref).toHaveBeenCalledTimes(1);
  timer.mockRestore();
});

test('of one code each rule is told by itself, as the event that it is', () => {
  const rules: unknown[] = [];
  const unjudged = new Refusals(
    'validate',
    (event, { rule, requests }) => rules.push([event, rule, requests]),
    'unjudged',
  );
  for (const rule of ['a', 'b', 'a', 'a']) unjudged.count({ code: 'rule-unjudged', reason: 'It fails.', rule });
  jest.advanceTimersByTime(MINUTE);
  expect(rules).toEqual([
    ['unjudged', 'a', 1],
    ['unjudged', 'b', 1],
    ['unjudged', 'a', 2],
  ]);
});
