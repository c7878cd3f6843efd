import { setImmediate } from 'node:timers/promises';
import type { Change } from '../change/association';
import type { RowChange } from '../change/row-change';
import type { Context } from '../context/context';
import { arrivalBound, type Delivery } from '../context/messages/pushed-event';
import { readPush } from '../context/read-push';
import { changeOfNotice, type RowNotice } from '../context/messages/row-notice';
import { changesOf } from '../context/messages/to-changes';
import { messageEventOf } from '../context/messages/to-message-event';
import type { OrganizationPin } from '../dataverse/organization-pin';
import { OutboundError, dispositionOf } from '../errors/errors';
import type { EventOutcome, EventStore, StoredEvent } from '../lob/event-store';
import type { Associations } from '../mapping/associations';
import { asRead } from '../mapping/as-read';
import { conformChange, conformUnknown } from '../mapping/conform';
import type { Mapping } from '../mapping/mapping';
import type { TableCatalog } from '../mapping/table-definition';
import type { KeptDelivery, ParkCause, Parking } from '../parking/parking';
import type { ChangeResult, Writer } from '../writer/writer';
import { PutAside, decidingFailure, type OnRetry, type Outcome } from './put-aside';

/** Thrown when an event is of a table that this deployment doesn't keep in step. */
export class TableNotSynced extends OutboundError {
  constructor(table: string) {
    super(
      'table-not-synced',
      `Table ${table} isn't in SYNC_TABLES. Add it there and replay the parked event, or remove the step that sends it.`,
    );
  }
}

/** The cause of parking an event of a synchronous step: it counts only once a read has shown what became of it. */
const UNCONFIRMED: ParkCause = {
  code: 'unconfirmed',
  message:
    'The event comes from a synchronous step, whose transaction may still roll back. The row is read a little later.',
};

/** The cause of parking an event of a synchronous step that is no change of rows: no read can tell what became of it. */
const UNCONFIRMABLE: ParkCause = {
  code: 'unconfirmable',
  message:
    'The event comes from a synchronous step, whose transaction may have been rolled back, and there is no row that would show it. ' +
    'Register the step as asynchronous, or set "synchronous: store" for this message in the mapping file.',
};

/**
 * Thrown for the rows of a delivery that were left for later, since too many had to be read back. What was processed is known when
 * the delivery is tried again, and what a pull has brought meanwhile needs no read.
 */
export class RowsLeft extends OutboundError {
  constructor(left: number, all: number) {
    super(
      'rows-left',
      `${left} of the ${all} rows of this delivery are left for later: ${READS_AT_ONCE} are read back at a time. Nothing is to be done.`,
    );
  }
}

/**
 * So many rows of one delivery are read back at a time. Dataverse sets no limit to a message on several rows but its size, and
 * recommends 100 to 1,000: some 185 KB would have the app send a thousand requests at once, while all others wait.
 * https://learn.microsoft.com/power-apps/developer/data-platform/bulk-operations
 */
const READS_AT_ONCE = 100;

/**
 * Largest body that is read, in bytes, where others wait for the same process. Dataverse posts 256 KB at most, and 192 KB to
 * queues and topics; what it sends to a hub has no bound of its own.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 */
const MAX_BODY_BYTES = 640 * 1024;

/**
 * Bytes of bodies that are worked through in one go; then everything else in the process has a turn. What costs most for each
 * byte takes tens of milliseconds a step (`npm run fuzz -- loop`).
 */
const BYTES_A_TURN = 64 * 1024;

/** Where the receiver's deliveries go. */
export interface ReceiverParts {
  readonly writer: Pick<Writer, 'process'>;
  readonly events: EventStore;
  readonly parking: Parking;
  /** Undefined without a Web API: values then keep the types that the wire gives them. */
  readonly catalog: TableCatalog | undefined;
  readonly associations: Pick<Associations, 'changesOf'>;
  readonly mapping: Pick<Mapping, 'events' | 'unmapped' | 'tableOf'>;
  readonly organization: Pick<OrganizationPin, 'check'>;
}

/** Options of the receiver. */
export interface ReceiverOptions {
  readonly tables: readonly string[];
  readonly fullImageAlias?: string;
  /** As much as the clocks of Dataverse, the brokers and this app may differ, in seconds. @default 5 */
  readonly marginSeconds?: number;
  /** Larger bodies are parked unread. @default 640 KiB */
  readonly maxBodyBytes?: number;
  /** How long after its arrival a synchronous step's event is processed, in milliseconds. */
  readonly unconfirmedDelayMs: number;
  /** Delay before a parked delivery is first tried again, in milliseconds. @default 15,000 */
  readonly retryDelayMs?: number;
  readonly now?: () => number;
  /** Now in Dataverse's clock, as far as it is known: no event is dated later. @default `now` */
  readonly dataverseNow?: () => number;
}

/** What is to be done about a delivery. */
type Plan =
  | { readonly kind: 'process'; readonly changes: readonly RowChange[] }
  | { readonly kind: 'store'; readonly stored: StoredEvent }
  | { readonly kind: 'putAside'; readonly error: unknown };

/**
 * Takes deliveries from any trigger to their outcome: parse, conform to the table's metadata, process through the writer,
 * have its source bring again, or park, what can't be processed. Rejects only if parking fails, and then the sender still has
 * the delivery.
 */
export class Receiver {
  readonly #tables: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #aside: PutAside;

  constructor(
    private readonly parts: ReceiverParts,
    private readonly options: ReceiverOptions,
  ) {
    this.#tables = new Set(options.tables);
    this.#now = options.now ?? Date.now;
    this.#aside = new PutAside(parts.parking, parts.mapping.unmapped, this.#now, options.retryDelayMs);
  }

  /**
   * Handles deliveries that arrived together: their changes are processed together, each on its own merits. Ends when all have
   * ended, also where it rejects.
   *
   * @param onRetryOf what the source offers for the delivery at an index
   */
  async receive(
    came: readonly KeptDelivery[],
    onRetryOf: (index: number) => OnRetry = () => ({ kind: 'park' }),
  ): Promise<readonly Outcome[]> {
    const deliveries = came.map((delivery) => ({ ...delivery, arrivedAtMs: this.#arrivalOf(delivery) }));
    const plans = await this.#plans(deliveries);
    const toProcess = plans.flatMap((plan) => (plan.kind === 'process' && !isUncommitted(plan) ? [plan.changes] : []));
    const isLarge = (changes: readonly RowChange[]): boolean => changes.length > READS_AT_ONCE;
    const together = toProcess.filter((changes) => !isLarge(changes)).flat();
    const events = plans.flatMap((plan) => (plan.kind === 'store' && !this.#isUnconfirmable(plan) ? plan.stored : []));
    const [results, inParts, stored] = await Promise.all([
      this.parts.writer.process(together),
      Promise.all(toProcess.filter(isLarge).map((changes) => this.#processInParts(changes))),
      events.length === 0 ? [] : this.parts.events.append(events),
    ]);
    const nextResult = results.values();
    const nextInParts = inParts.values();
    const nextStored = stored.values();
    const ends = await Promise.allSettled(
      deliveries.map((delivery, index) => {
        const plan = plans[index];
        const onRetry = onRetryOf(index);
        if (plan?.kind === 'process') {
          if (isUncommitted(plan))
            return this.#aside.park(delivery, UNCONFIRMED, onRetry, this.options.unconfirmedDelayMs);
          return this.#processed(
            delivery,
            onRetry,
            isLarge(plan.changes)
              ? (nextInParts.next().value ?? [])
              : plan.changes.flatMap(() => nextResult.next().value ?? []),
          );
        }
        if (plan?.kind === 'store') {
          if (this.#isUnconfirmable(plan)) return this.#aside.park(delivery, UNCONFIRMABLE, onRetry);
          return this.#stored(delivery, onRetry, plan.stored, nextStored.next().value);
        }
        return this.#aside.putAside(delivery, onRetry, plan?.error);
      }),
    );
    return ends.map((end) => {
      if (end.status === 'rejected') throw end.reason;
      return end.value;
    });
  }

  /**
   * Processes a parked delivery as if it arrived now; unconfirmed changes are confirmed by reading. Nothing is parked again here.
   *
   * @returns why it still can't be processed; undefined once it is
   */
  async replay(delivery: KeptDelivery): Promise<unknown> {
    const plan = await this.#plan(delivery);
    if (plan.kind === 'putAside') return plan.error;
    const outcomes: readonly (ChangeResult | EventOutcome)[] =
      plan.kind === 'process'
        ? await this.#processInParts(plan.changes)
        : await this.parts.events.append([plan.stored]);
    return decidingFailure(outcomes)?.error;
  }

  /**
   * Processes the changes of one delivery, in their order and only until so many were read back. An unconfirmed change is no nearer to its end
   * the next time, since nothing of it is kept: such a delivery is processed whole, part by part.
   */
  async #processInParts(changes: readonly RowChange[]): Promise<readonly ChangeResult[]> {
    const results: ChangeResult[] = [];
    let reads = 0;
    while (results.length < changes.length && reads < READS_AT_ONCE) {
      const next = changes.slice(results.length, results.length + READS_AT_ONCE - reads);
      const part = await this.parts.writer.process(next);
      results.push(...part);
      reads += part.filter(isReadOfEvent).length;
    }
    const left = changes.slice(results.length);
    const error = new RowsLeft(left.length, changes.length);
    return [...results, ...left.map((change) => ({ kind: 'failed', change, error }) as const)];
  }

  /** Nothing arrives later than now, whatever clock says so. */
  #arrivalOf({ arrivedAtMs = Infinity }: KeptDelivery): number {
    return Math.min(arrivedAtMs, (this.options.dataverseNow ?? this.#now)());
  }

  async #plans(deliveries: readonly KeptDelivery[]): Promise<readonly Plan[]> {
    const plans: Promise<Plan>[] = [];
    let bytes = 0;
    for (const delivery of deliveries) {
      plans.push(this.#plan(delivery));
      bytes += delivery.body.byteLength;
      if (bytes < BYTES_A_TURN) continue;
      await setImmediate();
      bytes = 0;
    }
    return Promise.all(plans);
  }

  async #plan(kept: KeptDelivery): Promise<Plan> {
    const { source, body, contentType, truncated } = kept;
    const { fullImageAlias, marginSeconds } = this.options;
    const delivery: Delivery = {
      source,
      body,
      notAfter: arrivalBound(this.#arrivalOf(kept), marginSeconds),
      ...(truncated === undefined ? {} : { truncated }),
      ...(fullImageAlias === undefined ? {} : { fullImageAlias }),
    };
    try {
      const push = readPush(body, {
        maxBytes: this.options.maxBodyBytes ?? MAX_BODY_BYTES,
        ...(contentType === undefined ? {} : { contentType }),
      });
      const pause = async (): Promise<void> => {
        if (body.byteLength >= BYTES_A_TURN) await setImmediate();
      };
      await pause();
      if (push.kind === 'notice') return await this.#planNotice(push.notice, delivery);
      const { context } = push;
      await this.parts.organization.check(context.organizationId);
      const rule = this.parts.mapping.events.get(context.message);
      if (rule !== undefined) {
        const event = messageEventOf(context, delivery);
        await pause();
        return { kind: 'store', stored: { rule, event: { ...event, columns: rule.mapColumns(event.columns) } } };
      }
      const changes = changesOf(context, delivery);
      await pause();
      return await this.#planChanges(changes, context);
    } catch (error) {
      return { kind: 'putAside', error };
    }
  }

  /** Changes that the mapping says to ignore don't take the others with them; any other failure is that of them all. */
  async #planChanges(changes: readonly Change[], context: Context): Promise<Plan> {
    const conformed = await Promise.allSettled(changes.map((change) => this.#conform(change, context)));
    const failures = conformed.flatMap((of) => (of.status === 'rejected' ? [{ error: of.reason as unknown }] : []));
    const decisive = failures.filter(({ error }) => this.#aside.policyOf(error) !== 'ignore');
    const failure = decidingFailure(decisive) ?? (failures.length === changes.length ? failures[0] : undefined);
    if (failure !== undefined) return { kind: 'putAside', error: failure.error };
    return { kind: 'process', changes: conformed.flatMap((of) => (of.status === 'fulfilled' ? of.value : [])) };
  }

  /** What a notice makes the app read is of the store's own organisation, so one that names none does no harm. */
  async #planNotice(notice: RowNotice, delivery: Delivery): Promise<Plan> {
    if (notice.organizationId !== null) await this.parts.organization.check(notice.organizationId);
    return { kind: 'process', changes: await this.#conform(changeOfNotice(notice, delivery)) };
  }

  async #conform(change: Change, context?: Context): Promise<readonly RowChange[]> {
    if ('relationship' in change) return this.parts.associations.changesOf(change);
    const { table } = change.row;
    if (!this.#tables.has(table)) throw new TableNotSynced(table);
    const { catalog } = this.parts;
    if (catalog === undefined) return [conformUnknown(change, context)];
    // Of a deletion, too: the table may be one whose rows can't be told apart by their ids.
    const definition = await catalog.get(table);
    if (change.kind === 'delete') return [change];
    const isOld = [...change.columns.keys()].some((column) => !definition.columns.has(column));
    const current = isOld ? await catalog.refresh(table) : definition;
    return [asRead(conformChange(change, current), current, this.parts.mapping.tableOf(table))];
  }

  #isUnconfirmable({ stored: { event, rule } }: Extract<Plan, { kind: 'store' }>): boolean {
    return !event.committed && rule.synchronous === 'park';
  }

  async #processed(delivery: KeptDelivery, onRetry: OnRetry, results: readonly ChangeResult[]): Promise<Outcome> {
    const failure = decidingFailure(results);
    if (failure !== undefined) return this.#aside.putAside(delivery, onRetry, failure.error);
    const changes = results.flatMap((result) =>
      result.kind === 'processed' ? [{ ...result.change.row, verdict: result.verdict }] : [],
    );
    return { kind: 'processed', changes, lagMs: this.#lagSince(results[0]?.change.origin.occurredAtMs) };
  }

  async #stored(
    delivery: KeptDelivery,
    onRetry: OnRetry,
    { event, rule }: StoredEvent,
    outcome?: EventOutcome,
  ): Promise<Outcome> {
    if (outcome === undefined || outcome.kind === 'failed')
      return this.#aside.putAside(delivery, onRetry, outcome?.error);
    const change = { table: rule.target, id: event.key, verdict: outcome.kind };
    return { kind: 'processed', changes: [change], lagMs: this.#lagSince(event.occurredAtMs) };
  }

  #lagSince(occurredAtMs: number | undefined): number | undefined {
    return occurredAtMs === undefined ? undefined : Math.max(0, this.#now() - occurredAtMs);
  }
}

/** Whether an event had its row read, or will when it is tried again. */
const isReadOfEvent = (result: ChangeResult): boolean =>
  result.change.evidence.kind === 'event' &&
  (result.kind === 'failed' ? dispositionOf(result.error) === 'retry' : result.verdict === 'readBack');

/** Whether a plan's transaction may yet roll back. */
const isUncommitted = ({ changes }: Extract<Plan, { kind: 'process' }>): boolean =>
  changes.some(({ evidence }) => evidence.kind === 'unconfirmed' && evidence.committed !== true);
