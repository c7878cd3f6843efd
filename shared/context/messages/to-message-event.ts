import type { MessageEvent } from '../../change/message-event';
import type { Value } from '../../change/value';
import type { Context, Parameters } from '../context';
import { type Delivery, PushedEvent, rowIdOf } from './pushed-event';

/**
 * The event that a context tells of when its message is no change of rows: what went in, what came out, and the shared
 * variables, each as a column.
 *
 * @throws ContextInvalid (a parameter that can't be read)
 */
export function messageEventOf(context: Context, delivery: Delivery): MessageEvent {
  const event = new PushedEvent(context, delivery);
  const columns = new Map<string, Value>();
  const add = (prefix: string, parameters: Parameters | null): void => {
    for (const [name, value] of parameters ?? []) columns.set(`${prefix}.${name}`, value);
  };
  add('input', event.truncated ? null : context.inputParameters);
  add('output', context.outputParameters);
  add('variable', context.sharedVariables);
  const id = rowIdOf(context.rowId);
  return {
    message: context.message,
    key: event.key('event'),
    row: id === undefined || context.table === 'none' ? null : event.address(context.table, id),
    occurredAtMs: context.operationCreatedOn,
    committed: context.mode === 'async',
    truncated: event.truncated || context.inputParameters === null,
    columns,
    origin: event.origin,
  };
}
