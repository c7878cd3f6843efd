"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.prepareServiceBus = prepareServiceBus;
/**
 * Service Bus queue and topic triggers: peek-lock; a function that returns completes its messages, one that throws abandons them, so that the broker redelivers at once
 * until the entity's maximum delivery count (https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger#peeklock-behavior).
 */
const service_bus_1 = require("@azure/service-bus");
const promises_1 = require("node:timers/promises");
const zod_1 = require("zod");
const service_bus_data_1 = require("./service-bus-data");
const settings_1 = require("./settings");
const trigger_1 = require("./trigger");
const serviceBusBinding = zod_1.z.object({
    connection: zod_1.z.string().default('ServiceBus'),
    queueName: zod_1.z.string().optional(),
    topicName: zod_1.z.string().optional(),
    subscriptionName: zod_1.z.string().optional(),
    isSessionsEnabled: zod_1.z.boolean().default(false),
    autoCompleteMessages: zod_1.z.boolean().optional(),
    cardinality: zod_1.z.string().default('one'),
    dataType: zod_1.z.string().optional(),
});
/** How long a receive waits before it asks again; bounds how long a stop takes. */
const RECEIVE_WAIT_MS = 1_000;
/** The pause after a failed receive. */
const RETRY_PAUSE_MS = 1_000;
/** .NET's pauses, which the real host has; the JavaScript SDK's own would leave a lost link down for 30 s. */
const NET_RETRY = { mode: service_bus_1.RetryMode.Exponential, retryDelayInMs: 800, maxRetryDelayInMs: 60_000 };
/**
 * Prepares a Service Bus trigger.
 *
 * @throws FunctionInError if a setting or its entity is missing.
 */
function prepareServiceBus(target, context) {
    const { settings, hostJson } = context;
    const binding = serviceBusBinding.parse(target.trigger);
    const [queue, topic, subscription] = [binding.queueName, binding.topicName, binding.subscriptionName].map((name) => name && settings.resolve(name));
    const entity = queue ? [queue] : topic && subscription ? [topic, subscription] : undefined;
    if (entity === undefined)
        throw new settings_1.FunctionInError("A Service Bus trigger needs 'queueName', or 'topicName' and 'subscriptionName'.");
    return new ServiceBusTrigger(target, context, {
        connectionString: settings.connection(settings.resolve(binding.connection)),
        entity,
        sessions: binding.isSessionsEnabled,
        many: binding.cardinality.toLowerCase() === 'many',
        binary: binding.dataType?.toLowerCase() === 'binary',
        autoComplete: binding.autoCompleteMessages ?? hostJson.extensions.serviceBus.autoCompleteMessages,
    });
}
class ServiceBusTrigger {
    target;
    context;
    options;
    #stopping = new AbortController();
    #handling = new Set();
    #client;
    #subscription;
    constructor(target, context, options) {
        this.target = target;
        this.context = context;
        this.options = options;
    }
    start() {
        const { sessions, many, entity } = this.options;
        const host = this.context.hostJson.extensions.serviceBus;
        this.#client = new service_bus_1.ServiceBusClient(this.options.connectionString, { retryOptions: NET_RETRY });
        const client = this.#client;
        if (sessions) {
            for (let slot = 0; slot < host.maxConcurrentSessions; slot++)
                void this.#loop(() => this.#serveNextSession(client));
            return Promise.resolve();
        }
        const options = this.#receiverOptions();
        const receiver = entity.length === 1 ? client.createReceiver(entity[0], options) : client.createReceiver(...entity, options);
        if (many)
            void this.#loop(() => this.#track(this.#serveBatch(receiver, RECEIVE_WAIT_MS)));
        else
            this.#subscribe(receiver);
        return Promise.resolve();
    }
    async pause() {
        this.#stopping.abort();
        await this.#subscription?.close();
    }
    /** Messages are settled after their runs. Closing the client then ends the waits for a session, which heed no signal. */
    async close() {
        await Promise.allSettled(this.#handling);
        await this.#client?.close();
    }
    async runManually(input) {
        const { many, binary } = this.options;
        const message = { body: Buffer.from(input, 'utf8') };
        const delivery = many ? (0, service_bus_data_1.messagesInput)([message], { binary }) : (0, service_bus_data_1.messageInput)(message, { binary });
        await this.context.executor.run(this.target, { ...delivery, reason: trigger_1.CALLED_REASON });
    }
    #receiverOptions() {
        const renewal = this.context.hostJson.extensions.serviceBus.maxAutoLockRenewalDuration;
        return {
            receiveMode: 'peekLock',
            // Bodies must arrive as they were sent: it is the library that parses, by rules of its own.
            skipParsingBodyAsJson: true,
            skipConvertingDate: true,
            // The real host renews locks of single messages only.
            maxAutoLockRenewalDurationInMs: this.options.many ? 0 : renewal,
        };
    }
    #subscribe(receiver) {
        const { maxConcurrentCalls } = this.context.hostJson.extensions.serviceBus;
        this.#subscription = receiver.subscribe({
            processMessage: (message) => this.#track(this.#handle(receiver, [message])),
            processError: ({ error, errorSource }) => {
                if (!this.#stopping.signal.aborted)
                    this.#logError(`Message processing error (Action=${errorSource})`, error);
                return Promise.resolve();
            },
        }, { autoCompleteMessages: false, maxConcurrentCalls });
    }
    async #loop(step) {
        const { signal } = this.#stopping;
        while (!signal.aborted) {
            try {
                await step();
            }
            catch (error) {
                if (this.#stopping.signal.aborted)
                    return;
                this.#logError('Receiving failed', error);
                await (0, promises_1.setTimeout)(RETRY_PAUSE_MS, undefined, { signal }).catch(() => undefined);
            }
        }
    }
    /** Receives and handles what is there, up to a whole batch. Returns how many messages there were. */
    async #serveBatch(receiver, waitMs) {
        const count = this.options.many ? this.context.hostJson.extensions.serviceBus.maxMessageBatchSize : 1;
        const messages = await receiver.receiveMessages(count, { maxWaitTimeInMs: waitMs });
        if (messages.length > 0)
            await this.#handle(receiver, messages);
        return messages.length;
    }
    /** Takes the next free session and serves it in order until it has been idle for `sessionIdleTimeout`. */
    async #serveNextSession(client) {
        const { entity } = this.options;
        const options = this.#receiverOptions();
        let receiver;
        try {
            receiver =
                entity.length === 1
                    ? await client.acceptNextSession(entity[0], options)
                    : await client.acceptNextSession(...entity, options);
        }
        catch (error) {
            // No session had a message for as long as the broker waits.
            if ((0, service_bus_1.isServiceBusError)(error) && error.code === 'ServiceTimeout')
                return;
            throw error;
        }
        try {
            const idleLimit = this.context.hostJson.extensions.serviceBus.sessionIdleTimeout;
            let lastMessage = performance.now();
            while (!this.#stopping.signal.aborted && performance.now() - lastMessage < idleLimit) {
                const wait = Math.min(RECEIVE_WAIT_MS, idleLimit - (performance.now() - lastMessage));
                if ((await this.#track(this.#serveBatch(receiver, Math.max(wait, 1)))) > 0)
                    lastMessage = performance.now();
            }
        }
        finally {
            await receiver.close();
        }
    }
    #track(work) {
        this.#handling.add(work);
        return work.finally(() => this.#handling.delete(work));
    }
    /** One invocation. Its messages are settled as a whole; one that can't be settled comes again when its lock is over. */
    async #handle(receiver, messages) {
        const { many, binary, autoComplete } = this.options;
        const [first] = messages;
        // Messages that came while the receiver was being stopped go back unseen.
        if (first === undefined || this.#stopping.signal.aborted)
            return this.#settle(messages, (message) => receiver.abandonMessage(message));
        const delivery = many ? (0, service_bus_data_1.messagesInput)(messages, { binary }) : (0, service_bus_data_1.messageInput)(first, { binary });
        const result = await this.context.executor.run(this.target, { ...delivery, reason: trigger_1.MESSAGE_REASON });
        if (result.kind !== 'succeeded')
            await this.#settle(messages, (message) => receiver.abandonMessage(message));
        else if (autoComplete)
            await this.#settle(messages, (message) => receiver.completeMessage(message));
    }
    async #settle(messages, action) {
        for (const outcome of await Promise.allSettled(messages.map(action))) {
            if (outcome.status === 'rejected')
                this.#logError('Settling a message failed', outcome.reason);
        }
    }
    #logError(what, error) {
        const message = `${what}, ${this.options.entity.join('/')}: ${error instanceof Error ? error.message : String(error)}`;
        this.context.log({ level: 'error', category: 'host', function: this.target.name, message });
    }
}
//# sourceMappingURL=service-bus.js.map