/** Proves what becomes of a LOB system's change, case by case: the decision alone, without a store, a clock or Dataverse. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decideInbound,
  type Current,
  type Facts,
  type LobChange,
  type Step,
  type StoredFacts,
} from '../../shared/inbound/decide';
import {
  conclude,
  decodeRecord,
  encodeRecord,
  intend,
  merge,
  NO_RECORD,
  ROW_MISSING,
  sendOf,
  withId,
  type ColumnNote,
  type InboundRecord,
} from '../../shared/inbound/record';
import { inboundTable, PLAIN } from './tables';

const RULES = inboundTable(PLAIN).rules;
/** Seconds, and milliseconds within them. */
const at = (seconds: number): number => seconds * 1000 + 500;

const change = (of: Partial<LobChange> = {}): LobChange => ({
  ...{ id: 'm', table: 'account', op: 'upsert', atMs: at(100), texts: new Map([['name', '"B"']]), refused: [] },
  ...of,
});
const record = (
  columns: Readonly<Record<string, Partial<ColumnNote>>> = {},
  of: Partial<InboundRecord> = {},
): InboundRecord => ({
  ...NO_RECORD,
  ...of,
  columns: new Map(
    Object.entries(columns).map(([name, note]) => [name, { atMs: at(50), text: '"A"', maybe: sends(), ...note }]),
  ),
});
/** What may have been written, each for any version. */
const sends = (...texts: readonly string[]): ReadonlyMap<string, bigint> =>
  new Map(texts.map((text) => [sendOf(text, 'm'), 0n]));
const stored = (columns: Readonly<Record<string, string>> = {}, of: Partial<StoredFacts> = {}): StoredFacts => ({
  ...{ version: 5n, hasPushOnTop: false, deleted: false, latestKnown: 90 },
  holds: (column, text) => (columns[column] === undefined ? undefined : columns[column] === text),
  ...of,
});
const current = (
  texts: Readonly<Record<string, string>> = {},
  of: { version?: bigint; modifiedOn?: number } = {},
): Current => ({
  ...{ kind: 'row', id: 'r', version: 7n, modifiedOn: 90 },
  texts: new Map(Object.entries(texts)),
  ...of,
});
const MISSING: Current = { kind: 'missing' };

const step = (of: Partial<Facts> = {}): Step =>
  decideInbound({
    ...{ change: change(), record: NO_RECORD, stored: undefined, current: undefined, rules: RULES, optimistic: true },
    ...of,
  });
/** A step in few words. */
function words(of: Partial<Facts> = {}): string {
  const taken = step(of);
  const lost = taken.lost.map(({ column, loser, why }) => ` -${loser}.${column}/${why}`).join('');
  switch (taken.kind) {
    case 'done':
      return taken.verdict + lost;
    case 'read':
      return `read${lost}`;
    case 'create':
      return `create ${taken.columns.join()}${lost}`;
    case 'update':
      return `update ${taken.condition} ${taken.columns.join()}${lost}`;
    case 'delete':
      return `delete ${taken.condition}${lost}`;
    case 'refuse':
      return taken.error.code;
    default:
      return taken satisfies never;
  }
}

test('[I103] a row that was read without a column that is to be given by now is read again', () => {
  expect(words({ current: current({ telephone1: '"1"' }, { modifiedOn: 101 }) })).toBe('read');
});

describe('before the row was read', () => {
  test.each<readonly [string, Partial<Facts>, string]>([
    ['nothing is known of it', {}, 'create name'],
    [
      'it isn’t active, which an update says',
      { change: change({ texts: new Map([...['name', 'statecode', 'statuscode'].map((of) => [of, '1'] as const)]) }) },
      'create name',
    ],
    [
      'it is active, for a reason',
      { change: change({ texts: new Map(Object.entries({ name: '1', statecode: '0', statuscode: '3' })) }) },
      'create name,statuscode',
    ],
    ['nothing is known, and it only names the row', { change: change({ texts: new Map() }) }, 'create '],
    ['it only names a row that is stored', { change: change({ texts: new Map() }), stored: stored() }, 'unchanged'],
    [
      'it only names a row that was deleted later',
      { change: change({ texts: new Map() }), stored: stored({}, { deleted: true, latestKnown: 100 }) },
      'unchanged',
    ],
    [
      'it only names a row that was deleted before',
      { change: change({ texts: new Map() }), stored: stored({}, { deleted: true, latestKnown: 99 }) },
      'create ',
    ],
    [
      'it only names a row that the LOB system deleted later',
      { change: change({ texts: new Map() }), record: record({}, { deletedAtMs: at(101) }) },
      'unchanged',
    ],
    ['it only names a row, and is an update', { change: change({ op: 'update', texts: new Map() }) }, 'unchanged'],
    ['nothing is known, and it may only be updated', { change: change({ op: 'update' }) }, 'read'],
    ['stored with another value', { stored: stored({ name: '"A"' }) }, 'update 5 name'],
    ['stored with this value', { stored: stored({ name: '"B"' }) }, 'unchanged'],
    ['stored without the column', { stored: stored() }, 'update 5 name'],
    ['stored with a push on top', { stored: stored({ name: '"A"' }, { hasPushOnTop: true }) }, 'read'],
    ['stored from pushes alone', { stored: stored({ name: '"A"' }, { version: 0n }) }, 'read'],
    [
      'our own last write is newer than that push',
      { stored: stored({ name: '"A"' }, { hasPushOnTop: true }), record: record({}, { version: 6n }) },
      'update 6 name',
    ],
    ['Dataverse takes no versions', { stored: stored({ name: '"A"' }), optimistic: false }, 'read'],
    [
      'our last write was over a change of others',
      { stored: stored({ name: '"A"' }), record: record({}, { version: 6n, hasGap: true }) },
      'read',
    ],
    ['the same message again', { record: withId(record(), 'm') }, 'duplicate'],
    ['a later message came first', { record: record({ name: { atMs: at(101) } }) }, 'superseded'],
    ['the LOB system has deleted the row since', { record: { ...record(), deletedAtMs: at(101) } }, 'superseded'],
    [
      'a message of the same moment came first',
      { record: record({ name: { atMs: at(100) } }), stored: stored({ name: '"A"' }) },
      'update 5 name',
    ],
  ])('%s', (_what, facts, then) => expect(words(facts)).toBe(then));

  test.each<readonly [string, Partial<ColumnNote>, StoredFacts | undefined, string]>([
    [
      'the echo of another value is not here yet',
      { done: { text: '"C"', result: '"C"', version: 6n } },
      stored({ name: '"B"' }),
      'update 6 name',
    ],
    [
      'the echo of this value is not here yet',
      { done: { text: '"B"', result: '"B"', version: 6n } },
      stored({ name: '"A"' }),
      'unchanged',
    ],
    ['and nothing else is stored', { done: { text: '"B"', result: '"B"', version: 6n } }, undefined, 'unchanged'],
    [
      'but something was pushed',
      { done: { text: '"B"', result: '"B"', version: 6n } },
      stored({ name: '"A"' }, { hasPushOnTop: true }),
      'read',
    ],
    ['another value may have been written', { maybe: sends('"C"') }, stored({ name: '"B"' }), 'update 6 name'],
    [
      'a row may have been made with another value',
      { maybe: new Map([[sendOf('"C"', 'm'), ROW_MISSING]]) },
      stored({ name: '"B"' }),
      'read',
    ],
    ['this value may have been written', { maybe: sends('"B"') }, stored({ name: '"B"' }), 'unchanged'],
    [
      'Dataverse rounds the value',
      { done: { text: '"B"', result: '"b"', version: 4n } },
      stored({ name: '"b"' }),
      'unchanged',
    ],
    [
      'Dataverse rounded it, and has another one by now',
      { done: { text: '"B"', result: '"b"', version: 4n } },
      stored({ name: '"A"' }),
      'update 6 name',
    ],
    [
      'it was written, and what is stored can’t be compared',
      { done: { text: '"B"', result: '"B"', version: 4n } },
      stored(),
      'read',
    ],
  ])('a note of the column: %s', (_what, note, of, then) =>
    expect(words({ record: record({ name: note }, { version: 6n }), stored: of })).toBe(then),
  );

  test('a superseded value that may have been written is given its later one again', () => {
    const note = { atMs: at(101), text: '"L"', maybe: sends('"L"', '"B"') };
    expect(words({ record: record({ name: note }), stored: stored({ name: '"L"' }) })).toBe('update 5 name');
    expect(words({ record: record({ name: { ...note, maybe: sends('"L"') } }), stored: stored({ name: '"A"' }) })).toBe(
      'superseded',
    );
  });
});

describe('owners', () => {
  const both = (owner: string, texts = [['fax', '"B"']] as const) =>
    words({
      change: change({ texts: new Map(texts), refused: owner === 'dataverse' ? ['creditlimit'] : [] }),
      stored: stored({ fax: '"A"' }),
    });
  test('what Dataverse owns is left out, and told', () => {
    expect(both('dataverse')).toBe('update 5 fax -lob.creditlimit/owner');
    expect(words({ change: change({ texts: new Map(), refused: ['creditlimit'] }) })).toBe(
      'refused -lob.creditlimit/owner',
    );
  });
  test('what the LOB system owns is written, however late Dataverse was changed', () =>
    expect(
      words({
        change: change({ texts: new Map([['fax', '"B"']]) }),
        current: current({ fax: '"D"' }, { modifiedOn: 500 }),
      }),
    ).toBe('update 7 fax'));
});

describe('with the row at hand', () => {
  test.each<readonly [string, Partial<Facts>, string]>([
    ['it has the value', { current: current({ name: '"B"' }) }, 'unchanged'],
    [
      'another instance has written since it was read',
      { current: current({ name: '"B"' }), record: record({}, { version: 8n }) },
      'read',
    ],
    [
      'it has what is stored',
      { current: current({ name: '"A"' }, { modifiedOn: 500 }), stored: stored({ name: '"A"' }) },
      'update 7 name',
    ],
    [
      'it has what was written last',
      {
        current: current({ name: '"C"' }, { modifiedOn: 500 }),
        record: record({ name: { done: { text: '"C"', result: '"C"', version: 6n } } }),
      },
      'update 7 name',
    ],
    [
      'it has what may have been written',
      { current: current({ name: '"C"' }, { modifiedOn: 500 }), record: record({ name: { maybe: sends('"C"') } }) },
      'update 7 name',
    ],
    [
      'Dataverse was changed earlier',
      { current: current({ name: '"D"' }, { modifiedOn: 99 }), stored: stored({ name: '"A"' }) },
      'update 7 name -dataverse.name/later',
    ],
    [
      'Dataverse was changed in the same second',
      { current: current({ name: '"D"' }, { modifiedOn: 100 }), stored: stored({ name: '"A"' }) },
      'refused -lob.name/later',
    ],
    [
      'Dataverse was changed later',
      { current: current({ name: '"D"' }, { modifiedOn: 101 }), stored: stored({ name: '"A"' }) },
      'refused -lob.name/later',
    ],
    [
      'it was just made by somebody else, without the column',
      { current: current({ name: 'null' }, { modifiedOn: 101 }) },
      'update 7 name',
    ],
    [
      'a user has emptied it later',
      { current: current({ name: 'null' }, { modifiedOn: 101 }), stored: stored({ name: '"A"' }) },
      'refused -lob.name/later',
    ],
    [
      'one column lost, another one didn’t',
      {
        change: change({
          texts: new Map([
            ['name', '"B"'],
            ['telephone1', '"1"'],
          ]),
        }),
        current: current({ name: '"D"', telephone1: '"0"' }, { modifiedOn: 101 }),
        stored: stored({ telephone1: '"0"' }),
      },
      'update 7 telephone1 -lob.name/later',
    ],
    [
      'Dataverse takes no versions',
      { current: current({ name: '"A"' }), stored: stored({ name: '"A"' }), optimistic: false },
      'update any name',
    ],
    [
      'updates are not allowed',
      { current: current({ name: '"A"' }), rules: { ...RULES, allows: { ...RULES.allows, update: false } } },
      'inbound-not-mapped',
    ],
    [
      'nor needed',
      { current: current({ name: '"B"' }), rules: { ...RULES, allows: { ...RULES.allows, update: false } } },
      'unchanged',
    ],
  ])('%s', (_what, facts, then) => expect(words(facts)).toBe(then));

  test('a version that the message asks for', () => {
    const asks = change({ ifVersion: 5n });
    expect(words({ change: asks, stored: stored({ name: '"A"' }, { hasPushOnTop: true }) })).toBe('update 5 name');
    expect(words({ change: asks })).toBe('read');
    expect(words({ change: asks, current: current({ name: '"A"' }) })).toBe('inbound-version');
    expect(words({ change: asks, current: MISSING })).toBe('inbound-version');
    expect(
      words({ change: asks, current: current({ name: '"A"' }, { version: 5n }), stored: stored({ name: '"A"' }) }),
    ).toBe('update 5 name');
  });
});

describe('what is stored has a time', () => {
  const given = (name: number): Partial<StoredFacts> => ({ times: { columns: new Map([['name', name]]) } });
  const first = (on: number): Partial<StoredFacts> => ({ times: { first: on, columns: new Map() } });
  const own = record({ name: { done: { text: '"A"', result: '"A"', version: 5n } } });
  const both = (name: string, times: Partial<StoredFacts>, of: Partial<Facts> = {}): readonly [string, string] => {
    const has = { stored: stored({ name }, times), ...of };
    return [words(has), words({ current: current({ name }, { version: 5n, modifiedOn: 500 }), ...has })];
  };
  const SENT = ['update 5 name', 'update 5 name'];
  const LOST = ['read', 'refused -lob.name/later'];
  test.each<readonly [string, readonly [string, string], readonly string[]]>([
    ['a later one', both('"A"', given(101)), LOST],
    ['one in the same second', both('"A"', given(100)), LOST],
    ['an earlier one', both('"A"', given(99)), SENT],
    ['none', both('"A"', { times: { columns: new Map() } }), SENT],
    ['that of the row', both('"A"', first(100)), LOST],
    ['an earlier one of the row', both('"A"', first(99)), SENT],
    ['it is empty, and was never anything else', both('null', first(101)), SENT],
    ['it is empty, and the LOB system had given it a value', both('null', first(101), { record: own }), LOST],
    ['it was emptied later', both('null', { times: { first: 50, columns: new Map([['name', 101]]) } }), LOST],
    ['it has the value', both('"B"', given(101)), ['unchanged', 'unchanged']],
    ['the LOB system gave it', both('"A"', given(101), { record: own }), SENT],
    [
      'the LOB system may have given it',
      both('"A"', given(101), { record: record({ name: { maybe: sends('"A"') } }) }),
      ['read', 'update 5 name'],
    ],
    [
      'the LOB system gave another one since, whose echo is not here yet',
      both('"A"', given(50), { record: record({ name: { done: { text: '"C"', result: '"C"', version: 6n } } }) }),
      // Also where it was read before that.
      ['update 5 name', 'read'],
    ],
    ['the LOB system has seen the version', both('"A"', given(101), { change: change({ ifVersion: 5n }) }), SENT],
  ])('%s', (_what, told, then) => expect(told).toEqual(then));

  test('the LOB system gave another one since, and the row was read after that', () =>
    expect(
      words({
        current: current({ name: '"A"' }, { version: 6n, modifiedOn: 500 }),
        stored: stored({ name: '"A"' }, given(50)),
        record: record({ name: { done: { text: '"C"', result: '"C"', version: 6n } } }),
      }),
    ).toBe('refused -lob.name/later'));

  test('the LOB system’s own column: it counts for nothing', () => {
    const of = change({ texts: new Map([['fax', '"B"']]) });
    expect(words({ change: of, stored: stored({ fax: '"A"' }, first(101)) })).toBe('update 5 fax');
  });
});

describe('rows that are not there', () => {
  const tombstone = stored({}, { deleted: true, latestKnown: 99 });
  test.each<readonly [string, Partial<Facts>, string]>([
    ['never were', { current: MISSING }, 'create name'],
    [
      'may not be made',
      { current: MISSING, rules: { ...RULES, allows: { ...RULES.allows, create: false } } },
      'inbound-not-mapped',
    ],
    ['are only to be updated', { current: MISSING, change: change({ op: 'update' }) }, 'inbound-dependency'],
    [
      'were there, and nobody knows when they went',
      { current: MISSING, stored: stored({ name: '"A"' }) },
      'inbound-dependency',
    ],
    ['the same by our own last write', { current: MISSING, record: record({}, { version: 6n }) }, 'inbound-dependency'],
    ['were deleted before the change', { stored: tombstone }, 'create name'],
    ['were deleted after the change', { stored: { ...tombstone, latestKnown: 100 } }, 'refused -lob.name/deleted'],
    [
      'were deleted after the change, which had a column of Dataverse, too',
      { stored: { ...tombstone, latestKnown: 100 }, change: change({ refused: ['creditlimit'] }) },
      'refused -lob.creditlimit/owner -lob.name/deleted',
    ],
    [
      'were deleted before the change, as a read shows',
      { stored: tombstone, record: record({}, { version: 6n }), current: MISSING },
      'create name',
    ],
  ])('%s', (_what, facts, then) => expect(words(facts)).toBe(then));
});

describe('deletions', () => {
  const gone = change({ op: 'delete', texts: new Map() });
  test.each<readonly [string, Partial<Facts>, string]>([
    ['the version is known', { stored: stored() }, 'delete 5'],
    ['it is not', {}, 'read'],
    ['a push is on top', { stored: stored({}, { hasPushOnTop: true }) }, 'read'],
    ['it is gone', { current: MISSING }, 'deleted'],
    [
      'it is as we left it',
      { record: record({}, { version: 6n }), stored: stored({}, { latestKnown: 500 }) },
      'delete 6',
    ],
    [
      'it is as we left it, as a read shows',
      { current: current({}, { modifiedOn: 500 }), record: record({}, { version: 7n }) },
      'delete 7',
    ],
    [
      'it is as we left it, over a change of others',
      { current: current({}, { modifiedOn: 500 }), record: record({}, { version: 7n, hasGap: true }) },
      'refused -lob./later',
    ],
    [
      'it is as we left it, over a later change that was known',
      {
        record: record({}, { version: 6n }),
        stored: stored({ name: '"A"' }, { latestKnown: 500, times: { columns: new Map([['name', 100]]) } }),
      },
      'read',
    ],
    ['something that is stored may be later', { stored: stored({}, { latestKnown: 100 }) }, 'read'],
    [
      'that version is asked for',
      {
        change: change({ op: 'delete', texts: new Map(), ifVersion: 5n }),
        current: current({}, { version: 5n, modifiedOn: 500 }),
      },
      'delete 5',
    ],
    [
      'Dataverse was changed earlier',
      { current: current({}, { modifiedOn: 99 }), stored: stored() },
      'delete 7 -dataverse./later',
    ],
    [
      'Dataverse was changed later',
      { current: current({}, { modifiedOn: 100 }), stored: stored() },
      'refused -lob./later',
    ],
    [
      'later, and that is stored',
      { current: current({}, { modifiedOn: 100 }), stored: stored({}, { latestKnown: 100 }) },
      'refused -lob./later',
    ],
    ['earlier, and that is stored', { current: current(), stored: stored() }, 'delete 7'],
    [
      'the LOB system has given a later value',
      { record: record({ name: { atMs: at(101) } }), stored: stored() },
      'superseded',
    ],
    ['it has deleted it already', { record: { ...NO_RECORD, deletedAtMs: at(100) } }, 'superseded'],
    ['not allowed', { rules: { ...RULES, allows: { ...RULES.allows, delete: false } } }, 'inbound-not-mapped'],
    [
      'without versions',
      { current: current(), stored: stored({}, { latestKnown: 100 }), optimistic: false },
      'delete any',
    ],
  ])('%s', (_what, facts, then) => expect(words({ change: gone, ...facts })).toBe(then));
});

describe('values that are put back', () => {
  const restore = change({ id: undefined, op: 'restore', texts: new Map() });
  const of = record({ fax: { text: '"F"' }, name: { text: '"N"' } });
  test.each<readonly [string, Partial<Facts>, string]>([
    ['the row is read first', {}, 'read'],
    [
      'only the LOB system’s own, whoever was later',
      { current: current({ fax: '"D"', name: '"D"' }, { modifiedOn: 500 }) },
      'update 7 fax',
    ],
    ['it is there', { current: current({ fax: '"F"' }) }, 'unchanged'],
    [
      'as Dataverse rounds it',
      {
        record: record({ fax: { text: '"F"', done: { text: '"F"', result: '"f"', version: 6n } } }),
        current: current({ fax: '"f"' }),
      },
      'unchanged',
    ],
    ['the row is gone', { current: MISSING }, 'unchanged'],
    ['nothing is owned', { record: record({ name: {} }) }, 'unchanged'],
  ])('%s', (_what, facts, then) => expect(words({ change: restore, record: of, ...facts })).toBe(then));
});

describe('the record', () => {
  const given = (text: string, atMs = at(100), by = 'm') => ({ by, atMs, texts: new Map([['name', text]]) });
  const WROTE = { overGap: false, ends: true };
  const outcome = (result: string, wrote?: typeof WROTE) => ({
    ...{ rowId: 'r', version: 9n, results: new Map([['name', result]]) },
    ...(wrote === undefined ? {} : { wrote }),
  });

  /** As an attempt ends that has noted itself what it was to send. */
  const ended = (
    of: InboundRecord,
    by: ReturnType<typeof given>,
    then: Parameters<typeof conclude>[2],
  ): InboundRecord => conclude(of, by, then, new Set([...by.texts.values()].map((text) => sendOf(text, by.by))));

  test('an intent is there before the value, and gone after it', () => {
    const intended = intend(NO_RECORD, given('"B"'));
    expect(intended.columns.get('name')).toEqual({ atMs: at(100), text: '"B"', maybe: sends('"B"') });
    expect(intend(intended, given('"B"'))).toBe(intended);
    const concluded = ended(intended, given('"B"'), outcome('"b"', WROTE));
    expect(concluded).toMatchObject({ rowId: 'r', version: 9n });
    expect(concluded.columns.get('name')).toEqual({
      atMs: at(100),
      text: '"B"',
      maybe: sends(),
      done: { text: '"B"', result: '"b"', version: 9n },
    });
  });

  const maybeOf = (of: InboundRecord): readonly string[] =>
    [...(of.columns.get('name')?.maybe ?? [])].map(([send, version]) => {
      const by = ['b', 'c', 'other'].find((one) => ['"B"', '"C"'].some((text) => send === sendOf(text, one)));
      return `${by} ${version}`;
    });
  const [b, c] = [given('"B"', at(100), 'b'), given('"C"', at(200), 'c')];

  test('a later intent stays, and what an earlier one may have written stays with it', () => {
    const two = intend(intend(NO_RECORD, b), c);
    expect(two.columns.get('name')?.text).toBe('"C"');
    expect(maybeOf(two)).toEqual(['b 0', 'c 0']);
    // Only looked at, so that the other one may still arrive.
    expect(maybeOf(ended(two, c, outcome('"C"')))).toEqual(['b 0']);
    expect(maybeOf(ended(two, c, undefined))).toEqual(['b 0']);
    expect(maybeOf(ended(two, c, outcome('"C"', WROTE)))).toEqual([]);
    expect(maybeOf(ended(two, c, outcome('"C"', { ...WROTE, ends: false })))).toEqual(['b 0']);
    expect(intend(two, b).columns.get('name')?.text).toBe('"C"');
  });

  test('who gives a later value for its message ends only what it noted itself', () => {
    const two = intend(intend(intend(NO_RECORD, b), c), { ...c, by: 'other' });
    expect(maybeOf(ended(two, { ...c, by: 'other' }, outcome('"C"')))).toEqual(['b 0', 'c 0']);
  });

  test('what an earlier attempt was to send may be there, unless the row is later and has another value', () => {
    const [of, none] = [intend(NO_RECORD, b, 8n), new Set<string>()];
    expect(maybeOf(conclude(of, b, undefined, none))).toEqual(['b 8']);
    expect(maybeOf(conclude(of, b, { ...outcome('"X"'), version: 8n }, none))).toEqual(['b 8']);
    expect(maybeOf(conclude(of, b, outcome('"X"'), none))).toEqual([]);
    expect(maybeOf(conclude(of, { ...b, by: 'c' }, outcome('"X"'), none))).toEqual(['b 8']);
  });

  test('what is to make a row is ended by its own message only', () => {
    const [of, none] = [intend(NO_RECORD, b, ROW_MISSING), new Set<string>()];
    const open = `b ${ROW_MISSING}`;
    expect(maybeOf(conclude(of, { ...b, by: 'c' }, outcome('"X"', WROTE), none))).toEqual([open]);
    expect(maybeOf(conclude(of, b, undefined, none))).toEqual([open]);
    expect(maybeOf(conclude(of, b, outcome('"X"'), none))).toEqual([]);
    expect(maybeOf(ended(of, b, outcome('"B"', WROTE)))).toEqual([]);
    expect(maybeOf(decodeRecord(encodeRecord(of)))).toEqual([open]);
  });

  test('a write ends what was sent for earlier versions, not what is under way for its own', () => {
    const two = intend(intend(NO_RECORD, b, 8n), c, 5n);
    const own = intend(two, c, 8n);
    expect(intend(own, c, 7n)).toBe(own);
    expect(maybeOf(ended(own, c, outcome('"C"', WROTE)))).toEqual([]);
    // Of a write of other columns it may be what the row has.
    expect(maybeOf(ended(own, { ...c, by: 'other', texts: new Map() }, outcome('"C"', WROTE)))).toEqual(['b 8', 'c 8']);
    const other = intend(own, { ...c, by: 'other' }, 9n);
    expect(maybeOf(ended(other, c, outcome('"C"', WROTE)))).toEqual(['other 9']);
  });

  const text = fc.stringMatching(/^"[a-c]{0,2}"$/);
  const note = fc.record(
    {
      atMs: fc.nat(),
      text,
      maybe: fc
        .array(
          fc.tuple(
            text.map((of) => sendOf(of, 'm')),
            fc.bigInt(0n, 9n),
          ),
          { maxLength: 3 },
        )
        .map((of) => new Map(of)),
      done: fc.record({ text, result: text, version: fc.bigInt(1n, 10n ** 18n) }),
    },
    { requiredKeys: ['atMs', 'text', 'maybe'] },
  );
  const any: fc.Arbitrary<InboundRecord> = fc.record(
    {
      ids: fc.array(fc.string(), { maxLength: 16 }),
      rowId: fc.uuid(),
      version: fc.bigInt(0n, 10n ** 18n),
      columns: fc
        .dictionary(fc.constantFrom('a', 'b', '__proto__x'), note, { noNullPrototype: true })
        .map((of) => new Map(Object.entries(of))),
      deletedAtMs: fc.nat(),
      hasGap: fc.constant(true as const),
      restores: fc.record({ sinceMs: fc.nat(), count: fc.nat() }),
    },
    { requiredKeys: ['ids', 'version', 'columns'] },
  );
  test('comes back from its text', () =>
    fc.assert(fc.property(any, (of) => expect(decodeRecord(encodeRecord(of))).toEqual(of))));
  test('of two of one row the later value counts, whichever is merged into the other, and nothing that may be written is forgotten', () =>
    fc.assert(
      fc.property(any, any, (one, other) => {
        const merged = merge(one, other);
        for (const column of ['a', 'b']) {
          const [a, b] = [one.columns.get(column), other.columns.get(column)];
          const both = [a, b].filter((of) => of !== undefined);
          const result = merged.columns.get(column);
          expect(result?.atMs).toBe(both.length === 0 ? undefined : Math.max(...both.map(({ atMs }) => atMs)));
          for (const [print, version] of both.flatMap(({ maybe }) => [...maybe]))
            expect(result?.maybe.get(print)).toBeGreaterThanOrEqual(version);
          const versions = both.flatMap(({ done }) => (done === undefined ? [] : [done.version]));
          expect(result?.done?.version).toBe(
            versions.reduce<bigint | undefined>((max, of) => (max === undefined || of > max ? of : max), undefined),
          );
        }
      }),
    ));
});

describe('whatever is known', () => {
  const texts = fc.constantFrom('"A"', '"B"', '"C"', '"D"');
  const facts = fc.record({
    now: texts,
    wants: texts,
    has: fc.option(texts, { nil: undefined }),
    note: fc.option(fc.record({ text: texts, result: texts, maybe: texts, lag: fc.boolean(), sure: fc.boolean() }), {
      nil: undefined,
    }),
    modifiedOn: fc.integer({ min: 95, max: 105 }),
    column: fc.constantFrom('name', 'fax'),
  });
  test('a value of the LOB system’s own column is never lost, any other one only to a later change that nobody here knew', () =>
    fc.assert(
      fc.property(facts, ({ now, wants, has, note, modifiedOn, column }) => {
        const notes = note && {
          [column]: {
            text: note.text,
            maybe: note.sure ? sends() : sends(note.maybe),
            done: { text: note.text, result: note.result, version: note.lag ? 6n : 4n },
          },
        };
        const taken = step({
          change: change({ texts: new Map([[column, wants]]) }),
          record: record(notes),
          stored: has === undefined ? undefined : stored({ [column]: has }),
          current: current({ [column]: now }, { modifiedOn }),
        });
        const isLost = taken.lost.some(({ loser }) => loser === 'lob');
        const isSent = taken.kind === 'update' && taken.columns.includes(column);
        const isThere = now === wants || (note?.text === wants && note.result === now);
        expect([isSent, isThere, isLost].filter(Boolean)).toHaveLength(1);
        if (isLost) {
          expect(column).toBe('name');
          expect(modifiedOn).toBeGreaterThanOrEqual(100);
          // What is stored is known, unless it is from before our own last write.
          expect([note?.lag === true ? undefined : has, note?.result]).not.toContain(now);
        }
      }),
      { numRuns: 2000 },
    ));
  test('nothing is left out as unchanged that Dataverse may not have', () =>
    fc.assert(
      fc.property(facts, fc.boolean(), ({ wants, has, note, column }, hasPushOnTop) => {
        const notes = note && {
          [column]: {
            text: note.text,
            maybe: note.sure ? sends() : sends(note.maybe),
            done: { text: note.text, result: note.result, version: note.lag ? 6n : 4n },
          },
        };
        const taken = step({
          change: change({ texts: new Map([[column, wants]]) }),
          record: record(notes, { version: note?.lag === true ? 6n : 0n }),
          stored: has === undefined ? undefined : stored({ [column]: has }, { hasPushOnTop }),
        });
        if (taken.kind !== 'done') return;
        // What may have been written is this very value; and the latest that is known to have been is it, or was made of it.
        if (note?.sure === false) expect(note.maybe).toBe(wants);
        const latest = note?.lag === true || has === undefined ? note?.result : has;
        expect([latest === wants, note?.text === wants && note.result === latest]).toContain(true);
      }),
      { numRuns: 2000 },
    ));
});
