/**
 * The simulator's tables can change while it runs, as those of an organisation do: metadata shows it at once, values
 * stay or go, and delta tokens from before have expired.
 */
import { describe, expect, test } from '@jest/globals';
import {
  caller,
  hooked,
  keysOf,
  list,
  members,
  pull,
  start,
  startHook,
  targetOf,
  text,
  type Answer,
  type Call,
  type Json,
  type Members,
} from './simulator-client';

const TRACK = { Prefer: 'odata.track-changes' };
const EXPIRED = { error: { code: '0x80044352', message: expect.stringContaining('has expired') as unknown } };

async function attributes(call: Call, table: string): Promise<Map<string, Json>> {
  const answer = await call(
    'GET',
    `EntityDefinitions(LogicalName='${table}')/Attributes?$select=LogicalName,AttributeType`,
  );
  return new Map(
    list(answer.body.value).map((item) => [text(members(item).LogicalName), members(item).AttributeType ?? null]),
  );
}

const errorOf = (answer: Answer): readonly [number, Json | undefined, Json | undefined] => {
  const error = members(answer.body.error);
  return [answer.status, error.code, error.message];
};

describe('columns', () => {
  test('are added: empty in old rows, there in new ones, in metadata, labels and events', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    const old = await dataverse.create('account', { name: 'old' });
    const { version } = dataverse.get('account', old) ?? {};
    const { deltaLink } = await pull(call, 'accounts?$select=name', TRACK);
    const contacts = await pull(call, 'contacts?$select=fullname', TRACK);
    await expect(dataverse.create('account', { new_tier: 1 })).rejects.toThrow('new_tier');

    dataverse.addColumn('account', { logicalName: 'new_tier', type: 'choice', options: [{ value: 1, label: 'Gold' }] });
    dataverse.addColumn('account', { logicalName: 'new_carrier', type: 'lookup', targets: ['contact'] });
    expect((await attributes(call, 'account')).get('new_tier')).toBe('Picklist');
    const labels = "stringmaps?$filter=objecttypecode%20eq%20'account'%20and%20attributename%20eq%20'new_tier'";
    expect(list((await call('GET', labels)).body.value)).toMatchObject([{ value: 'Gold' }]);
    const relationship = await call('GET', "RelationshipDefinitions(SchemaName='contact_account_new_carrier')");
    expect(relationship.status).toBe(200);
    expect(dataverse.tables.find(({ logicalName }) => logicalName === 'account')?.byName.has('new_tier')).toBe(true);

    const hook = await startHook();
    await hooked(dataverse, hook, { table: 'account', message: 'Create', mode: 'async' });
    const id = await dataverse.create('account', { name: 'new', new_tier: 1 });
    await dataverse.drain(120_000);
    expect(keysOf(targetOf(hook.deliveries[0]?.context ?? {}).Attributes)).toContain('new_tier');
    const read = await call('GET', 'accounts?$select=new_tier,_new_carrier_value');
    expect(list(read.body.value).map((row) => members(row).new_tier)).toEqual([null, 1]);
    expect(dataverse.get('account', old)?.version).toBe(version);

    expect((await call('GET', deltaLink)).body).toEqual(EXPIRED);
    expect((await call('GET', contacts.deltaLink)).status).toBe(200);
    const fresh = await pull(call, 'accounts?$select=name,new_tier', TRACK);
    expect(fresh.items.map(({ accountid }) => accountid)).toEqual([old, id]);
    expect((await call('GET', fresh.deltaLink)).status).toBe(200);
  });

  test('are removed with their values; who selects one is told by name', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    const id = await dataverse.create('account', { name: 'x', fax: '1' });
    const gone = await dataverse.create('account', { name: 'y', fax: '2' });
    await dataverse.delete('account', gone);
    const { deltaLink } = await pull(call, 'accounts?$select=name', TRACK);
    const selecting = await pull(call, 'accounts?$select=name,fax', TRACK);

    dataverse.removeColumn('account', 'fax');
    expect((await attributes(call, 'account')).has('fax')).toBe(false);
    expect(dataverse.get('account', id)?.columns).not.toHaveProperty('fax');
    expect((await call('GET', `accounts(${id})`)).body).not.toHaveProperty('fax');
    const missing = [
      400,
      '0x80060888',
      "Could not find a property named 'fax' on type 'Microsoft.Dynamics.CRM.account'.",
    ];
    expect(errorOf(await call('GET', 'accounts?$select=name,fax'))).toEqual(missing);
    expect(errorOf(await call('GET', `accounts(${id})?$select=fax`))).toEqual(missing);
    expect(errorOf(await call('GET', 'accounts?$select=fax', TRACK))).toEqual(missing);
    expect(errorOf(await call('GET', selecting.deltaLink))).toEqual(missing);
    expect((await call('PATCH', `accounts(${id})`, {}, { fax: '3' })).status).toBe(400);
    expect((await call('GET', deltaLink)).body).toEqual(EXPIRED);
    await dataverse.restore('account', gone);
    expect(dataverse.get('account', gone)?.columns).not.toHaveProperty('fax');
    // Created anew it is empty.
    dataverse.addColumn('account', { logicalName: 'fax', type: 'string' });
    expect((await call('GET', `accounts(${id})?$select=fax`)).body.fax).toBeNull();
  });

  test('of another type lose their values, of the same type keep those that fit', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    const table = 'new_shipment';
    const make = (columns: Members): Promise<string> =>
      dataverse.create(table, columns as Record<string, string | number>);
    const one = await make({ new_pieces: 3, new_mode: 100000001, new_volume: '1.25', new_instructions: 'dry' });
    const two = await make({ new_mode: 100000003, new_volume: '2.00' });
    const { deltaLink } = await pull(call, 'new_shipments', TRACK);
    const version = dataverse.get(table, one)?.version;

    dataverse.changeColumnType(table, { logicalName: 'new_pieces', type: 'string' });
    // It would fit, but a column's type cannot be changed in place.
    dataverse.changeColumnType(table, { logicalName: 'new_instructions', type: 'string' });
    const options = [{ value: 100000001, label: 'Railway' }];
    dataverse.changeColumnType(table, { logicalName: 'new_mode', type: 'choice', options });
    dataverse.changeColumnType(table, { logicalName: 'new_volume', type: 'decimal', precision: 4 });
    expect((await attributes(call, table)).get('new_pieces')).toBe('String');
    const annotated = await call('GET', `new_shipments(${one})`, { Prefer: 'odata.include-annotations="*"' });
    expect(annotated.body).toMatchObject({
      new_pieces: null,
      new_instructions: null,
      'new_mode@OData.Community.Display.V1.FormattedValue': 'Railway',
    });
    expect(annotated.raw).toContain('"new_volume":1.2500');
    expect(dataverse.get(table, two)?.columns.new_mode).toBeNull();
    expect(dataverse.get(table, one)?.version).toBe(version);
    expect((await call('GET', deltaLink)).body).toEqual(EXPIRED);
    await dataverse.update(table, one, { new_pieces: 'three' });
    await expect(dataverse.update(table, one, { new_pieces: 4 })).rejects.toThrow('new_pieces');
  });

  test('of the platform stay', async () => {
    const dataverse = await start();
    for (const name of ['accountid', 'name', 'modifiedon', 'versionnumber', 'nothing'])
      expect(() => dataverse.removeColumn('account', name)).toThrow(name);
    expect(() => dataverse.addColumn('account', { logicalName: 'fax', type: 'string' })).toThrow('already');
  });
});

describe('a definition is replaced', () => {
  const PATH = "EntityDefinitions(LogicalName='new_note')";
  const MERGE = { 'MSCRM.MergeLabels': 'true' };
  const publish = { ParameterXml: '<importexportxml><entities><entity>new_note</entity></entities></importexportxml>' };

  test('as a whole; that changes are tracked shows after publishing, and a load then ends with a delta link', async () => {
    const call = await caller(await start());
    const { body: definition } = await call('GET', PATH);
    const tracked = { ...definition, ChangeTrackingEnabled: true };
    const isOn = async (): Promise<unknown> => (await call('GET', PATH)).body.ChangeTrackingEnabled;
    expect((await call('GET', 'new_notes', TRACK)).status).toBe(400);
    expect((await call('PUT', PATH, MERGE, tracked)).status).toBe(204);
    expect(await isOn()).toBe(false);
    expect((await call('POST', 'PublishXml', {}, publish)).status).toBe(204);
    expect(await isOn()).toBe(true);
    expect((await call('GET', 'new_notes', TRACK)).body).toHaveProperty(['@odata.deltaLink']);
    const off = await call('PUT', PATH, MERGE, { ...tracked, ChangeTrackingEnabled: false });
    expect(errorOf(off)).toEqual([400, expect.any(String), expect.stringContaining('can not be disabled')]);
  });

  test.each([
    ['one property alone', MERGE, () => ({ ChangeTrackingEnabled: true }), 'as a whole'],
    ['another property', MERGE, (all: Members) => ({ ...all, SchemaName: 'Other' }), 'only ChangeTrackingEnabled'],
    ['labels that would be lost', {}, (all: Members) => ({ ...all, ChangeTrackingEnabled: true }), 'MergeLabels'],
  ])('%s: refused', async (_what, headers, change, why) => {
    const call = await caller(await start());
    const { body: definition } = await call('GET', PATH);
    const refused = await call('PUT', PATH, headers, change(definition));
    expect(errorOf(refused)).toEqual([400, expect.any(String), expect.stringContaining(why)]);
  });
});
