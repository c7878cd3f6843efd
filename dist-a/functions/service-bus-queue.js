"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const functions_1 = require("@azure/functions");
const messages_1 = require("../shared/receive/messages");
const services_1 = require("../shared/services");
const { messages } = (0, services_1.appConfig)();
const NAME = 'service-bus-queue';
// Not registered without its settings: its messages wait in the queue.
if ((0, services_1.servable)(NAME, (0, services_1.coreFaults)(), messages.ok ? [] : messages.faults)) {
    const options = {
        connection: 'ServiceBusConnection',
        queueName: '%SERVICEBUS_QUEUE%',
        dataType: 'binary',
        isSessionsEnabled: messages.ok && messages.value.queueSessions,
        handler: (0, messages_1.messagesHandler)({ name: NAME, copies: services_1.delayedCopies }, () => (0, services_1.requiredServices)().receiver),
    };
    functions_1.app.serviceBusQueue(NAME, options);
}
//# sourceMappingURL=service-bus-queue.js.map