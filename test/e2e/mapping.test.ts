/**
 * Proves that a mapping file works in the deployed app, by every way: rows lie under their mapped table, key and columns,
 * redacted where it says so; a row that leaves the filter is deleted downstream and comes back; `dvo rows` finds them.
 */
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dvo } from '../cli/terminal';
import { PUSHED, System, type Fields } from './system';

const KEY = Buffer.alloc(32, 9);
const folder = mkdtempSync(join(tmpdir(), 'mapping-e2e-'));
const MAPPING_FILE = join(folder, 'mapping.yaml');
const MAPPING = `
tables:
  account:
    target: customers
    key: { prefix: acc-, format: N }
    columns:
      '*': drop
      name: companyName
      revenue: { to: revenueEur, as: double }
      customertypecode: { label: none }
      emailaddress1: { redact: hash }
      telephone1: { redact: { mask: { keepLast: 3 } } }
    filter:
      address1_country: { in: [NO, SE] }
`;

let system: System;

beforeAll(async () => {
  writeFileSync(MAPPING_FILE, MAPPING);
  system = await System.start({ SYNC_TABLES: 'account', MAPPING_FILE, REDACTION_KEY: KEY.toString('base64') });
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true });
});

/** A row's entity, without keys and what the service adds. */
async function entity(id: string): Promise<Fields | undefined> {
  const client = TableClient.fromConnectionString(system.stack.azurite.connectionString, 'customers', {
    allowInsecureConnection: true,
  });
  try {
    const all = await client.getEntity(id.slice(0, 1), `acc-${id.replaceAll('-', '')}`);
    const service = new Set(['partitionKey', 'rowKey', 'etag', 'timestamp', 'odata.metadata', 'Stamp']);
    return Object.fromEntries(Object.entries(all).filter(([name]) => !service.has(name)));
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

const becomes = (id: string, then: Fields): Promise<true> =>
  system.until(`${id} as ${JSON.stringify(then)}`, async () => {
    const found = await entity(id);
    return found !== undefined && JSON.stringify(sorted(found)) === JSON.stringify(sorted(then)) ? true : undefined;
  });
const sorted = (of: Fields): unknown => Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));

const HIDDEN = { Deleted: true, Hidden: true };
const SHOWN = {
  Deleted: false,
  companyName: 'Fjord',
  revenueEur: 1234.5,
  customertypecode: 3,
  emailaddress1: createHmac('sha256', KEY).update('post@fjord.example').digest('base64url'),
  telephone1: '******678',
};

describe.each([...PUSHED, 'pull-sync'] as const)('by %s', (way) => {
  let id = '';
  const by = async (action: () => Promise<unknown>): Promise<void> => {
    if (way !== 'pull-sync') await system.pushing('account', way, action);
    else {
      await action();
      await system.pull();
    }
  };

  test('a row that meets the filter lies as mapped', async () => {
    await by(async () => {
      id = await system.dataverse.create('account', {
        name: 'Fjord',
        revenue: '1234.50',
        fax: '12',
        customertypecode: 3,
        emailaddress1: 'post@fjord.example',
        telephone1: '+47345678',
        address1_country: 'NO',
      });
    });
    await becomes(id, SHOWN);
  });
  test('it leaves the filter: deleted for readers', async () => {
    await by(() => system.dataverse.update('account', id, { address1_country: 'DK' }));
    await becomes(id, HIDDEN);
  });
  test('hidden, it changes and comes back whole', async () => {
    await by(() => system.dataverse.update('account', id, { name: 'Fjell' }));
    await becomes(id, HIDDEN);
    await by(() => system.dataverse.update('account', id, { address1_country: 'SE' }));
    await becomes(id, { ...SHOWN, companyName: 'Fjell' });
  });
  test('deleted, it is a tombstone', async () => {
    await by(() => system.dataverse.delete('account', id));
    await becomes(id, { Deleted: true });
  });
});

test('dvo rows finds a row by its table and id in Dataverse', async () => {
  const id = await system.dataverse.create('account', { name: 'Fjord', address1_country: 'NO' });
  await system.pull();
  const saved = { ...process.env };
  Object.assign(process.env, { MAPPING_FILE, LOB_STORAGE: system.stack.azurite.connectionString });
  try {
    expect(JSON.parse((await dvo(['rows', 'account', id])).out)).toMatchObject({
      companyName: 'Fjord',
      Deleted: false,
    });
    expect((await dvo(['rows', 'account'])).out).toContain(id.replaceAll('-', ''));
  } finally {
    delete process.env.MAPPING_FILE;
    delete process.env.LOB_STORAGE;
    Object.assign(process.env, saved);
  }
});
