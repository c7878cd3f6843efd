/**
 * Proves that the check at the end of the business day sees what it is there for: a store written by hand as the mapping
 * file and docs/store.md promise has no differences, and each damage to it is named by table, id and property. Real
 * Azurite, the Dataverse simulator, no app.
 */
import { TableClient, type TableEntity } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startAzurite, type Azurite } from '../../local/storage/azurite';
import { BUSINESS_APIS, defineBusinessApis } from '../../local/stack/business-apis';
import { startDataverse, type Dataverse } from '../../local/dataverse/simulator';
import { STANDARD_RELATIONSHIPS } from '../../local/dataverse/metadata/standard-tables';
import { compare, type CheckResult } from '../../local/day/comparison';
import type { ApiCall } from '../../local/day/workload';
import { mappingSettings, readMapping } from '../../local/day/mapping';

const settings = mappingSettings(resolve(__dirname, '../..'));
const OCCURRED = '2026-03-14T09:26:53.000Z';
const CALL = '11111111-2222-4333-8444-555555555555';

let azurite: Azurite;
let dataverse: Dataverse;
let call: ApiCall;
const ids = { account: '', contact: '', open: '', qualified: '', shipment: '' };

const hash = (text: string): string =>
  createHmac('sha256', Buffer.from(settings.REDACTION_KEY, 'base64')).update(text).digest('base64url');
const client = (table: string): TableClient =>
  TableClient.fromConnectionString(azurite.connectionString, table, { allowInsecureConnection: true });
const keys = (id: string) => ({ partitionKey: id.slice(0, 1), rowKey: id });
const EVENT_KEYS = { partitionKey: OCCURRED.slice(0, 10), rowKey: `${OCCURRED}_key` };

/** The columns that the check wants of a row, by the simulator's own values: only the mapped ones are spelled out. */
const live = (id: string, properties: object): TableEntity => ({
  ...keys(id),
  Deleted: false,
  Stamp: '{}',
  ...properties,
});

async function check(): Promise<CheckResult> {
  return compare(dataverse, azurite.connectionString, [], STANDARD_RELATIONSHIPS, {
    mapping: readMapping(settings),
    calls: [call],
  });
}

/** What is said of one table. */
async function said(table: string): Promise<readonly string[]> {
  const { differences } = await compare(dataverse, azurite.connectionString, [table], [], {
    mapping: readMapping(settings),
  });
  return differences.filter((each) => each.table === table).map(({ id, what }) => `${id}: ${what}`);
}

beforeAll(async () => {
  [azurite, dataverse] = await Promise.all([
    startAzurite({ blobPort: 0, queuePort: 0, tablePort: 0 }),
    startDataverse({ seed: 3 }),
  ]);
  await defineBusinessApis(dataverse);
  ids.account = await dataverse.create('account', { name: 'Fjord', telephone1: '+47 1234', creditlimit: '5.00' });
  ids.contact = await dataverse.create('contact', { lastname: 'Müller', emailaddress1: 'm@example.com' });
  ids.open = await dataverse.create('lead', { subject: 'open' });
  ids.qualified = await dataverse.create('lead', { subject: 'qualified' });
  await dataverse.update('lead', ids.qualified, { statecode: 1 });
  ids.shipment = await dataverse.create('new_shipment', { new_name: 'SHP-1' });
  await dataverse.associate('lead', ids.open, 'accountleads_association', [{ table: 'account', id: ids.account }]);
  const target = { table: 'new_shipment', id: ids.shipment };
  const input = { ReceivedBy: 'Zoë Haddad', Pin: '4711', Pieces: 3, Weight: '1.50', Remark: 'Left.' };
  const [user = { id: '' }] = dataverse.users;
  const output = await dataverse.callCustomApi('new_ConfirmDelivery', input, target);
  call = { api: 'new_ConfirmDelivery', correlationId: CALL, user: user.id, target, tag: 'desk 1', input, output };
  for (const table of ['customers', 'contact', 'lead', 'accountLeads', 'deliveries']) await client(table).createTable();
});
afterAll(async () => {
  await azurite.stop();
  await dataverse.close();
});

test('renamed, masked and dropped columns', async () => {
  await client('customers').createEntity(
    live(ids.account, { companyName: 'Fjord', mainPhone: '*****234', creditlimit: '5.0000', name: 'Fjord' }),
  );
  const found = await said('account');
  for (const wrong of ['creditlimit', 'name']) expect(found).toContain(`${ids.account}: property ${wrong} differs`);
  for (const right of ['companyName', 'mainPhone'])
    expect(found).not.toContain(`${ids.account}: property ${right} differs`);
  await client('customers').updateEntity({ ...keys(ids.account), mainPhone: '****1234' }, 'Merge');
  expect(await said('account')).toContain(`${ids.account}: property mainPhone differs`);
});

test('a hashed column', async () => {
  await client('contact').createEntity(live(ids.contact, { emailaddress1: 'm@example.com' }));
  expect(await said('contact')).toContain(`${ids.contact}: property emailaddress1 differs`);
  await client('contact').updateEntity({ ...keys(ids.contact), emailaddress1: hash('m@example.com') }, 'Merge');
  expect(await said('contact')).not.toContain(`${ids.contact}: property emailaddress1 differs`);
});

test('a row that the filter hides must not be seen, and leaves nothing behind', async () => {
  expect(await said('lead')).toEqual([`${ids.open}: the row is missing in the store`]);
  await client('lead').createEntity(live(ids.qualified, { subject: 'qualified' }));
  const hidden = `${ids.qualified}: the row is live in the store, but the mapping's filter hides it`;
  expect(await said('lead')).toContain(hidden);
  await client('lead').updateEntity({ ...keys(ids.qualified), Deleted: true, Hidden: true }, 'Merge');
  expect(await said('lead')).toContain(`${ids.qualified}: property subject is left in a row that is not live`);
});

test('links: missing, surplus, with the wrong row', async () => {
  const link = `${ids.account}_${ids.open}`;
  const of = async () => (await check()).differences.filter(({ table }) => table === 'accountleads_association');
  expect(await of()).toMatchObject([{ id: link, what: 'the row is missing in the store' }]);
  const columns = { table1: 'account', id1: ids.account, table2: 'lead', id2: ids.qualified };
  await client('accountLeads').createEntity(live(link, columns));
  expect(await of()).toMatchObject([{ id: link, what: 'property id2 differs' }]);
  await client('accountLeads').updateEntity({ ...keys(link), id2: ids.open }, 'Merge');
  expect(await of()).toEqual([]);
  await dataverse.disassociate('lead', ids.open, 'accountleads_association', [{ table: 'account', id: ids.account }]);
  expect(await of()).toMatchObject([{ id: link, what: 'the row is live in the store but not in Dataverse' }]);
  await client('accountLeads').deleteEntity(link.slice(0, 1), link);
});

test('events: as called, different, doubled, without a call', async () => {
  const deliveries = client('deliveries');
  const of = async () => {
    const { differences, events } = await check();
    return { whats: differences.map(({ what }) => what), check: events.find(({ target }) => target === 'deliveries') };
  };
  // Its post was never sent: no step was there.
  expect(await of()).toMatchObject({ whats: [], check: { calls: 1, unsent: 1, stored: 0, missing: 0 } });
  const event: TableEntity = {
    ...EVENT_KEYS,
    ...{ Message: 'new_ConfirmDelivery', OccurredAt: new Date(OCCURRED), Committed: true, Truncated: false, Depth: 1 },
    ...{ CorrelationId: CALL, UserId: call.user, InitiatingUserId: call.user, Source: 'event-hub', OperationId: 'x' },
    ...{ Table: 'new_shipment', RowId: ids.shipment, input_Target: ids.shipment, input_TargetTable: 'new_shipment' },
    ...{ receivedBy: 'Z*********', input_Pin: hash('4711'), pieces: 3, input_Weight: '1.50', tag: 'desk 1' },
    output_ReceiptNumber: `R-${ids.shipment.slice(0, 8)}-3`,
  };
  await deliveries.createEntity(event);
  expect(await of()).toMatchObject({ whats: [], check: { stored: 1 } });
  await deliveries.updateEntity({ ...EVENT_KEYS, input_Weight: '1.5', input_Remark: 'Left.' }, 'Merge');
  const whats = ['property input_Weight differs, property input_Remark differs'];
  expect(await of()).toMatchObject({ whats, check: { different: 1 } });
  await deliveries.updateEntity(event, 'Replace');
  await deliveries.createEntity({ ...event, rowKey: `${OCCURRED}_other` });
  expect(await of()).toMatchObject({ whats: ['the event is stored 2 times'], check: { doubled: 1 } });
  await deliveries.updateEntity({ ...EVENT_KEYS, rowKey: `${OCCURRED}_other`, CorrelationId: 'unknown' }, 'Merge');
  expect(await of()).toMatchObject({ check: { surplus: 1, doubled: 0 } });
});

test('the mapping file of the day is about what the stack has, and what the check does not know is refused', () => {
  const mapping = readMapping(settings);
  expect([...mapping.events.keys()]).toEqual(Object.keys(BUSINESS_APIS));
  const folder = mkdtempSync(join(tmpdir(), 'day-'));
  const file = join(folder, 'mapping.yaml');
  const head = 'languages: [1033]\nunmapped: { relationships: ignore }\nlinks: {}\nevents: {}\n';
  try {
    writeFileSync(file, `${head}tables: { account: { key: { format: N } } }\n`);
    expect(() => readMapping({ ...settings, MAPPING_FILE: file })).toThrow('key');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
