/**
 * Proves that what is pulled is loaded again when it lies in another place of the store: under another name, in another
 * account, after another prefix.
 */
import { TableClient } from '@azure/data-tables';
import { expect, test } from '@jest/globals';
import { placeOf } from '../../shared/azure/tables';
import { DEFAULT_MAPPING } from '../../shared/mapping/mapping';
import type { Relationship, RelationshipCatalog } from '../../shared/mapping/relationship';
import type { TableCatalog, TableDefinition } from '../../shared/mapping/table-definition';
import { pullSubjects } from '../../shared/sync/pull-subject';
import { continues } from '../../shared/sync/schema-drift';

const definition = (table: string): TableDefinition => ({
  ...{ table, entitySet: `${table}s`, primaryId: `${table}id`, changeTracking: true },
  columns: new Map([['name', { name: 'name', type: 'string' }]]),
});
const LEADS: Relationship = {
  ...{ kind: 'many-to-many', schemaName: 'accountleads_association', intersect: 'accountleads' },
  ends: [
    { table: 'account', column: 'accountid' },
    { table: 'lead', column: 'leadid' },
  ],
};
const catalog: TableCatalog = {
  get: (table) => Promise.resolve(definition(table)),
  refresh: (table) => Promise.resolve(definition(table)),
};
const relationships: RelationshipCatalog = { relationship: () => Promise.resolve(LEADS) };

test.each(['account', 'accountleads_association'])('%s: elsewhere in the store, everything is loaded', async (name) => {
  const subjectIn = (place: string) =>
    pullSubjects(catalog, relationships, [LEADS.schemaName], DEFAULT_MAPPING, (of) => `${place}/${of}`)(name);
  const { fingerprint = '', columns = [] } = await subjectIn('here');
  expect(continues({ fingerprint, columns }, await subjectIn('here'))).toBe(true);
  expect(continues({ fingerprint, columns }, await subjectIn('there'))).toBe(false);
  expect(fingerprint).not.toBe((await (await subjectIn('there')).renewed()).fingerprint);
});

test('a table that is renewed has its definition read anew, however young the one at hand is', async () => {
  const ages: (number | undefined)[] = [];
  const refresh: TableCatalog['refresh'] = (table, leastAgeMs) => {
    ages.push(leastAgeMs);
    return Promise.resolve({ ...definition(table), columns: new Map([['tier', { name: 'tier', type: 'choice' }]]) });
  };
  const subject = await pullSubjects({ ...catalog, refresh }, relationships, [], DEFAULT_MAPPING, () => '')('account');
  const renewed = await subject.renewed();
  expect([ages, subject.columns, renewed.columns]).toEqual([[0], ['name:string'], ['tier:choice']]);
});

test('a place is told by account and table, and without the signature that its address may carry', () => {
  const client = (settings: string): TableClient => TableClient.fromConnectionString(settings, 'Customers');
  const shared = 'TableEndpoint=https://a1.table.core.windows.net/;SharedAccessSignature=sv=2024&sig=SECRET';
  expect(placeOf(client(shared))).toBe('a1.table.core.windows.net/customers');
  const key = Buffer.from('key').toString('base64');
  const keyed = (account: string): string =>
    placeOf(
      client(`DefaultEndpointsProtocol=https;AccountName=${account};AccountKey=${key};EndpointSuffix=core.windows.net`),
    );
  expect([keyed('a1'), keyed('a2')]).toEqual([
    'a1.table.core.windows.net/customers',
    'a2.table.core.windows.net/customers',
  ]);
});
