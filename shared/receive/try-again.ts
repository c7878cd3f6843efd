import { StoreUnavailable } from '../azure/store-unavailable';
import { BEGINNING } from '../change/instant';
import type { RowChange } from '../change/row-change';
import { factsOf } from '../errors/codes';
import { OutboundError, codeOf, dispositionOf, messageOf } from '../errors/errors';
import { isInbound, type InboundReceiver } from './inbound-receiver';
import type { Receiver } from './receiver';
import type { ChangeResult, Writer } from '../writer/writer';
import type { ParkCause, ParkedItem, Parking } from '../parking/parking';

const FIRST_DELAY_MS = 15_000;
const LONGEST_DELAY_MS = 60 * 60 * 1000;

/** What trying a parked item again works with. */
export interface ReplayParts {
  readonly parking: Pick<Parking, 'remove' | 'postpone'>;
  readonly receiver: Pick<Receiver, 'replay'>;
  /** Undefined where nothing is written to Dataverse. */
  readonly inbound?: Pick<InboundReceiver, 'replay'> | undefined;
  readonly writer: Pick<Writer, 'process'>;
  readonly now?: () => number;
}

/** What became of an item that was tried again. */
export type Tried =
  | { readonly kind: 'processed' }
  /** It comes due again. */
  | { readonly kind: 'postponed'; readonly cause: ParkCause; readonly storeIsAway: boolean }
  /** It waits for an operator. */
  | { readonly kind: 'givenUp'; readonly cause: ParkCause };

/** Thrown where a LOB system's message is parked, and this process writes nothing to Dataverse. */
class InboundNotConfigured extends OutboundError {
  constructor() {
    super(
      'not-configured',
      'The mapping file has no section "inbound", or DATAVERSE_URL is missing, so nothing is written to Dataverse.',
    );
  }
}

/** Tries parked items again, all at once: what is processed goes; the others stay with their new causes. In the items' order. */
export async function tryAgain(items: readonly ParkedItem[], parts: ReplayParts): Promise<readonly Tried[]> {
  const failures = await Promise.all(items.map((item) => failureOf(item, parts)));
  const [, ...tried] = await Promise.all([
    parts.parking.remove(items.filter((_, index) => failures[index] === undefined)),
    ...items.map((item, index) => putOff(item, failures[index], parts)),
  ]);
  return tried;
}

async function putOff(item: ParkedItem, failure: unknown, { parking, now = Date.now }: ReplayParts): Promise<Tried> {
  if (failure === undefined) return { kind: 'processed' };
  const cause = { code: codeOf(failure), message: messageOf(failure) };
  const tries = factsOf(cause.code)?.tries ?? Infinity;
  if (dispositionOf(failure) === 'retry' && item.attempts + 1 < tries) {
    // An outage of the store says nothing of the item: it is tried again soon after.
    const doublings = failure instanceof StoreUnavailable ? 0 : Math.min(item.attempts, 20);
    const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** doublings);
    await parking.postpone(item, cause, now() + delay);
    return { kind: 'postponed', cause, storeIsAway: failure instanceof StoreUnavailable };
  }
  await parking.postpone(item, cause);
  return { kind: 'givenUp', cause };
}

async function failureOf({ subject }: ParkedItem, { receiver, inbound, writer }: ReplayParts): Promise<unknown> {
  try {
    if (subject.kind === 'delivery') {
      if (!isInbound(subject.delivery)) return await receiver.replay(subject.delivery);
      return inbound === undefined ? new InboundNotConfigured() : await inbound.replay(subject.delivery);
    }
    const results = await writer.process([reread(subject.row)]);
    return results.find((result): result is Extract<ChangeResult, { kind: 'failed' }> => result.kind === 'failed')
      ?.error;
  } catch (error) {
    return error;
  }
}

/** Only a reason to read the row: its old page proves nothing any more. */
const reread = (row: RowChange['row']): RowChange => ({
  kind: 'patch',
  row,
  columns: new Map(),
  evidence: { kind: 'unconfirmed', key: `reread-${row.id}-${BEGINNING}` },
  origin: { source: 'replay-parked', message: 'Read' },
});
