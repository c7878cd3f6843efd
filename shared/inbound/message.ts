/** What a LOB system says that it changed: the message's form, and how a body is read. docs/inbound.md is its user's page. */
import * as z from 'zod';
import { OutboundError } from '../errors/errors';
import { isoMs } from '../mapping/convert';
import { parseAllExact, type Json } from '../json/exact-json';
import { schemaFaults, strict } from '../yaml/schema-faults';

/** Without flags: JSON Schema has none. */
const GUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

const json: z.ZodType<Json> = z.unknown() as unknown as z.ZodType<Json>;

const messageForm = strict({
  id: z
    .string()
    .regex(/^[A-Za-z0-9._:~-]{1,100}$/, 'must be 1 to 100 letters, digits, . _ : ~ or -')
    .describe('Of this change: a second message with the same id changes nothing.'),
  table: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,127}$/, 'must be the logical name of a table')
    .describe('Logical name of the table in Dataverse.'),
  op: z.enum(['upsert', 'update', 'delete']).describe('update never creates a row.'),
  key: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], { error: 'must be a text, a number, true or false' }),
    )
    .optional()
    .describe('The row by its alternate key, whose columns the mapping file names. Either key or rowId.'),
  rowId: z.string().regex(GUID, 'must be the id (GUID) of a row').optional().describe('The row by its id.'),
  columns: z
    .record(z.string(), json)
    .optional()
    .describe('Values by the names in the mapping file. A column that is absent stays as it is; null empties it.'),
  ifVersion: z
    .string()
    .regex(/^\d{1,19}$/, 'must be a row version in digits')
    .optional()
    .describe('Only if the row still has this version.'),
  at: z
    .string()
    .regex(TIME, 'must be a time with its zone, such as 2026-03-14T09:26:53.123Z')
    .optional()
    .describe('When the LOB system changed it, at most 15 minutes ahead. Default: when the message was enqueued.'),
});

/** How far a sender's clock may be ahead. A later time would win over all that comes until then. */
const MOST_AHEAD_MS = 15 * 60_000;

/** How a message names a row. Names and values of a key are those of the message. */
export type MessageAddress =
  { readonly kind: 'key'; readonly key: ReadonlyMap<string, Json> } | { readonly kind: 'row'; readonly id: string };

/** A change in the LOB system, as its message says. */
export interface InboundMessage {
  readonly id: string;
  readonly table: string;
  readonly op: 'upsert' | 'update' | 'delete';
  readonly address: MessageAddress;
  /** By the names of the message. */
  readonly columns: ReadonlyMap<string, Json>;
  readonly ifVersion?: bigint;
  /** In milliseconds since 1970. */
  readonly atMs: number;
}

/** Thrown for a message that isn't as the contract says. The message says where, and never a value. */
export class InboundInvalid extends OutboundError {
  constructor(what: string, options?: ErrorOptions) {
    super(
      'inbound-invalid',
      `A message of the LOB system can't be taken: ${what}. Correct what sends it (docs/inbound.md), and send it again.`,
      options,
    );
  }
}

/**
 * Reads a body. Every digit of its numbers stays.
 *
 * @param defaultAtMs when it came: when it was changed, unless it says so
 * @throws InboundInvalid
 */
export function readInboundMessage(body: Uint8Array, defaultAtMs: number): InboundMessage {
  let content: Json;
  try {
    content = parseAllExact(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new InboundInvalid('it is no JSON in UTF-8');
  }
  const { success, data, error } = messageForm.safeParse(content);
  if (!success) {
    const faults = schemaFaults(error.issues).map(({ path, text }) => `${path.join('.') || 'it'} ${text}`);
    throw new InboundInvalid(faults.slice(0, 5).join('; '));
  }
  const { id, table, op, key, rowId, columns = {}, ifVersion, at } = data;
  if ((key === undefined) === (rowId === undefined)) throw new InboundInvalid('it must have either key or rowId');
  if (op !== 'delete' && Object.keys(columns).length === 0) throw new InboundInvalid('it has no columns');
  const atMs = at === undefined ? defaultAtMs : isoMs(at);
  if (atMs === undefined) throw new InboundInvalid('at is no time that there is');
  if (atMs > defaultAtMs + MOST_AHEAD_MS) throw new InboundInvalid('at is over 15 minutes later than it came');
  return {
    id,
    table,
    op,
    address:
      rowId === undefined
        ? { kind: 'key', key: new Map(Object.entries(key ?? {})) }
        : { kind: 'row', id: rowId.toLowerCase() },
    columns: new Map(Object.entries(columns)),
    ...(ifVersion === undefined ? {} : { ifVersion: BigInt(ifVersion) }),
    atMs,
  };
}

/** The contract as JSON Schema: docs/inbound.schema.json. */
export const inboundJsonSchema = (): Readonly<Record<string, unknown>> => {
  const { $schema, ...schema } = z.toJSONSchema(messageForm, { target: 'draft-2020-12', io: 'input' });
  return {
    $schema,
    title: 'A change in the LOB system',
    ...schema,
    oneOf: [{ required: ['key'] }, { required: ['rowId'] }],
    if: { properties: { op: { const: 'delete' } } },
    else: { required: ['columns'], properties: { columns: { minProperties: 1 } } },
  };
};
