import '../shared/start';
import { app } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/deadline';
import { appConfig, coreFaults, requiredServices, servable } from '../shared/services';
import { pullHandler } from '../shared/sync/pull-handler';
import type { PullSync } from '../shared/sync/pull-sync';

const NAME = 'pull-sync';
const { core } = appConfig();
const noWebApi =
  core.ok && core.value.dataverse === undefined ? ['DATAVERSE_URL is missing: pulling needs the Web API'] : [];

if (core.ok && servable(NAME, noWebApi)) {
  const sync = (): PullSync => {
    const { pullSync } = requiredServices();
    if (pullSync === undefined) throw new Error(noWebApi[0]);
    return pullSync;
  };
  const maxRunMs = core.value.pullMaxSeconds * 1000;
  app.timer(NAME, {
    schedule: '%PULL_SCHEDULE%',
    handler: endsInTime(
      NAME,
      maxRunMs + DEADLINES_MS.afterPull,
      pullHandler([...core.value.tables, ...core.value.relationships], maxRunMs, sync),
    ),
  });
} else if (!core.ok) {
  servable(NAME, coreFaults());
}
