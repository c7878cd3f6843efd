/**
 * Proves that every delivery of a batch ends processed, parked with its cause and time, or rejected, whatever the others do,
 * and that only a failure of parking itself reaches the trigger.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { StoreUnavailable } from '../../shared/azure/store-unavailable';
import { OrganizationForeign } from '../../shared/dataverse/organization-pin';
import { WebApiRelationships } from '../../shared/dataverse/relationships';
import { WebApiError, type WebApi } from '../../shared/dataverse/web-api';
import type { KeptDelivery } from '../../shared/parking/parking';
import type { EventOutcome, EventStore, StoredEvent } from '../../shared/lob/event-store';
import { Associations } from '../../shared/mapping/associations';
import { EventMapping, type EventRules } from '../../shared/mapping/event-mapping';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import { TableTypeUnsupported } from '../../shared/mapping/table-type';
import type { TableCatalog, TableDefinition } from '../../shared/mapping/table-definition';
import { Receiver, TableNotSynced, type ReceiverParts } from '../../shared/receive/receiver';
import type { AskForCopy, OnRetry, Outcome } from '../../shared/receive/put-aside';
import { Writer } from '../../shared/writer/writer';
import type { Wire } from '../context/fixture-files';
import { mappingOf } from '../mapping/mappings';
import { RULE, columns, found, missing, stamp } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';
import { CONTACT, RecordingParking, UNMAPPED, fixture } from './deliveries';

const NOW = Date.UTC(2026, 3, 2, 13, 6);
let parking: RecordingParking;
let store: MemoryStore;
let reader: ScriptedReader;
let receiver: Receiver;

beforeEach(() => {
  parking = new RecordingParking();
  store = new MemoryStore(() => NOW);
  reader = new ScriptedReader(() => found(300n, columns({ jobtitle: 'read' }), { modifiedOn: NOW / 1000 }));
  receiver = new Receiver(parts(), {
    tables: ['contact', 'lead'],
    unconfirmedDelayMs: 10_000,
    now: () => NOW,
  });
});

const parts = (): ReceiverParts => ({
  ...UNMAPPED,
  writer: new Writer(store, reader, { rule: RULE }),
  parking,
});

const delivery = (body: Uint8Array): KeptDelivery => ({ source: 'test', body });
const text = (body: string): KeptDelivery => delivery(Buffer.from(body));

test('an event of a synced table is processed, with its verdict and its lag', async () => {
  const [outcome] = await receiver.receive([delivery(fixture('update-contact'))]);
  expect(outcome).toEqual({ kind: 'processed', changes: [{ ...CONTACT, verdict: 'readBack' }], lagMs: 49_000 });
  expect(store.columnsOf(CONTACT)).toEqual(columns({ jobtitle: 'read' }));
});

describe('a message on a thousand rows', () => {
  const ROWS = 1000;
  const TYPE = 'EntityCollection:http://schemas.microsoft.com/xrm/2011/Contracts';
  const idOf = (index: number): string => `401c57b9-f351-48e4-8a39-${index.toString(16).padStart(12, '0')}`;
  const multiple = (message: string, mode: 0 | 1 = 1): KeptDelivery => {
    const wire = JSON.parse(fixture('create-multiple-contact').toString()) as Wire;
    const Entities = Array.from({ length: ROWS }, (_, index) => ({
      Attributes: [{ key: 'jobtitle', value: `x${index}` }],
      Id: idOf(index),
      LogicalName: 'contact',
    }));
    const InputParameters = [{ key: 'Targets', value: { __type: TYPE, Entities, EntityName: 'contact' } }];
    return text(JSON.stringify({ ...wire, MessageName: message, Mode: mode, InputParameters, OutputParameters: [] }));
  };
  const left = (rows: number) => ({ code: 'rows-left', message: expect.stringMatching(`^${rows} of the 1000 rows`) });

  test('[I71] a hundred are read back at a time: the delivery is parked, and tried again until all are processed', async () => {
    const created = multiple('CreateMultiple');
    expect(await receiver.receive([created])).toEqual([{ kind: 'parked', cause: left(900), disposition: 'retry' }]);
    expect([reader.gets.length, store.rows.size]).toEqual([100, 100]);
    expect(parking.parked).toMatchObject([{ delivery: { body: created.body }, dueAtMs: NOW + 15_000 }]);
    for (let rows = 800; rows > 0; rows -= 100)
      expect(await receiver.replay(created)).toMatchObject({ code: 'rows-left', disposition: 'retry' });
    expect(await receiver.replay(created)).toBeUndefined();
    // Each was read once, however often the delivery was tried.
    expect([reader.gets.length, new Set(reader.gets).size, store.rows.size]).toEqual([ROWS, ROWS, ROWS]);
  });

  test('[I71] what others wait for beside it is processed as ever', async () => {
    const outcomes = await receiver.receive([multiple('CreateMultiple'), delivery(fixture('update-contact'))]);
    expect(outcomes).toMatchObject([
      { kind: 'parked', cause: left(900) },
      { kind: 'processed', changes: [CONTACT] },
    ]);
  });

  test('what needs no read is processed at once', async () => {
    for (let run = 0; run < 10; run += 1) await receiver.replay(multiple('CreateMultiple'));
    reader.gets.length = 0;
    const [outcome] = await receiver.receive([multiple('CreateMultiple')]);
    expect(outcome).toMatchObject({ kind: 'processed' });
    expect(reader.gets).toEqual([]);
  });

  test('without a Web API nothing is read, and all are told', async () => {
    const writer = new Writer(store, undefined, { rule: RULE, unprovable: 'apply' });
    const of = new Receiver({ ...parts(), writer }, { tables: ['contact'], unconfirmedDelayMs: 0, now: () => NOW });
    expect(await of.receive([multiple('CreateMultiple')])).toMatchObject([{ kind: 'processed' }]);
    expect(store.rows.size).toBe(ROWS);
  });

  test('of a synchronous step nothing is kept by which it would be known again: its rows are read in one go', async () => {
    const unconfirmed = multiple('CreateMultiple', 0);
    expect(await receiver.receive([unconfirmed])).toMatchObject([{ kind: 'parked', cause: { code: 'unconfirmed' } }]);
    expect(await receiver.replay(unconfirmed)).toBeUndefined();
    expect(reader.gets).toHaveLength(ROWS);
  });
});

test('[I72] notices of made-up ids leave nothing in the store; that of a deletion leaves its tombstone', async () => {
  reader.answer = () => missing();
  const notice = (index: number, message: string): KeptDelivery =>
    text(
      JSON.stringify({ table: 'contact', id: `401c57b9-f351-48e4-8a39-${String(index).padStart(12, '0')}`, message }),
    );
  const notices = Array.from({ length: 50 }, (_, index) => notice(index, index % 2 === 0 ? 'Create' : 'Update'));
  const outcomes = await receiver.receive(notices);
  expect(outcomes.map(({ kind }) => kind)).toEqual(notices.map(() => 'processed'));
  expect([reader.gets.length, store.rows.size]).toEqual([50, 0]);
  await receiver.receive([notice(77, 'Delete')]);
  expect(store.rows.size).toBe(1);
});

test('[I8] the same event in two deliveries that came together is one write', async () => {
  await receiver.receive([delivery(fixture('update-contact')), delivery(fixture('update-contact'))]);
  expect([store.counts.writes, reader.gets.length]).toEqual([1, 1]);
});

test('[I31] one bad delivery among good ones: each ends on its own, in its place', async () => {
  const outcomes = await receiver.receive([
    text('{"cut off'),
    delivery(fixture('update-contact')),
    text(''),
    delivery(fixture('delete-account')),
    delivery(fixture('create-lead-sync')),
    delivery(fixture('custom-action-account')),
    delivery(fixture('update-contact')),
  ]);
  expect(
    outcomes.map((outcome) => (outcome.kind === 'processed' ? outcome.kind : `${outcome.kind} ${outcome.cause.code}`)),
  ).toEqual([
    'parked json-invalid',
    'processed',
    'rejected body-empty',
    'parked table-not-synced',
    'parked unconfirmed',
    'parked message-unsupported',
    'processed',
  ]);
  expect(parking.parked.map(({ dueAtMs }) => dueAtMs)).toEqual([undefined, undefined, NOW + 10_000, undefined]);
});

test('[I18] a synchronous step is parked until its transaction is over, and nothing of it is written', async () => {
  const body = fixture('create-lead-sync');
  await receiver.receive([delivery(body)]);
  expect(parking.parked).toEqual([
    {
      delivery: { ...delivery(body), arrivedAtMs: NOW },
      cause: expect.objectContaining({ code: 'unconfirmed' }),
      dueAtMs: NOW + 10_000,
    },
  ]);
  expect([store.rows.size, reader.gets]).toEqual([0, []]);
  expect(await receiver.replay(delivery(body))).toBeUndefined();
  expect([store.rows.size, reader.gets.length]).toEqual([1, 1]);
});

describe('the notice of a flow', () => {
  const notice = (members: object): KeptDelivery => text(JSON.stringify({ ...CONTACT, ...members }));
  const row = { contactid: CONTACT.id, jobtitle: 'sent', RowVersion: '300', SdkMessage: 'Update' };

  test('[I38] is processed at once by reading the row, and nothing of it is stored', async () => {
    const [outcome] = await receiver.receive([notice({ row })]);
    expect(outcome).toEqual({ kind: 'processed', changes: [{ ...CONTACT, verdict: 'readBack' }], lagMs: undefined });
    expect(store.columnsOf(CONTACT)).toEqual(columns({ jobtitle: 'read' }));
    expect(store.stampOf(CONTACT)).toMatchObject({ version: 300n, recentKeys: [] });
    expect(parking.parked).toEqual([]);
  });

  test('[I38] of a delete is no deletion: the row is read', async () => {
    await receiver.receive([notice({ message: 'Delete' })]);
    expect(store.columnsOf(CONTACT)).toEqual(columns({ jobtitle: 'read' }));
    reader.answer = () => missing();
    await receiver.receive([notice({ message: 'Update' })]);
    expect(store.stampOf(CONTACT)).toMatchObject({ deleted: true });
  });

  test('[A12] a read that shows an older version than the notice is tried again later', async () => {
    const at = NOW / 1000;
    reader.answer = () => found(300n, columns({ jobtitle: 'read' }), { modifiedOn: at, begin: at, end: at + 2 });
    const lagging = { ...row, RowVersion: '301', modifiedon: new Date(NOW).toISOString() };
    const [outcome] = await receiver.receive([notice({ row: lagging })]);
    expect(outcome).toMatchObject({ kind: 'parked', disposition: 'retry', cause: { code: 'read-lagged' } });
    expect([store.rows.size, parking.parked[0]?.dueAtMs]).toEqual([0, NOW + 15_000]);
    // Without a time, or long after it, the read is believed: the version may mean something else.
    for (const modifiedon of [undefined, new Date(NOW - 3_600_000).toISOString()])
      expect(await receiver.receive([notice({ row: { ...lagging, modifiedon } })])).toMatchObject([
        { kind: 'processed' },
      ]);
  });

  test('ten of one row that come together are one read', async () => {
    await receiver.receive(Array.from({ length: 10 }, (_, n) => notice({ row: { ...row, RowVersion: `${200 + n}` } })));
    expect([store.counts.writes, reader.gets.length]).toEqual([1, 1]);
  });

  test('without a Web API it waits for an operator, whatever is done about order', async () => {
    for (const unprovable of ['park', 'apply'] as const) {
      const writer = new Writer(store, undefined, { rule: RULE, unprovable });
      const blind = new Receiver(
        { ...parts(), writer },
        { tables: ['contact'], unconfirmedDelayMs: 0, now: () => NOW },
      );
      expect(await blind.receive([notice({ row })])).toMatchObject([
        { kind: 'parked', disposition: 'park', cause: { code: 'order-unprovable' } },
      ]);
    }
    expect(store.rows.size).toBe(0);
  });

  test('its organisation is checked where it names one', async () => {
    const seen: string[] = [];
    const organization = {
      check: (id: string) => {
        seen.push(id);
        return Promise.reject(new OrganizationForeign('The event', id, 'another'));
      },
    };
    const options = { tables: ['contact'], unconfirmedDelayMs: 0, now: () => NOW };
    const strict = new Receiver({ ...parts(), organization }, options);
    const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
    expect(await strict.receive([notice({ row, organization: id }), notice({ row })])).toMatchObject([
      { kind: 'parked', cause: { code: 'organization-foreign' } },
      { kind: 'processed' },
    ]);
    expect(seen).toEqual([id]);
  });

  test('of a table that is not kept in step', async () => {
    expect(await receiver.receive([notice({ table: 'account', message: 'Update' })])).toMatchObject([
      { kind: 'parked', cause: { code: 'table-not-synced' } },
    ]);
  });
});

test('the mark of a message that lost members counts, whatever the body still holds', async () => {
  const removed = { ...delivery(fixture('merge-account')), truncated: true };
  expect(await receiver.receive([removed])).toMatchObject([{ kind: 'parked', cause: { code: 'parameters-removed' } }]);
});

describe('what fails is parked', () => {
  test('[I22] a failure that can pass is tried again soon', async () => {
    store.at = () => {
      throw new Error('down');
    };
    const [outcome] = await receiver.receive([delivery(fixture('update-contact'))]);
    expect(outcome).toMatchObject({ kind: 'parked', disposition: 'retry', cause: { code: 'unexpected' } });
    expect(parking.parked[0]?.dueAtMs).toBe(NOW + 15_000);
  });

  test.each([
    [400, '0x80060888'],
    [404, '0x8006088a'],
  ])('[I46] a read that Dataverse refuses (%i) tells nothing of the row, and is tried again', async (status, code) => {
    reader.answer = () => {
      throw new WebApiError('GET contacts(1)', status, code, 'Resource not found for the segment');
    };
    const [outcome] = await receiver.receive([delivery(fixture('update-contact'))]);
    expect(outcome).toMatchObject({ kind: 'parked', disposition: 'retry', cause: { code: 'web-api' } });
    expect([store.rows.size, parking.parked[0]?.dueAtMs]).toEqual([0, NOW + 15_000]);
  });

  test('the metadata can not be read: the delivery waits, the others go on', async () => {
    const unknown = (table: string) => Promise.reject(new Error(`no metadata of ${table}`));
    const catalog = { get: unknown, refresh: unknown };
    const options = { tables: ['contact'], unconfirmedDelayMs: 0, now: () => NOW };
    const blind = new Receiver({ ...parts(), catalog }, options);
    expect(await blind.receive([delivery(fixture('update-contact'))])).toMatchObject([
      { kind: 'parked', disposition: 'retry' },
    ]);
  });

  test('a column that is newer than the definition has it read again', async () => {
    const definition = (columns: TableDefinition['columns']): TableDefinition => ({
      ...{ table: 'contact', entitySet: 'contacts', primaryId: 'contactid', changeTracking: true },
      columns,
    });
    const now = definition(new Map([['jobtitle', { name: 'jobtitle', type: 'string' }]]));
    let refreshed = 0;
    const catalog: TableCatalog = {
      get: () => Promise.resolve(definition(new Map())),
      refresh: () => {
        refreshed += 1;
        return Promise.resolve(now);
      },
    };
    const options = { tables: ['contact'], unconfirmedDelayMs: 0, now: () => NOW };
    await new Receiver({ ...parts(), catalog }, options).receive([delivery(fixture('update-contact'))]);
    expect(refreshed).toBe(1);
  });

  test('[I19] parking fails: the sender hears of it', async () => {
    parking.failure = new Error('storage is down');
    await expect(receiver.receive([text('{"cut off')])).rejects.toThrow('storage is down');
  });
});

describe('what can not be processed now comes again as its source offers', () => {
  const AWAY = new StoreUnavailable('the store', NOW);
  const asked: { cause: string; whatever: boolean }[] = [];
  let answer: Awaited<ReturnType<AskForCopy>> | Error;
  const copying: OnRetry = {
    kind: 'copy',
    copy: ({ code }, whatever) => {
      asked.push({ cause: code, whatever });
      if (answer === undefined && whatever) return Promise.resolve({ attempt: 11, dueAtMs: NOW });
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  const storeFails = (error: Error): void => {
    store.at = () => {
      throw error;
    };
  };
  const update = (): KeptDelivery => delivery(fixture('update-contact'));
  const receiveOne = async (of: KeptDelivery, onRetry: OnRetry): Promise<Outcome | undefined> =>
    (await receiver.receive([of], () => onRetry))[0];

  beforeEach(() => {
    asked.length = 0;
    answer = { attempt: 3, dueAtMs: NOW + 20_000 };
  });

  describe('a copy', () => {
    test('[I34] it is accepted: nothing is parked', async () => {
      storeFails(new Error('down'));
      const outcome = {
        kind: 'delayed',
        cause: { code: 'unexpected', message: 'down' },
        attempt: 3,
        dueAtMs: NOW + 20_000,
      };
      expect(await receiveOne(update(), copying)).toEqual(outcome);
      expect([parking.parked, asked]).toEqual([[], [{ cause: 'unexpected', whatever: false }]]);
    });

    test('[I34] attempts are used up: it is parked with the last cause, and tried again from there', async () => {
      storeFails(new Error('down'));
      answer = undefined;
      expect(await receiveOne(update(), copying)).toMatchObject({ kind: 'parked', disposition: 'retry' });
      expect(parking.parked).toMatchObject([{ cause: { message: 'down' }, dueAtMs: NOW + 15_000 }]);
    });

    test('[I34] it is not accepted: it is parked with its own cause', async () => {
      storeFails(new Error('down'));
      answer = new Error('no right to send');
      expect(await receiveOne(update(), copying)).toMatchObject({ kind: 'parked', cause: { message: 'down' } });
    });

    test('[I19] neither accepted nor parked: the sender hears of it', async () => {
      storeFails(new Error('down'));
      answer = new Error('no right to send');
      parking.failure = new Error('storage is down');
      await expect(receiveOne(update(), copying)).rejects.toThrow('storage is down');
    });

    test('what will never process as it stands, and what a read has to confirm, are parked', async () => {
      expect(await receiveOne(text('{"cut off'), copying)).toMatchObject({ kind: 'parked', disposition: 'park' });
      const unconfirmed = await receiveOne(delivery(fixture('create-lead-sync')), copying);
      expect(unconfirmed).toMatchObject({ kind: 'parked', cause: { code: 'unconfirmed' } });
      expect(asked).toEqual([]);
    });

    test.each([
      ['what will never process', () => text('{"cut off'), 'json-invalid'],
      ['what a read has to confirm', () => delivery(fixture('create-lead-sync')), 'unconfirmed'],
    ])('… but where they can not be parked, a copy keeps them: %s', async (_what, of, cause) => {
      parking.failure = new Error('storage is down');
      expect(await receiveOne(of(), copying)).toMatchObject({ kind: 'delayed', cause: { code: cause } });
      expect(asked).toEqual([{ cause, whatever: false }]);
    });

    test('[I34] attempts are used up while parking is away: attempts do not count, a copy keeps it', async () => {
      storeFails(AWAY);
      parking.failure = AWAY;
      answer = undefined;
      expect(await receiveOne(update(), copying)).toMatchObject({ kind: 'delayed', attempt: 11 });
      expect(asked.map(({ whatever }) => whatever)).toEqual([false, true]);
    });

    test('[I19] attempts are used up and parking fails for a reason of its own: the sender hears of it', async () => {
      storeFails(new Error('down'));
      parking.failure = new Error('refused');
      answer = undefined;
      await expect(receiveOne(update(), copying)).rejects.toThrow('refused');
    });
  });

  describe('held', () => {
    test('[I35] the whole store is away: nothing is parked', async () => {
      storeFails(AWAY);
      const outcomes = await receiver.receive([update(), update()], () => ({ kind: 'hold' }));
      expect(outcomes).toMatchObject([
        { kind: 'held', cause: { code: 'store-unavailable' } },
        { kind: 'held', cause: { code: 'store-unavailable' } },
      ]);
      expect(parking.parked).toEqual([]);
    });

    test('[I35] … but what fails for a reason of its own is parked, so that it never holds up the others', async () => {
      storeFails(AWAY);
      const outcomes = await receiver.receive([text('{"cut off'), update()], () => ({ kind: 'hold' }));
      expect(outcomes.map(({ kind }) => kind)).toEqual(['parked', 'held']);
      storeFails(new Error('this row only'));
      expect(await receiveOne(update(), { kind: 'hold' })).toMatchObject({ kind: 'parked', disposition: 'retry' });
    });
  });

  test('nothing is offered: it is parked, also while the whole store is away', async () => {
    storeFails(AWAY);
    expect(await receiveOne(update(), { kind: 'park' })).toMatchObject({ kind: 'parked', disposition: 'retry' });
  });
});

describe('an event that is no change of rows', () => {
  const mapping = (events: readonly EventMapping[]): ReceiverParts['mapping'] => ({
    ...DEFAULT_MAPPING,
    events: new Map(events.map((event) => [event.message, event])),
  });
  const NO_HASH = (): string => '';
  let appended: StoredEvent[];
  let answer: EventOutcome;
  const events: EventStore = {
    append: (all) => {
      appended.push(...all);
      return Promise.resolve(all.map(() => answer));
    },
  };
  const rule = (of: Partial<EventRules> = {}) =>
    new EventMapping('new_RecalculateCredit', { target: 'credits', ...of }, NO_HASH);
  const receiving = (of: EventMapping): Receiver =>
    new Receiver({ ...parts(), events, mapping: mapping([of]) }, { tables: [], unconfirmedDelayMs: 0, now: () => NOW });
  const sync = (): KeptDelivery => text(fixture('custom-action-account').toString().replace('"Mode":1', '"Mode":0'));

  beforeEach(() => {
    appended = [];
    answer = { kind: 'stored' };
  });

  test('is stored as its mapping says', async () => {
    const outcomes = await receiving(rule()).receive([delivery(fixture('custom-action-account')), text('{')]);
    expect(outcomes).toMatchObject([
      { kind: 'processed', changes: [{ table: 'credits', verdict: 'stored' }], lagMs: expect.any(Number) },
      { kind: 'parked' },
    ]);
    expect(appended).toHaveLength(1);
    expect(appended[0]?.event.columns.get('input_Rate')).toEqual({ kind: 'number', text: '0.0725' });
  });

  test('a second delivery is a duplicate; one that fails is parked', async () => {
    answer = { kind: 'duplicate' };
    expect(await receiving(rule()).receive([delivery(fixture('custom-action-account'))])).toMatchObject([
      { kind: 'processed', changes: [{ verdict: 'duplicate' }] },
    ]);
    answer = { kind: 'failed', error: new Error('down') };
    expect(await receiving(rule()).receive([delivery(fixture('custom-action-account'))])).toMatchObject([
      { kind: 'parked', disposition: 'retry' },
    ]);
    expect(await receiving(rule()).replay(delivery(fixture('custom-action-account')))).toMatchObject({
      message: 'down',
    });
  });

  test('of a synchronous step it waits for an operator, unless the mapping stores such events', async () => {
    expect(sync().body).not.toEqual(fixture('custom-action-account'));
    expect(await receiving(rule()).receive([sync()])).toMatchObject([
      { kind: 'parked', disposition: 'park', cause: { code: 'unconfirmable' } },
    ]);
    expect([appended, parking.parked[0]?.dueAtMs]).toEqual([[], undefined]);
    expect(await receiving(rule({ synchronous: 'store' })).receive([sync()])).toMatchObject([{ kind: 'processed' }]);
    expect(appended[0]?.event.committed).toBe(false);
  });
});

describe('[I51] an event of a table whose rows can not be kept in step', () => {
  const READING = { table: 'new_sensorreading', id: 'cc4461e9-2ef5-48a3-82c6-e1efbb3befd4' };
  const refuse = (table: string) => Promise.reject(new TableTypeUnsupported(table, 'elastic'));
  const catalog: TableCatalog = { get: refuse, refresh: refuse };
  const options = { tables: [READING.table], unconfirmedDelayMs: 0, now: () => NOW };
  const of = (message: string, target: object): KeptDelivery => {
    const body = JSON.parse(fixture('create-reading-elastic').toString()) as Wire;
    return text(JSON.stringify({ ...body, MessageName: message, InputParameters: [{ key: 'Target', value: target }] }));
  };
  const reference = {
    __type: 'EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts',
    LogicalName: READING.table,
    Id: READING.id,
  };
  const preImage = (columns: readonly string[]) => ({
    key: 'Before',
    value: { Id: READING.id, LogicalName: READING.table, Attributes: columns.map((key) => ({ key, value: null })) },
  });
  const withImage = (delivered: KeptDelivery, columns: readonly string[]): KeptDelivery =>
    text(
      JSON.stringify({
        ...(JSON.parse(Buffer.from(delivered.body).toString()) as Wire),
        PreEntityImages: [preImage(columns)],
      }),
    );
  const UNSUPPORTED = { kind: 'parked', disposition: 'park', cause: { code: 'table-type-unsupported' } };
  const notice = text(JSON.stringify({ ...READING, message: 'Delete' }));

  test('is refused by the metadata, a deletion and a notice too: no tombstone, no read', async () => {
    const known = new Receiver({ ...parts(), catalog }, options);
    const all = [delivery(fixture('create-reading-elastic')), of('Delete', reference), notice];
    expect(await known.receive(all)).toMatchObject(all.map(() => UNSUPPORTED));
    expect([store.rows.size, reader.gets]).toEqual([0, []]);
  });

  test.each(['json', 'xml', 'msbin1'])('without metadata it is refused by its partitionid: in %s', async (form) => {
    const body = readFileSync(path.join(__dirname, '..', 'fixtures', `create-reading-elastic.${form}`));
    const blind = new Receiver(parts(), options);
    expect(await blind.receive([delivery(body)])).toMatchObject([UNSUPPORTED]);
    expect([store.rows.size, reader.gets]).toEqual([0, []]);
  });

  test('without metadata a deletion is refused where an image of the row has a partitionid', async () => {
    const blind = new Receiver(parts(), options);
    const deletion = of('Delete', reference);
    expect(await blind.receive([withImage(deletion, ['new_value', 'partitionid'])])).toMatchObject([UNSUPPORTED]);
    expect(store.rows.size).toBe(0);
    expect(await blind.receive([withImage(deletion, ['new_value'])])).toMatchObject([{ kind: 'processed' }]);
  });

  test('one that is not kept anyway is told so', async () => {
    const other = new Receiver({ ...parts(), catalog }, { ...options, tables: [] });
    expect(await other.receive([delivery(fixture('create-reading-elastic'))])).toMatchObject([
      { kind: 'parked', cause: { code: 'table-not-synced' } },
    ]);
  });

  test.each(['OnExternalCreated', 'OnExternalUpdated', 'OnExternalDeleted'])(
    '%s, which tells of a virtual table, is kept as an event where the mapping names it',
    async (message) => {
      const appended: StoredEvent[] = [];
      const events: EventStore = {
        append: (all) => {
          appended.push(...all);
          return Promise.resolve(all.map(() => ({ kind: 'stored' }) as const));
        },
      };
      const mapping = mappingOf(`events: { ${message}: { target: readings } }`);
      const keeping = new Receiver({ ...parts(), catalog, events, mapping }, options);
      expect(await keeping.receive([of(message, reference)])).toMatchObject([
        { kind: 'processed', changes: [{ table: 'readings', verdict: 'stored' }] },
      ]);
      expect(appended[0]?.event.row).toEqual(READING);
      expect(appended[0]?.event.columns.get('input_Target')).toMatchObject({ kind: 'lookup', id: READING.id });
    },
  );
});

describe('what is not mapped', () => {
  const NOT_MAPPED = {
    messages: ['custom-action-account', 'message-unsupported'],
    relationships: ['associate-account-lead', 'relationship-not-synced'],
    tables: ['delete-account', 'table-not-synced'],
  } as const;
  const policies = { park: 'parked', refuse: 'rejected', ignore: 'ignored' } as const;

  test.each(
    (['messages', 'relationships', 'tables'] as const).flatMap((what) =>
      (['park', 'refuse', 'ignore'] as const).map((policy) => [what, policy] as const),
    ),
  )('%s: %s', async (what, policy) => {
    const unmapped = { ...DEFAULT_MAPPING.unmapped, [what]: policy };
    const of = new Receiver(
      { ...parts(), mapping: { ...DEFAULT_MAPPING, unmapped } },
      { tables: ['contact'], unconfirmedDelayMs: 0, now: () => NOW },
    );
    const [name, code] = NOT_MAPPED[what];
    expect(await of.receive([delivery(fixture(name))])).toMatchObject([{ kind: policies[policy], cause: { code } }]);
    expect(parking.parked).toHaveLength(policy === 'park' ? 1 : 0);
    // The others keep to their own.
    for (const [other] of Object.entries(NOT_MAPPED).flatMap(([key, value]) => (key === what ? [] : [value])))
      expect(await of.receive([delivery(fixture(other))])).toMatchObject([{ kind: 'parked' }]);
  });
});

test('[I45] a relationship that can not be looked up is not taken for one that is not mapped', async () => {
  const failure = new WebApiError('GET RelationshipDefinitions', 503, '', 'busy');
  const away: Pick<WebApi, 'get'> = { get: () => Promise.reject(failure) };
  const unmapped = { ...DEFAULT_MAPPING.unmapped, relationships: 'ignore' } as const;
  const blind = new Receiver(
    {
      ...parts(),
      associations: new Associations({ tables: ['lead'], relationships: [] }, new WebApiRelationships(away as WebApi)),
      mapping: { ...DEFAULT_MAPPING, unmapped },
    },
    { tables: ['lead'], unconfirmedDelayMs: 0, now: () => NOW },
  );
  expect(await blind.receive([delivery(fixture('associate-account-lead'))])).toMatchObject([
    { kind: 'parked', disposition: 'retry', cause: { code: 'web-api' } },
  ]);
});

describe('[I47] an event that its sender dates later than it arrived', () => {
  const HOUR_S = 3600;
  let now: number;
  let late: Receiver;

  /** The fixture's event, all its dates moved; it was updated a minute before NOW. */
  const dated = (name: string, bySeconds: number): Buffer =>
    Buffer.from(
      fixture(name)
        .toString()
        .replaceAll(/Date\((\d+)/g, (_, ms: string) => `Date(${Number(ms) + bySeconds * 1000}`),
    );
  const verdicts = async (kept: KeptDelivery): Promise<unknown> => {
    const [outcome] = await late.receive([kept]);
    return outcome?.kind === 'processed' ? outcome.changes.map(({ verdict }) => verdict) : outcome;
  };

  beforeEach(async () => {
    now = NOW;
    late = new Receiver(parts(), {
      tables: ['contact', 'account'],
      unconfirmedDelayMs: 0,
      marginSeconds: 5,
      now: () => now,
    });
    // The row is known as it was an hour ago.
    const seen = NOW / 1000 - HOUR_S;
    await store.write([
      {
        ...{ row: CONTACT, expected: undefined, effect: 'snapshot', columns: columns({ jobtitle: 'old' }) },
        stamp: stamp({ version: 200n, knownUntil: seen, latestKnown: seen }),
      },
    ]);
  });

  test('by no more than the clocks may differ: it is merged; by more: the row is read', async () => {
    // The fixture's event is 50 seconds older than NOW.
    expect(await verdicts(delivery(dated('update-contact', 50 + 5)))).toEqual(['merged']);
    expect(await verdicts(delivery(dated('update-contact', 50 + 6)))).toEqual(['readBack']);
    expect(await verdicts(delivery(dated('update-contact', HOUR_S)))).toEqual(['readBack']);
  });

  test('what counts is when it first arrived, be it hours ago, and never a time that is yet to come', async () => {
    now = NOW + 2 * HOUR_S * 1000;
    const kept = delivery(dated('update-contact', HOUR_S));
    expect(await verdicts({ ...kept, arrivedAtMs: NOW })).toEqual(['readBack']);
    expect(await late.replay({ ...kept, arrivedAtMs: NOW })).toBeUndefined();
    expect(await verdicts({ ...delivery(dated('update-contact', 3 * HOUR_S)), arrivedAtMs: now * 2 })).toEqual([
      'readBack',
    ]);
    expect(store.columnsOf(CONTACT)).toEqual(columns({ jobtitle: 'read' }));
  });

  test('is parked with its arrival, so that a later replay believes it no more than now', async () => {
    store.at = () => {
      throw new Error('down');
    };
    await late.receive([delivery(dated('update-contact', HOUR_S))]);
    expect(parking.parked).toMatchObject([{ delivery: { arrivedAtMs: NOW } }]);
  });

  test('a delete on nothing makes no tombstone that is newer than it can be', async () => {
    await late.receive([delivery(dated('delete-account', 10 * HOUR_S))]);
    const [account] = [...store.rows.keys()].filter((key) => key.startsWith('account'));
    expect(store.rows.get(account ?? '')?.stamp).toMatchObject({ deleted: true, latestKnown: NOW / 1000 + 5 });
  });

  test('the notice of a flow: its version is waited for no longer than a read may lag', async () => {
    const row = { contactid: CONTACT.id, RowVersion: '301', modifiedon: new Date(NOW + 3_600_000).toISOString() };
    const notice = text(JSON.stringify({ ...CONTACT, row: { ...row, SdkMessage: 'Update' } }));
    const readAt = (seconds: number) => {
      const at = NOW / 1000 + seconds;
      reader.answer = () => found(300n, columns({ jobtitle: 'read' }), { modifiedOn: at, begin: at, end: at });
    };
    readAt(60);
    expect(await verdicts(notice)).toMatchObject({ kind: 'parked', cause: { code: 'read-lagged' } });
    readAt(65);
    expect(await verdicts(notice)).toEqual(['readBack']);
  });
});

describe('several failures in one delivery', () => {
  const TOO_LARGE = new TableNotSynced('one that will never process');
  const AWAY = new StoreUnavailable('the store', NOW);
  const SLOW = new Error('slow');
  const failingWith = (errors: readonly Error[]): Receiver => {
    const writer: Pick<Writer, 'process'> = {
      process: (changes) =>
        Promise.resolve(changes.map((change, n) => ({ kind: 'failed', change, error: errors[n] ?? errors[0] }))),
    };
    const options = { tables: ['contact'], unconfirmedDelayMs: 0, now: () => NOW };
    return new Receiver({ ...parts(), writer: writer }, options);
  };
  const several = (): KeptDelivery => delivery(fixture('update-multiple-contact'));

  test.each([
    ['first', [AWAY, TOO_LARGE], AWAY],
    ['last', [TOO_LARGE, AWAY], AWAY],
    ['of two the first one tells why', [SLOW, AWAY], SLOW],
  ])('[I22] one that can pass makes it due, wherever it comes: %s', async (_where, errors, told) => {
    const of = failingWith(errors);
    const [outcome] = await of.receive([several()]);
    expect(outcome).toMatchObject({ kind: 'parked', disposition: 'retry', cause: { message: told.message } });
    expect(parking.parked[0]?.dueAtMs).toBe(NOW + 15_000);
    expect(await of.replay(several())).toBe(told);
  });

  test('none that can pass: it waits for an operator, with the first cause', async () => {
    const of = failingWith([TOO_LARGE, new TableNotSynced('another')]);
    const [outcome] = await of.receive([several()]);
    expect(outcome).toMatchObject({ kind: 'parked', disposition: 'park', cause: { message: TOO_LARGE.message } });
    expect(await of.replay(several())).toBe(TOO_LARGE);
  });

  describe('before anything is processed', () => {
    /** Its first row is of another table. */
    const mixed = (): KeptDelivery => {
      const contact = '"LogicalName":"contact"';
      return text(several().body.toString().replace(contact, '"LogicalName":"account"'));
    };
    const receiving = (tables: 'park' | 'ignore', catalog?: TableCatalog): Receiver => {
      const unmapped = { ...DEFAULT_MAPPING.unmapped, tables };
      return new Receiver(
        { ...parts(), catalog, mapping: { ...DEFAULT_MAPPING, unmapped } },
        { tables: ['contact'], unconfirmedDelayMs: 0, now: () => NOW },
      );
    };
    const busy = (): Promise<never> => Promise.reject(new WebApiError('GET x', 503, '', 'busy'));

    test.each(['park', 'ignore'] as const)(
      '[I22] one that can pass makes it due, too: unmapped tables: %s',
      async (policy) => {
        const of = receiving(policy, { get: busy, refresh: busy });
        expect(await of.receive([mixed()])).toMatchObject([
          { kind: 'parked', disposition: 'retry', cause: { code: 'web-api' } },
        ]);
        expect(await of.replay(mixed())).toMatchObject({ code: 'web-api' });
      },
    );

    test('rows that are to be ignored do not take the others with them', async () => {
      expect(await receiving('ignore').receive([mixed()])).toMatchObject([
        { kind: 'processed', changes: [{ table: 'contact' }] },
      ]);
      expect(await receiving('park').receive([mixed()])).toMatchObject([
        { kind: 'parked', disposition: 'park', cause: { code: 'table-not-synced' } },
      ]);
    });
  });
});

describe('[I49] a body that is too large to be read here', () => {
  /** The fixture's event with a long text, as a hub's may be. */
  const large = (): KeptDelivery =>
    text(fixture('update-contact').toString().replace('Head of Customs', 'H'.repeat(1_000_000)));

  test.each([
    ['park', { kind: 'park' }],
    ['hold', { kind: 'hold' }],
    ['copy', { kind: 'copy', copy: () => Promise.reject(new Error('not asked')) }],
  ] as const)(
    'is parked whole, until an operator has it read, whatever its source offers: %s',
    async (_what, onRetry) => {
      const body = large().body;
      expect(await receiver.receive([large()], () => onRetry)).toMatchObject([
        { kind: 'parked', disposition: 'park', cause: { code: 'body-too-large' } },
      ]);
      expect(parking.parked[0]?.delivery.body).toEqual(body);
      expect(parking.parked[0]).not.toHaveProperty('dueAtMs');
      expect(await receiver.replay(large())).toMatchObject({ code: 'body-too-large' });
    },
  );

  test('is read by a process that nobody waits for', async () => {
    const options = { tables: ['contact'], unconfirmedDelayMs: 0, maxBodyBytes: 2_000_000, now: () => NOW };
    expect(await new Receiver(parts(), options).replay(large())).toBeUndefined();
    expect(store.rows.size).toBe(1);
  });
});

test('a replay of what can not be read says why and parks nothing', async () => {
  expect(await receiver.replay(text('{"cut off'))).toMatchObject({ code: 'json-invalid' });
  expect(parking.parked).toEqual([]);
});

test('[I17] an oversize event tells only that the row changed: it is read back', async () => {
  const body = Buffer.from(fixture('update-contact').toString());
  await receiver.receive([{ source: 'test', body, truncated: true }]);
  expect(reader.gets).toEqual([CONTACT.id]);
});
