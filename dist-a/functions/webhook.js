"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const functions_1 = require("@azure/functions");
const webhook_1 = require("../shared/receive/webhook");
const services_1 = require("../shared/services");
const { webhook } = (0, services_1.appConfig)();
(0, services_1.servable)('webhook', (0, services_1.coreFaults)(), webhook.ok ? [] : webhook.faults);
// Registered even without its settings, to answer 503: a 404 would make Dataverse give the event up at once.
functions_1.app.http('webhook', {
    methods: ['POST'],
    authLevel: 'anonymous', // Its own key check allows several keys at once, in constant time.
    route: 'webhook',
    handler: (0, webhook_1.webhookHandler)(webhook, () => (0, services_1.appServices)()?.receiver),
});
//# sourceMappingURL=webhook.js.map