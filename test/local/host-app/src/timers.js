'use strict';
const { app } = require('@azure/functions');

let running = 0;

app.timer('everySecond', {
  schedule: '%EVERY_SECOND%',
  handler: async (timer, context) => {
    running++;
    context.log(`tick running=${running} status=${JSON.stringify(timer.scheduleStatus)} pastDue=${timer.isPastDue}`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    running--;
  },
});

app.timer('monitored', {
  // So rarely that it doesn't come due while a test looks.
  schedule: '0 0 0 1 1 *',
  handler: (timer, context) => context.log(`monitored ${JSON.stringify(timer)}`),
});

let failures = 0;

app.timer('flaky', {
  schedule: '0 0 0 1 1 *',
  runOnStartup: true,
  retry: { strategy: 'fixedDelay', delayInterval: 0, maxRetryCount: 3 },
  handler: (timer, context) => {
    failures++;
    context.log(`flaky attempt ${context.retryContext.retryCount}`);
    if (failures < 3) throw new Error('not yet');
  },
});
