import fc from 'fast-check';
import type { RowAddress } from '../../shared/change/row-change';
import type { Command, Schedule } from './command';
import { IDS, LINKS, LINK_IDS, TABLES, linkedBy } from './simulated-dataverse';

const [FIRST = ''] = IDS;
const which = fc.constantFrom(0 as const, 1 as const);
const table = fc.constantFrom(TABLES[0], TABLES[0], TABLES[1]);
/** Most of what happens, happens to one row. */
const row: fc.Arbitrary<RowAddress> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ table: TABLES[0], id: FIRST }) },
  { weight: 1, arbitrary: fc.record({ table, id: fc.constantFrom(...IDS) }) },
);
const push = fc.constantFrom('patch', 'patch', 'patch', 'image', 'image', 'hint', 'hint', 'truncated', 'none', 'none');
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

const mishaps: readonly Weighted[] = [
  { weight: 1, arbitrary: fc.record({ kind: kind('weather'), faults: fc.constantFrom(0, 0, 0.05, 0.3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: kind('setClock'),
      of: fc.constantFrom(0 as const, 1 as const, 2 as const),
      seconds: fc.integer({ min: -2, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind('merge'), row, into: fc.constantFrom(...IDS), push }) },
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

/** The same, with another mapping at some moment. */
export const remappedSchedules: fc.Arbitrary<Schedule> = fc
  .tuple(fc.oneof(plain, withMishaps), fc.nat({ max: 40 }))
  .map(([schedule, at]) => ({ ...schedule, commands: schedule.commands.toSpliced(at, 0, { kind: 'remap' }) }));
