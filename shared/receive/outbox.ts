import type { TimerHandler } from '@azure/functions';
import type { Database, Querying } from '../lob/postgres/database';
import { OutboundError } from '../errors/errors';
import { isOtherSchema } from '../lob/postgres/failures';
import { INBOUND_TABLE } from '../lob/postgres/outbox-table';
import { logTo } from '../telemetry/log';
import type { InboundReceiver } from './inbound-receiver';
import type { Outcome } from './put-aside';
import { logOutcomes } from './summary';

/** Rows of one transaction: a burst of one makes few batches. */
const ROWS = 100;

/** A run goes on with further rows for that long. */
const RUN_MS = 50_000;

/** What draining the outbox works with. */
export interface OutboxParts {
  readonly source: string;
  readonly database: Pick<Database, 'transaction'>;
  readonly receiver: Pick<InboundReceiver, 'receive'>;
  readonly now?: () => number;
}

/**
 * Writes to Dataverse what the LOB system has put into the table `dvo.inbound`, in the order of its rows. A row goes in the same
 * transaction in which it was taken: until then it stays, whoever dies. Rows that another instance has taken are passed over.
 */
export function outboxHandler(parts: () => OutboxParts): TimerHandler {
  return async (_timer, context) => {
    const made = parts();
    const { now = Date.now } = made;
    const begun = now();
    let isMore = true;
    while (isMore && now() - begun < RUN_MS) {
      const outcomes = await drain(made);
      logOutcomes(logTo(context), made.source, outcomes);
      // What concerns all of them leaves them where they are, in their order.
      isMore = outcomes.length === ROWS && outcomes.every(({ kind }) => kind !== 'held');
    }
  };
}

/** Thrown when the table that the LOB system writes to isn't there. */
export class OutboxMissing extends OutboundError {
  constructor(options?: ErrorOptions) {
    super('schema-behind', `Table dvo.inbound isn't there. Run: dvo store migrate --apply`, options);
  }
}

/** @throws OutboxMissing */
async function drain(parts: OutboxParts): Promise<readonly Outcome[]> {
  try {
    return await drained(parts);
  } catch (error) {
    throw isOtherSchema(error) ? new OutboxMissing({ cause: error }) : error;
  }
}

const drained = ({ database, receiver, source }: OutboxParts): Promise<readonly Outcome[]> =>
  database.transaction(async (querying) => {
    const rows = await querying.query(
      `select id, (jsonb_build_object('id', message_id) || message)::text, extract(epoch from at) * 1000
         from ${INBOUND_TABLE} order by id limit ${ROWS} for update skip locked`,
    );
    if (rows.length === 0) return [];
    const deliveries = rows.map(([, message, atMs]) => ({
      source,
      body: Buffer.from(message ?? ''),
      arrivedAtMs: Math.floor(Number(atMs)),
    }));
    const outcomes = await receiver.receive(deliveries, () => ({ kind: 'hold', whatever: true }));
    await remove(
      querying,
      rows.filter((_, at) => outcomes[at]?.kind !== 'held').map(([id]) => id ?? ''),
    );
    return outcomes;
  });

async function remove(querying: Querying, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await querying.query(`delete from ${INBOUND_TABLE} where id = any($1::bigint[])`, [ids]);
}
