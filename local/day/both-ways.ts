/** `--inbound`: the clerks' side of the business day, and what shows that both directions agree and nothing goes round. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { seededRandom } from '../dataverse/random';
import type { Dataverse } from '../dataverse/simulator';
import { BUS, type Stack } from '../stack/stack';
import { OutboxDesk, QueueDesk, type ClerkDesk } from './clerk-desks';
import { Clerks } from './clerks';
import { compareLedger, type LedgerCheck } from './compare-ledger';
import type { Figures } from './figures';
import { readMapping, withInbound, type Mapping, type MappingSettings } from './mapping';
import { entitiesOf } from './store-entities';
import { WAIT_LIMIT_MS } from './waiting';
import { Witness } from './witness';

/** Where the operator's tool lies, beside this file's folder once both are compiled. */
const DVO = resolve(__dirname, '../../tools/dvo/dvo.js');

/** How the clerks work. */
export interface BothWaysOptions {
  readonly changes: number;
  /** A second. */
  readonly rate: number;
  readonly seed: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly signal: AbortSignal;
}

/** The clerks' messages that couldn't be processed, and values that are to be put back. */
interface Parked {
  readonly count: number;
  /** Of those that the app tries again soon by itself. */
  readonly soon: number;
  /** Ids of the clerks' messages. */
  readonly messages: ReadonlySet<string>;
}

/** Both directions in figures. */
export interface Crossings {
  readonly clerks: { readonly changes: number; readonly messages: number };
  /** Writes of the app to rows of Dataverse, and of those to put back a value of the LOB system. */
  readonly written: number;
  readonly restorings: number;
  /** Changes of data in the store. */
  readonly stored: number;
  /** Events that Dataverse raised of the app's writes, all of which ended in the store. */
  readonly echoes: number;
  /** Values that the app gave up, and said so. */
  readonly lost: { readonly lob: number; readonly dataverse: number };
  /** What is parked for good, or waits for a row. */
  readonly parked: number;
  /** Writes in either direction after nothing was left to do. */
  readonly loops: number;
  readonly ledger: LedgerCheck;
}

/** How often everything is waited for and pulled until nothing more is written. */
const MOST_ROUNDS = 6;

/** What is due by then is left to the app; what is due later is tried again at once. */
const SOON_MS = 20_000;
const POLL_MS = 200;

/** The clerks' side of a day. */
export class BothWays {
  readonly mapped: MappingSettings;
  /** Of the app, beside the stack's. */
  readonly settings: Readonly<Record<string, string>>;
  readonly #mapping: Mapping;
  readonly #folder = mkdtempSync(join(tmpdir(), 'dvo-inbound-'));
  readonly #witness: Witness;
  #desk: ClerkDesk | undefined;
  #clerks: Clerks | undefined;
  #signal: AbortSignal | undefined;
  #storedBefore = 0;

  /** Gives tables of Dataverse the column and the alternate key by which the clerks know their rows. Before the app starts. */
  constructor(
    private readonly stack: Stack,
    mapped: MappingSettings,
    root: string,
    private readonly figures: Figures,
    private readonly dvo = DVO,
  ) {
    const { dataverse } = stack;
    this.mapped = withInbound(mapped, root, this.#folder);
    this.#mapping = readMapping(this.mapped);
    for (const table of this.#mapping.inbound) defineKey(dataverse, table, this.#keyOf(table));
    this.#witness = new Witness(dataverse, this.#mapping);
    this.settings = {
      ...this.mapped,
      ...(stack.postgres === undefined ? { INBOUND_QUEUE: BUS.inbound } : { INBOUND_SQL_SCHEDULE: '* * * * * *' }),
      // A row that a message waits for may never come: users delete rows.
      SERVICEBUS_RETRY_ATTEMPTS: '3',
      SERVICEBUS_RETRY_FIRST_SECONDS: '1',
      SERVICEBUS_RETRY_LONGEST_SECONDS: '4',
    };
  }

  /** Clerks' changes so far. */
  get done(): number {
    return this.#clerks?.done ?? 0;
  }

  /** Before the app starts: the outbox and the tables of the LOB system, where they lie in the app's database. */
  async open({ changes, rate, seed, duplicate, reorder, signal }: BothWaysOptions): Promise<void> {
    const { stack } = this;
    this.#signal = signal;
    // Two sources: however messages are disturbed, the changes are the same.
    const disturbed = { duplicate, reorder, random: seededRandom(seed + 2) };
    if (stack.postgres === undefined) {
      const { connectionString } = stack.broker;
      this.#desk = new QueueDesk(connectionString, BUS.inbound, (table) => this.#keyOf(table), disturbed);
    } else {
      await this.#run('store', 'migrate', '--apply');
      this.#desk = await OutboxDesk.open(stack.postgres.url, this.#mapping, disturbed);
    }
    const options = { changes, rate, random: seededRandom(seed + 3), signal };
    this.#clerks = new Clerks(stack.dataverse, this.#mapping, this.#desk, options);
  }

  /** The clerks' day, until all that they did is with the app's source. */
  async work(): Promise<void> {
    this.#storedBefore = this.figures.stored;
    await this.#clerks?.work();
    await this.#desk?.settled();
  }

  /**
   * Waits until nothing is left to do in either direction, and checks. `handled` waits for what is under way, `pull` for a complete
   * pull, which would bring back what was written.
   */
  async check(handled: () => Promise<void>, pull: () => Promise<void>): Promise<Crossings> {
    const [clerks, desk] = [this.#clerks, this.#desk];
    if (clerks === undefined || desk === undefined) throw new Error('The clerks were never there.');
    let loops = NaN;
    for (let round = 0; round < MOST_ROUNDS && loops !== 0; round += 1) {
      const before = this.#writes();
      await this.#untilTaken(desk, handled);
      await this.#untilTried();
      if ((await this.#parked()).count > 0) await this.#run('inbound', 'replay', '--all', '--yes');
      await handled();
      await pull();
      await this.#untilTaken(desk, handled);
      loops = this.#writes() - before;
    }
    const parked = await this.#parked();
    const lost = new Set(this.figures.lost.map(({ row, message, column }) => `${row} ${message} ${column}`));
    const count = (loser: 'lob' | 'dataverse'): number => this.figures.lost.filter((one) => one.loser === loser).length;
    return {
      clerks: { changes: clerks.done, messages: desk.sent },
      written: this.#witness.written,
      restorings: this.figures.restorings,
      stored: this.figures.stored - this.#storedBefore,
      echoes: this.#witness.echoes(),
      lost: { lob: count('lob'), dataverse: count('dataverse') },
      parked: parked.count,
      loops,
      ledger: compareLedger(this.stack.dataverse, this.#mapping, clerks, this.#witness, {
        lost: (row, message, column) => lost.has(`${row} ${message} ${column}`),
        refused: new Set(this.figures.lost.flatMap(({ message, why }) => (why === 'deleted' ? message : []))),
        parked: parked.messages,
      }),
    };
  }

  async close(): Promise<void> {
    this.#witness.close();
    await this.#desk?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #keyOf(table: string): string {
    return this.#mapping.table(table).inbound?.key ?? '';
  }

  #writes(): number {
    return this.#witness.written + this.figures.stored;
  }

  async #untilTaken(desk: ClerkDesk, handled: () => Promise<void>): Promise<void> {
    await this.#untilNone(() => desk.waiting());
    await handled();
  }

  #untilTried(): Promise<void> {
    return this.#untilNone(async () => (await this.#parked()).soon);
  }

  async #untilNone(count: () => Promise<number>): Promise<void> {
    const limit = performance.now() + WAIT_LIMIT_MS;
    while (this.#signal?.aborted !== true && performance.now() < limit && (await count()) > 0) await sleep(POLL_MS);
  }

  async #parked(): Promise<Parked> {
    const entities = await entitiesOf(this.stack.azurite.connectionString, 'dvoparked');
    const items = entities.filter(({ kind, source }) => kind === 'delivery' && String(source).startsWith('inbound-'));
    const ids = items.map(({ body0 }) => {
      const { id } = JSON.parse(Buffer.from(body0 as Uint8Array).toString('utf8')) as { readonly id?: string };
      return id ?? '';
    });
    const soon = items.filter(({ dueAt }) => Number(dueAt) < Date.now() + SOON_MS).length;
    return { count: items.length, soon, messages: new Set(ids) };
  }

  /** As an operator does. What can't be processed yet is no fault here. */
  async #run(...command: readonly string[]): Promise<void> {
    try {
      await promisify(execFile)(process.execPath, [this.dvo, ...command], {
        env: { ...process.env, ...this.stack.settings, ...this.settings },
      });
    } catch (error) {
      const { code, stderr = '' } = error as { readonly code?: unknown; readonly stderr?: string };
      if (code !== 1) throw new Error(`dvo ${command.join(' ')} failed: ${stderr.trim()}`, { cause: error });
    }
  }
}

/** A column that only the LOB system gives a value. */
function defineKey(dataverse: Dataverse, table: string, column: string): void {
  dataverse.addColumn(table, { logicalName: column, type: 'string', maxLength: 50 });
  dataverse.defineKey(table, { schemaName: `${column}_key`, columns: [column] });
}
