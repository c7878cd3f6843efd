"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.WebServer = void 0;
const node_https_1 = __importDefault(require("node:https"));
const dataverse_error_1 = require("./dataverse-error");
const json_text_1 = require("./json-text");
const odata_query_1 = require("./odata-query");
const row_requests_1 = require("./row-requests");
/** The HTTPS server of an organisation and of its authority. */
class WebServer {
    counters = { requests: 0, unauthorized: 0, throttled: 0, faulted: 0, tokens: 0 };
    #server;
    #dependencies;
    #faults = [];
    #intercepts;
    constructor(certificate) {
        this.#server = node_https_1.default.createServer({ key: certificate.key, cert: certificate.certificate }, (request, response) => {
            this.#receive(request, response).catch(() => response.destroy());
        });
    }
    /** Listens and returns the base URL. */
    async listen(host, port) {
        await new Promise((resolve, reject) => {
            this.#server.once('error', reject);
            this.#server.listen(port, host, resolve);
        });
        const { port: bound } = this.#server.address();
        return `https://${host}:${bound}`;
    }
    /** Begins to answer. */
    serve(dependencies) {
        this.#dependencies = dependencies;
    }
    /** Makes the next `count` Web API requests fail. */
    failNext(count, fault) {
        this.#faults.push({ fault, left: count });
    }
    /** Has every request of the Web API looked at, in place of the interceptor before. */
    intercept(interceptor) {
        this.#intercepts = interceptor;
    }
    async close() {
        this.#server.closeAllConnections();
        await new Promise((resolve) => {
            this.#server.close(() => resolve());
        });
    }
    async #receive(request, response) {
        const dependencies = this.#dependencies;
        const body = await readBody(request);
        const target = request.url ?? '/';
        if (dependencies === undefined) {
            response.writeHead(503).end();
            return;
        }
        response.setHeader('Date', new Date(dependencies.now()).toUTCString());
        const [path, search] = splitOnce(target, '?');
        const method = request.method ?? 'GET';
        // Whatever address a client has asked leads to the organisation, be it that of a proxy: links stay there.
        const url = `https://${request.headers.host ?? ''}`;
        const authority = dependencies.tokens.answer(url, method, path, body);
        if (authority !== undefined) {
            if (method === 'POST')
                this.counters.tokens += 1;
            send(response, { status: authority.status, body: authority.body });
            return;
        }
        this.counters.requests += 1;
        const fault = this.#fault(method, target);
        const breaks = (moment) => this.#intercepts?.({ method, target: decodeURIComponent(target), moment }) === true;
        if (fault?.status === 'reset' || breaks('asked')) {
            response.destroy();
            return;
        }
        const raw = { url, method, path, search, headers: request.headers, body };
        const answer = await this.#answer(dependencies, raw, fault);
        if (breaks('answered'))
            response.destroy();
        else
            send(response, answer);
    }
    #fault(method, target) {
        const found = this.#faults.find(({ fault }) => (fault.path === undefined || decodeURIComponent(target).includes(fault.path)) &&
            (fault.method === undefined || fault.method === method));
        if (found === undefined)
            return undefined;
        found.left -= 1;
        if (found.left <= 0)
            this.#faults = this.#faults.filter((entry) => entry !== found);
        this.counters.faulted += 1;
        return found.fault;
    }
    async #answer(dependencies, raw, fault) {
        try {
            if (fault !== undefined) {
                throw new dataverse_error_1.DataverseError(Number(fault.status), '0x80040216', 'A fault made for a test.', fault.headers ?? {});
            }
            this.#authorize(dependencies, raw);
            const leave = dependencies.protection.enter();
            try {
                if (dependencies.latencyMs > 0)
                    await new Promise((resolve) => setTimeout(resolve, dependencies.latencyMs));
                const request = apiRequest(raw);
                const answer = await dependencies.answer(request);
                const applied = request.prefer.applied === '' ? {} : { 'Preference-Applied': request.prefer.applied };
                return { ...answer, headers: { ...dependencies.protection.headers(), ...applied, ...answer.headers } };
            }
            finally {
                leave();
            }
        }
        catch (error) {
            const refused = (0, row_requests_1.asDataverseError)(error);
            if (refused.status === 429)
                this.counters.throttled += 1;
            if (refused.status === 401)
                this.counters.unauthorized += 1;
            const body = { error: { code: refused.code, message: refused.message } };
            return { status: refused.status, headers: refused.headers, body };
        }
    }
    #authorize(dependencies, { url, headers }) {
        const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
        if (token !== undefined && dependencies.tokens.accepts(token))
            return;
        throw new dataverse_error_1.DataverseError(401, '0x80040204', 'The access token is missing, unknown or expired.', {
            'WWW-Authenticate': `Bearer authorization_uri=${url}/common/oauth2/authorize, resource_id=${url}/`,
        });
    }
}
exports.WebServer = WebServer;
function apiRequest(raw) {
    const [, root, path = ''] = /^(\/api\/data\/v9\.\d)\/(.*)$/.exec(raw.path) ?? [];
    if (root === undefined)
        throw (0, dataverse_error_1.noResource)(raw.path);
    const search = new URLSearchParams(raw.search);
    const prefer = raw.headers.prefer;
    return {
        method: raw.method,
        serviceRoot: `${raw.url}${root}`,
        path: decodeURIComponent(path),
        search: raw.search,
        query: (0, odata_query_1.parseQuery)(search),
        prefer: (0, odata_query_1.parsePrefer)(Array.isArray(prefer) ? prefer.join(',') : prefer),
        tag: search.get('tag') ?? undefined,
        headers: raw.headers,
        body: raw.body,
    };
}
async function readBody(request) {
    const chunks = [];
    for await (const chunk of request)
        chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
}
function splitOnce(text, separator) {
    const index = text.indexOf(separator);
    return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}
const CONTENT_TYPE = 'application/json; odata.metadata=minimal';
function send(response, answer) {
    response.statusCode = answer.status;
    response.setHeader('OData-Version', '4.0');
    for (const [name, value] of Object.entries(answer.headers ?? {}))
        response.setHeader(name, value);
    if (answer.text !== undefined) {
        response.setHeader('Content-Type', 'text/plain');
        response.end(answer.text);
    }
    else if (answer.body !== undefined) {
        response.setHeader('Content-Type', CONTENT_TYPE);
        response.end((0, json_text_1.writeJson)(answer.body, 'webApi'));
    }
    else {
        response.end();
    }
}
//# sourceMappingURL=web-server.js.map