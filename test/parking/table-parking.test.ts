/** Proves, on a real table service (Azurite), that what is parked is kept once and exactly, comes due in order, and is lost to no race. */
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { startAzurite, type Azurite } from '../../local/azurite';
import {
  MAX_PARKED_BYTES,
  type KeptDelivery,
  type ParkedFilter,
  type ParkedItem,
  type ParkedSummary,
} from '../../shared/parking/parking';
import { TableParking } from '../../shared/parking/table-parking';
import { row } from '../writer/changes';

let azurite: Azurite;
let parking: TableParking;
let discarded: TableClient;
let nowMs: number;
let tables = 0;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());
beforeEach(() => {
  nowMs = 1_000_000;
  tables += 1;
  parking = new TableParking(table(`parked${tables}`), () => nowMs);
  discarded = table(`discarded${tables}`);
});

const table = (name: string): TableClient =>
  TableClient.fromConnectionString(azurite.connectionString, name, {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
  });

const CAUSE = { code: 'test', message: 'A reason.' };
const delivery = (text: string, source = 'webhook'): KeptDelivery => ({ source, body: Buffer.from(text) });

async function all(): Promise<ParkedItem[]> {
  const items: ParkedItem[] = [];
  for await (const item of parking.list()) items.push(item);
  return items;
}
async function only(): Promise<ParkedItem> {
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

  test.each([0, 1, 64 * 1024, 64 * 1024 + 1, MAX_PARKED_BYTES])('a body of %i bytes', async (length) => {
    const body = randomBytes(length);
    await parking.parkDelivery({ source: 'webhook', body }, CAUSE);
    const { subject } = await only();
    expect(subject.kind === 'delivery' && body.equals(subject.delivery.body)).toBe(true);
  });

  test('a larger body is refused, not cut', async () => {
    await expect(
      parking.parkDelivery({ source: 'webhook', body: randomBytes(1024 * 1024 + 1) }, CAUSE),
    ).rejects.toThrow();
  });

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
  test('due: those whose time has come, the boundary included, oldest first, at most so many', async () => {
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
    expect((await parking.due(30, 10)).map(bodyOf)).toEqual(['first', 'second', 'third']);
    expect((await parking.due(30, 2)).map(bodyOf)).toEqual(['first', 'second']);
    expect((await parking.due(9, 10)).map(bodyOf)).toEqual([]);
    expect((await all()).map(bodyOf)).toEqual(['never', 'not yet', 'first', 'second', 'third']);
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

describe('settling', () => {
  test('the item goes; settling or postponing it again is harmless', async () => {
    await parking.parkRow(row(), CAUSE);
    const item = await only();
    await parking.settle(item);
    expect(await all()).toEqual([]);
    await parking.settle(item);
    await parking.postpone(item, CAUSE, 1);
    expect(await all()).toEqual([]);
  });

  test('[I23] what was parked again while it was tried stays', async () => {
    await parking.parkRow(row(), CAUSE);
    const item = await only();
    await parking.parkRow(row(), { code: 'newer', message: 'A later version of the row.' });
    await parking.settle(item);
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
      const { id, ...facts } = summary;
      expect(id).toMatch(/^delivery-[0-9a-f]{32}$/);
      expect(facts).toEqual({
        kind: 'delivery',
        of: 'webhook',
        bytes: 1,
        cause: { code: 'one', message: 'One.' },
        attempts: 0,
        parkedAtMs: 1_000_000,
        dueAtMs: 5_000_000,
      });
    }
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
    const body = randomBytes(MAX_PARKED_BYTES);
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

  test('not what was settled, or parked again, since it was read', async () => {
    await parking.parkRow(row(), CAUSE);
    const item = await only();
    await parking.parkRow(row(), { code: 'newer', message: 'A later version of the row.' });
    expect(await parking.discard(item, 'old', discarded)).toBe(false);
    const newer = await only();
    expect(newer.cause.code).toBe('newer');
    await parking.settle(newer);
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
