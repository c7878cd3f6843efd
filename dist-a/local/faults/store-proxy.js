"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StoreProxy = void 0;
/**
 * A proxy before Azurite that understands HTTP: it has each request looked at before it is carried out, and after that
 * before it is answered. Bodies are kept whole; they are small here.
 */
const node_http_1 = require("node:http");
const consumers_1 = require("node:stream/consumers");
/** Between clients and one service of Azurite. */
class StoreProxy {
    service;
    upstreamPort;
    witness;
    #agent = new node_http_1.Agent({ keepAlive: true });
    #server;
    constructor(service, upstreamPort, witness) {
        this.service = service;
        this.upstreamPort = upstreamPort;
        this.witness = witness;
        this.#server = (0, node_http_1.createServer)((request, response) => {
            this.#pass(request, response).catch(() => response.destroy());
        });
    }
    /** Listens at a free port. */
    static async open(service, upstreamPort, witness) {
        const proxy = new StoreProxy(service, upstreamPort, witness);
        await new Promise((resolve, reject) => {
            proxy.#server.once('error', reject);
            proxy.#server.listen(0, '127.0.0.1', resolve);
        });
        return proxy;
    }
    get port() {
        return this.#server.address().port;
    }
    async close() {
        this.#server.closeAllConnections();
        await new Promise((resolve) => void this.#server.close(() => resolve()));
        this.#agent.destroy();
    }
    async #pass(incoming, outgoing) {
        const { method = 'GET', url = '/', headers } = incoming;
        const { pathname, searchParams } = new URL(url, 'http://localhost');
        const path = decodeURIComponent(pathname.split('/').slice(2).join('/'));
        const body = await (0, consumers_1.buffer)(incoming);
        const request = { service: this.service, method, path, query: searchParams, headers, body };
        if (!(await this.witness.asked(request))) {
            outgoing.destroy();
            return;
        }
        let answer;
        try {
            answer = await this.send(method, url, headers, body);
        }
        catch (error) {
            this.witness.answered(request, undefined);
            throw error;
        }
        if (!this.witness.answered(request, answer)) {
            outgoing.destroy();
            return;
        }
        outgoing.writeHead(answer.status, hopless(answer.headers, method === 'HEAD' ? undefined : answer.body));
        outgoing.end(answer.body);
    }
    async send(method, path, headers, body) {
        const response = await new Promise((resolve, reject) => {
            const given = method === 'GET' || method === 'HEAD' ? undefined : body;
            const request = (0, node_http_1.request)({
                agent: this.#agent,
                host: '127.0.0.1',
                port: this.upstreamPort,
                method,
                path,
                headers: hopless(headers, given),
            }, resolve);
            request.once('error', reject);
            request.end(body);
        });
        return { status: response.statusCode ?? 0, headers: response.headers, body: await (0, consumers_1.buffer)(response) };
    }
}
exports.StoreProxy = StoreProxy;
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);
/** The headers without those of one connection only; with a body, its length. */
function hopless(headers, body) {
    const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));
    return body === undefined ? rest : { ...rest, 'content-length': String(body.length) };
}
//# sourceMappingURL=store-proxy.js.map