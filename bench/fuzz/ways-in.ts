/**
 * The app's ways in as it composes them: its handlers, with a mapping that redacts and converts, over a table service that does
 * next to nothing. What is measured is how long a delivery keeps the process from everything else.
 */
import { TableClient } from '@azure/data-tables';
import { HttpRequest, InvocationContext } from '@azure/functions';
import type { ContextFormat } from '../../shared/context/format';
import { TableEventStore } from '../../shared/lob/tables/table-event-store';
import { TableStore } from '../../shared/lob/tables/table-store';
import { Associations } from '../../shared/mapping/associations';
import { compileMapping } from '../../shared/mapping/compile-mapping';
import { MappedStore, namingOf } from '../../shared/lob/mapped-store';
import { readMapping } from '../../shared/mapping/read-mapping';
import { hashWith } from '../../shared/mapping/redact';
import type { ColumnType, TableCatalog } from '../../shared/mapping/table-definition';
import { TableParking } from '../../shared/parking/table-parking';
import { messagesHandler } from '../../shared/receive/messages';
import { Receiver } from '../../shared/receive/receiver';
import { webhookHandler } from '../../shared/receive/webhook';
import { Writer } from '../../shared/writer/writer';
import { startNullTables } from '../benchmark/null-tables/start';

/** Bytes of the largest body that is read. */
export const MAX_BODY_BYTES = 640 * 1024;

/** The tables and the relationship of the fixtures. */
const TABLES = ['account', 'contact', 'lead', 'opportunity', 'email', 'workflow'];
const RELATIONSHIPS = ['accountleads_association'];

const COLUMN_TYPES = [
  ...['string', 'boolean', 'integer', 'bigint', 'decimal', 'double', 'money', 'instant', 'date', 'wallTime', 'guid'],
  ...['choice', 'choices', 'lookup', 'bytes', 'file', 'managed', 'other'],
] as readonly ColumnType[];

/** What a mapping file can have done to a value. */
const RULES = [
  'redact: hash',
  'redact: { mask: { keepFirst: 2, keepLast: 2 } }',
  ...['text', 'integer', 'bigint', 'decimal', 'double', 'boolean', 'date', 'time'].map((as) => `as: ${as}`),
];

/** Columns of the tables under test: each type of the metadata, with each rule and without any. */
export const COLUMNS: readonly { readonly name: string; readonly type: ColumnType; readonly rule?: string }[] =
  COLUMN_TYPES.flatMap((type) => [
    { name: `plain_${type.toLowerCase()}`, type },
    ...RULES.map((rule, index) => ({ name: `ruled${index}_${type.toLowerCase()}`, type, rule })),
  ]);

const EVENT = 'new_RecalculateCredit';

const mappingText = (): string =>
  [
    'tables:',
    ...TABLES.flatMap((table) => [
      `  ${table}:`,
      '    columns:',
      "      '*': keep",
      ...COLUMNS.flatMap(({ name, rule }) => (rule === undefined ? [] : [`      ${name}: { ${rule} }`])),
    ]),
    'links:',
    ...RELATIONSHIPS.map((name) => `  ${name}: { target: links }`),
    'events:',
    `  ${EVENT}: { target: events, synchronous: store, columns: { input.Hashed: { redact: hash } } }`,
  ].join('\n');

const CATALOG: TableCatalog = (() => {
  const columns = new Map(COLUMNS.map(({ name, type }) => [name, { name, type }]));
  const definitionOf = (table: string) =>
    Promise.resolve({ table, entitySet: `${table}s`, primaryId: `${table}id`, changeTracking: true, columns });
  return { get: definitionOf, refresh: definitionOf };
})();

/** How a body comes in. */
export const WAYS = ['webhook', 'queue', 'hub'] as const;
export type Way = (typeof WAYS)[number];

/** The formats that a way brings. */
export const FORMATS_OF: Readonly<Record<Way, readonly ContextFormat[]>> = {
  webhook: ['json'],
  queue: ['json', 'xml', 'binary'],
  hub: ['json', 'xml'],
};

/** What a delivery did to the process. */
export interface Delivered {
  /** How it ended: the log events and codes, as one text. */
  readonly ending: string;
  /** CPU time of the longest stretch in which nothing else could run, in milliseconds. Waiting for other processes isn't in it. */
  readonly blockedMs: number;
}

/** The ways in, open. */
export interface WaysIn {
  /** @param bodies one; of a hub any number, in one batch */
  readonly deliver: (way: Way, format: ContextFormat, bodies: readonly Buffer[]) => Promise<Delivered>;
  readonly stop: () => Promise<void>;
}

const CONTENT_TYPES: Readonly<Record<ContextFormat, string>> = {
  json: 'application/json',
  xml: 'application/xml',
  binary: 'application/msbin1',
};

/** Runs something and tells the longest stretch, in CPU time of this thread, in which the event loop could not turn. */
async function longestStretch(work: () => Promise<void>): Promise<number> {
  let [longest, over] = [0, false];
  let last = process.threadCpuUsage();
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(last);
    last = process.threadCpuUsage();
    longest = Math.max(longest, (user + system) / 1000);
  };
  const turn = (): void => {
    look();
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } finally {
    over = true;
    look();
  }
  return longest;
}

/** Starts the table service and opens the ways in. */
export async function openWaysIn(): Promise<WaysIn> {
  const tables = await startNullTables();
  const clientOf = (name: string): TableClient =>
    TableClient.fromConnectionString(tables.account.connectionString, name, { allowInsecureConnection: true });
  const read = readMapping('fuzz.yaml', mappingText());
  if (!read.ok) throw new Error(read.faults.join('\n'));
  const mapping = compileMapping(read.file, hashWith(Buffer.alloc(32, 7)));
  const store = new MappedStore(new TableStore(clientOf, namingOf(mapping, 'fuzz')), mapping);
  const receiver = new Receiver(
    {
      writer: new Writer(store, undefined, { rule: { margin: 5, mode: 'default' }, unprovable: 'apply' }),
      events: new TableEventStore(clientOf, 'fuzz'),
      parking: new TableParking(clientOf('parked'), {
        write: () => Promise.resolve(),
        read: () => Promise.resolve(undefined),
        remove: () => Promise.resolve(),
      }),
      catalog: CATALOG,
      associations: new Associations({ tables: TABLES, relationships: RELATIONSHIPS }, undefined),
      mapping,
      organization: { check: () => Promise.resolve() },
    },
    { tables: TABLES, unconfirmedDelayMs: 10_000, fullImageAlias: 'After', maxBodyBytes: MAX_BODY_BYTES },
  );
  const key = 'k'.repeat(32);
  const webhook = webhookHandler(
    { ok: true, value: { keys: [key], keyName: 'x-key', maxBytes: MAX_BODY_BYTES } },
    () => receiver,
  );
  const queue = messagesHandler({ name: 'service-bus-queue' }, () => receiver);
  const hub = messagesHandler({ name: 'event-hub', holds: true }, () => receiver);
  const deliver: WaysIn['deliver'] = async (way, format, bodies) => {
    const [body = Buffer.alloc(0)] = bodies;
    const ends: string[] = [];
    const contextOf = (triggerMetadata: Record<string, unknown>): InvocationContext =>
      new InvocationContext({
        functionName: way,
        triggerMetadata,
        logHandler: (_level, line) => {
          const [event = '', fields = '{}'] = String(line).split(/ (.*)/s);
          const { code = '' } = JSON.parse(fields) as { code?: string };
          ends.push(`${event} ${code}`.trim());
        },
      });
    const contentType = CONTENT_TYPES[format];
    const blockedMs = await longestStretch(async () => {
      switch (way) {
        case 'webhook': {
          const headers = { 'content-type': contentType, 'x-key': key };
          const request = new HttpRequest({ method: 'POST', url: 'http://localhost/', headers, body: { bytes: body } });
          await webhook(request, contextOf({}));
          return;
        }
        case 'queue':
          await queue(body, contextOf({ contentType }));
          return;
        case 'hub':
          await hub(bodies, contextOf({}));
          return;
        default:
          way satisfies never;
      }
    });
    return { ending: ends.join(', '), blockedMs };
  };
  return { deliver, stop: () => tables.stop() };
}
