/**
 * Proves the pull of one table step by step against a scripted feed: what is kept when, what a failure leaves behind, that a
 * full load ends with a sweep which starts late enough, and that one run at a time works on a table.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RowAddress } from '../../shared/change/row-change';
import type { FeedPage } from '../../shared/dataverse/change-feed';
import { AnswerUnreadable } from '../../shared/dataverse/odata-row';
import { WebApiError } from '../../shared/dataverse/web-api';
import type { TableDefinition } from '../../shared/mapping/table-definition';
import type { ParkCause } from '../../shared/parking/parking';
import type { Lease, PullState } from '../../shared/sync/pull-state';
import type { Relationship } from '../../shared/mapping/relationship';
import { linkSubject, tableSubject, type SubjectColumns } from '../../shared/sync/pull-subject';
import { GhostFloors } from '../../shared/sync/ghost-floors';
import { PullSync } from '../../shared/sync/pull-sync';
import { type PullSyncParts } from '../../shared/sync/pull-run';
import { type PullNote } from '../../shared/sync/pull-report';
import { type PullReport } from '../../shared/sync/pull-report';
import { codeOf } from '../../shared/errors/errors';
import { ReadLagged } from '../../shared/writer/read-back';
import { OrderUnprovable, Writer } from '../../shared/writer/writer';
import { RULE, columns, found, unconfirmed, image, missing, patch, pulledRow, row, rowId } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';
import { DEFINITION } from './definition';
import { MemoryJournal } from './memory-journal';
import { MemoryStates } from './memory-states';

const BEGUN = 5_000_000;

let shape: SubjectColumns;
let nowMs: number;
let store: MemoryStore;
let reader: ScriptedReader;
let states: MemoryStates;
let told: PullNote[];
let pages: FeedPage[] | Error;
let asked: (string | undefined)[];
let parked: { readonly row: RowAddress; readonly cause: ParkCause; readonly dueAtMs?: number }[];
let lease: (Lease & { released: boolean }) | undefined;
let slept: number[];
let journal: MemoryJournal;

const page = (items: FeedPage['items'], deltaLink?: string): FeedPage => ({
  items,
  begin: nowMs / 1000,
  end: nowMs / 1000 + 2,
  ...(deltaLink === undefined ? {} : { deltaLink }),
});
/** A page with another one after it. */
const next = (items: FeedPage['items'], nextLink: string): FeedPage => ({ ...page(items), nextLink });
const live = (n: number, version: bigint, name = `v${version}`): FeedPage['items'][number] => ({
  kind: 'row',
  id: rowId(n),
  version,
  modifiedOn: 4000,
  columns: columns({ name }),
});
const gone = (n: number): FeedPage['items'][number] => ({ kind: 'deleted', id: rowId(n) });
const expired = (): Error => new WebApiError('GET delta', 400, '0x80044352', 'expired');

beforeEach(() => {
  shape = {};
  nowMs = BEGUN;
  store = new MemoryStore(() => nowMs);
  reader = new ScriptedReader(() => missing(nowMs / 1000, nowMs / 1000 + 2));
  states = new MemoryStates(() => nowMs);
  told = [];
  pages = [];
  asked = [];
  parked = [];
  slept = [];
  journal = new MemoryJournal();
  lease = {
    held: () => true,
    released: false,
    release() {
      this.released = true;
      return Promise.resolve();
    },
  };
});

/** Runs a pull, for so long at most. */
interface Pulling {
  run: (name: string, maxRunMs?: number) => Promise<PullReport>;
}

function sync(overrides: Partial<PullSyncParts> = {}): Pulling {
  const pull = new PullSync({
    subjectOf: () =>
      Promise.resolve(
        tableSubject(
          DEFINITION,
          () => shape,
          () => Promise.resolve(DEFINITION),
        ),
      ),
    feed: {
      async *pages(_definition, { link }) {
        asked.push(link);
        await Promise.resolve();
        if (link !== undefined && pages instanceof Error) throw pages;
        yield* pages instanceof Error ? RELOAD() : pages;
      },
    },
    writer: new Writer(store, reader, { rule: RULE, clock: () => nowMs }),
    store,
    states,
    leases: { acquire: () => Promise.resolve(lease) },
    parking: {
      parkRow: (of, cause, dueAtMs) => {
        parked.push({ row: of, cause, ...(dueAtMs === undefined ? {} : { dueAtMs }) });
        return Promise.resolve();
      },
    },
    maxReadAgeMs: 30_000,
    journal,
    now: () => nowMs,
    clock: () => nowMs,
    sleep: (milliseconds) => {
      slept.push(milliseconds);
      nowMs += milliseconds;
      return Promise.resolve();
    },
    ...overrides,
  });
  const tell = (note: PullNote): void => void told.push(note);
  return {
    run: (name, maxRunMs = 480_000) => pull.run(name, { until: (overrides.clock?.() ?? nowMs) + maxRunMs, tell }),
  };
}

const state = (): PullState => states.stateOf('account');
const deltaLink = (): string | undefined => {
  const of = state();
  return of.kind === 'current' || of.kind === 'catchingUp' ? of.deltaLink : undefined;
};
/** A load of which no page is processed. */
const LOADING = { kind: 'loading', journal: expect.anything(), first: true, again: false };
const drifts = (): PullNote[] => told.filter(({ kind }) => kind === 'drift');

/** What a load after an expired token finds. */
let RELOAD: () => FeedPage[] = () => [];

const nameOf = (n: number): unknown => {
  const name = store.columnsOf(row(n))?.get('name');
  return name?.kind === 'string' ? name.value : undefined;
};

describe('the first load', () => {
  test('all pages, then the sweep, then the token; each row costs one write and no read', async () => {
    pages = [next([live(1, 10n), live(2, 11n)], 'N1'), next([live(3, 12n)], 'N2'), page([], 'T1')];
    states.writes.length = 0;
    expect(await sync().run('account')).toEqual({
      table: 'account',
      mode: 'load',
      rows: 3,
      deletes: 0,
      pages: 3,
      verdicts: { applied: 3 },
      healed: 0,
      swept: 0,
      parked: 0,
      foreign: 0,
      milliseconds: 32_000,
    });
    expect([1, 2, 3].map(nameOf)).toEqual(['v10', 'v11', 'v12']);
    expect(asked).toEqual([undefined]);
    expect(states.writes.map(({ kind }) => kind)).toEqual(['loading', 'loading', 'loading', 'sweeping', 'current']);
    expect(state()).toEqual({
      kind: 'current',
      tokenFixedOn: BEGUN / 1000 + 2,
      deltaLink: 'T1',
      again: false,
      lastRun: { begunMs: BEGUN, endedMs: BEGUN + 32_000, rows: 3 },
    });
    expect(store.counts).toMatchObject({ reads: 0, writes: 3 });
    expect(lease?.released).toBe(true);
  });

  test('a page in parts is one page: each part is processed, then the journal and the state are written once', async () => {
    const processed: unknown[] = [];
    const parts = async function* () {
      await Promise.resolve();
      yield { ...page([live(1, 10n)]), more: true as const };
      processed.push(nameOf(1));
      yield { ...page([live(2, 11n)]), nextLink: 'N1' };
      yield { ...page([live(3, 12n)]), nextLink: 'N2' };
      yield page([live(4, 13n)], 'T1');
    };
    const append = journal.append.bind(journal);
    const appended: unknown[] = [];
    journal.append = (name, at, ids) => {
      appended.push([at, ids.byteLength / 16]);
      return append(name, at, ids);
    };
    expect(await sync({ feed: { pages: parts } }).run('account')).toMatchObject({ pages: 3, rows: 4, swept: 0 });
    expect(processed).toEqual(['v10']);
    expect(appended).toEqual([
      [0, 2],
      [2, 1],
      [3, 1],
    ]);
    const links = states.writes.map((of) => (of.kind === 'loading' ? of.next?.link : of.kind));
    expect(links).toEqual([undefined, 'N1', 'N2', 'sweeping', 'current']);
  });

  test('a later part of a page fails: the whole page is read again', async () => {
    pages = [
      { ...page([live(1, 10n)]), more: true },
      { ...page([live(2, 11n)]), nextLink: 'N1' },
    ];
    store.at = (point, rows) => {
      if (point === 'write' && rows.some(({ id }) => id === rowId(2))) throw new Error('down');
    };
    await expect(sync().run('account')).rejects.toThrow('down');
    expect([state(), nameOf(1), journal.loads.size]).toEqual([LOADING, 'v10', 0]);
  });

  test('the writer goes on knowing rows that are pushed, however many are loaded', async () => {
    const writer = new Writer(store, reader, { rule: RULE, clock: () => nowMs, cacheBytes: 250 });
    const pushed = { table: 'contact', id: rowId(1) };
    reader.answer = () => found(9n);
    await writer.process([image({ row: pushed, at: 100 })]);
    const { reads } = store.counts;
    pages = [next([live(1, 10n)], 'N1'), next([live(2, 11n)], 'N2'), page([live(3, 12n)], 'T1')];
    await sync({ writer }).run('account');
    await writer.process([image({ row: pushed, at: 9000, key: 'another' })]);
    expect(store.counts.reads).toBe(reads);
  });

  test('[I13] a row that a push brought and the load does not show is swept: read back', async () => {
    await new Writer(store, new ScriptedReader(() => found(9n)), { rule: RULE }).process([image({ row: row(7) })]);
    pages = [page([live(1, 10n)], 'T1')];
    const report = await sync().run('account');
    expect(report).toMatchObject({ swept: 1 });
    expect(store.columnsOf(row(7))).toBeUndefined();
    expect(nameOf(1)).toBe('v10');
  });

  test('a row that was made while the load ran is read back by the sweep, and stays', async () => {
    pages = [page([live(1, 10n)], 'T1')];
    reader.answer = () => found(13n, columns({ name: 'made meanwhile' }), { modifiedOn: nowMs / 1000 });
    const late = new Writer(store, reader, { rule: RULE });
    const sleep = async (milliseconds: number): Promise<void> => {
      await late.process([image({ row: row(7), at: nowMs / 1000 })]);
      nowMs += milliseconds;
    };
    expect(await sync({ sleep }).run('account')).toMatchObject({ swept: 1, verdicts: { readBack: 1 } });
    expect(nameOf(7)).toBe('made meanwhile');
  });

  test('[I13] the sweep waits from when the token was fixed, however long the first page took', async () => {
    const feed: PullSyncParts['feed'] = {
      async *pages() {
        await Promise.resolve();
        nowMs += 25_000;
        yield next([live(1, 10n)], 'N1');
        nowMs += 10_000;
        yield page([], 'T1');
      },
    };
    await sync({ feed }).run('account');
    expect(slept).toEqual([22_000]);
  });

  test('a load that failed is no longer the first, has no token, and is begun again', async () => {
    pages = [{ ...page([live(1, 10n)]), more: true }, page([live(2, 11n)], 'T1')];
    store.at = (point, rows) => {
      if (point === 'write' && rows.some(({ id }) => id === rowId(2))) throw new Error('down');
    };
    await expect(sync().run('account')).rejects.toThrow('down');
    expect(state()).toEqual(LOADING);
    expect(lease?.released).toBe(true);
    store.at = () => undefined;
    expect(await sync().run('account')).toMatchObject({ mode: 'reload', verdicts: { contained: 1, applied: 1 } });
    expect(deltaLink()).toBe('T1');
  });
});

describe('a delta', () => {
  beforeEach(async () => {
    pages = [page([live(1, 10n), live(2, 11n)], 'T1')];
    await sync().run('account');
    nowMs += 60_000;
    states.writes.length = 0;
    asked = [];
    slept = [];
  });

  test('changed rows and deletes; what was stored before the run needs no GET; no sweep', async () => {
    pages = [next([live(1, 20n)], 'N1'), page([live(3, 21n), gone(2), gone(9)], 'T2')];
    expect(await sync().run('account')).toMatchObject({
      mode: 'delta',
      rows: 2,
      deletes: 2,
      pages: 2,
      verdicts: { applied: 2, deleted: 2 },
      healed: 3,
      swept: 0,
    });
    expect([1, 2, 3].map(nameOf)).toEqual(['v20', undefined, 'v21']);
    expect(store.stampOf(row(9))?.deleted).toBe(true);
    expect([asked, slept, reader.gets]).toEqual([['T1'], [], []]);
    expect(deltaLink()).toBe('T2');
  });

  test('[I25] the token is kept only after the last page is processed', async () => {
    pages = [{ ...page([live(1, 20n)]), more: true }, page([live(3, 21n)], 'T2')];
    store.at = (point) => {
      if (point === 'write') expect(states.writes).toEqual([]);
    };
    await sync().run('account');
    expect(states.writes).toHaveLength(1);
  });

  test('a failure that can pass leaves the token: the next run does it all again', async () => {
    pages = [{ ...page([live(1, 20n)]), more: true }, page([live(2, 21n)], 'T2')];
    store.at = (point, rows) => {
      if (point === 'write' && rows.some(({ id }) => id === rowId(2))) throw new Error('down');
    };
    await expect(sync().run('account')).rejects.toThrow('down');
    expect([states.writes, deltaLink(), lease?.released]).toEqual([[], 'T1', true]);
  });

  test('[I24] a row that can not be read is parked, counts as seen by the sweep, and the page goes on', async () => {
    await new Writer(store, reader, { rule: RULE }).process([pulledRow({ row: row(2) })]);
    const error = new AnswerUnreadable('account', 'a row has no @odata.etag with its version');
    pages = [page([{ kind: 'unreadable', id: rowId(2), error }, live(4, 10n)], 'T1')];
    states = new MemoryStates();
    expect(await sync().run('account')).toMatchObject({ mode: 'load', parked: 1, verdicts: { applied: 1 } });
    expect(nameOf(2)).toBeDefined();
    const cause = expect.objectContaining({ code: 'web-api-answer' });
    expect(parked).toEqual([{ row: row(2), cause, dueAtMs: expect.any(Number) }]);
  });

  test('[I24] a row that can not be processed as it stands is parked, and the page goes on', async () => {
    pages = [page([live(1, 20n), live(2, 21n), live(3, 22n)], 'T2')];
    store.at = (point, rows) => {
      if (point === 'read' && rows.some(({ id }) => id === rowId(2))) throw new OrderUnprovable(row(2));
    };
    expect(await sync().run('account')).toMatchObject({ parked: 1, verdicts: { applied: 2 } });
    expect(parked).toEqual([{ row: row(2), cause: expect.objectContaining({ code: 'order-unprovable' }) }]);
    expect([nameOf(1), nameOf(3), deltaLink()]).toEqual(['v20', 'v22', 'T2']);
  });

  test('one row twice on a page: the later version stays', async () => {
    pages = [page([live(1, 20n), live(1, 21n)], 'T2')];
    await sync().run('account');
    expect(nameOf(1)).toBe('v21');
  });

  test('a token that expired: everything is loaded anew, deletes are found by the sweep', async () => {
    pages = expired();
    RELOAD = () => [page([live(1, 10n), live(3, 30n)], 'T9')];
    const report = await sync().run('account');
    expect(report).toMatchObject({
      mode: 'reload',
      swept: 1,
      healed: 2,
      verdicts: { contained: 1, applied: 1, deleted: 1 },
    });
    expect([1, 2, 3].map(nameOf)).toEqual(['v10', undefined, 'v30']);
    expect(asked).toEqual(['T1', undefined]);
    expect(deltaLink()).toBe('T9');
  });

  test('the expired token is not kept while the reload runs', async () => {
    pages = expired();
    RELOAD = () => [page([live(3, 30n)], 'T9')];
    await expect(sync({ sleep: () => Promise.reject(new Error('killed')) }).run('account')).rejects.toThrow('killed');
    expect(state()).toMatchObject({ kind: 'sweeping', deltaLink: 'T9', lastRun: expect.anything() });
  });

  test('any other failure of the feed is no reason to load anew', async () => {
    pages = new WebApiError('GET delta', 503, '', 'busy');
    await expect(sync().run('account')).rejects.toMatchObject({ code: 'web-api' });
    expect([asked, deltaLink()]).toEqual([['T1'], 'T1']);
  });
});

describe('a run that does not come to its end', () => {
  /** Pages that lead to each other; the links asked for are remembered. */
  const ALL = (): FeedPage[] => [next([live(1, 10n)], 'N1'), next([live(2, 11n)], 'N2'), page([live(3, 12n)], 'T1')];
  let refused: Error | undefined;
  const linked = (): PullSyncParts['feed'] => ({
    async *pages(_subject, { link }) {
      asked.push(link);
      await Promise.resolve();
      if (refused !== undefined && link !== undefined) throw refused;
      yield* ALL().slice(link?.startsWith('N') === true ? Number(link.slice(1)) : 0);
    },
  });
  /** The store fails at the n-th row. */
  const failAt = (n: number | undefined): void => {
    store.at = (point, rows) => {
      if (point === 'write' && rows.some(({ id }) => id === rowId(n ?? 0))) throw new Error('down');
    };
  };
  const run = (overrides: Partial<PullSyncParts> = {}, maxRunMs?: number) =>
    sync({ feed: linked(), ...overrides }).run('account', maxRunMs);

  beforeEach(() => {
    refused = undefined;
  });

  test('[I27] a load goes on after its last processed page, with its first begin; the sweep knows every row', async () => {
    await new Writer(store, new ScriptedReader(() => found(9n)), { rule: RULE }).process([image({ row: row(7) })]);
    failAt(3);
    await expect(run()).rejects.toThrow('down');
    const begun = { begunOn: BEGUN / 1000, tokenFixedOn: BEGUN / 1000 + 2 };
    expect(state()).toEqual({ ...LOADING, next: { link: 'N2', ...begun, shown: 2 } });
    failAt(undefined);
    nowMs += 600_000;
    reader.answer = () => missing(nowMs / 1000, nowMs / 1000 + 2);
    expect(await run()).toMatchObject({ mode: 'load', resumed: true, rows: 1, swept: 1, verdicts: { applied: 1 } });
    expect(asked).toEqual([undefined, 'N2']);
    expect([1, 2, 3, 7].map((n) => store.columnsOf(row(n)) !== undefined)).toEqual([true, true, true, false]);
    expect(state()).toMatchObject({ kind: 'current', deltaLink: 'T1', tokenFixedOn: BEGUN / 1000 + 2 });
    expect([journal.loads.size, slept]).toEqual([0, []]);
    // Ten minutes lie between, and still: what the first begin can't vouch for isn't vouched for.
    expect(store.stampOf(row(3))?.knownUntil).toBe(Math.max(4000, BEGUN / 1000 - RULE.margin));
  });

  test('one that takes too long ends after a page, and the next run goes on', async () => {
    store.at = (point) => {
      if (point === 'write') nowMs += 60_000;
    };
    expect(await run({}, 50_000)).toMatchObject({ mode: 'load', unfinished: true, rows: 1 });
    expect(deltaLink()).toBeUndefined();
    expect(await run({}, 50_000)).toMatchObject({ unfinished: true, resumed: true, rows: 1 });
    expect(await run({}, 70_000)).toMatchObject({ mode: 'load', resumed: true, rows: 1 });
    expect([asked, deltaLink()]).toEqual([[undefined, 'N1', 'N2'], 'T1']);
  });

  test('a delta goes on, too; its token stays until it is done', async () => {
    pages = [page([], 'T0')];
    await sync().run('account');
    failAt(2);
    await expect(run()).rejects.toThrow('down');
    expect(state()).toMatchObject({ kind: 'catchingUp', deltaLink: 'T0', next: { link: 'N1' } });
    failAt(undefined);
    asked = [];
    expect(await run()).toMatchObject({ mode: 'delta', resumed: true, rows: 2 });
    expect([asked, state()]).toEqual([['N1'], expect.objectContaining({ kind: 'current', deltaLink: 'T1' })]);
  });

  test.each<[string, () => void]>([
    ['its link is refused', () => void (refused = new WebApiError('GET', 400, '0x80040203', 'bad paging cookie'))],
    ['its journal is gone', () => journal.loads.clear()],
    ['its journal lacks a page', () => journal.lose(1)],
    ['the mapping changed', () => void (shape = { fingerprint: 'g' })],
  ])('a load begins again where %s', async (_, spoil) => {
    failAt(3);
    await expect(run()).rejects.toThrow('down');
    failAt(undefined);
    spoil();
    nowMs += 60_000;
    const report = await run();
    expect(report).toMatchObject({ mode: 'reload', rows: 3 });
    expect(report.resumed).toBeUndefined();
    expect([deltaLink(), journal.loads.size]).toEqual(['T1', 0]);
    // The begin is that of the new load.
    expect(state()).toMatchObject({ tokenFixedOn: (BEGUN + 60_000) / 1000 + 2 });
  });

  test('[I27] a journal that lacks a page when the sweep begins: nothing is swept by it, the load begins again', async () => {
    let sweeps = 0;
    const sleep = (): Promise<void> => {
      if ((sweeps += 1) === 1) journal.lose(1);
      return Promise.resolve();
    };
    expect(await run({ sleep })).toMatchObject({ mode: 'reload', swept: 0 });
    expect([asked, sweeps]).toEqual([[undefined, undefined], 2]);
    expect([1, 2, 3].map(nameOf)).toEqual(['v10', 'v11', 'v12']);
  });

  test('a failure that can pass leaves it where it was', async () => {
    failAt(3);
    await expect(run()).rejects.toThrow('down');
    const before = state();
    refused = new WebApiError('GET', 503, '', 'busy');
    await expect(run()).rejects.toMatchObject({ code: 'web-api' });
    expect(state()).toEqual(before);
  });

  test('[I26] one that lost its lease does not say where to go on', async () => {
    let held = true;
    if (lease !== undefined) lease = { ...lease, held: () => held };
    store.at = (point) => {
      if (point === 'write') held = false;
    };
    await expect(run()).rejects.toMatchObject({ code: 'lease-lost' });
    expect(state()).toEqual(LOADING);
  });
});

describe('a run that lost its lease', () => {
  /** Two pages; after the first one the lease is somebody else's, until the run is let go on. */
  const overtaken = (): { readonly feed: PullSyncParts['feed']; goOn: () => void; readonly waits: Promise<void> } => {
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    let stops = (): void => undefined;
    const waits = new Promise<void>((resolve) => (stops = resolve));
    const feed: PullSyncParts['feed'] = {
      async *pages() {
        yield next([live(1, 10n)], 'N1');
        stops();
        await held;
        yield page([live(2, 11n)], 'T1');
      },
    };
    return { feed, goOn, waits };
  };
  const loaded = (): PullSyncParts['feed'] => ({
    async *pages(_subject, { link }) {
      await Promise.resolve();
      yield link === 'T1' ? page([], 'T1') : page([live(1, 10n), live(2, 11n)], 'T1');
    },
  });
  let holder: object | undefined;
  /** Whoever asks gets it: that of before has ended without its holder's knowing. */
  const leases: PullSyncParts['leases'] = {
    acquire: () => {
      const mine = (holder = {});
      return Promise.resolve({ held: () => holder === mine, release: () => Promise.resolve() });
    },
  };

  beforeEach(async () => {
    // Both rows are stored since long ago.
    nowMs -= 600_000;
    reader.answer = ({ id }) => found(id === rowId(1) ? 10n : 11n, columns({ name: 'read' }), { modifiedOn: 4000 });
    await new Writer(store, reader, { rule: RULE }).process([1, 2].map((n) => unconfirmed({ row: row(n) })));
    nowMs = BEGUN;
  });

  test('[I26] sweeps nothing, appends to no journal, and keeps no state', async () => {
    const first = overtaken();
    const overtakenRun = sync({ feed: first.feed, leases }).run('account');
    await first.waits;
    await sync({ feed: loaded(), leases }).run('account');
    const before = { state: state(), journals: journal.loads.size };
    first.goOn();
    await expect(overtakenRun).rejects.toMatchObject({ code: 'lease-lost' });
    expect([1, 2].map((n) => store.columnsOf(row(n)) !== undefined)).toEqual([true, true]);
    expect({ state: state(), journals: journal.loads.size }).toEqual(before);
  });

  test('[I26] and does not know it: its state is not written over that of another run', async () => {
    const first = overtaken();
    const unaware: PullSyncParts['leases'] = {
      acquire: () => Promise.resolve({ held: () => true, release: () => Promise.resolve() }),
    };
    const overtakenRun = sync({ feed: first.feed, leases: unaware }).run('account');
    await first.waits;
    await sync({ feed: loaded(), leases: unaware }).run('account');
    const before = state();
    first.goOn();
    await expect(overtakenRun).rejects.toMatchObject({ code: 'lease-lost' });
    expect(state()).toEqual(before);
    expect([1, 2].map((n) => store.columnsOf(row(n)) !== undefined)).toEqual([true, true]);
  });

  test('an append whose answer was lost, and that was sent again, counts once: a row that was not shown is not overlooked', async () => {
    const append = journal.append.bind(journal);
    journal.append = async (name, at, ids) => {
      await append(name, at, ids);
      return append(name, at, ids);
    };
    await sync({ feed: loaded(), leases }).run('account');
    expect(state()).toMatchObject({ kind: 'current' });
    const shown = states.writes.flatMap((of) => (of.kind === 'sweeping' ? [of.shown] : []));
    expect(shown).toEqual([2]);
  });

  test('a sweep stops at the next page once the lease is lost', async () => {
    for (const n of [5, 6, 7, 8])
      await new Writer(store, new ScriptedReader(() => found(9n)), { rule: RULE }).process([
        unconfirmed({ row: row(n) }),
      ]);
    reader.answer = () => missing(nowMs / 1000);
    let lists = 0;
    store.at = (point) => {
      if (point === 'list' && (lists += 1) > 2) holder = undefined;
    };
    await expect(sync({ feed: loaded(), leases }).run('account')).rejects.toMatchObject({ code: 'lease-lost' });
    expect([5, 6, 7, 8].map((n) => store.columnsOf(row(n)) !== undefined)).toEqual([false, false, true, true]);
    expect(state()).toMatchObject({ kind: 'sweeping' });
  });
});

describe('one row or entry does not stop a table', () => {
  const [ONE] = [row(2)];

  beforeEach(async () => {
    pages = [page([live(1, 10n), live(2, 11n)], 'T1')];
    await sync().run('account');
    nowMs += 60_000;
  });

  test("entries of the store that are not this app's are passed over and told; the load ends", async () => {
    store.foreign = [{ key: 'a/x', error: new OrderUnprovable(row(9)) }];
    pages = expired();
    RELOAD = () => [page([live(1, 10n)], 'T9')];
    expect(await sync().run('account')).toMatchObject({ mode: 'reload', swept: 1, foreign: 1 });
    expect([deltaLink(), nameOf(2)]).toEqual(['T9', undefined]);
    expect(told).toContainEqual({ kind: 'foreign', code: 'order-unprovable', reason: expect.any(String) });
  });

  test.each<[string, Error, boolean]>([
    ['a read-back is refused (400)', new WebApiError('GET', 400, '0x0', 'wrong'), true],
    ['its metadata is being published (404)', new WebApiError('GET', 404, '0x80060888', 'no such set'), true],
    ['its read-back shows an older state', new ReadLagged(row(2)), true],
    ['its order can not be proven', new OrderUnprovable(row(2)), false],
  ])('%s: it is parked, due if that can pass, and the page goes on', async (_, error, isDue) => {
    // Merged on top of the page's version after the run began: only a read can tell.
    const late = new Writer(store, new ScriptedReader(() => found(9n)), { rule: RULE });
    await late.process([patch({ row: ONE, at: nowMs / 1000 - 3 })]);
    reader.answer = () => {
      throw error;
    };
    pages = [page([live(1, 20n), live(2, 21n, 'other')], 'T2')];
    expect(await sync().run('account')).toMatchObject({ mode: 'delta', parked: 1 });
    expect([deltaLink(), nameOf(1)]).toEqual(['T2', 'v20']);
    const cause = expect.objectContaining({ code: codeOf(error) });
    expect(parked).toEqual([{ row: ONE, cause, ...(isDue ? { dueAtMs: nowMs + 15_000 } : {}) }]);
  });

  test('a read-back that is older than the page which caused it is not believed', async () => {
    const late = new Writer(store, new ScriptedReader(() => found(9n)), { rule: RULE });
    await late.process([patch({ row: ONE, at: nowMs / 1000 - 3 })]);
    reader.answer = () => found(20n, columns({ name: 'lagging' }), { begin: nowMs / 1000, end: nowMs / 1000 + 2 });
    pages = [page([live(2, 21n, 'other')], 'T2')];
    await sync().run('account');
    expect(nameOf(2)).not.toBe('lagging');
    expect(parked).toMatchObject([{ row: ONE, cause: { code: 'read-lagged' }, dueAtMs: expect.any(Number) }]);
  });
});

test.each([-3600, -8, 0, 8, 3600])(
  "[A6] this machine's clock is %i s off: a late creation of a row that was deleted before the load's token is no ghost",
  async (seconds) => {
    const floors = new GhostFloors(states, { margin: RULE.margin, lifetimeMs: 2000, clock: () => nowMs });
    reader.answer = () => missing(nowMs / 1000);
    const writer = new Writer(store, reader, {
      rule: RULE,
      clock: () => nowMs,
      ghostFloorOf: (table) => floors.of(table),
    });
    const now = (): number => nowMs + seconds * 1000;
    // Created, and deleted a second later; both pushes are late. Then the load, which doesn't show it.
    const created = nowMs / 1000;
    nowMs += 2000;
    pages = [page([live(1, 10n)], 'T1')];
    await sync({ writer, now }).run('account');
    nowMs += 60_000;
    pages = [page([], 'T2')];
    await writer.process([image({ row: row(2), at: created })]);
    await sync({ writer, now }).run('account');
    expect(nameOf(2)).toBeUndefined();
    // What was created since, and is as new as it says, needs no read.
    const { length } = reader.gets;
    await writer.process([image({ row: row(3), at: nowMs / 1000 })]);
    expect([reader.gets.length, store.columnsOf(row(3)) !== undefined]).toEqual([length, true]);
  },
);

describe('the time limit', () => {
  const many = (): FeedPage[] => [page([live(1, 10n)], 'T1')];

  test('the wait before the sweep counts: what is left of it is waited for by the next run', async () => {
    pages = many();
    expect(await sync().run('account', 10_000)).toMatchObject({ mode: 'load', unfinished: true });
    expect(state()).toMatchObject({ kind: 'sweeping', waitMs: 22_000 });
    expect(await sync().run('account', 60_000)).toMatchObject({ mode: 'load', resumed: true, pages: 0 });
    expect([slept, deltaLink()]).toEqual([[10_000, 22_000], 'T1']);
  });

  test('the sweep is bounded by it, and goes on where it was', async () => {
    const others = [3, 4, 5, 6, 7].map((n) => row(n));
    const late = new Writer(store, new ScriptedReader(() => found(9n)), { rule: RULE });
    await late.process(others.map((of) => unconfirmed({ row: of })));
    pages = many();
    reader.answer = () => missing(nowMs / 1000);
    store.at = (point) => {
      if (point === 'list') nowMs += 10_000;
    };
    expect(await sync().run('account', 40_000)).toMatchObject({ unfinished: true, swept: 1 });
    expect(state()).toMatchObject({ kind: 'sweeping', waitMs: 0, after: rowId(3) });
    expect(await sync().run('account', 15_000)).toMatchObject({ unfinished: true, resumed: true, swept: 4 });
    expect(await sync().run('account', 60_000)).toMatchObject({ resumed: true, swept: 0 });
    expect(others.map(({ id }) => store.stampOf({ table: 'account', id })?.deleted)).toEqual(others.map(() => true));
    expect(deltaLink()).toBe('T1');
  });

  test('a page that is under way when the time is up is called off: the run ends for now', async () => {
    const feed: PullSyncParts['feed'] = {
      async *pages(_subject, _from, signal) {
        yield next([live(1, 10n)], 'N1');
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('called off'))));
      },
    };
    const pull = sync({ feed, clock: () => performance.now() });
    expect(await pull.run('account', 50)).toMatchObject({ mode: 'load', unfinished: true, pages: 1 });
    expect(state()).toMatchObject({ kind: 'loading', next: { link: 'N1' } });
  });
});

describe('the mapping or the columns change', () => {
  const COLUMNS = ['name:string'];

  beforeEach(async () => {
    shape = { fingerprint: 'f', columns: COLUMNS };
    pages = [page([live(1, 10n), live(2, 11n)], 'T1')];
    await sync().run('account');
    nowMs += 60_000;
    asked = [];
  });

  test('a new column: everything is loaded again, only rows that differ are written, and it is said once', async () => {
    shape = { fingerprint: 'g', columns: [...COLUMNS, 'tier:choice'] };
    pages = [page([{ ...live(1, 10n), columns: columns({ name: 'v10', tier: 1 }) } as never, live(2, 11n)], 'T2')];
    const report = await sync().run('account');
    expect(report).toMatchObject({
      mode: 'reload',
      healed: 0,
      verdicts: { refreshed: 1, contained: 1 },
    });
    expect(drifts()).toEqual([{ kind: 'drift', added: ['tier:choice'], removed: [], changed: [] }]);
    expect(store.columnsOf(row(1))?.get('tier')).toBeDefined();
    expect(asked).toEqual([undefined]);
    // Once more, since an instance with the columns of before may have written meanwhile; and then deltas.
    pages = [page([live(1, 10n, 'other mapping'), live(2, 11n)], 'T3')];
    const again = await sync().run('account');
    expect(again).toMatchObject({ mode: 'reload', verdicts: { refreshed: 1, contained: 1 } });
    expect(drifts()).toHaveLength(1);
    pages = [page([], 'T4')];
    expect(await sync().run('account')).toMatchObject({ mode: 'delta' });
  });

  test('[I28] a load that is begun again still has one more after it', async () => {
    shape = { fingerprint: 'g', columns: COLUMNS };
    await expect(sync({ sleep: () => Promise.reject(new Error('killed')) }).run('account')).rejects.toThrow('killed');
    pages = [page([live(1, 10n), live(2, 11n)], 'T2')];
    expect(await sync().run('account')).toMatchObject({ mode: 'reload' });
    expect(await sync().run('account')).toMatchObject({ mode: 'reload' });
    expect(await sync().run('account')).toMatchObject({ mode: 'delta' });
  });

  test('it is said once, though the load does not come to its end', async () => {
    shape = { fingerprint: 'g', columns: [...COLUMNS, 'tier:choice'] };
    await expect(sync({ sleep: () => Promise.reject(new Error('killed')) }).run('account')).rejects.toThrow('killed');
    await sync().run('account');
    expect(drifts()).toHaveLength(1);
  });

  test('a load takes nothing for known: a row that another instance wrote in other columns is written again', async () => {
    const writer = new Writer(store, reader, { rule: RULE, clock: () => nowMs });
    pages = [page([live(1, 20n), live(2, 11n)], 'T2')];
    await sync({ writer }).run('account');
    reader.answer = () => found(20n, columns({ other: 'v20' }), { begin: 5100, end: 5102 });
    await new Writer(store, reader, { rule: RULE }).process([unconfirmed({ row: row(1) })]);
    expect(nameOf(1)).toBeUndefined();
    shape = { fingerprint: 'g', columns: COLUMNS };
    pages = [page([live(1, 20n), live(2, 11n)], 'T3')];
    expect(await sync({ writer }).run('account')).toMatchObject({ verdicts: { refreshed: 1, contained: 1 } });
    expect(nameOf(1)).toBe('v20');
  });

  test('one more load is due even if the first one had to begin again', async () => {
    shape = { fingerprint: 'g', columns: COLUMNS };
    await expect(sync({ sleep: () => Promise.reject(new Error('killed')) }).run('account')).rejects.toThrow('killed');
    await sync().run('account');
    expect(state()).toMatchObject({ again: true });
    await sync().run('account');
    expect(state()).toMatchObject({ again: false });
  });

  test('the mapping alone: no drift, but a load', async () => {
    shape = { fingerprint: 'g', columns: COLUMNS };
    const report = await sync().run('account');
    expect([report.mode, drifts()]).toEqual(['reload', []]);
  });

  test('a new column that is only added: the delta goes on, and it is said', async () => {
    shape = { fingerprint: 'f', columns: [...COLUMNS, 'tier:choice'], newColumns: 'add' };
    pages = [page([], 'T2')];
    expect(await sync().run('account')).toMatchObject({ mode: 'delta' });
    expect(drifts()).toMatchObject([{ added: ['tier:choice'] }]);
    expect(asked).toEqual(['T1']);
  });

  test.each([
    ['another type, it begins again', ['name:integer'], 'reload'],
    ['a column less, it begins again', [], 'reload'],
    ['one more, it goes on', [...COLUMNS, 'tier:choice'], 'load'],
  ])('a load under way, new columns only added: where there is %s', async (_, now, mode) => {
    states = new MemoryStates();
    shape = { fingerprint: 'f', columns: COLUMNS, newColumns: 'add' };
    const feed: PullSyncParts['feed'] = {
      async *pages(_subject, { link }) {
        asked.push(link);
        await Promise.resolve();
        if (link === undefined) yield next([live(1, 10n)], 'N1');
        yield page([live(2, 11n)], 'T1');
      },
    };
    await sync({ feed }).run('account', 0);
    shape = { ...shape, columns: now };
    expect(await sync({ feed }).run('account')).toMatchObject({ mode });
    expect(asked).toEqual([undefined, mode === 'load' ? 'N1' : undefined]);
    await sync({ feed }).run('account');
    expect(drifts()).toHaveLength(1);
    expect(state()).toMatchObject({ kind: 'current', columns: now });
  });

  test('a token that expires with the definition: the definition is read anew first', async () => {
    const renewed = { ...DEFINITION, columns: new Map([['tier', { name: 'tier', type: 'choice' as const }]]) };
    const shapes = (definition: TableDefinition): SubjectColumns =>
      definition === renewed ? { fingerprint: 'g', columns: ['tier:choice'] } : shape;
    const subjectOf = () => Promise.resolve(tableSubject(DEFINITION, shapes, () => Promise.resolve(renewed)));
    pages = new WebApiError('GET delta', 400, '0x80060888', "Could not find a property named 'fax'");
    RELOAD = () => [page([live(1, 10n), live(2, 11n)], 'T9')];
    expect(await sync({ subjectOf }).run('account')).toMatchObject({ mode: 'reload' });
    expect(state()).toMatchObject({ deltaLink: 'T9', fingerprint: 'g', columns: ['tier:choice'] });
  });
});

describe('a relationship', () => {
  const LEADS: Relationship & { kind: 'many-to-many' } = {
    kind: 'many-to-many',
    schemaName: 'accountleads',
    intersect: 'accountleads',
    ends: [
      { table: 'lead', column: 'leadid' },
      { table: 'account', column: 'accountid' },
    ],
  };
  const INTERSECT: TableDefinition = { ...DEFINITION, table: 'accountleads', changeTracking: false };
  const tracked = { ...INTERSECT, changeTracking: true };
  const pair = (n: number, version: bigint): FeedPage['items'][number] => ({
    kind: 'row',
    id: rowId(100 + n),
    version,
    modifiedOn: -1,
    columns: columns({ accountid: rowId(n), leadid: rowId(n, 'b') }),
  });
  const link = (n: number): RowAddress => ({ table: 'accountleads', id: `${rowId(n)}_${rowId(n, 'b')}` });
  const run = (definition: TableDefinition) =>
    sync({ subjectOf: () => Promise.resolve(linkSubject('accountleads', LEADS, definition)) }).run('accountleads');

  test('is loaded as links, keyed by both ids', async () => {
    pages = [page([pair(1, 10n), pair(2, 11n)])];
    expect(await run(INTERSECT)).toMatchObject({ mode: 'load', rows: 2, verdicts: { applied: 2 } });
    expect(store.columnsOf(link(1))).toEqual(
      new Map([
        ['table1', { kind: 'string', value: 'account' }],
        ['id1', { kind: 'guid', value: rowId(1) }],
        ['table2', { kind: 'string', value: 'lead' }],
        ['id2', { kind: 'guid', value: rowId(1, 'b') }],
      ]),
    );
  });

  test('[I29] without change tracking: compared at every run, links that are gone are swept', async () => {
    pages = [page([pair(1, 10n), pair(2, 11n)])];
    await run(INTERSECT);
    expect(states.stateOf('accountleads')).not.toHaveProperty('deltaLink');
    nowMs += 60_000;
    pages = [page([pair(2, 11n), pair(3, 12n)])];
    expect(await run(INTERSECT)).toMatchObject({
      mode: 'reload',
      swept: 1,
      verdicts: { contained: 1, applied: 1, deleted: 1 },
    });
    expect([1, 2, 3].map((n) => store.stampOf(link(n))?.deleted)).toEqual([true, false, false]);
  });

  test('comparing links that are known takes no read of the store', async () => {
    const subjectOf = () => Promise.resolve(linkSubject('accountleads', LEADS, INTERSECT));
    const again = sync({ subjectOf });
    pages = [page([pair(1, 10n), pair(2, 11n)])];
    await again.run('accountleads');
    const { reads, writes } = store.counts;
    nowMs += 60_000;
    expect(await again.run('accountleads')).toMatchObject({ mode: 'reload', verdicts: { contained: 2 } });
    expect(store.counts).toMatchObject({ reads, writes });
  });

  test('[I29] with change tracking: by deltas, until one has a deletion, which does not say of which link', async () => {
    pages = [page([pair(1, 10n), pair(2, 11n)], 'T1')];
    await run(tracked);
    nowMs += 60_000;
    asked = [];
    pages = [page([pair(3, 12n)], 'T2')];
    expect(await run(tracked)).toMatchObject({ mode: 'delta', verdicts: { applied: 1 } });
    nowMs += 60_000;
    pages = [page([gone(101)], 'T3')];
    const feed: PullSyncParts['feed'] = {
      async *pages(_subject, { link }) {
        asked.push(link);
        await Promise.resolve();
        if (link === undefined) yield page([pair(2, 11n), pair(3, 12n)], 'T9');
        else yield* pages as FeedPage[];
      },
    };
    const subjectOf = () => Promise.resolve(linkSubject('accountleads', LEADS, tracked));
    const report = await sync({ feed, subjectOf }).run('accountleads');
    expect(report).toMatchObject({ mode: 'reload', swept: 1, verdicts: { contained: 2, deleted: 1 } });
    expect(asked).toEqual(['T1', 'T2', undefined]);
    expect(states.stateOf('accountleads')).toMatchObject({ deltaLink: 'T9' });
    expect(store.stampOf(link(1))?.deleted).toBe(true);
  });

  test('a row of the intersect table without both ids is parked', async () => {
    pages = [page([{ ...pair(1, 10n), columns: columns({ accountid: rowId(1) }) } as never, pair(2, 11n)])];
    expect(await run(INTERSECT)).toMatchObject({ parked: 1, verdicts: { applied: 1 } });
  });
});

describe('the lease', () => {
  test('another run holds it: nothing is asked', async () => {
    lease = undefined;
    expect(await sync().run('account')).toMatchObject({ mode: 'busy', pages: 0 });
    expect(asked).toEqual([]);
  });

  test('[I26] it is lost on the way: a row of which nothing is stored is read back, not written from the page', async () => {
    // Held when the load is begun, and lost before its first page is processed.
    let asked = 0;
    if (lease !== undefined) lease = { ...lease, held: () => (asked += 1) < 2 };
    pages = [page([live(1, 10n)], 'T1')];
    await expect(sync().run('account')).rejects.toMatchObject({ code: 'lease-lost' });
    expect([reader.gets, nameOf(1)]).toEqual([[rowId(1)], undefined]);
    // Another run may have begun: its state must not be replaced.
    expect(deltaLink()).toBeUndefined();
  });

  test('it is given back when the table is unknown', async () => {
    const subjectOf = () => Promise.reject(new Error('unknown table'));
    await expect(sync({ subjectOf }).run('account')).rejects.toThrow('unknown table');
    expect(lease?.released).toBe(true);
  });
});
