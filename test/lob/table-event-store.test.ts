/**
 * Proves on a real table service (Azurite) that an event is stored once however often it is delivered, where docs/store.md
 * says, and that what doesn't fit says so.
 */
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { serviceCodeOf, statusOf } from '../../shared/azure/tables';
import type { MessageEvent } from '../../shared/change/message-event';
import { TableEventStore } from '../../shared/lob/tables/table-event-store';
import { EventMapping } from '../../shared/mapping/event-mapping';
import { columns, rowId } from '../writer/changes';
import { refused, scriptedClient } from './scripted-client';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

const clientOf = (table: string): TableClient =>
  TableClient.fromConnectionString(azurite.connectionString, table, {
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
  });

const rule = new EventMapping('new_ShipOrder', { target: 'shipments' }, () => '');
const event = (of: Partial<MessageEvent> = {}): MessageEvent => ({
  message: 'new_ShipOrder',
  key: 'AAAAAAAAAAAAAAAAAAAAAA',
  row: { table: 'account', id: rowId(1) },
  occurredAtMs: Date.UTC(2026, 2, 14, 9, 26, 53, 589),
  committed: true,
  truncated: false,
  columns: columns({ input_OrderId: 'A-1', output_Weight: 7 }),
  origin: { source: 'webhook', message: 'new_ShipOrder', correlationId: 'c', operationId: 'o', userId: 'u', depth: 1 },
  ...of,
});

test('an event is an entity by day and time, with what came in and out', async () => {
  const store = new TableEventStore(clientOf, 'e1');
  expect(await store.append([{ event: event(), rule }])).toEqual([{ kind: 'stored' }]);
  const entity = await clientOf('e1shipments').getEntity(
    '2026-03-14',
    '2026-03-14T09:26:53.589Z_AAAAAAAAAAAAAAAAAAAAAA',
  );
  expect(entity).toMatchObject({
    input_OrderId: 'A-1',
    output_Weight: 7,
    Message: 'new_ShipOrder',
    OccurredAt: new Date('2026-03-14T09:26:53.589Z'),
    Table: 'account',
    RowId: rowId(1),
    Committed: true,
    Truncated: false,
    Source: 'webhook',
    CorrelationId: 'c',
    OperationId: 'o',
    UserId: 'u',
    Depth: 1,
  });
});

test('delivered twice, even at once, it is stored once', async () => {
  const store = new TableEventStore(clientOf, 'e2');
  const outcomes = await store.append(Array.from({ length: 5 }, () => ({ event: event(), rule })));
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual([
    'duplicate',
    'duplicate',
    'duplicate',
    'duplicate',
    'stored',
  ]);
  expect(await store.append([{ event: event(), rule }])).toEqual([{ kind: 'duplicate' }]);
  const other = event({ key: 'BAAAAAAAAAAAAAAAAAAAAA', row: null });
  expect(await store.append([{ event: other, rule }])).toEqual([{ kind: 'stored' }]);
  let count = 0;
  for await (const { Table: table } of clientOf('e2shipments').listEntities()) count += table === undefined ? 10 : 1;
  expect(count).toBe(11);
});

test('what doesn’t fit one entity is named, and the others are stored', async () => {
  const store = new TableEventStore(clientOf, 'e3');
  const large = columns(Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`input_${n}`, 'x'.repeat(32_000)])));
  const wide = columns(Object.fromEntries(Array.from({ length: 241 }, (_, n) => [`input_${n}`, n])));
  const outcomes = await store.append([
    { event: event({ columns: large, key: 'CAAAAAAAAAAAAAAAAAAAAA' }), rule },
    { event: event({ columns: wide, key: 'DAAAAAAAAAAAAAAAAAAAAA' }), rule },
    { event: event(), rule },
  ]);
  expect(outcomes).toMatchObject([
    { kind: 'failed', error: { code: 'event-too-large', disposition: 'park' } },
    { kind: 'failed', error: { code: 'event-too-large', disposition: 'park' } },
    { kind: 'stored' },
  ]);
});

test('dates that Azure has no DateTime for are kept as their text, of parameters and of the operation', async () => {
  const store = new TableEventStore(clientOf, 'e5');
  const at = -62_135_596_800_000;
  const due = new Map([['input_Due', { kind: 'instant', epochMs: at } as const]]);
  expect(await store.append([{ event: event({ columns: due, occurredAtMs: at }), rule }])).toEqual([
    { kind: 'stored' },
  ]);
  const text = '0001-01-01T00:00:00.000Z';
  const entity = await clientOf('e5shipments').getEntity('0001-01-01', `${text}_${event().key}`);
  expect(entity).toMatchObject({ input_Due: text, OccurredAt: text });
});

test('[I52] what Azure refuses is told by its code, and by the parameter that it names; never as too large', async () => {
  const refusing = async (message: string, code: string, statusCode = 400) => {
    const store = new TableEventStore((table) => scriptedClient(table, () => refused(statusCode, code, message)), '');
    const [outcome] = await store.append([{ event: event(), rule }]);
    return outcome?.kind === 'failed' ? outcome.error : undefined;
  };
  const named = await refusing("The 'input_OrderId' parameter of value 'secret' is out of range.", 'OutOfRangeInput');
  expect(named).toMatchObject({
    ...{ code: 'event-refused', disposition: 'park' },
    message: expect.stringContaining('with OutOfRangeInput for column input_OrderId. It was not stored'),
  });
  expect(String(named)).not.toContain('secret');
  expect(await refusing('too much', 'RequestBodyTooLarge', 413)).toMatchObject({
    ...{ code: 'event-refused', message: expect.stringContaining('with RequestBodyTooLarge. ') },
  });
  // By the service itself: an id is a text of any length.
  const long = event({ origin: { ...event().origin, correlationId: 'c'.repeat(40_000) } });
  expect(await new TableEventStore(clientOf, 'e6').append([{ event: long, rule }])).toMatchObject([
    {
      kind: 'failed',
      error: { code: 'event-refused', message: expect.stringContaining('with PropertyValueTooLarge') },
    },
  ]);
});

test('an outage is no refusal', async () => {
  const gone = new TableEventStore(
    (table) =>
      TableClient.fromConnectionString(
        azurite.connectionString.replace(/:\d+\/devstoreaccount1/g, ':9/devstoreaccount1'),
        table,
        {
          allowInsecureConnection: true,
          retryOptions: { maxRetries: 0 },
        },
      ),
    'e4',
  );
  const [outcome] = await gone.append([{ event: event(), rule }]);
  expect(outcome).toMatchObject({ kind: 'failed' });
  expect(outcome).not.toMatchObject({ error: { code: 'event-too-large' } });
});

test('a table that is being deleted makes no duplicate of an event', async () => {
  const answer = ({ url }: { readonly url: string }) =>
    url.endsWith('/Tables') ? refused(409, 'TableBeingDeleted') : refused(404, 'TableNotFound');
  const store = new TableEventStore((table) => scriptedClient(table, answer), 'e9');
  const [outcome] = await store.append([{ event: event(), rule }]);
  const error = outcome?.kind === 'failed' ? outcome.error : undefined;
  expect([statusOf(error), serviceCodeOf(error)]).toEqual([409, 'TableBeingDeleted']);
});
