import '../shared/app/start';
import { app } from '@azure/functions';
import { DEADLINES_MS, endsInTime } from '../shared/app/deadline';
import { appInbound, appOutbox, serve } from '../shared/app/services';
import { outboxHandler } from '../shared/receive/outbox';
import { environment } from '../shared/settings/environment';
import { hasInboundSql } from '../shared/settings/inbound';

const NAME = 'inbound-sql';

// Off until it has a schedule.
if (hasInboundSql(environment())) {
  serve(NAME, ['core', 'inbound'], () => {
    app.timer(NAME, {
      schedule: '%INBOUND_SQL_SCHEDULE%',
      // A run that was missed is no loss, and the host writes no blob after each.
      useMonitor: false,
      handler: endsInTime(
        NAME,
        DEADLINES_MS.messages,
        outboxHandler(() => ({ source: NAME, database: appOutbox(), receiver: appInbound() })),
      ),
    });
  });
}
