/**
 * Writing by the simulator's Web API as a system of record does it: rows named by alternate keys, upserts, conditions,
 * lookups, and what the platform refuses, with its words and codes. Where a document shows an empty code, the code is
 * empty here.
 */
import { describe, expect, test } from '@jest/globals';
import type { Dataverse, DataverseOptions } from '../../local/dataverse/simulator';
import { STANDARD_TABLES } from '../../local/dataverse/metadata/standard-tables';
import type { TableDefinition } from '../../local/dataverse/metadata/table';
import { fetcher, list, members, start, text, type Fetch } from './simulator-client';

const NOBODY = '00000000-0000-0000-0000-00000000dead';
const REPRESENTATION = { Prefer: 'return=representation' };

const booking: TableDefinition = {
  logicalName: 'new_booking',
  entitySetName: 'new_bookings',
  primaryId: 'new_bookingid',
  primaryName: 'new_name',
  changeTracking: true,
  keys: [
    { schemaName: 'new_LobKey', label: 'LOB Key', columns: ['new_lobid'] },
    { schemaName: 'new_SeatKey', columns: ['new_line', 'new_seat', 'new_carrier'] },
    { schemaName: 'new_DayKey', columns: ['new_day', 'new_rate', 'new_class'] },
  ],
  columns: [
    { logicalName: 'new_name', type: 'string', maxLength: 20 },
    { logicalName: 'new_text', type: 'memo', maxLength: 200 },
    { logicalName: 'new_lobid', type: 'string', label: 'LOB Id' },
    { logicalName: 'new_line', type: 'string' },
    { logicalName: 'new_seat', type: 'integer' },
    { logicalName: 'new_day', type: 'dateTime', behavior: 'DateOnly' },
    { logicalName: 'new_at', type: 'dateTime', behavior: 'UserLocal' },
    { logicalName: 'new_rate', type: 'decimal', precision: 4 },
    { logicalName: 'new_class', type: 'choice', options: [{ value: 1, label: 'First' }] },
    { logicalName: 'new_carrier', schemaName: 'new_Carrier', type: 'lookup', targets: ['account'] },
    { logicalName: 'new_payer', schemaName: 'new_Payer', type: 'customer', targets: ['account', 'contact'] },
    { logicalName: 'new_previous', type: 'lookup', targets: ['new_booking'] },
  ],
};

async function stand(options: DataverseOptions = {}): Promise<{ dataverse: Dataverse; api: Fetch }> {
  const dataverse = await start({ tables: [...STANDARD_TABLES, booking], ...options });
  return { dataverse, api: await fetcher(dataverse) };
}

const refusal = async (answer: ReturnType<Fetch>) => {
  const { status, body } = await answer;
  return { status, ...members(body.error) };
};
const nameOf = (dataverse: Dataverse, id: string) => dataverse.get('new_booking', id)?.columns.new_name;

describe('alternate keys', () => {
  test('a row is read, changed and deleted by a key; the answer names it by the key', async () => {
    const { dataverse, api } = await stand();
    const created = await api('PATCH', "new_bookings(new_lobid='A-1')", { new_name: 'one' });
    expect(created.status).toBe(204);
    expect(created.headers.get('odata-entityid')).toBe(`${dataverse.url}/api/data/v9.2/new_bookings(new_lobid='A-1')`);
    const [row] = dataverse.rows('new_booking');
    expect(row?.columns).toMatchObject({ new_lobid: 'A-1', new_name: 'one' });
    const read = await api('GET', "new_bookings(new_lobid='a-1')?$select=new_name");
    expect(read.body).toMatchObject({ new_bookingid: row?.id, new_name: 'one' });
    const etag = text(read.body['@odata.etag']);
    expect((await api('GET', "new_bookings(new_lobid='A-1')", undefined, { 'If-None-Match': etag })).status).toBe(304);
    expect((await api('PATCH', "new_bookings(new_lobid='A-1')", { new_name: 'two' })).status).toBe(204);
    expect([...dataverse.rows('new_booking')].map(({ columns }) => columns.new_name)).toEqual(['two']);
    expect((await api('DELETE', "new_bookings(new_lobid='A-1')")).status).toBe(204);
    const gone = { status: 404, code: '0x80060891' };
    expect(await refusal(api('DELETE', "new_bookings(new_lobid='A-1')"))).toMatchObject(gone);
    expect(await refusal(api('GET', "new_bookings(new_lobid='A-1')"))).toEqual({
      ...gone,
      message: 'A record with the specified key values does not exist in new_booking entity',
    });
  });

  test('a key has several columns of any order: texts in quotes, numbers, dates, choices and lookups bare', async () => {
    const { dataverse, api } = await stand();
    const carrier = await dataverse.create('account', { name: 'Nord' });
    const quoted = encodeURIComponent("O''Hara (N), 1=2");
    const target = `new_bookings(new_seat=12,_new_carrier_value=${carrier},new_line='${quoted}')`;
    expect((await api('PATCH', target, { new_name: 'seat' })).status).toBe(204);
    expect([...dataverse.rows('new_booking')][0]?.columns).toMatchObject({
      new_line: "O'Hara (N), 1=2",
      new_seat: 12,
      new_carrier: { table: 'account', id: carrier },
    });
    expect((await api('GET', target)).body.new_name).toBe('seat');
    const day = 'new_bookings(new_day=2026-11-28,new_rate=1.50,new_class=1)';
    expect((await api('PATCH', day, { new_name: 'day' })).status).toBe(204);
    expect((await api('GET', 'new_bookings(new_day=2026-11-28,new_rate=1.5,new_class=1)')).body.new_name).toBe('day');
  });

  test.each([
    ['a column that is no key', "new_name='x'"],
    ['a part of a key', "new_line='x',new_seat=1"],
    ['an unknown column', "nothing='x'"],
    ['a lookup by its logical name', `new_line='x',new_seat=1,new_carrier=${NOBODY}`],
  ])('%s is no key', async (_what, key) => {
    const { api } = await stand();
    expect(await refusal(api('PATCH', `new_bookings(${key})`, {}))).toEqual({
      status: 400,
      code: '0x80060888',
      message:
        "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.new_booking'. Ensure that the " +
        'names and number of key properties match the declared or alternate key properties for the resource ' +
        "'Microsoft.Dynamics.CRM.new_booking'.",
    });
  });

  test.each(['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+'])(
    'a value with %s breaks the request',
    async (character) => {
      const { dataverse, api } = await stand();
      const value = `A${character}1`;
      const id = await dataverse.create('new_booking', { new_lobid: value });
      const target = `new_bookings(new_lobid='${encodeURIComponent(value)}')`;
      expect((await api('GET', target)).status).toBe(400);
      expect((await api('PATCH', target, { new_name: 'x' })).status).toBe(400);
      const filter = encodeURIComponent(`new_lobid eq '${value}'`);
      expect(list((await api('GET', `new_bookings?$filter=${filter}`)).body.value)).toMatchObject([
        { new_bookingid: id },
      ]);
    },
  );

  test('values are unique regardless of case, but not where one of them is empty', async () => {
    const { dataverse, api } = await stand();
    expect((await api('POST', 'new_bookings', { new_lobid: 'A-1' })).status).toBe(204);
    const taken = {
      status: 412,
      code: '0x80060892',
      message:
        'Entity Key LOB Key violated. A record with the same value for LOB Id already exists. A duplicate record ' +
        'cannot be created. Select one or more unique values and try again.',
    };
    expect(await refusal(api('POST', 'new_bookings', { new_lobid: 'a-1' }))).toEqual(taken);
    const other = await dataverse.create('new_booking', { new_name: 'other' });
    expect(await refusal(api('PATCH', `new_bookings(${other})`, { new_lobid: 'A-1' }))).toEqual(taken);
    await dataverse.create('new_booking', { new_lobid: null, new_line: 'x', new_seat: 1 });
    await dataverse.create('new_booking', { new_lobid: null, new_line: 'x', new_seat: 1 });
    // What a row gave up leads to it no more, and another one can take it.
    await api('PATCH', `new_bookings(${other})`, { new_lobid: 'B-1' });
    await api('PATCH', `new_bookings(${other})`, { new_lobid: 'B-2' });
    expect((await api('GET', "new_bookings(new_lobid='B-1')")).status).toBe(404);
    expect((await api('GET', "new_bookings(new_lobid='B-2')")).status).toBe(200);
    await api('PATCH', "new_bookings(new_lobid='A-1')", { new_name: 'x' });
    await dataverse.delete(
      'new_booking',
      [...dataverse.rows('new_booking')].find((row) => row.columns.new_lobid === 'A-1')?.id ?? '',
    );
    expect((await api('PATCH', `new_bookings(${other})`, { new_lobid: 'A-1' })).status).toBe(204);
  });

  test('definitions tell of keys and how far their indexes are; only an active one can be used', async () => {
    const { dataverse, api } = await stand();
    const keys = async () =>
      list(
        (
          await api(
            'GET',
            "EntityDefinitions(LogicalName='new_booking')/Keys?$select=SchemaName,KeyAttributes,EntityKeyIndexStatus",
          )
        ).body.value,
      ).map((key) => members(key));
    expect((await keys())[0]).toMatchObject({
      SchemaName: 'new_LobKey',
      KeyAttributes: ['new_lobid'],
      EntityKeyIndexStatus: 'Active',
    });
    for (const status of ['Pending', 'InProgress', 'Failed'] as const) {
      dataverse.setKeyStatus('new_booking', 'new_LobKey', status);
      expect((await keys())[0]?.EntityKeyIndexStatus).toBe(status);
      expect((await api('PATCH', "new_bookings(new_lobid='A-1')", {})).status).toBe(400);
    }
    await dataverse.create('new_booking', { new_lobid: 'A-1' });
    const second = await dataverse.create('new_booking', { new_lobid: 'A-1' });
    const reactivate = { EntityLogicalName: 'new_booking', EntityKeyLogicalName: 'new_lobkey' };
    expect((await api('POST', 'ReactivateEntityKey', reactivate)).status).toBe(204);
    expect((await keys())[0]?.EntityKeyIndexStatus).toBe('Failed');
    await dataverse.delete('new_booking', second);
    expect((await api('POST', 'ReactivateEntityKey', reactivate)).status).toBe(204);
    expect((await keys())[0]?.EntityKeyIndexStatus).toBe('Active');
    expect((await api('GET', "new_bookings(new_lobid='A-1')")).status).toBe(200);

    dataverse.defineKey('new_booking', { schemaName: 'new_NameKey', columns: ['new_name'] });
    const expanded = await api('GET', 'EntityDefinitions?$select=LogicalName&$expand=Keys($select=KeyAttributes)');
    const own = list(expanded.body.value)
      .map((each) => members(each))
      .find((each) => each.LogicalName === 'new_booking');
    expect(list(own?.Keys).at(-1)).toMatchObject({ KeyAttributes: ['new_name'] });
    expect(
      (await api('GET', "EntityDefinitions(LogicalName='new_booking')/Keys(LogicalName='new_namekey')")).body,
    ).toMatchObject({ SchemaName: 'new_NameKey', EntityKeyIndexStatus: 'Active' });
  });

  test('no key takes a time, and a query finds it, however it is written, if it has a zone', async () => {
    const { dataverse, api } = await stand();
    dataverse.defineKey('new_booking', { schemaName: 'new_AtKey', columns: ['new_at'] });
    await dataverse.create('new_booking', { new_name: 'one', new_at: '2026-03-14T09:26:53Z' });
    expect((await api('GET', `new_bookings(new_at=${encodeURIComponent('2026-03-14T09:26:53Z')})`)).status).toBe(400);
    const found = (operation: string, time: string) =>
      api('GET', `new_bookings?$select=new_name&$filter=new_at%20${operation}%20${encodeURIComponent(time)}`);
    for (const time of ['2026-03-14T09:26:53Z', '2026-03-14T09:26:53.000Z', '2026-03-14T10:26:53+01:00']) {
      expect(list((await found('eq', time)).body.value)).toMatchObject([{ new_name: 'one' }]);
      expect((await found('lt', time)).body.value).toEqual([]);
    }
    expect((await found('eq', '2026-03-14T09:26:53')).status).toBe(400);
  });

  test('users and teams have no named primary key', async () => {
    const { dataverse, api } = await stand();
    const id = dataverse.applicationUserId;
    expect((await api('GET', `systemusers(${id})`)).status).toBe(200);
    expect((await api('GET', `systemusers(systemuserid=${id})`)).status).toBe(400);
    expect((await api('GET', `businessunits(businessunitid=${id})`)).status).toBe(404);
  });
});

describe('upserts', () => {
  test('the answer tells what was done, and the version, when it is asked for the row', async () => {
    const { dataverse, api } = await stand();
    const target = "new_bookings(new_lobid='A-1')?$select=new_bookingid";
    const created = await api('PATCH', target, { new_name: 'one' }, REPRESENTATION);
    const [row] = dataverse.rows('new_booking');
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ '@odata.etag': `W/"${row?.version}"`, new_bookingid: row?.id });
    expect(created.body).not.toHaveProperty('new_name');
    const changed = await api('PATCH', target, { new_name: 'two' }, REPRESENTATION);
    expect(changed.status).toBe(200);
    expect(changed.body['@odata.etag']).toBe(`W/"${dataverse.get('new_booking', row?.id ?? '')?.version}"`);
    expect(changed.body['@odata.etag']).not.toBe(created.body['@odata.etag']);
  });

  test('key columns in the body win when the row is created and are ignored when it is changed', async () => {
    const { dataverse, api } = await stand();
    await api('PATCH', "new_bookings(new_lobid='A-1')", { new_lobid: 'B-1', new_name: 'one' });
    expect([...dataverse.rows('new_booking')].map(({ columns }) => columns.new_lobid)).toEqual(['B-1']);
    await api('PATCH', "new_bookings(new_lobid='B-1')", { new_lobid: 'C-1', new_name: 'two' });
    expect([...dataverse.rows('new_booking')].map(({ columns }) => [columns.new_lobid, columns.new_name])).toEqual([
      ['B-1', 'two'],
    ]);
  });

  test.each(['documented', 'current'] as const)(
    'conditions hold for keys and ids, with %s errors',
    async (errorForm) => {
      const { dataverse, api } = await stand({ errorForm });
      const code = (current: string): string => (errorForm === 'documented' ? '' : current);
      const key = "new_bookings(new_lobid='A-1')";
      expect(await refusal(api('PATCH', key, {}, { 'If-Match': '*' }))).toMatchObject({
        status: 404,
        code: '0x80060891',
      });
      expect(await refusal(api('PATCH', `new_bookings(${NOBODY})`, {}, { 'If-Match': '*' }))).toMatchObject({
        status: 404,
        code: code('0x80040217'),
        message: expect.stringContaining(`new_booking`) as unknown,
      });
      const { body } = await api('PATCH', key, { new_name: 'one' }, { ...REPRESENTATION, 'If-None-Match': '*' });
      const etag = text(body['@odata.etag']);
      const id = text(body.new_bookingid);
      expect(await refusal(api('PATCH', key, { new_name: 'x' }, { 'If-None-Match': '*' }))).toEqual({
        status: 412,
        code: code('0x80040237'),
        message: 'A record with matching key values already exists.',
      });
      await dataverse.update('new_booking', id, { new_name: 'theirs' });
      const stale = {
        status: 412,
        code: code('0x80060882'),
        message: "The version of the existing record doesn't match the RowVersion property provided.",
      };
      expect(await refusal(api('PATCH', key, { new_name: 'x' }, { 'If-Match': etag }))).toEqual(stale);
      expect(await refusal(api('DELETE', key, undefined, { 'If-Match': etag }))).toEqual(stale);
      expect(await refusal(api('DELETE', `new_bookings(${id})`, undefined, { 'If-Match': etag }))).toEqual(stale);
      expect(nameOf(dataverse, id)).toBe('theirs');
      const now = text((await api('GET', key)).body['@odata.etag']);
      expect((await api('PATCH', key, { new_name: 'mine' }, { 'If-Match': now })).status).toBe(204);
      const last = text((await api('GET', key)).body['@odata.etag']);
      expect((await api('DELETE', key, undefined, { 'If-Match': last })).status).toBe(204);
      expect(nameOf(dataverse, id)).toBeUndefined();
    },
  );

  test('a table without optimistic concurrency says so and refuses versions', async () => {
    const { dataverse, api } = await stand({
      tables: [...STANDARD_TABLES, { ...booking, optimisticConcurrency: false }],
    });
    const enabled = async (table: string) =>
      (await api('GET', `EntityDefinitions(LogicalName='${table}')?$select=IsOptimisticConcurrencyEnabled`)).body
        .IsOptimisticConcurrencyEnabled;
    expect([await enabled('account'), await enabled('new_booking')]).toEqual([true, false]);
    const id = await dataverse.create('new_booking', { new_name: 'one' });
    const read = await api('GET', `new_bookings(${id})`);
    const etag = text(read.body['@odata.etag']);
    const refused = { status: 400, code: '0x80060883' };
    expect(await refusal(api('PATCH', `new_bookings(${id})`, {}, { 'If-Match': etag }))).toMatchObject(refused);
    expect(await refusal(api('DELETE', `new_bookings(${id})`, undefined, { 'If-Match': etag }))).toMatchObject(refused);
    expect((await api('PATCH', `new_bookings(${id})`, {}, { 'If-Match': '*' })).status).toBe(204);
  });

  test('of two upserts of one new key one is refused: both looked up nothing', async () => {
    const { dataverse, api } = await stand();
    let looked = 0;
    let both = (): void => undefined;
    const bothLooked = new Promise<void>((resolve) => {
      both = resolve;
    });
    dataverse.afterLookUp(async ({ id }) => {
      expect(id).toBeUndefined();
      looked += 1;
      if (looked === 2) both();
      await bothLooked;
    });
    const answers = await Promise.all(
      [1, 2].map((n) => api('PATCH', "new_bookings(new_lobid='A-1')", { new_name: String(n) })),
    );
    dataverse.afterLookUp(undefined);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 412]);
    const refused = answers.find(({ status }) => status === 412);
    expect(members(refused?.body.error).code).toBe('0x80060892');
    expect([...dataverse.rows('new_booking')]).toHaveLength(1);
    expect((await api('PATCH', "new_bookings(new_lobid='A-1')", { new_name: 'again' })).status).toBe(204);
    expect([...dataverse.rows('new_booking')].map(({ columns }) => columns.new_name)).toEqual(['again']);
  });

  test('a row that goes between look-up and update is not created under another key', async () => {
    const { dataverse, api } = await stand();
    const id = await dataverse.create('new_booking', { new_lobid: 'A-1' });
    dataverse.afterLookUp(async (found) => {
      expect(found).toEqual({ table: 'new_booking', columns: { new_lobid: 'A-1' }, id });
      dataverse.afterLookUp(undefined);
      await dataverse.delete('new_booking', id);
    });
    expect((await api('PATCH', "new_bookings(new_lobid='A-1')", { new_name: 'x' })).status).toBe(404);
    expect([...dataverse.rows('new_booking')]).toHaveLength(0);
  });
});

describe('values', () => {
  test('lookups are bound by id and by key, and emptied, under the navigation properties of the metadata', async () => {
    const { dataverse, api } = await stand();
    dataverse.defineKey('account', { schemaName: 'new_NumberKey', columns: ['accountnumber'] });
    const carrier = await dataverse.create('account', { name: 'Nord', accountnumber: 'N-1' });
    const person = await dataverse.create('contact', { lastname: 'Riis' });
    const definitions = await api(
      'GET',
      "EntityDefinitions(LogicalName='new_booking')/ManyToOneRelationships" +
        '?$select=ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName',
    );
    const navigation = (column: string): object =>
      Object.fromEntries(
        list(definitions.body.value)
          .map((each) => members(each))
          .filter(({ ReferencingAttribute: of }) => of === column)
          .map((each) => [text(each.ReferencedEntity), each.ReferencingEntityNavigationPropertyName]),
      );
    expect(navigation('new_carrier')).toEqual({ account: 'new_Carrier' });
    expect(navigation('new_payer')).toEqual({ account: 'new_Payer_account', contact: 'new_Payer_contact' });
    // Users and teams are bound by one property, of a relationship to neither.
    expect(navigation('ownerid')).toEqual({ owner: 'ownerid' });
    const id = await dataverse.create('new_booking', { new_name: 'one' });
    const row = () => dataverse.get('new_booking', id)?.columns;
    const write = (body: object) => api('PATCH', `new_bookings(${id})`, body);
    expect(
      (
        await write({
          'new_Carrier@odata.bind': "accounts(accountnumber='N-1')",
          'new_Payer_account@odata.bind': `/accounts(${carrier})`,
          'ownerid@odata.bind': `${dataverse.url}/api/data/v9.2/teams(${dataverse.teamId})`,
        })
      ).status,
    ).toBe(204);
    expect(row()).toMatchObject({
      new_carrier: { table: 'account', id: carrier },
      new_payer: { table: 'account', id: carrier },
      ownerid: { table: 'team', id: dataverse.teamId },
    });
    // Setting one of several replaces the other.
    await write({ 'new_Payer_contact@odata.bind': `contacts(${person})` });
    expect(row()?.new_payer).toEqual({ table: 'contact', id: person });
    await write({ new_Carrier: null, 'new_Payer_account@odata.bind': null });
    expect(row()).toMatchObject({ new_carrier: null, new_payer: null });
  });

  test.each([
    ['the logical name', { 'new_carrier@odata.bind': `accounts(${NOBODY})` }, 400, '0x80048d19', 'new_carrier'],
    ['the column of several tables', { 'new_Payer@odata.bind': `accounts(${NOBODY})` }, 400, '0x80048d19', 'new_Payer'],
    ['a row of another table', { 'new_Payer_account@odata.bind': `contacts(${NOBODY})` }, 400, '0x80048d19', 'contact'],
    ['the bare id', { _new_carrier_value: NOBODY }, 400, '0x80060888', 'CRM do not support direct update'],
    ['a row that is not there', { 'new_Carrier@odata.bind': `accounts(${NOBODY})` }, 404, '0x80040217', NOBODY],
    [
      'a key without row',
      { 'new_Previous@odata.bind': "new_bookings(new_lobid='X')" },
      400,
      '0x80048d19',
      'new_Previous',
    ],
    [
      'a key without row',
      { 'new_previous@odata.bind': "new_bookings(new_lobid='X')" },
      404,
      '0x80060891',
      'new_booking',
    ],
    ['a key with a slash', { 'new_previous@odata.bind': "new_bookings(new_lobid='A%2F1')" }, 400, '0x0', '(/)'],
    ['a long text', { new_name: 'x'.repeat(21) }, 400, '0x80044331', "'new_name' attribute of the 'new_booking'"],
    ['a long memo', { new_text: 'x'.repeat(201) }, 400, '0x80044331', "maximum allowed length of '200'"],
    ['a reason of another state', { statecode: 0, statuscode: 2 }, 400, '0x80048408', '2 is not a valid status code'],
    ['a reason alone', { statuscode: 2 }, 400, '0x80048408', 'new_bookingState.Active on new_booking with Id'],
  ])('%s is refused', async (_what, body, status, code, message) => {
    const { dataverse, api } = await stand();
    const id = await dataverse.create('new_booking', { new_name: 'one' });
    const before = dataverse.get('new_booking', id)?.version;
    const refused = await refusal(api('PATCH', `new_bookings(${id})`, body));
    expect(refused).toEqual({ status, code, message: expect.stringContaining(message) as unknown });
    expect(dataverse.get('new_booking', id)?.version).toBe(before);
  });

  test('a row is made active: another state is ignored, and its reason is refused', async () => {
    const { dataverse, api } = await stand();
    const made = (body: object) => api('POST', 'new_bookings', { new_name: 'one', ...body });
    expect((await made({ statecode: 1 })).status).toBe(204);
    expect([...dataverse.rows('new_booking')].map(({ columns }) => columns.statecode)).toEqual([0]);
    expect(await refusal(made({ statecode: 1, statuscode: 2 }))).toMatchObject({ status: 400, code: '0x80048408' });
  });

  test('a state with one of its reasons, or alone, is taken', async () => {
    const { dataverse, api } = await stand();
    const id = await dataverse.create('new_booking', { new_name: 'one' });
    expect((await api('PATCH', `new_bookings(${id})`, { statecode: 1, statuscode: 2 })).status).toBe(204);
    expect((await api('PATCH', `new_bookings(${id})`, { statecode: 0 })).status).toBe(204);
    expect(dataverse.get('new_booking', id)?.columns).toMatchObject({ statecode: 0, statuscode: 1 });
  });
});
