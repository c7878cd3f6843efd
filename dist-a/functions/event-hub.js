"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const functions_1 = require("@azure/functions");
const messages_1 = require("../shared/receive/messages");
const services_1 = require("../shared/services");
const NAME = 'event-hub';
// Not registered without its settings: its events wait in the hub.
if ((0, services_1.servable)(NAME, (0, services_1.coreFaults)())) {
    const options = {
        connection: 'EventHubConnection',
        eventHubName: '%EVENTHUB_NAME%',
        consumerGroup: '%EVENTHUB_CONSUMER_GROUP%',
        cardinality: 'many',
        dataType: 'binary',
        // The checkpoint moves after the last retry whether or not the batch succeeded; it fails only when
        // parking fails or the store is away.
        retry: {
            strategy: 'exponentialBackoff',
            maxRetryCount: -1,
            minimumInterval: { seconds: 1 },
            maximumInterval: { minutes: 5 },
        },
        handler: (0, messages_1.messagesHandler)({ name: NAME, holds: true }, () => (0, services_1.requiredServices)().receiver),
    };
    functions_1.app.eventHub(NAME, options);
}
//# sourceMappingURL=event-hub.js.map