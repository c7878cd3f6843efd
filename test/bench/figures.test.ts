/** Proves that a figure says what was measured: ratios the right way round, round by round, and PASS only where the aim is met. */
import { describe, expect, test } from '@jest/globals';
import { figuresOf } from '../../bench/benchmark/measure/compare';
import { meets, quantile, type Figure } from '../../bench/benchmark/measure/figure';
import { agreementOf, tableOf } from '../../bench/benchmark/measure/report';

const turn = (milliseconds: number, cpuMilliseconds = 0, requests = 0) => ({ milliseconds, cpuMilliseconds, requests });
const TURNS = {
  app: [turn(2, 3, 1), turn(40, 60, 2), turn(4, 8, 3)],
  floor: [turn(1, 2), turn(20, 30), turn(1, 2)],
};
const of = { work: 'w', subject: 'app', against: 'floor' } as const;

test('twice the time is a ratio of 2 in time and of 0.5 in rate; a slow round is slow for both', () => {
  const [time, rate, cpu, perCpu] = figuresOf(TURNS, [
    { ...of, of: 'time' },
    { ...of, of: 'rate' },
    { ...of, of: 'CPU' },
    { ...of, of: 'work per CPU' },
  ]);
  expect(time).toMatchObject({ value: 2, spread: [2, 3], unit: 'x', own: '4 ms', against: '1 ms floor' });
  expect(rate).toMatchObject({ value: 0.5, spread: [0.375, 0.5], own: '250/s', against: '1000/s floor' });
  expect(cpu).toMatchObject({ value: 2, own: '8 ms', against: '2 ms floor' });
  expect(perCpu).toMatchObject({ value: 0.5, own: '8 ms', against: '2 ms floor' });
});

test('round trips are a count, not a ratio', () => {
  expect(figuresOf(TURNS, [{ ...of, of: 'requests' }])[0]).toMatchObject({ value: 2, unit: 'round trips' });
});

test.each([
  [{ value: 1.3, aim: { most: 1.3 } }, true],
  [{ value: 1.31, aim: { most: 1.3 } }, false],
  [{ value: 0.95, aim: { least: 0.95 } }, true],
  [{ value: 0.94, aim: { least: 0.95 } }, false],
  [{ value: Number.NaN, aim: { most: 1 } }, false],
  [{ value: 7 }, undefined],
])('%j meets its aim: %s', (figure, expected) => {
  expect(meets(figure)).toBe(expected);
});

test('a quantile lies between its neighbours', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([5], 0.25)).toBe(5);
});

test('the table says why where a figure is short, and only there', () => {
  const figures = figuresOf(TURNS, [
    { ...of, of: 'time', aim: { most: 1 }, why: 'because of this' },
    { ...of, of: 'rate', aim: { least: 0.1 }, why: 'not to be said' },
  ]);
  const table = tableOf(figures);
  expect(table).toMatch(/SHORT\n {4}because of this\n/);
  expect(table).toMatch(/PASS/);
  expect(table).not.toMatch('not to be said');
});

describe('two runs', () => {
  const figure = (value: number, spread: readonly [number, number], work = 'w'): Figure => ({
    work,
    measure: 'rate',
    own: '',
    value,
    spread,
    unit: 'x',
    aim: { least: 1 },
  });

  test('agree where their spreads have something in common', () => {
    expect(agreementOf([figure(1.1, [1, 1.2])], [figure(1.3, [1.2, 1.4])])).toEqual({
      both: 1,
      apart: [],
      undecided: [],
    });
    expect(agreementOf([figure(1.1, [1, 1.2])], [figure(1.3, [1.21, 1.4])]).apart).toEqual([
      'w, rate: 1.10 x (1.00-1.20) and 1.30 x (1.21-1.40)',
    ]);
  });

  test('may differ on an aim and yet agree', () => {
    const { apart, undecided } = agreementOf([figure(0.99, [0.9, 1.1])], [figure(1.01, [0.9, 1.1])]);
    expect([apart, undecided]).toEqual([[], ['w, rate: 0.99 x (0.90-1.10) and 1.01 x (0.90-1.10)']]);
  });

  test('are compared figure by figure: by their work, and by their place where it was measured against several', () => {
    const first = [figure(1, [1, 1]), figure(5, [5, 5]), figure(7, [7, 7], 'only here')];
    const second = [figure(9, [9, 9], 'only there'), figure(1, [1, 1]), figure(5, [5, 5])];
    expect(agreementOf(first, second)).toEqual({ both: 2, apart: [], undecided: [] });
  });
});
