/**
 * A Service Bus message as a function in Node gets it from the real host (ServiceBusTriggerBindingStrategy in https://github.com/Azure/azure-sdk-for-net). Left out are
 * the .NET objects that the real metadata also shows as useless JSON: receiver, session, actions, client.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { TypedData } from './core-api';
import {
  bodyBytes,
  dateTime,
  dateTimeOffset,
  json,
  longs,
  manyBodies,
  oneBody,
  text,
  texts,
  withBodyMembers,
} from './typed-data';

/** What the trigger says about the form of its input. */
export interface InputForm {
  readonly binary: boolean;
}

/** The function's input and metadata. */
export interface FunctionInput {
  readonly data: TypedData;
  readonly metadata: Readonly<Record<string, TypedData>>;
}

/** .NET's `DateTime.MaxValue`. */
const NET_MAX_TIME = '9999-12-31T23:59:59.9999999';

/** The message's facts under .NET's names; the SDK's members are read once here. */
function factsOf(message: Partial<ServiceBusReceivedMessage>) {
  // Without a time to live the SDK reckons with AMQP's greatest one, which .NET can't count to.
  const neverExpires = (message.expiresAtUtc?.getUTCFullYear() ?? Infinity) > 9999;
  const expiry = neverExpires ? undefined : dateTime(message.expiresAtUtc);
  return {
    // The SDK gives AMQP's count of earlier deliveries; .NET counts this one too.
    deliveryCount: (message.deliveryCount ?? 0) + 1,
    deadLetterSource: message.deadLetterSource,
    lockToken: message.lockToken,
    expiresAtUtc: expiry ?? NET_MAX_TIME,
    expiresAt: `${expiry ?? NET_MAX_TIME}+00:00`,
    enqueuedTimeUtc: dateTime(message.enqueuedTimeUtc),
    enqueuedTime: dateTimeOffset(message.enqueuedTimeUtc),
    messageId: identifier(message.messageId),
    contentType: message.contentType,
    replyTo: message.replyTo,
    // A Long in the SDK. Locally always small enough for a number; in Azure it may not be.
    sequenceNumber: Number(String(message.sequenceNumber ?? 0)),
    to: message.to,
    subject: message.subject,
    correlationId: identifier(message.correlationId),
    applicationProperties: Object.fromEntries(
      Object.entries(message.applicationProperties ?? {}).map(([name, value]) => [
        name,
        value instanceof Date ? `${dateTime(value) ?? ''}Z` : value,
      ]),
    ),
    sessionId: message.sessionId,
    replyToSessionId: message.replyToSessionId,
    partitionKey: message.partitionKey,
  };
}

const identifier = (value: string | number | Buffer | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.isBuffer(value) ? value.toString('utf8') : String(value);

/** Input for `cardinality: 'one'`: a text body's own members lie over the metadata. */
export function messageInput(message: Partial<ServiceBusReceivedMessage>, form: InputForm): FunctionInput {
  const data = oneBody(bodyBytes(message.body), form.binary);
  const facts = factsOf(message);
  const metadata = withBodyMembers(
    {
      DeliveryCount: json(facts.deliveryCount),
      DeadLetterSource: text(facts.deadLetterSource),
      LockToken: text(facts.lockToken),
      ExpiresAtUtc: json(facts.expiresAtUtc),
      ExpiresAt: json(facts.expiresAt),
      EnqueuedTimeUtc: json(facts.enqueuedTimeUtc),
      EnqueuedTime: json(facts.enqueuedTime),
      MessageId: text(facts.messageId),
      ContentType: text(facts.contentType),
      ReplyTo: text(facts.replyTo),
      SequenceNumber: json(facts.sequenceNumber),
      To: text(facts.to),
      Subject: text(facts.subject),
      Label: text(facts.subject),
      CorrelationId: text(facts.correlationId),
      ApplicationProperties: json(facts.applicationProperties),
      UserProperties: json(facts.applicationProperties),
      SessionId: text(facts.sessionId),
      ReplyToSessionId: text(facts.replyToSessionId),
      PartitionKey: text(facts.partitionKey),
      TransactionPartitionKey: text(facts.partitionKey),
    },
    data,
  );
  return { data, metadata };
}

/** Input for `cardinality: 'many'`: each fact as an array, in which text arrays have lost their empty entries. */
export function messagesInput(messages: readonly Partial<ServiceBusReceivedMessage>[], form: InputForm): FunctionInput {
  const facts = messages.map(factsOf);
  const jsons = (values: readonly unknown[]): TypedData => ({ json: JSON.stringify(values) });
  return {
    data: manyBodies(
      messages.map((message) => bodyBytes(message.body)),
      form.binary,
    ),
    metadata: {
      DeliveryCountArray: jsons(facts.map((fact) => fact.deliveryCount)),
      DeadLetterSourceArray: texts(facts.map((fact) => fact.deadLetterSource)),
      LockTokenArray: texts(facts.map((fact) => fact.lockToken)),
      ExpiresAtUtcArray: jsons(facts.map((fact) => fact.expiresAtUtc)),
      ExpiresAtArray: jsons(facts.map((fact) => fact.expiresAt)),
      EnqueuedTimeUtcArray: jsons(facts.map((fact) => fact.enqueuedTimeUtc)),
      EnqueuedTimeArray: jsons(facts.map((fact) => fact.enqueuedTime)),
      MessageIdArray: texts(facts.map((fact) => fact.messageId)),
      ContentTypeArray: texts(facts.map((fact) => fact.contentType)),
      ReplyToArray: texts(facts.map((fact) => fact.replyTo)),
      SequenceNumberArray: longs(facts.map((fact) => fact.sequenceNumber)),
      ToArray: texts(facts.map((fact) => fact.to)),
      SubjectArray: texts(facts.map((fact) => fact.subject)),
      LabelArray: texts(facts.map((fact) => fact.subject)),
      CorrelationIdArray: texts(facts.map((fact) => fact.correlationId)),
      ApplicationPropertiesArray: jsons(facts.map((fact) => fact.applicationProperties)),
      UserPropertiesArray: jsons(facts.map((fact) => fact.applicationProperties)),
      SessionIdArray: texts(facts.map((fact) => fact.sessionId)),
      ReplyToSessionIdArray: texts(facts.map((fact) => fact.replyToSessionId)),
      PartitionKeyArray: texts(facts.map((fact) => fact.partitionKey)),
      TransactionPartitionKeyArray: texts(facts.map((fact) => fact.partitionKey)),
    },
  };
}
