/**
 * Runs a schedule: two instances of the app over one store, one parking and one Dataverse, with every step of theirs (a read,
 * a write, a lost answer, a GET sent, a GET answered, a page) in an order that a seed decides.
 */
import type { ServiceBusMessage } from '@azure/service-bus';
import type { RowAddress } from '../../shared/change/row-change';
import type { Columns } from '../../shared/change/value';
import { DEFAULT_MAPPING, type Mapping } from '../../shared/mapping/mapping';
import { COPY_PROPERTIES } from '../../shared/receive/delayed-copies';
import type { OnRetry, Outcome } from '../../shared/receive/put-aside';
import type { Rule } from '../../shared/writer/decide';
import { MemoryJournal } from '../sync/memory-journal';
import { MemoryStates } from '../sync/memory-states';
import { MemoryStore } from '../writer/memory-store';
import type { Command, Schedule, Which } from './command';
import type { NoteFault } from './fault-list';
import { Faults } from './faults';
import { WRITE_LIMIT, startInstance, type DeployedMapping, type Instance } from './instance';
import { LobSide } from './lob-side';
import { MemoryEvents } from './memory-events';
import { MemoryParking } from './memory-parking';
import { SimulatedLeases } from './ports';
import { LINKS, SimulatedDataverse, TABLES, type Told } from './simulated-dataverse';
import { SLOW_SHARE, Turns, randomFrom } from './turns';
import type { Variant } from './variant';

export interface SimulationOptions {
  readonly rule: Rule;
  readonly makeStore: (now: () => number) => MemoryStore;
  /** @default one that keeps to its contract */
  readonly makeJournal?: () => MemoryJournal;
  readonly makeStates?: (now: () => number) => MemoryStates;
  /** What the store shows of Dataverse's rows. @default all of them */
  readonly mapping?: Pick<Mapping, 'tableOf'>;
  /** The mapping after `remap`. @default the same */
  readonly remapped?: Pick<Mapping, 'tableOf'>;
  /** Made anew for every world, since what it keeps is the world's. */
  readonly variant?: () => Variant;
  /** Share of the steps that may take very long. @default 0.02 */
  readonly slowShare?: number;
  /** Every fault, as it happens. */
  readonly onFault?: NoteFault;
  /** Every write to the store, as it is made: for invariants that hold at all times. */
  readonly onWritten?: (row: RowAddress) => void;
}

/** Largest age of an event, and of what is repeated at the end: weeks. */
const WEEKS = 5 * 7 * 24 * 3600;
/** Nobody knows which rows it is about: the next pull brings what it did. */
const UNANSWERABLE = 'parameters-removed';
/** A message of the LOB system waits for its row; or for the news that another row has its key. */
const WAITS = ['inbound-dependency', 'inbound-key-moved'];

const keyOf = ({ table, id }: RowAddress): string => `${table}/${id}`;

export class Simulation {
  readonly dataverse: SimulatedDataverse;
  readonly store: MemoryStore;
  readonly #random: () => number;
  readonly #turns: Turns;
  readonly #faults: Faults;
  readonly #leases = new SimulatedLeases((name) => this.#aboutToPull(name.replace(/^pull-/, '')));
  readonly #states: MemoryStates;
  readonly #journal: MemoryJournal;
  readonly #events = new MemoryEvents();
  readonly #parking: MemoryParking;
  readonly #records: MemoryStore;
  readonly lob: LobSide;
  readonly #note: NoteFault;
  readonly #variant: Variant;
  /** The newest one. */
  #mapping: DeployedMapping;
  #storeSkew = 0;
  readonly #instances: [Instance, Instance];
  /** What is pulled: relationships only where there were links. */
  readonly #pulled: readonly string[];
  /** Events that may yet be delivered. */
  #about: Told[] = [];
  readonly #everTold: Told[] = [];
  /** Deliveries under way: whoever takes them may die. */
  readonly #underWay = new Set<{ readonly by: Instance; readonly told: readonly Told[] }>();
  /** Events that someone has said to be processed or kept. */
  readonly #acknowledged = new Set<Told>();
  /** Calls that nobody will ever hear of: their events were lost. */
  readonly #lostCalls = new Set<number>();
  /** Rows of which a push was lost, or with a modifiedon that isn't the commit's: only the pull brings all of them. */
  readonly #beyondPush = new Set<string>();
  readonly #delivered = new Set<Told>();
  #pullFailures: unknown[] = [];

  constructor(
    private readonly options: SimulationOptions,
    { seed, commands }: Pick<Schedule, 'seed' | 'commands'>,
  ) {
    this.#random = randomFrom(seed);
    const note: NoteFault = (fault) => options.onFault?.(fault);
    this.#note = note;
    this.#turns = new Turns(this.#random, note, options.slowShare ?? SLOW_SHARE);
    this.#faults = new Faults(this.#random, note);
    this.#variant = options.variant?.() ?? {};
    this.dataverse = new SimulatedDataverse(this.#random, note);
    this.#journal = options.makeJournal?.() ?? new MemoryJournal();
    this.#parking = new MemoryParking(() => this.dataverse.clock * 1000);
    const { tableOf } = options.mapping ?? DEFAULT_MAPPING;
    this.#mapping = { name: 'first', tableOf };
    const now = (): number => this.dataverse.clock * 1000;
    this.#states = options.makeStates?.(now) ?? new MemoryStates(now);
    this.store = options.makeStore(() => (this.dataverse.clock + this.#storeSkew) * 1000);
    this.#records = new MemoryStore(now);
    this.dataverse.hasKeys = commands.some(({ kind }) => kind === 'lobChange');
    this.lob = new LobSide({
      ...{ dataverse: this.dataverse, faults: this.#faults, random: this.#random, note },
      rules: this.#variant.inbound?.rules,
      isParked: (body) => this.#parking.has(body),
      stored: (row, column) => this.store.columnsOf(row)?.get(column),
      tell: (row, push, told) => {
        if (push === 'none' || push === 'truncated') this.#beyondPush.add(keyOf(row));
        this.#tell(told);
      },
    });
    this.#instances = [this.#start(), this.#start()];
    this.#pulled = commands.some(({ kind }) => kind === 'associate') ? [...TABLES, ...LINKS] : TABLES;
  }

  /** Clocks differ by a second or two. */
  #start(): Instance {
    const { dataverse, store } = this;
    const world = {
      rule: this.options.rule,
      variant: this.#variant,
      dataverse,
      store,
      states: this.#states,
      leases: this.#leases,
      journal: this.#journal,
      parking: this.#parking,
      events: this.#events,
      mapping: this.#mapping,
      lob: this.lob,
      records: this.#records,
      turns: this.#turns,
      faults: this.#faults,
      random: this.#random,
      onWritten: (row: RowAddress) => this.options.onWritten?.(row),
      onCopied: (copy: ServiceBusMessage) => this.#copied(copy),
    };
    return startInstance(world, Math.floor(this.#random() * 3) - 1);
  }

  async run(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      await this.#do(command);
      await this.#turns.pass(Math.floor(this.#random() * 4));
    }
    await this.#turns.untilQuiet();
    this.#faults.rate = 0;
  }

  async #do(command: Command): Promise<void> {
    switch (command.kind) {
      case 'write': {
        const { row, names, back, lies, push } = command;
        if (push === 'none' || back !== 0) this.#beyondPush.add(keyOf(row));
        if (lies === true && push !== 'none') this.#note('F55');
        this.#tell(this.dataverse.write(row, names, back, push, lies === true ? -back : 0));
        return;
      }
      case 'delete': {
        const { row, late, push } = command;
        if (push === 'none') this.#beyondPush.add(keyOf(row));
        this.#tell(this.dataverse.delete(row, late, push));
        return;
      }
      case 'writeMany':
      case 'deleteMany': {
        const { table, ids, push } = command;
        if (push === 'none' || push === 'truncated') for (const id of ids) this.#beyondPush.add(keyOf({ table, id }));
        this.#tell(this.dataverse[command.kind](table, ids, push));
        return;
      }
      case 'setLookup': {
        if (command.push === 'none' || command.push === 'truncated') this.#beyondPush.add(keyOf(command.row));
        this.#tell(this.dataverse.setLookup(command.row, command.push));
        return;
      }
      case 'call': {
        this.#tell(this.dataverse.call(command.push));
        return;
      }
      case 'alter': {
        this.dataverse.alter();
        this.#allBeyondPush();
        return;
      }
      case 'merge': {
        const { row, into, push } = command;
        if (push === 'none' || push === 'truncated')
          for (const id of [row.id, into]) this.#beyondPush.add(keyOf({ ...row, id }));
        this.#tell(this.dataverse.merge(row, into, push));
        return;
      }
      case 'associate':
      case 'disassociate': {
        this.#tell(this.dataverse.associate(command.kind, command.link, command.push));
        return;
      }
      case 'rollBack': {
        this.#tell(this.dataverse.rollBack(command.row));
        return;
      }
      case 'deliver': {
        const { which, count, to, keep } = command;
        this.#deliver(which, count, to, keep);
        return;
      }
      case 'repeat': {
        const told = this.#everTold[command.which % Math.max(1, this.#everTold.length)];
        if (told !== undefined) this.#hand([told], command.to, true);
        return;
      }
      case 'lobChange': {
        this.lob.change(command.op, command.key, command.names, command.byId);
        return;
      }
      case 'lobDeliver': {
        const { which, count, to, keep } = command;
        this.lob.deliver(which, count, this.#instances[to], keep);
        return;
      }
      case 'drop': {
        const { which, count } = command;
        const taken = this.#take(which, count, false);
        // What the queue has accepted is never lost.
        this.#about.push(...taken.filter(({ properties }) => properties !== undefined));
        this.#drop(taken.filter(({ properties }) => properties === undefined));
        return;
      }
      case 'pull': {
        this.#pull(command.table, command.by);
        return;
      }
      case 'purge': {
        this.#purge(command.table, command.by);
        return;
      }
      case 'replay': {
        if (command.operator) await this.#release();
        this.#replay(command.by);
        return;
      }
      case 'tick':
        this.dataverse.clock += command.seconds;
        return;
      case 'setClock': {
        if (command.seconds !== 0) this.#note(Math.abs(command.seconds) > 2 ? 'F54' : 'F37');
        if (command.seconds < this.#skewOf(command.of)) this.#note('F38');
        if (command.of === 2) this.#storeSkew = command.seconds;
        else this.#instances[command.of].skew = command.seconds;
        return;
      }
      case 'step':
        await this.#turns.pass(command.count);
        return;
      case 'loseLease': {
        const name = `pull-${command.table}`;
        if (this.#leases.isHeld(name)) this.#note('F34');
        this.#leases.lose(name);
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
      case 'weather':
        this.#faults.rate = command.faults;
        return;
      case 'remap': {
        this.#remap(command.which);
        return;
      }
      case 'cutJournal': {
        if (this.#journal.loads.size > 0) this.#note('F50');
        this.#journal.lose(1);
        return;
      }
      default:
        return command satisfies never;
    }
  }

  /** Deploys the other mapping to an instance. */
  #remap(which: Which): void {
    const { tableOf } = this.options.remapped ?? this.#mapping;
    this.#note('F39');
    // By then a pull with the mapping of before has begun.
    const begun = { kind: 'loading', fingerprint: this.#mapping.name, first: true, again: false } as const;
    for (const table of this.#pulled)
      if (this.#states.stateOf(table).kind === 'new')
        this.#states.put(table, { ...begun, journal: { table, load: 'none' } });
    this.#mapping = { name: 'second', tableOf };
    this.#allBeyondPush();
    this.#crash(which);
    if (this.#instances[which === 0 ? 1 : 0].mapping.name !== 'second') this.#note('F49');
  }

  /** No instance has an earlier mapping any more, and nothing that one has sent is still to land. */
  #endRemapping(): void {
    for (const which of [0, 1] as const) {
      if (this.#instances[which].mapping.name === this.#mapping.name) continue;
      this.#crash(which);
      this.dataverse.clock += WRITE_LIMIT + 1;
    }
  }

  #allBeyondPush(): void {
    for (const table of TABLES)
      for (const id of this.dataverse.idsOf(table)) this.#beyondPush.add(keyOf({ table, id }));
  }

  #tell(told: Told | undefined): void {
    if (told === undefined) return;
    this.#about.push(told);
    this.#everTold.push(told);
  }

  #take(which: number, count: number, keep: boolean): readonly Told[] {
    const at = this.#about.length === 0 ? 0 : which % this.#about.length;
    return keep ? this.#about.slice(at, at + count) : this.#about.splice(at, count);
  }

  #drop(lost: readonly Told[]): void {
    for (const told of lost) {
      if (this.#acknowledged.has(told)) continue;
      this.#note('F3');
      if (told.isCall === true) this.#lostCalls.add(told.number);
      for (const row of told.rows) this.#beyondPush.add(keyOf(row));
    }
  }

  #deliver(which: number, count: number, to: Which, keep: boolean): void {
    this.#hand(this.#take(which, count, keep), to, keep);
  }

  /** Hands deliveries to an instance; it must take them, or they stay with their sender. */
  #hand(told: readonly Told[], to: Which, keep: boolean): void {
    if (told.length === 0) return;
    this.#noteOrder(told);
    const delivery = { by: this.#instances[to], told: keep ? [] : told };
    this.#underWay.add(delivery);
    const outcome = (outcomes: readonly Outcome[]): void => {
      this.#underWay.delete(delivery);
      told.forEach((of, index) => {
        const kind = outcomes[index]?.kind;
        if (kind === 'processed' || kind === 'parked') this.#acknowledged.add(of);
        // The copy stands for it; that the original was completed, nobody can know.
        else if (kind === 'delayed') this.#comesAgain(delivery.told);
        else if (kind !== 'held') this.#drop([of]);
      });
      if (!outcomes.some(({ kind }) => kind === 'held')) return;
      this.#note('F43');
      this.#about.push(...delivery.told);
    };
    const { receiver } = delivery.by;
    const onRetryOf = this.#onRetryOf(told, delivery.by);
    receiver
      .receive(
        told.map((of) => of.delivery),
        onRetryOf,
      )
      .then(outcome, () => {
        this.#note('F8');
        this.#underWay.delete(delivery);
        this.#about.push(...delivery.told);
      });
  }

  /** Batches come from a hub or the queue; single events from the queue, as copies always do, or from a webhook. */
  #onRetryOf(told: readonly Told[], by: Instance): (index: number) => OnRetry {
    const isCopy = told.some(({ properties }) => properties !== undefined);
    if (told.length > 1 && !isCopy && this.#random() < 0.5) return () => ({ kind: 'hold' });
    if (told.length === 1 && !isCopy && this.#random() >= 0.75) return () => ({ kind: 'park' });
    return (index) => {
      const of = told[index];
      return of === undefined ? { kind: 'park' } : by.copying(of, told.length > 1);
    };
  }

  /** A copy is in the queue. One that doesn't say of what would be lost. */
  #copied({ applicationProperties: properties = {} }: ServiceBusMessage): void {
    const original = this.#everTold.find(({ number }) => String(number) === properties[COPY_PROPERTIES.messageId]);
    if (original !== undefined)
      this.#about.push({ ...original, properties: properties as NonNullable<Told['properties']> });
  }

  #comesAgain(originals: readonly Told[]): void {
    if (originals.length === 0 || !this.#faults.happens()) return;
    this.#note('F42');
    this.#about.push(...originals);
  }

  #noteOrder(told: readonly Told[]): void {
    if (told.length > 1) this.#note('F6');
    for (const of of told) {
      if (this.#delivered.has(of)) this.#note('F1');
      if (this.#about.some((other) => other.number < of.number)) this.#note('F2');
      if (this.dataverse.clock - of.at >= WEEKS) this.#note('F4');
      this.#delivered.add(of);
    }
  }

  #skewOf(of: Which | 2): number {
    return of === 2 ? this.#storeSkew : this.#instances[of].skew;
  }

  /** A load that is due once more, because the mapping changed, finds no instance with the mapping of before. */
  #aboutToPull(table: string): void {
    const state = this.#states.stateOf(table);
    if (state.kind === 'current' && state.again) this.#endRemapping();
  }

  #pull(table: string, by: Which): void {
    const run = this.#instances[by].pull(table);
    run.then(
      ({ unfinished }) => unfinished && this.#note('F35'),
      (error: unknown) => this.#pullFailures.push(error),
    );
  }

  #purge(table: string, by: Which): void {
    this.#instances[by].purge(table).catch(() => undefined);
  }

  #replay(by: Which): void {
    this.#instances[by].replay().catch(() => undefined);
  }

  /** An operator lets everything parked be tried again now. */
  async #release(): Promise<void> {
    const now = (this.dataverse.clock - WEEKS) * 1000;
    for (const item of this.#parking.items.values()) await this.#parking.postpone(item, item.cause, now);
  }

  /** Whatever it was doing never goes on; its leases end. What it had not acknowledged comes again. */
  #crash(which: Which): void {
    const dead = this.#instances[which];
    this.#note('F33');
    dead.alive = false;
    for (const table of this.#pulled) this.#leases.lose(`pull-${table}`);
    this.#instances[which] = this.#start();
    this.#turns.bury();
    for (const delivery of this.#underWay) {
      if (delivery.by !== dead) continue;
      this.#about.push(...delivery.told);
      this.#underWay.delete(delivery);
    }
    this.lob.crash(dead);
  }

  /** One complete pull of everything by an instance, and of what it parked. */
  async pullAll(by: Which): Promise<void> {
    this.#endRemapping();
    this.#pullFailures = [];
    for (const table of this.#pulled) {
      // A run that was begun before the last change, and what is left of it, promises nothing of that change.
      await this.#pullToTheEnd(table, by);
      await this.#pullOnce(table, by);
      await this.#pullToTheEnd(table, by);
    }
    await this.settleParked(by);
  }

  async #pullToTheEnd(table: string, by: Which): Promise<void> {
    for (let runs = 0; ; runs += 1) {
      const state = this.#states.stateOf(table);
      if (state.kind === 'new' || (state.kind === 'current' && !state.again)) return;
      if (runs > 50) throw new Error(`the pull of ${table} comes to no end`, { cause: state });
      await this.#pullOnce(table, by);
    }
  }

  async #pullOnce(table: string, by: Which): Promise<void> {
    this.#pull(table, by);
    await this.#turns.untilQuiet();
    if (this.#pullFailures.length > 0) throw new Error('the last pull failed', { cause: this.#pullFailures[0] });
  }

  /** Everything parked is tried again until it is processed. */
  async settleParked(by: Which): Promise<void> {
    for (let round = 0; round < 30; round += 1) {
      const left = [...this.#parking.items.values()].map(({ cause }) => cause.code);
      if (left.every((code) => code === UNANSWERABLE || (round > 1 && WAITS.includes(code)))) return;
      await this.#release();
      this.#replay(by);
      await this.#turns.untilQuiet();
      // What was put back too often within an hour is put back again after it.
      this.dataverse.clock += this.dataverse.hasKeys ? 1200 : 10;
    }
    throw new Error('something parked is never processed', { cause: [...this.#parking.items.values()] });
  }

  /** Everything that is still about arrives, late, once more. */
  async deliverTheRest(): Promise<void> {
    for (let deliveries = 0; this.#about.length > 0; deliveries += 1) {
      this.#deliver(Math.floor(this.#random() * 1000), 1, this.#random() < 0.5 ? 0 : 1, false);
      await this.#turns.pass(2);
      if (deliveries > 500) throw new Error('events keep failing');
    }
    await this.#turns.untilQuiet();
  }

  /** Both sides come to rest: what the one does has the other do something, a few times. */
  async rest(by: Which): Promise<void> {
    for (let round = 0; round < 40; round += 1) {
      this.lob.deliverAll(() => this.#either(), false);
      await this.deliverTheRest();
      await this.settleParked(by);
      if (this.#about.length === 0 && this.lob.isQuiet) return;
    }
    throw new Error('it never comes to rest');
  }

  /** Pulls until the app writes nothing to Dataverse because of it, which it does a few times at most. */
  async pullToRest(by: Which): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      const { writes } = this.lob;
      await this.pullAll(by);
      await this.rest(by);
      if (this.lob.writes === writes) return;
    }
    throw new Error('each pull has the app write to Dataverse');
  }

  #either(): Instance {
    return this.#instances[this.#random() < 0.5 ? 0 : 1];
  }

  /** Weeks later some of what was ever told is delivered once more. */
  async repeatAfterWeeks(): Promise<void> {
    this.dataverse.clock += WEEKS;
    if (this.dataverse.hasKeys) this.lob.deliverAll(() => this.#either(), true);
    for (const told of this.#everTold) {
      if (this.#random() < 0.5) continue;
      this.#hand([told], this.#random() < 0.5 ? 0 : 1, true);
      await this.#turns.pass(2);
    }
    await this.#turns.untilQuiet();
  }

  /** Everything that may be purged goes. */
  async purgeAll(by: Which): Promise<void> {
    for (const table of this.#pulled) {
      this.#purge(table, by);
      await this.#turns.untilQuiet();
    }
  }

  /** What readers are to see of a row of Dataverse. */
  #viewOf(row: RowAddress): Columns | undefined {
    const mapping = this.#mapping.tableOf(row.table);
    const columns = this.dataverse.columnsOf(row);
    return columns !== undefined && mapping.shows(row, columns, 'all') ? mapping.map(row, columns) : undefined;
  }

  /** Rows that differ between Dataverse and the store: none, if they converged. */
  differences(): string[] {
    return this.#pulled.flatMap((table) =>
      this.dataverse.idsOf(table).flatMap((id) => this.#differenceOf({ table, id })),
    );
  }

  /** Calls whose events arrived, but aren't stored, or are twice: none. */
  unstoredCalls(): string[] {
    const stored = [...this.#events.stored.values()];
    return this.#everTold.flatMap(({ isCall, number }) => {
      const times = stored.filter((of) => of === number).length;
      return isCall !== true || times === 1 || (times === 0 && this.#lostCalls.has(number))
        ? []
        : [`call ${number}: ${times} times`];
    });
  }

  /** Those of which every change was pushed, arrived and was acknowledged: no pull is needed for them. */
  differencesOfPushed(): string[] {
    const rows = TABLES.flatMap((table) => this.dataverse.idsOf(table).map((id) => ({ table, id })));
    return rows.filter((row) => !this.#beyondPush.has(keyOf(row))).flatMap((row) => this.#differenceOf(row));
  }

  #differenceOf(row: RowAddress): string[] {
    const there = shown(this.#viewOf(row));
    const here = shown(this.store.columnsOf(row));
    return there === here ? [] : [`${row.table} ${row.id.slice(0, 8)}: Dataverse ${there}, store ${here}`];
  }
}

/** Columns as text, in order, without empty ones. */
function shown(of: Columns | undefined): string {
  if (of === undefined) return 'nothing';
  const plain = [...of].flatMap(([name, value]) => {
    if (value?.kind === 'integer' || value?.kind === 'string') return [`${name}=${value.value}`];
    if (value?.kind === 'number') return [`${name}=${value.text} (a number of unknown type)`];
    return value?.kind === 'instant' ? [`${name}=${value.epochMs / 1000}`] : [];
  });
  return `(${plain.sort().join(' ')})`;
}
