/**
 * Entities on the wire: what the store sends to Azure Tables and reads from it, past the SDK's serializers, which take most of
 * the CPU of a change. Everything else is the SDK's: the table client's own pipeline signs and retries each request.
 * https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
 */
import {
  createHttpHeaders,
  createPipelineRequest,
  type Pipeline,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { RestError, type TableClient } from '@azure/data-tables';
import { randomUUID } from 'node:crypto';
import { tablesHttp } from '../../azure/tables-http';
import type { Property } from './columns';
import type { EntityKey } from './layout';

/** An entity as the service sends it: each property by its name, and `NAME@odata.type` where JSON doesn't show the type. */
export type WireEntity = Readonly<Record<string, unknown>>;

/** One write of one entity. `body` is the JSON of the entity. */
export type EntityWrite = { readonly key: EntityKey } & (
  | { readonly kind: 'insert'; readonly body: string }
  /** `merge` leaves properties that `body` doesn't name as they are. */
  | { readonly kind: 'merge' | 'replace'; readonly body: string; readonly etag: string }
  /** Whatever is there, if anything. */
  | { readonly kind: 'put'; readonly body: string }
  /** Whatever is there; in a transaction with a write that proves that it is. */
  | { readonly kind: 'remove' }
);

/** A write of one entity that proves that nobody else has written. */
export type GuardedWrite = Extract<EntityWrite, { readonly kind: 'insert' | 'merge' | 'replace' }>;

/** Part of the answer to a query. */
export interface EntityPage {
  readonly entities: readonly WireEntity[];
  /** Where the next part begins; undefined: this was the last. */
  readonly next: string | undefined;
}

/** What a query asks for. */
export interface EntityQuery {
  readonly filter: string;
  /** Entities of a page, at most. */
  readonly top: number;
  /** @default all properties */
  readonly select?: readonly string[];
}

/** The JSON of an entity. A bigint is an Int64, a number an Int32. */
export function entityBody(key: EntityKey, properties: Iterable<readonly [name: string, value: Property]>): string {
  let body = `{"PartitionKey":${JSON.stringify(key.partitionKey)},"RowKey":${JSON.stringify(key.rowKey)}`;
  for (const [name, value] of properties) {
    const { field, type } = memberOf(name);
    if (typeof value === 'string') body += field + JSON.stringify(value);
    else if (typeof value === 'object') body += `${field}${JSON.stringify(value.value)}${type}${value.type}"`;
    else if (typeof value === 'bigint') body += `${field}"${value}"${type}Int64"`;
    else body += `${field}${value}`;
  }
  return `${body}}`;
}

/** Of each property name, how JSON begins it and its type: escaped once, not for each row. */
const MEMBERS = new Map<string, { readonly field: string; readonly type: string }>();
const MAX_MEMBERS = 10_000;

function memberOf(name: string) {
  const known = MEMBERS.get(name);
  if (known !== undefined) return known;
  const member = { field: `,${JSON.stringify(name)}:`, type: `,${JSON.stringify(`${name}@odata.type`)}:"Edm.` };
  if (MEMBERS.size >= MAX_MEMBERS) MEMBERS.clear();
  MEMBERS.set(name, member);
  return member;
}

const JSON_ACCEPTED = 'application/json;odata=minimalmetadata';
const VERSIONS = { 'x-ms-version': '2019-02-02', DataServiceVersion: '3.0' };
const READ = { Accept: JSON_ACCEPTED, ...VERSIONS };
/** Without the preference an insert is answered with the whole entity. */
const INSERT = {
  'Content-Type': 'application/json;odata=nometadata',
  Accept: JSON_ACCEPTED,
  DataServiceVersion: '3.0',
  Prefer: 'return-no-content',
};
const UPDATE = { 'Content-Type': 'application/json', DataServiceVersion: '3.0', Accept: 'application/json' };
const TRANSACTION = {
  Accept: 'application/json',
  ...VERSIONS,
  DataServiceVersion: '3.0;',
  MaxDataServiceVersion: '3.0;NetFx',
  'Accept-Charset': 'UTF-8',
};

const METHODS = { insert: 'POST', merge: 'PATCH', replace: 'PUT', put: 'PUT', remove: 'DELETE' } as const;

const partHeaders = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
const PART = 'content-type: application/http\r\ncontent-transfer-encoding: binary\r\n\r\n';
const INSERT_PART = partHeaders(INSERT);
const UPDATE_PART = partHeaders(UPDATE);

/** A key within a path: quotes are doubled, as OData wants them. */
const keyText = (key: string): string => encodeURIComponent(key.replaceAll("'", "''"));

/**
 * Policies of the SDK that these requests have no use for: bodies are made and read here, no answer sends elsewhere, and nothing
 * in the app collects the SDK's spans.
 */
const UNUSED_POLICIES = [
  ...['serializationPolicy', 'deserializationPolicy', 'formDataPolicy', 'multipartPolicy'],
  ...['wrapAbortSignalLikePolicy', 'redirectPolicy', 'tracingPolicy'],
];

/** One table's entities. */
export class EntityTable {
  readonly #pipeline: Pipeline;
  readonly #table: string;
  readonly #batch: string;
  /** A shared access signature, as a query. */
  readonly #signature: string;
  readonly #isPlain: boolean;

  constructor(readonly client: TableClient) {
    const [address = '', signature] = client.url.split('?');
    const account = address.replace(/\/$/, '');
    this.#table = `${account}/${client.tableName}`;
    this.#batch = `${account}/$batch`;
    this.#signature = signature === undefined ? '' : `?${signature}`;
    // Only a connection string can name such an address, and its client has agreed to it; no token is sent to one.
    this.#isPlain = account.startsWith('http:');
    this.#pipeline = client.pipeline.clone();
    for (const name of UNUSED_POLICIES) this.#pipeline.removePolicy({ name });
  }

  /** An entity, or undefined where it (or its table) isn't there. */
  async get(key: EntityKey): Promise<WireEntity | undefined> {
    const response = await this.#send('GET', this.#addressOf(key) + this.#signature, READ);
    if (response.status === 404) return undefined;
    return jsonOf(response) as WireEntity;
  }

  /** The pages of a query, one request each. */
  async *query(query: EntityQuery): AsyncIterable<EntityPage> {
    let next: string | undefined = '';
    do {
      const page: EntityPage = await this.#page(query, next);
      yield page;
      next = page.next;
    } while (next !== undefined);
  }

  async #page({ filter, top, select }: EntityQuery, from: string): Promise<EntityPage> {
    const wanted = select === undefined ? '' : `&$select=${encodeURIComponent(select.join(','))}`;
    const query = `$top=${top}${wanted}&$filter=${encodeURIComponent(filter).replaceAll("'", '%27')}${from}`;
    const prefix = this.#signature === '' ? '?' : `${this.#signature}&`;
    const response = await this.#send('GET', `${this.#table}()${prefix}${query}`, READ);
    const { value = [] } = jsonOf(response) as { readonly value?: readonly WireEntity[] };
    return { entities: value, next: continuationOf(response) };
  }

  /**
   * Writes one entity.
   *
   * @returns its new entity tag
   * @throws RestError where the service refuses it
   */
  async write(write: GuardedWrite): Promise<string> {
    const isInsert = write.kind === 'insert';
    const address = (isInsert ? this.#table : this.#addressOf(write.key)) + this.#signature;
    const headers = isInsert ? { ...INSERT, ...VERSIONS } : { ...UPDATE, ...VERSIONS, 'If-Match': write.etag };
    const response = await this.#send(METHODS[write.kind], address, headers, write.body);
    if (response.status >= 300) throw refusalOf(response, response.status, response.bodyAsText ?? '');
    return knownTag(response.headers.get('etag'));
  }

  /**
   * Writes entities of one partition, all or none: at most 100, in at most 4 MiB.
   * https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
   *
   * @returns their new entity tags, in their order; empty for one that is removed
   * @throws RestError where the service refuses it; its message begins with the number of the write that it refuses
   */
  async transact(writes: readonly EntityWrite[]): Promise<string[]> {
    const [batch, changeset] = [`batch_${randomUUID()}`, `changeset_${randomUUID()}`];
    let body = `--${batch}\r\ncontent-type: multipart/mixed; boundary=${changeset}\r\n\r\n\r\n`;
    for (const write of writes) body += `--${changeset}\r\n${PART}${this.#part(write)}\r\n`;
    body += `--${changeset}--\r\n--${batch}--\r\n`;
    const headers = { ...TRANSACTION, 'Content-Type': `multipart/mixed; boundary=${batch}` };
    const response = await this.#send('POST', this.#batch + this.#signature, headers, body);
    const text = response.bodyAsText ?? '';
    if (response.status >= 300) throw refusalOf(response, response.status, text);
    const answers = text.split('--changesetresponse_').slice(1, -1);
    for (const answer of answers) {
      const status = Number(/HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
      if (!(status < 300))
        throw refusalOf(response, status, answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1));
    }
    if (answers.length !== writes.length)
      throw new Error(`Azure Tables gave ${answers.length} answers to a transaction of ${writes.length} writes.`);
    return answers.map((answer, at) =>
      writes[at]?.kind === 'remove' ? '' : knownTag(/^ETag:(.*)$/im.exec(answer)?.[1]),
    );
  }

  /** A write within a transaction: a request of its own, without its signature. */
  #part(write: EntityWrite): string {
    if (write.kind === 'insert') return `POST ${this.#table} HTTP/1.1\r\n${INSERT_PART}\r\n\r\n${write.body}`;
    const head = `${METHODS[write.kind]} ${this.#addressOf(write.key)} HTTP/1.1\r\n${UPDATE_PART}`;
    switch (write.kind) {
      case 'put':
        return `${head}\r\n\r\n${write.body}`;
      case 'remove':
        return `${head}If-Match: *\r\n\r\n\r\n`;
      default:
        return `${head}If-Match: ${write.etag}\r\n\r\n\r\n${write.body}`;
    }
  }

  #addressOf({ partitionKey, rowKey }: EntityKey): string {
    return `${this.#table}(PartitionKey='${keyText(partitionKey)}',RowKey='${keyText(rowKey)}')`;
  }

  #send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH',
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<PipelineResponse> {
    const request = createPipelineRequest({
      url,
      method,
      headers: createHttpHeaders(headers),
      allowInsecureConnection: this.#isPlain,
      ...(body === undefined ? {} : { body }),
    });
    return this.#pipeline.sendRequest(tablesHttp, request);
  }
}

/** What a read was answered with. */
function jsonOf(response: PipelineResponse): unknown {
  const { status, bodyAsText } = response;
  if (status >= 300) throw refusalOf(response, status, bodyAsText ?? '');
  return JSON.parse(bodyAsText ?? '');
}

/** https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination */
function continuationOf({ headers }: PipelineResponse): string | undefined {
  const partition = headers.get('x-ms-continuation-NextPartitionKey');
  if (partition === undefined || partition === '') return undefined;
  const row = headers.get('x-ms-continuation-NextRowKey') ?? '';
  const rest = row === '' ? '' : `&NextRowKey=${encodeURIComponent(row)}`;
  return `&NextPartitionKey=${encodeURIComponent(partition)}${rest}`;
}

interface ODataError {
  readonly 'odata.error'?: { readonly code?: string; readonly message?: { readonly value?: string } };
}

/** A refusal as the SDK would say it. */
function refusalOf(response: PipelineResponse, statusCode: number, body: string): RestError {
  const { code, message } = errorOf(body);
  return new RestError(message?.value ?? `Azure Tables answered with status ${statusCode}.`, {
    statusCode,
    request: response.request,
    response,
    ...(code === undefined ? {} : { code }),
  });
}

function errorOf(body: string): NonNullable<ODataError['odata.error']> {
  try {
    return (JSON.parse(body) as ODataError)['odata.error'] ?? {};
  } catch {
    // A gateway answers in its own way.
    return {};
  }
}

/** Without its entity tag a row must not be kept as known: the next write would be sent without a condition. */
export function knownTag(etag: unknown): string {
  const tag = typeof etag === 'string' ? etag.trim() : '';
  if (tag === '') throw new Error('Azure Tables answered a write without an entity tag.');
  return tag;
}
