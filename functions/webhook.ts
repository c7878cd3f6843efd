import { app } from '@azure/functions';
import { webhookHandler } from '../shared/receive/webhook';
import { WEBHOOK_ENDPOINT } from '../shared/receive/webhook-endpoint';
import { appConfig, appServices, coreFaults, servable } from '../shared/services';

const { webhook } = appConfig();
servable(WEBHOOK_ENDPOINT.name, coreFaults(), webhook.ok ? [] : webhook.faults);

// Registered even without its settings, to answer 503: a 404 would make Dataverse give the event up at once.
app.http(WEBHOOK_ENDPOINT.name, {
  methods: [WEBHOOK_ENDPOINT.method],
  authLevel: 'anonymous', // Its own key check allows several keys at once, in constant time.
  route: WEBHOOK_ENDPOINT.route,
  handler: webhookHandler(webhook, () => appServices()?.receiver),
});
