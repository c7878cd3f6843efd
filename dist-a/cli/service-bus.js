"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.senderTo = exports.entityText = void 0;
exports.entityOf = entityOf;
exports.deadLettersOf = deadLettersOf;
const terminal_1 = require("./terminal");
/** An entity in words. */
const entityText = (entity) => entity.kind === 'queue' ? `queue ${entity.queue}` : `subscription ${entity.subscription} of topic ${entity.topic}`;
exports.entityText = entityText;
/** The entity that is meant: named, or the only one of the app. @throws UsageError where that isn't clear */
function entityOf({ queue, topic, subscription }, config) {
    if (queue !== undefined) {
        if (topic !== undefined || subscription !== undefined)
            throw new terminal_1.UsageError('name either --queue, or --topic and --subscription');
        return { kind: 'queue', queue };
    }
    if (topic !== undefined || subscription !== undefined) {
        if (topic === undefined || subscription === undefined)
            throw new terminal_1.UsageError('--topic and --subscription belong together: dead letters lie in a subscription');
        return { kind: 'subscription', topic, subscription };
    }
    const { queue: ownQueue, topic: ownTopic, subscription: ownSubscription } = config;
    const own = [
        ...(ownQueue === undefined ? [] : [{ kind: 'queue', queue: ownQueue }]),
        ...(ownTopic === undefined || ownSubscription === undefined
            ? []
            : [{ kind: 'subscription', topic: ownTopic, subscription: ownSubscription }]),
    ];
    const [only, other] = own;
    if (only !== undefined && other === undefined)
        return only;
    throw new terminal_1.UsageError(own.length === 0
        ? 'SERVICEBUS_QUEUE, SERVICEBUS_TOPIC and SERVICEBUS_SUBSCRIPTION are missing: name --queue, or --topic and --subscription'
        : `the app has several: say ${own.map(flagsOf).join(', or ')}`);
}
const flagsOf = (entity) => entity.kind === 'queue' ? `--queue ${entity.queue}` : `--topic ${entity.topic} --subscription ${entity.subscription}`;
/** A receiver of an entity's dead letters: bodies come as the bytes they are. */
function deadLettersOf(client, entity) {
    const options = {
        subQueueType: 'deadLetter',
        receiveMode: 'peekLock',
        skipParsingBodyAsJson: true,
        skipConvertingDate: true,
    };
    return entity.kind === 'queue'
        ? client.createReceiver(entity.queue, options)
        : client.createReceiver(entity.topic, entity.subscription, options);
}
/** A sender to an entity: what is sent for a subscription goes to its topic, and so to all its subscriptions. */
const senderTo = (client, entity) => client.createSender(entity.kind === 'queue' ? entity.queue : entity.topic);
exports.senderTo = senderTo;
//# sourceMappingURL=service-bus.js.map