"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.startBroker = startBroker;
const rhea_1 = require("rhea");
const amqp_types_1 = require("./amqp-types");
const broker_error_1 = require("./broker-error");
const inbound_link_1 = require("./inbound-link");
const open_links_1 = require("./open-links");
const partition_link_1 = require("./partition-link");
const queue_link_1 = require("./queue-link");
const request_response_1 = require("./request-response");
const rhea_internals_1 = require("./rhea-internals");
const topology_1 = require("./topology");
const DEFAULT_MAX_MESSAGE_SIZE = 1_048_576;
/** How often locks and schedules are looked at, in milliseconds: they come due up to this much late. */
const TICK_MS = 20;
/** Starts a broker. Rejects when the port is taken, throws when two entities have one address. */
async function startBroker(options) {
    const entities = new topology_1.Entities(options);
    const server = listen(entities, options);
    const sockets = new Set();
    server.on('connection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
    });
    await new Promise((resolve, reject) => {
        server.once('listening', resolve);
        server.once('error', reject);
    });
    const ticking = setInterval(() => entities.tick(Date.now()), TICK_MS);
    const dropConnections = () => {
        // rhea notices a destroyed socket, and stops its timers, only if there is an error.
        for (const socket of sockets)
            socket.destroy(new Error('The broker dropped the connection.'));
    };
    const { address, port } = server.address();
    return {
        port,
        connectionString: connectionStringOf(address, port),
        counts: () => entities.counts(),
        dropConnections,
        expireLocks: () => entities.expireLocks(),
        intercept: (interceptor) => entities.intercept(interceptor),
        close: () => new Promise((resolve) => {
            clearInterval(ticking);
            server.close(() => resolve());
            dropConnections();
        }),
    };
}
/** The flag makes the SDKs speak plain TCP at any port; it and its value are case-sensitive. */
function connectionStringOf(address, port) {
    const host = address === '0.0.0.0' ? '127.0.0.1' : address;
    const key = 'SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=local';
    return `Endpoint=sb://${host}:${port};${key};UseDevelopmentEmulator=true;`;
}
function listen(entities, options) {
    const maxMessageSize = options.maxMessageSize ?? DEFAULT_MAX_MESSAGE_SIZE;
    const links = new open_links_1.OpenLinks();
    const entityReceivers = new WeakSet();
    const container = (0, rhea_1.create_container)({ id: 'local-broker' });
    container.on('session_open', ({ session }) => {
        if (session !== undefined)
            (0, rhea_internals_1.receiveUndecoded)(session, (receiver) => entityReceivers.has(receiver));
    });
    // rhea names links from its own side: its receiver is the client's sender, and the other way round.
    container.on('receiver_open', ({ receiver }) => {
        if (receiver === undefined)
            return;
        const address = addressOf(receiver.target);
        (0, rhea_internals_1.confirmAttach)(receiver, maxMessageSize);
        receiver.set_target({ address });
        receiver.set_source({ address: addressOf(receiver.source) });
        if ((0, request_response_1.isRequestAddress)(address))
            acceptRequests(receiver, entities, address);
        else {
            entityReceivers.add(receiver);
            openOrRefuse(receiver, () => (0, inbound_link_1.openInbound)(receiver, entities, address, maxMessageSize));
        }
    });
    container.on('sender_open', ({ sender }) => {
        if (sender === undefined)
            return;
        const address = addressOf(sender.source);
        (0, rhea_internals_1.confirmAttach)(sender, maxMessageSize);
        sender.set_target({ address: addressOf(sender.target) });
        sender.set_source({ address });
        if ((0, request_response_1.isRequestAddress)(address))
            return;
        openOrRefuse(sender, () => links.add(sender, openOutbound(sender, entities, address)));
    });
    container.on('sender_close', ({ sender }) => sender && links.closed(sender));
    container.on('session_close', ({ session }) => session && links.sessionClosed(session));
    container.on('connection_close', ({ connection }) => links.connectionClosed(connection));
    container.on('disconnected', ({ connection }) => links.connectionClosed(connection));
    container.on('receiver_close', ignore);
    container.on('connection_error', ignore); // 'connection_close' follows
    // Without the flag in its connection string a client speaks TLS, which fails here at the first byte.
    container.on('protocol_error', (error) => console.error('The broker refused a connection:', error.message));
    container.on('error', (error) => console.error('The broker failed on a client’s frame:', error));
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
const UNTRANSLATED = { treat_modified_as_released: false };
function openOutbound(sender, entities, address) {
    const partition = (0, partition_link_1.partitionAddress)(address);
    if (partition !== undefined)
        return (0, partition_link_1.openPartitionLink)(sender, entities, address, partition);
    const entity = entities.at(address);
    if (entity.kind !== 'queue')
        throw broker_error_1.BrokerError.entityNotFound(address);
    return (0, queue_link_1.openQueueLink)(sender, entity.queue, address);
}
function acceptRequests(receiver, entities, address) {
    receiver.on('message', ({ message, delivery }) => {
        delivery?.accept();
        if (message !== undefined)
            (0, request_response_1.handleRequest)(entities, receiver.session, address, message);
    });
}
/** A link that can't be is answered and then detached with the reason, as AMQP wants it. */
function openOrRefuse(link, open) {
    try {
        open();
    }
    catch (error) {
        const { condition, message } = broker_error_1.BrokerError.from(error);
        link.close({ condition, description: message });
    }
}
const addressOf = (terminus) => (0, amqp_types_1.textOf)((0, amqp_types_1.recordOf)(terminus).address) ?? '';
const ignore = () => undefined;
//# sourceMappingURL=broker.js.map