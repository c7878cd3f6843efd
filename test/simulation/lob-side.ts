/**
 * The second writer: the messages of a LOB system on their way to the app, what the app asks of Dataverse because of them, and what
 * is wrong with that. The judge knows values, times and who gave them, and nothing of the app.
 */
import type { InboundReceiver } from '../../shared/receive/inbound-receiver';
import type { Instant } from '../../shared/change/instant';
import type { RowAddress } from '../../shared/change/row-change';
import type { Value } from '../../shared/change/value';
import type { Lost } from '../../shared/inbound/decide';
import { InboundPlugInFailed } from '../../shared/inbound/errors';
import type { RowAnswer, RowRequest } from '../../shared/inbound/inbound-rows';
import type { InboundTable } from '../../shared/inbound/inbound-table';
import { inboundRules, type InboundRules } from '../../shared/mapping/inbound-rules';
import type { FileInbound } from '../../shared/mapping/inbound-schema';
import { DEFAULT_MAPPING, type Mapping } from '../../shared/mapping/mapping';
import { TableMapping } from '../../shared/mapping/table-mapping';
import type { Outcome } from '../../shared/receive/put-aside';
import type { Log } from '../../shared/telemetry/log';
import type { NoteFault } from './fault-list';
import type { Faults } from './faults';
import { FIRST_LOB_VALUE, LobSystem, OWNED, madeOf, type LobMessage } from './lob-system';
import { TABLES, keyOfId, type LiveRow, type Push, type SimulatedDataverse, type Told } from './simulated-dataverse';
import type { Plain } from './wire';

const [TABLE] = TABLES;
const COLUMNS: FileInbound['columns'] = { [OWNED.nobody]: null, [OWNED.lob]: 'lob', [OWNED.dataverse]: 'dataverse' };
const PUSHES: readonly [Push, ...Push[]] = ['patch', 'patch', 'image', 'unconfirmed', 'truncated', 'none'];
/** Share of the writes that a plug-in rolls back in bad weather. */
const ROLLED_BACK = 0.5;

interface World {
  readonly dataverse: SimulatedDataverse;
  readonly faults: Faults;
  readonly random: () => number;
  readonly note: NoteFault;
  /** Whether a message waits for an operator, or its row. */
  readonly isParked: (body: Uint8Array) => boolean;
  /** What our store shows of a column. */
  readonly stored: (row: RowAddress, column: string) => Value | undefined;
  /** Other owners than the right ones. */
  readonly rules: FileInbound['columns'] | undefined;
  readonly tell: (row: RowAddress, push: Push, told: Told | undefined) => void;
}

interface LoggedLoss {
  readonly row?: string;
  readonly message?: string;
  readonly lost: readonly Lost[];
  readonly version?: string;
}

type Values = Readonly<Record<string, number | null>>;

/** An instance, as far as messages are handed to it. */
interface Receiving {
  readonly inbound: Pick<InboundReceiver, 'receive'>;
}

export class LobSide {
  readonly system = new LobSystem();
  /** What the app has written to Dataverse: times. */
  writes = 0;
  readonly #wrong: string[] = [];
  #about: LobMessage[] = [];
  readonly #underWay = new Set<{ readonly by: Receiving; readonly messages: readonly LobMessage[] }>();
  readonly #delivered = new Set<LobMessage>();
  readonly #again = new Set<LobMessage>();
  readonly #acknowledged = new Set<LobMessage>();
  /** Losses that were told, as `message column`; '' is all of the row. */
  readonly #told = new Set<string>();
  /** Versions of rows that the app has written. */
  readonly #versions = new Set<number>();
  /** Values that Dataverse has had. */
  readonly #had = new Set<number | null>();

  constructor(private readonly world: World) {}

  get isQuiet(): boolean {
    return this.#about.length === 0;
  }

  /** Whether messages wait for an operator, or their row. */
  get isWaiting(): boolean {
    return this.system.messages.some(({ body }) => this.world.isParked(body));
  }

  /** Which columns belong to whom. */
  get #rules(): InboundRules {
    return inboundRules({ key: 'k', delete: true, columns: { ...COLUMNS, ...this.world.rules } }, (column) => column);
  }

  /** The mapping as whoever sees to the LOB system's own columns knows it. */
  get mapping(): Pick<Mapping, 'tableOf'> {
    const of = new TableMapping(TABLE, { inbound: this.#rules }, { hash: String, languages: [], newColumns: 'add' });
    return { tableOf: (table) => (table === TABLE ? of : DEFAULT_MAPPING.tableOf(table)) };
  }

  table(): InboundTable {
    return {
      definition: this.world.dataverse.definitionOf(TABLE),
      rules: this.#rules,
      optimistic: true,
      targets: new Map(),
    };
  }

  /** The LOB system changes a row of its own, and a message is on its way. */
  change(op: LobMessage['op'], key: string, names: readonly string[], byId: boolean): void {
    const { dataverse } = this.world;
    const rowId = byId && op === 'update' ? dataverse.rowOfKey(TABLE, key)?.id : undefined;
    this.#about.push(this.system.change(op, key, names, dataverse.clock * 1000, rowId));
  }

  deliver(which: number, count: number, to: Receiving, keep: boolean): void {
    const at = this.#about.length === 0 ? 0 : which % this.#about.length;
    this.#hand(keep ? this.#about.slice(at, at + count) : this.#about.splice(at, count), to, keep);
  }

  /** Everything that is about; `again`: and some of what ever was. */
  deliverAll(to: () => Receiving, again: boolean): void {
    const all = this.#about.splice(0);
    if (again) all.push(...this.system.messages.filter(() => this.world.random() < 0.7));
    for (const message of all.sort(() => this.world.random() - 0.5)) this.#hand([message], to(), false);
  }

  #hand(messages: readonly LobMessage[], by: Receiving, keep: boolean): void {
    if (messages.length === 0) return;
    const { note } = this.world;
    for (const message of messages) {
      if (this.#delivered.has(message)) {
        note('F56');
        this.#again.add(message);
      }
      if (this.#about.some(({ atMs }) => atMs < message.atMs)) note('F57');
      this.#delivered.add(message);
    }
    const delivery = { by, messages: keep ? [] : messages };
    this.#underWay.add(delivery);
    const end = (outcomes: readonly Outcome[]): void => {
      this.#underWay.delete(delivery);
      messages.forEach((message, at) => {
        const { kind } = outcomes[at] ?? {};
        if (kind === 'processed' || kind === 'parked') this.#acknowledged.add(message);
        else this.#wrong.push(`${message.id}: ${kind}`);
      });
    };
    by.inbound.receive(messages.map(({ body }) => ({ source: 'inbound-queue', body }))).then(end, () => {
      this.#underWay.delete(delivery);
      this.#about.push(...delivery.messages);
    });
  }

  /** What it had not acknowledged comes again. */
  crash(dead: Receiving): void {
    for (const delivery of this.#underWay) {
      if (delivery.by !== dead) continue;
      this.#about.push(...delivery.messages);
      this.#underWay.delete(delivery);
    }
  }

  readonly log: Log = (event, fields) => {
    if (event !== 'inboundLost') return;
    const { row = '', message: id = '', lost, version } = fields as unknown as LoggedLoss;
    const message = this.system.messages.find((one) => one.id === id);
    for (const { column, loser, why } of lost) {
      this.#told.add(`${id} ${column}`);
      const changedAt = this.world.dataverse.modifiedOnOf(BigInt(version ?? 0));
      if (message === undefined || why !== 'later' || changedAt === undefined) continue;
      if (this.system.isSuperseded(message, column)) continue;
      const given = this.world.dataverse.givenIn({ table: TABLE, id: row }, column, BigInt(version ?? 0));
      const latest = loser === 'lob' && column !== '' ? given.latest : changedAt;
      const isLater = Math.floor(message.atMs / 1000) > latest;
      if (isLater !== (loser === 'dataverse'))
        this.#wrong.push(`${id}: ${column} of ${loser} lost, at ${message.atMs} against ${latest}`);
      if (loser === 'lob' && column !== '' && isOfLob(given.value) && this.#isNoted(given.value))
        this.#wrong.push(`${id}: ${column} lost to another value of the LOB system`);
    }
  };

  /**
   * Whether it must be noted that a value is the LOB system's. Not before its message is through: until then that is noted by the
   * row's key alone, which another message may not name. Nor once the LOB system has deleted the row, with which all notes go; nor
   * where the message came twice, since either may have made a row of its own.
   */
  #isNoted(value: unknown): boolean {
    const message = typeof value === 'number' ? this.system.messageOf(value) : undefined;
    return (
      message !== undefined &&
      this.#acknowledged.has(message) &&
      !this.#again.has(message) &&
      !this.world.isParked(message.body) &&
      !this.system.isDeletedLater(message)
    );
  }

  /** Dataverse does what the app asks for. */
  carryOut({ row: name, action, id }: RowRequest): RowAnswer {
    const { dataverse } = this.world;
    const part = name.key?.[0]?.value;
    const key = part?.kind === 'string' ? part.value : undefined;
    const row = key === undefined ? { table: TABLE, id: name.id ?? '' } : dataverse.rowOfKey(TABLE, key);
    const live = row && dataverse.liveRow(row);
    if (action.kind === 'create') {
      const has = key ?? keyOfId(name.id ?? '');
      if (live !== undefined || dataverse.rowOfKey(TABLE, has) !== undefined) {
        this.world.note('F59');
        return { kind: 'taken', what: 'simulated' };
      }
      return this.#write(row ?? dataverse.freeRow(TABLE, has), action, id, { k: has });
    }
    if (row === undefined || live === undefined) return { kind: 'missing', what: 'simulated' };
    if (action.kind === 'read') return answerOf(row, live, action.columns);
    if (action.condition !== 'any' && action.condition !== BigInt(live.version)) {
      this.world.note('F58');
      return { kind: 'stale' };
    }
    if (action.kind === 'update') return this.#write(row, action, id, {}, live);
    this.#judgeDeletion(row, live, id);
    const push = this.world.faults.oneOf(PUSHES);
    this.writes += 1;
    this.world.tell(row, push, dataverse.delete(row, 0, push));
    return { kind: 'deleted' };
  }

  #write(
    row: RowAddress,
    { texts, columns }: { readonly texts: ReadonlyMap<string, string>; readonly columns: readonly string[] },
    id: string | undefined,
    key: Plain,
    before?: LiveRow,
  ): RowAnswer {
    const { dataverse, faults } = this.world;
    const values: Values = Object.fromEntries([...texts].map(([name, text]) => [name, JSON.parse(text) as number]));
    const own = values[OWNED.lob];
    const made = own === undefined ? {} : { [OWNED.lob]: madeOf(own) };
    if (faults.happens(ROLLED_BACK)) {
      this.world.note('F61');
      if (before !== undefined) this.world.tell(row, 'unconfirmed', dataverse.rollBack(row));
      return {
        kind: 'failed',
        error: new InboundPlugInFailed({ table: TABLE, ...(id === undefined ? {} : { id }) }, ''),
      };
    }
    if (OWNED.dataverse in values) this.#wrong.push(`${id}: Dataverse's own column was written`);
    if (before !== undefined) this.#judgeLoser(row, before, values, id);
    this.writes += 1;
    for (const value of Object.values({ ...values, ...made })) this.#had.add(value);
    const push = faults.oneOf(PUSHES);
    this.world.tell(row, push, dataverse.put(row, { ...values, ...made, ...key }, push));
    const live = dataverse.liveRow(row);
    if (live === undefined) throw new Error('a row is gone as it is written');
    this.#versions.add(live.version);
    return answerOf(row, live, columns);
  }

  /** What a user gave to the column that nobody owns may only be written over if it is earlier; and that is told unless it is known. */
  #judgeLoser(row: RowAddress, before: LiveRow, values: Values, by: string | undefined): void {
    const given = values[OWNED.nobody];
    const message = typeof given === 'number' ? this.system.messageOf(given) : undefined;
    const has = before.plain[OWNED.nobody];
    // An empty one is like any other: it may have been seen before, and have come and gone since.
    if (message === undefined || typeof has !== 'number' || isOfLob(has)) return;
    const stored = this.world.stored(row, OWNED.nobody);
    const isKnown = stored?.kind === 'integer' && stored.value === has;
    const at = isKnown ? this.#usersTime(row, before) : before.modifiedOn;
    if (Math.floor(message.atMs / 1000) <= at)
      this.#wrong.push(`${message.id}: a user's later value was written over, at ${message.atMs} against ${at}`);
    if (!isKnown && !this.#told.has(`${by} ${OWNED.nobody}`))
      this.#wrong.push(`${message.id}: a user's value was written over, and nothing told of it`);
  }

  /** A row may only be deleted if its last change was ours or is earlier, and so is what a user gave to the column that nobody owns. */
  #judgeDeletion(row: RowAddress, live: LiveRow, by: string | undefined): void {
    const message = this.system.messages.find(({ id }) => id === by);
    if (message === undefined) return;
    const changedOn = this.#versions.has(live.version) ? -Infinity : live.modifiedOn;
    const at = Math.max(changedOn, this.#usersTime(row, live));
    if (Math.floor(message.atMs / 1000) <= at)
      this.#wrong.push(`${message.id}: a row was deleted that a user changed later, at ${message.atMs} against ${at}`);
  }

  /** When a user gave the column that nobody owns its value, as far as the row tells: where it was read later, by what it told then. */
  #usersTime(row: RowAddress, { version, plain }: LiveRow): Instant {
    const { earliest } = this.world.dataverse.givenIn(row, OWNED.nobody, BigInt(version));
    const has = plain[OWNED.nobody];
    return typeof has !== 'number' || isOfLob(has) ? -Infinity : earliest;
  }

  /** What is wrong once everything has come to rest. */
  faults(): readonly string[] {
    return [
      ...this.#wrong,
      ...this.system.messages.flatMap((message) => this.#lostOf(message)),
      ...this.world.dataverse.idsOf(TABLE).flatMap((id) => this.#differenceOf({ table: TABLE, id })),
    ];
  }

  /** Values that were never written, and of which nothing was told. */
  #lostOf(message: LobMessage): readonly string[] {
    const { id, columns } = message;
    if (!this.#acknowledged.has(message)) return [`${id} was never processed`];
    if (this.world.isParked(message.body)) return [];
    return Object.entries(columns).flatMap(([name, value]) => {
      const isThere = this.#had.has(name === OWNED.lob ? madeOf(value) : value);
      const isTold = this.#told.has(`${id} ${name}`) || this.#told.has(`${id} `);
      return value === null || isThere || isTold || this.system.isSuperseded(message, name)
        ? []
        : [`${id}: ${name} was lost, and nothing told of it`];
    });
  }

  /** The LOB system's own column, where both have the row. */
  #differenceOf(row: RowAddress): readonly string[] {
    const { plain } = this.world.dataverse.liveRow(row) ?? {};
    const key = plain?.k;
    const last = typeof key === 'string' ? this.system.rows.get(key)?.get(OWNED.lob) : undefined;
    if (plain === undefined || last === undefined) return [];
    const { value, by } = last;
    const there = plain[OWNED.lob] ?? null;
    const isTold = this.world.isParked(by.body) || this.#told.has(`${by.id} ${OWNED.lob}`);
    const wasOfAnother = (by.rowId ?? row.id) !== row.id;
    return there === madeOf(value) || isTold || wasOfAnother
      ? []
      : [`${String(key)}: the LOB system has ${value} of ${by.id}, Dataverse ${there}`];
  }
}

const isOfLob = (value: number | string | null | undefined): boolean =>
  typeof value === 'number' && value >= FIRST_LOB_VALUE;

const answerOf = (
  { id }: RowAddress,
  { version, modifiedOn, plain }: LiveRow,
  columns: readonly string[],
): RowAnswer => ({
  ...{ kind: 'row', id, version: BigInt(version), modifiedOn },
  texts: new Map(columns.map((name) => [name, JSON.stringify(plain[name] ?? null)])),
});
