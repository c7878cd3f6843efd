import type { RowChange } from '../change/row-change';
import { readContext } from '../context/read-context';
import { changesOf } from '../context/to-changes';
import { OutboundError, codeOf, dispositionOf, messageOf } from '../errors';
import { conformChange } from '../mapping/conform';
import type { TableCatalog } from '../mapping/table-definition';
import { MAX_PARKED_BYTES, type KeptDelivery, type ParkCause, type Parking } from '../parking/parking';
import type { Verdict } from '../writer/decide';
import type { Settlement, Writer } from '../writer/writer';

/** How one delivery ended; none ends otherwise, unless parking itself fails. */
export type Outcome =
  /** Every change in it is in the store, or is provably contained or superseded there. */
  | { readonly kind: 'settled'; readonly changes: readonly SettledChange[]; readonly lagMs: number | undefined }
  /** It is kept durably and is tried again when due, or by an operator. */
  | { readonly kind: 'parked'; readonly cause: ParkCause; readonly disposition: 'retry' | 'park' }
  /** Nothing of it is kept. */
  | { readonly kind: 'rejected'; readonly cause: ParkCause };

/** A change and its verdict. */
export interface SettledChange {
  readonly table: string;
  readonly id: string;
  readonly verdict: Verdict;
}

/** Thrown when an event is of a table that this deployment doesn't keep in step. */
export class TableNotSynced extends OutboundError {
  readonly code = 'table-not-synced';
  readonly disposition = 'park';
  constructor(table: string) {
    super(
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

/** Options of the receiver. */
export interface ReceiverOptions {
  readonly tables: readonly string[];
  readonly fullImageAlias?: string;
  /** How long after its arrival a synchronous step's event is settled, in milliseconds. */
  readonly hintDelayMs: number;
  /** Delay before a parked delivery is first tried again, in milliseconds. @default 15,000 */
  readonly retryDelayMs?: number;
  readonly now?: () => number;
}

/**
 * Takes deliveries from any trigger to their outcome: parse, conform to the table's metadata, settle through the writer,
 * park what can't be settled. Rejects only if parking fails, and then the sender still has the delivery.
 */
export class Receiver {
  readonly #tables: ReadonlySet<string>;
  readonly #now: () => number;

  constructor(
    private readonly writer: Writer,
    private readonly parking: Parking,
    /** Undefined without a Web API: values then keep the types that the wire gives them. */
    private readonly catalog: TableCatalog | undefined,
    private readonly options: ReceiverOptions,
  ) {
    this.#tables = new Set(options.tables);
    this.#now = options.now ?? Date.now;
  }

  /** Handles deliveries that arrived together: their changes are settled together, each on its own merits. */
  async receive(deliveries: readonly KeptDelivery[]): Promise<readonly Outcome[]> {
    const read = await Promise.all(deliveries.map((delivery) => this.#read(delivery)));
    const isHint = (change: RowChange): boolean => change.evidence.kind === 'hint';
    const settleable = read.flatMap((changes) => (Array.isArray(changes) && !changes.some(isHint) ? changes : []));
    const settlements = await this.writer.settle(settleable);
    let next = 0;
    return Promise.all(
      deliveries.map((delivery, index) => {
        const changes = read[index];
        if (!Array.isArray(changes)) return this.#putAside(delivery, changes);
        if (changes.some(isHint)) return this.#park(delivery, UNCONFIRMED, 'retry', this.options.hintDelayMs);
        next += changes.length;
        return this.#outcome(delivery, settlements.slice(next - changes.length, next));
      }),
    );
  }

  /** Settles a parked delivery as if it arrived now; hints are confirmed by reading. Nothing is parked again here. */
  async replay(delivery: KeptDelivery): Promise<readonly Settlement[]> {
    const changes = await this.#read(delivery);
    if (!Array.isArray(changes)) throw changes;
    return this.writer.settle(changes);
  }

  async #read(delivery: KeptDelivery): Promise<RowChange[] | Error> {
    const { source, body, contentType, truncated } = delivery;
    try {
      const context = readContext(body, {
        maxBytes: MAX_PARKED_BYTES,
        ...(contentType === undefined ? {} : { contentType }),
      });
      const changes = changesOf(context, {
        source,
        body,
        ...(truncated === undefined ? {} : { truncated }),
        ...(this.options.fullImageAlias === undefined ? {} : { fullImageAlias: this.options.fullImageAlias }),
      });
      return await Promise.all(changes.map((change) => this.#conform(change)));
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  async #conform(change: RowChange): Promise<RowChange> {
    const { table } = change.row;
    if (!this.#tables.has(table)) throw new TableNotSynced(table);
    if (change.kind === 'delete' || this.catalog === undefined) return conformChange(change, undefined);
    const definition = await this.catalog.get(table);
    const isOld = [...change.columns.keys()].some((column) => !definition.columns.has(column));
    return conformChange(change, isOld ? await this.catalog.refresh(table) : definition);
  }

  async #outcome(delivery: KeptDelivery, settlements: readonly Settlement[]): Promise<Outcome> {
    const failed = settlements.find((settlement) => settlement.kind === 'failed');
    if (failed !== undefined) return this.#putAside(delivery, failed.error);
    const changes = settlements.flatMap((settlement) =>
      settlement.kind === 'settled' ? [{ ...settlement.change.row, verdict: settlement.verdict }] : [],
    );
    const occurredAt = settlements[0]?.change.origin.occurredAtMs;
    return {
      kind: 'settled',
      changes,
      lagMs: occurredAt === undefined ? undefined : Math.max(0, this.#now() - occurredAt),
    };
  }

  async #putAside(delivery: KeptDelivery, error: unknown): Promise<Outcome> {
    const cause = { code: codeOf(error), message: messageOf(error) };
    const disposition = dispositionOf(error);
    if (disposition === 'reject') return { kind: 'rejected', cause };
    return this.#park(
      delivery,
      cause,
      disposition,
      disposition === 'retry' ? (this.options.retryDelayMs ?? 15_000) : undefined,
    );
  }

  async #park(
    delivery: KeptDelivery,
    cause: ParkCause,
    disposition: 'retry' | 'park',
    delayMs: number | undefined,
  ): Promise<Outcome> {
    await this.parking.parkDelivery(delivery, cause, delayMs === undefined ? undefined : this.#now() + delayMs);
    return { kind: 'parked', cause, disposition };
  }
}
