/**
 * Proves over sockets that a 429 stops all calls of an instance, and that the deliveries that it put off are processed later.
 */
import { expect, test } from '@jest/globals';
import { System } from './system';

const DELIVERIES = 10;

test('[F17] asked to wait for long: deliveries are put off with the reason, Dataverse is left alone, and later all are processed', async () => {
  const system = await System.start();
  try {
    const push = (): Promise<unknown> =>
      system.pushing('account', 'webhook', async () => {
        for (let n = 0; n < DELIVERIES; n += 1) await system.dataverse.create('account', { name: `Account ${n}` });
      });
    system.dataverse.failNext(1, 429, { headers: { 'Retry-After': '120' } });
    await push();
    const { requests } = system.dataverse.stats().webApi;
    await push();
    expect(await system.parkedCodes()).toEqual(Array.from({ length: 2 * DELIVERIES }, () => 'web-api-busy'));
    expect(system.dataverse.stats().webApi.requests).toBe(requests);
    expect(await system.logged('webApiPaused')).toMatchObject([{ event: 5001, concurrency: 10 }]);

    await system.host.stop();
    await system.startApp();
    await system.letAllBeDue();
    await system.replay();
    expect(await system.parkedCodes()).toEqual([]);
    await system.pull();
    expect((await system.compare()).differences).toEqual([]);
  } finally {
    await system.stop();
  }
});
