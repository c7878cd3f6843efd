/** Proves that what Dataverse says of a probe that failed is told without the key that an address may have in it. */
import { expect, test } from '@jest/globals';
import { probeEndpoint, type ProbeInput } from '../../../tools/registration/probe';
import { HOOK } from './registry';

test('an address in the reason loses its query', async () => {
  const job = {
    ...{ asyncoperationid: HOOK, statecode: 3, statuscode: 31 },
    friendlymessage: 'Webhook call to https://a.example/hook?code=Hunter2 failed; sr=x&sig=Hunter2&se=1',
  };
  let jobs: unknown[] = [];
  const input: ProbeInput = {
    api: {
      get: () => Promise.resolve({ body: JSON.stringify({ value: jobs }), dateMs: 0, sentMs: 0 }),
      change: () => Promise.resolve(void (jobs = [job])),
    },
    sleep: () => Promise.resolve(),
    waitMs: 0,
  };
  expect(await probeEndpoint(input, HOOK)).toEqual({
    kind: 'failed',
    reason: 'Webhook call to https://a.example/hook?… failed; sr=x&sig=…&se=1',
  });
});
