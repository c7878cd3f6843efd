import '../shared/app/start';
import { app } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/app/deadline';
import { appServices, serve } from '../shared/app/services';
import { replayHandler } from '../shared/receive/replay-handler';

const NAME = 'replay-parked';

serve(NAME, ['core'], () => {
  app.timer(NAME, {
    schedule: '%REPLAY_SCHEDULE%',
    // A run that was missed is no loss, and the host writes no blob after each.
    useMonitor: false,
    handler: endsInTime(NAME, DEADLINES_MS.replay, replayHandler(appServices)),
  });
});
