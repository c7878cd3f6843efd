/** Proves, on a real table service (Azurite), that what is parked is kept once and exactly, comes due in order, and is lost to no race. */
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { deferredLargeBodies } from '../../shared/parking/large-bodies';
import type { KeptDelivery, ParkedFilter, ParkedItem, ParkedSummary } from '../../shared/parking/parking';
import { TableParking, type TableItem } from '../../shared/parking/table-parking';
import { row } from '../writer/changes';

let azurite: Azurite;
let parking: TableParking;
let discarded: TableClient;
let nowMs: number;
let tables = 0;
/** What was asked of the tables since the count began. */
let requests: string[];

/** Largest body that an entity holds. */
const INLINE_BYTES = 640 * 1024;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());
beforeEach(() => {
  nowMs = 1_000_000;
  tables += 1;
  requests = [];
  parking = parkingIn(`parked${tables}`);
  discarded = table(`discarded${tables}`);
});

const table = (name: string): TableClient =>
  TableClient.fromConnectionString(azurite.connectionString, name, {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [
      {
        position: 'perRetry',
        policy: {
          name: 'remember',
          sendRequest: (request, next) => {
            const { pathname } = new URL(request.url);
            const what = pathname.endsWith('()')
              ? 'query'
              : pathname.endsWith('$batch')
                ? 'transaction'
                : request.method;
            requests.push(what);
            return next(request);
          },
        },
      },
    ],
  });

const parkingIn = (name: string): TableParking =>
  new TableParking(
    table(name),
    deferredLargeBodies({ kind: 'connectionString', connectionString: azurite.connectionString }, name),
    () => nowMs,
  );

const CAUSE = { code: 'test', message: 'A reason.' };
const delivery = (text: string, source = 'webhook'): KeptDelivery => ({ source, body: Buffer.from(text) });

async function all(): Promise<TableItem[]> {
  const items: TableItem[] = [];
  for await (const { id } of parking.summaries()) {
    const item = await parking.find(id);
    if (item !== undefined) items.push(item);
  }
  return items;
}
async function only(): Promise<TableItem> {
  const [item, ...rest] = await all();
  if (item === undefined || rest.length > 0) throw new Error(`${rest.length} items, not one`);
  return item;
}
const bodyOf = ({ subject }: ParkedItem): string =>
  subject.kind === 'delivery' ? Buffer.from(subject.delivery.body).toString() : subject.row.id;

test('nothing was ever parked: nothing is listed or due', async () => {
  expect(await all()).toEqual([]);
  expect(await parking.due(nowMs, 10)).toEqual([]);
});

describe('what is parked comes back exactly', () => {
  test('[A10] a delivery with all that came along', async () => {
    const kept = {
      source: 'service-bus-queue',
      body: Buffer.from('{}'),
      contentType: 'application/json',
      truncated: true,
      arrivedAtMs: 400_000,
    };
    await parking.parkDelivery(kept, CAUSE, 5_000_000);
    expect(await only()).toMatchObject({
      subject: { kind: 'delivery', delivery: kept },
      cause: CAUSE,
      attempts: 0,
      parkedAtMs: 1_000_000,
      dueAtMs: 5_000_000,
    });
  });

  test('a delivery of which nothing says when it arrived: no later than it was parked', async () => {
    await parking.parkDelivery(delivery('a'), CAUSE);
    nowMs = 2_000_000;
    await parking.postpone(await only(), CAUSE, 1);
    expect((await only()).subject).toMatchObject({ delivery: { arrivedAtMs: 1_000_000 } });
  });

  test('a row that waits for an operator', async () => {
    await parking.parkRow(row(), CAUSE);
    const item = await only();
    expect(item.subject).toEqual({ kind: 'row', row: row() });
    expect(item.dueAtMs).toBeUndefined();
  });

  test.each([0, 1, 64 * 1024, 64 * 1024 + 1, INLINE_BYTES, INLINE_BYTES + 1, 10 * 1024 * 1024])(
    '[A10] a body of %i bytes',
    async (length) => {
      const body = randomBytes(length);
      await parking.parkDelivery({ source: 'webhook', body }, CAUSE);
      const { subject } = await only();
      expect(subject.kind === 'delivery' && body.equals(subject.delivery.body)).toBe(true);
    },
  );

  test('a cause of any length', async () => {
    await parking.parkRow(row(), { code: 'long', message: 'x'.repeat(100_000) });
    expect((await only()).cause.message).toMatch(/^x+$/);
  });
});

describe('a subject is one item', () => {
  test('parked twice: the later cause and due time, tried not yet', async () => {
    await parking.parkDelivery(delivery('a'), CAUSE, 1);
    await parking.postpone(await only(), CAUSE, 2);
    await parking.parkDelivery(delivery('a'), { code: 'later', message: 'Another.' }, 3);
    expect(await only()).toMatchObject({ cause: { code: 'later' }, dueAtMs: 3, attempts: 0 });
  });
  test('another body, source or row is another item', async () => {
    for (const kept of [delivery('a'), delivery('b'), delivery('a', 'event-hub')])
      await parking.parkDelivery(kept, CAUSE);
    for (const address of [row(1), row(2), row(1, 'contact')]) await parking.parkRow(address, CAUSE);
    expect(await all()).toHaveLength(6);
  });
});

describe('order and time', () => {
  test('due: those whose time has come, the boundary included, the earliest first, at most so many', async () => {
    const parked: readonly (readonly [string, number, number | undefined])[] = [
      ['third', 3_000_000, 10],
      ['first', 1_000_000, 30],
      ['second', 2_000_000, 20],
      ['not yet', 500_000, 31],
      ['never', 400_000, undefined],
    ];
    for (const [text, parkedAt, dueAt] of parked) {
      nowMs = parkedAt;
      await parking.parkDelivery(delivery(text), CAUSE, dueAt);
    }
    expect((await parking.due(30, 10)).map(bodyOf)).toEqual(['third', 'second', 'first']);
    expect((await parking.due(30, 2)).map(bodyOf)).toEqual(['third', 'second']);
    expect((await parking.due(9, 10)).map(bodyOf)).toEqual([]);
    expect((await all()).map(bodyOf).sort()).toEqual(['first', 'never', 'not yet', 'second', 'third']);
  });

  test('postponed: one attempt more, another cause and time, all else as it was', async () => {
    await parking.parkDelivery(delivery('a'), CAUSE, 1);
    const before = await only();
    await parking.postpone(before, { code: 'again', message: 'Still.' }, 50);
    expect(await only()).toMatchObject({
      subject: before.subject,
      parkedAtMs: before.parkedAtMs,
      attempts: 1,
      cause: { code: 'again' },
      dueAtMs: 50,
    });
    await parking.postpone(await only(), CAUSE);
    expect(await parking.due(Date.UTC(9998, 0), 10)).toEqual([]);
  });
});

describe('[I48] due items are found by their time, whatever else is parked', () => {
  const NOW = 50;
  const parkMany = async (count: number, dueAtMs?: number): Promise<void> => {
    for (let at = 0; at < count; at += 50)
      await Promise.all(
        Array.from({ length: Math.min(50, count - at) }, (_, n) =>
          parking.parkRow(row(at + n, dueAtMs === undefined ? 'never' : `due${dueAtMs}`), CAUSE, dueAtMs),
        ),
      );
  };
  /** How many items, and how many entries of due ones, the table has. */
  const inTable = async (): Promise<{ items: number; entries: number }> => {
    const keys: string[] = [];
    for await (const { rowKey } of table(`parked${tables}`).listEntities()) keys.push(String(rowKey));
    const entries = keys.filter((key) => key.startsWith('~')).length;
    return { items: keys.length - entries, entries };
  };
  const countOf = (what: string): number => requests.filter((request) => request === what).length;

  test('none is due: one request', async () => {
    await parkMany(120);
    await parkMany(120, NOW + 1);
    requests = [];
    expect(await parking.due(NOW, 100)).toEqual([]);
    expect(requests).toEqual(['query']);
  });

  test('a run of a hundred: one query, one read and one removal each, one transaction; nothing is left', async () => {
    await parkMany(150, NOW);
    requests = [];
    const first = await parking.due(NOW, 100);
    expect([countOf('query'), countOf('GET')]).toEqual([1, 100]);
    await parking.remove(first);
    expect([countOf('DELETE'), countOf('transaction'), requests.length]).toEqual([100, 1, 202]);
    const second = await parking.due(NOW, 100);
    expect(second).toHaveLength(50);
    await parking.remove(second);
    expect(await parking.due(NOW, 100)).toEqual([]);
    expect(await inTable()).toEqual({ items: 0, entries: 0 });
  });

  test('item and entry are written together: parked, postponed, and given up', async () => {
    await parking.parkRow(row(), CAUSE, 10);
    expect(await inTable()).toEqual({ items: 1, entries: 1 });
    requests = [];
    await parking.parkRow(row(), CAUSE, 10);
    await parking.postpone(await only(), CAUSE, 20);
    await parking.postpone(await only(), CAUSE);
    expect(countOf('transaction')).toBe(3);
    expect(requests.filter((request) => !['transaction', 'GET', 'query'].includes(request))).toEqual([]);
    // Of what was parked twice the first entry stays until it is met.
    expect(await inTable()).toEqual({ items: 1, entries: 1 });
    expect(await parking.due(NOW, 10)).toEqual([]);
    expect(await inTable()).toEqual({ items: 1, entries: 0 });
  });

  test('parked again with a later time: the earlier entry stands for nothing, and goes when it is met', async () => {
    await parking.parkRow(row(), CAUSE, 10);
    await parking.parkRow(row(), CAUSE, NOW + 1);
    expect(await parking.due(NOW, 10)).toEqual([]);
    expect(await inTable()).toEqual({ items: 1, entries: 1 });
    expect(await parking.due(NOW + 1, 10)).toHaveLength(1);
  });

  test('entries that stand for nothing hide none that do', async () => {
    for (let n = 0; n < 5; n += 1) await parking.parkRow(row(n), CAUSE, 10 + n);
    for (let n = 0; n < 4; n += 1) await parking.parkRow(row(n), CAUSE);
    expect((await parking.due(NOW, 2)).map(bodyOf)).toEqual([row(4).id]);
    expect(await inTable()).toEqual({ items: 5, entries: 1 });
  });

  test('a death after the item was processed and before its entry went: the entry goes when it is met', async () => {
    await parking.parkRow(row(), CAUSE, 10);
    await table(`parked${tables}`).deleteEntity('parked', (await only()).id);
    expect(await inTable()).toEqual({ items: 0, entries: 1 });
    expect(await parking.due(NOW, 10)).toEqual([]);
    expect(await inTable()).toEqual({ items: 0, entries: 0 });
  });

  test('parked again, with the very same time, while it is looked at, processed or postponed: it is found', async () => {
    const again = (): Promise<void> => parking.parkRow(row(), { code: 'newer', message: 'Again.' }, 10);
    await again();
    const find = parking.find.bind(parking);
    parking.find = async (id) => {
      await again();
      return find(id);
    };
    expect(await parking.due(NOW, 10)).toEqual([]);
    parking.find = find;
    const [processed] = await parking.due(NOW, 10);
    await again();
    if (processed !== undefined) await parking.remove([processed]);
    const [postponed] = await parking.due(NOW, 10);
    await again();
    if (postponed !== undefined) await parking.postpone(postponed, CAUSE);
    expect([processed, postponed, ...(await parking.due(NOW, 10))].map((item) => item?.cause.code)).toEqual([
      'newer',
      'newer',
      'newer',
    ]);
    expect(await inTable()).toEqual({ items: 1, entries: 1 });
  });

  test('two that try it at once: one entry, that of whoever was first', async () => {
    await parking.parkRow(row(), CAUSE, 10);
    const [item] = await parking.due(NOW, 10);
    if (item === undefined) throw new Error('not found');
    await parking.postpone(item, { code: 'first', message: 'One.' }, 20);
    await parking.postpone(item, { code: 'second', message: 'Two.' }, 30);
    expect((await parking.due(NOW, 10)).map(({ cause }) => cause.code)).toEqual(['first']);
    expect(await inTable()).toEqual({ items: 1, entries: 1 });
  });

  test('an item of the time before there were entries is found from when an operator has tried it', async () => {
    await parking.parkRow(row(), CAUSE, 10);
    await parking.due(NOW, 10);
    const client = table(`parked${tables}`);
    for await (const { rowKey = '' } of client.listEntities({ queryOptions: { filter: "RowKey ge '~'" } }))
      await client.deleteEntity('parked', rowKey);
    await client.updateEntity({ partitionKey: 'parked', rowKey: (await only()).id, dueKey: '' }, 'Merge');
    expect(await parking.due(NOW, 10)).toEqual([]);
    await parking.postpone(await only(), CAUSE, 20);
    expect(await parking.due(NOW, 10)).toHaveLength(1);
  });

  test('its entry is gone: it is postponed all the same', async () => {
    await parking.parkRow(row(), CAUSE, 10);
    const [item] = await parking.due(NOW, 10);
    if (item?.dueKey === undefined) throw new Error('not found');
    await table(`parked${tables}`).deleteEntity('parked', item.dueKey);
    await parking.postpone(item, CAUSE, 20);
    expect((await parking.due(NOW, 10)).map(({ attempts }) => attempts)).toEqual([1]);
  });
});

describe('[I49] a body that fits no entity lies in a blob', () => {
  const body = randomBytes(INLINE_BYTES + 1);
  const large = { source: 'event-hub', body };
  const blobs = async (): Promise<string[]> => {
    const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(
      `parked${tables}`,
    );
    const names: string[] = [];
    if (await container.exists()) for await (const { name } of container.listBlobsFlat()) names.push(name);
    return names;
  };

  test('and no other does', async () => {
    await parking.parkDelivery({ source: 'event-hub', body: randomBytes(INLINE_BYTES) }, CAUSE);
    expect(await blobs()).toEqual([]);
  });

  test('it waits for an operator, whatever its time: the app never reads it', async () => {
    await parking.parkDelivery(large, CAUSE, 10);
    expect(await only()).not.toHaveProperty('dueAtMs');
    await parking.postpone(await only(), CAUSE, 10);
    expect(await only()).not.toHaveProperty('dueAtMs');
    expect((await only()).attempts).toBe(1);
    expect(await parking.due(100, 10)).toEqual([]);
  });

  test('processed: its blob goes with it', async () => {
    await parking.parkDelivery(large, CAUSE);
    expect(await blobs()).toHaveLength(1);
    await parking.remove([await only()]);
    expect([await all(), await blobs()]).toEqual([[], []]);
  });

  test('parked again: one item, one blob, also while it is processed', async () => {
    await parking.parkDelivery(large, CAUSE);
    const item = await only();
    await parking.parkDelivery(large, { code: 'newer', message: 'Again.' });
    expect(await blobs()).toHaveLength(1);
    await parking.remove([item]);
    const { cause, subject } = await only();
    expect([cause.code, subject.kind === 'delivery' && body.equals(subject.delivery.body)]).toEqual(['newer', true]);
  });

  test('parked by several at once: one item with its body, one blob', async () => {
    await Promise.all([1, 2, 3].map(() => parking.parkDelivery(large, CAUSE)));
    expect((await only()).subject).toMatchObject({ kind: 'delivery' });
    expect(await blobs()).toHaveLength(1);
  });

  test('discarded: its blob stays, and its name goes along', async () => {
    await parking.parkDelivery(large, CAUSE);
    const item = await only();
    expect(await parking.discard(item, 'not ours', discarded)).toBe(true);
    // Someone else had tried it meanwhile.
    await parking.remove([item]);
    const [blob] = await blobs();
    expect(blob).toBe(item.blob);
    for await (const entity of discarded.listEntities()) expect(entity).toMatchObject({ reason: 'not ours', blob });
    expect(await all()).toEqual([]);
  });

  test('listed and shown without it; lost, it is told, and can be discarded', async () => {
    await parking.parkDelivery(large, CAUSE);
    const { id, blob = '' } = await only();
    const service = BlobServiceClient.fromConnectionString(azurite.connectionString);
    await service.getContainerClient(`parked${tables}`).deleteBlob(blob);
    expect(await parking.summary(id)).toMatchObject({ bytes: INLINE_BYTES + 1 });
    await expect(parking.find(id)).rejects.toThrow(/^The body of delivery-\w+ is no longer in its blob/);
    expect(await parking.discard({ id }, 'lost', discarded)).toBe(true);
  });
});

describe('processing', () => {
  test('the item goes; processing or postponing it again is harmless', async () => {
    await parking.parkRow(row(), CAUSE);
    const item = await only();
    await parking.remove([item]);
    expect(await all()).toEqual([]);
    await parking.remove([item]);
    await parking.postpone(item, CAUSE, 1);
    expect(await all()).toEqual([]);
  });

  test('[I23] what was parked again while it was tried stays', async () => {
    await parking.parkRow(row(), CAUSE);
    const item = await only();
    await parking.parkRow(row(), { code: 'newer', message: 'A later version of the row.' });
    await parking.remove([item]);
    expect((await only()).cause.code).toBe('newer');
  });

  test('what was parked again while it was tried in vain keeps its newer cause and time', async () => {
    await parking.parkRow(row(), CAUSE);
    const item = await only();
    await parking.parkRow(row(), { code: 'newer', message: 'A later version of the row.' }, 77);
    await parking.postpone(item, { code: 'older', message: 'Of the try before.' });
    expect(await only()).toMatchObject({ cause: { code: 'newer' }, dueAtMs: 77, attempts: 0 });
  });
});

describe('what an operator sees', () => {
  const collected = async (list: AsyncIterable<ParkedSummary>): Promise<string[]> => {
    const found: string[] = [];
    for await (const { of, cause } of list) found.push(`${of} ${cause.code}`);
    return found.sort();
  };

  beforeEach(async () => {
    await parking.parkDelivery(delivery('a'), { code: 'one', message: 'One.' }, 5_000_000);
    nowMs = 2_000_000;
    await parking.parkDelivery(delivery('b', "o'clock"), { code: 'two', message: 'Two.' });
    await parking.parkRow(row(1, 'contact'), { code: 'two', message: 'Two.' });
  });

  test.each<[string, ParkedFilter, string[]]>([
    ['all', {}, ['contact two', "o'clock two", 'webhook one']],
    ['a code', { code: 'two' }, ['contact two', "o'clock two"]],
    ['a code that is an attempt to say more', { code: "two' or code ne '" }, []],
    ['a source', { source: "o'clock" }, ["o'clock two"]],
    ['those parked until then, the moment included', { parkedUntilMs: 1_000_000 }, ['webhook one']],
    ['those with a time', { next: 'due' }, ['webhook one']],
    ['those without', { next: 'waiting' }, ['contact two', "o'clock two"]],
    ['several conditions', { next: 'waiting', source: 'webhook' }, []],
  ])('%s', async (_, filter, expected) => {
    expect(await collected(parking.summaries(filter))).toEqual(expected);
  });

  test('a summary has all but the body', async () => {
    for await (const summary of parking.summaries({ code: 'one' })) {
      const { id, tag, ...facts } = summary;
      expect(id).toMatch(/^delivery-[0-9a-f]{32}$/);
      expect(tag).toBe((await parking.find(id))?.tag);
      expect(facts).toEqual({
        kind: 'delivery',
        of: 'webhook',
        bytes: 1,
        cause: { code: 'one', message: 'One.' },
        attempts: 0,
        parkedAtMs: 1_000_000,
        arrivedAtMs: 1_000_000,
        dueAtMs: 5_000_000,
      });
      expect(await parking.summary(id)).toEqual(summary);
    }
    expect(await parking.summary('delivery-')).toBeUndefined();
  });

  test('more than a page', async () => {
    const many = Array.from({ length: 1_050 }, (_, index) => index);
    for (let at = 0; at < many.length; at += 50)
      await Promise.all(many.slice(at, at + 50).map((index) => parking.parkRow(row(index, 'lead'), CAUSE)));
    expect(await collected(parking.summaries({ code: CAUSE.code }))).toHaveLength(many.length);
  });

  test('ids that begin so', async () => {
    expect(await collected(parking.startingWith('delivery-'))).toEqual(["o'clock two", 'webhook one']);
    expect(await collected(parking.startingWith('row-contact-'))).toEqual(['contact two']);
    expect(await collected(parking.startingWith('row-contactx'))).toEqual([]);
  });
});

describe('discarding', () => {
  test('the item goes, with its body and the reason, to the other table; again, when it is parked again', async () => {
    const body = randomBytes(INLINE_BYTES);
    for (const reason of ['not ours', 'x'.repeat(1000)]) {
      nowMs += 1;
      await parking.parkDelivery({ source: 'webhook', body }, { code: 'long', message: 'x'.repeat(2000) });
      expect(await parking.discard(await only(), reason, discarded)).toBe(true);
      expect(await all()).toEqual([]);
    }
    const kept: Record<string, unknown>[] = [];
    for await (const entity of discarded.listEntities()) kept.push(entity);
    expect(kept).toMatchObject([{ reason: 'not ours', code: 'long' }, { reason: 'x'.repeat(1000) }]);
    const parts = Array.from({ length: 10 }, (_, part) => kept[0]?.[`body${part}`] as Uint8Array);
    expect(Buffer.concat(parts).equals(body)).toBe(true);
  });

  test('not what was processed, or parked again, since it was read', async () => {
    await parking.parkRow(row(), CAUSE);
    const item = await only();
    await parking.parkRow(row(), { code: 'newer', message: 'A later version of the row.' });
    expect(await parking.discard(item, 'old', discarded)).toBe(false);
    const newer = await only();
    expect(newer.cause.code).toBe('newer');
    await parking.remove([newer]);
    expect(await parking.discard(newer, 'gone', discarded)).toBe(false);
    await expect(async () => {
      for await (const entity of discarded.listEntities()) throw new Error(`kept: ${String(entity.rowKey)}`);
    }).rejects.toMatchObject({ statusCode: 404 });
  });

  test('not what is parked again at the last moment: nothing of it is left in the other table', async () => {
    await parking.parkRow(row(), CAUSE);
    const racing = Object.create(discarded) as TableClient;
    racing.upsertEntity = async (...args) => {
      const written = await discarded.upsertEntity(...args);
      await parking.parkRow(row(), { code: 'newer', message: 'A later version of the row.' });
      return written;
    };
    racing.createTable = () => discarded.createTable();
    racing.deleteEntity = (...args) => discarded.deleteEntity(...args);
    expect(await parking.discard(await only(), 'old', racing)).toBe(false);
    expect((await only()).cause.code).toBe('newer');
    for await (const entity of discarded.listEntities()) throw new Error(`kept: ${String(entity.rowKey)}`);
  });
});
