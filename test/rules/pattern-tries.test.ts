/** Proves that no pattern which can take long is taken for a quick one: how many ways a search tries is never told too low. */
import { expect, test } from '@jest/globals';
import { triesOf } from '../../shared/rules/pattern-tries';

test.each([
  ['^(?:DK\\d{8}|SE\\d{12})$', 2 * 21],
  ['.*.*[a-z]{12}-', 11 ** 2 * 13],
  ['.*(?=.{300}x)', Infinity],
  ['(?<!a)b', Infinity],
  ['(a*)b\\1', Infinity],
  ['(?<a>a*)b\\k<a>', Infinity],
  ['^(?:a*)$', 11],
  ['a*?b+?', 11 ** 2],
  ['a{2,}b{1,3}c{2}', 11 ** 2 * 3],
  ['\\p{L}+\\u{41}*-\\x41+', 11 ** 3],
  ['\\d+:[A-Z]*\\.[^/]+/', 11],
  ['\\d+:?\\d+', 11 ** 2 * 2],
  ['[a-c]+\\w+\\w*-', 11 ** 3],
  ['\\d+1\\w*\\.*.+/', 11 ** 4],
  ['a+(?:b|a)', 11 * 2],
  ['a+\\d', 11],
  ['a?(?:b)?c??', 2 ** 3],
  ['[*+?(|]\\*\\|(?<name>x)(?:y)\\d', 1],
  ['[\\]*]*', 11],
  ['(a+)+', Infinity],
  ['(?:a|a)*', Infinity],
  ['(?:a+){20}', Infinity],
  ['([a)]+)*', Infinity],
  ['(?:a*)*?', Infinity],
])('%s', (pattern, tries) => {
  expect(triesOf(pattern)(10)).toBe(tries);
});
