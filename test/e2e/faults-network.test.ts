/**
 * Proves that no way the network can fail between the app, its store and the Web API loses anything: work
 * by every way and pulls go on under each fault; once it is lifted everything is processed without help, no row has gone back,
 * and after one complete pull the store equals Dataverse.
 */
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROUTES } from '../../local/faults/routes';
import type { TcpFault } from '../../local/faults/tcp-proxy';
import { Attacked, HELD_MS, NETWORK_FAULTS } from './attacked';

let attacked: Attacked;

beforeAll(async () => {
  attacked = await Attacked.start(23);
});
afterAll(() => attacked.stop());

/** The broker has a file of its own: faults-broker.test.ts. */
const OTHERS = ROUTES.filter((route) => route !== 'broker');

describe.each(OTHERS)('%s', (route) => {
  test.each(NETWORK_FAULTS)('$kind', (fault) => attacked.under(route, fault));

  test('the promise is kept', () => attacked.expectPromiseKept());
});

describe('slower than the app waits', () => {
  /** An attempt to write is given up after 4 s: it is done by then, or lands later. */
  const TOO_LATE: TcpFault = { kind: 'latency', ms: 2300, jitterMs: 2600 };

  test('[F28 F29] writes to the store time out, and land all the same', async () => {
    await attacked.under('tables', TOO_LATE, 8000);
    await attacked.expectPromiseKept();
  });
});

describe('together', () => {
  test('[F20 F26 F27] neither the Web API nor the store answers', async () => {
    const { rig } = attacked;
    await attacked.amid(async () => {
      await rig.route('webApi').set({ kind: 'half-open' });
      await sleep(HELD_MS);
      await rig.route('tables').set({ kind: 'half-open' });
      await sleep(5 * HELD_MS);
      await rig.lift();
    });
    await attacked.expectPromiseKept();
  });

  test('[F32] pull state, leases, journals and the parking can not be reached, nor the checkpoints of the hub', async () => {
    const { rig } = attacked;
    await attacked.amid(async () => {
      for (const route of ['blobs', 'tables'] as const) await rig.route(route).set({ kind: 'down' });
      await sleep(3 * HELD_MS);
      await rig.lift();
    });
    await attacked.expectPromiseKept();
  });
});
