/**
 * Runs a schedule: two instances of the app (each a writer with its own cache and its own pull) over one store, with every
 * step of theirs (a read, a write, a lost answer, a GET sent, a GET answered, a page) in an order that a seed decides.
 */
import type { RowAddress, RowChange } from '../../shared/change/row-change';
import type { Columns } from '../../shared/change/value';
import type { ChangeFeed } from '../../shared/dataverse/change-feed';
import type { LobStore } from '../../shared/lob/store';
import { MappedStore } from '../../shared/mapping/mapped-store';
import { DEFAULT_MAPPING, type Mapping } from '../../shared/mapping/mapping';
import type { TableDefinition } from '../../shared/mapping/table-definition';
import type { Parking } from '../../shared/parking/parking';
import type { Lease, Leases, PullState, PullStateStore } from '../../shared/sync/pull-state';
import { LoadFloors } from '../../shared/sync/load-floors';
import { tableSubject } from '../../shared/sync/pull-subject';
import { PullSync, type PullSyncParts } from '../../shared/sync/pull-sync';
import type { Rule } from '../../shared/writer/decide';
import { Writer } from '../../shared/writer/writer';
import { MemoryJournal } from './memory-journal';
import type { MemoryStore } from './memory-store';
import { IDS, SimulatedDataverse, TABLES, type Push } from './simulated-dataverse';

export type Command =
  | {
      readonly kind: 'write';
      readonly row: RowAddress;
      readonly names: readonly string[];
      readonly back: number;
      readonly push: Push;
    }
  | { readonly kind: 'delete'; readonly row: RowAddress; readonly late: number; readonly push: Push }
  | { readonly kind: 'rollBack'; readonly row: RowAddress }
  /** Delivers some of the events that are about; `keep`: they will come again. */
  | {
      readonly kind: 'deliver';
      readonly which: number;
      readonly count: number;
      readonly to: 0 | 1;
      readonly keep: boolean;
    }
  | { readonly kind: 'pull'; readonly table: string; readonly by: 0 | 1 }
  | { readonly kind: 'tick'; readonly seconds: number }
  | { readonly kind: 'step'; readonly count: number }
  | { readonly kind: 'loseLease'; readonly table: string }
  | { readonly kind: 'expireTokens' }
  | { readonly kind: 'crash'; readonly which: 0 | 1 }
  /** The app is deployed with another mapping, so that every table is loaded again. */
  | { readonly kind: 'remap' };

const MAX_READ_AGE_MS = 30_000;

/** A seeded stream of numbers in [0, 1): mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Leases that can be taken away from their holder without its knowing when. */
class SimulatedLeases implements Leases {
  readonly #holders = new Map<string, symbol>();

  acquire(name: string): Promise<Lease | undefined> {
    if (this.#holders.has(name)) return Promise.resolve(undefined);
    const holder = Symbol(name);
    this.#holders.set(name, holder);
    const held = (): boolean => this.#holders.get(name) === holder;
    const release = (): Promise<void> => {
      if (held()) this.#holders.delete(name);
      return Promise.resolve();
    };
    return Promise.resolve({ held, release });
  }

  lose(name: string): void {
    this.#holders.delete(name);
  }
}

class SimulatedStates implements PullStateStore {
  readonly #states = new Map<string, PullState>();
  read(table: string): Promise<PullState> {
    return Promise.resolve(this.#states.get(table) ?? {});
  }
  write(table: string, state: PullState): Promise<void> {
    this.#states.set(table, state);
    return Promise.resolve();
  }
  /** The next pull of each table is a load. */
  forgetLinks(): void {
    for (const [table, { loadBegunMs }] of this.#states)
      this.#states.set(table, loadBegunMs === undefined ? {} : { loadBegunMs });
  }
}

const NO_PARKING: Parking = {
  parkDelivery: () => Promise.reject(new Error('nothing is parked here')),
  parkRow: () => Promise.reject(new Error('nothing is parked here')),
  due: () => Promise.resolve([]),
  async *list() {
    // There is nothing.
  },
  settle: () => Promise.resolve(),
  postpone: () => Promise.resolve(),
};

interface Instance {
  readonly writer: Writer;
  readonly pull: PullSync;
  alive: boolean;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly rule: Rule;
  readonly makeStore: (now: () => number) => MemoryStore;
  /** What the store shows of Dataverse's rows. @default all of them */
  readonly mapping?: Pick<Mapping, 'tableOf'>;
  /** The mapping after `remap`. @default the same */
  readonly remapped?: Pick<Mapping, 'tableOf'>;
  /** Every write to the store, as it is made: for invariants that hold at all times. */
  readonly onWritten?: (row: RowAddress, store: MemoryStore) => void;
}

export class Simulation {
  readonly dataverse = new SimulatedDataverse();
  readonly store: MemoryStore;
  #mapping: Pick<Mapping, 'tableOf'>;
  readonly #random: () => number;
  /** Steps that wait for their turn; most come soon, some long after everything else has moved on. */
  readonly #waiting: { readonly instance: Instance; readonly due: number; readonly go: () => void }[] = [];
  #turn = 0;
  readonly #leases = new SimulatedLeases();
  readonly #states = new SimulatedStates();
  readonly #journal = new MemoryJournal();
  readonly #instances: [Instance, Instance];
  /** Events that may yet be delivered. */
  #about: RowChange[] = [];
  #pullFailures: unknown[] = [];

  constructor(private readonly options: SimulationOptions) {
    this.#random = randomFrom(options.seed);
    this.#mapping = options.mapping ?? DEFAULT_MAPPING;
    this.store = options.makeStore(() => this.dataverse.clock * 1000);
    this.#instances = [this.#start(), this.#start()];
  }

  /** An instance whose every step waits for its turn; clocks differ by a second or two. */
  #start(): Instance {
    const { dataverse, store } = this;
    const skew = Math.floor(this.#random() * 3) - 1;
    const now = (): number => (dataverse.clock + skew) * 1000;
    const pause = (): Promise<void> =>
      new Promise((resolve) => {
        const due = this.#turn + Math.floor(this.#random() ** 4 * 60);
        if (instance.alive) this.#waiting.push({ instance, due, go: resolve });
      });
    const steps: LobStore = {
      read: async (rows) => {
        await pause();
        return store.read(rows);
      },
      write: async (writes) => {
        const sent = dataverse.clock;
        await pause();
        // What the writer relies on: a write lands within half of a read-back's allowed age, or not at all.
        if ((dataverse.clock - sent) * 1000 > MAX_READ_AGE_MS / 2) throw new Error('the store took too long');
        const outcomes = await store.write(writes);
        for (const { row } of writes) this.options.onWritten?.(row, store);
        await pause();
        return outcomes;
      },
      sameData: (stored, snapshot, of) => store.sameData(stored, snapshot, of),
      liveRows: (table) => store.liveRows(table),
    };
    const through = new MappedStore(steps, this.#mapping);
    const states: PullStateStore = {
      read: async (table) => {
        await pause();
        return this.#states.read(table);
      },
      write: (table, state) => this.#states.write(table, state),
    };
    const floors = new LoadFloors(states, {
      margin: this.options.rule.margin,
      lifetimeMs: MAX_READ_AGE_MS / 2,
      now,
    });
    const writer = new Writer(
      through,
      {
        read: async (row) => {
          const begin = Math.floor(now() / 1000);
          await pause();
          const read = dataverse.get(row, begin);
          await pause();
          return read;
        },
      },
      { rule: this.options.rule, maxReadAgeMs: MAX_READ_AGE_MS, now, floorOf: (table) => floors.of(table) },
    );
    const feed: Pick<ChangeFeed, 'pages'> = {
      pages: ({ definition: { table } }, from) => dataverse.pages(table, from, pause),
    };
    const parts: PullSyncParts = {
      subjectOf: (table) => {
        const definition = definitionOf(table);
        return Promise.resolve(
          tableSubject(
            definition,
            () => ({}),
            () => Promise.resolve(definition),
          ),
        );
      },
      feed: feed as ChangeFeed,
      writer,
      store: through,
      states: this.#states,
      leases: this.#leases,
      parking: NO_PARKING,
      maxReadAgeMs: MAX_READ_AGE_MS,
      journal: this.#journal,
      // Every run ends for now after a few pages, if it took a while.
      maxRunMs: 9000,
      now,
      sleep: async (milliseconds) => {
        const until = dataverse.clock + Math.ceil(milliseconds / 1000);
        await pause();
        dataverse.clock = Math.max(dataverse.clock, until);
      },
    };
    const instance: Instance = { writer, pull: new PullSync(parts), alive: true };
    return instance;
  }

  /** Lets `count` turns pass, each with the steps that are due. Returns whether any step still waits. */
  async #turns(count: number): Promise<boolean> {
    for (let done = 0; done < count; done += 1) {
      await microtasks();
      if (this.#waiting.length === 0) return false;
      this.#turn += 1;
      const due = this.#waiting.filter((step) => step.due <= this.#turn);
      const next = due[Math.floor(this.#random() * due.length)];
      if (next === undefined) continue;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.go();
    }
    return true;
  }

  async #untilQuiet(): Promise<void> {
    while (await this.#turns(10)) {
      // Goes on until nothing waits.
    }
  }

  async run(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      await this.#do(command);
      await this.#turns(Math.floor(this.#random() * 4));
    }
    await this.#untilQuiet();
  }

  async #do(command: Command): Promise<void> {
    switch (command.kind) {
      case 'write': {
        this.#tell(this.dataverse.write(command.row, command.names, command.back, command.push));
        return;
      }
      case 'delete': {
        this.#tell(this.dataverse.delete(command.row, command.late, command.push));
        return;
      }
      case 'rollBack': {
        this.#tell(this.dataverse.rollBack(command.row));
        return;
      }
      case 'deliver': {
        this.#deliver(command.which, command.count, command.to, command.keep);
        return;
      }
      case 'pull': {
        this.#pull(command.table, command.by);
        return;
      }
      case 'tick':
        this.dataverse.clock += command.seconds;
        return;
      case 'step':
        await this.#turns(command.count);
        return;
      case 'loseLease': {
        this.#leases.lose(`pull-${command.table}`);
        return;
      }
      case 'expireTokens': {
        this.dataverse.expireTokens();
        return;
      }
      case 'crash': {
        this.#crash(command.which);
        return;
      }
      case 'remap': {
        this.#mapping = this.options.remapped ?? this.#mapping;
        this.#states.forgetLinks();
        for (const which of [0, 1] as const) this.#crash(which);
        return;
      }
      default:
        return command satisfies never;
    }
  }

  #tell(change: RowChange | undefined): void {
    if (change !== undefined) this.#about.push(change);
  }

  #deliver(which: number, count: number, to: 0 | 1, keep: boolean): void {
    const at = this.#about.length === 0 ? 0 : which % this.#about.length;
    const changes = this.#about.slice(at, at + count);
    if (!keep) this.#about.splice(at, count);
    void this.#instances[to].writer.settle(changes).then((settlements) => {
      for (const settlement of settlements)
        if (settlement.kind === 'failed' && !keep) this.#about.push(settlement.change);
    });
  }

  #pull(table: string, by: 0 | 1): void {
    this.#instances[by].pull.run(table).catch((error: unknown) => this.#pullFailures.push(error));
  }

  /** Whatever it was doing never goes on; its leases end. What it had not acknowledged comes again. */
  #crash(which: 0 | 1): void {
    this.#instances[which].alive = false;
    for (const table of TABLES) this.#leases.lose(`pull-${table}`);
    this.#instances[which] = this.#start();
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1)
      if (this.#waiting[at]?.instance.alive === false) this.#waiting.splice(at, 1);
  }

  /** One complete pull of every table by an instance. */
  async pullAll(by: 0 | 1): Promise<void> {
    this.#pullFailures = [];
    for (const table of TABLES) {
      // A run that was begun before the last change, and what is left of it, promises nothing of that change.
      while ((await this.#states.read(table)).unfinished !== undefined) await this.#pullOnce(table, by);
      await this.#pullOnce(table, by);
      while ((await this.#states.read(table)).unfinished !== undefined) await this.#pullOnce(table, by);
    }
  }

  async #pullOnce(table: string, by: 0 | 1): Promise<void> {
    this.#pull(table, by);
    await this.#untilQuiet();
    if (this.#pullFailures.length > 0) throw new Error('the last pull failed', { cause: this.#pullFailures[0] });
  }

  /** Everything that is still about arrives, late, once more. */
  async deliverTheRest(): Promise<void> {
    while (this.#about.length > 0) {
      this.#deliver(Math.floor(this.#random() * 1000), 1, this.#random() < 0.5 ? 0 : 1, false);
      await this.#turns(2);
      if (this.#about.length > 500) throw new Error('events keep failing');
    }
    await this.#untilQuiet();
  }

  /** What readers are to see of a row of Dataverse. */
  #viewOf(row: RowAddress): Columns | undefined {
    const mapping = this.#mapping.tableOf(row.table);
    const columns = this.dataverse.columnsOf(row);
    return columns !== undefined && mapping.shows(row, columns, 'all') ? mapping.map(row, columns) : undefined;
  }

  /** Rows that differ between Dataverse and the store: none, if they converged. */
  differences(): string[] {
    return TABLES.flatMap((table) =>
      IDS.flatMap((id) => {
        const there = shown(this.#viewOf({ table, id }));
        const here = shown(this.store.columnsOf({ table, id }));
        return there === here ? [] : [`${table} ${id.slice(0, 8)}: Dataverse ${there}, store ${here}`];
      }),
    );
  }
}

const definitionOf = (table: string): TableDefinition => ({
  table,
  entitySet: `${table}s`,
  primaryId: `${table}id`,
  changeTracking: true,
  columns: new Map(),
});

/** Columns as text, in order, without empty ones. */
function shown(of: Columns | undefined): string {
  if (of === undefined) return 'nothing';
  const plain = [...of].flatMap(([name, value]) => (value?.kind === 'integer' ? [`${name}=${value.value}`] : []));
  return plain.sort().join(' ');
}
