/**
 * Proves that `decide` is the deciding rule: every cell of its table with the boundaries of each comparison, every way in which
 * the stamp moves, the plausibility of a read-back, and what happens to an unprovable order without a Web API.
 * Each test is named after its cell (docs/how-it-works.md#decision-table).
 */
import { describe, expect, test } from '@jest/globals';
import { BEGINNING } from '../../shared/change/instant';
import type { RowChange } from '../../shared/change/row-change';
import {
  applyUnproven,
  decide,
  leavesNoTrace,
  readLags,
  decideByReadBack,
  type Decision,
  type Rule,
  type StoredState,
} from '../../shared/writer/decide';
import { NO_STAMP, RECENT_KEYS, withKeys, type Stamp } from '../../shared/lob/stamp';
import {
  RULE,
  STRICT,
  eventDelete,
  found,
  unconfirmed,
  image,
  missing,
  patch,
  pulledDelete,
  pulledRow,
  stamp,
} from './changes';

/** Stored at version 100; all before second 1000 is contained, all after 1010 is newer; written long after any run. */
const FIELDS = { version: 100n, knownUntil: 1000, latestKnown: 1010, recentKeys: ['old'] };

const stored = (of: Partial<Stamp> = {}, rest: Partial<StoredState> = {}): StoredState => ({
  stamp: stamp({ ...FIELDS, ...of }),
  hidden: false,
  writtenAt: 9999,
  sameData: () => false,
  ...rest,
});

const ROW = stored();
const AHEAD = stored({ hasPushOnTop: true });
const AHEAD_SAME = stored({ hasPushOnTop: true }, { sameData: () => true });
const TOMBSTONE = stored({ deleted: true });
const HIDDEN = stored({}, { hidden: true });
const NOTHING = undefined;

/** A decision in a few words. */
const inWords = (decision: Decision | undefined): string => {
  switch (decision?.kind) {
    case undefined:
      return 'undecided';
    case 'skip':
      return decision.verdict;
    case 'readBack':
      return 'read back';
    case 'write':
      return `${decision.verdict}, ${decision.data} the columns`;
  }
};

type Case = readonly [when: string, before: StoredState | undefined, change: RowChange, then: string, rule?: Rule];

const cell = (name: string, cases: readonly Case[]): void =>
  describe(name, () => {
    test.each(cases)('%s', (_when, before, change, then, rule = RULE) => {
      expect(inWords(decide(before, change, rule))).toBe(then);
    });
  });

const APPLY = 'applied, snapshot the columns';
const MERGE = 'merged, patch the columns';
const REPLACE = 'replaced, snapshot the columns';
const TOMB = 'deleted, clear the columns';
const TOUCH = 'touched, keep the columns';
const REFRESH = 'refreshed, snapshot the columns';
const ADOPT = 'adopted, keep the columns';

describe('the table', () => {
  cell('key in ring × event: patch or image: "duplicate"', [
    ['a patch on a row', ROW, patch({ key: 'old' }), 'duplicate'],
    ['an image on a row', ROW, image({ key: 'old' }), 'duplicate'],
    ['a patch that would be stale as well', ROW, patch({ key: 'old', at: 1 }), 'duplicate'],
    ['a patch on a tombstone', TOMBSTONE, patch({ key: 'old' }), 'duplicate'],
    ['another key is no duplicate', ROW, patch({ key: 'older' }), MERGE],
  ]);
  cell('key in ring × event: delete: "duplicate"', [
    ['on a row', ROW, eventDelete({ key: 'old' }), 'duplicate'],
    ['on a tombstone', TOMBSTONE, eventDelete({ key: 'old' }), 'duplicate'],
  ]);
  cell('nothing × event: patch or image: "read back"', [
    ['a trusted patch', NOTHING, patch(), 'read back'],
    ['an untrusted patch', NOTHING, patch({ isTrusted: false }), 'read back'],
    ['a trusted image', NOTHING, image(), 'read back'],
    ['an image dated before everything', NOTHING, image({ at: BEGINNING - 1 }), 'read back'],
  ]);
  describe('nothing × image [S1 floor]: "at sure and > floor: replace"', () => {
    test.each([
      ['one second after the ghost floor', image({ at: 1020 }), 1019, REPLACE],
      ['at = floor', image({ at: 1020 }), 1020, 'read back'],
      ['not trusted', image({ at: 1020, isTrusted: false }), 1019, 'read back'],
      ['a patch is no whole row', patch({ at: 1020 }), 1019, 'read back'],
      ['before the first load the ghost floor is infinite', image({ at: 1020 }), undefined, 'read back'],
    ] as const)('%s', (_when, change, floor, then) => {
      expect(inWords(decide(NOTHING, change, RULE, floor))).toBe(then);
    });
    test('on a tombstone the ghost floor counts for nothing', () =>
      expect(inWords(decide(TOMBSTONE, image({ at: 1020 }), RULE, 1))).toBe('read back'));
  });
  cell('nothing × event: delete: "tombstone"', [['', NOTHING, eventDelete(), TOMB]]);
  cell('nothing × pulled row: "apply; run\'s lease lost: read back"', [
    ['the lease is held', NOTHING, pulledRow(), APPLY],
    ['the lease is lost', NOTHING, pulledRow({ leased: false }), 'read back'],
  ]);
  cell('nothing × pulled delete: "tombstone (also for an unknown id)"', [['', NOTHING, pulledDelete(), TOMB]]);
  cell('row × event: patch or image: "at < knownUntil: stale"', [
    ['one second before base', ROW, patch({ at: 999 }), 'stale'],
    ['an image before base', ROW, image({ at: 999 }), 'stale'],
    [
      'untrusted, before knownUntil: OperationCreatedOn may prove an event old',
      ROW,
      patch({ at: 999, isTrusted: false }),
      'stale',
    ],
    ['at = base', ROW, patch({ at: 1000 }), 'read back'],
    ['between base and seen', ROW, patch({ at: 1005 }), 'read back'],
  ]);
  cell('row × event: patch or image: "at > seen and isTrusted: merge (image: replace). else read back"', [
    ['at = latestKnown: "later" means strictly later', ROW, patch({ at: 1010 }), 'read back'],
    ['an image at = seen', ROW, image({ at: 1010 }), 'read back'],
    ['one second after seen', ROW, patch({ at: 1011 }), MERGE],
    ['an image one second after seen', ROW, image({ at: 1011 }), REPLACE],
    [
      'untrusted, after latestKnown: OperationCreatedOn never proves an event new',
      ROW,
      patch({ isTrusted: false }),
      'read back',
    ],
    ['an untrusted image after seen', ROW, image({ isTrusted: false }), 'read back'],
    ['after seen on a row that is ahead', AHEAD, patch({ at: 1011 }), MERGE],
    ['an image after seen on a row that is ahead', AHEAD, image({ at: 1011 }), REPLACE],
  ]);
  cell('hidden row × event: patch: "read back", as its columns are not stored', [
    ['after seen', HIDDEN, patch({ at: 1011 }), 'read back'],
    ['before base', HIDDEN, patch({ at: 999 }), 'stale'],
    ['in the ring', HIDDEN, patch({ key: 'old' }), 'duplicate'],
    ['an image brings all columns', HIDDEN, image({ at: 1011 }), REPLACE],
    ['an image at = seen', HIDDEN, image({ at: 1010 }), 'read back'],
    ['a delete', HIDDEN, eventDelete(), 'read back'],
  ]);
  cell('hidden row × pulled: as any row', [
    ['a newer row', HIDDEN, pulledRow(), APPLY],
    ['an older row', HIDDEN, pulledRow({ version: 99n }), 'contained'],
    [
      'hidden on both sides, ahead',
      stored({ hasPushOnTop: true }, { hidden: true, sameData: () => true }),
      pulledRow(),
      ADOPT,
    ],
    ['a delete', HIDDEN, pulledDelete(), 'read back'],
    ['a delete, written before the run', stored({}, { hidden: true, writtenAt: 1024 }), pulledDelete(), TOMB],
  ]);
  cell('row × event: delete: "read back"', [
    ['after seen', ROW, eventDelete({ at: 1011 }), 'read back'],
    ['before base', ROW, eventDelete({ at: 1 }), 'read back'],
    ['even if it were trusted', ROW, eventDelete({ at: 1011, isTrusted: true }), 'read back'],
    ['ahead', AHEAD, eventDelete(), 'read back'],
  ]);
  cell('row × pulled row: "V <= v: contained"', [
    ['V < v', ROW, pulledRow({ version: 99n }), 'contained'],
    ['V = v, same data', stored({}, { sameData: () => true }), pulledRow({ version: 100n }), 'contained'],
    ['V = v, not known what', stored({}, { sameData: () => undefined }), pulledRow({ version: 100n }), 'contained'],
    [
      'V = v on a row that is ahead, same data',
      AHEAD_SAME,
      pulledRow({ version: 100n, modifiedOn: 2000 }),
      'contained',
    ],
    [
      'V = v, same data, written before the run',
      stored({}, { writtenAt: 1, sameData: () => true }),
      pulledRow({ version: 100n }),
      'contained',
    ],
  ]);
  cell('row × pulled row: "V = v, other data, lease held: refresh"', [
    ['V = v', ROW, pulledRow({ version: 100n }), REFRESH],
    ['the lease is lost', ROW, pulledRow({ version: 100n, leased: false }), 'contained'],
  ]);
  cell('row × pulled row: "V = v, ahead, other data: refresh [S2], else read back"', [
    ['written since the run began', AHEAD, pulledRow({ version: 100n, modifiedOn: 2000 }), 'read back'],
    [
      'only the margin before',
      stored({ hasPushOnTop: true }, { writtenAt: 1025 }),
      pulledRow({ version: 100n }),
      'read back',
    ],
    [
      'a second and the margin before',
      stored({ hasPushOnTop: true }, { writtenAt: 1024 }),
      pulledRow({ version: 100n }),
      REFRESH,
    ],
    ['V < v', stored({ hasPushOnTop: true }, { writtenAt: 1024 }), pulledRow({ version: 99n }), 'contained'],
    [
      'whether the data differ is not known',
      stored({ hasPushOnTop: true }, { sameData: () => undefined }),
      pulledRow({ version: 100n }),
      'contained',
    ],
  ]);
  cell('row × pulled row: "not hasPushOnTop: apply"', [
    ['V = v + 1', ROW, pulledRow({ version: 101n }), APPLY],
    ['modifiedon has gone back', ROW, pulledRow({ version: 101n, modifiedOn: 1 }), APPLY],
    [
      'versions beyond 2^53 differ in their last digit',
      stored({ version: 9007199254740992n }),
      pulledRow({ version: 9007199254740993n }),
      APPLY,
    ],
    ['the lease is lost: rows need none', ROW, pulledRow({ leased: false }), APPLY],
    ['strict', ROW, pulledRow(), APPLY, STRICT],
  ]);
  cell('row × pulled row: "hasPushOnTop: modifiedon > latestKnown: apply; same data: adopt; else read back"', [
    ['modifiedon = seen', AHEAD, pulledRow({ modifiedOn: 1010 }), 'read back'],
    ['modifiedon > seen', AHEAD, pulledRow({ modifiedOn: 1011 }), APPLY],
    ['modifiedon = seen, same data', AHEAD_SAME, pulledRow({ modifiedOn: 1010 }), ADOPT],
    ['modifiedon > seen, same data', AHEAD_SAME, pulledRow({ modifiedOn: 1011 }), APPLY],
  ]);
  cell('row × pulled row [S2]: "stamp last written before the pulled page\'s RUN began: apply"', [
    ['a second and the margin before', stored({ hasPushOnTop: true }, { writtenAt: 1024 }), pulledRow(), APPLY],
    ['only the margin before', stored({ hasPushOnTop: true }, { writtenAt: 1025 }), pulledRow(), 'read back'],
    ['strict as well', stored({ hasPushOnTop: true }, { writtenAt: 1024 }), pulledRow(), APPLY, STRICT],
  ]);
  cell('row × pulled delete / sweep candidate: "read back [S2]"', [
    ['written since the run began', ROW, pulledDelete(), 'read back'],
    ['written the margin before', stored({}, { writtenAt: 1025 }), pulledDelete(), 'read back'],
    ['written a second and the margin before', stored({}, { writtenAt: 1024 }), pulledDelete(), TOMB],
    ['the same on a row that is ahead', stored({ hasPushOnTop: true }, { writtenAt: 1024 }), pulledDelete(), TOMB],
    ['the lease is lost', stored({}, { writtenAt: 1024 }), pulledDelete({ leased: false }), 'read back'],
  ]);
  cell('tombstone × event: patch or image: "at < knownUntil: stale. else read back"', [
    ['one second before base', TOMBSTONE, patch({ at: 999 }), 'stale'],
    ['at = base', TOMBSTONE, patch({ at: 1000 }), 'read back'],
    ['after seen and isTrusted: a tombstone is never merged onto', TOMBSTONE, patch({ at: 1011 }), 'read back'],
    ['an image after seen and trusted', TOMBSTONE, image({ at: 1011 }), 'read back'],
  ]);
  cell('tombstone × event: delete: "touch"', [
    ['after seen', TOMBSTONE, eventDelete(), TOUCH],
    ['before base', TOMBSTONE, eventDelete({ at: 1 }), TOUCH],
  ]);
  cell('tombstone × pulled row: "V <= v: contained. else read back"', [
    ['V = v', TOMBSTONE, pulledRow({ version: 100n }), 'contained'],
    ['V = v + 1', TOMBSTONE, pulledRow({ version: 101n }), 'read back'],
    ['modifiedon > seen', TOMBSTONE, pulledRow({ modifiedOn: 2000 }), 'read back'],
    [
      'written before the run began [S2]: "Rows only, never tombstones"',
      stored({ deleted: true }, { writtenAt: 1 }),
      pulledRow(),
      'read back',
    ],
  ]);
  cell('tombstone × pulled delete: "touch"', [['', TOMBSTONE, pulledDelete(), TOUCH]]);
  cell('any, unconfirmed: "read back; nothing of the unconfirmed change is stored"', [
    ['nothing', NOTHING, unconfirmed(), 'read back'],
    ['row', ROW, unconfirmed(), 'read back'],
    ['tombstone', TOMBSTONE, unconfirmed(), 'read back'],
    [
      'an unconfirmed change whose key is in the recent keys is no duplicate: it may be another try',
      ROW,
      unconfirmed({ key: 'old' }),
      'read back',
    ],
    ['an unconfirmed change of a delete', ROW, { ...eventDelete(), evidence: unconfirmed().evidence }, 'read back'],
  ]);
  cell('strict mode: "merge only when not ahead (else read back), and no modifiedon > latestKnown: apply"', [
    ['a patch on a row that is not ahead', ROW, patch({ at: 1011 }), MERGE, STRICT],
    ['a patch on a row that is ahead', AHEAD, patch({ at: 1011 }), 'read back', STRICT],
    ['an image on a row that is not ahead', ROW, image({ at: 1011 }), REPLACE, STRICT],
    ['an image on a row that is ahead', AHEAD, image({ at: 1011 }), 'read back', STRICT],
    ['a pulled row with modifiedon > seen', AHEAD, pulledRow({ modifiedOn: 1011 }), 'read back', STRICT],
    ['a pulled row with the same data', AHEAD_SAME, pulledRow({ modifiedOn: 1011 }), ADOPT, STRICT],
  ]);
});

/** The stamp that a decision writes. */
const stampOf = (decision: Decision | undefined): Stamp => {
  if (decision?.kind !== 'write') throw new Error(`nothing is written: ${inWords(decision)}`);
  return decision.stamp;
};

describe('how the stamp moves', () => {
  const moved = (before: StoredState | undefined, change: RowChange, rule = RULE): Stamp =>
    stampOf(decide(before, change, rule));

  describe('apply pulled row: V | max(modifiedon, begin-M) | max(b.seen, modifiedon, end) | not ahead | not gone', () => {
    test('on nothing', () => {
      const applied = {
        version: 200n,
        knownUntil: 1025,
        latestKnown: 1040,
        hasPushOnTop: false,
        deleted: false,
        recentKeys: [],
      };
      expect(moved(NOTHING, pulledRow())).toEqual(applied);
    });
    test('modifiedon is later than begin-M', () =>
      expect(moved(ROW, pulledRow({ modifiedOn: 1028 }))).toMatchObject({ knownUntil: 1028, latestKnown: 1040 }));
    test('modifiedon is later than end', () =>
      expect(moved(ROW, pulledRow({ modifiedOn: 1060 }))).toMatchObject({ knownUntil: 1060, latestKnown: 1060 }));
    test('the stored seen is later than both', () =>
      expect(moved(stored({ latestKnown: 5000 }), pulledRow())).toMatchObject({ latestKnown: 5000 }));
    test('base comes from the read alone and may go back', () =>
      expect(moved(stored({ knownUntil: 5000, latestKnown: 5000 }), pulledRow())).toMatchObject({ knownUntil: 1025 }));
    test('what was ahead no longer is; the ring stays', () =>
      expect(moved(AHEAD, pulledRow({ modifiedOn: 1011 }))).toMatchObject({
        hasPushOnTop: false,
        recentKeys: ['old'],
      }));
  });

  describe('fenced read-back 200: as a pulled row, + key of the change that caused it', () => {
    test('on a row', () =>
      expect(decideByReadBack(AHEAD.stamp, found(300n), ['k1'], RULE)).toEqual({
        kind: 'write',
        verdict: 'readBack',
        data: 'snapshot',
        stamp: {
          version: 300n,
          knownUntil: 1045,
          latestKnown: 1052,
          hasPushOnTop: false,
          deleted: false,
          recentKeys: ['old', 'k1'],
        },
      }));
    test('[I15] on a tombstone the row lives again', () =>
      expect(decideByReadBack(TOMBSTONE.stamp, found(300n), ['k1'], RULE).stamp.deleted).toBe(false));
    test('with no comparison at all: a lower version and an older modifiedon are written too', () =>
      expect(decideByReadBack(ROW.stamp, found(1n, undefined, { modifiedOn: 1 }), [], RULE)).toMatchObject({
        data: 'snapshot',
        stamp: { version: 1n },
      }));
    test('all keys of the changes that waited together, each once', () =>
      expect(decideByReadBack(ROW.stamp, found(300n), ['k1', 'k2', 'k1', 'old'], RULE).stamp.recentKeys).toEqual([
        'old',
        'k1',
        'k2',
      ]));
  });

  describe('fenced read-back 404: v same | max(b.base, begin-M) | max(b.seen, end) | not ahead | gone | + key', () => {
    test('on a row', () =>
      expect(decideByReadBack(AHEAD.stamp, missing(), ['k1'], RULE)).toEqual({
        kind: 'write',
        verdict: 'readBack',
        data: 'clear',
        stamp: {
          version: 100n,
          knownUntil: 1045,
          latestKnown: 1052,
          hasPushOnTop: false,
          deleted: true,
          recentKeys: ['old', 'k1'],
        },
      }));
    test('on nothing', () =>
      expect(decideByReadBack(undefined, missing(), [], RULE).stamp).toEqual({
        ...NO_STAMP,
        knownUntil: 1045,
        latestKnown: 1052,
        deleted: true,
      }));
    test('the stored base and seen are later', () =>
      expect(decideByReadBack(stamp({ knownUntil: 5000, latestKnown: 6000 }), missing(), [], RULE).stamp).toMatchObject(
        {
          knownUntil: 5000,
          latestKnown: 6000,
        },
      ));
  });

  test('merge patch: changed columns only | v same | base same | seen = at | ahead | not gone | + key', () =>
    expect(moved(ROW, patch({ at: 1020 }))).toEqual({
      version: 100n,
      knownUntil: 1000,
      latestKnown: 1020,
      hasPushOnTop: true,
      deleted: false,
      recentKeys: ['old', 'k1'],
    }));

  test('replace by image: v same | base = at | seen = at | ahead | not gone | + key', () =>
    expect(moved(ROW, image({ at: 1020 }))).toEqual({
      version: 100n,
      knownUntil: 1020,
      latestKnown: 1020,
      hasPushOnTop: true,
      deleted: false,
      recentKeys: ['old', 'k1'],
    }));

  test('replace by image on nothing [S1]: v 0 | base = at | seen = at | ahead | not gone | key', () =>
    expect(stampOf(decide(NOTHING, image({ at: 1020 }), RULE, 1019))).toEqual({
      version: 0n,
      knownUntil: 1020,
      latestKnown: 1020,
      hasPushOnTop: true,
      deleted: false,
      recentKeys: ['k1'],
    }));

  test('adopt: columns unchanged | V | max(b.base, modifiedon, begin-M) | max(b.seen, modifiedon, end) | ahead stays | ring same', () =>
    expect(moved(AHEAD_SAME, pulledRow())).toEqual({
      version: 200n,
      knownUntil: 1025,
      latestKnown: 1040,
      hasPushOnTop: true,
      deleted: false,
      recentKeys: ['old'],
    }));

  test('adopt: the stored base and seen are later', () =>
    expect(
      moved(stored({ hasPushOnTop: true, knownUntil: 5000, latestKnown: 6000 }, { sameData: () => true }), pulledRow()),
    ).toMatchObject({
      knownUntil: 5000,
      latestKnown: 6000,
    }));

  test('tombstone by event delete on nothing: v 0 | base -1 | seen = at | gone | + key', () =>
    expect(moved(NOTHING, eventDelete({ at: 1020 }))).toEqual({
      version: 0n,
      knownUntil: -1,
      latestKnown: 1020,
      hasPushOnTop: false,
      deleted: true,
      recentKeys: ['k1'],
    }));

  describe('tombstone by pulled delete: v same | max(b.base, begin-M) | max(b.seen, end) | gone | ring same', () => {
    test('on nothing', () =>
      expect(moved(NOTHING, pulledDelete())).toEqual({
        ...NO_STAMP,
        knownUntil: 1025,
        latestKnown: 1040,
        deleted: true,
      }));
    test('on a row written before the run', () =>
      expect(moved(stored({ hasPushOnTop: true }, { writtenAt: 1 }), pulledDelete())).toEqual({
        version: 100n,
        knownUntil: 1025,
        latestKnown: 1040,
        hasPushOnTop: false,
        deleted: true,
        recentKeys: ['old'],
      }));
  });

  describe('touch: columns none | v same | base same | max(b.seen, end if pulled) | gone | + key', () => {
    test('by an event', () =>
      expect(moved(TOMBSTONE, eventDelete({ at: 5000 }))).toEqual({ ...TOMBSTONE.stamp, recentKeys: ['old', 'k1'] }));
    test('by a pull', () =>
      expect(moved(TOMBSTONE, pulledDelete())).toEqual({ ...TOMBSTONE.stamp, latestKnown: 1040 }));
    test('by a pull whose end is before seen', () =>
      expect(moved(TOMBSTONE, pulledDelete({ end: 1 }))).toEqual(TOMBSTONE.stamp));
  });

  test('the ring holds the last keys, the oldest falls out', () => {
    const full = Array.from({ length: RECENT_KEYS }, (_, n) => `k${n}`);
    expect(withKeys(full, ['new'])).toEqual([...full.slice(1), 'new']);
    expect(withKeys(full, ['k3'])).toBe(full);
  });
});

const notice = (version: bigint) => unconfirmed({ atLeast: { version, at: 1020 } });

describe('a read-back is plausible unless "version below v, or (event) modifiedon below the event\'s at"', () => {
  test.each([
    ['version below v', ROW.stamp, found(99n), [], true],
    ['version = v', ROW.stamp, found(100n), [], false],
    ['nothing stored', undefined, found(1n), [], false],
    ['missing is no lag', ROW.stamp, missing(), [patch({ at: 2000 })], false],
    ["modifiedon below the event's at", ROW.stamp, found(200n, undefined, { modifiedOn: 1019 }), [patch()], true],
    ["modifiedon = the event's at", ROW.stamp, found(200n, undefined, { modifiedOn: 1020 }), [patch()], false],
    ['OperationCreatedOn is no modifiedon', ROW.stamp, found(200n), [patch({ at: 2000, isTrusted: false })], false],
    ['an unconfirmed change has no time', ROW.stamp, found(200n), [unconfirmed()], false],
    ['a notice of a version: the read shows an older one', ROW.stamp, found(200n), [notice(201n)], true],
    ['the read shows that version', ROW.stamp, found(200n), [notice(200n)], false],
    ['a second less than a minute after it', ROW.stamp, found(200n, undefined, { begin: 1079 }), [notice(201n)], true],
    [
      'a minute after it the read is believed',
      ROW.stamp,
      found(200n, undefined, { begin: 1080 }),
      [notice(201n)],
      false,
    ],
    [
      'modifiedon went back: a minute after the event the read is believed',
      ROW.stamp,
      found(200n, undefined, { modifiedOn: 1019, begin: 1080 }),
      [patch()],
      false,
    ],
    ['one event of several', ROW.stamp, found(200n), [patch({ at: 1 }), patch({ at: 1021 })], true],
    ['the page that caused it shows a newer one', ROW.stamp, found(199n), [pulledRow({ version: 200n })], true],
    ['the page that caused it shows the same', ROW.stamp, found(200n), [pulledRow({ version: 200n })], false],
    ['a pulled deletion has no version', ROW.stamp, found(100n), [pulledDelete()], false],
  ] as const)('%s', (_when, before, read, changes, lags) => {
    expect(readLags(before, read, changes)).toBe(lags);
  });
});

test.each([
  ['only notices of it', undefined, missing(), [unconfirmed(), unconfirmed()], true],
  ['something is stored', ROW.stamp, missing(), [unconfirmed()], false],
  ['the row is there', undefined, found(1n), [unconfirmed()], false],
  ['also an event', undefined, missing(), [unconfirmed(), patch()], false],
  [
    'also a notice of its deletion',
    undefined,
    missing(),
    [unconfirmed(), { ...eventDelete(), evidence: unconfirmed().evidence }],
    false,
  ],
] as const)('a read-back without a trace? %s', (_when, before, read, changes, leaves) => {
  expect(leavesNoTrace(before, read, changes)).toBe(leaves);
});

test.each([
  ['a pulled row on nothing', NOTHING, pulledRow(), true],
  ['a refreshed row', ROW, pulledRow({ version: 100n }), true],
  ['a row that a pull no longer shows', stored({}, { writtenAt: 1024 }), pulledDelete(), true],
  ['a newer pulled row', ROW, pulledRow(), undefined],
  ['an event', ROW, patch({ at: 1011 }), undefined],
] as const)('right only while the run holds its lease? %s', (_when, before, change, leased) => {
  const decision = decide(before, change, RULE);
  expect(decision.kind === 'write' ? decision.leased : decision).toBe(leased);
});

describe('without a Web API an unprovable event is applied as it comes', () => {
  test('a delete leaves a tombstone that keeps the version', () =>
    expect(applyUnproven(ROW.stamp, eventDelete({ at: 1020 }))).toMatchObject({
      data: 'clear',
      stamp: { version: 100n, knownUntil: 1000, latestKnown: 1020, deleted: true, recentKeys: ['old', 'k1'] },
    }));
  test('a patch is merged onto a row', () =>
    expect(applyUnproven(ROW.stamp, patch({ at: 1005 }))).toMatchObject({
      data: 'patch',
      verdict: 'merged',
      stamp: {
        version: 100n,
        knownUntil: 1000,
        latestKnown: 1010,
        hasPushOnTop: true,
        deleted: false,
        recentKeys: ['old', 'k1'],
      },
    }));
  test.each([
    ['a patch on a tombstone', TOMBSTONE.stamp, patch()],
    ['an image on a row', ROW.stamp, image()],
  ])('%s becomes the row', (_when, before, change) =>
    expect(applyUnproven(before, change)).toMatchObject({
      data: 'snapshot',
      verdict: 'replaced',
      stamp: { hasPushOnTop: true, deleted: false },
    }),
  );
  test('a patch on nothing is all that is known of the row', () =>
    expect(applyUnproven(undefined, patch())).toMatchObject({
      data: 'patch',
      stamp: { version: 0n, knownUntil: BEGINNING, latestKnown: 1020, hasPushOnTop: true, deleted: false },
    }));
  test('an unconfirmed change never is: it may not have happened', () =>
    expect(applyUnproven(ROW.stamp, unconfirmed())).toBeUndefined());
  test('a pulled row needs no such thing', () => expect(applyUnproven(ROW.stamp, pulledRow())).toBeUndefined());
});
