/**
 * Service Bus queue and topic triggers: peek-lock; a function that returns completes its messages, one that throws abandons them, so that the broker redelivers at once
 * until the entity's maximum delivery count (https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger#peeklock-behavior).
 */
import {
  isServiceBusError,
  RetryMode,
  ServiceBusClient,
  type ServiceBusReceivedMessage,
  type ServiceBusReceiver,
  type ServiceBusReceiverOptions,
  type ServiceBusSessionReceiver,
} from '@azure/service-bus';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { messageInput, messagesInput } from './service-bus-data';
import { FunctionInError } from './settings';
import { CALLED_REASON, MESSAGE_REASON, type Trigger, type TriggerContext } from './trigger';
import type { RegisteredFunction } from './worker';

const serviceBusBinding = z.object({
  connection: z.string().default('ServiceBus'),
  queueName: z.string().optional(),
  topicName: z.string().optional(),
  subscriptionName: z.string().optional(),
  isSessionsEnabled: z.boolean().default(false),
  autoCompleteMessages: z.boolean().optional(),
  cardinality: z.string().default('one'),
  dataType: z.string().optional(),
});

/** How long a receive waits before it asks again; bounds how long a stop takes. */
const RECEIVE_WAIT_MS = 1_000;
/** How long .NET waits for more messages after the first one of a batch. */
const BATCH_WAIT_MS = 20;
/** The pause after a failed receive. */
const RETRY_PAUSE_MS = 1_000;

/**
 * .NET's pauses, which the real host has; the JavaScript SDK's own would leave a lost link down for 30 s. .NET also notices at
 * once that a connection was lost while a link is opened; here that is noticed when the attempt is over, by default after a minute.
 */
const NET_RETRY = {
  mode: RetryMode.Exponential,
  retryDelayInMs: 800,
  maxRetryDelayInMs: 60_000,
  timeoutInMs: 5_000,
} as const;

type Entity = readonly [queue: string] | readonly [topic: string, subscription: string];

interface ServiceBusOptions {
  readonly connectionString: string;
  readonly entity: Entity;
  readonly sessions: boolean;
  readonly many: boolean;
  readonly binary: boolean;
  readonly autoComplete: boolean;
}

/**
 * Prepares a Service Bus trigger.
 *
 * @throws FunctionInError if a setting or its entity is missing.
 */
export function prepareServiceBus(target: RegisteredFunction, context: TriggerContext): Trigger {
  const { settings, hostJson } = context;
  const binding = serviceBusBinding.parse(target.trigger);
  const [queue, topic, subscription] = [binding.queueName, binding.topicName, binding.subscriptionName].map(
    (name) => name && settings.resolve(name),
  );
  if (target.metadata.retryOptions !== undefined) {
    const message = `Function '${target.name}': retry policies of Service Bus triggers work, but their support ends.`;
    context.log({ level: 'warning', category: 'host', function: target.name, message });
  }
  const entity: Entity | undefined = queue ? [queue] : topic && subscription ? [topic, subscription] : undefined;
  if (entity === undefined)
    throw new FunctionInError("A Service Bus trigger needs 'queueName', or 'topicName' and 'subscriptionName'.");
  return new ServiceBusTrigger(target, context, {
    connectionString: settings.connection(settings.resolve(binding.connection)),
    entity,
    sessions: binding.isSessionsEnabled,
    many: binding.cardinality.toLowerCase() === 'many',
    binary: binding.dataType?.toLowerCase() === 'binary',
    autoComplete: binding.autoCompleteMessages ?? hostJson.extensions.serviceBus.autoCompleteMessages,
  });
}

class ServiceBusTrigger implements Trigger {
  readonly #stopping = new AbortController();
  readonly #handling = new Set<Promise<unknown>>();
  #client: ServiceBusClient | undefined;
  #subscription: { close(): Promise<void> } | undefined;

  constructor(
    private readonly target: RegisteredFunction,
    private readonly context: TriggerContext,
    private readonly options: ServiceBusOptions,
  ) {}

  start(): Promise<void> {
    const { sessions, many, entity } = this.options;
    const host = this.context.hostJson.extensions.serviceBus;
    this.#client = new ServiceBusClient(this.options.connectionString, { retryOptions: NET_RETRY });
    const client = this.#client;
    if (sessions) {
      // In batches the real host serves one session at a time.
      for (let slot = 0; slot < (many ? 1 : host.maxConcurrentSessions); slot++)
        void this.#loop(() => this.#serveNextSession(client));
      return Promise.resolve();
    }
    const options = this.#receiverOptions();
    const receiver =
      entity.length === 1 ? client.createReceiver(entity[0], options) : client.createReceiver(...entity, options);
    if (many) void this.#loop(() => this.#track(this.#serveBatch(receiver, RECEIVE_WAIT_MS)));
    else this.#subscribe(receiver);
    return Promise.resolve();
  }

  async pause(): Promise<void> {
    this.#stopping.abort();
    await this.#subscription?.close();
  }

  /** Messages are settled after their runs. Closing the client then ends the waits for a session, which heed no signal. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#handling);
    await this.#client?.close();
  }

  async runManually(input: string): Promise<void> {
    const { many, binary } = this.options;
    const message = { body: Buffer.from(input, 'utf8') };
    const delivery = many ? messagesInput([message], { binary }) : messageInput(message, { binary });
    await this.context.executor.run(this.target, { ...delivery, reason: CALLED_REASON });
  }

  #receiverOptions(): ServiceBusReceiverOptions {
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

  #subscribe(receiver: ServiceBusReceiver): void {
    const { maxConcurrentCalls } = this.context.hostJson.extensions.serviceBus;
    this.#subscription = receiver.subscribe(
      {
        processMessage: (message) => this.#track(this.#handle(receiver, [message])),
        processError: ({ error, errorSource }) => {
          if (!this.#stopping.signal.aborted) this.#logError(`Message processing error (Action=${errorSource})`, error);
          return Promise.resolve();
        },
      },
      { autoCompleteMessages: false, maxConcurrentCalls },
    );
  }

  async #loop(step: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#logError('Receiving failed', error);
        await sleep(RETRY_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Receives and handles what is there, up to a whole batch. Returns how many messages there were. */
  async #serveBatch(receiver: ServiceBusReceiver, waitMs: number): Promise<number> {
    const count = this.options.many ? this.context.hostJson.extensions.serviceBus.maxMessageBatchSize : 1;
    // Asked for all at once, the SDK would wait for a second after the first.
    const messages = await receiver.receiveMessages(1, { maxWaitTimeInMs: waitMs });
    if (messages.length === 0) return 0;
    if (count > 1) messages.push(...(await this.#moreMessages(receiver, count - 1)));
    await this.#handle(receiver, messages);
    return messages.length;
  }

  /** What else is there. That none can be received now shows again at the next batch: the first message isn't to wait for that. */
  #moreMessages(receiver: ServiceBusReceiver, count: number): Promise<readonly ServiceBusReceivedMessage[]> {
    return receiver.receiveMessages(count, { maxWaitTimeInMs: BATCH_WAIT_MS }).catch(() => []);
  }

  /** Takes the next free session and serves it in order until it has been idle for `sessionIdleTimeout`. */
  async #serveNextSession(client: ServiceBusClient): Promise<void> {
    const { entity } = this.options;
    const options = this.#receiverOptions();
    let receiver: ServiceBusSessionReceiver;
    try {
      receiver =
        entity.length === 1
          ? await client.acceptNextSession(entity[0], options)
          : await client.acceptNextSession(...entity, options);
    } catch (error) {
      // No session had a message for as long as the broker waits.
      if (isServiceBusError(error) && error.code === 'ServiceTimeout') return;
      throw error;
    }
    try {
      const idleLimit = this.context.hostJson.extensions.serviceBus.sessionIdleTimeout;
      let lastMessage = performance.now();
      while (!this.#stopping.signal.aborted && performance.now() - lastMessage < idleLimit) {
        const wait = Math.min(RECEIVE_WAIT_MS, idleLimit - (performance.now() - lastMessage));
        if ((await this.#track(this.#serveBatch(receiver, Math.max(wait, 1)))) > 0) lastMessage = performance.now();
      }
    } finally {
      await receiver.close();
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#handling.add(work);
    return work.finally(() => this.#handling.delete(work));
  }

  /** One invocation. Its messages are settled as a whole; one that can't be settled comes again when its lock is over. */
  async #handle(receiver: ServiceBusReceiver, messages: readonly ServiceBusReceivedMessage[]): Promise<void> {
    const { many, binary, autoComplete } = this.options;
    const [first] = messages;
    // Messages that came while the receiver was being stopped go back unseen.
    if (first === undefined || this.#stopping.signal.aborted)
      return this.#settle(messages, (message) => receiver.abandonMessage(message));
    const delivery = many ? messagesInput(messages, { binary }) : messageInput(first, { binary });
    const result = await this.context.executor.runWithRetry(this.target, { ...delivery, reason: MESSAGE_REASON });
    if (result.kind !== 'succeeded') await this.#settle(messages, (message) => receiver.abandonMessage(message));
    else if (autoComplete) await this.#settle(messages, (message) => receiver.completeMessage(message));
  }

  async #settle(
    messages: readonly ServiceBusReceivedMessage[],
    action: (message: ServiceBusReceivedMessage) => Promise<void>,
  ): Promise<void> {
    for (const outcome of await Promise.allSettled(messages.map(action))) {
      if (outcome.status === 'rejected') this.#logError('Settling a message failed', outcome.reason);
    }
  }

  #logError(what: string, error: unknown): void {
    const message = `${what}, ${this.options.entity.join('/')}: ${error instanceof Error ? error.message : String(error)}`;
    this.context.log({ level: 'error', category: 'host', function: this.target.name, message });
  }
}
