/**
 * Proves that the app can die anywhere: kill -9 at each named point, in the middle of work by every way, before the other
 * side has done what was asked, or after it and before the app knows. Restarted, nothing is lost, nothing is done twice,
 * no row has gone back, and after one complete pull the store equals Dataverse.
 */
import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { KILL_POINTS } from '../../local/faults/kill-points';
import { Attacked } from './attacked';

let attacked: Attacked;

beforeAll(async () => {
  attacked = await Attacked.start(11);
});
afterAll(() => attacked.stop());

const GROUP = 16;
const GROUPS = Array.from({ length: Math.ceil(KILL_POINTS.length / GROUP) }, (_, at) =>
  KILL_POINTS.slice(at * GROUP, (at + 1) * GROUP),
);

describe.each(GROUPS.map((points) => ({ points })))('killed', ({ points }) => {
  test.each(points)('at %s', async (point) => {
    await attacked.killedAt(point);
  });

  test('[I1 I11 I19 F33] nothing is lost or done twice, no row goes back or comes back, and the store equals Dataverse', async () => {
    await attacked.expectPromiseKept();
  });
});
