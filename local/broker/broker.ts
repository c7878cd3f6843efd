/**
 * Azure Service Bus and Event Hubs on one machine: an AMQP 1.0 server for the Azure SDKs of JavaScript and .NET. What it
 * supports and lacks: local/broker/README.md.
 */
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { create_container, type EventContext, type Receiver, type Sender } from 'rhea';
import { recordOf, textOf } from './amqp-types';
import { BrokerError } from './broker-error';
import { openInbound } from './inbound-link';
import {
  OpenLinks,
  acceptAnyone,
  confirmAttach,
  ignoreLateFrames,
  receiveUndecoded,
  refuseAttach,
} from './rhea-internals';
import { openPartitionLink, partitionAddress } from './partition-link';
import { openQueueLink } from './queue-link';
import { handleRequest, isRequestAddress, type Answering } from './request-response';
import type { SettlementInterceptor } from './queue';
import { Entities, type BrokerCounts, type BrokerTopology } from './topology';

export type { QueueCounts, QueueOptions } from './queue';
export type { BrokerCounts, BrokerTopology } from './topology';

/** What to run, and where. */
export interface BrokerOptions extends BrokerTopology {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free one. @default 0 */
  readonly port?: number;
  /** In bytes, of a message or a batch. @default 1048576 */
  readonly maxMessageSize?: number;
  /** The shared access key, with all rights. @default 'local' */
  readonly key?: string;
}

/** A running broker. */
export interface Broker {
  readonly port: number;
  /** For both SDKs; clients of Event Hubs name the hub beside it. */
  readonly connectionString: string;
  counts(): BrokerCounts;
  /** Cuts all connections off, as a failing network would. Clients may connect again at once. */
  dropConnections(): void;
  /** Ends the locks of all messages now, as if their receivers had held them for too long. */
  expireLocks(): void;
  /**
   * Looks at every outcome of a receiver and says whether its connection breaks at this moment, until it is replaced or
   * taken away. What is asked then isn't done, what is done isn't answered.
   */
  intercept(interceptor: SettlementInterceptor | undefined): void;
  /** Stops listening, cuts all connections off and forgets everything. */
  close(): Promise<void>;
}

const DEFAULT_MAX_MESSAGE_SIZE = 1_048_576;
const DEFAULT_KEY = 'local';

/** How often locks and schedules are looked at, in milliseconds: they come due up to this much late. */
const TICK_MS = 20;

/** Starts a broker. Rejects when the port is taken, throws when two entities have one address. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const entities = new Entities(options);
  const server = listen(entities, options);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server, 'listening');
  const ticking = setInterval(() => entities.tick(Date.now()), TICK_MS);
  const dropConnections = (): void => {
    // rhea notices a destroyed socket, and stops its timers, only if there is an error.
    for (const socket of sockets) socket.destroy(new Error('The broker dropped the connection.'));
  };
  const { address, port } = server.address() as AddressInfo;
  return {
    port,
    connectionString: connectionStringOf(address, port, options.key ?? DEFAULT_KEY),
    counts: () => entities.counts(),
    dropConnections,
    expireLocks: () => entities.expireLocks(),
    intercept: (interceptor) => entities.intercept(interceptor),
    close: () =>
      new Promise((resolve) => {
        clearInterval(ticking);
        server.close(() => resolve());
        dropConnections();
      }),
  };
}

/** The flag makes the SDKs speak plain TCP at any port; it and its value are case-sensitive. */
function connectionStringOf(address: string, port: number, key: string): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address;
  const credential = `SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${key}`;
  return `Endpoint=sb://${host}:${port};${credential};UseDevelopmentEmulator=true;`;
}

function listen(entities: Entities, options: BrokerOptions): Server {
  const maxMessageSize = options.maxMessageSize ?? DEFAULT_MAX_MESSAGE_SIZE;
  const answering = { entities, key: options.key ?? DEFAULT_KEY };
  const links = new OpenLinks();
  const entityReceivers = new WeakSet<Receiver>();
  const container = create_container({ id: 'local-broker' });
  acceptAnyone(container);

  container.on('connection_open', ({ connection }: EventContext) => ignoreLateFrames(connection));
  container.on('session_open', ({ session }: EventContext) => {
    if (session !== undefined) receiveUndecoded(session, (receiver) => entityReceivers.has(receiver));
  });
  // rhea names links from its own side: its receiver is the client's sender, and the other way round.
  container.on('receiver_open', ({ receiver }: EventContext) => {
    if (receiver === undefined) return;
    const address = addressOf(receiver.target);
    confirmAttach(receiver, maxMessageSize);
    receiver.set_target({ address });
    receiver.set_source({ address: addressOf(receiver.source) });
    if (isRequestAddress(address)) acceptRequests(receiver, answering, address);
    else {
      entityReceivers.add(receiver);
      openOrRefuse(receiver, () => openInbound(receiver, entities, address, maxMessageSize));
    }
  });
  container.on('sender_open', ({ sender }: EventContext) => {
    if (sender === undefined) return;
    const address = addressOf(sender.source);
    confirmAttach(sender, maxMessageSize);
    sender.set_target({ address: addressOf(sender.target) });
    sender.set_source({ address });
    if (isRequestAddress(address)) return;
    openOrRefuse(sender, () => links.add(sender, openOutbound(sender, entities, address)));
  });

  container.on('sender_close', ({ sender }: EventContext) => sender && links.closed(sender));
  container.on('session_close', ({ session }: EventContext) => session && links.sessionClosed(session));
  container.on('connection_close', ({ connection }: EventContext) => links.connectionClosed(connection));
  container.on('disconnected', ({ connection }: EventContext) => links.connectionClosed(connection));
  container.on('receiver_close', ignore);
  container.on('connection_error', ignore); // 'connection_close' follows
  // Without the flag in its connection string a client speaks TLS, which fails here at the first byte.
  container.on('protocol_error', (error: Error) => console.error('The broker refused a connection:', error.message));
  container.on('error', (error: unknown) => console.error('The broker failed on a client’s frame:', error));

  return container.listen({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    max_frame_size: 65_536,
    idle_time_out: 120_000,
    receiver_options: { autoaccept: false, credit_window: 500 },
    // An abandoned message comes as 'modified', and rhea would report it as 'released' too.
    sender_options: UNTRANSLATED,
  });
}

const UNTRANSLATED: object = { treat_modified_as_released: false };

function openOutbound(sender: Sender, entities: Entities, address: string): () => void {
  const partition = partitionAddress(address);
  if (partition !== undefined) return openPartitionLink(sender, entities, address, partition);
  const entity = entities.at(address);
  if (entity.kind !== 'queue') throw BrokerError.entityNotFound(address);
  return openQueueLink(sender, entity.queue, address);
}

function acceptRequests(receiver: Receiver, answering: Answering, address: string): void {
  receiver.on('message', ({ message, delivery }: EventContext) => {
    delivery?.accept();
    if (message !== undefined) handleRequest(answering, receiver.session, address, message);
  });
}

function openOrRefuse(link: Sender | Receiver, open: () => void): void {
  try {
    open();
  } catch (error) {
    refuseAttach(link, BrokerError.from(error));
  }
}

const addressOf = (terminus: unknown): string => textOf(recordOf(terminus).address) ?? '';

const ignore = (): void => undefined;
