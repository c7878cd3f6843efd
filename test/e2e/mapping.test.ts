/**
 * Proves that a mapping file decides what lies in the LOB store, by every way: names, keys, types, labels, redaction, rows
 * that leave the filter and come back, events in tables of their own, and what becomes of what it doesn't name. And that a
 * changed file takes effect on every row with the next pull. Through the real app in a process of its own; the store is
 * read with the plain SDK.
 */
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dvo } from '../tools/dvo/terminal';
import { PUSHED, System, type Fields, type Pushed } from './system';

const KEY = Buffer.alloc(32, 7);
const MAPPING = `
languages: [1031, 1033]
unmapped: { tables: ignore, relationships: refuse, messages: ignore }
tables:
  account:
    target: customers
    key: { prefix: acc-, format: N }
    columns:
      '*': drop
      name: companyName
      createdbyname: keep # beside a lookup: no read has it
      revenue: { to: revenueEur, as: double }
      industrycode: { label: all }
      primarycontactid: { lookup: [id] }
      emailaddress1: { redact: hash }
      telephone1: { redact: { mask: { keepLast: 3 } } }
    filter: { statecode: 0, address1_country: { in: [NO, SE] } }
  contact:
events:
  new_ConfirmDelivery:
    target: confirmations
    columns: { input.Secret: { redact: hash }, output.Accepted: accepted }
`;

const folder = mkdtempSync(join(tmpdir(), 'mapping-'));
const file = join(folder, 'mapping.yaml');
const settings = { SYNC_TABLES: 'account,contact', MAPPING_FILE: file, REDACTION_KEY: KEY.toString('base64') };

let system: System;
let contact: string;

beforeAll(async () => {
  writeFileSync(file, MAPPING);
  system = await System.start(settings);
  contact = await system.dataverse.create('contact', { lastname: 'Lindqvist' });
  await system.dataverse.defineCustomApi('new_ConfirmDelivery', {
    requestParameters: { Reference: 'String', Weight: 'Decimal', Secret: 'String' },
    responseProperties: { Accepted: 'Boolean' },
    handler: () => ({ Accepted: true }),
  });
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true });
});

const client = (table: string): TableClient =>
  TableClient.fromConnectionString(system.stack.azurite.connectionString, table, { allowInsecureConnection: true });

/** The customer as a reader of the store finds it. */
async function customer(id: string): Promise<Fields | undefined> {
  try {
    return await client('customers').getEntity(id.slice(0, 1), `acc-${id.replaceAll('-', '')}`);
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

const OWN = ['partitionKey', 'rowKey', 'etag', 'timestamp', 'odata.metadata', 'Stamp'];
const plain = (entity: Fields | undefined): Fields =>
  Object.fromEntries(Object.entries(entity ?? {}).filter(([name]) => !OWN.includes(name)));

const until = (what: string, id: string, holds: (entity: Fields) => boolean): Promise<Fields> =>
  system.until(what, async () => {
    const entity = await customer(id);
    return entity !== undefined && holds(entity) && entity;
  });

const shown = (id: string, of: Fields = {}): Promise<Fields> =>
  until(`customer ${id} shown with ${Object.keys(of).join()}`, id, (entity) => {
    return entity.Deleted === false && Object.entries(of).every(([name, value]) => entity[name] === value);
  });

const hidden = (id: string): Promise<Fields> =>
  until(`customer ${id} hidden`, id, (entity) => entity.Deleted === true && entity.Hidden === true);

const hash = (text: string): string => createHmac('sha256', KEY).update(text).digest('base64url');

const WAYS = [...PUSHED, 'pull-sync'] as const;
type Way = (typeof WAYS)[number];
async function by<T>(way: Way, action: () => Promise<T>): Promise<T> {
  if (way !== 'pull-sync') return system.pushing('account', way, action);
  const result = await action();
  await system.pull();
  return result;
}

describe.each(WAYS)('by %s', (way) => {
  let id: string;

  test('a row lies under its mapped names, exactly', async () => {
    id = await by(way, () =>
      system.dataverse.create('account', {
        name: 'Fjord & Co',
        revenue: '1234.5600',
        industrycode: 2,
        primarycontactid: { table: 'contact', id: contact },
        emailaddress1: 'a@example.com',
        telephone1: '+47 12345678',
        address1_country: 'NO',
        fax: 'not stored',
      }),
    );
    expect(plain(await shown(id))).toEqual({
      companyName: 'Fjord & Co',
      revenueEur: 1234.56,
      industrycode: 2,
      industrycodeLabel: 'Landwirtschaft',
      industrycodeLabel1031: 'Landwirtschaft',
      industrycodeLabel1033: 'Agriculture',
      primarycontactid: contact,
      emailaddress1: hash('a@example.com'),
      telephone1: '*********678',
      Deleted: false,
    });
  });

  test('it leaves the filter, its columns go; it comes back, and they are there again', async () => {
    await by(way, () => system.dataverse.update('account', id, { address1_country: 'DE', name: 'Moved' }));
    expect(plain(await hidden(id))).toEqual({ Deleted: true, Hidden: true });
    await by(way, () => system.dataverse.update('account', id, { name: 'Still away' }));
    expect(plain(await hidden(id))).toEqual({ Deleted: true, Hidden: true });
    await by(way, () => system.dataverse.update('account', id, { address1_country: 'SE' }));
    expect(await shown(id)).toMatchObject({ companyName: 'Still away', revenueEur: 1234.56 });
  });

  test('a delete is a delete, hidden or not', async () => {
    await by(way, () => system.dataverse.update('account', id, { statecode: 1, statuscode: 2 }));
    await hidden(id);
    await by(way, () => system.dataverse.delete('account', id));
    const gone = await until('the tombstone', id, (entity) => String(entity.Stamp).includes('"gone":true'));
    expect(plain(gone)).toEqual({ Deleted: true });
  });
});

describe('events', () => {
  const confirmations = async (): Promise<Fields[]> => {
    const found: Fields[] = [];
    try {
      for await (const entity of client('confirmations').listEntities()) found.push(entity);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
    return found;
  };

  const steps = [{ message: 'new_ConfirmDelivery', mode: 'async' }] as const;

  test.each(PUSHED)('by %s: once, with its parameters, however often it is delivered', async (way: Pushed) => {
    system.dataverse.disturb({ duplicate: 1 });
    await system.pushingSteps(way, steps, () =>
      system.dataverse.callCustomApi('new_ConfirmDelivery', { Reference: way, Weight: '12.50', Secret: 's3cret' }),
    );
    system.dataverse.disturb({});
    const mine = async (): Promise<Fields[]> => (await confirmations()).filter(({ input_Reference: of }) => of === way);
    await system.until(`the event by ${way}`, async () => (await mine()).length > 0);
    await system.until('its second delivery', () =>
      system.records('processed').some(({ source, verdicts }) => source === way && (verdicts as Fields).duplicate),
    );
    const events = await mine();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      Message: 'new_ConfirmDelivery',
      input_Weight: '12.50',
      input_Secret: hash('s3cret'),
      accepted: true,
      Committed: true,
    });
    expect(JSON.stringify(events)).not.toContain('s3cret');
  });

  test('of a synchronous step: kept for an operator', async () => {
    await system.pushingSteps('webhook', [{ message: 'new_ConfirmDelivery', mode: 'sync' }], () =>
      system.dataverse.callCustomApi('new_ConfirmDelivery', { Reference: 'sync', Weight: '1', Secret: 'x' }),
    );
    expect(await system.parkedCodes()).toEqual(['unconfirmable']);
    await system.unpark();
  });
});

test('what the file does not name: ignored, refused, said in the log, and nothing parked', async () => {
  const since = system.log.length;
  await system.pushingSteps('webhook', [{ message: 'Create', table: 'lead', mode: 'async' }], () =>
    system.dataverse.create('lead', { subject: 'ignored' }),
  );
  await system.pushingSteps('webhook', [{ message: 'Associate', mode: 'async' }], async () => {
    const lead = await system.dataverse.create('lead', { subject: 'linked' });
    const account = await system.dataverse.create('account', { name: 'linked' });
    await system.dataverse.associate('account', account, 'accountleads_association', [{ table: 'lead', id: lead }]);
  });
  expect(await system.logged('ignored', since)).toMatchObject([{ codes: { 'table-not-synced': 1 } }]);
  expect(await system.logged('rejected', since)).toMatchObject([{ code: 'relationship-not-synced' }]);
  expect(await system.parkedCodes()).toEqual([]);
});

test('dvo rows finds a row by its table and id in Dataverse', async () => {
  const id = await by('pull-sync', () => system.dataverse.create('account', { name: 'Fjord', address1_country: 'NO' }));
  const saved = { ...process.env };
  Object.assign(process.env, { MAPPING_FILE: file, LOB_STORAGE: system.stack.azurite.connectionString });
  try {
    expect(JSON.parse((await dvo(['rows', 'account', id])).out)).toMatchObject({ companyName: 'Fjord' });
    expect((await dvo(['rows', 'account'])).out).toContain(id.replaceAll('-', ''));
  } finally {
    delete process.env.MAPPING_FILE;
    delete process.env.LOB_STORAGE;
    Object.assign(process.env, saved);
  }
});

test('[F39] a changed file takes effect on every row with the next pull', async () => {
  const id = await by('pull-sync', () =>
    system.dataverse.create('account', { name: 'Unchanged', fax: '123', address1_country: 'DE', emailaddress1: 'b@c' }),
  );
  await hidden(id);
  await system.host.stop();
  writeFileSync(
    file,
    `tables: { account: { target: customers, key: { prefix: acc-, format: N }, columns: { fax: faxNumber } }, contact: }`,
  );
  await system.startApp(settings);
  const reports = await system.pull();
  expect(reports.get('account')).toMatchObject({ mode: 'reload', healed: 0 });
  expect(await shown(id)).toMatchObject({ name: 'Unchanged', faxNumber: '123', emailaddress1: 'b@c' });
  expect(await customer(id)).not.toHaveProperty('Hidden', true);
  // Once more: an instance with the file of before may have written meanwhile.
  const modes = [(await system.pull()).get('account')?.mode, (await system.pull()).get('account')?.mode];
  expect(modes).toEqual(['reload', 'delta']);
});

test('a faulty file: every fault with its place, and the app does not start its functions', async () => {
  await system.host.stop();
  writeFileSync(file, 'tables:\n  account:\n    columns:\n      name: { as: number }\n      fax: { redact: hidden }\n');
  const since = system.log.length;
  await system.startApp(settings);
  const faults = JSON.stringify(await system.logged('misconfigured', since));
  expect(faults).toMatch(/mapping\.yaml:4:\d+ tables\.account\.columns\.name\.as must be one of/);
  expect(faults).toMatch(/mapping\.yaml:5:\d+ tables\.account\.columns\.fax\.redact/);
});
