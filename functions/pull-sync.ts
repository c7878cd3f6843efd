import '../shared/app/start';
import { app } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/app/deadline';
import { appPull, serve } from '../shared/app/services';
import { pullHandler } from '../shared/sync/pull-handler';

const NAME = 'pull-sync';

serve(NAME, ['pull'], ({ pull: { subjects, maxRunMs } }) => {
  app.timer(NAME, {
    schedule: '%PULL_SCHEDULE%',
    handler: endsInTime(NAME, maxRunMs + DEADLINES_MS.afterPull, pullHandler(subjects, maxRunMs, appPull)),
  });
});
