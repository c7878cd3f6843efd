import '../shared/start';
import { app } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/deadline';
import { replayHandler } from '../shared/receive/replay';
import { coreFaults, requiredServices, servable } from '../shared/services';

const NAME = 'replay-parked';

if (servable(NAME, coreFaults())) {
  app.timer(NAME, {
    schedule: '%REPLAY_SCHEDULE%',
    // A run that was missed is no loss, and the host writes no blob after each.
    useMonitor: false,
    handler: endsInTime(NAME, DEADLINES_MS.replay, replayHandler(requiredServices)),
  });
}
