import { objectOf } from '../json/exact-json';
import type { Context } from './context';
import { ContextInvalid } from './errors';
import { checkBody, readContext, type ReadOptions } from './read-context';
import { contextIn, parseBody } from './json/read-json';
import { isRowNotice, rowNoticeOf, type RowNotice } from './messages/row-notice';

/** What a pushed body is. */
export type Push =
  /** What Dataverse itself sends. */
  | { readonly kind: 'context'; readonly context: Context }
  /** What a flow of Power Automate or Logic Apps sends. */
  | { readonly kind: 'notice'; readonly notice: RowNotice };

const EXPECTED =
  'an execution context (which has MessageName) or the notice of a flow (which has table, row or SdkMessage)';

/**
 * Reads a body that was pushed, whoever sent it: an execution context in any of its formats, or, in JSON, the notice of a
 * flow.
 *
 * @throws what readContext throws; ContextInvalid for a notice that doesn't say enough
 */
export function readPush(body: Uint8Array | string, options: ReadOptions = {}): Push {
  const { format, bounds } = checkBody(body, options);
  if (format !== 'json') return { kind: 'context', context: readContext(body, options) };
  const parsed = parseBody(body, bounds);
  const wire = objectOf(parsed.root);
  if (wire !== undefined && isRowNotice(wire)) return { kind: 'notice', notice: rowNoticeOf(wire) };
  if (wire !== undefined && !Object.hasOwn(wire, 'MessageName')) throw new ContextInvalid('The body', EXPECTED);
  return { kind: 'context', context: contextIn(parsed, bounds) };
}
