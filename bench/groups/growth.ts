import { availableParallelism } from 'node:os';
import type { RowAddress, RowPatch } from '../../shared/change/row-change';
import type { Writer } from '../../shared/writer/writer';
import { EPOCH, idOf, seasoned, TABLE, updatedColumns, updateOf } from '../inputs/rows';
import { bareClient, entityOf, expectVerdicts, inFlight, servicesOn } from '../inputs/stores';
import { startInstance, type Task } from '../instance/start';
import { digits, duration, figuresOf, type Wanted } from '../measure/compare';
import { median, summary, type Aim, type Figure } from '../measure/figure';
import type { Effort, Group } from '../measure/group';
import { inRounds, type Subject } from '../measure/rounds';
import { startNullTables, type NullTables } from '../null-tables/start';

const IN_FLIGHT = 8;
const FEW_ROWS = 10_000;
const MANY_ROWS = 1_000_000;
const MANY_TABLES = 50;
const INSTANCES = 4;
/** Holds some 1,400 rows: those that are changed again and again, and no tenth of the small table. */
const SMALL_CACHE = { CACHE_MEGABYTES: '2' };
/** About what Azure Tables takes for a write, within a region. */
const LATENCY_MS = 20;

const FLAT: Aim = { most: 1.1 };

type Tell = (figures: readonly Figure[]) => void;

export const group: Group = {
  about: 'what a change costs as rows, tables and instances grow, against the same with few of them; null service',

  async run(effort, tell) {
    const tables = await startNullTables();
    try {
      await growRows(tables, effort, tell);
      await growTables(tables, effort, tell);
    } finally {
      await tables.stop();
    }
    await growInstances(effort, tell);
  },
};

const place = ({ connectionString, stop }: NullTables) => ({ name: 'null service', connectionString, stop }) as const;

/** A table of so many rows, which have a history. */
async function seed(tables: NullTables, table: string, rows: number): Promise<void> {
  const client = bareClient(place(tables), table);
  await client.createTable();
  await client.upsertEntity(entityOf(0, updatedColumns(0, EPOCH), seasoned(0)), 'Replace');
  await tables.fill(table, rows);
}

/** Each of so many changes once, in flight as many as everywhere here. */
const processing = (writer: Writer, count: number, changeOf: (n: number) => RowPatch): Subject => {
  let changes: readonly RowPatch[] = [];
  return {
    prepare: () => void (changes = Array.from({ length: count }, (_, n) => changeOf(n))),
    run: () =>
      inFlight(IN_FLIGHT, count, async (n) => {
        const change = changes[n];
        if (change !== undefined) expectVerdicts(await writer.process([change]), ['merged']);
      }),
  };
};

/** Of a change, as a multiple of the same with few; and its round trips, which show what the cache held. */
const flat = <Name extends string>(work: string, subject: Name, against: Name, requests: number): Wanted<Name>[] => [
  { work, subject, against, of: 'time', aim: FLAT },
  { work, subject, against, of: 'CPU', aim: FLAT },
  { work, subject, against, of: 'requests', aim: { most: requests } },
];

async function growRows(tables: NullTables, { quick, rounds }: Effort, tell: Tell): Promise<void> {
  const changes = quick ? 400 : 1000;
  const subjects = async (cold: boolean): Promise<Record<'few' | 'many', Subject>> => {
    const of = async (rows: number): Promise<Subject> => {
      const prefix = `${cold ? 'cold' : 'warm'}${rows}`;
      await seed(tables, `${prefix}${TABLE}`, rows);
      const { writer } = servicesOn(tables, prefix, SMALL_CACHE);
      let made = 0;
      // A stride that has no factor in common with the rows meets each row once before any comes again.
      const rowOf = (n: number): number => ((cold ? (made += 1) : n) * 7_919) % rows;
      let at = EPOCH;
      const subject = processing(writer, changes, (n) => updateOf(rowOf(n), at));
      return {
        ...subject,
        prepare: () => {
          at += 1;
          return subject.prepare?.();
        },
      };
    };
    return { few: await of(FEW_ROWS), many: await of(MANY_ROWS) };
  };
  const options = { rounds, warmup: 2, operations: changes };
  const work = `an update, ${MANY_ROWS.toLocaleString('en')} rows against ${FEW_ROWS.toLocaleString('en')}`;
  const warm = await inRounds(await subjects(false), options);
  tell(figuresOf(warm, flat(`${work}, of rows in the cache`, 'many', 'few', 1)));
  const cold = await inRounds(await subjects(true), options);
  tell(figuresOf(cold, flat(`${work}, of rows that the cache is too small for`, 'many', 'few', 2)));
}

async function growTables(tables: NullTables, { quick, rounds }: Effort, tell: Tell): Promise<void> {
  const changes = quick ? 400 : 1000;
  const of = async (count: number): Promise<Subject> => {
    const names = Array.from({ length: count }, (_, n) => `table${n}`);
    const prefix = `of${count}`;
    for (const name of names) await seed(tables, `${prefix}${name}`, changes);
    const { writer } = servicesOn(tables, prefix, { SYNC_TABLES: names.join(',') });
    const rowOf = (n: number): RowAddress => ({ table: names[n % count] ?? '', id: idOf(n) });
    let at = EPOCH;
    const subject = processing(writer, changes, (n) => ({ ...updateOf(n, at), row: rowOf(n) }));
    return {
      ...subject,
      prepare: () => {
        at += 1;
        return subject.prepare?.();
      },
    };
  };
  const turns = await inRounds(
    { one: await of(1), many: await of(MANY_TABLES) },
    { rounds, warmup: 2, operations: changes },
  );
  tell(figuresOf(turns, flat(`an update, ${MANY_TABLES} tables against one`, 'many', 'one', 1)));
}

/** What a turn of several processes took for one change. */
interface Joint {
  readonly milliseconds: number;
  readonly cpuMs: number;
  readonly requests: number;
  /** Processors that these processes and the store had, of those there are. */
  readonly processors: number;
}

/** Processes on a store of their own. */
interface Instances {
  /** Has so many of them change so many rows each: their own, or all in turns. */
  readonly turn: (count: number, rows: number, inTurns?: boolean) => Promise<Joint>;
  readonly answerAfter: (ms: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Each with the most rows that it may be told to change. */
async function startInstances(kind: 'app' | 'bare', mostRows: number): Promise<Instances> {
  const tables = await startNullTables();
  await seed(tables, `${kind}${TABLE}`, 2 * INSTANCES * mostRows);
  const all = await Promise.all(
    Array.from({ length: INSTANCES }, (_, n) => startInstance(tables.connectionString, kind, n, IN_FLIGHT)),
  );
  let phase = 0;
  return {
    turn: async (count, rows, inTurns = false) => {
      phase += 1;
      // One alone is another one each time, so that all have done as much.
      const running = all.flatMap((one, n) => ((n + phase) % INSTANCES < count ? [{ one, n }] : []));
      const taskOf = (n: number): Task =>
        inTurns
          ? { phase, rows, first: INSTANCES * mostRows, step: INSTANCES }
          : { phase, rows, first: n * mostRows, step: 1 };
      const [begun, storeCpu] = [performance.now(), await tables.cpuMs()];
      const done = await Promise.all(running.map(({ one, n }) => one.run(taskOf(n))));
      const [took, store] = [performance.now() - begun, (await tables.cpuMs()) - storeCpu];
      const cpu = done.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
      const changes = count * rows;
      return {
        milliseconds: took / changes,
        cpuMs: cpu / changes,
        requests: done.reduce((sum, { requests }) => sum + requests, 0) / changes,
        processors: (cpu + store) / took,
      };
    },
    answerAfter: tables.answerAfter,
    stop: async () => {
      await Promise.all(all.map((one) => one.stop()));
      await tables.stop();
    },
  };
}

async function growInstances(effort: Effort, tell: Tell): Promise<void> {
  const rows = effort.quick ? 400 : 1000;
  const oneAndMany = (instances: Instances, each: number): Promise<Grown> =>
    jointRounds(effort, { one: () => instances.turn(1, each), many: () => instances.turn(INSTANCES, each) });
  const work = `${INSTANCES} instances against one`;
  const bare = await startInstances('bare', rows);
  const floor = await oneAndMany(bare, rows).finally(bare.stop);
  const same = { work: `${work}, the bare SDK's upsertEntity`, own: floor.many, other: floor.one };
  tell([joined({ ...same, of: 'rate' }), joined({ ...same, of: 'CPU' })]);

  const app = await startInstances('app', rows);
  try {
    const fast = await oneAndMany(app, rows);
    tell(grown(work, fast, floor));
    await app.answerAfter(LATENCY_MS);
    tell(grown(`${work}, each answer after ${LATENCY_MS} ms`, await oneAndMany(app, rows / 4), floor));
    await app.answerAfter(0);
    const { own, moving } = await jointRounds(effort, {
      own: () => app.turn(INSTANCES, rows / 4),
      moving: () => app.turn(INSTANCES, rows / 4, true),
    });
    const moved = `${INSTANCES} instances, a row's changes at another one each time, against rows of their own`;
    tell((['CPU', 'requests'] as const).map((of) => joined({ work: moved, of, own: moving, other: own })));
  } finally {
    await app.stop();
  }
}

/** With one instance and with all. */
interface Grown {
  readonly one: readonly Joint[];
  readonly many: readonly Joint[];
}

function grown(work: string, { one, many }: Grown, floor: Grown): Figure[] {
  const why = machineLimit({ one, many }, floor);
  return [
    joined({ work, of: 'rate', own: many, other: one, aim: { least: 2.5 }, why }),
    joined({ work, of: 'CPU', own: many, other: one, aim: FLAT, why }),
  ];
}

async function jointRounds<Name extends string>(
  { rounds }: Effort,
  turns: Readonly<Record<Name, () => Promise<Joint>>>,
): Promise<Record<Name, readonly Joint[]>> {
  const names = Object.keys(turns) as Name[];
  const all = Object.fromEntries(names.map((name) => [name, [] as Joint[]])) as Record<Name, Joint[]>;
  for (let round = -2; round < rounds; round += 1)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const taken = await turns[name]();
      if (round >= 0) all[name].push(taken);
    }
  return all;
}

interface Joined {
  readonly work: string;
  readonly of: 'rate' | 'CPU' | 'requests';
  readonly own: readonly Joint[];
  readonly other: readonly Joint[];
  readonly aim?: Aim;
  readonly why?: string;
}

function joined({ work, of, own, other, aim, why }: Joined): Figure {
  const middle = (value: (joint: Joint) => number, all: readonly Joint[]): number => median(all.map(value));
  const ratios = (ratio: (a: Joint, b: Joint) => number): number[] =>
    own.map((one, round) => ratio(one, other[round] ?? one));
  const rest = { work, measure: of, ...(aim === undefined ? {} : { aim }), ...(why === undefined ? {} : { why }) };
  if (of === 'requests') {
    const text = (all: readonly Joint[]): string => digits(middle(({ requests }) => requests, all));
    const counts = summary(own.map(({ requests }) => requests));
    return { ...rest, measure: 'round trips', ...counts, unit: 'round trips', own: text(own), against: text(other) };
  }
  const text = (all: readonly Joint[]): string =>
    of === 'rate'
      ? `${digits(1000 / middle(({ milliseconds }) => milliseconds, all))}/s`
      : duration(middle(({ cpuMs }) => cpuMs, all));
  const values = ratios((a, b) => (of === 'rate' ? b.milliseconds / a.milliseconds : a.cpuMs / b.cpuMs));
  return { ...rest, ...summary(values), unit: 'x', own: text(own), against: text(other) };
}

/** Why more processes may not be faster, or take more CPU each: what they and the store have of the machine, all measured. */
function machineLimit({ one, many }: Grown, floor: Grown): string {
  const middle = (all: readonly Joint[], of: (joint: Joint) => number): number => median(all.map(of));
  const processors = (all: readonly Joint[]): number => middle(all, (joint) => joint.processors);
  const there = availableParallelism();
  const bareCpu = middle(floor.many, ({ cpuMs }) => cpuMs) / middle(floor.one, ({ cpuMs }) => cpuMs);
  return (
    `One instance and the store take ${digits(processors(one))} of the machine's ${there} processors, ${INSTANCES} and the store ` +
    `${digits(processors(many))}: ${digits(there / processors(one))} x the rate is the most that fits. The bare SDK's upserts, too, take ` +
    `${digits(bareCpu)} x the CPU each when ${INSTANCES} processes share the machine.`
  );
}
