import { app } from '@azure/functions';
import { webhookHandler } from '../shared/receive/webhook';
import { appConfig, appServices, coreFaults, leftOut, servable } from '../shared/services';

const NAME = 'webhook';
const { webhook } = appConfig();
servable(NAME, coreFaults(), webhook.ok ? [] : webhook.faults);

// Registered even without its settings, to answer 503: a 404 would make Dataverse give the event up at once.
if (!leftOut(NAME)) {
  app.http(NAME, {
    methods: ['POST'],
    authLevel: 'anonymous', // Its own key check allows several keys at once, in constant time.
    route: 'webhook',
    handler: webhookHandler(webhook, () => appServices()?.receiver),
  });
}
