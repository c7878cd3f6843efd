import { StoreUnavailable } from '../azure/store-unavailable';
import { factsOf } from '../errors/codes';
import { codeOf, dispositionOf, isOfOne, messageOf } from '../errors/errors';
import type { Mapping, Unmapped } from '../mapping/mapping';
import type { KeptDelivery, ParkCause, Parking } from '../parking/parking';
import type { InboundVerdict } from '../inbound/decide';
import type { Verdict } from '../writer/decide';
import type { Delayed } from './delayed-copies';

/** How one delivery ended; none ends otherwise, unless parking itself fails and its source has no copy to give. */
export type Outcome =
  /** Every change in it is in the store, or is provably contained or superseded there. */
  | { readonly kind: 'processed'; readonly changes: readonly ProcessedChange[]; readonly lagMs: number | undefined }
  /** It is kept durably and is tried again when due, or by an operator. */
  | { readonly kind: 'parked'; readonly cause: ParkCause; readonly disposition: 'retry' | 'park' }
  /** Its sender has accepted a copy of it and delivers that later. */
  | ({ readonly kind: 'delayed'; readonly cause: ParkCause } & Delayed)
  /** The store doesn't answer, and nothing of it is kept: its sender must deliver it again. */
  | { readonly kind: 'held'; readonly cause: ParkCause }
  /** Nothing of it is kept. */
  | { readonly kind: 'rejected'; readonly cause: ParkCause }
  /** Nothing of it is kept, and the mapping says that this is right. */
  | { readonly kind: 'ignored'; readonly cause: ParkCause };

/**
 * What a source offers for a delivery that can't be processed now. One that will never process as it stands is parked
 * whatever the source.
 *
 * - `park`: nothing. The delivery is parked with a due time.
 * - `copy`: it delivers a copy later. Where there is none to be had, the delivery is parked; where parking fails, too, a copy
 *   is asked for once more.
 * - `hold`: it delivers again and again, in order. On an outage of the whole store it has to; else the delivery is parked, so
 *   that none holds up the others for a reason of its own.
 */
export type OnRetry =
  | { readonly kind: 'park' }
  | {
      readonly kind: 'hold';
      /** Whether it holds whatever isn't of one delivery only: where others wait in order, and cost nothing by it. */
      readonly whatever?: true;
    }
  | {
      readonly kind: 'copy';
      readonly copy: AskForCopy;
      /** Whether its source would give back others together with it: then a copy is asked for whatever its attempts. */
      readonly inBatch?: boolean;
    };

/**
 * Resolves once a copy is accepted; with undefined where the attempts are used up and `whatever` isn't set. Rejects where
 * none is accepted.
 */
export type AskForCopy = (cause: ParkCause, whatever: boolean) => Promise<Delayed | undefined>;

/** A change and its verdict; for an event that is no change of rows its table and key. */
export interface ProcessedChange {
  readonly table: string;
  readonly id: string;
  readonly verdict: Verdict | InboundVerdict | 'stored';
}

/** Says, and does, what becomes of deliveries that can't be processed. */
export class PutAside {
  /** @param retryDelayMs before a parked delivery is first tried again */
  constructor(
    private readonly parking: Parking,
    private readonly unmapped: Mapping['unmapped'],
    private readonly now: () => number,
    private readonly retryDelayMs = 15_000,
  ) {}

  /** The one place that says what becomes of a delivery that could not be processed. */
  async putAside(delivery: KeptDelivery, onRetry: OnRetry, error: unknown): Promise<Outcome> {
    const cause = { code: codeOf(error), message: messageOf(error) };
    const policy = this.policyOf(error);
    if (policy === 'ignore') return { kind: 'ignored', cause };
    const disposition = dispositionOf(error);
    if (disposition === 'reject' || policy === 'refuse') return { kind: 'rejected', cause };
    if (disposition === 'park') return this.park(delivery, cause, onRetry);
    if (
      onRetry.kind === 'hold' &&
      (error instanceof StoreUnavailable || (onRetry.whatever === true && !isOfOne(error)))
    )
      return { kind: 'held', cause };
    return (await delayed(cause, onRetry, false)) ?? this.park(delivery, cause, onRetry, this.retryDelayMs);
  }

  /** What the mapping says to do about a failure. */
  policyOf(error: unknown): Unmapped {
    const what = factsOf(codeOf(error))?.unmapped;
    return what === undefined ? 'park' : this.unmapped[what];
  }

  /** @param delayMs when to try again by itself; absent: never */
  async park(delivery: KeptDelivery, cause: ParkCause, onRetry: OnRetry, delayMs?: number): Promise<Outcome> {
    try {
      const dueAtMs = delayMs === undefined ? undefined : this.now() + delayMs;
      await this.parking.parkDelivery(delivery, cause, dueAtMs);
    } catch (error) {
      // Attempts don't count while nothing can be parked because its account is away: that passes, and says nothing of the event.
      // Nor in a batch, which would come again whole because of one.
      const inBatch = onRetry.kind === 'copy' && onRetry.inBatch === true;
      const copied = await delayed(cause, onRetry, inBatch || error instanceof StoreUnavailable);
      if (copied === undefined) throw error;
      return copied;
    }
    return { kind: 'parked', cause, disposition: delayMs === undefined ? 'park' : 'retry' };
  }
}

interface Failure {
  readonly error: unknown;
}

/**
 * Of several failures in one delivery, the one that decides what becomes of it: the first that can pass, since trying again
 * processes what can be processed then, and processes nothing twice; else the first.
 */
export function decidingFailure(outcomes: readonly (Failure | { readonly kind: string })[]): Failure | undefined {
  const failures = outcomes.filter((outcome) => 'error' in outcome);
  return failures.find(({ error }) => dispositionOf(error) === 'retry') ?? failures[0];
}

/** Undefined where the source has no copy to give. */
async function delayed(cause: ParkCause, onRetry: OnRetry, whatever: boolean): Promise<Outcome | undefined> {
  if (onRetry.kind !== 'copy') return undefined;
  try {
    const copy = await onRetry.copy(cause, whatever);
    return copy && { kind: 'delayed', cause, ...copy };
  } catch {
    // Whoever sends copies says why none is accepted; the delivery is parked with its own cause.
    return undefined;
  }
}
