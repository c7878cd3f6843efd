"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.prepareHttp = prepareHttp;
exports.startHttpServer = startHttpServer;
/**
 * HTTP triggers and the admin endpoint. As in the real host: functions are tried in name order and the first whose route and method fit runs; a wrong method is
 * 404, since methods are part of the route; a body is read only if the request has a Content-Length, so a chunked one arrives empty (unless the app has turned
 * HTTP streams on); what a handler throws becomes an empty 500.
 */
const node_http_1 = require("node:http");
const zod_1 = require("zod");
const http_stream_1 = require("./http-stream");
const route_1 = require("./route");
const trigger_1 = require("./trigger");
const AUTH_LEVELS = ['anonymous', 'function', 'admin'];
const httpBinding = zod_1.z.object({
    route: zod_1.z.string().optional(),
    methods: zod_1.z.array(zod_1.z.string()).default([]),
    authLevel: zod_1.z.string().toLowerCase().pipe(zod_1.z.enum(AUTH_LEVELS)).default('function'),
});
/** The real host's limit, which the setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT (bytes) replaces; beyond it the answer is 413. */
const DEFAULT_BODY_LIMIT = 104_857_600;
/** Longer than a client's pause between two requests, so that it doesn't write into a connection that is just being closed. */
const KEEP_ALIVE_MS = 130_000;
/**
 * Prepares an HTTP trigger.
 *
 * @throws FunctionInError if its route is wrong or a setting in it is missing.
 */
function prepareHttp(target, context) {
    const binding = httpBinding.parse(target.trigger);
    const prefix = context.hostJson.extensions.http.routePrefix;
    const path = [prefix, context.settings.resolve(binding.route || target.name)].filter((part) => part !== '').join('/');
    const methods = binding.methods.map((method) => method.toUpperCase());
    return { target, path, methods, match: (0, route_1.compileRoute)(path), authLevel: binding.authLevel };
}
/** Starts the server and waits until it listens. */
async function startHttpServer(options) {
    const server = (0, node_http_1.createServer)({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
        serve(options, request, response).catch((error) => {
            options.context.log({
                level: 'error',
                category: 'host',
                message: `HTTP ${request.method ?? ''} ${request.url ?? ''}: ${String(error)}`,
            });
            if (response.headersSent)
                response.destroy();
            else
                response.writeHead(500).end();
        });
    });
    await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, '127.0.0.1', resolve);
    });
    return server;
}
async function serve(options, request, response) {
    const method = request.method ?? 'GET';
    const url = URL.parse(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
    if (url === null)
        return void response.writeHead(400).end();
    const admin = /^\/admin\/functions\/([^/]+)\/?$/i.exec(url.pathname);
    if (admin !== null && method === 'POST')
        return serveAdmin(options, admin[1] ?? '', url, request, response);
    for (const route of options.routes) {
        const params = route.methods.length === 0 || route.methods.includes(method) ? route.match(url.pathname) : null;
        if (params === null)
            continue;
        if (!isAllowed(options.keys, route.authLevel, request, url))
            return void response.writeHead(401).end();
        return options.httpUri === undefined
            ? runFunction(options, route, params, url, request, response)
            : streamFunction(options, options.httpUri, route, params, request, response);
    }
    response.writeHead(404).end();
}
function isAllowed(keys, level, request, url) {
    if (level === 'anonymous' || (keys.master === undefined && keys.function === undefined))
        return true;
    // The header beats the query: https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
    const given = request.headers['x-functions-key'] ?? url.searchParams.get('code');
    if (typeof given !== 'string' || given === '')
        return false;
    return given === keys.master || (level === 'function' && given === keys.function);
}
async function runFunction({ context }, route, params, url, request, response) {
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > Number(context.settings.get('FUNCTIONS_REQUEST_BODY_SIZE_LIMIT') ?? DEFAULT_BODY_LIMIT)) {
        return void response.writeHead(413, { connection: 'close' }).end();
    }
    if (request.headers['transfer-encoding'] !== undefined) {
        const message = 'The body came without a Content-Length; like the real host, this one gives the function an empty body.';
        context.log({ level: 'warning', category: 'host', function: route.target.name, message });
    }
    const body = length > 0 ? await readBody(request) : undefined;
    const http = {
        url: url.href,
        method: request.method ?? 'GET',
        nullableHeaders: wrapped(headersOf(request)),
        nullableParams: wrapped(params),
        nullableQuery: wrapped(queryOf(url)),
        ...(body && { body: { bytes: body } }),
    };
    const delivery = { data: { http }, metadata: {}, reason: trigger_1.CALLED_REASON };
    const result = await context.executor.run(route.target, delivery);
    if (result.kind !== 'succeeded')
        return void response.writeHead(500).end();
    const answer = result.response.returnValue?.http;
    if (answer === undefined)
        return void response.writeHead(204).end();
    for (const [name, value] of Object.entries(answer.headers ?? {}))
        response.setHeader(name, value);
    if (answer.cookies?.length)
        response.setHeader('set-cookie', answer.cookies.map(serializeCookie));
    response.writeHead(Number(answer.statusCode ?? 200)).end(Buffer.from(answer.body?.bytes ?? []));
}
/** With HTTP streams the library reads the request and writes the answer itself; the host only passes both on. */
async function streamFunction({ context }, httpUri, route, params, request, response) {
    const { invocationId, answered, abort } = (0, http_stream_1.forwardToLibrary)(httpUri, request, response);
    const metadata = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, { string: value }]));
    const result = await context.executor.run(route.target, {
        data: { http: {} },
        metadata: { ...metadata, Headers: { json: JSON.stringify(headersOf(request)) } },
        reason: trigger_1.CALLED_REASON,
        invocationId,
    });
    if (result.kind === 'succeeded')
        return answered;
    abort();
    if (response.headersSent)
        response.destroy();
    else
        response.writeHead(500).end();
}
/** https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http */
async function serveAdmin({ context, manual, keys }, name, url, request, response) {
    if (!isAllowed(keys, 'admin', request, url))
        return void response.writeHead(401).end();
    const trigger = manual.get(name.toLowerCase());
    if (trigger === undefined)
        return void response.writeHead(404).end();
    const input = manualInput(await readBody(request));
    if (input === undefined)
        return void response.writeHead(400).end('The body must be JSON: {"input": ""}\n');
    response.writeHead(202).end();
    await trigger.runManually(input).catch((error) => {
        context.log({ level: 'error', category: 'host', function: name, message: `Run by hand: ${String(error)}` });
    });
}
function manualInput(body) {
    try {
        return zod_1.z.object({ input: zod_1.z.string().default('') }).parse(JSON.parse(body.toString('utf8'))).input;
    }
    catch {
        return undefined;
    }
}
async function readBody(request) {
    const chunks = [];
    for await (const chunk of request)
        chunks.push(chunk);
    return Buffer.concat(chunks);
}
const wrapped = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
const headersOf = (request) => Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
/** Values of a repeated name are joined, as ASP.NET's StringValues does. */
const queryOf = (url) => Object.fromEntries([...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name).join(',')]));
function serializeCookie(cookie) {
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
//# sourceMappingURL=http.js.map