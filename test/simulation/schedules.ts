import fc from 'fast-check';
import type { RowAddress } from '../../shared/change/row-change';
import type { Command, Schedule, Which } from './command';
import { IDS, LINKS, LINK_IDS, TABLES, keyOfId, linkedBy, type Push } from './simulated-dataverse';

const [FIRST = '', SECOND = ''] = IDS;
const which = fc.constantFrom(0 as const, 1 as const);
const table = fc.constantFrom(TABLES[0], TABLES[0], TABLES[1]);
/** Most of what happens, happens to one row. */
const row: fc.Arbitrary<RowAddress> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ table: TABLES[0], id: FIRST }) },
  { weight: 1, arbitrary: fc.record({ table, id: fc.constantFrom(...IDS) }) },
);
const push = fc.constantFrom(
  'patch',
  'patch',
  'patch',
  'image',
  'image',
  'unconfirmed',
  'unconfirmed',
  'truncated',
  'none',
  'none',
);
const kind = <K extends Command['kind']>(of: K): fc.Arbitrary<K> => fc.constant(of);

/** A few, or enough for nearly everything that was begun to end. */
const steps = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 30 }) },
  { weight: 1, arbitrary: fc.constant(300) },
);

/** Commands by how often they come. */
type Weighted = fc.WeightedArbitrary<Command>;

const changes: readonly Weighted[] = [
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind('write'),
      row,
      names: fc.constantFrom(['a'], ['b'], ['a', 'b']),
      back: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2, 8, -4000),
      push,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('write'),
      row,
      names: fc.constant(['a']),
      back: fc.constant(-4000),
      lies: fc.constant(true as const),
      push,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('delete'), row, late: fc.nat({ max: 1 }), push }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('rollBack'), row }) },
];

const deliveries: readonly Weighted[] = [
  {
    weight: 8,
    arbitrary: fc.record({
      kind: kind('deliver'),
      which: fc.nat({ max: 20 }),
      count: fc.constantFrom(1, 1, 2, 3, 8),
      to: which,
      keep: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('repeat'), which: fc.nat({ max: 20 }), to: which }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('drop'), which: fc.nat({ max: 20 }), count: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('replay'), by: which, operator: fc.boolean() }) },
];

const passing: readonly Weighted[] = [
  { weight: 4, arbitrary: fc.record({ kind: kind('tick'), seconds: fc.constantFrom(1, 1, 1, 2, 3, 9, 20) }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('step'), count: steps }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('pull'), table, by: which }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('loseLease'), table }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('expireTokens') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('crash'), which }) },
];

const passingMishaps: readonly Weighted[] = [
  { weight: 1, arbitrary: fc.record({ kind: kind('weather'), faults: fc.constantFrom(0, 0, 0.05, 0.3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('setClock'),
      of: fc.constantFrom(0 as const, 1 as const, 2 as const),
      seconds: fc.integer({ min: -2, max: 2 }),
    }),
  },
  {
    weight: 1,
    // The order of changes doesn't depend on the clocks of the instances.
    arbitrary: fc.record({ kind: kind('setClock'), of: which, seconds: fc.constantFrom(-600, -30, 30, 600) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('merge'), row, into: fc.constantFrom(...IDS), push }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('writeMany' as const, 'writeMany' as const, 'deleteMany' as const),
      table,
      ids: fc.constantFrom([FIRST, SECOND], [SECOND, FIRST], [FIRST]),
      push,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kind('setLookup'), row: fc.constant({ table: TABLES[1], id: FIRST }), push }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('call'), push }) },
];
const mishaps: readonly Weighted[] = [
  ...passingMishaps,
  { weight: 1, arbitrary: fc.record({ kind: kind('alter') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('cutJournal') }) },
];

const relationship = fc.constantFrom(...LINKS);
const link = fc.record({ table: relationship, id: fc.constantFrom(...LINK_IDS) });
const links: readonly Weighted[] = [
  { weight: 3, arbitrary: fc.record({ kind: kind('associate'), link, push }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('disassociate'), link, push }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('pull'), table: relationship, by: which }) },
];

const schedulesOf = (commands: readonly Weighted[], first: readonly Command[] = []): fc.Arbitrary<Schedule> =>
  fc.record({
    seed: fc.nat(),
    commands: fc
      .array(fc.oneof(...commands), { minLength: 3, maxLength: 40, size: 'max' })
      .map((more) => [...first, ...more]),
    lastPullBy: which,
    restFirst: fc.boolean(),
  });

const plain = schedulesOf([...changes, ...deliveries, ...passing]);
const withMishaps = schedulesOf([...changes, ...deliveries, ...passing, ...mishaps]);

/** Rows to be linked. */
const LINKED: readonly Command[] = LINK_IDS.flatMap((id) =>
  linkedBy(id).map((of) => ({ kind: 'write', row: of, names: ['a'], back: 0, push: 'none' }) as const),
);
/** Rows that are linked and no longer are. */
export const withLinks = schedulesOf([...changes, ...deliveries, ...passing, ...mishaps, ...links], LINKED);

/**
 * Loads and what they may miss: one row that comes and goes, mostly unnoticed, while runs overtake each other and reads take
 * long. Few other schedules get that far.
 */
const first = fc.constant({ table: TABLES[0], id: FIRST });
const rarePush = fc.constantFrom('image', 'image', 'patch', 'none', 'none', 'none');
export const aroundLoads = schedulesOf([
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('write'),
      row: first,
      names: fc.constant(['a']),
      back: fc.constant(0),
      push: rarePush,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind('delete'), row: first, late: fc.constant(0), push: fc.constant('none') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind('deliver'),
      which: fc.nat({ max: 3 }),
      count: fc.constant(1),
      to: which,
      keep: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: kind('pull'), table: fc.constant(TABLES[0]), by: which }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('step'), count: fc.constantFrom(10, 30, 100, 300) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('tick'), seconds: fc.constantFrom(1, 9, 20) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('loseLease'), table: fc.constant(TABLES[0]) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('expireTokens') }) },
]);

/** Tombstones that are purged while images of their rows are still about, runs are under way and rows come back. */
const purges: readonly Weighted[] = [
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind('write'),
      row: first,
      names: fc.constant(['a']),
      back: fc.constantFrom(0, 0, 1, -4000),
      push: fc.constantFrom('image', 'image', 'image', 'patch', 'none'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('delete'), row: first, late: fc.nat({ max: 1 }), push }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('deliver'),
      which: fc.nat({ max: 5 }),
      count: fc.constantFrom(1, 1, 2),
      to: which,
      keep: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: kind('pull'), table: fc.constant(TABLES[0]), by: which }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('purge'), table: fc.constant(TABLES[0]), by: which }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('step'), count: fc.constantFrom(10, 30, 100, 300) }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('tick'), seconds: fc.constantFrom(1, 9, 20, 90) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('loseLease'), table: fc.constant(TABLES[0]) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('expireTokens') }) },
];
export const aroundPurges = schedulesOf(purges);
const purgesWithMishaps = schedulesOf([
  ...purges,
  { weight: 1, arbitrary: fc.record({ kind: kind('repeat'), which: fc.nat({ max: 20 }), to: which }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('replay'), by: which, operator: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('crash'), which }) },
  ...mishaps,
]);

/** Schedules of all that can happen; some without links, and some without mishaps, since these get further. */
export const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  { weight: 3, arbitrary: withMishaps },
  { weight: 2, arbitrary: plain },
  { weight: 2, arbitrary: aroundLoads },
  { weight: 1, arbitrary: withLinks },
  { weight: 1, arbitrary: purgesWithMishaps },
);

/** The LOB system changes the same rows. */
const lobChanges: readonly Weighted[] = [
  {
    weight: 9,
    arbitrary: fc.record({
      kind: kind('lobChange'),
      op: fc.constantFrom('upsert', 'upsert', 'upsert', 'upsert', 'update', 'update', 'delete'),
      key: fc.constantFrom(...IDS, FIRST, FIRST, FIRST).map(keyOfId),
      names: fc.constantFrom(['a'], ['b'], ['b'], ['a', 'b'], ['a', 'b', 'rev']),
      byId: fc.boolean(),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: kind('lobDeliver'),
      which: fc.nat({ max: 20 }),
      count: fc.constantFrom(1, 1, 2, 3),
      to: which,
      keep: fc.boolean(),
    }),
  },
];
const LOB_BEGINS: Command = { kind: 'lobChange', op: 'upsert', key: keyOfId(FIRST), names: ['a', 'b'], byId: false };
const inBoth: readonly Weighted[] = [...changes, ...deliveries, ...passing, ...lobChanges];
/** A second writer. */
export const inBothDirections: fc.Arbitrary<Schedule> = fc.oneof(
  schedulesOf(inBoth, [LOB_BEGINS]),
  schedulesOf([...inBoth, ...passingMishaps], [LOB_BEGINS]),
  schedulesOf([...inBoth, ...passingMishaps], [LOB_BEGINS, { kind: 'weather', faults: 0.1 }]),
);

/** Without a pull, and without anything lost. */
export const pushesOnly: fc.Arbitrary<Schedule> = schedules.map((schedule) => ({
  ...schedule,
  restFirst: true,
  commands: schedule.commands.filter(({ kind: of }) => of !== 'pull' && of !== 'drop'),
}));

/*
 * Scripts: what a few mutants need to be found out, in its order, with anything in between. Few other schedules get there.
 */
const ROW = { table: TABLES[0], id: FIRST };
const write = (names: readonly string[], how: Push, of: RowAddress = ROW): Command => ({
  ...{ kind: 'write', row: of, names, back: 0, push: how },
});
const remove = (how: Push): Command => ({ kind: 'delete', row: ROW, late: 0, push: how });
const pull = (by: Which): Command => ({ kind: 'pull', table: TABLES[0], by });
const deliver = (nth: number, to: Which, count = 1): Command => ({
  kind: 'deliver',
  which: nth,
  count,
  to,
  keep: false,
});
const tick = (seconds: number): Command => ({ kind: 'tick', seconds });
const LOSE: Command = { kind: 'loseLease', table: TABLES[0] };
const EXPIRE: Command = { kind: 'expireTokens' };
const ALTER: Command = { kind: 'alter' };
const DONE: Command = { kind: 'step', count: 2000 };
/** A complete pull, some time ago. */
const PULLED = [pull(0), DONE, tick(60)] as const;
/** Somewhere in what was begun, or at its next steps. */
const SOON: Command = { kind: 'step', count: -1 };
const NEXT: Command = { kind: 'step', count: -2 };

const soon = fc.record({
  kind: kind('step'),
  count: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 100, max: 800 })),
});
const between: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: soon },
    { weight: 1, arbitrary: fc.record({ kind: kind('tick'), seconds: fc.constantFrom(1, 9) }) },
  ),
  { maxLength: 2 },
);

/** `exactly`: with nothing in between but where the script says so. */
function scripted(
  script: readonly Command[],
  { exactly = false, restFirst = false }: { readonly exactly?: boolean; readonly restFirst?: boolean } = {},
): fc.Arbitrary<Schedule> {
  const steps = script.map((command): fc.Arbitrary<readonly Command[]> => {
    if (command === SOON) return between;
    if (command === NEXT)
      return fc.record({ kind: kind('step'), count: fc.integer({ min: 1, max: 60 }) }).map((step) => [step]);
    const more = exactly ? fc.constant([]) : fc.oneof(fc.constant([]), between);
    return more.map((others) => [command, ...others]);
  });
  return fc
    .tuple(fc.nat(), which, ...steps)
    .map(([seed, lastPullBy, ...commands]) => ({ seed, lastPullBy, restFirst, commands: commands.flat() }));
}

/** An image that comes late, of a row that a load no longer shows, while that load goes on. */
export const lateImages = scripted([
  ...PULLED,
  ...[write(['a'], 'image'), tick(1), remove('none'), EXPIRE, pull(0), SOON, SOON, deliver(0, 1), DONE],
]);

/** A row that changes while it is read back. */
export const changedWhileRead = scripted(
  [write(['a'], 'patch'), deliver(0, 0), SOON, write(['a', 'b'], 'patch'), tick(9), SOON, DONE],
  { restFirst: true },
);

/** Changes of a row that arrive together. */
export const together = scripted(
  [
    ...[write(['a'], 'patch'), deliver(0, 0), DONE, tick(9), write(['a', 'b'], 'patch'), tick(2)],
    ...[write(['b'], 'patch'), deliver(0, 0, 2), DONE],
  ],
  { restFirst: true },
);

/** A read-back that is under way when a load's token is fixed, after its first page has taken long. */
export const slowFirstPage = scripted(
  [
    ...[write(['a'], 'unconfirmed'), deliver(0, 0), NEXT, pull(1), NEXT, tick(9), tick(9)],
    ...[{ kind: 'replay', by: 0, operator: true } as const, NEXT, NEXT, remove('none'), DONE],
  ],
  { exactly: true },
);

/** A run that lost its lease holds a page with what a column was before. */
export const alteredWhileLoading = scripted([
  ...[write(['b'], 'none'), ...PULLED, EXPIRE, pull(0), SOON, LOSE, ALTER, pull(1), DONE],
]);

/** A load that was overtaken, and shows a row that nobody remembers. */
export const overtaken = scripted([write(['a'], 'none'), pull(0), SOON, LOSE, remove('none'), pull(1), DONE]);

/** A load that is gone on with after its columns have changed. */
export const alteredBetween = scripted([
  ...[write(['b'], 'none'), write(['b'], 'none', { table: TABLES[0], id: SECOND }), pull(0), tick(9), SOON],
  ...[{ kind: 'crash', which: 0 } as const, ALTER, pull(1), DONE],
]);

/** A page that is older than what was pushed since. */
export const pushedWhileLoading = scripted([
  ...[write(['a'], 'none'), ...PULLED, EXPIRE, pull(0), SOON, write(['a'], 'patch'), deliver(0, 1), SOON, DONE],
]);

/** The same of a delta, by a store whose clock is behind. */
export const pushedWhilePulling = scripted([
  ...[write(['a'], 'none'), ...PULLED, { kind: 'setClock', of: 2, seconds: -2 } as const, write(['b'], 'none')],
  ...[pull(0), SOON, write(['a'], 'patch'), deliver(0, 1), SOON, DONE],
]);

/** An event that is dated in the future, and comes late. */
export const futureDates = scripted([
  ...[{ ...write(['a'], 'patch'), back: -4000, lies: true } as Command, tick(9), write(['a'], 'none'), ...PULLED],
  ...[deliver(0, 1), DONE],
]);

/** A load whose journal loses rows, while it is under way or between two runs. */
export const journalsLost = scripted([
  ...IDS.map((id) => write(['a'], 'none', { table: TABLES[0], id })),
  ...[...PULLED, EXPIRE, { kind: 'weather', faults: 0.1 } as const, pull(0), tick(9), SOON],
  ...[{ kind: 'crash', which: 0 } as const, { kind: 'weather', faults: 0 } as const, { kind: 'cutJournal' } as const],
  ...[pull(1), DONE],
]);
export const journalsLostInSweep = scripted([
  ...IDS.map((id) => write(['a'], 'none', { table: TABLES[0], id })),
  ...[...PULLED, EXPIRE, { kind: 'weather', faults: 0.1 } as const, pull(0), SOON, SOON, SOON],
  ...[{ kind: 'cutJournal' } as const, DONE],
]);

/** Tombstones that are purged while an instance knows the ghost floor of before. */
const OTHER = { table: TABLES[0], id: SECOND };
export const purgedAtOnce = scripted([
  ...[...PULLED, write(['a'], 'image'), tick(1), remove('none'), pull(0), DONE, tick(90)],
  ...[write(['a'], 'image', OTHER), { kind: 'purge', table: TABLES[0], by: 1 } as const, SOON, deliver(1, 0), SOON],
  ...[deliver(0, 0), DONE],
]);

/** Tombstones that are purged while a run that lost its lease goes on. */
export const purgedMeanwhile = scripted([
  ...[...PULLED, write(['a'], 'image'), tick(1), remove('none'), pull(0), DONE, tick(90), pull(0), SOON, LOSE],
  ...[{ kind: 'purge', table: TABLES[0], by: 1 } as const, SOON, SOON, DONE, deliver(0, 1), DONE],
]);

/** Tombstones that are purged while their row comes back. */
export const purgedWhileRestored = scripted([
  ...[...PULLED, write(['a'], 'image'), tick(1), remove('none'), pull(0), DONE, tick(90)],
  ...[
    { kind: 'purge', table: TABLES[0], by: 1 } as const,
    SOON,
    write(['a'], 'image'),
    deliver(1, 0),
    pull(0),
    SOON,
    DONE,
  ],
]);

/** All that can happen, with another mapping at some moment. */
export const remappedSchedules: fc.Arbitrary<Schedule> = fc
  .tuple(fc.oneof(plain, withMishaps), fc.nat({ max: 40 }), which)
  .map(([schedule, at, by]) => ({
    ...schedule,
    commands: schedule.commands.toSpliced(at, 0, { kind: 'remap', which: by }),
  }));
