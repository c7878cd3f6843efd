/**
 * Proves when a parked item comes due again after it was tried in vain: later each time; soon after an outage of the store,
 * which says nothing of the item; and that a run doesn't go through everything while the store is away.
 */
import { expect, test } from '@jest/globals';
import { InvocationContext } from '@azure/functions';
import { StoreUnavailable } from '../../shared/azure/store-unavailable';
import { WebApiError } from '../../shared/dataverse/web-api';
import type { ParkedItem } from '../../shared/parking/parking';
import { InboundDependency } from '../../shared/inbound/errors';
import { replayHandler } from '../../shared/receive/replay-handler';
import { tryAgain } from '../../shared/receive/try-again';
import { TableNotSynced } from '../../shared/receive/receiver';
import { MemoryParking } from '../simulation/memory-parking';

const NOW = 1_000_000;
const item = (attempts: number): ParkedItem => ({
  id: 'delivery-1',
  subject: { kind: 'delivery', delivery: { source: 'webhook', body: Buffer.from('{}') } },
  cause: { code: 'web-api', message: 'away' },
  attempts,
  parkedAtMs: 0,
});

const failingWith = (error: unknown) => ({
  receiver: { replay: () => Promise.resolve(error) },
  writer: { process: () => Promise.resolve([]) },
  now: () => NOW,
});

test.each([
  ['at first', new Error('away'), 0, 15_000],
  ['later each time', new Error('away'), 3, 120_000],
  ['within an hour', new Error('away'), 50, 3_600_000],
  ['later each time, where Dataverse refuses to read the row', new WebApiError('GET x', 400, '', 'no'), 3, 120_000],
  ['soon after an outage of the store, however often', new StoreUnavailable('the store', 0), 50, 15_000],
  ['never by itself, where it cannot be processed as it stands', new TableNotSynced('lead'), 0, undefined],
  ['while what it waits for may come', new InboundDependency({ table: 'account' }, 'no row'), 10, 3_600_000],
  ['no longer, once it may not', new InboundDependency({ table: 'account' }, 'no row'), 11, undefined],
])('%s', async (_when, error, attempts, delay) => {
  const dueAt: (number | undefined)[] = [];
  const parking = {
    remove: (items: readonly ParkedItem[]) =>
      items.length === 0 ? Promise.resolve() : Promise.reject(new Error('it was not processed')),
    postpone: (_item: ParkedItem, _cause: unknown, dueAtMs?: number) => {
      dueAt.push(dueAtMs);
      return Promise.resolve();
    },
  };
  const tried = await tryAgain([item(attempts)], { parking, ...failingWith(error) });
  expect(tried).toMatchObject([{ kind: delay === undefined ? 'givenUp' : 'postponed' }]);
  expect(dueAt).toEqual([delay === undefined ? undefined : NOW + delay]);
});

test('a LOB system’s message goes to what writes to Dataverse; without that it waits, and nothing of it is processed', async () => {
  const parking = new MemoryParking(() => 0);
  const sources = ['inbound-queue', 'inbound-sql', 'inbound-restore', 'webhook'];
  for (const source of sources)
    await parking.parkDelivery({ source, body: Buffer.from(source) }, { code: 'a', message: 'b' }, 0);
  const items = await parking.due(1, 10);
  const seen: string[] = [];
  const to = (way: string) => ({
    replay: ({ source }: { readonly source: string }) => {
      seen.push(`${way} ${source}`);
      return Promise.resolve(undefined);
    },
  });
  const writer = { process: () => Promise.resolve([]) };
  const without = await tryAgain(items, { parking: new MemoryParking(() => 0), receiver: to('outbound'), writer });
  expect(without.map((of) => (of.kind === 'processed' ? of.kind : of.cause.code)).sort()).toEqual([
    ...Array<string>(3).fill('not-configured'),
    'processed',
  ]);
  expect(seen.splice(0)).toEqual(['outbound webhook']);
  await tryAgain(items, { parking, receiver: to('outbound'), inbound: to('inbound'), writer });
  expect(seen.sort()).toEqual([
    'inbound inbound-queue',
    'inbound inbound-restore',
    'inbound inbound-sql',
    'outbound webhook',
  ]);
});

test.each([
  ['the store is away: some are tried', new StoreUnavailable('the store', 0), 100],
  ['only they fail: all are tried', new Error('away'), 250],
])('a run: %s', async (_what, error, count) => {
  const parking = new MemoryParking(() => 0);
  for (let n = 0; n < 250; n += 1)
    await parking.parkDelivery({ source: 'webhook', body: Buffer.from(String(n)) }, { code: 'a', message: 'b' }, 0);
  await replayHandler(() => ({ parking, ...failingWith(error) }))(
    {} as never,
    new InvocationContext({ logHandler: () => undefined }),
  );
  expect([...parking.items.values()].filter(({ attempts }) => attempts === 1)).toHaveLength(count);
});
