import { hash } from 'node:crypto';
import type { DeliveryKey } from '../../change/row-change';
import type { Context } from '../context';

/** Half of a SHA-256 (132 bits): ample against chance, and short enough to keep many of them in a row's stamp. */
export const KEY_LENGTH = 22;

/**
 * Names events of rows: equal for every delivery of one, different for any other. The body is hashed once, however many
 * rows it tells of.
 *
 * Ids alone don't do: a request and the events it causes share operation, request and correlation id, and one event
 * may tell of several rows. So the key covers what tells events apart, and the body's every byte.
 *
 * @returns the key of the change of one subject: a row's id, or whatever else tells the changes of one message apart
 */
export function deliveryKeys(context: Context, body: Uint8Array): (subject: string) => DeliveryKey {
  const bodyHash = hash('sha256', body, 'base64url');
  return (subject) => {
    const facts = [
      context.message,
      context.table,
      subject,
      context.owningExtension?.stepId ?? null,
      context.depth,
      context.operationId,
      bodyHash,
    ];
    return hash('sha256', JSON.stringify(facts), 'base64url').slice(0, KEY_LENGTH);
  };
}
