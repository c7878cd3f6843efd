/**
 * The simulator's rows show what only some columns and tables of the platform do: what a user empties, images and files,
 * managed properties, and tables that aren't kept in the organisation's database.
 */
import { expect, test } from '@jest/globals';
import type { TableDefinition } from '../../local/dataverse/simulator';
import {
  caller,
  hooked,
  list,
  members,
  pull,
  start,
  startHook,
  targetOf,
  text,
  type Json,
  type Members,
} from './simulator-client';

const badge: TableDefinition = {
  logicalName: 'new_badge',
  entitySetName: 'new_badges',
  primaryId: 'new_badgeid',
  primaryName: 'new_name',
  changeTracking: true,
  columns: [
    { logicalName: 'new_name', type: 'string' },
    { logicalName: 'new_kinds', type: 'choices', options: [{ value: 1, label: 'One' }] },
    { logicalName: 'new_photo', type: 'image' },
    { logicalName: 'new_contract', type: 'file' },
    { logicalName: 'new_customizable', type: 'managed' },
  ],
};
const reading: TableDefinition = {
  ...badge,
  ...{ logicalName: 'new_reading', entitySetName: 'new_readings', primaryId: 'new_readingid' },
  tableType: 'Elastic',
};

const BYTES = Buffer.from('an image of many bytes').toString('base64');
const THUMBNAIL = Buffer.from('an image').toString('base64');
const FILE = '365092da-7683-43da-8855-63f2f979c18b';

const valuesOf = (row: Members): Members =>
  Object.fromEntries(list(row.Attributes).map((pair) => [text(members(pair).key), members(pair).value ?? null]));

async function started() {
  const dataverse = await start({ tables: [badge, reading] });
  return { dataverse, call: await caller(dataverse) };
}

test('an image comes only where it is asked for, and then as its thumbnail; its parts always', async () => {
  const { dataverse, call } = await started();
  const hook = await startHook();
  await hooked(dataverse, hook, { table: 'new_badge', message: 'Create', mode: 'async' });
  const id = await dataverse.create('new_badge', { new_name: 'x', new_photo: BYTES });
  await dataverse.drain(120_000);
  const pushed = valuesOf(targetOf(hook.deliveries[0]?.context ?? {}));
  expect(pushed.new_photo).toEqual([...Buffer.from(BYTES, 'base64')]);
  const { body: all } = await call('GET', `new_badges(${id})`);
  expect(all).not.toHaveProperty('new_photo');
  expect(all).toMatchObject({
    new_photo_url: expect.stringMatching(/^\/Image\/download\.aspx\?Entity=new_badge&Attribute=new_photo&Id=/),
    new_photo_timestamp: expect.any(Number),
    new_photoid: expect.any(String),
  });
  expect((await call('GET', `new_badges(${id})?$select=new_photo`)).body.new_photo).toBe(THUMBNAIL);
  const tracked = await pull(call, 'new_badges?$select=new_photo', { Prefer: 'odata.track-changes' });
  expect(tracked.items[0]?.new_photo).toBe(THUMBNAIL);
  await dataverse.update('new_badge', id, { new_photo: null });
  expect((await call('GET', `new_badges(${id})?$select=new_photo,new_photo_url`)).body).toMatchObject({
    new_photo: null,
    new_photo_url: null,
  });
});

test('what a user empties is sent as it was emptied, and kept as nothing', async () => {
  const { dataverse, call } = await started();
  const hook = await startHook();
  await hooked(dataverse, hook, { table: 'new_badge', message: 'Update', mode: 'async' });
  const id = await dataverse.create('new_badge', { new_name: 'x', new_kinds: [1] });
  await dataverse.update('new_badge', id, { new_name: '', new_kinds: [] });
  await dataverse.drain(120_000);
  expect(valuesOf(targetOf(hook.deliveries[0]?.context ?? {}))).toMatchObject({ new_name: '', new_kinds: [] });
  expect((await call('GET', `new_badges(${id})`)).body).toMatchObject({ new_name: null, new_kinds: null });
});

test('a file is its id and its name, a managed property a complex value', async () => {
  const { dataverse, call } = await started();
  const id = await dataverse.create('new_badge', { new_contract: FILE, new_customizable: true });
  expect((await call('GET', `new_badges(${id})`)).body).toMatchObject({
    new_contract: FILE,
    new_contract_name: '365092da.pdf',
    new_customizable: { Value: true, CanBeChanged: true, ManagedPropertyLogicalName: 'new_customizable' },
  });
});

test('metadata tells the types of such columns, and of the table', async () => {
  const { call } = await started();
  const typeOf = async (table: string): Promise<Json> =>
    (await call('GET', `EntityDefinitions(LogicalName='${table}')?$select=TableType`)).body.TableType ?? null;
  expect([await typeOf('new_badge'), await typeOf('new_reading')]).toEqual(['Standard', 'Elastic']);
  const attributes = await call(
    'GET',
    "EntityDefinitions(LogicalName='new_badge')/Attributes?$select=LogicalName,AttributeType,AttributeTypeName",
  );
  const types = new Map(
    list(attributes.body.value).map((each) => {
      const { LogicalName, AttributeType, AttributeTypeName } = members(each);
      return [LogicalName, `${text(AttributeType)} ${text(members(AttributeTypeName).Value)}`];
    }),
  );
  expect(
    ['new_photo', 'new_photo_url', 'new_contract', 'new_contract_name', 'new_customizable'].map((name) =>
      types.get(name),
    ),
  ).toEqual([
    'Virtual ImageType',
    'String StringType',
    'Virtual FileType',
    'String StringType',
    'ManagedProperty ManagedPropertyType',
  ]);
});

test('a row of an elastic table that has a partition is not found by its id alone', async () => {
  const { dataverse, call } = await started();
  const whole = await dataverse.create('new_reading', { new_name: 'a' });
  const part = await dataverse.create('new_reading', { new_name: 'b', partitionid: 'device-1' });
  const statuses = await Promise.all(
    [whole, part].map(async (id) => (await call('GET', `new_readings(${id})`)).status),
  );
  expect(statuses).toEqual([200, 404]);
});
