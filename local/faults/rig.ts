/**
 * The stack with everything between it and the app that can fail: TCP proxies on all routes, kill points, and an observer
 * that judges what the store goes through. The app gets nothing but other addresses.
 */
import { BlobServiceClient, RestError } from '@azure/storage-blob';
import { entitiesOf, tableIn } from '../day/store-entities';
import type { Mapping } from '../day/mapping';
import { seededRandom } from '../dataverse/random';
import type { ManyToManyDefinition } from '../dataverse/simulator';
import type { Stack } from '../stack/stack';
import { History } from './history';
import { Killer, statementStepOf, storeStepOf, type Moment, type StoreStep } from './kill-points';
import { Observer, type Finding } from './observer';
import { Overtaking } from './overtaking';
import { PostgresProxy } from './postgres-proxy';
import { PostgresWrites } from './postgres-writes';
import { Routes, type Route } from './routes';
import { StoreProxy, type StoreAnswer, type StoreRequest } from './store-proxy';
import { writesOf } from './store-writes';
import type { TcpProxy } from './tcp-proxy';

/** Every kill is a delivery without success, and so is every lock that is lost: docs/operations.md says to set it so. */
export const MANY_DELIVERIES = { maxDeliveryCount: 2000 } as const;

/** What the observer watches, and how it lies in the store. */
export interface RigOptions {
  readonly tables: readonly string[];
  readonly relationships: readonly ManyToManyDefinition[];
  readonly mapping: Mapping;
  /** Of the jitter. @default 1 */
  readonly seed?: number;
}

const LEASES = 'dvo-leases';

/** The proxies of a stack, running. */
export class FaultRig {
  readonly killer = new Killer();
  readonly observer: Observer;
  readonly overtaking: Overtaking;
  readonly #history: History;
  readonly #eventTables: ReadonlySet<string>;
  #routes: Routes | undefined;
  #postgresWrites: PostgresWrites | undefined;
  readonly #open: { close(): Promise<void> }[] = [];

  private constructor(
    private readonly stack: Stack,
    { tables, relationships, mapping, seed = 1 }: RigOptions,
  ) {
    this.#history = new History(stack.dataverse, tables, relationships, mapping, stack.lobPlace);
    this.observer = new Observer(this.#history);
    this.overtaking = new Overtaking(seededRandom(seed));
    this.#eventTables = new Set([...mapping.events.values()].map(({ target }) => tableIn(stack.lobPlace, target)));
  }

  /** Puts the proxies before a stack, which has to be new: the observer must see the first row. */
  static async open(stack: Stack, options: RigOptions): Promise<FaultRig> {
    const rig = new FaultRig(stack, options);
    try {
      await rig.#listen(options.seed ?? 1);
      return rig;
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  async #listen(seed: number): Promise<void> {
    const { azurite, broker, dataverse, postgres } = this.stack;
    const random = seededRandom(seed);
    const kept = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
      const opened = await opening;
      this.#open.push(opened);
      return opened;
    };
    const tables = await kept(StoreProxy.open('table', azurite.tablePort, this));
    const blobs = await kept(StoreProxy.open('blob', azurite.blobPort, this));
    const before: Partial<Record<Route, number>> = { tables: tables.port, blobs: blobs.port };
    if (postgres !== undefined) {
      this.#postgresWrites = await kept(PostgresWrites.open(postgres.url, (write) => this.observer.saw(write)));
      const proxy = await kept(
        PostgresProxy.open(postgres.port, {
          asked: (statement) => !this.#meets(statementStepOf(statement, this.#eventTables), 'before'),
          changed: (statement) => !this.#meets(statementStepOf(statement, this.#eventTables), 'done-unanswered'),
        }),
      );
      before.postgres = proxy.port;
    }
    this.#routes = await kept(Routes.open(this.stack, () => random.next(), before));
    dataverse.intercept(({ method, target, moment }) => {
      if (method !== 'GET') return false;
      const at = moment === 'asked' ? 'before' : 'done-unanswered';
      if (/\/\w+\([0-9a-f-]{36}\)/.test(target)) return this.killer.meets('read-back', at);
      return /\$(?:skip|delta)token=|\/\w+\?/.test(target) && !target.includes('Definitions')
        ? this.killer.meets('page', at)
        : false;
    });
    broker.intercept(({ kind, moment }) =>
      kind === 'complete' ? this.killer.meets('complete', moment === 'asked' ? 'before' : 'done-unanswered') : false,
    );
  }

  /** The TCP proxy of a route. */
  route(route: Route): TcpProxy {
    return this.#opened().of(route);
  }

  /** Over the settings of the stack: those with which the app goes through the proxies. */
  get settings(): Readonly<Record<string, string>> {
    return this.#opened().settings;
  }

  /** Lets everything pass again. */
  async lift(): Promise<void> {
    this.killer.disarm();
    this.overtaking.share = 0;
    await this.#opened().lift();
  }

  #opened(): Routes {
    if (this.#routes === undefined) throw new Error('The rig is not open.');
    return this.#routes;
  }

  /** Looks at the store's requests for the kill points and the observer. */
  async asked(request: StoreRequest): Promise<boolean> {
    await this.overtaking.turnOf(request);
    return !this.#meets(storeStepOf(request, this.#eventTables), 'before');
  }

  /** The observer sees what was carried out, whether or not the app ever hears of it. */
  answered(request: StoreRequest, answer: StoreAnswer | undefined): boolean {
    if (answer === undefined) return true;
    const writes = writesOf(request, answer);
    for (const write of writes) if (!this.#eventTables.has(write.table)) this.observer.saw(write);
    this.overtaking.done(writes);
    return answer.status >= 300 || !this.#meets(storeStepOf(request, this.#eventTables), 'done-unanswered');
  }

  #meets(step: StoreStep | undefined, moment: Moment): boolean {
    return step !== undefined && this.killer.meets(step, moment);
  }

  /**
   * Takes the lease of every table's pull away from whoever has it, and gives it to nobody.
   *
   * @returns how many were taken
   */
  async stealLeases(): Promise<number> {
    const service = BlobServiceClient.fromConnectionString(this.stack.azurite.connectionString);
    const container = service.getContainerClient(LEASES);
    let taken = 0;
    if (!(await container.exists())) return taken;
    for await (const { name, properties } of container.listBlobsFlat()) {
      if (properties.leaseState !== 'leased') continue;
      try {
        await container.getBlobClient(name).getBlobLeaseClient().breakLease(0);
        taken += 1;
      } catch (error) {
        // Given back since it was listed.
        if (!(error instanceof RestError && error.code === 'LeaseNotPresentWithLeaseOperation')) throw error;
      }
    }
    return taken;
  }

  /** Has the observer hold the app to the deletions that it was told of. To be asked when none of their deliveries is under way. */
  async deletionsProcessed(): Promise<void> {
    await this.#postgresWrites?.told();
    this.observer.deletionsProcessed(this.stack.dataverse.jobs());
  }

  /** What acknowledged deliveries told and is neither stored nor superseded. To be asked when nothing is under way. */
  lost(): Promise<readonly Finding[]> {
    return this.observer.lost(this.stack.dataverse.jobs(), (table) => entitiesOf(this.stack.lobPlace, table));
  }

  /** What the observer has found by now. */
  async findings(): Promise<readonly Finding[]> {
    await this.#postgresWrites?.told();
    return this.observer.findings;
  }

  async close(): Promise<void> {
    this.#history.end();
    this.stack.dataverse.intercept(undefined);
    this.stack.broker.intercept(undefined);
    for (const part of this.#open.splice(0).reverse()) await part.close();
  }
}
