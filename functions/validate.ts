import '../shared/app/start';
import { app } from '@azure/functions';
import { VALIDATE_ENDPOINT } from '../shared/rules/validate-endpoint';
import { environment } from '../shared/settings/environment';
import { isLeftOut } from '../shared/settings/functions';

const { name, method, route } = VALIDATE_ENDPOINT;

// Registered with every rules file, even one with faults, to answer as VALIDATE_UNJUDGED says: a 404 would refuse whatever a
// step is registered for.
if ((environment().RULES_FILE ?? '').trim() !== '' && !isLeftOut(environment(), name)) {
  // Begun at once: the first request finds it loaded.
  const opened = import('../shared/app/validation.js').then(({ openValidation }) => openValidation());
  app.http(name, {
    methods: [method],
    authLevel: 'anonymous', // Its own key check allows several keys at once, in constant time.
    route,
    handler: async (request, context) => (await opened)(request, context),
  });
}
