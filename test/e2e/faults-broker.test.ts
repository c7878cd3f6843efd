/** Proves for the connection to the broker what faults-network.test.ts proves for the others. */
import { afterAll, beforeAll, test } from '@jest/globals';
import { Attacked, NETWORK_FAULTS } from './attacked';

let attacked: Attacked;

beforeAll(async () => {
  attacked = await Attacked.start(29);
});
afterAll(() => attacked.stop());

test.each(NETWORK_FAULTS)('$kind', (fault) => attacked.under('broker', fault));

test('the promise is kept', () => attacked.expectPromiseKept());
