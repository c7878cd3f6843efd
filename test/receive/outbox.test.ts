/** Proves that draining the outbox says what is missing where its table isn't there, and ends at once where there is nothing. */
import { expect, test } from '@jest/globals';
import type { Timer } from '@azure/functions';
import { codeOf } from '../../shared/errors/errors';
import type { Querying } from '../../shared/lob/postgres/database';
import { outboxHandler } from '../../shared/receive/outbox';

const run = (query: Querying['query']): Promise<unknown> =>
  Promise.resolve(
    outboxHandler(() => ({
      source: 'inbound-sql',
      database: { transaction: (work) => work({ query }) },
      receiver: { receive: () => Promise.reject(new Error('nothing was to be received')) },
    }))({} as Timer, { log: () => undefined } as never),
  );

test('the table isn’t there: the error says which command makes it', async () => {
  const missing = Object.assign(new Error('relation "dvo.inbound" does not exist'), {
    code: '42P01',
    severity: 'ERROR',
  });
  const error: unknown = await run(() => Promise.reject(missing)).catch((reason: unknown) => reason);
  expect(codeOf(error)).toBe('schema-behind');
  expect(String(error)).toContain("Table dvo.inbound isn't there. Run: dvo store migrate --apply");
});

test('an empty table is left alone', async () => {
  const asked: string[] = [];
  await run((text) => {
    asked.push(text);
    return Promise.resolve([]);
  });
  expect(asked).toHaveLength(1);
});
