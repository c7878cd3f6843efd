"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.webhookHandler = webhookHandler;
const errors_1 = require("../errors");
const log_1 = require("../telemetry/log");
const summary_1 = require("./summary");
const webhook_key_1 = require("./webhook-key");
const SOURCE = 'webhook';
/**
 * Answers Dataverse's webhook posts. Dataverse looks at the status only: 2xx is success, and of all others only
 * 502, 503 and 504 are tried again, once. So 500 is never answered, and 503 only when nothing could be kept.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks
 *
 * Checks in this order: size, content type, key, and only then the body is parsed.
 */
function webhookHandler(config, receiver) {
    return async (request, context) => {
        const log = (0, log_1.logTo)(context);
        try {
            const target = receiver();
            if (!config.ok || target === undefined)
                return answer(503, 'not-configured', 'This webhook is not configured; see the log of the app.');
            const refused = refusal(config.value, request);
            if (refused !== undefined)
                return refuse(log, refused);
            const body = new Uint8Array(await request.arrayBuffer());
            // The declared length may be absent or wrong: what counts is what came.
            if (body.byteLength > config.value.maxBytes)
                return refuse(log, tooLarge(config.value.maxBytes));
            const contentType = request.headers.get('content-type') ?? 'application/json';
            const truncated = request.headers.has('x-ms-dynamics-msg-size-exceeded');
            const [outcome] = await target.receive([{ source: SOURCE, body, contentType, truncated }]);
            if (outcome === undefined)
                return answer(503, 'unavailable', 'Try again.');
            (0, summary_1.logOutcomes)(log, SOURCE, [outcome]);
            return responseTo(outcome);
        }
        catch (error) {
            log('parkingFailed', { source: SOURCE, reason: (0, errors_1.messageOf)(error) });
            return answer(503, 'unavailable', 'The event could neither be settled nor parked. Try again.');
        }
    };
}
const tooLarge = (maxBytes) => ({
    status: 413,
    code: 'body-too-large',
    reason: `The body is larger than ${maxBytes} bytes. Dataverse itself sends 256 KB at most.`,
});
function refusal({ keys, keyName, maxBytes }, request) {
    if (Number(request.headers.get('content-length') ?? 0) > maxBytes)
        return tooLarge(maxBytes);
    const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    if (type !== 'application/json') {
        return {
            status: 415,
            code: 'content-type',
            reason: 'Content-Type must be application/json, the only one that Dataverse posts to webhooks.',
        };
    }
    const offered = [request.headers.get(keyName), request.query.get(keyName), request.query.get('code')];
    if (!(0, webhook_key_1.keyMatches)(offered.filter((key) => key !== null), keys)) {
        return {
            status: 401,
            code: 'key',
            reason: `No valid key came as query parameter "code" or as "${keyName}" in header or query.`,
        };
    }
    return undefined;
}
function refuse(log, { status, code, reason }) {
    log('rejected', { source: SOURCE, code, reason });
    return answer(status, code, reason);
}
function responseTo(outcome) {
    switch (outcome.kind) {
        case 'settled':
            return { status: 200, jsonBody: { outcome: 'settled', changes: outcome.changes } };
        case 'parked':
            return { status: statusOfParked(outcome.cause.code), jsonBody: { outcome: 'parked', ...outcome.cause } };
        case 'ignored':
            return { status: 200, jsonBody: { outcome: 'ignored', ...outcome.cause } };
        case 'delayed':
        case 'held':
            // Never of a webhook, which has no such ways; nothing of it would be kept.
            return answer(503, outcome.cause.code, outcome.cause.message);
        case 'rejected':
            return answer(400, outcome.cause.code, outcome.cause.message);
        default:
            return outcome;
    }
}
/** What isn't an execution context is the sender's fault, said as such although it is kept; all else is ours to settle. */
const NOT_A_CONTEXT = new Set([
    'json-invalid',
    'xml-invalid',
    'binary-invalid',
    'body-too-complex',
    'context-invalid',
    'row-id-invalid',
    'table-invalid',
    'format-unsupported',
    'column-name-invalid',
]);
const statusOfParked = (code) => (NOT_A_CONTEXT.has(code) ? 400 : 202);
const answer = (status, code, reason) => ({
    status,
    jsonBody: { outcome: 'refused', code, message: reason },
});
//# sourceMappingURL=webhook.js.map