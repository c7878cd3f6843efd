"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Poster = void 0;
const bus_client_1 = require("./bus-client");
const execution_context_1 = require("./execution-context");
const webhook_client_1 = require("./webhook-client");
/** Above this a webhook's context is reduced (use-webhooks). */
const WEBHOOK_LIMIT = 256 * 1024;
/** Above this a bus message is reduced (azure-integration). */
const BUS_LIMIT = 192 * 1024;
/** Posts events to endpoints. */
class Poster {
    #settings;
    #organizationHost;
    #webhooks;
    #buses = (0, bus_client_1.busClient)();
    constructor(settings, organizationHost, webhookTimeoutMs) {
        this.#settings = settings;
        this.#organizationHost = organizationHost;
        this.#webhooks = (0, webhook_client_1.webhookClient)(webhookTimeoutMs);
    }
    /** Posts one event for one step; `reduce` removes the four members whatever the size. */
    async post(endpoint, event, step, run, reduce = false) {
        if (endpoint === undefined)
            return { kind: 'failed', attempts: 0, reason: 'The service endpoint does not exist.' };
        const limitBytes = endpoint.kind === 'webhook' ? WEBHOOK_LIMIT : BUS_LIMIT;
        const body = (0, execution_context_1.contextBody)(event, step, run, this.#settings, { limitBytes, reduce });
        if (body === undefined) {
            return {
                kind: 'failed',
                attempts: 0,
                reason: `The message is over ${limitBytes} bytes even without its images.`,
            };
        }
        const message = {
            body: body.bytes,
            reduced: body.reduced,
            table: event.table,
            message: event.message,
            correlationId: event.correlationId,
            organizationHost: this.#organizationHost,
            userId: event.user.id,
            initiatingUserId: event.initiatingUser.id,
            userAgent: event.userAgent,
        };
        return endpoint.kind === 'webhook'
            ? this.#webhooks.deliver(endpoint, message)
            : this.#buses.deliver(endpoint, message);
    }
    async close() {
        await Promise.all([this.#webhooks.close(), this.#buses.close()]);
    }
}
exports.Poster = Poster;
//# sourceMappingURL=poster.js.map