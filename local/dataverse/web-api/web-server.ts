import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ApiRequest, ApiResponse } from './api-request';
import type { Caller } from './callers';
import type { ServerCertificate } from './certificate';
import { DataverseError, noResource } from '../dataverse-error';
import { writeJson, type Json } from './json-text';
import { parsePrefer, parseQuery, splitAt } from './odata-query';
import { decoded } from './row-keys';
import { asDataverseError } from './row-requests';
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
  readonly counters: RequestCounters = { requests: 0, unauthorized: 0, throttled: 0, faulted: 0, tokens: 0 };
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
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
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
      if (fault !== undefined) {
        throw new DataverseError(Number(fault.status), '0x80040216', 'A fault made for a test.', fault.headers ?? {});
      }
      const caller = dependencies.caller(this.#application(dependencies, raw), raw.headers);
      const user = dependencies.protection(caller.userId);
      const leave = user.enter();
      try {
        if (dependencies.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, dependencies.latencyMs));
        const request = apiRequest(raw, caller);
        const answer = await dependencies.answer(request);
        const applied = request.prefer.applied === '' ? {} : { 'Preference-Applied': request.prefer.applied };
        return { ...answer, headers: { ...user.headers(), ...applied, ...answer.headers } };
      } catch (error) {
        return this.#refusal(error, user.headers());
      } finally {
        leave();
      }
    } catch (error) {
      return this.#refusal(error);
    }
  }

  #refusal(error: unknown, counted: Readonly<Record<string, string>> = {}): ApiResponse {
    const { status, code, message, headers } = asDataverseError(error);
    if (status === 429) this.counters.throttled += 1;
    if (status === 401) this.counters.unauthorized += 1;
    return { status, headers: { ...counted, ...headers }, body: { error: { code, message } } };
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

function apiRequest(raw: RawRequest, caller: Caller): ApiRequest {
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
    caller,
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const CONTENT_TYPE = 'application/json; odata.metadata=minimal';

function send(response: ServerResponse, answer: ApiResponse): void {
  response.statusCode = answer.status;
  response.setHeader('OData-Version', '4.0');
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.text !== undefined) {
    response.setHeader('Content-Type', 'text/plain');
    response.end(answer.text);
  } else if (answer.body !== undefined) {
    response.setHeader('Content-Type', CONTENT_TYPE);
    response.end(writeJson(answer.body satisfies Json, 'webApi'));
  } else {
    response.end();
  }
}
