import '../shared/start';
import { app } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/deadline';
import { tookTooLong, webhookHandler } from '../shared/receive/webhook';
import { WEBHOOK_ENDPOINT } from '../shared/receive/webhook-endpoint';
import { appConfig, appServices, coreFaults, leftOut, servable } from '../shared/services';

const { name, method, route } = WEBHOOK_ENDPOINT;
const { webhook } = appConfig();
servable(name, coreFaults(), webhook.ok ? [] : webhook.faults);

// Registered even without its settings, to answer 503: a 404 would make Dataverse give the event up at once.
if (!leftOut(name)) {
  app.http(name, {
    methods: [method],
    authLevel: 'anonymous', // Its own key check allows several keys at once, in constant time.
    route,
    handler: endsInTime(
      name,
      DEADLINES_MS.webhook,
      webhookHandler(webhook, () => appServices()?.receiver),
      tookTooLong,
    ),
  });
}
