import '../shared/app/start';
import { app } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/app/deadline';
import { appConfig, appServices, sayFaults } from '../shared/app/services';
import { tookTooLong, webhookHandler } from '../shared/receive/webhook';
import { WEBHOOK_ENDPOINT } from '../shared/receive/webhook-endpoint';
import { environment } from '../shared/settings/environment';
import { isLeftOut } from '../shared/settings/functions';

const { name, method, route } = WEBHOOK_ENDPOINT;

// Registered even without its settings, to answer 503: a 404 would make Dataverse give the event up at once.
if (!isLeftOut(environment(), name)) {
  sayFaults(name, ['core', 'webhook']);
  const { core, webhook } = appConfig();
  app.http(name, {
    methods: [method],
    authLevel: 'anonymous', // Its own key check allows several keys at once, in constant time.
    route,
    handler: endsInTime(
      name,
      DEADLINES_MS.webhook,
      webhookHandler(webhook, () => (core.ok ? appServices().receiver : undefined)),
      tookTooLong,
    ),
  });
}
