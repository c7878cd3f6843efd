import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ApiRequest, ApiResponse, BatchedOperation } from './api-request';
import type { Caller } from './api-request';
import type { ServerCertificate } from './certificate';
import { badRequest, DataverseError, noResource } from '../dataverse-error';
import { parsePrefer, parseQuery, splitAt } from './odata-query';
import { decoded } from './row-keys';
import { contentOf, refusal } from './response';
import type { ServiceProtection } from './service-protection';
import type { TokenEndpoint } from './token-endpoint';

/** A fault that the next requests meet: an HTTP status, or a connection that breaks. */
export interface Fault {
  readonly status: number | 'reset';
  /** Only requests whose path and query contain it. */
  readonly path?: string;
  /** Only requests by this method. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the Web API was asked. */
export interface RequestCounters {
  requests: number;
  unauthorized: number;
  throttled: number;
  faulted: number;
  tokens: number;
  /** Of batches, each of which is one of the requests. */
  operations: number;
}

/** A request as an interceptor sees it: before it is carried out, or after that but before it is answered. */
export interface InterceptedRequest {
  readonly method: string;
  /** Path and query, decoded. */
  readonly target: string;
  readonly moment: 'asked' | 'answered';
}

/** Says whether a request's connection breaks at this moment. */
export type Interceptor = (request: InterceptedRequest) => boolean;

/** What the server needs; `answer` gets requests that are allowed in. */
export interface WebServerDependencies {
  readonly certificate: ServerCertificate;
  readonly tokens: TokenEndpoint;
  /** The limits of a user. */
  readonly protection: (userId: string) => ServiceProtection;
  /** Who the application of a token is here; throws when it is nobody. */
  readonly caller: (clientId: string, headers: IncomingHttpHeaders) => Caller;
  readonly now: () => number;
  /** Every Web API request takes at least this long. */
  readonly latencyMs: number;
  readonly answer: (request: ApiRequest) => Promise<ApiResponse>;
}

/** The HTTPS server of an organisation and of its authority. */
export class WebServer {
  readonly counters: RequestCounters = {
    requests: 0,
    unauthorized: 0,
    throttled: 0,
    faulted: 0,
    tokens: 0,
    operations: 0,
  };
  readonly #server: https.Server;
  #dependencies: WebServerDependencies | undefined;
  #faults: { fault: Fault; left: number }[] = [];
  #intercepts: Interceptor | undefined;

  constructor(certificate: ServerCertificate) {
    this.#server = https.createServer({ key: certificate.key, cert: certificate.certificate }, (request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
  }

  /** Listens and returns the base URL. */
  async listen(host: string, port: number): Promise<string> {
    await once(this.#server.listen(port, host), 'listening');
    const { port: bound } = this.#server.address() as AddressInfo;
    return `https://${host}:${bound}`;
  }

  /** Begins to answer. */
  serve(dependencies: WebServerDependencies): void {
    this.#dependencies = dependencies;
  }

  /** Makes the next `count` Web API requests fail. */
  failNext(count: number, fault: Fault): void {
    this.#faults.push({ fault, left: count });
  }

  /** Has every request of the Web API looked at, in place of the interceptor before. */
  intercept(interceptor: Interceptor | undefined): void {
    this.#intercepts = interceptor;
  }

  async close(): Promise<void> {
    // Whoever is in the middle of a handshake has no connection yet that could be closed.
    this.#server.on('secureConnection', (socket) => socket.destroy());
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const dependencies = this.#dependencies;
    const body = await readBody(request);
    const target = request.url ?? '/';
    if (dependencies === undefined) {
      response.writeHead(503).end();
      return;
    }
    response.setHeader('Date', new Date(dependencies.now()).toUTCString());
    const [path, search] = splitAt(target, '?');
    const method = request.method ?? 'GET';
    // Whatever address a client has asked leads to the organisation, be it that of a proxy: links stay there.
    const url = `https://${request.headers.host ?? ''}`;
    const authority = dependencies.tokens.answer(url, method, path, body);
    if (authority !== undefined) {
      if (method === 'POST') this.counters.tokens += 1;
      send(response, { status: authority.status, body: authority.body });
      return;
    }
    this.counters.requests += 1;
    const fault = this.#fault(method, target);
    const breaks = (moment: InterceptedRequest['moment']): boolean =>
      this.#intercepts?.({ method, target: decodeURIComponent(target), moment }) === true;
    if (fault?.status === 'reset' || breaks('asked')) {
      response.destroy();
      return;
    }
    const raw = { url, method, path, search, headers: request.headers, body };
    const answer = await this.#answer(dependencies, raw, fault);
    if (breaks('answered')) response.destroy();
    else send(response, answer);
  }

  #fault(method: string, target: string): Fault | undefined {
    const found = this.#faults.find(
      ({ fault }) =>
        (fault.path === undefined || decodeURIComponent(target).includes(fault.path)) &&
        (fault.method === undefined || fault.method === method),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#faults = this.#faults.filter((entry) => entry !== found);
    this.counters.faulted += 1;
    return found.fault;
  }

  async #answer(dependencies: WebServerDependencies, raw: RawRequest, fault: Fault | undefined): Promise<ApiResponse> {
    try {
      if (fault !== undefined) throw made(fault);
      const clientId = this.#application(dependencies, raw);
      const caller = dependencies.caller(clientId, raw.headers);
      const user = dependencies.protection(caller.userId);
      const isBatch = raw.path.endsWith('/$batch');
      const leave = isBatch ? user.connect() : user.enter();
      try {
        if (dependencies.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, dependencies.latencyMs));
        const perform = (operation: BatchedOperation): Promise<ApiResponse> =>
          this.#operate(dependencies, clientId, raw, operation);
        const request = apiRequest(raw, { caller, perform });
        const answer = await dependencies.answer(request);
        return { ...answer, headers: { ...user.headers(), ...applied(request), ...answer.headers } };
      } catch (error) {
        return this.#refusal(error, user.headers());
      } finally {
        leave();
      }
    } catch (error) {
      return this.#refusal(error);
    }
  }

  /** Carries out an operation of a batch: with its own headers, and counted like a request. */
  async #operate(
    dependencies: WebServerDependencies,
    clientId: string,
    batch: RawRequest,
    { method, url, headers: own, body, transaction }: BatchedOperation,
  ): Promise<ApiResponse> {
    this.counters.operations += 1;
    try {
      const { pathname, search } = new URL(url, `${batch.url}${batch.path}`);
      const fault = this.#fault(method, `${pathname}${search}`);
      if (fault !== undefined) throw made(fault);
      const headers = { 'user-agent': batch.headers['user-agent'], ...own };
      const caller = dependencies.caller(clientId, headers);
      const leave = dependencies.protection(caller.userId).operate();
      try {
        const raw = { ...batch, method, path: pathname, search: search.slice(1), headers, body };
        const request = apiRequest(raw, {
          caller,
          perform: nested,
          ...(transaction === undefined ? {} : { transaction }),
        });
        const answer = await dependencies.answer(request);
        return { ...answer, headers: { ...applied(request), ...answer.headers } };
      } finally {
        leave();
      }
    } catch (error) {
      return this.#refusal(error);
    }
  }

  #refusal(error: unknown, counted: Readonly<Record<string, string>> = {}): ApiResponse {
    const answer = refusal(error);
    if (answer.status === 429) this.counters.throttled += 1;
    if (answer.status === 401) this.counters.unauthorized += 1;
    return { ...answer, headers: { ...counted, ...answer.headers } };
  }

  /** The application that sends a request, by its token. */
  #application(dependencies: WebServerDependencies, { url, headers }: RawRequest): string {
    const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
    const clientId = dependencies.tokens.holder(token);
    if (clientId !== undefined) return clientId;
    throw new DataverseError(401, '0x80040204', 'The access token is missing, unknown or expired.', {
      'WWW-Authenticate': `Bearer authorization_uri=${url}/common/oauth2/authorize, resource_id=${url}/`,
    });
  }
}

interface RawRequest {
  /** Where it was sent to: `https://HOST:PORT`. */
  readonly url: string;
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const made = (fault: Fault): DataverseError =>
  new DataverseError(Number(fault.status), '0x80040216', 'A fault made for a test.', fault.headers ?? {});

const applied = ({ prefer }: ApiRequest): Readonly<Record<string, string>> =>
  prefer.applied === '' ? {} : { 'Preference-Applied': prefer.applied };

const nested = (): Promise<ApiResponse> => Promise.reject(badRequest('A batch cannot be part of another one.'));

function apiRequest(raw: RawRequest, context: Pick<ApiRequest, 'caller' | 'perform' | 'transaction'>): ApiRequest {
  const [, root, path = ''] = /^(\/api\/data\/v9\.\d)\/(.*)$/.exec(raw.path) ?? [];
  if (root === undefined) throw noResource(raw.path);
  const search = new URLSearchParams(raw.search);
  const prefer = raw.headers.prefer;
  return {
    method: raw.method,
    serviceRoot: `${raw.url}${root}`,
    path: decoded(path),
    search: raw.search,
    query: parseQuery(search),
    prefer: parsePrefer(Array.isArray(prefer) ? prefer.join(',') : prefer),
    tag: search.get('tag') ?? undefined,
    headers: raw.headers,
    body: raw.body,
    ...context,
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, answer: ApiResponse): void {
  const content = contentOf(answer);
  response.statusCode = answer.status;
  response.setHeader('OData-Version', '4.0');
  if (content !== undefined) response.setHeader('Content-Type', content.type);
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.end(content?.text);
}
