"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.TcpProxy = void 0;
/** A TCP proxy whose connections fail on demand. It knows bytes only: TLS and AMQP pass through it. */
const node_net_1 = require("node:net");
const promises_1 = require("node:timers/promises");
const NONE = { kind: 'none' };
/** How long to try to listen again at a port: another connection of the machine may have it for a moment. */
const LISTEN_LIMIT_MS = 10_000;
/** Between a client and a service on this machine. */
class TcpProxy {
    upstreamPort;
    random;
    /** How often a connection met a fault: was delayed, cut, reset or silenced. Those that were refused are not counted. */
    met = 0;
    #fault = NONE;
    #server;
    #port = 0;
    #pairs = new Set();
    constructor(upstreamPort, random) {
        this.upstreamPort = upstreamPort;
        this.random = random;
    }
    /** Listens at a free port. `random`: numbers from 0 to 1, for the jitter. */
    static async open(upstreamPort, random = Math.random) {
        const proxy = new TcpProxy(upstreamPort, random);
        await proxy.#listen();
        return proxy;
    }
    /** Where clients connect to, up or down. */
    get port() {
        return this.#port;
    }
    /** How many connections are open. */
    get connections() {
        return this.#pairs.size;
    }
    /** Makes the connections fail so from now on, in place of the fault before. */
    async set(fault) {
        const before = this.#fault;
        this.#fault = fault;
        if (before.kind === 'half-open')
            this.#reset();
        if (fault.kind === 'down') {
            this.met += this.#pairs.size;
            this.#reset();
            await this.#unlisten();
            return;
        }
        if (before.kind === 'down')
            await this.#listen();
        for (const pair of this.#pairs)
            pair.begin(fault);
    }
    /** Lets everything pass again. */
    lift() {
        return this.set(NONE);
    }
    async close() {
        this.#reset();
        await this.#unlisten();
    }
    #reset() {
        for (const pair of this.#pairs)
            pair.reset();
    }
    async #listen() {
        for (const limit = performance.now() + LISTEN_LIMIT_MS;;) {
            try {
                this.#server = await listening(this.#port, (client) => this.#accept(client));
                this.#port = this.#server.address().port;
                return;
            }
            catch (error) {
                if (performance.now() > limit)
                    throw error;
                await (0, promises_1.setTimeout)(50);
            }
        }
    }
    async #unlisten() {
        const server = this.#server;
        this.#server = undefined;
        if (server !== undefined)
            await new Promise((resolve) => server.close(() => resolve()));
    }
    #accept(client) {
        const upstream = (0, node_net_1.connect)({ port: this.upstreamPort, host: '127.0.0.1', allowHalfOpen: true });
        const pair = new Pair(client, upstream, this.random, () => (this.met += 1));
        this.#pairs.add(pair);
        pair.begin(this.#fault);
        void pair.closed.then(() => this.#pairs.delete(pair));
    }
}
exports.TcpProxy = TcpProxy;
function listening(port, accept) {
    return new Promise((resolve, reject) => {
        const server = (0, node_net_1.createServer)({ allowHalfOpen: true }, accept);
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => resolve(server));
    });
}
/** One client's connection and its continuation to the service. */
class Pair {
    client;
    upstream;
    random;
    onMet;
    closed;
    #fault = NONE;
    #answered = 0;
    #met = false;
    #broken = false;
    constructor(client, upstream, random, onMet) {
        this.client = client;
        this.upstream = upstream;
        this.random = random;
        this.onMet = onMet;
        for (const socket of [client, upstream])
            socket.setNoDelay(true);
        this.closed = Promise.all([client, upstream].map(closing)).then(() => undefined);
        this.#pump(client, upstream, () => true);
        this.#pump(upstream, client, (chunk) => this.#passes(chunk));
    }
    /** Fails so from now on; bytes are counted from now on. */
    begin(fault) {
        this.#fault = fault;
        this.#answered = 0;
        this.#met = false;
    }
    reset() {
        this.#broken = true;
        this.client.resetAndDestroy();
        this.upstream.resetAndDestroy();
    }
    /** Passes on what comes, later where there is latency; a side that ends or breaks has the other do the same, after what is under way. */
    #pump(from, to, passes) {
        let due = 0;
        let last = Promise.resolve();
        const later = (action) => {
            due = Math.max(due, performance.now() + this.#delay());
            const wait = due - performance.now();
            last = wait <= 0 ? last.then(action) : last.then(() => (0, promises_1.setTimeout)(Math.max(0, due - performance.now()))).then(action);
        };
        from.on('data', (chunk) => {
            if (this.#broken || this.#isSilent() || !passes(chunk))
                return;
            later(() => {
                if (!to.destroyed)
                    to.write(chunk);
            });
        });
        from.on('end', () => {
            if (!this.#broken && !this.#isSilent())
                later(() => void to.end());
        });
        from.on('error', () => undefined);
        from.on('close', (failed) => {
            if (this.#broken || this.#isSilent())
                return;
            later(() => {
                if (failed)
                    to.resetAndDestroy();
                else
                    to.end();
            });
        });
    }
    #delay() {
        if (this.#fault.kind !== 'latency')
            return 0;
        this.#meet();
        return this.#fault.ms + this.random() * this.#fault.jitterMs;
    }
    #isSilent() {
        if (this.#fault.kind !== 'half-open')
            return false;
        this.#meet();
        return true;
    }
    /** Whether a piece of an answer passes whole; if not, what may pass does, and the connection ends as the fault says. */
    #passes(chunk) {
        const fault = this.#fault;
        if (fault.kind !== 'reset' && fault.kind !== 'cut' && fault.kind !== 'slow-close')
            return true;
        const left = fault.afterBytes - this.#answered;
        this.#answered += chunk.length;
        if (chunk.length <= left)
            return true;
        this.#meet();
        this.#broken = true;
        if (left > 0)
            this.client.write(chunk.subarray(0, left));
        void this.#end(fault);
        return false;
    }
    async #end(fault) {
        this.upstream.destroy();
        if (fault.kind === 'slow-close')
            await (0, promises_1.setTimeout)(fault.ms);
        // What was written has to be on its way before a reset takes it back.
        else if (fault.kind === 'reset')
            await (0, promises_1.setTimeout)(1);
        if (fault.kind === 'reset')
            this.client.resetAndDestroy();
        else
            this.client.destroySoon();
    }
    #meet() {
        if (this.#met)
            return;
        this.#met = true;
        this.onMet();
    }
}
const closing = (socket) => new Promise((resolve) => void socket.once('close', () => resolve()));
//# sourceMappingURL=tcp-proxy.js.map