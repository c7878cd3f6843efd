// Proves that every outcome is logged: the processed, the ignored and the held counted in one record each, the others one by one.
import { expect, test } from '@jest/globals';
import type { Outcome } from '../../shared/receive/put-aside';
import { logOutcomes } from '../../shared/receive/summary';

const cause = (code: string) => ({ code, message: `because ${code}` });
const row = { table: 'account', id: 'a' };

function logged(outcomes: readonly Outcome[]): unknown[] {
  const records: unknown[] = [];
  logOutcomes((event, fields) => void records.push([event, fields]), 'webhook', outcomes);
  return records;
}

test('one of each', () =>
  expect(
    logged([
      { kind: 'ignored', cause: cause('table-not-synced') },
      { kind: 'processed', changes: [{ ...row, verdict: 'merged' }], lagMs: 5 },
      { kind: 'parked', cause: cause('web-api'), disposition: 'retry' },
      {
        kind: 'processed',
        changes: [
          { ...row, verdict: 'stored' },
          { ...row, verdict: 'merged' },
        ],
        lagMs: undefined,
      },
      { kind: 'delayed', cause: cause('unexpected'), attempt: 2, dueAtMs: 0 },
      { kind: 'held', cause: cause('store-unavailable') },
      { kind: 'held', cause: cause('store-unavailable') },
      { kind: 'rejected', cause: cause('body-empty') },
    ]),
  ).toEqual([
    ['parked', { source: 'webhook', code: 'web-api', reason: 'because web-api' }],
    [
      'delayed',
      {
        ...{ source: 'webhook', code: 'unexpected', reason: 'because unexpected' },
        ...{ attempt: 2, dueAt: '1970-01-01T00:00:00.000Z' },
      },
    ],
    ['rejected', { source: 'webhook', code: 'body-empty', reason: 'because body-empty' }],
    ['ignored', { source: 'webhook', codes: { 'table-not-synced': 1 } }],
    ['held', { source: 'webhook', events: 2, code: 'store-unavailable', reason: 'because store-unavailable' }],
    ['processed', { source: 'webhook', received: 2, verdicts: { merged: 2, stored: 1 }, lagMs: [5] }],
  ]));

test('nothing of a kind, no record of it', () => {
  expect(logged([])).toEqual([]);
  expect(logged([{ kind: 'ignored', cause: cause('message-unsupported') }])).toHaveLength(1);
});
