/**
 * The simulator associates rows as Dataverse does: pairs of a many-to-many relationship are rows of an intersect table
 * with versions of their own, lookups are set, Associate and Disassociate are raised for all relationships by one step,
 * and `RelationshipDefinitions` tells which relationships there are.
 */
import { describe, expect, test } from '@jest/globals';
import type { Dataverse } from '../../local/dataverse/simulator';
import { differences, document, FIXTURES } from './context-likeness';
import {
  caller,
  first,
  hooked,
  list,
  members,
  pull,
  start,
  startHook,
  text,
  valueOf,
  type Answer,
  type Call,
  type Hook,
  type Json,
  type Members,
} from './simulator-client';

const N_TO_N = 'accountleads_association';
const REFLEXIVE = 'new_contact_contact';

interface World {
  readonly dataverse: Dataverse;
  readonly call: Call;
  readonly account: string;
  readonly leads: readonly [string, string, string];
}

async function world(): Promise<World> {
  const dataverse = await start();
  const lead = (subject: string): Promise<string> => dataverse.create('lead', { subject });
  return {
    dataverse,
    call: await caller(dataverse),
    account: await dataverse.create('account', { name: 'Harbour' }),
    leads: [await lead('L0'), await lead('L1'), await lead('L2')],
  };
}

const leadOf = (id: string) => ({ table: 'lead', id });
const contactOf = (id: string) => ({ table: 'contact', id });
const errorOf = (answer: Answer): readonly [number, Json | undefined, Json | undefined] => {
  const error = members(answer.body.error);
  return [answer.status, error.code, error.message];
};
const rowsOf = (answer: Answer): Members[] => list(answer.body.value).map((row) => members(row));
const listen = async (dataverse: Dataverse, hook: Hook): Promise<void> => {
  const endpoint = await dataverse.registerEndpoint({ name: 'hook', contract: 'webhook', url: hook.url });
  await dataverse.registerStep({ message: 'Associate', endpoint, mode: 'async' });
  // The filter for no table is the same as no filter.
  await dataverse.registerStep({ message: 'Disassociate', table: 'none', endpoint, mode: 'async' });
};
const told = (hook: Hook): Json[][] =>
  hook.deliveries.map(({ context }) => [
    context.MessageName ?? null,
    context.PrimaryEntityName ?? null,
    context.PrimaryEntityId ?? null,
    members(valueOf(context.InputParameters, 'Relationship')).SchemaName ?? null,
    list(valueOf(context.InputParameters, 'RelatedEntities')).map((item) => members(item).Id ?? null),
  ]);

describe('pairs of many to many', () => {
  test('are associated and disassociated by $ref; the intersect rows have ids and versions of their own', async () => {
    const { dataverse, call, account, leads } = await world();
    const path = `accounts(${account})/${N_TO_N}`;
    const before = dataverse.get('lead', leads[2])?.version ?? 0n;
    const relative = await call('POST', `${path}/$ref`, {}, { '@odata.id': `leads(${leads[0]})` });
    expect([relative.status, relative.raw]).toEqual([204, '']);
    const absolute = { '@odata.id': `${dataverse.url}/api/data/v9.2/leads(${leads[1].toUpperCase()})` };
    expect((await call('POST', `${path}/$ref`, {}, absolute)).status).toBe(204);
    // From the other end it is the same relationship.
    const reverse = await call(
      'POST',
      `leads(${leads[2]})/${N_TO_N}/$ref`,
      {},
      { '@odata.id': `accounts(${account})` },
    );
    expect(reverse.status).toBe(204);

    const all = rowsOf(await call('GET', 'accountleadscollection'));
    expect(all.map(({ accountid, leadid }) => [accountid, leadid])).toEqual(leads.map((lead) => [account, lead]));
    const versions = all.map(({ versionnumber }) => BigInt(Number(versionnumber)));
    expect(versions).toEqual([before + 1n, before + 2n, before + 3n]);
    const [one = {}] = all;
    expect(Object.keys(one)).toEqual(['@odata.etag', 'accountleadid', 'accountid', 'leadid', 'versionnumber']);
    expect(one['@odata.etag']).toBe(`W/"${Number(one.versionnumber)}"`);
    const read = await call('GET', `accountleadscollection(${text(one.accountleadid)})`);
    expect(read.body).toMatchObject({ leadid: leads[0], accountid: account });

    expect((await call('DELETE', `${path}(${leads[0]})/$ref`)).status).toBe(204);
    const byUrl = encodeURIComponent(`${dataverse.url}/api/data/v9.2/leads(${leads[1]})`);
    expect((await call('DELETE', `${path}/$ref?$id=${byUrl}`)).status).toBe(204);
    expect((await call('DELETE', `${path}(${leads[1]})/$ref`)).status).toBe(204);
    expect(rowsOf(await call('GET', 'accountleadscollection')).map(({ leadid }) => leadid)).toEqual([leads[2]]);
    expect((await call('GET', `accountleadscollection(${text(one.accountleadid)})`)).status).toBe(404);
  });

  test('exist once; what does not exist or does not fit is refused, and nothing of that request stays', async () => {
    const { dataverse, call, account, leads } = await world();
    await dataverse.associate('account', account, N_TO_N, [leadOf(leads[0])]);
    const again = await call('POST', `accounts(${account})/${N_TO_N}/$ref`, {}, { '@odata.id': `leads(${leads[0]})` });
    expect(errorOf(again)).toEqual([412, '0x80040237', 'Cannot insert duplicate key.']);
    const partly = dataverse.associate('account', account, N_TO_N, [leadOf(leads[1]), leadOf(leads[0])]);
    await expect(partly).rejects.toThrow('duplicate key');
    const twice = dataverse.associate('account', account, N_TO_N, [leadOf(leads[1]), leadOf(leads[1])]);
    await expect(twice).rejects.toThrow('duplicate key');
    expect([...dataverse.rows('accountleads')]).toHaveLength(1);

    const nobody = '00000000-0000-0000-0000-000000000001';
    const ref = (target: string, navigation: string, link: string): Promise<Answer> =>
      call('POST', `${target}/${navigation}/$ref`, {}, { '@odata.id': link });
    expect((await ref(`accounts(${account})`, N_TO_N, `leads(${nobody})`)).status).toBe(404);
    expect((await ref(`accounts(${nobody})`, N_TO_N, `leads(${leads[0]})`)).status).toBe(404);
    expect((await ref(`accounts(${account})`, N_TO_N, `contacts(${nobody})`)).status).toBe(400);
    expect((await ref(`accounts(${account})`, 'nothing', `leads(${leads[0]})`)).status).toBe(400);
    await expect(dataverse.associate('account', account, 'nothing', [])).rejects.toThrow("no relationship 'nothing'");
    const wrongTable = dataverse.associate('account', account, N_TO_N, [contactOf(nobody)]);
    await expect(wrongTable).rejects.toThrow('joins account and lead');
    const direct = await call('POST', 'accountleadscollection', {}, { accountid: account, leadid: leads[1] });
    expect(direct.status).toBe(400);
    await expect(dataverse.create('accountleads', {})).rejects.toThrow('Associate');
  });

  test('can be filtered by both ends, selected and paged', async () => {
    const { dataverse, call, account, leads } = await world();
    const other = await dataverse.create('account', { name: 'Other' });
    await dataverse.associate('account', account, N_TO_N, leads.map(leadOf));
    await dataverse.associate('account', other, N_TO_N, [leadOf(leads[0])]);
    const where = async (filter: string): Promise<Json[][]> =>
      rowsOf(await call('GET', `accountleadscollection?$filter=${encodeURIComponent(filter)}`)).map((row) => [
        row.accountid ?? null,
        row.leadid ?? null,
      ]);
    expect(await where(`accountid eq ${other} and leadid eq ${leads[0]}`)).toEqual([[other, leads[0]]]);
    expect(await where(`accountid eq ${other} and leadid eq ${leads[1]}`)).toEqual([]);
    const either =
      `(accountid eq ${other} and leadid eq ${leads[0]}) or ` + `(accountid eq ${account} and leadid eq ${leads[2]})`;
    expect(await where(either)).toEqual([
      [account, leads[2]],
      [other, leads[0]],
    ]);
    const prefer = { Prefer: 'odata.maxpagesize=3' };
    const page = await call('GET', 'accountleadscollection?$select=leadid', prefer);
    expect(rowsOf(page).map((row) => Object.keys(row))).toEqual(
      Array<string[]>(3).fill(['@odata.etag', 'accountleadid', 'leadid']),
    );
    expect(rowsOf(await call('GET', text(page.body['@odata.nextLink']), prefer))).toHaveLength(1);
  });

  test('of a table with itself are ordered', async () => {
    const { dataverse, call } = await world();
    const a = await dataverse.create('contact', { lastname: 'A' });
    const b = await dataverse.create('contact', { lastname: 'B' });
    await dataverse.associate('contact', a, REFLEXIVE, [contactOf(b)]);
    await dataverse.associate('contact', a, REFLEXIVE, [contactOf(b)], { role: 'referenced' });
    await expect(dataverse.associate('contact', b, REFLEXIVE, [contactOf(a)])).rejects.toThrow('duplicate key');
    const pairs = rowsOf(await call('GET', 'new_contact_contactset')).map((row) => [
      row.contactidone,
      row.contactidtwo,
    ]);
    expect(pairs).toEqual([
      [a, b],
      [b, a],
    ]);
    expect((await call('DELETE', `contacts(${a})/${REFLEXIVE}_two(${b})/$ref`)).status).toBe(204);
    expect([...dataverse.rows('new_contact_contact')].map(({ columns }) => columns.contactidone)).toEqual([a]);
  });

  test('go with a row that is deleted, without Disassociate; where they are tracked the delta says so', async () => {
    const { dataverse, call, account, leads } = await world();
    const hook = await startHook();
    await listen(dataverse, hook);
    const a = await dataverse.create('contact', { lastname: 'A' });
    const b = await dataverse.create('contact', { lastname: 'B' });
    const c = await dataverse.create('contact', { lastname: 'C' });
    await dataverse.associate('contact', a, REFLEXIVE, [contactOf(b)]);
    await dataverse.associate('contact', c, REFLEXIVE, [contactOf(a)]);
    await dataverse.associate('account', account, N_TO_N, leads.map(leadOf));
    const initial = await pull(call, 'new_contact_contactset', { Prefer: 'odata.track-changes' });
    expect(initial.items.map((row) => row.contactidone)).toEqual([a, c]);
    await dataverse.drain(120_000);
    hook.deliveries.length = 0;

    await dataverse.delete('contact', a);
    await dataverse.delete('lead', leads[1]);
    await dataverse.associate('contact', b, REFLEXIVE, [contactOf(c)]);
    const delta = await pull(call, initial.deltaLink);
    expect(delta.items[0]).toMatchObject({ contactidone: b, contactidtwo: c });
    expect(delta.items.slice(1).map(({ id, reason }) => [id, reason])).toEqual(
      initial.items.map((row) => [row.new_contact_contactid, 'deleted']),
    );
    expect([...dataverse.rows('accountleads')].map(({ columns }) => columns.leadid)).toEqual([leads[0], leads[2]]);
    // What is gone can be associated anew.
    await dataverse.restore('lead', leads[1]);
    await dataverse.associate('account', account, N_TO_N, [leadOf(leads[1])]);
    await dataverse.drain(120_000);
    expect(told(hook).map(([message]) => message)).toEqual(['Associate', 'Associate']);
    const untracked = await call('GET', 'accountleadscollection', { Prefer: 'odata.track-changes' });
    expect(members(untracked.body.error).message).toBe("Entity accountleads isn't enabled for change tracking.");
  });

  test('of further relationships work alike, tracked when asked for', async () => {
    const { dataverse, call, account } = await world();
    dataverse.defineRelationship({
      schemaName: 'new_account_shipment',
      intersect: {
        table: 'new_account_shipment',
        entitySet: 'new_account_shipmentset',
        primaryId: 'new_account_shipmentid',
      },
      one: { table: 'account', column: 'accountid' },
      two: { table: 'new_shipment', column: 'new_shipmentid', navigation: 'new_carriers' },
      changeTracking: true,
    });
    const shipment = await dataverse.create('new_shipment', { new_name: 'S' });
    const { deltaLink } = await pull(call, 'new_account_shipmentset', { Prefer: 'odata.track-changes' });
    const link = { '@odata.id': `accounts(${account})` };
    expect((await call('POST', `new_shipments(${shipment})/new_carriers/$ref`, {}, link)).status).toBe(204);
    expect((await pull(call, deltaLink)).items).toMatchObject([{ accountid: account, new_shipmentid: shipment }]);
  });
});

describe('the events', () => {
  test('are raised for every relationship by a step without a table, like contexts written by .NET', async () => {
    if (FIXTURES === undefined) throw new Error('The fixtures are missing.');
    const { dataverse, account, leads } = await world();
    const hook = await startHook();
    await listen(dataverse, hook);
    const [a, b] = [await dataverse.create('contact', { lastname: 'A' }), await dataverse.create('contact', {})];
    await dataverse.associate('account', account, N_TO_N, leads.map(leadOf));
    await dataverse.drain(120_000);
    await dataverse.disassociate('lead', leads[0], N_TO_N, [{ table: 'account', id: account }]);
    await dataverse.drain(120_000);
    await dataverse.disassociate('lead', leads[0], N_TO_N, [{ table: 'account', id: account }]);
    await dataverse.drain(120_000);
    await dataverse.associate('contact', a, REFLEXIVE, [contactOf(b)]);
    await dataverse.drain(120_000);
    expect(told(hook)).toEqual([
      ['Associate', 'account', account, N_TO_N, [...leads]],
      ['Disassociate', 'lead', leads[0], N_TO_N, [account]],
      ['Disassociate', 'lead', leads[0], N_TO_N, [account]],
      ['Associate', 'contact', a, REFLEXIVE, [b]],
    ]);
    const [associated, , , reflexive] = hook.deliveries.map(({ context }) => context);
    const fixture = document(FIXTURES, 'associate-account-lead.json') ?? {};
    expect(differences(associated ?? null, fixture)).toEqual([]);
    expect(associated).toMatchObject({ ParentContext: null, PreEntityImages: [], PostEntityImages: [] });
    expect(list(associated?.InputParameters).map((pair) => members(pair).key)).toEqual([
      'Target',
      'Relationship',
      'RelatedEntities',
    ]);
    const role = (context: Members | undefined): Json | undefined =>
      members(valueOf(context?.InputParameters, 'Relationship')).PrimaryEntityRole;
    expect([role(associated), role(reflexive)]).toEqual([null, 0]);
    expect(first(hook).headers['x-ms-dynamics-entity-name']).toBe('account');
  });

  test('are disturbed like others, and cannot be registered for a table', async () => {
    const { dataverse, account, leads } = await world();
    const hook = await startHook();
    await expect(hooked(dataverse, hook, { table: 'account', message: 'Associate', mode: 'async' })).rejects.toThrow(
      'Nothing in sdkmessagefilter',
    );
    await listen(dataverse, hook);
    dataverse.disturb({ truncate: 1, duplicate: 1, duplicateMs: 1 });
    await dataverse.associate('account', account, N_TO_N, leads.map(leadOf));
    await dataverse.drain(120_000);
    expect(hook.deliveries).toHaveLength(2);
    for (const { context, headers } of hook.deliveries) {
      expect(headers['x-ms-dynamics-msg-size-exceeded']).toBe('true');
      expect(context).not.toHaveProperty('InputParameters');
    }
    dataverse.disturb({ drop: 1 });
    await dataverse.disassociate('account', account, N_TO_N, leads.map(leadOf));
    await dataverse.drain(120_000);
    expect(dataverse.stats()).toMatchObject({ raised: 2, dropped: 1, duplicated: 1, truncated: 1 });
  });

  test('a refused association raises nothing; a failing synchronous step undoes it', async () => {
    const { dataverse, account, leads } = await world();
    const hook = await startHook();
    await hooked(dataverse, hook, { message: 'Associate', mode: 'sync' });
    hook.answers.push(500);
    await expect(dataverse.associate('account', account, N_TO_N, [leadOf(leads[0])])).rejects.toThrow(
      'Non success http status code',
    );
    expect([...dataverse.rows('accountleads')]).toEqual([]);
    await dataverse.associate('account', account, N_TO_N, [leadOf(leads[0])]);
    await dataverse.associate('account', account, N_TO_N, [leadOf(leads[0])]).catch(() => undefined);
    expect(hook.deliveries).toHaveLength(2);
  });
});

describe('lookups as collections', () => {
  test('set the lookup: an Update of the row that has it, and an Associate of the relationship', async () => {
    const { dataverse, call, account } = await world();
    const contact = await dataverse.create('contact', { lastname: 'A' });
    const hook = await startHook();
    await listen(dataverse, hook);
    const updates = await startHook();
    await hooked(dataverse, updates, { table: 'contact', message: 'Update', mode: 'async' });
    const path = `accounts(${account})/contact_customer_accounts`;
    const link = { '@odata.id': `contacts(${contact})` };
    expect((await call('POST', `${path}/$ref`, {}, link)).status).toBe(204);
    expect(dataverse.get('contact', contact)?.columns.parentcustomerid).toEqual({ table: 'account', id: account });
    // The same once more is no duplicate: there is only one lookup.
    expect((await call('POST', `${path}/$ref`, {}, link)).status).toBe(204);
    await dataverse.drain(120_000);
    expect((await call('DELETE', `${path}(${contact})/$ref`)).status).toBe(204);
    expect(dataverse.get('contact', contact)?.columns.parentcustomerid).toBeNull();
    const version = dataverse.get('contact', contact)?.version;
    expect((await call('DELETE', `${path}(${contact})/$ref`)).status).toBe(204);
    expect(dataverse.get('contact', contact)?.version).toBe(version);
    await dataverse.drain(120_000);
    expect(told(hook).map(([message, , id, name]) => [message, id, name])).toEqual(
      ['Associate', 'Associate', 'Disassociate', 'Disassociate'].map((message) => [
        message,
        account,
        'contact_customer_accounts',
      ]),
    );
    expect(updates.deliveries).toHaveLength(3);
  });

  test('of a table with itself say which end the target is', async () => {
    const { dataverse, call, account } = await world();
    const hook = await startHook();
    await listen(dataverse, hook);
    const child = await dataverse.create('account', { name: 'Child' });
    const link = { '@odata.id': `accounts(${child})` };
    expect((await call('POST', `accounts(${account})/account_parent_account/$ref`, {}, link)).status).toBe(204);
    expect(dataverse.get('account', child)?.columns.parentaccountid).toEqual({ table: 'account', id: account });
    await dataverse.drain(120_000);
    const relationship = members(valueOf(first(hook).context.InputParameters, 'Relationship'));
    expect(relationship).toMatchObject({ SchemaName: 'account_parent_account', PrimaryEntityRole: 1 });
  });
});

describe('definitions', () => {
  const DEFINITIONS = 'RelationshipDefinitions';
  const TO_MANY = 'Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata';
  const ONE = 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata';

  test('tell of many-to-many relationships', async () => {
    const { call } = await world();
    const select =
      '$select=SchemaName,RelationshipType,Entity1LogicalName,Entity1IntersectAttribute,Entity2LogicalName,' +
      'Entity2IntersectAttribute,IntersectEntityName,Entity1NavigationPropertyName,Entity2NavigationPropertyName';
    const one = await call('GET', `${DEFINITIONS}(SchemaName='${N_TO_N}')/${TO_MANY}?${select}`);
    expect(one.body).toMatchObject({
      SchemaName: N_TO_N,
      RelationshipType: 'ManyToManyRelationship',
      Entity1LogicalName: 'account',
      Entity1IntersectAttribute: 'accountid',
      Entity2LogicalName: 'lead',
      Entity2IntersectAttribute: 'leadid',
      IntersectEntityName: 'accountleads',
      Entity1NavigationPropertyName: N_TO_N,
      Entity2NavigationPropertyName: N_TO_N,
    });
    const all = await call('GET', `${DEFINITIONS}/${TO_MANY}?$select=SchemaName,Entity2IntersectAttribute`);
    expect(rowsOf(all).map((row) => [row.SchemaName, row.Entity2IntersectAttribute])).toEqual([
      [N_TO_N, 'leadid'],
      [REFLEXIVE, 'contactidtwo'],
    ]);
    const filter = encodeURIComponent("IntersectEntityName eq 'new_contact_contact'");
    expect(rowsOf(await call('GET', `${DEFINITIONS}/${TO_MANY}?$filter=${filter}`))).toHaveLength(1);
    const base = await call('GET', `${DEFINITIONS}(SchemaName='${N_TO_N}')?$select=SchemaName,RelationshipType`);
    expect(base.body).toMatchObject({ '@odata.type': `#${TO_MANY}`, SchemaName: N_TO_N });
  });

  test('tell of lookups', async () => {
    const { call } = await world();
    for (const [name, referenced, referencing, column] of [
      ['contact_customer_accounts', 'account', 'contact', 'parentcustomerid'],
      ['account_primary_contact', 'contact', 'account', 'primarycontactid'],
      ['account_new_shipment_new_account', 'account', 'new_shipment', 'new_account'],
    ] as const) {
      const answer = await call('GET', `${DEFINITIONS}(SchemaName='${name}')/${ONE}`);
      expect(answer.body).toMatchObject({
        RelationshipType: 'OneToManyRelationship',
        ReferencedEntity: referenced,
        ReferencedAttribute: `${referenced}id`,
        ReferencingEntity: referencing,
        ReferencingAttribute: column,
      });
      const base = await call('GET', `${DEFINITIONS}(SchemaName='${name}')`);
      expect(base.body['@odata.type']).toBe(`#${ONE}`);
    }
    const every = rowsOf(await call('GET', `${DEFINITIONS}?$select=SchemaName`)).map(({ SchemaName }) => SchemaName);
    expect(new Set(every).size).toBe(every.length);
  });

  test.each([
    `${DEFINITIONS}(SchemaName='nothing')`,
    `${DEFINITIONS}(SchemaName='nothing')/${TO_MANY}`,
    `${DEFINITIONS}(SchemaName='contact_customer_accounts')/${TO_MANY}`,
  ])('%s is not found', async (path) => {
    const { call } = await world();
    const answer = await call('GET', path);
    expect(errorOf(answer)).toEqual([404, '0x80060888', expect.stringContaining('Could not find a relationship')]);
  });

  test('of intersect tables', async () => {
    const { call } = await world();
    const select = '$select=LogicalName,EntitySetName,PrimaryIdAttribute,IsIntersect,ChangeTrackingEnabled';
    const of = async (name: string): Promise<Members> =>
      (await call('GET', `EntityDefinitions(LogicalName='${name}')?${select}`)).body;
    expect(await of('accountleads')).toMatchObject({
      EntitySetName: 'accountleadscollection',
      PrimaryIdAttribute: 'accountleadid',
      IsIntersect: true,
      ChangeTrackingEnabled: false,
    });
    expect(await of(REFLEXIVE)).toMatchObject({ IsIntersect: true, ChangeTrackingEnabled: true });
    expect(await of('account')).toMatchObject({ IsIntersect: false });
    const attributes = await call(
      'GET',
      "EntityDefinitions(LogicalName='accountleads')/Attributes?$select=LogicalName",
    );
    expect(rowsOf(attributes).map(({ LogicalName }) => LogicalName)).toEqual([
      'accountleadid',
      'accountid',
      'leadid',
      'versionnumber',
    ]);
  });
});
