/**
 * Proves that docs/SPEC.md and the tests agree, both ways: each invariant and assumption has tests whose titles carry its
 * number, and each number in a title is that of a line, or of a fault in the simulation's list.
 */
import { expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { FAULTS } from './simulation/fault-list';

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
  const numbers = [...SPEC.matchAll(/^- \*\*([IA]\d+)\*\*/gm)].map(([, number = '']) => number);
  const tested = numbersOfTests();
  expect(numbers.length).toBeGreaterThan(50);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.filter((number) => !tested.has(number))).toEqual([]);
  expect([...tested].filter((number) => !numbers.includes(number) && !Object.hasOwn(FAULTS, number))).toEqual([]);
});
