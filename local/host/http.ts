/**
 * HTTP triggers and the admin endpoint, as in the real host. The first function by name whose route and method fit runs; a wrong
 * method is 404. A body without Content-Length arrives empty, unless the app has turned HTTP streams on. An error of a handler
 * is an empty 500; so is a body that is too large or incomplete. The limits are Kestrel's:
 * https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/options
 */
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { z } from 'zod';
import { randomUUID } from 'node:crypto';
import type { HttpCookie, HttpData } from './core-api';
import type { Delivery } from './executor';
import { compileRoute, type RouteMatcher } from './route';
import { CALLED_REASON, type Trigger, type TriggerContext } from './trigger';
import type { RegisteredFunction } from './worker';

/** Keys that callers must present. With none given no key is asked for, as Core Tools does without `--enableAuth`. */
export interface HttpKeys {
  /** Opens everything, the admin endpoint included. */
  readonly master?: string;
  /** Opens functions of auth level `function`: a host key. */
  readonly function?: string;
}

/** A function behind a route. */
export interface HttpRoute {
  readonly target: RegisteredFunction;
  readonly path: string;
  /** Empty = all. */
  readonly methods: readonly string[];
  readonly match: RouteMatcher;
  readonly authLevel: AuthLevel;
}

const AUTH_LEVELS = ['anonymous', 'function', 'admin'] as const;
type AuthLevel = (typeof AUTH_LEVELS)[number];

const httpBinding = z.object({
  route: z.string().optional(),
  methods: z.array(z.string()).default([]),
  authLevel: z.string().toLowerCase().pipe(z.enum(AUTH_LEVELS)).default('function'),
});

/**
 * The real host's limit, which the setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT (bytes) replaces. It fails while the body is bound, so that the answer is 500.
 * https://learn.microsoft.com/azure/azure-functions/functions-app-settings#functions_request_body_size_limit
 */
const DEFAULT_BODY_LIMIT = 104_857_600;
/** Longer than a client's pause between two requests, so that it doesn't write into a connection that is just being closed. */
const KEEP_ALIVE_MS = 130_000;
/** A body of which nothing comes for so long isn't awaited any more. */
const BODY_PAUSE_MS = 5_500;
const MOST_HEADERS = 100;
const HEADERS_BYTES = 32_768;
const REQUEST_LINE_BYTES = 8_192;

/**
 * Prepares an HTTP trigger.
 *
 * @throws FunctionInError if its route is wrong or a setting in it is missing.
 */
export function prepareHttp(target: RegisteredFunction, context: TriggerContext): HttpRoute {
  const binding = httpBinding.parse(target.trigger);
  const prefix = context.hostJson.extensions.http.routePrefix;
  const path = [prefix, context.settings.resolve(binding.route || target.name)].filter((part) => part !== '').join('/');
  const methods = binding.methods.map((method) => method.toUpperCase());
  return { target, path, methods, match: compileRoute(path), authLevel: binding.authLevel };
}

/** What the server serves. */
export interface HttpServerOptions {
  readonly context: TriggerContext;
  readonly routes: readonly HttpRoute[];
  /** Functions with other triggers, for `POST /admin/functions/{name}`. */
  readonly manual: ReadonlyMap<string, Trigger>;
  readonly keys: HttpKeys;
  /** 0 = a free one. */
  readonly port: number;
  /** Where the library takes HTTP streams, if the app has turned them on. */
  readonly httpUri: () => string | undefined;
}

/** Starts the server and waits until it listens. */
export async function startHttpServer(options: HttpServerOptions): Promise<Server> {
  const limits = { requestTimeout: 0, maxHeaderSize: HEADERS_BYTES + REQUEST_LINE_BYTES };
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, ...limits }, (request, response) => {
    serve(options, request, response).catch((error: unknown) => {
      options.context.log({
        level: 'error',
        category: 'host',
        // Without the query: it may hold a key.
        message: `HTTP ${request.method ?? ''} ${request.url?.split('?')[0] ?? ''}: ${String(error)}`,
      });
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await once(server.listen(options.port, '127.0.0.1'), 'listening');
  return server;
}

async function serve(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET';
  const refused = statusOfRefusal(request);
  if (refused !== undefined) return void response.writeHead(refused, { connection: 'close' }).end();
  const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
  if (url === null) return void response.writeHead(400).end();
  const admin = /^\/admin\/functions\/([^/]+)\/?$/i.exec(url.pathname);
  if (admin !== null && method === 'POST') return serveAdmin(options, admin[1] ?? '', url, request, response);

  for (const route of options.routes) {
    const params = route.methods.length === 0 || route.methods.includes(method) ? route.match(url.pathname) : null;
    if (params === null) continue;
    if (!isAllowed(options.keys, route.authLevel, request, url)) return void response.writeHead(401).end();
    const httpUri = options.httpUri();
    return httpUri === undefined
      ? runFunction(options, route, params, url, request, response)
      : streamFunction(options, httpUri, route, params, request, response);
  }
  const isHomepage = url.pathname === '/' && options.context.settings.get('AzureWebJobsDisableHomepage') !== 'true';
  response.writeHead(isHomepage ? 200 : 404).end(isHomepage ? 'Your Functions app is up and running\n' : '');
}

/** What the real host answers before it looks at the route. */
function statusOfRefusal({ method = '', url = '', headers, rawHeaders }: IncomingMessage): number | undefined {
  if (`${method} ${url} HTTP/1.1`.length > REQUEST_LINE_BYTES) return 414;
  if (rawHeaders.length / 2 > MOST_HEADERS) return 431;
  // HTTP/1.0 needs no Host; the host does.
  return headers.host === undefined ? 500 : undefined;
}

function isAllowed(keys: HttpKeys, level: AuthLevel, request: IncomingMessage, url: URL): boolean {
  if (level === 'anonymous' || (keys.master === undefined && keys.function === undefined)) return true;
  // The header beats the query: https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
  const given = request.headers['x-functions-key'] ?? url.searchParams.get('code');
  if (typeof given !== 'string' || given === '') return false;
  return given === keys.master || (level === 'function' && given === keys.function);
}

async function runFunction(
  { context }: HttpServerOptions,
  route: HttpRoute,
  params: Readonly<Record<string, string>>,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const length = Number(request.headers['content-length'] ?? 0);
  const fail = (cause: string): ServerResponse => {
    context.executor.refuse(route.target, CALLED_REASON, cause);
    return response.writeHead(500, { connection: 'close' }).end();
  };
  if (length > Number(context.settings.get('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT') ?? DEFAULT_BODY_LIMIT))
    return void fail('Request body too large.');
  if (request.headers['transfer-encoding'] !== undefined) {
    const message =
      'The body came without a Content-Length; like the real host, this one gives the function an empty body.';
    context.log({ level: 'warning', category: 'host', function: route.target.name, message });
  }
  const body = length > 0 ? await readBody(request) : undefined;
  if (body === 'stopped') return void fail('Reading the request body timed out due to data arriving too slowly.');
  const http: HttpData = {
    url: url.href,
    method: request.method ?? 'GET',
    nullableHeaders: wrapped(headersOf(request)),
    nullableParams: wrapped(params),
    nullableQuery: wrapped(queryOf(url)),
    ...(body && { body: { bytes: body } }),
  };
  const delivery: Delivery = { data: { http }, metadata: {}, reason: CALLED_REASON };
  const result = await context.executor.run(route.target, delivery);
  if (result.kind !== 'succeeded') return void response.writeHead(500).end();
  const answer = result.response.returnValue?.http;
  if (answer === undefined) return void response.writeHead(204).end();
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.cookies?.length) response.setHeader('set-cookie', answer.cookies.map(serializeCookie));
  response.writeHead(Number(answer.statusCode ?? 200)).end(Buffer.from(answer.body?.bytes ?? []));
}

/** With HTTP streams the library reads the request and writes the answer itself; the host only passes both on. */
async function streamFunction(
  { context }: HttpServerOptions,
  httpUri: string,
  route: HttpRoute,
  params: Readonly<Record<string, string>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { invocationId, answered, abort } = forwardToLibrary(httpUri, request, response);
  const metadata = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { string: value }]));
  const result = await context.executor.run(route.target, {
    data: { http: {} },
    metadata: { ...metadata, Headers: { json: JSON.stringify(headersOf(request)) } },
    reason: CALLED_REASON,
    invocationId,
  });
  if (result.kind === 'succeeded') return answered;
  abort();
  if (response.headersSent) response.destroy();
  else response.writeHead(500).end();
}

/** https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http */
async function serveAdmin(
  { context, manual, keys }: HttpServerOptions,
  name: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isAllowed(keys, 'admin', request, url)) return void response.writeHead(401).end();
  const trigger = manual.get(name.toLowerCase());
  if (trigger === undefined) return void response.writeHead(404).end();
  const body = await readBody(request);
  const input = body === 'stopped' ? undefined : manualInput(body);
  if (input === undefined) return void response.writeHead(400).end('The body must be JSON: {"input": ""}\n');
  response.writeHead(202).end();
  await trigger.runManually(input).catch((error: unknown) => {
    context.log({ level: 'error', category: 'host', function: name, message: `Run by hand: ${String(error)}` });
  });
}

function manualInput(body: Buffer): string | undefined {
  try {
    return z.object({ input: z.string().default('') }).parse(JSON.parse(body.toString('utf8'))).input;
  } catch {
    return undefined;
  }
}

/** The whole body, unless it stops arriving. */
function readBody(request: IncomingMessage): Promise<Buffer | 'stopped'> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => resolve('stopped'), BODY_PAUSE_MS);
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      timer.refresh();
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => clearTimeout(timer));
  });
}

const wrapped = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));

/** Values of a repeated name are joined, as ASP.NET's StringValues does. */
const headersOf = (request: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(',')]));

const queryOf = (url: URL): Record<string, string> =>
  Object.fromEntries([...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name).join(',')]));

function serializeCookie(cookie: HttpCookie): string {
  const sameSite = { none: undefined, lax: 'Lax', strict: 'Strict', explicitNone: 'None' }[cookie.sameSite ?? 'none'];
  return [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    cookie.expires && `Expires=${new Date(cookie.expires.value.seconds * 1000).toUTCString()}`,
    cookie.maxAge && `Max-Age=${cookie.maxAge.value}`,
    cookie.domain && `Domain=${cookie.domain.value}`,
    `Path=${cookie.path?.value ?? '/'}`,
    cookie.secure?.value && 'Secure',
    cookie.httpOnly?.value && 'HttpOnly',
    sameSite && `SameSite=${sameSite}`,
  ]
    .filter((part) => typeof part === 'string')
    .join('; ');
}

/**
 * A request on its way through the library. With HTTP streams (`app.setup({ enableHttpStream: true })`) the library runs a
 * server of its own, and the host forwards requests to it.
 */
export interface ForwardedRequest {
  /** Under which the library waits for the request. */
  readonly invocationId: string;
  /** Settles when the answer has been passed on whole. */
  readonly answered: Promise<void>;
  /** Gives the request up, when the function has failed and so will never answer. */
  readonly abort: () => void;
}

/** Passes a request on to the library, and its answer back. */
export function forwardToLibrary(
  httpUri: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): ForwardedRequest {
  const invocationId = randomUUID();
  const forwarded = httpRequest(new URL(incoming.url ?? '/', httpUri), {
    method: incoming.method,
    headers: {
      ...incoming.headers,
      'x-ms-invocation-id': invocationId,
      'x-forwarded-host': incoming.headers.host ?? '127.0.0.1',
      'x-forwarded-proto': 'http',
    },
  });
  const answered = new Promise<void>((resolve, reject) => {
    forwarded.once('error', reject);
    forwarded.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 200, answer.headers);
      answer.once('error', reject).once('end', resolve).pipe(outgoing);
    });
  });
  // Waited for only once the function has succeeded; until then a failure must not count as unhandled.
  answered.catch(() => undefined);
  incoming.pipe(forwarded);
  return { invocationId, answered, abort: () => forwarded.destroy() };
}
