import { types } from 'rhea';
import { arrayOf, numberOf, numbersOf, recordOf, textOf } from './amqp-types';
import { BrokerError, CONDITION } from './broker-error';
import type { EventHub } from './event-hub';
import { parseMessage } from './message-content';
import type { Queue, Settlement } from './queue';
import { tokenKey } from './queued-message';
import type { Sessions } from './session';
import type { Topic } from './topic';
import type { Entity } from './topology';

/** A request to `$cbs` or `$management`. */
export interface Request {
  readonly operation: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A reply; a status other than 2xx comes from a `BrokerError`. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/** Thrown for an operation that the broker doesn't have. */
export const unknownOperation = (request: Request): BrokerError =>
  new BrokerError(CONDITION.notImplemented, `The broker has no operation '${request.operation}'.`);

/** A number out of a request's body; `otherwise` where it is absent. */
export const numberIn = (request: Request, name: string, otherwise: number): number => {
  const value = request.body[name];
  return value === undefined || value === null ? otherwise : numberOf(value);
};

/** Answers what a client asks about an event hub or one of its partitions. */
export function manageHub(hub: EventHub, request: Request): Reply {
  if (request.operation !== 'READ') throw unknownOperation(request);
  return request.properties.type === 'com.microsoft:partition' ? readPartition(hub, request) : readHub(hub);
}

function readHub(hub: EventHub): Reply {
  const ids = hub.partitions.map((partition) => partition.id);
  return {
    status: 200,
    body: {
      name: hub.name,
      type: 'com.microsoft:eventhub',
      created_at: types.wrap_timestamp(hub.createdAt),
      partition_count: types.wrap_int(ids.length),
      partition_ids: arrayOf('string', ids),
      georeplication_factor: types.wrap_int(1),
    },
  };
}

function readPartition(hub: EventHub, request: Request): Reply {
  const partition = hub.partition(textOf(request.properties.partition) ?? '');
  return {
    status: 200,
    body: {
      name: hub.name,
      type: 'com.microsoft:partition',
      partition: partition.id,
      begin_sequence_number: types.wrap_long(0),
      last_enqueued_sequence_number: types.wrap_long(partition.end.sequence),
      last_enqueued_offset: String(partition.end.offset),
      last_enqueued_time_utc: types.wrap_timestamp(partition.end.enqueuedAt),
      is_partition_empty: partition.size === 0,
    },
  };
}

/**
 * Answers a Service Bus management request.
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response
 */
export function manageEntity(entity: Entity, request: Request): Reply {
  switch (entity.kind) {
    case 'queue':
      return manageQueue(entity.queue, request);
    case 'topic':
      return manageSender(entity.topic, request);
    case 'hub':
      throw unknownOperation(request);
  }
}

function manageQueue(queue: Queue, request: Request): Reply {
  switch (request.operation) {
    case 'com.microsoft:peek-message':
      return peek(queue, request);
    case 'com.microsoft:renew-lock':
      return ok({ expirations: arrayOf('timestamp', queue.renew(lockTokens(request))) });
    case 'com.microsoft:receive-by-sequence-number':
      return receiveDeferred(queue, request);
    case 'com.microsoft:update-disposition':
      for (const token of lockTokens(request)) queue.settle(token, settlement(request));
      return ok();
    case 'com.microsoft:renew-session-lock':
      return ok({ expiration: types.wrap_timestamp(sessionsOf(queue).renew(sessionId(request))) });
    case 'com.microsoft:get-session-state':
      return ok({ 'session-state': sessionsOf(queue).state(sessionId(request)) });
    case 'com.microsoft:set-session-state':
      sessionsOf(queue).setState(sessionId(request), request.body['session-state'] ?? null);
      return ok();
    default:
      return manageSender(queue, request);
  }
}

/** What a sender asks for, of a queue or of a topic. */
function manageSender(target: Queue | Topic, request: Request): Reply {
  switch (request.operation) {
    case 'com.microsoft:schedule-message':
      return ok({ 'sequence-numbers': arrayOf('long', target.send(encodedMessages(request).map(parseMessage))) });
    case 'com.microsoft:cancel-scheduled-message':
      target.cancelScheduled(numbersOf(request.body['sequence-numbers']));
      return ok();
    default:
      throw unknownOperation(request);
  }
}

function peek(queue: Queue, request: Request): Reply {
  const from = numberIn(request, 'from-sequence-number', 0);
  const found = queue.peek(from, numberIn(request, 'message-count', 1), textOf(request.body['session-id']));
  return found.length === 0 ? { status: 204 } : ok({ messages: found.map((message) => ({ message })) });
}

function receiveDeferred(queue: Queue, request: Request): Reply {
  const sequences = numbersOf(request.body['sequence-numbers']);
  const destructive = numberIn(request, 'receiver-settle-mode', 1) === 0;
  return ok({
    messages: queue.receiveDeferred(sequences, destructive).map(({ token, encoded }) => ({
      message: encoded,
      ...(token === undefined ? {} : { 'lock-token': types.wrap_uuid(token) }),
    })),
  });
}

/** A settlement by token: of deferred messages, and of messages whose link is closed. */
function settlement({ body }: Request): Settlement {
  const properties = recordOf(body['properties-to-modify']);
  switch (body['disposition-status']) {
    case 'completed':
      return { kind: 'complete' };
    case 'abandoned':
      return { kind: 'abandon', counted: true, properties };
    case 'defered': // spelled so by the service
      return { kind: 'defer', properties };
    case 'suspended':
      return {
        kind: 'deadLetter',
        reason: textOf(body['deadletter-reason']),
        description: textOf(body['deadletter-description']),
        properties,
      };
    default:
      throw new BrokerError(CONDITION.notImplemented, 'The broker has no such disposition.');
  }
}

const ok = (body?: Readonly<Record<string, unknown>>): Reply => ({ status: 200, body });

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const encodedMessages = (request: Request): Buffer[] =>
  itemsOf(request.body.messages)
    .map((item) => recordOf(item).message)
    .filter((item) => Buffer.isBuffer(item));

const lockTokens = (request: Request): string[] =>
  itemsOf(request.body['lock-tokens'])
    .filter((item) => Buffer.isBuffer(item))
    .map(tokenKey);

const sessionId = (request: Request): string => textOf(request.body['session-id']) ?? '';

function sessionsOf(queue: Queue): Sessions {
  if (queue.sessions !== undefined) return queue.sessions;
  throw new BrokerError(CONDITION.notAllowed, `'${queue.name}' has no sessions.`);
}
