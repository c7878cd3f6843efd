"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Front = void 0;
const node_http_1 = require("node:http");
/** What is before an app that is scaled out: requests go to its instances in turn. */
class Front {
    ports;
    #agent = new node_http_1.Agent({ keepAlive: true });
    #server = (0, node_http_1.createServer)((request, response) => this.#pass(request, response));
    #turn = 0;
    constructor(ports) {
        this.ports = ports;
    }
    /** Listens at a free port. `ports`: where the instances listen. */
    static async open(ports) {
        const front = new Front(ports);
        await new Promise((resolve, reject) => {
            front.#server.once('error', reject);
            front.#server.listen(0, '127.0.0.1', resolve);
        });
        return front;
    }
    get url() {
        return `http://127.0.0.1:${this.#server.address().port}`;
    }
    async close() {
        this.#server.closeAllConnections();
        await new Promise((resolve) => void this.#server.close(() => resolve()));
        this.#agent.destroy();
    }
    #pass(incoming, outgoing) {
        const ports = this.ports();
        const port = ports[(this.#turn += 1) % ports.length];
        const { method, url: path, headers } = incoming;
        const passed = (0, node_http_1.request)({ agent: this.#agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
            outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
            answer.pipe(outgoing);
        });
        // An instance that is dead, or dies meanwhile.
        passed.once('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
        incoming.pipe(passed);
    }
}
exports.Front = Front;
//# sourceMappingURL=front.js.map