/** One instance of the app: the real writer, receiver, pull and replay over ports whose every step waits for its turn. */
import type { ServiceBusMessage } from '@azure/service-bus';
import type { RowAddress } from '../../shared/change/row-change';
import type { FeedPage } from '../../shared/dataverse/change-feed';
import { AnswerUnreadable } from '../../shared/dataverse/odata-row';
import { WebApiError } from '../../shared/dataverse/web-api';
import type { Columns } from '../../shared/change/value';
import { InboundRecords } from '../../shared/inbound/inbound-records';
import type { InboundRecord } from '../../shared/inbound/record';
import type { InboundRows, RowAnswer } from '../../shared/inbound/inbound-rows';
import { InboundWriter } from '../../shared/inbound/inbound-writer';
import { OwnedColumns, type OwnedColumnsParts } from '../../shared/inbound/owned-columns';
import type { EventStore } from '../../shared/lob/event-store';
import {
  LONGEST_WRITE_MS,
  type LobStore,
  type RowWrite,
  type TombstoneStore,
  type WriteOutcome,
} from '../../shared/lob/store';
import { Associations } from '../../shared/mapping/associations';
import { EventMapping } from '../../shared/mapping/event-mapping';
import { MappedStore } from '../../shared/lob/mapped-store';
import { DEFAULT_MAPPING, type Mapping } from '../../shared/mapping/mapping';
import type { TableDefinition } from '../../shared/mapping/table-definition';
import type { Parking } from '../../shared/parking/parking';
import { InboundReceiver } from '../../shared/receive/inbound-receiver';
import { replayHandler } from '../../shared/receive/replay-handler';
import { DelayedCopies, type CopySender } from '../../shared/receive/delayed-copies';
import { Receiver } from '../../shared/receive/receiver';
import type { OnRetry } from '../../shared/receive/put-aside';
import { GhostFloors } from '../../shared/sync/ghost-floors';
import type { Leases, LoadJournal, PullStateStore } from '../../shared/sync/pull-state';
import { linkSubject, tableSubject, type PullSubject, type SubjectColumns } from '../../shared/sync/pull-subject';
import { PullSync } from '../../shared/sync/pull-sync';
import { type PullSyncParts } from '../../shared/sync/pull-run';
import { type PullReport } from '../../shared/sync/pull-report';
import { TombstonePurge } from '../../shared/sync/tombstone-purge';
import type { Rule } from '../../shared/writer/decide';
import type { RowReader } from '../../shared/writer/read-back';
import { Writer } from '../../shared/writer/writer';
import type { MemoryStore } from '../writer/memory-store';
import { StoreFault, type Faults } from './faults';
import type { LobSide } from './lob-side';
import type { SimulatedLeases } from './ports';
import type { MemoryEvents } from './memory-events';
import {
  CUSTOM_API,
  LINKS,
  TABLES,
  manyToManyOf,
  relationshipOf,
  type SimulatedDataverse,
  type Told,
} from './simulated-dataverse';
import type { Stepper, Turns } from './turns';
import type { Variant } from './variant';
import { FULL_IMAGE } from './wire';

/** READ_BACK_MAX_AGE_SECONDS, in milliseconds. */
export const MAX_READ_AGE_MS = 30_000;
/**
 * Least age of a tombstone that is purged, in milliseconds: A, a write's time to land, and the store's clock. (In truth it is a
 * day, so that the clock of whoever purges may be hours off.)
 */
const PURGE_AGE_MS = 60_000;
/** A write has landed after so many seconds, or never will. */
export const WRITE_LIMIT = LONGEST_WRITE_MS / 1000 - 2;
/** Time limits of runs: hardly enough for a few pages, or enough for a whole load with the wait before its sweep. */
const MAX_RUN_MS = [9000, 60_000, 60_000] as const;

/** A mapping, by a name of its own. */
export interface DeployedMapping extends Pick<Mapping, 'tableOf'> {
  readonly name: string;
}

/** What the instances share. */
export interface World {
  readonly rule: Rule;
  readonly variant: Variant;
  readonly dataverse: SimulatedDataverse;
  readonly store: MemoryStore;
  readonly states: PullStateStore;
  readonly leases: SimulatedLeases;
  readonly journal: LoadJournal;
  readonly parking: Parking;
  readonly events: MemoryEvents;
  readonly mapping: DeployedMapping;
  readonly lob: LobSide;
  /** Of rows that the LOB system changes. */
  readonly records: MemoryStore;
  readonly turns: Turns;
  readonly faults: Faults;
  readonly random: () => number;
  readonly onWritten: (row: RowAddress) => void;
  /** The queue has a copy, to be delivered at any later time. */
  readonly onCopied: (copy: ServiceBusMessage) => void;
}

export interface Instance extends Stepper {
  /** Seconds by which its clock is ahead. */
  skew: number;
  readonly mapping: DeployedMapping;
  readonly receiver: Receiver;
  /** Writes what the LOB system changed to Dataverse. */
  readonly inbound: InboundReceiver;
  /** How what came from the queue comes again: as a copy. */
  readonly copying: (told: Told, inBatch: boolean) => OnRetry;
  /** Pulls a table, until the time is up. */
  readonly pull: (table: string) => Promise<PullReport>;
  /** Tries again what is parked and due. */
  readonly replay: () => Promise<void>;
  /** Purges a table's old tombstones. */
  readonly purge: (table: string) => Promise<void>;
}

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Not of any instance: a request that its sender no longer waits for. */
const ON_ITS_WAY: Stepper = { alive: true };

export function startInstance(world: World, skew: number): Instance {
  const { dataverse, variant, rule } = world;
  const stepper = { alive: true, skew, mapping: world.mapping };
  const now = (): number => (dataverse.clock + stepper.skew) * 1000;
  /** However its clock is set, time goes on. */
  const clock = (): number => dataverse.clock * 1000;
  const pause = (): Promise<void> => world.turns.pause(stepper);
  const plainStore = slowStore(world, pause);
  const mapping = dataverse.hasKeys ? world.lob.mapping : world.mapping;
  const mapped = new MappedStore(variant.store?.(plainStore) ?? plainStore, mapping);
  const plainReader = slowReader(world, pause);
  const reader = variant.reader?.(plainReader, now) ?? plainReader;
  const plainStates = slowStates(world, pause);
  const states = variant.states?.(plainStates) ?? plainStates;
  const plainParking = slowParking(world, pause);
  const parking = variant.parking?.(plainParking) ?? plainParking;
  const { decide, seen = (of: InboundRecord) => of } = variant.inbound ?? {};
  const slowRecords = slowStore({ ...world, store: world.records, onWritten: () => undefined }, pause);
  const records = new InboundRecords(slowRecords, queueMicrotask, ({ data }, name) => {
    const value = (data as Columns).get(name);
    return value?.kind === 'string' ? value.value : undefined;
  });
  const seenRecords: OwnedColumnsParts['records'] = {
    read: async (...of) => {
      const kept = await records.read(...of);
      return { ...kept, record: seen(kept.record) };
    },
  };
  const store = dataverse.hasKeys
    ? new OwnedColumns(mapped, { mapping, records: seenRecords, parking, log: world.lob.log, now })
    : mapped;
  const floors = new GhostFloors(states, { margin: rule.margin, lifetimeMs: 2000, clock });
  const options = {
    rule,
    maxReadAgeMs: MAX_READ_AGE_MS,
    clock,
    ghostFloorOf: (table: string) => floors.of(table),
  };
  const writer = new Writer(store, reader, variant.writer?.(options) ?? options);
  const plainLeases: Leases = {
    acquire: async (name: string) => {
      await pause();
      world.faults.stateRefuses();
      return world.leases.acquire(name);
    },
  };
  const leases = variant.leases?.(plainLeases) ?? plainLeases;
  const sleep = async (milliseconds: number): Promise<void> => {
    const until = dataverse.clock + Math.ceil(milliseconds / 1000);
    await pause();
    dataverse.clock = Math.max(dataverse.clock, until);
  };
  const parts: PullSyncParts = {
    subjectOf: (name) => Promise.resolve(subjectOf(name, world)),
    feed: slowFeed(world, pause),
    writer,
    store,
    states,
    leases,
    parking,
    maxReadAgeMs: MAX_READ_AGE_MS,
    journal: slowJournal(world, pause),
    now,
    clock,
    sleep,
  };
  const purgeParts = { store: slowTombstones(world, pause), states, leases, sleep };
  const tombstones = new TombstonePurge(variant.purge?.(purgeParts) ?? purgeParts);
  const receiver = new Receiver(
    {
      writer: variant.receiving?.(writer) ?? writer,
      events: slowEvents(world, pause),
      parking,
      catalog: {
        get: (table) => Promise.resolve(dataverse.definitionOf(table)),
        refresh: (table) => Promise.resolve(dataverse.definitionOf(table)),
      },
      associations: new Associations(
        { tables: TABLES, relationships: LINKS },
        { relationship: (name) => Promise.resolve(relationshipOf(name)) },
      ),
      mapping: { ...DEFAULT_MAPPING, events: EVENTS },
      organization: { check: () => Promise.resolve() },
    },
    {
      tables: TABLES,
      fullImageAlias: FULL_IMAGE,
      unconfirmedDelayMs: 3000,
      marginSeconds: variant.lateDates ?? rule.margin,
      now,
      dataverseNow: clock,
    },
  );
  const inbound = new InboundReceiver({
    writer: new InboundWriter({
      ...{ records, rows: slowRows(world, pause), store: mapped, log: world.lob.log, now, defer: queueMicrotask },
      ...(decide === undefined ? {} : { decide }),
    }),
    tables: { get: () => Promise.resolve(world.lob.table()) },
    ...{ parking, mapping: DEFAULT_MAPPING, organization: { verify: () => Promise.resolve() }, now },
  });
  const plainSender = slowSender(world, pause);
  const sender = variant.copies?.(plainSender) ?? plainSender;
  const copies = new DelayedCopies(() => Promise.resolve(sender), {
    ...{ attempts: 3, firstDelayMs: 2000, longestDelayMs: 8000, queue: 'queue', sessions: false, now },
    log: () => undefined,
    random: world.random,
  });
  const replay = replayHandler(() => ({ parking, receiver, inbound, writer, now }));
  const pull = new PullSync(variant.pull?.(parts) ?? parts);
  return Object.assign(stepper, {
    receiver,
    inbound,
    copying: ({ number, delivery: { body }, properties = {} }: Told, inBatch: boolean): OnRetry => ({
      kind: 'copy',
      inBatch,
      copy: (cause, whatever) =>
        copies.send({ body, named: {}, messageId: String(number), properties }, cause, whatever),
    }),
    pull: (table: string) => pull.run(table, { until: clock() + world.faults.oneOf(MAX_RUN_MS) }),
    replay: async () => {
      await replay({} as never, QUIET as never);
    },
    purge: async (table: string) => {
      for await (const { removed } of tombstones.purge([table], clock() - PURGE_AGE_MS))
        if (removed > 0) world.faults.note('F44');
    },
  });
}

const EVENTS: Mapping['events'] = new Map([[CUSTOM_API, new EventMapping(CUSTOM_API, {}, String)]]);

function subjectOf(name: string, { dataverse, mapping }: World): PullSubject {
  const definition = dataverse.definitionOf(name);
  if (LINKS.some((link) => link === name)) return linkSubject(name, manyToManyOf(name), definition, mapping.name);
  const columnsOf = ({ columns }: TableDefinition): SubjectColumns => ({
    fingerprint: mapping.name,
    columns: [...columns.values()].map((column) => `${column.name}:${column.type}`).sort(),
    newColumns: 'add',
  });
  return tableSubject(definition, columnsOf, () => Promise.resolve(dataverse.definitionOf(name)));
}

type Pause = () => Promise<void>;

/** Store: throttled, away, slow; a write may be done although its answer is lost, or land when nobody waits any more. */
function slowStore({ store, dataverse, turns, faults, onWritten }: World, pause: Pause): LobStore {
  const land = async (writes: readonly RowWrite[]): Promise<readonly WriteOutcome[]> => {
    const outcomes = await store.write(writes);
    writes.forEach(({ row }, index) => {
      if (outcomes[index]?.kind === 'written') onWritten(row);
      else faults.note('F31');
    });
    return outcomes;
  };
  const landLate = async (writes: readonly RowWrite[], sent: number): Promise<void> => {
    await turns.pause(ON_ITS_WAY);
    if (dataverse.clock - sent <= WRITE_LIMIT) await land(writes);
  };
  return {
    read: async (rows) => {
      await pause();
      faults.storeRefuses();
      return store.read(rows);
    },
    write: async (writes) => {
      if (writes.length === 0) return [];
      const sent = dataverse.clock;
      await pause();
      if (dataverse.clock - sent > WRITE_LIMIT) throw new StoreFault('time-out');
      if (!faults.happens()) {
        const outcomes = await land(writes);
        await pause();
        return outcomes;
      }
      const fault = faults.oneOf(['F27', 'F28', 'F29', 'F30'] as const);
      faults.note(fault);
      if (fault === 'F29') void landLate(writes, sent);
      if (fault === 'F30') {
        const [, ...others] = writes;
        return [{ kind: 'failed', error: new StoreFault('503') }, ...(await land(others))];
      }
      if (fault === 'F28') {
        await land(writes);
        await pause();
      }
      throw new StoreFault('time-out');
    },
    sameData: (stored, snapshot) => store.sameData(stored, snapshot),
    compare: (stored, some) => store.compare(stored, some),
    async *liveRows(table, after) {
      await pause();
      for await (const page of store.liveRows(table, after)) {
        faults.storeRefuses();
        await pause();
        yield page;
        await pause();
      }
    },
  };
}

/** Event tables: an event may be stored although nobody hears of it. */
function slowEvents({ events, faults }: World, pause: Pause): EventStore {
  return {
    append: async (of) => {
      await pause();
      const failed = of.map(() => ({ kind: 'failed', error: new StoreFault('503') }) as const);
      if (faults.happens()) {
        faults.note('F27');
        return failed;
      }
      const outcomes = await events.append(of);
      await pause();
      if (!faults.happens()) return outcomes;
      faults.note('F28');
      return failed;
    },
  };
}

function slowTombstones({ store, faults }: World, pause: Pause): TombstoneStore {
  return {
    async *tombstones(table, writtenBefore) {
      for await (const page of store.tombstones(table, writtenBefore)) {
        await pause();
        faults.storeRefuses();
        yield page;
      }
    },
    removeTombstones: async (tombstones) => {
      await pause();
      faults.storeRefuses();
      return store.removeTombstones(tombstones);
    },
  };
}

function slowReader({ dataverse, faults }: World, pause: Pause): RowReader {
  return {
    read: async (row) => {
      const sent = dataverse.clock;
      await pause();
      faults.webApiRefuses(`GET ${row.table}`);
      const read = dataverse.get(row, sent);
      if (read.kind === 'missing') faults.note('F21');
      await pause();
      return read;
    },
  };
}

/** The Web API: a write may be refused, or carried out although its answer is lost, at once or when nobody waits any more. */
function slowRows({ dataverse, faults, turns, lob }: World, pause: Pause): InboundRows {
  const sendOne = async (request: Parameters<InboundRows['send']>[0][number]): Promise<RowAnswer> => {
    const sent = dataverse.clock;
    await pause();
    faults.webApiRefuses('$batch');
    const landsLate = request.action.kind !== 'read' && faults.happens(0.5);
    if (landsLate)
      void turns
        .pause(ON_ITS_WAY)
        .then(() => (dataverse.clock - sent <= WRITE_LIMIT ? lob.carryOut(request) : undefined));
    const answer = landsLate ? undefined : lob.carryOut(request);
    await pause();
    if (answer !== undefined && !faults.happens(0.5)) return answer;
    faults.note(landsLate ? 'F62' : 'F60');
    throw new WebApiError('$batch', 0, '', 'simulated');
  };
  return {
    send: (requests) =>
      Promise.all(
        requests.map((request) => sendOne(request).catch((error: unknown): RowAnswer => ({ kind: 'failed', error }))),
      ),
  };
}

/** The queue: a copy may not be accepted, or be accepted although nobody hears of it. */
function slowSender({ faults, onCopied }: World, pause: Pause): CopySender {
  return {
    sendMessages: async (message) => {
      await pause();
      faults.queueRefuses('F40');
      onCopied(message);
      await pause();
      faults.queueRefuses('F41');
    },
  };
}

function slowFeed({ dataverse, faults }: World, pause: Pause): PullSyncParts['feed'] {
  return {
    async *pages(request, from) {
      faults.webApiRefuses('GET page', from.link?.includes('/') === true);
      for await (const page of dataverse.pages(request.definition.table, request, from, pause)) {
        const items = page.items.map((item) => {
          if (item.kind !== 'row' || !faults.happens(0.5)) return item;
          faults.note('F25');
          return unreadable(item);
        });
        yield { ...page, items };
        faults.webApiRefuses('GET page');
      }
    },
  };
}

const unreadable = ({ id }: FeedPage['items'][number]): FeedPage['items'][number] => ({
  kind: 'unreadable',
  id,
  error: new AnswerUnreadable('a table', 'simulated'),
});

/** Pull states: refused; written although nobody hears of it; or written when nobody waits any more. */
function slowStates({ states, dataverse, turns, faults }: World, pause: Pause): PullStateStore {
  return {
    read: async (table) => {
      await pause();
      faults.stateRefuses();
      return states.read(table);
    },
    write: async (table, state, tag) => {
      const sent = dataverse.clock;
      const isInTime = (): boolean => dataverse.clock - sent <= WRITE_LIMIT;
      await pause();
      if (!isInTime()) throw new StoreFault('time-out');
      if (!faults.happens()) {
        const written = await states.write(table, state, tag);
        await pause();
        return written;
      }
      const fault = faults.oneOf(['F32', 'F45', 'F46'] as const);
      faults.note(fault);
      if (fault === 'F45') await states.write(table, state, tag);
      if (fault === 'F46')
        void turns.pause(ON_ITS_WAY).then(() => (isInTime() ? states.write(table, state, tag) : undefined));
      throw new StoreFault('time-out');
    },
    lastWritten: () => states.lastWritten(),
  };
}

/** Journals: what is sent may be sent twice, land when nobody waits any more, or land although nobody hears of it. */
function slowJournal({ journal, turns, faults }: World, pause: Pause): LoadJournal {
  return {
    append: async (name, at, ids) => {
      await pause();
      if (!faults.happens()) {
        const appended = await journal.append(name, at, ids);
        await pause();
        return appended;
      }
      const fault = faults.oneOf(['refused', 'twice', 'late', 'lost'] as const);
      faults.note(fault === 'refused' ? 'F32' : 'F51');
      if (fault === 'late') void turns.pause(ON_ITS_WAY).then(() => journal.append(name, at, ids));
      if (fault === 'refused' || fault === 'late') throw new StoreFault('time-out');
      const appended = await journal.append(name, at, ids);
      await pause();
      if (fault === 'lost') throw new StoreFault('time-out');
      return appended && journal.append(name, at, ids);
    },
    count: async (name) => {
      await pause();
      faults.stateRefuses();
      return journal.count(name);
    },
    async *read(name) {
      await pause();
      for await (const ids of journal.read(name)) yield ids;
    },
    clear: async (table) => {
      await pause();
      if (faults.happens()) {
        faults.note('F52');
        void turns.pause(ON_ITS_WAY).then(() => journal.clear(table));
        throw new StoreFault('time-out');
      }
      await journal.clear(table);
    },
  };
}

function slowParking({ parking, faults }: World, pause: Pause): Parking {
  const step = async (): Promise<void> => {
    await pause();
    faults.stateRefuses();
  };
  return {
    parkDelivery: async (delivery, cause, dueAtMs) => {
      await step();
      await parking.parkDelivery(delivery, cause, dueAtMs);
    },
    parkRow: async (row, cause, dueAtMs) => {
      await step();
      await parking.parkRow(row, cause, dueAtMs);
    },
    due: async (nowMs, limit) => {
      await step();
      return parking.due(nowMs, limit);
    },
    remove: async (items) => {
      await step();
      await parking.remove(items);
    },
    postpone: async (item, cause, dueAtMs) => {
      await step();
      await parking.postpone(item, cause, dueAtMs);
    },
  };
}
