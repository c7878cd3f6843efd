"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.messageInput = messageInput;
exports.messagesInput = messagesInput;
const typed_data_1 = require("./typed-data");
/** .NET's `DateTime.MaxValue`. */
const NET_MAX_TIME = '9999-12-31T23:59:59.9999999';
/** The message's facts under .NET's names; the SDK's members are read once here. */
function factsOf(message) {
    // Without a time to live the SDK reckons with AMQP's greatest one, which .NET can't count to.
    const neverExpires = (message.expiresAtUtc?.getUTCFullYear() ?? Infinity) > 9999;
    const expiry = neverExpires ? undefined : (0, typed_data_1.dateTime)(message.expiresAtUtc);
    return {
        // The SDK gives AMQP's count of earlier deliveries; .NET counts this one too.
        deliveryCount: (message.deliveryCount ?? 0) + 1,
        deadLetterSource: message.deadLetterSource,
        lockToken: message.lockToken,
        expiresAtUtc: expiry ?? NET_MAX_TIME,
        expiresAt: `${expiry ?? NET_MAX_TIME}+00:00`,
        enqueuedTimeUtc: (0, typed_data_1.dateTime)(message.enqueuedTimeUtc),
        enqueuedTime: (0, typed_data_1.dateTimeOffset)(message.enqueuedTimeUtc),
        messageId: identifier(message.messageId),
        contentType: message.contentType,
        replyTo: message.replyTo,
        // A Long in the SDK. Locally always small enough for a number; in Azure it may not be.
        sequenceNumber: Number(String(message.sequenceNumber ?? 0)),
        to: message.to,
        subject: message.subject,
        correlationId: identifier(message.correlationId),
        applicationProperties: message.applicationProperties ?? {},
        sessionId: message.sessionId,
        replyToSessionId: message.replyToSessionId,
        partitionKey: message.partitionKey,
    };
}
const identifier = (value) => value === undefined ? undefined : Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
/** Input for `cardinality: 'one'`: a text body's own members lie over the metadata. */
function messageInput(message, form) {
    const data = (0, typed_data_1.oneBody)((0, typed_data_1.bodyBytes)(message.body), form.binary);
    const facts = factsOf(message);
    const metadata = (0, typed_data_1.withBodyMembers)({
        DeliveryCount: (0, typed_data_1.json)(facts.deliveryCount),
        DeadLetterSource: (0, typed_data_1.text)(facts.deadLetterSource),
        LockToken: (0, typed_data_1.text)(facts.lockToken),
        ExpiresAtUtc: (0, typed_data_1.json)(facts.expiresAtUtc),
        ExpiresAt: (0, typed_data_1.json)(facts.expiresAt),
        EnqueuedTimeUtc: (0, typed_data_1.json)(facts.enqueuedTimeUtc),
        EnqueuedTime: (0, typed_data_1.json)(facts.enqueuedTime),
        MessageId: (0, typed_data_1.text)(facts.messageId),
        ContentType: (0, typed_data_1.text)(facts.contentType),
        ReplyTo: (0, typed_data_1.text)(facts.replyTo),
        SequenceNumber: (0, typed_data_1.json)(facts.sequenceNumber),
        To: (0, typed_data_1.text)(facts.to),
        Subject: (0, typed_data_1.text)(facts.subject),
        Label: (0, typed_data_1.text)(facts.subject),
        CorrelationId: (0, typed_data_1.text)(facts.correlationId),
        ApplicationProperties: (0, typed_data_1.json)(facts.applicationProperties),
        UserProperties: (0, typed_data_1.json)(facts.applicationProperties),
        SessionId: (0, typed_data_1.text)(facts.sessionId),
        ReplyToSessionId: (0, typed_data_1.text)(facts.replyToSessionId),
        PartitionKey: (0, typed_data_1.text)(facts.partitionKey),
        TransactionPartitionKey: (0, typed_data_1.text)(facts.partitionKey),
    }, data);
    return { data, metadata };
}
/** Input for `cardinality: 'many'`: each fact as an array, in which text arrays have lost their empty entries. */
function messagesInput(messages, form) {
    const facts = messages.map(factsOf);
    const jsons = (values) => ({ json: JSON.stringify(values) });
    return {
        data: (0, typed_data_1.manyBodies)(messages.map((message) => (0, typed_data_1.bodyBytes)(message.body)), form.binary),
        metadata: {
            DeliveryCountArray: jsons(facts.map((fact) => fact.deliveryCount)),
            DeadLetterSourceArray: (0, typed_data_1.texts)(facts.map((fact) => fact.deadLetterSource)),
            LockTokenArray: (0, typed_data_1.texts)(facts.map((fact) => fact.lockToken)),
            ExpiresAtUtcArray: jsons(facts.map((fact) => fact.expiresAtUtc)),
            ExpiresAtArray: jsons(facts.map((fact) => fact.expiresAt)),
            EnqueuedTimeUtcArray: jsons(facts.map((fact) => fact.enqueuedTimeUtc)),
            EnqueuedTimeArray: jsons(facts.map((fact) => fact.enqueuedTime)),
            MessageIdArray: (0, typed_data_1.texts)(facts.map((fact) => fact.messageId)),
            ContentTypeArray: (0, typed_data_1.texts)(facts.map((fact) => fact.contentType)),
            ReplyToArray: (0, typed_data_1.texts)(facts.map((fact) => fact.replyTo)),
            SequenceNumberArray: (0, typed_data_1.longs)(facts.map((fact) => fact.sequenceNumber)),
            ToArray: (0, typed_data_1.texts)(facts.map((fact) => fact.to)),
            SubjectArray: (0, typed_data_1.texts)(facts.map((fact) => fact.subject)),
            LabelArray: (0, typed_data_1.texts)(facts.map((fact) => fact.subject)),
            CorrelationIdArray: (0, typed_data_1.texts)(facts.map((fact) => fact.correlationId)),
            ApplicationPropertiesArray: jsons(facts.map((fact) => fact.applicationProperties)),
            UserPropertiesArray: jsons(facts.map((fact) => fact.applicationProperties)),
            SessionIdArray: (0, typed_data_1.texts)(facts.map((fact) => fact.sessionId)),
            ReplyToSessionIdArray: (0, typed_data_1.texts)(facts.map((fact) => fact.replyToSessionId)),
            PartitionKeyArray: (0, typed_data_1.texts)(facts.map((fact) => fact.partitionKey)),
            TransactionPartitionKeyArray: (0, typed_data_1.texts)(facts.map((fact) => fact.partitionKey)),
        },
    };
}
//# sourceMappingURL=service-bus-data.js.map