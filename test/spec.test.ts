/**
 * Proves that docs/SPEC.md and the tests agree, both ways: each invariant and assumption has tests whose titles carry its
 * number, and each number in a title is a line's. So do its table of states and its list of faults.
 */
import { expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { FAULTS } from './simulation/fault-list';
import { transitionsAsText } from './sync/pull-states';

const ROOT = path.join(__dirname, '..');
const SPEC = readFileSync(path.join(ROOT, 'docs/SPEC.md'), 'utf8');

function numbersOfTests(): ReadonlySet<string> {
  const files = readdirSync(path.join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(\.test|-contract)\.ts$/.test(file),
  );
  const titles = files.flatMap((file) => [
    ...readFileSync(path.join(ROOT, 'test', file), 'utf8').matchAll(/['"`]\[([IAF]\d+(?: [IAF]\d+)*)\] /g),
  ]);
  return new Set(titles.flatMap(([, numbers = '']) => numbers.split(' ')));
}

test('every invariant and assumption has a test, every number in a title has its line, and none is used twice', () => {
  const numbers = [...SPEC.matchAll(/^- \*\*([IAF]\d+)\*\*/gm)].map(([, number = '']) => number);
  const tested = numbersOfTests();
  expect(numbers.length).toBeGreaterThan(50);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.filter((number) => !number.startsWith('F') && !tested.has(number))).toEqual([]);
  expect([...tested].filter((number) => !numbers.includes(number))).toEqual([]);
});

test('the faults are those of the simulation', () => {
  const faults = [...SPEC.matchAll(/^- \*\*(F\d+)\*\* (.+)$/gm)].map(([, number = '', text = '']) => [number, text]);
  expect(Object.fromEntries(faults)).toEqual(FAULTS);
});

test('the table of states is the one that is proven', () => {
  const shown = /<!-- pull states -->\n([^]*?)<!-- end -->/.exec(SPEC)?.[1] ?? '';
  const cells = (table: string): string => table.replaceAll(/[ ]+/g, ' ').replaceAll(/-+/g, '-').trim();
  expect(cells(shown)).toBe(cells(transitionsAsText()));
});
