import { createHmac } from 'node:crypto';
import { types, type Message, type Sender, type Session } from 'rhea';
import { recordOf, symbol, textOf } from './amqp-types';
import { BrokerError, CONDITION } from './broker-error';
import { manageEntity, manageHub, type Reply, type Request } from './management';
import type { Entities } from './topology';

/** The kind of token that clients make of a shared access key; that of an identity has another. */
export const SAS_TOKEN = 'servicebus.windows.net:sastoken';

/**
 * Whether a token is signed with this key, and not over.
 * https://learn.microsoft.com/azure/event-hubs/authenticate-shared-access-signature
 */
export function isSignedWith(key: string, token: string): boolean {
  const field = (name: string): string => new RegExp(`[ &]${name}=([^&]*)`).exec(token)?.[1] ?? '';
  const expiry = field('se');
  const signature = createHmac('sha256', key)
    .update(`${field('sr')}\n${expiry}`)
    .digest('base64');
  return decodeURIComponent(field('sig')) === signature && Number(expiry) * 1000 > Date.now();
}

const CBS = '$cbs';
const MANAGEMENT = '$management';

/** Whether links to this address carry requests or replies. */
export const isRequestAddress = (address: string): boolean =>
  [CBS, MANAGEMENT].includes(address.toLowerCase()) || address.toLowerCase().endsWith(`/${MANAGEMENT}`);

/** What requests are answered from. */
export interface Answering {
  readonly entities: Entities;
  /** The shared access key that tokens have to be signed with. */
  readonly key: string;
}

/** Handles a request that came in on a link to `address`, and sends the reply over the link that it names. */
export function handleRequest(from: Answering, session: Session, address: string, message: Message): void {
  const replyTo = message.reply_to;
  const sender = session.find_sender(
    (link: Sender) =>
      recordOf(link.source).address === address && (recordOf(link.target).address === replyTo || link.name === replyTo),
  );
  sender?.send(replyMessage(message, attempt(from, address, message)));
}

function attempt(from: Answering, address: string, message: Message): Reply | BrokerError {
  try {
    return answer(from, address, message);
  } catch (error) {
    return BrokerError.from(error);
  }
}

function answer({ entities, key }: Answering, address: string, message: Message): Reply {
  const properties = recordOf(message.application_properties);
  if (address.toLowerCase() === CBS) return putToken(key, properties.type, message.body);
  const operation = textOf(properties.operation) ?? '';
  const request: Request = { operation, properties, body: recordOf(message.body) };
  // Event Hubs clients ask at one address for all hubs, Service Bus clients at one below each entity.
  if (address.toLowerCase() === MANAGEMENT) return manageHub(entities.hub(textOf(properties.name) ?? ''), request);
  return manageEntity(entities.at(address.slice(0, -MANAGEMENT.length - 1)), request);
}

/** Claims-based security: a client puts a token before it uses an entity. An identity's is taken unread. */
function putToken(key: string, type: unknown, token: unknown): Reply {
  if (type === SAS_TOKEN && !isSignedWith(key, textOf(token) ?? '')) {
    throw new BrokerError(CONDITION.unauthorized, 'The token has an invalid signature, or has expired.');
  }
  return { status: 202 };
}

/** The clients read the status under either spelling: `$cbs` uses the one, `$management` the other. */
function replyMessage(request: Message, reply: Reply | BrokerError): Message {
  const failed = reply instanceof BrokerError;
  const status = types.wrap_int(reply.status);
  const description = failed ? reply.message : 'OK';
  const condition = failed
    ? { errorCondition: symbol(reply.condition), 'error-condition': symbol(reply.condition) }
    : {};
  return {
    ...(request.message_id === undefined ? {} : { correlation_id: request.message_id }),
    application_properties: {
      statusCode: status,
      'status-code': status,
      statusDescription: description,
      'status-description': description,
      ...condition,
    },
    body: failed ? undefined : reply.body,
  };
}
