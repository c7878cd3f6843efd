/**
 * Proves that each message of a LOB system ends processed, parked, delayed or held, on its own merits, and keeps the time at
 * which it was given however often it is tried.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { StoreUnavailable } from '../../shared/azure/store-unavailable';
import { OrganizationForeign } from '../../shared/dataverse/organization-pin';
import { WebApiBusy } from '../../shared/dataverse/rate-budget';
import { WebApiError } from '../../shared/dataverse/web-api';
import type { InboundVerdict } from '../../shared/inbound/decide';
import { InboundDependency, InboundNotMapped, InboundRefused, InboundStopped } from '../../shared/inbound/errors';
import type { InboundResult, RowOfChange } from '../../shared/inbound/inbound-writer';
import { RESTORE_SOURCE, restoreBody } from '../../shared/inbound/owned-columns';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { InboundReceiver } from '../../shared/receive/inbound-receiver';
import { inboundTable, PLAIN } from '../inbound/tables';
import { row } from '../writer/changes';
import { RecordingParking } from './deliveries';

const NOW = 5_000_000;
let parking: RecordingParking;
let written: RowOfChange[];
/** How a change ends, by the message's id. */
let ends: Readonly<Record<string, unknown>>;
let verify: () => Promise<void>;
let verdict: InboundVerdict;
let receiver: InboundReceiver;
beforeEach(() => {
  parking = new RecordingParking();
  written = [];
  ends = {};
  verdict = 'updated';
  verify = () => Promise.resolve();
  const process = (changes: readonly RowOfChange[]) => {
    written.push(...changes);
    return Promise.resolve(
      changes.map(({ change: { id = '' } }): InboundResult => {
        const error = ends[id];
        return error === undefined ? { kind: 'processed', verdict, rowId: 'r' } : { kind: 'failed', error };
      }),
    );
  };
  receiver = new InboundReceiver({
    writer: { process },
    tables: {
      get: (place) =>
        place.table === 'account'
          ? Promise.resolve(inboundTable(PLAIN))
          : Promise.reject(new InboundNotMapped(place, 'none')),
    },
    ...{ parking, mapping: DEFAULT_MAPPING, organization: { verify: () => verify() }, now: () => NOW },
  });
});

const delivery = (id: string, of: object = {}, arrivedAtMs?: number) => ({
  source: 'inbound-queue',
  body: Buffer.from(
    JSON.stringify({ id, table: 'account', op: 'upsert', key: { new_lobid: id }, columns: { name: id }, ...of }),
  ),
  ...(arrivedAtMs === undefined ? {} : { arrivedAtMs }),
});

test('[I95] each ends on its own merits, in the order they came', async () => {
  ends = {
    b: new InboundRefused({ table: 'account' }, '', 'no'),
    c: new InboundDependency({ table: 'account' }, 'no row'),
  };
  const outcomes = await receiver.receive([
    ...[
      delivery('a'),
      delivery('b'),
      delivery('c'),
      delivery('d', { table: 'lead' }),
      delivery('e', { op: 'x' }),
      delivery('f'),
    ],
    { source: 'inbound-queue', body: Buffer.alloc(1024 * 1024 + 1, 0x20) },
  ]);
  expect(outcomes.map((of) => (of.kind === 'processed' ? of.kind : `${of.kind} ${of.cause.code}`))).toEqual([
    ...['processed', 'parked inbound-refused', 'parked inbound-dependency', 'parked inbound-not-mapped'],
    ...['parked inbound-invalid', 'processed', 'parked inbound-invalid'],
  ]);
  expect(written.map(({ change: { id } }) => id)).toEqual(['a', 'b', 'c', 'f']);
  expect(parking.parked.filter(({ dueAtMs }) => dueAtMs !== undefined)).toMatchObject([
    { cause: { code: 'inbound-dependency' }, dueAtMs: NOW + 15_000 },
  ]);
  expect(outcomes[0]).toEqual({
    kind: 'processed',
    changes: [{ table: 'account', id: 'r', verdict: 'updated' }],
    lagMs: 0,
  });
});

test('[I91] a message keeps its time: what it says, else when it was enqueued, else when it first came here', async () => {
  ends = { c: new InboundDependency({ table: 'account' }, 'no row') };
  await receiver.receive([delivery('a', { at: '1970-01-01T00:00:07Z' }, 3000), delivery('b', {}, 3000), delivery('c')]);
  expect(written.map(({ change: { atMs } }) => atMs)).toEqual([7000, 3000, NOW]);
  expect(parking.parked[0]?.delivery.arrivedAtMs).toBe(NOW);
  await receiver.replay({ ...delivery('c'), arrivedAtMs: NOW - 9 });
  expect(written.at(-1)?.change.atMs).toBe(NOW - 9);
});

test('a value that is put back: the row by its id, without a message', async () => {
  expect(await receiver.replay({ source: RESTORE_SOURCE, body: restoreBody({ ...row(), key: {} }) })).toBeUndefined();
  expect(written).toMatchObject([
    { row: { id: row().id }, change: { id: undefined, op: 'restore', table: 'account' } },
  ]);
});

describe('an outbox', () => {
  const hold = () => ({ kind: 'hold', whatever: true }) as const;
  test('holds what concerns all of them, and lets go what concerns one', async () => {
    ends = {
      a: new InboundStopped('no member'),
      b: new StoreUnavailable('the store', 0),
      c: new InboundDependency({ table: 'account' }, 'no row'),
      d: new InboundRefused({ table: 'account' }, '', 'no'),
    };
    const outcomes = await receiver.receive(
      ['a', 'b', 'c', 'd', 'e'].map((id) => delivery(id)),
      hold,
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['held', 'held', 'parked', 'parked', 'processed']);
  });
  test('holds what Dataverse doesn’t answer, unless it answered others: then that is parked, for a while', async () => {
    const silent = (status: number) => new WebApiError('PATCH accounts(…)', status, '', 'no answer');
    const kinds = async (...ids: readonly string[]) =>
      (
        await receiver.receive(
          ids.map((id) => delivery(id)),
          hold,
        )
      ).map(({ kind }) => kind);
    ends = { a: silent(0), b: silent(503), c: silent(500), e: new WebApiBusy('PATCH', 'wait') };
    expect(await kinds('a', 'b')).toEqual(['held', 'held']);
    expect(await kinds('a', 'd', 'b', 'e')).toEqual(['parked', 'processed', 'parked', 'held']);
    expect(await kinds('c')).toEqual(['parked']);
    // What says something of a whole batch, and what needs no answer.
    ends = { a: new WebApiError('POST $batch', 500, '', 'no answer', undefined, {}, true), b: silent(503) };
    expect(await kinds('a', 'd')).toEqual(['held', 'processed']);
    verdict = 'superseded';
    expect(await kinds('b', 'd')).toEqual(['held', 'processed']);
    expect(parking.parked.every(({ dueAtMs }) => dueAtMs === NOW + 15_000)).toBe(true);
  });
  test('rejects where parking fails: all of it stays', async () => {
    ends = { a: new InboundRefused({ table: 'account' }, '', 'no') };
    parking.failure = new Error('away');
    await expect(receiver.receive([delivery('a'), delivery('b')], hold)).rejects.toThrow('away');
  });
});

test('another organisation than the store’s is written nothing', async () => {
  verify = () => Promise.reject(new OrganizationForeign('DATAVERSE_URL', 'a', 'b'));
  expect(await receiver.receive([delivery('a')])).toMatchObject([
    { kind: 'parked', cause: { code: 'organization-foreign' } },
  ]);
  expect(written).toEqual([]);
});
