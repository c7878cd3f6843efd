import type { TableClient, TableEntity } from '@azure/data-tables';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type Pipeline,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { Agent, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { EPOCH, seasoned, TABLE, updatedColumns } from '../inputs/rows';
import { bareClient, entityOf, inFlight, type Place } from '../inputs/stores';
import { etagsOf, signed, transactionRequest, upsertRequest, type TableRequest } from '../inputs/table-requests';
import { figuresOf } from '../measure/compare';
import type { Group } from '../measure/group';
import { inRounds, type Subject } from '../measure/rounds';
import { startNullTables } from '../null-tables/start';

const SDK = 'SDK';
const IN_FLIGHT = 8;
const TRANSACTION = 100;

/** What the app could do without: it reads no XML and follows no redirects, and logs and traces by other means. */
const DISPENSABLE = [
  ...['proxyPolicy', 'decompressResponsePolicy', 'wrapAbortSignalLikePolicy', 'formDataPolicy', 'userAgentPolicy'],
  ...['setClientRequestIdPolicy', 'multipartPolicy', 'tracingPolicy', 'redirectPolicy', 'logPolicy'],
];
const SERIALIZERS = ['serializationPolicy', 'deserializationPolicy'];

/** One way to send: an entity alone, or a hundred of one partition. */
interface Way {
  readonly upsert: (entity: TableEntity) => Promise<unknown>;
  readonly transact: (entities: readonly TableEntity[]) => Promise<unknown>;
}

const bySdk = (client: TableClient): Way => ({
  upsert: (entity) => client.upsertEntity(entity, 'Merge'),
  transact: (entities) => client.submitTransaction(entities.map((entity) => ['upsert', entity, 'Merge'])),
});

/** By requests made by hand. Both need the entity tags, which the app does too. */
const byHand = (
  { url, tableName }: TableClient,
  send: (request: TableRequest) => Promise<{ readonly status: number; readonly etag?: string; readonly body: string }>,
): Way => ({
  upsert: async (entity) => {
    const { status, etag } = await send(upsertRequest(url, tableName, entity));
    if (status !== 204 || etag === undefined) throw new Error(`An upsert was answered ${status}.`);
  },
  transact: async (entities) => {
    const { status, body } = await send(transactionRequest(url, tableName, entities));
    if (status !== 202 || etagsOf(body).length !== entities.length) throw new Error(`A batch was answered ${status}.`);
  },
});

function without(pipeline: Pipeline, names: readonly string[]): void {
  for (const name of names) pipeline.removePolicy({ name });
}

/** Node's own `fetch` in place of the SDK's client over node:http. */
async function byFetch(request: PipelineRequest): Promise<PipelineResponse> {
  const { url, method, body } = request;
  const response = await fetch(url, { method, headers: request.headers.toJSON(), body: body as string });
  return {
    request,
    status: response.status,
    headers: createHttpHeaders(Object.fromEntries(response.headers)),
    bodyAsText: await response.text(),
  };
}

function byPipeline(client: TableClient, http: HttpClient): Way {
  const pipeline = client.pipeline.clone();
  without(pipeline, [...DISPENSABLE, ...SERIALIZERS]);
  return byHand(client, async ({ method, url, headers, body }) => {
    const request = createPipelineRequest({ method, url, body, headers: createHttpHeaders(headers) });
    request.allowInsecureConnection = true;
    const answer = await pipeline.sendRequest(http, request);
    const etag = answer.headers.get('etag');
    return { status: answer.status, body: answer.bodyAsText ?? '', ...(etag === undefined ? {} : { etag }) };
  });
}

function byNode(client: TableClient, sign: (request: TableRequest) => Readonly<Record<string, string>>): Way {
  const agent = new Agent({ keepAlive: true });
  return byHand(
    client,
    (request) =>
      new Promise((resolve, reject) => {
        const { method, url, body } = request;
        const headers = { ...sign(request), 'content-length': Buffer.byteLength(body) };
        httpRequest(url, { method, agent, headers }, (response) => {
          const { statusCode: status = 0, headers: answered } = response;
          const { etag } = answered;
          text(response).then(
            (read) => resolve({ status, body: read, ...(etag === undefined ? {} : { etag }) }),
            reject,
          );
        })
          .once('error', reject)
          .end(body);
      }),
  );
}

export const group: Group = {
  about: "the SDK's own cost of a request, against the same requests sent with less of it; null service",

  async run({ quick, rounds }, tell) {
    const tables = await startNullTables();
    const place: Place = { ...tables, name: 'null service' };
    const client = (): TableClient => bareClient(place, TABLE);
    try {
      const http = createDefaultHttpClient();
      const tuned = client();
      without(tuned.pipeline, DISPENSABLE);
      const { AccountName = '', AccountKey = '' } = Object.fromEntries(
        place.connectionString.split(';').map((part) => part.split(/=(.*)/s).slice(0, 2) as [string, string]),
      );
      const key = Buffer.from(AccountKey, 'base64');
      const ways = {
        [SDK]: bySdk(client()),
        'SDK, fewer policies': bySdk(tuned),
        'SDK, requests by fetch': bySdk(bareClient(place, TABLE, { httpClient: { sendRequest: byFetch } })),
        'own body, its pipeline': byPipeline(client(), http),
        'own body, node:http, signed': byNode(client(), (request) => signed(request, AccountName, key)),
        'own body, node:http': byNode(client(), ({ headers }) => headers),
      };
      await assertSameBodies(client());

      const names = Object.keys(ways) as (keyof typeof ways)[];
      let at = EPOCH;
      const entity = (n: number): TableEntity => entityOf(n, updatedColumns(n, at), seasoned(n));
      const measure = async <T>(
        work: string,
        count: number,
        make: (n: number) => T,
        send: (way: Way, made: T) => unknown,
      ) => {
        const subject = (way: Way): Subject => {
          let made: readonly T[] = [];
          return {
            prepare: () => {
              at += 1;
              made = Array.from({ length: count }, (_, n) => make(n));
            },
            run: () =>
              inFlight(IN_FLIGHT, count, async (n) => {
                const one = made[n];
                if (one !== undefined) await send(way, one);
              }),
          };
        };
        const subjects = Object.fromEntries(names.map((name) => [name, subject(ways[name])])) as Record<
          keyof typeof ways,
          Subject
        >;
        const turns = await inRounds(subjects, { rounds, warmup: 2, operations: count });
        const wanted = names.map(
          (name) => ({ work: `${work}: ${name}`, subject: name, against: SDK, of: 'CPU' }) as const,
        );
        tell(figuresOf(turns, wanted.slice(1)));
      };
      await measure('an upsert', quick ? 400 : 1000, entity, (way, one) => way.upsert(one));
      // Rows of one partition are 16 numbers apart.
      const hundred = (n: number): TableEntity[] =>
        Array.from({ length: TRANSACTION }, (_, row) => entity((n * TRANSACTION + row) * 16));
      await measure(`a transaction of ${TRANSACTION}`, quick ? 20 : 50, hundred, (way, all) => way.transact(all));
    } finally {
      await tables.stop();
    }
  },
};

/** The comparison would be worth nothing if the requests were others. */
async function assertSameBodies(client: TableClient): Promise<void> {
  const entities = [0, 16].map((n) => entityOf(n, updatedColumns(n, EPOCH), seasoned(n)));
  const [entity] = entities;
  if (entity === undefined) return;
  const sent: unknown[] = [];
  client.pipeline.addPolicy({
    name: 'keepBody',
    sendRequest: (request, next) => {
      sent.push(request.body);
      return next(request);
    },
  });
  const sdk = bySdk(client);
  await sdk.upsert(entity);
  await sdk.transact(entities);
  const own = [upsertRequest(client.url, TABLE, entity), transactionRequest(client.url, TABLE, entities)];
  const withoutIds = (body: unknown): string => String(body).replaceAll(/(batch|changeset)_[0-9a-f-]{36}/g, '$1');
  for (const [index, { body }] of own.entries())
    if (withoutIds(sent[index]) !== withoutIds(body))
      throw new Error(`The SDK sends another body:\n${String(sent[index])}`);
}
