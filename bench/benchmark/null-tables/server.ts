/**
 * A table service that does next to nothing, so that what is measured beside it is the client: Azure Tables' requests as the SDK
 * sends them (get, insert, merge, replace, delete, upsert, transactions, queries), over HTTP or HTTPS, in memory. It may take its
 * time to answer, as a store that is far away does.
 *
 * It checks what conditional requests need (existence, entity tags; a transaction is all or nothing) and keeps bodies as they
 * came. What it lacks, besides speed limits: signatures, tokens and versions aren't checked; every table is there, and making one
 * always succeeds; sizes, names and property types aren't checked; a transaction may name a row twice; filters compare texts,
 * whole numbers and booleans only; nothing is kept when it ends.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Entities, type Page, type Refusal, type Write } from './entities';

const MAX_PAGE = 1000;
const KEYS = /^\(PartitionKey='((?:[^']|'')*)',RowKey='((?:[^']|'')*)'\)$/;

const unquoted = (key: string): string => decodeURIComponent(key).replaceAll("''", "'");

const errorBody = ({ code }: Refusal, prefix = ''): string =>
  JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: `${prefix}The null service refuses.` } } });

function answer(response: ServerResponse, status: number, headers: Record<string, string>, body = ''): void {
  response.writeHead(status, { ...headers, ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }) });
  response.end(body);
}

const refuse = (response: ServerResponse, refusal: Refusal): void =>
  answer(
    response,
    refusal.status,
    { 'content-type': 'application/json', 'x-ms-error-code': refusal.code },
    errorBody(refusal),
  );

const WRITES = { POST: 'insert', PUT: 'replace', PATCH: 'merge', MERGE: 'merge', DELETE: 'delete' } as const;

/** A write out of a request line and what comes with it: alone, or as a part of a transaction. */
function writeOf(method: string, path: string, etag: string | undefined, body: Buffer): Write | undefined {
  const kind = WRITES[method as keyof typeof WRITES];
  const bracket = path.indexOf('(');
  const table = bracket === -1 ? path : path.slice(0, bracket);
  const keys = bracket === -1 ? null : KEYS.exec(path.slice(bracket));
  if (keys !== null)
    return { kind, table, partitionKey: unquoted(keys[1] ?? ''), rowKey: unquoted(keys[2] ?? ''), etag, body };
  if (kind !== 'insert') return undefined;
  const { PartitionKey, RowKey } = JSON.parse(body.toString()) as Record<string, string>;
  return { kind, table, partitionKey: PartitionKey ?? '', rowKey: RowKey ?? '', etag: undefined, body };
}

const REQUEST_LINE = /^([A-Z]+) https?:\/\/[^/]+\/[^/]+\/(\S+) HTTP\/1\.1$/m;
const IF_MATCH = /^if-match: *(\S+)/im;

/** The parts of a transaction, in order. */
function writesOf(body: Buffer): Write[] {
  const text = body.toString('latin1');
  const boundary = /boundary=(changeset_[^\s"]+)/.exec(text)?.[1];
  if (boundary === undefined) throw new Error('A batch without a changeset.');
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [, method = '', path = ''] = REQUEST_LINE.exec(part) ?? [];
      const head = part.indexOf(' HTTP/1.1');
      const end = part.indexOf('\r\n\r\n', head);
      const content = Buffer.from(part.slice(end).trim(), 'latin1');
      const write = writeOf(method, path, IF_MATCH.exec(part.slice(head, end))?.[1], content);
      if (write === undefined) throw new Error(`A batch with a part that can't be read: ${method} ${path}`);
      return write;
    });
}

const PART = 'Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n';

function transact(entities: Entities, response: ServerResponse, body: Buffer): void {
  const writes = writesOf(body);
  const parts: string[] = [];
  for (const [index, write] of writes.entries()) {
    const refusal = entities.refusalOf(write);
    if (refusal === undefined) continue;
    const head = `HTTP/1.1 ${refusal.status} Refused\r\nContent-Type: application/json\r\n\r\n`;
    parts.push(`${head}${errorBody(refusal, `${index}:`)}`);
    break;
  }
  if (parts.length === 0) {
    for (const write of writes) parts.push(`HTTP/1.1 204 No Content\r\nETag: ${entities.write(write)}\r\n\r\n`);
  }
  const changes = parts.map((part) => `--changesetresponse_1\r\n${PART}${part}\r\n`).join('');
  answer(
    response,
    202,
    { 'content-type': 'multipart/mixed; boundary=batchresponse_1' },
    `--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n${changes}` +
      `--changesetresponse_1--\r\n--batchresponse_1--\r\n`,
  );
}

function query(entities: Entities, response: ServerResponse, table: string, parameters: URLSearchParams): void {
  const top = Math.min(MAX_PAGE, Number(parameters.get('$top') ?? MAX_PAGE));
  const [partitionKey, rowKey] = [parameters.get('NextPartitionKey'), parameters.get('NextRowKey')];
  const from: Page['next'] = partitionKey === null ? undefined : { partitionKey, rowKey: rowKey ?? '' };
  const select = parameters.get('$select')?.split(',');
  const page = entities.query(table, parameters.get('$filter') ?? '', top, from, select);
  const next =
    page.next === undefined
      ? {}
      : {
          'x-ms-continuation-nextpartitionkey': page.next.partitionKey,
          'x-ms-continuation-nextrowkey': page.next.rowKey,
        };
  answer(response, 200, { 'content-type': 'application/json', ...next }, JSON.stringify({ value: page.entities }));
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly etag: string | undefined;
  readonly body: Buffer;
}

function handle(entities: Entities, response: ServerResponse, { method, url, etag, body }: Request): void {
  // `/ACCOUNT/PATH?QUERY`
  const mark = url.indexOf('?');
  const path = (mark === -1 ? url : url.slice(0, mark)).split('/').slice(2).join('/');
  if (path === '$batch') {
    transact(entities, response, body);
    return;
  }
  if (path === 'Tables') {
    answer(response, 201, { 'content-type': 'application/json' }, body.toString());
    return;
  }
  const dropped = /^Tables\('(\w+)'\)$/.exec(path)?.[1];
  if (dropped !== undefined) {
    entities.drop(dropped);
    answer(response, 204, {});
    return;
  }
  if (method === 'GET') {
    const bracket = path.indexOf('(');
    const table = path.slice(0, bracket);
    const keys = KEYS.exec(path.slice(bracket));
    if (keys === null) {
      query(entities, response, table, new URLSearchParams(mark === -1 ? '' : url.slice(mark)));
      return;
    }
    const entity = entities.get(table, unquoted(keys[1] ?? ''), unquoted(keys[2] ?? ''));
    if (entity === undefined) refuse(response, { status: 404, code: 'ResourceNotFound' });
    else answer(response, 200, { 'content-type': 'application/json' }, JSON.stringify(entity));
    return;
  }
  const write = writeOf(method, path, etag, body);
  if (write === undefined) {
    refuse(response, { status: 400, code: 'InvalidInput' });
    return;
  }
  const refusal = entities.refusalOf(write);
  if (refusal === undefined) answer(response, 204, { etag: entities.write(write) });
  else refuse(response, refusal);
}

/** How the service is reached. */
export interface NullTablesOptions {
  /** How long each request waits before it is worked on. @default 0 */
  readonly latencyMs?: number;
  /** HTTPS with that certificate. @default plain HTTP */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** The service, not listening yet. */
export function nullTables({ latencyMs = 0, tls }: NullTablesOptions = {}): Server {
  const entities = new Entities();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    const answered = (): void => {
      const { method = '', url = '', headers } = request;
      try {
        handle(entities, response, { method, url, etag: headers['if-match'], body: Buffer.concat(chunks) });
      } catch (error) {
        console.error(error);
        refuse(response, { status: 400, code: 'InvalidInput' });
      }
    };
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', latencyMs > 0 ? () => setTimeout(answered, latencyMs) : answered);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.keepAliveTimeout = 60_000;
  return server;
}
