"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const functions_1 = require("@azure/functions");
const messages_1 = require("../shared/receive/messages");
const services_1 = require("../shared/services");
const { messages } = (0, services_1.appConfig)();
const NAME = 'service-bus-topic';
// Not registered without its settings: its messages wait in the subscription.
if ((0, services_1.servable)(NAME, (0, services_1.coreFaults)(), messages.ok ? [] : messages.faults)) {
    const options = {
        connection: 'ServiceBusConnection',
        topicName: '%SERVICEBUS_TOPIC%',
        subscriptionName: '%SERVICEBUS_SUBSCRIPTION%',
        dataType: 'binary',
        isSessionsEnabled: messages.ok && messages.value.subscriptionSessions,
        handler: (0, messages_1.messagesHandler)({ name: NAME, copies: services_1.delayedCopies }, () => (0, services_1.requiredServices)().receiver),
    };
    functions_1.app.serviceBusTopic(NAME, options);
}
//# sourceMappingURL=service-bus-topic.js.map