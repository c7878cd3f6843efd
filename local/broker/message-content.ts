import { randomUUID } from 'node:crypto';
import { types, type Typed } from 'rhea';
import { described, encode, list, map, numberOf, readerOf, symbol, textOf } from './amqp-types';

/**
 * A message as its sender gave it. The broker rewrites only the header and the annotations, so everything else stays
 * the bytes that were sent: decoding and encoding a body again would lose AMQP types that JavaScript doesn't have.
 */
export interface MessageContent {
  /** Durable, priority and time to live, as sent. */
  readonly header: readonly (Typed | undefined)[];
  /** Message annotations: keys and values in turn. */
  readonly annotations: readonly Typed[];
  readonly messageId: string | undefined;
  readonly sessionId: string | undefined;
  /** The encoded properties section. */
  readonly properties: Buffer;
  /** The encoded application-properties section; may be empty. */
  readonly applicationProperties: Buffer;
  /** The encoded body and footer. */
  readonly body: Buffer;
}

/** Annotations that the broker sets, by name. */
export type Annotations = Readonly<Record<string, Typed>>;

/** Section codes of AMQP 1.0, part 3.2. */
const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  annotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
} as const;

/** Fields of the properties section. */
const MESSAGE_ID = 0;
const GROUP_ID = 10;

/** The transfer format of a batch: each data section is an encoded message. */
export const BATCH_FORMAT = 0x80013700;

const EMPTY: Buffer = Buffer.alloc(0);

/** Splits an encoded message into its sections. */
export function parseMessage(encoded: Buffer): MessageContent {
  const reader = readerOf(encoded);
  let header: readonly Typed[] = [];
  let annotations: readonly Typed[] = [];
  let fields: readonly Typed[] = [];
  let properties: Buffer = EMPTY;
  let applicationProperties: Buffer = EMPTY;
  let body: Buffer = EMPTY;
  while (reader.remaining() > 0 && body.length === 0) {
    const start = reader.position;
    const section = reader.read();
    const bytes = encoded.subarray(start, reader.position);
    switch (sectionCode(section)) {
      case SECTION.header:
        header = itemsOf(section).slice(0, 3);
        break;
      case SECTION.deliveryAnnotations: // meant for this hop only
        break;
      case SECTION.annotations:
        annotations = itemsOf(section);
        break;
      case SECTION.properties:
        fields = itemsOf(section);
        properties = bytes;
        break;
      case SECTION.applicationProperties:
        applicationProperties = bytes;
        break;
      default:
        body = encoded.subarray(start);
    }
  }
  return {
    header,
    annotations,
    properties,
    applicationProperties,
    body,
    messageId: textOf(valueOf(fields[MESSAGE_ID])),
    sessionId: textOf(valueOf(fields[GROUP_ID])),
  };
}

/** Gives a message without an id one: Service Bus does, and the SDK's lock renewal can't work without it. */
export function withMessageId(content: MessageContent): MessageContent {
  const fields = content.properties.length > 0 ? itemsOf(readerOf(content.properties).read()) : [];
  if (fields[MESSAGE_ID] !== undefined && valueOf(fields[MESSAGE_ID]) !== null) return content;
  const messageId = randomUUID().replaceAll('-', '');
  const properties = encode([
    described(SECTION.properties, list([types.wrap_string(messageId), ...fields.slice(MESSAGE_ID + 1)])),
  ]);
  return { ...content, messageId, properties };
}

/** Sets application properties, keeping the others as they are. */
export function withApplicationProperties(
  content: MessageContent,
  changes: Readonly<Record<string, unknown>>,
): MessageContent {
  const names = new Set(Object.keys(changes));
  if (names.size === 0) return content;
  const before = content.applicationProperties;
  const items = before.length > 0 ? without(itemsOf(readerOf(before).read()), names) : [];
  for (const [name, value] of Object.entries(changes)) items.push(types.wrap_string(name), types.wrap(value));
  return { ...content, applicationProperties: encode([described(SECTION.applicationProperties, map(items))]) };
}

/** A message annotation's decoded value. */
export function annotation(annotations: readonly Typed[], name: string): unknown {
  const at = annotations.findIndex((key, index) => index % 2 === 0 && valueOf(key) === name);
  return at < 0 ? undefined : valueOf(annotations[at + 1]);
}

/** When the sender wants the message to appear, in epoch milliseconds; undefined for at once. */
export function scheduledTime(content: MessageContent): number | undefined {
  const at = annotation(content.annotations, 'x-opt-scheduled-enqueue-time');
  return at === undefined || at === null ? undefined : numberOf(at);
}

/** Encodes a message for a Service Bus receiver. */
export function renderMessage(content: MessageContent, set: Annotations, deliveryCount: number): Buffer {
  const [durable, priority, ttl] = content.header;
  const firstAcquirer = types.wrap_boolean(deliveryCount === 0);
  const head = described(SECTION.header, list([durable, priority, ttl, firstAcquirer, types.wrap_uint(deliveryCount)]));
  return Buffer.concat([encode([head, annotationSection(content, set)]), unchangedBytes(content)]);
}

/** Encodes an event for any number of Event Hubs readers; it has no header, since an event is never redelivered. */
export const renderEvent = (content: MessageContent, set: Annotations): Buffer =>
  Buffer.concat([encode([annotationSection(content, set)]), unchangedBytes(content)]);

/** Puts delivery annotations, which are meant for one reader, before an encoded event. */
export const withDeliveryAnnotations = (event: Buffer, set: Annotations): Buffer =>
  Buffer.concat([encode([described(SECTION.deliveryAnnotations, map(flatten(set)))]), event]);

/** A sent transfer: one message, or a batch with annotations of its own. */
export interface SentMessages {
  readonly envelope: readonly Typed[];
  readonly messages: readonly MessageContent[];
}

/** Splits a transfer into its messages. */
export function parseTransfer(encoded: Buffer, format: number): SentMessages {
  if (format !== BATCH_FORMAT) return { envelope: [], messages: [parseMessage(encoded)] };
  const reader = readerOf(encoded);
  const messages: MessageContent[] = [];
  let envelope: readonly Typed[] = [];
  while (reader.remaining() > 0) {
    const section = reader.read();
    const value = valueOf(section);
    if (sectionCode(section) === SECTION.annotations) envelope = itemsOf(section);
    if (sectionCode(section) === SECTION.data && Buffer.isBuffer(value)) messages.push(parseMessage(value));
  }
  return { envelope, messages };
}

const unchangedBytes = (content: MessageContent): Buffer =>
  Buffer.concat([content.properties, content.applicationProperties, content.body]);

const annotationSection = (content: MessageContent, set: Annotations): Typed =>
  described(SECTION.annotations, map([...without(content.annotations, new Set(Object.keys(set))), ...flatten(set)]));

const flatten = (set: Annotations): Typed[] => Object.entries(set).flatMap(([name, value]) => [symbol(name), value]);

/** Keys and values in turn, less the named ones. */
function without(keysAndValues: readonly Typed[], names: ReadonlySet<string>): Typed[] {
  const named = (key: Typed | undefined) => names.has(textOf(valueOf(key)) ?? '');
  return keysAndValues.filter((_, index) => !named(keysAndValues[index - (index % 2)]));
}

const sectionCode = (section: Typed): number => Number((section.descriptor as Typed).value);

const valueOf = (typed: Typed | undefined): unknown => typed?.value;

/** The items of a decoded list, or a decoded map's keys and values in turn. */
const itemsOf = (section: Typed): readonly Typed[] => section.value as Typed[];
