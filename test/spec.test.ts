/**
 * Proves that docs/SPEC.md and the tests agree, both ways: each line names the files whose tests carry its number in their
 * titles, and how many in each. So do its table of states and its list of faults.
 */
import { expect, test } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { FAULTS } from './simulation/fault-list';
import { transitionsAsText } from './sync/pull-states';

const ROOT = path.join(__dirname, '..');
const SPEC = readFileSync(path.join(ROOT, 'docs/SPEC.md'), 'utf8');

/** A line's number, a file, and how many of its titles carry the number. */
type Link = `${string} ${string} ${number}`;

function linksOfSpec(): readonly Link[] {
  const links: Link[] = [];
  let number = '';
  for (const line of SPEC.split('\n')) {
    number = /^- \*\*([IAF]\d+)\*\*/.exec(line)?.[1] ?? number;
    if (!line.startsWith('  - `test/')) continue;
    for (const [, file = '', count = '1'] of line.matchAll(/`([^`]+)`(?: \((\d+)\))?/g))
      links.push(`${number} ${file} ${Number(count)}`);
  }
  return links.sort();
}

function linksOfTests(): readonly Link[] {
  const files = readdirSync(path.join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join('test', file.split(path.sep).join('/')))
    .filter((file) => /(\.test|-contract)\.ts$/.test(file) && file !== 'test/spec.test.ts');
  const links: Link[] = [];
  for (const file of files) {
    const titles = new Map<string, number>();
    const source = readFileSync(path.join(ROOT, file), 'utf8');
    for (const [, numbers = ''] of source.matchAll(/['"`]\[([IAF]\d+(?: [IAF]\d+)*)\] /g))
      for (const number of numbers.split(' ')) titles.set(number, (titles.get(number) ?? 0) + 1);
    for (const [number, count] of titles) links.push(`${number} ${file} ${count}`);
  }
  return links.sort();
}

test('every line names the files of its tests, and how many of their titles carry its number', () => {
  expect(linksOfSpec().length).toBeGreaterThan(50);
  expect(linksOfTests()).toEqual(linksOfSpec());
});

test('every invariant and assumption has a test, and no number is used twice', () => {
  const numbers = [...SPEC.matchAll(/^- \*\*([IAF]\d+)\*\*/gm)].map(([, number = '']) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  const tested = new Set(linksOfSpec().map((link) => link.split(' ')[0]));
  expect(numbers.filter((number) => !number.startsWith('F') && !tested.has(number))).toEqual([]);
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
