import type { InboundVerdict } from '../inbound/decide';
import type { InboundResult, InboundWriter, RowOfChange } from '../inbound/inbound-writer';
import type { InboundTables } from '../inbound/inbound-tables';
import { keyParts } from '../inbound/lob-value';
import { InboundInvalid, readInboundMessage } from '../inbound/message';
import { RESTORE_SOURCE, restoredRow } from '../inbound/owned-columns';
import { changeOfMessage } from '../inbound/to-change';
import { WebApiError } from '../dataverse/web-api';
import type { OrganizationPin } from '../dataverse/organization-pin';
import { parseAllExact } from '../json/exact-json';
import type { Mapping } from '../mapping/mapping';
import type { KeptDelivery, Parking } from '../parking/parking';
import { PutAside, type OnRetry, type Outcome } from './put-aside';

/** Where deliveries of this receiver come from. */
const SOURCE = 'inbound-';

/** Whether a delivery is a LOB system's message, or puts back one of its values. */
export const isInbound = ({ source }: Pick<KeptDelivery, 'source'>): boolean => source.startsWith(SOURCE);

/** Largest message that is read, in bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Where its messages go. */
export interface InboundReceiverParts {
  readonly writer: Pick<InboundWriter, 'process'>;
  readonly tables: Pick<InboundTables, 'get'>;
  readonly parking: Parking;
  readonly mapping: Pick<Mapping, 'unmapped'>;
  readonly organization: Pick<OrganizationPin, 'verify'>;
  readonly now?: () => number;
}

type Planned =
  { readonly kind: 'change'; readonly of: RowOfChange } | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Takes messages of a LOB system to their outcome: read, mapped, written to Dataverse, or put aside. Rejects only if parking fails,
 * and then the sender still has the message.
 */
export class InboundReceiver {
  readonly #now: () => number;
  readonly #aside: PutAside;

  constructor(private readonly parts: InboundReceiverParts) {
    this.#now = parts.now ?? Date.now;
    this.#aside = new PutAside(parts.parking, parts.mapping.unmapped, this.#now);
  }

  /** Handles messages that arrived together: those of one row one after the other, those of several rows at once. */
  async receive(
    deliveries: readonly KeptDelivery[],
    onRetryOf: (index: number) => OnRetry = () => ({ kind: 'park' }),
  ): Promise<readonly Outcome[]> {
    // What it was given when doesn't change with when it is tried.
    const kept = deliveries.map((delivery) => ({ ...delivery, arrivedAtMs: delivery.arrivedAtMs ?? this.#now() }));
    const planned = await Promise.all(kept.map((delivery) => this.#planned(delivery)));
    const results = await this.#process(planned);
    // Then silence about one message says something of that only.
    const isAnswered = results.some((result) => result.kind === 'processed' && ANSWERED.has(result.verdict));
    const ends = await Promise.allSettled(
      kept.map(async (delivery, at): Promise<Outcome> => {
        const result = results[at];
        if (result?.kind !== 'processed') {
          const onRetry = onRetryOf(at);
          const isOfIt = onRetry.kind === 'hold' && isAnswered && isOfNoBatch(result?.error);
          return this.#aside.putAside(delivery, isOfIt ? { kind: 'hold' } : onRetry, result?.error);
        }
        const plan = planned[at];
        const { table = '', atMs = this.#now() } = plan?.kind === 'change' ? plan.of.change : {};
        const change = { table, id: result.rowId ?? '', verdict: result.verdict };
        return { kind: 'processed', changes: [change], lagMs: Math.max(0, this.#now() - atMs) };
      }),
    );
    return ends.map((end) => {
      if (end.status === 'rejected') throw end.reason;
      return end.value;
    });
  }

  /** Processes a parked delivery. @returns why it still can't be processed; undefined once it is */
  async replay(delivery: KeptDelivery): Promise<unknown> {
    const [result] = await this.#process([await this.#planned(delivery)]);
    return result?.kind === 'failed' ? result.error : undefined;
  }

  async #planned(delivery: KeptDelivery): Promise<Planned> {
    try {
      await this.parts.organization.verify();
      const { source, body, arrivedAtMs = this.#now() } = delivery;
      if (source === RESTORE_SOURCE) return { kind: 'change', of: await this.#restore(body) };
      if (body.byteLength > MAX_MESSAGE_BYTES) throw new InboundInvalid('it is larger than 1 MiB');
      const message = readInboundMessage(body, arrivedAtMs);
      return { kind: 'change', of: changeOfMessage(message, await this.parts.tables.get(message)) };
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  async #restore(body: Uint8Array): Promise<RowOfChange> {
    const { table: name, id, key } = restoredRow(body);
    const table = await this.parts.tables.get({ table: name });
    const change = {
      id: undefined,
      table: name,
      op: 'restore',
      atMs: 0,
      texts: new Map<string, string>(),
      refused: [],
    } as const;
    const given = new Map(Object.entries(key).map(([column, text]) => [column, parseAllExact(text)]));
    const row = given.size === 0 ? { id } : { id, key: keyParts(table.rules.key, given, table.definition) };
    return { change, row, table };
  }

  async #process(planned: readonly Planned[]): Promise<readonly InboundResult[]> {
    const results = await this.parts.writer.process(planned.flatMap((plan) => (plan.kind === 'change' ? plan.of : [])));
    const next = results.values();
    return planned.map((plan) => (plan.kind === 'failed' ? plan : (next.next().value ?? UNPROCESSED)));
  }
}

/** Verdicts that Dataverse was asked for: others may come from what is known here. */
const ANSWERED: ReadonlySet<InboundVerdict> = new Set(['created', 'updated', 'deleted']);

const isOfNoBatch = (error: unknown): boolean => error instanceof WebApiError && !error.isOfBatch;

const UNPROCESSED: InboundResult = { kind: 'failed', error: new Error('A change had no result.') };
