// Proves: how two lists of columns differ, and after which differences a run goes on with a delta.
import { describe, expect, test } from '@jest/globals';
import type { PullSubject } from '../../shared/sync/pull-subject';
import { continues, driftBetween } from '../../shared/sync/schema-drift';

const BEFORE = ['age:integer', 'fax:string', 'name:string'];

test.each([
  ['nothing', BEFORE, undefined],
  ['a new column', [...BEFORE, 'tier:choice'], { added: ['tier:choice'], removed: [], changed: [] }],
  ['a vanished column', ['age:integer', 'name:string'], { added: [], removed: ['fax:string'], changed: [] }],
  ['another type', ['age:decimal', 'fax:string', 'name:string'], { added: [], removed: [], changed: ['age:decimal'] }],
  [
    'a column in place of another',
    ['age:integer', 'name:string', 'tier:choice'],
    { added: ['tier:choice'], removed: ['fax:string'], changed: [] },
  ],
  [
    'a new column and another type',
    ['age:decimal', ...BEFORE.slice(1), 'tier:choice'],
    { added: ['tier:choice'], removed: [], changed: ['age:decimal'] },
  ],
])('drift: %s', (_, now, expected) => {
  expect(driftBetween(BEFORE, now)).toEqual(expected);
});

test('nothing is known of before: no drift', () => {
  expect(driftBetween(undefined, BEFORE)).toBeUndefined();
});

describe('a run goes on with a delta', () => {
  const subject = (of: Partial<PullSubject>): PullSubject =>
    ({ fingerprint: 'f', columns: BEFORE, ...of }) as PullSubject;
  const state = { fingerprint: 'f', columns: BEFORE };
  const more = [...BEFORE, 'tier:choice'];

  test.each<[string, Partial<PullSubject>, boolean]>([
    ['nothing changed', {}, true],
    ['the mapping changed', { fingerprint: 'g' }, false],
    ['a new column', { columns: more }, false],
    ['a new column that is only added', { columns: more, newColumns: 'add' }, true],
    ['a vanished column', { columns: ['age:integer'], newColumns: 'add' }, false],
    ['another type', { columns: ['age:decimal', 'fax:string', 'name:string'], newColumns: 'add' }, false],
    ['both', { columns: ['age:decimal', 'name:string'], newColumns: 'add' }, false],
  ])('%s', (_, of, expected) => {
    expect(continues(state, subject(of))).toBe(expected);
  });
});
