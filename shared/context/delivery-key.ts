import { createHash } from 'node:crypto';
import type { DeliveryKey } from '../change/row-change';
import type { Context } from './context';

/** Half of a SHA-256: ample against chance, and short enough to keep many of them in a row's stamp. */
const KEY_BYTES = 16;

/**
 * Names one event of one row: equal for every delivery of it, different for any other event.
 *
 * Ids alone don't do: a request and the events it causes share operation, request and correlation id, and one event
 * may tell of several rows. So the key covers what tells events apart, and the body's every byte.
 *
 * @param rowId of the row that the change is of: not always the context's own
 */
export function deliveryKeyOf(context: Context, rowId: string, body: Uint8Array): DeliveryKey {
  const facts = [
    context.message,
    context.table,
    rowId,
    context.owningExtension?.stepId ?? null,
    context.depth,
    context.operationId,
  ];
  const hash = createHash('sha256').update(JSON.stringify(facts)).update(body).digest();
  return hash.subarray(0, KEY_BYTES).toString('base64url');
}
