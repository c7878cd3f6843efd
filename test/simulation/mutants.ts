/**
 * The core with one part taken out or changed. Each must be found out by the simulation, except those that only save calls.
 */
import type fc from 'fast-check';
import { BEGINNING } from '../../shared/change/instant';
import type { Evidence, RowChange } from '../../shared/change/row-change';
import type { FeedPage } from '../../shared/dataverse/change-feed';
import type { RowWrite, StoredEntry } from '../../shared/lob/store';
import { TRANSITIONS, type JournalName, type PullState, type PullStateStore } from '../../shared/sync/pull-state';
import { decideInbound } from '../../shared/inbound/decide';
import type { InboundRecord } from '../../shared/inbound/record';
import type { PullSyncParts } from '../../shared/sync/pull-run';
import { decide, decideByReadBack, type Decision, type StoredState } from '../../shared/writer/decide';
import type { RowRead } from '../../shared/writer/read-back';
import { foldWrites } from '../../shared/writer/fold-writes';
import { type ChangeResult, type Writer, type WriterOptions } from '../../shared/writer/writer';
import { MemoryJournal } from '../sync/memory-journal';
import { MemoryStates } from '../sync/memory-states';
import { RULE, STRICT } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import type { Setting } from './check';
import type { Schedule } from './command';
import { OWNED } from './lob-system';
import { RENAMED } from './mappings';
import {
  alteredBetween,
  alteredWhileLoading,
  aroundLoads,
  aroundPurges,
  changedWhileRead,
  futureDates,
  inBothDirections,
  journalsLost,
  journalsLostInSweep,
  lateImages,
  overtaken,
  purgedAtOnce,
  purgedMeanwhile,
  purgedWhileRestored,
  pushedWhileLoading,
  pushedWhilePulling,
  pushesOnly,
  remappedSchedules,
  slowFirstPage,
  together,
  withLinks,
} from './schedules';
import type { Variant } from './variant';

/** A core that isn't right, or does without something that it needn't have. */
export interface Mutant {
  readonly name: string;
  /** `green`: what was taken out only saves calls. */
  readonly expected: 'red' | 'green';
  /** Thousands of schedules show nothing of it. */
  readonly rare?: true;
  readonly setting: Partial<Setting>;
  /** Where few schedules get to it: those that do. @default all kinds */
  readonly schedules?: fc.Arbitrary<Schedule>;
}

type Decide = typeof decide;
type Event = Extract<Evidence, { kind: 'event' }>;
type Pull = Extract<Evidence, { kind: 'pull' }>;

const red = (name: string, setting: Partial<Setting>): Mutant => ({ name, expected: 'red', setting });
const rare = (name: string, setting: Partial<Setting>): Mutant => ({ ...red(name, setting), rare: true });
const inLoads = (name: string, setting: Partial<Setting>): Mutant => ({
  ...rare(name, { ...setting, slowShare: 0.15 }),
  schedules: aroundLoads,
});
const inPurges = (name: string, setting: Partial<Setting>): Mutant => ({
  ...rare(name, { slowShare: 0.15, ...setting }),
  schedules: aroundPurges,
});
const among = (schedules: fc.Arbitrary<Schedule>, name: string, setting: Partial<Setting>): Mutant => ({
  ...rare(name, { slowShare: 0.3, ...setting }),
  schedules,
});
const inBoth = (name: string, inbound: NonNullable<Variant['inbound']>): Mutant => ({
  ...red(
    name,
    around(() => ({ inbound })),
  ),
  schedules: inBothDirections,
});
const withoutResults = (record: InboundRecord): InboundRecord => ({
  ...record,
  columns: new Map([...record.columns].map(([column, { atMs, text, maybe }]) => [column, { atMs, text, maybe }])),
});
const remapped = (name: string, setting: Partial<Setting>): Mutant =>
  among(remappedSchedules, name, { remapped: RENAMED, ...setting });
const green = (name: string, setting: Partial<Setting>): Mutant => ({ name, expected: 'green', setting });

/** Made anew for each world. */
const around = (variant: () => Variant): Partial<Setting> => ({ variant });

/** Another rule. */
const rule = (mutated: Decide): Partial<Setting> =>
  around(() => ({ writer: (options): WriterOptions => ({ ...options, decide: mutated }) }));

/** Another stored state, or another change, goes into the rule. */
const given = (
  change: (stored: StoredState | undefined, of: RowChange) => readonly [StoredState | undefined, RowChange],
): Partial<Setting> => rule((stored, of, ...rest) => decide(...change(stored, of), ...rest));

const withStamp = (stored: StoredState | undefined, stamp: Partial<StoredState['stamp']>): StoredState | undefined =>
  stored && { ...stored, stamp: { ...stored.stamp, ...stamp } };

const withEvent = (of: RowChange, change: (evidence: Event) => Event): RowChange =>
  of.evidence.kind === 'event' ? { ...of, evidence: change(of.evidence) } : of;

const withPull = (of: RowChange, change: (evidence: Pull) => Pull): RowChange =>
  of.evidence.kind === 'pull' ? { ...of, evidence: change(of.evidence) } : of;

/** All that is stored was written before any run. */
const longAgo = (stored: StoredState | undefined): StoredState | undefined =>
  stored && { ...stored, writtenAt: BEGINNING };

/** The rule, except where `instead` says otherwise. */
const unless = (
  instead: (stored: StoredState | undefined, change: RowChange, decision: Decision) => Decision | undefined,
): Partial<Setting> =>
  rule((stored, change, ...rest) => {
    const decision = decide(stored, change, ...rest);
    return instead(stored, change, decision) ?? decision;
  });

const skipped: Decision = { kind: 'skip', verdict: 'stale' };

/** Written as if it had just been read. */
const asRead = (
  stored: StoredState | undefined,
  change: RowChange,
  evidence: Pull,
  ...[of]: Parameters<Decide> extends [unknown, unknown, infer R, ...unknown[]] ? [R] : never
): Decision => {
  const { version, modifiedOn, runBegin: begin, end } = evidence;
  const read =
    change.kind === 'delete'
      ? ({ kind: 'missing', begin, end } as const)
      : ({ kind: 'found', version, modifiedOn, begin, end } as const);
  return decideByReadBack(stored?.stamp, read, [], of);
};

const isPatchOrImage = (change: RowChange): boolean => change.evidence.kind === 'event' && change.kind !== 'delete';

/** Whatever the tag. */
class NoCompare extends MemoryStore {
  protected override isAsExpected(): boolean {
    return true;
  }
}

/** What is sent twice is there twice, and what was cleared is made anew. */
class CarelessJournal extends MemoryJournal {
  override append({ table, load }: JournalName, _at: number, ids: Uint8Array): Promise<boolean> {
    const name = `${table}/${load}`;
    this.loads.set(name, Buffer.concat([this.loads.get(name) ?? Buffer.alloc(0), ids]));
    return Promise.resolve(true);
  }
}

/** Other steps of the pull's state machine. */
const steps = (changed: Partial<typeof TRANSITIONS>): Partial<Setting> =>
  around(() => ({ pull: (parts) => ({ ...parts, transitions: { ...TRANSITIONS, ...changed } }) }));

/** The lease isn't asked, neither when it is decided nor when it is written. */
const unleased: Decide = (stored, change, ...rest) => {
  const decision = decide(
    stored,
    withPull(change, (pull) => ({ ...pull, holdsLease: () => true })),
    ...rest,
  );
  if (decision.kind !== 'write') return decision;
  const { kind, verdict, data, stamp } = decision;
  return { kind, verdict, data, stamp };
};

/** A pulled row of the version that is stored. */
const isOfStoredVersion = (stored: StoredState | undefined, { kind, evidence }: RowChange): boolean =>
  kind === 'snapshot' && evidence.kind === 'pull' && evidence.version === stored?.stamp.version;

/** Says of all of a batch that it is processed if its first change is. */
const hasty = (writer: Pick<Writer, 'process'>): Pick<Writer, 'process'> => {
  const process: Writer['process'] = async (changes) => {
    const results = await writer.process(changes);
    if (results[0]?.kind !== 'processed') return results;
    return results.map(({ change }): ChangeResult => ({
      kind: 'processed',
      change,
      verdict: 'merged',
      changed: false,
    }));
  };
  return { process };
};

/** The ghost floor that there was before a load began. */
const oldFloors = (): Variant => {
  const known = new Map<string, number>();
  return {
    pull: (parts) => ({
      ...parts,
      transitions: {
        ...TRANSITIONS,
        startLoad: (state, subject, load) => {
          if (state.kind === 'current') known.set(subject.name, state.tokenFixedOn + RULE.margin);
          return TRANSITIONS.startLoad(state, subject, load);
        },
      },
    }),
    writer: (options) => ({
      ...options,
      ghostFloorOf: async (table) => {
        const floor = (await options.ghostFloorOf?.(table)) ?? Number.POSITIVE_INFINITY;
        return floor === Number.POSITIVE_INFINITY ? (known.get(table) ?? floor) : floor;
      },
    }),
  };
};

/** Whatever another run has written. */
class CarelessStates extends MemoryStates {
  override write(table: string, state: PullState): Promise<string> {
    return Promise.resolve(this.put(table, state));
  }
}

/** Forgets deleted rows. */
class NoTombstones extends MemoryStore {
  override async write(writes: readonly RowWrite[]): ReturnType<MemoryStore['write']> {
    const outcomes = await super.write(writes);
    for (const { row, stamp } of writes) if (stamp.deleted) this.rows.delete(`${row.table}/${row.id}`);
    return outcomes;
  }
}

/** Removes whatever lies where a tombstone was. */
class CarelessPurge extends MemoryStore {
  override removeTombstones(tombstones: readonly StoredEntry[]): Promise<number> {
    for (const { row } of tombstones) this.rows.delete(`${row.table}/${row.id}`);
    return Promise.resolve(tombstones.length);
  }
}

/** Keeps the token of a run with its first page (it stands in the next link), not with its last. */
const hastyStates = (states: PullStateStore): PullStateStore => ({
  ...states,
  write: (table, state, tag) => {
    if (state.kind !== 'catchingUp') return states.write(table, state, tag);
    const { next, ...current } = state;
    return states.write(table, { ...current, kind: 'current', deltaLink: next.link.split('/')[1] ?? '' }, tag);
  },
});

type Feed = PullSyncParts['feed'];

const mappedFeed = (feed: Feed, map: (page: FeedPage) => FeedPage): Feed => ({
  async *pages(request, from) {
    for await (const page of feed.pages(request, from)) yield map(page);
  },
});

/** Every other GET of a row is answered by the one before, as if it had been joined while it was under way. */
const joining = (): Variant => ({
  reader: (reader) => {
    const answers = new Map<string, RowRead>();
    return {
      read: async (row) => {
        const key = `${row.table}/${row.id}`;
        const known = answers.get(key);
        answers.delete(key);
        if (known !== undefined) return known;
        const read = await reader.read(row);
        answers.set(key, read);
        return read;
      },
    };
  },
});

const nothing = (): Promise<void> => Promise.resolve();

async function* none<T>(): AsyncGenerator<T> {
  yield* await Promise.resolve<readonly T[]>([]);
}

export const MUTANTS: readonly Mutant[] = [
  red('the store ignores the entity tag', { makeStore: (now) => new NoCompare(now) }),
  red('deleted rows are forgotten: no tombstones', { makeStore: (now) => new NoTombstones(now) }),
  red(
    'an event is merged whatever its date',
    given((stored, of) => [
      isPatchOrImage(of) ? withStamp(stored, { latestKnown: BEGINNING, knownUntil: BEGINNING }) : stored,
      of,
    ]),
  ),
  red(
    '"later" is also the same second',
    given((stored, of) => [
      stored,
      isPatchOrImage(of) ? withEvent(of, (event) => ({ ...event, at: event.at + 0.5 })) : of,
    ]),
  ),
  red(
    'OperationCreatedOn counts as modifiedon',
    given((stored, of) => [
      stored,
      isPatchOrImage(of) ? withEvent(of, (event) => ({ ...event, isTrusted: true })) : of,
    ]),
  ),
  red(
    'a synchronous step is taken for committed',
    given((stored, of) => {
      const { evidence } = of;
      if (evidence.kind !== 'unconfirmed') return [stored, of];
      const event = {
        kind: 'event',
        key: evidence.key,
        at: (stored?.stamp.latestKnown ?? 0) + 1,
        isTrusted: true,
      } as const;
      return [stored, { ...of, evidence: event }];
    }),
  ),
  inLoads(
    'an event of an unknown row is taken as it is',
    around(() => ({ writer: (options) => ({ ...options, ghostFloorOf: () => Promise.resolve(BEGINNING) }) })),
  ),
  red(
    'a deletion removes the row without a read',
    unless((stored, change) =>
      stored !== undefined && change.kind === 'delete' && change.evidence.kind === 'event' && !stored.stamp.deleted
        ? {
            kind: 'write',
            verdict: 'deleted',
            data: 'clear',
            stamp: { ...stored.stamp, deleted: true, hasPushOnTop: false },
          }
        : undefined,
    ),
  ),
  rare(
    'a push raises the row version, and what is contained is not compared',
    rule((stored, change, ...rest) => {
      const rev = change.kind === 'delete' ? undefined : change.columns.get('rev');
      const decision = decide(stored && { ...stored, sameData: () => undefined }, change, ...rest);
      if (change.evidence.kind !== 'event' || decision.kind !== 'write' || rev?.kind !== 'integer') return decision;
      return { ...decision, stamp: { ...decision.stamp, version: BigInt(rev.value) } };
    }),
  ),
  red(
    'a pulled deletion removes the row without a read',
    rule((stored, change, ...rest) => decide(change.kind === 'delete' ? longAgo(stored) : stored, change, ...rest)),
  ),
  red(
    'a pulled row revives a tombstone without a read',
    rule((stored, change, of, floor) => {
      const { evidence } = change;
      return stored?.stamp.deleted === true && evidence.kind === 'pull' && evidence.version > stored.stamp.version
        ? asRead(stored, change, evidence, of)
        : decide(stored, change, of, floor);
    }),
  ),
  among(pushedWhilePulling, 'a pulled row is written over later pushes (strict)', {
    rule: STRICT,
    ...given((stored, of) => [of.evidence.kind === 'pull' ? withStamp(stored, { hasPushOnTop: false }) : stored, of]),
  }),
  among(pushedWhilePulling, '"stored before the run began" without the margin for clocks (strict)', {
    rule: STRICT,
    ...rule((stored, change, of, floor) => {
      const margin = change.evidence.kind === 'pull' ? 0 : of.margin;
      return decide(stored, change, { ...of, margin }, floor);
    }),
  }),
  inLoads(
    'a pulled deletion of an unknown row leaves no tombstone',
    unless((stored, { kind, evidence }) =>
      stored === undefined && kind === 'delete' && evidence.kind === 'pull' ? skipped : undefined,
    ),
  ),
  rare(
    'a deletion of a tombstone leaves the entity tag alone',
    unless((_stored, _change, decision) =>
      decision.kind === 'write' && decision.verdict === 'touched' ? skipped : undefined,
    ),
  ),
  among(
    overtaken,
    'a run that lost its lease writes onto nothing',
    rule((stored, ...rest) => (stored === undefined ? unleased : decide)(stored, ...rest)),
  ),
  red(
    'a load ends without a sweep',
    around(() => ({
      pull: (parts) => ({ ...parts, store: { liveRows: () => none() } }),
    })),
  ),
  among(
    slowFirstPage,
    'the sweep does not wait for older read-backs',
    around(() => ({ pull: (parts) => ({ ...parts, maxReadAgeMs: 0 }) })),
  ),
  among(
    slowFirstPage,
    'a read-back is written however old it is',
    around(() => ({ writer: (options) => ({ ...options, maxReadAgeMs: Number.POSITIVE_INFINITY }) })),
  ),
  red(
    'the sweep does not know what its load has shown',
    around(() => ({ pull: ({ journal, ...parts }) => ({ ...parts, journal: { ...journal, read: () => none() } }) })),
  ),
  red(
    'a run keeps its token before its pages are processed',
    around(() => ({ pull: (parts) => ({ ...parts, states: hastyStates(parts.states) }) })),
  ),
  red('a read-back takes the answer of an earlier one', around(joining)),
  red(
    'seen does not take the end of a read',
    around(() => ({
      reader: (reader) => ({ read: async (row) => ({ ...(await reader.read(row)), end: BEGINNING }) }),
      pull: (parts) => ({ ...parts, feed: mappedFeed(parts.feed, (page) => ({ ...page, end: BEGINNING })) }),
    })),
  ),
  {
    ...red(
      'tombstones are purged without raising the ghost floor',
      around(() => ({
        purge: ({ states, ...parts }) => ({
          ...parts,
          states: { read: (table) => states.read(table), write: () => Promise.resolve('unwritten') },
        }),
      })),
    ),
    schedules: aroundPurges,
  },
  inPurges(
    'tombstones are purged whatever their age',
    around(() => ({
      purge: ({ store, ...parts }) => ({
        ...parts,
        store: {
          tombstones: (table) => store.tombstones(table, Number.POSITIVE_INFINITY),
          removeTombstones: (tombstones) => store.removeTombstones(tombstones),
        },
      }),
    })),
  ),
  among(purgedWhileRestored, 'tombstones are purged whatever was written since', {
    makeStore: (now) => new CarelessPurge(now),
  }),
  red(
    'what can not be processed is dropped instead of parked',
    around(() => ({ parking: (parking) => ({ ...parking, parkDelivery: nothing }) })),
  ),
  red(
    'a message is completed although no copy of it was accepted',
    around(() => ({ copies: () => ({ sendMessages: nothing }) })),
  ),
  red(
    'a pulled row that can not be read is dropped instead of parked',
    around(() => ({ parking: (parking) => ({ ...parking, parkRow: nothing }) })),
  ),
  {
    ...red(
      'a deletion in the delta of a relationship is passed over',
      around(() => ({
        pull: (parts) => ({
          ...parts,
          feed: mappedFeed(parts.feed, (page) => ({
            ...page,
            items: page.items.filter(({ kind, id }) => kind !== 'deleted' || !id.includes('_')),
          })),
        }),
      })),
    ),
    schedules: withLinks,
  },
  among(lateImages, 'the ghost floor of before stands while a load goes on', around(oldFloors)),
  among(
    pushesOnly,
    'a delivery counts as processed if its first change is',
    around(() => ({ receiving: hasty })),
  ),
  among(
    changedWhileRead,
    'a read-back begins when its answer is there',
    around(() => ({
      reader: (reader, now) => ({
        read: async (row) => {
          const read = await reader.read(row);
          return { ...read, begin: Math.floor(now() / 1000) };
        },
      }),
    })),
  ),
  rare(
    "a read-back begins by the instance's clock",
    around(() => ({
      reader: (reader, now) => ({
        read: async (row) => {
          const begin = Math.floor(now() / 1000);
          return { ...(await reader.read(row)), begin };
        },
      }),
    })),
  ),
  rare(
    "a run begins by the instance's clock",
    around(() => ({
      pull: ({ now = Date.now, ...parts }) => ({
        ...parts,
        now,
        feed: mappedFeed(parts.feed, (page) => ({ ...page, begin: Math.floor(now() / 1000) })),
      }),
    })),
  ),
  rare(
    'pulled rows are dated by their page instead of their run',
    given((stored, of) => [stored, withPull(of, (pull) => ({ ...pull, runBegin: pull.end - 2 }))]),
  ),
  among(
    slowFirstPage,
    "the sweep's wait begins with the run instead of the token",
    steps({
      allShown: (state, facts) =>
        TRANSITIONS.allShown(state, {
          ...facts,
          waitMs: Math.max(0, facts.waitMs - (facts.tokenFixedOn - facts.begunOn) * 1000),
        }),
    }),
  ),
  among(
    alteredWhileLoading,
    'a row is brought into other columns without the lease',
    rule((stored, change, ...rest) => (isOfStoredVersion(stored, change) ? unleased : decide)(stored, change, ...rest)),
  ),
  among(pushedWhileLoading, 'a row is brought into other columns over later pushes (strict)', {
    rule: STRICT,
    ...given((stored, of) => [isOfStoredVersion(stored, of) ? withStamp(stored, { hasPushOnTop: false }) : stored, of]),
  }),
  remapped(
    'one load instead of two after a change of the mapping',
    steps({ startLoad: (...args) => ({ ...TRANSITIONS.startLoad(...args), again: false }) }),
  ),
  among(
    alteredBetween,
    'a load is gone on with although the columns have changed',
    steps({
      canGoOn: (state, subject) =>
        TRANSITIONS.canGoOn(state, state.kind === 'new' ? subject : { ...subject, columns: state.columns ?? [] }),
    }),
  ),
  among(
    purgedAtOnce,
    'tombstones are purged without waiting until every instance knows',
    around(() => ({ purge: (parts) => ({ ...parts, sleep: nothing }) })),
  ),
  among(
    journalsLost,
    'a load is gone on with whatever its journal has lost',
    steps({ pageShown: (state, next) => TRANSITIONS.pageShown(state, { ...next, shown: 0 }) }),
  ),
  among(
    journalsLostInSweep,
    'a sweep begins whatever its journal has lost',
    steps({ allShown: (state, facts) => TRANSITIONS.allShown(state, { ...facts, shown: 0 }) }),
  ),
  among(journalsLostInSweep, 'what is sent to a journal twice is there twice', {
    makeJournal: () => new CarelessJournal(),
  }),
  among(
    together,
    'of changes that wait together the older one wins',
    around(() => ({
      writer: (options) => ({
        ...options,
        fold: (first, then) =>
          first?.effect === 'patch' && then.effect === 'patch'
            ? { ...then, columns: new Map([...then.columns, ...first.columns]) }
            : foldWrites(first, then),
      }),
    })),
  ),
  among(purgedMeanwhile, 'a state is written over that of another run', {
    makeStates: (now) => new CarelessStates(now),
  }),
  among(
    futureDates,
    'an event is believed however far in the future it is dated',
    around(() => ({ lateDates: Number.POSITIVE_INFINITY })),
  ),
  inBoth('no If-Match: a write to Dataverse asks for no version', {
    decide: (facts) => {
      const step = decideInbound(facts);
      return step.kind === 'update' || step.kind === 'delete' ? { ...step, condition: 'any' } : step;
    },
  }),
  inBoth('what Dataverse makes of a value is taken for a change of it', {
    decide: (facts) => decideInbound({ ...facts, record: withoutResults(facts.record) }),
    seen: withoutResults,
  }),
  inBoth("the LOB system's own column belongs to nobody", { rules: { [OWNED.lob]: null } }),
  inBoth("Dataverse's own column belongs to nobody", { rules: { [OWNED.dataverse]: null } }),
  inBoth('the LOB system is always later', {
    decide: (facts) =>
      decideInbound({
        ...facts,
        ...(facts.current?.kind === 'row' ? { current: { ...facts.current, modifiedOn: BEGINNING } } : {}),
      }),
  }),
  inBoth('what is stored has no time', {
    decide: ({ stored, ...facts }) => decideInbound({ ...facts, stored: stored && { ...stored, times: undefined } }),
  }),
  inBoth('the end of a message is forgotten', {
    decide: (facts) => decideInbound({ ...facts, record: { ...facts.record, ids: [] } }),
  }),
  green(
    'no recentKeys: a second delivery is processed like the first',
    given((stored, of) => [withStamp(stored, { recentKeys: [] }), of]),
  ),
  green(
    'no knownUntil: an old event is read back',
    given((stored, of) => [of.evidence.kind === 'event' ? withStamp(stored, { knownUntil: BEGINNING }) : stored, of]),
  ),
  green(
    'no adopting: what is the same is read back',
    given((stored, of) => [
      stored && { ...stored, sameData: () => (stored.sameData() === false ? false : undefined) },
      of,
    ]),
  ),
  green(
    'no ghost floor: an image of an unknown row is read back',
    around(() => ({
      writer: (options) => ({ ...options, ghostFloorOf: () => Promise.resolve(Number.POSITIVE_INFINITY) }),
    })),
  ),
];
