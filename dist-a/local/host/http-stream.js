"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.forwardToLibrary = forwardToLibrary;
/** HTTP streams (`app.setup({ enableHttpStream: true })`): the library runs a server of its own, and the host forwards requests to it. */
const node_crypto_1 = require("node:crypto");
const node_http_1 = require("node:http");
/** Passes a request on to the library, and its answer back. */
function forwardToLibrary(httpUri, incoming, outgoing) {
    const invocationId = (0, node_crypto_1.randomUUID)();
    const forwarded = (0, node_http_1.request)(new URL(incoming.url ?? '/', httpUri), {
        method: incoming.method,
        headers: {
            ...incoming.headers,
            'x-ms-invocation-id': invocationId,
            'x-forwarded-host': incoming.headers.host ?? '127.0.0.1',
            'x-forwarded-proto': 'http',
        },
    });
    const answered = new Promise((resolve, reject) => {
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
//# sourceMappingURL=http-stream.js.map