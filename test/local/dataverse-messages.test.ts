/**
 * The simulator's other messages do what Dataverse does with rows and raise events whose parameters have the names and
 * types that .NET writes: Assign, SetState, Merge, Upsert, the bulk messages, and custom APIs.
 */
import { describe, expect, test } from '@jest/globals';
import type { CustomApiCall, Dataverse, DataverseOptions, StepRegistration } from '../../local/dataverse/simulator';
import { differences, document, FIXTURES } from './context-likeness';
import {
  caller,
  keysOf,
  list,
  members,
  start as startAny,
  startHook,
  targetOf,
  text,
  valueOf,
  type Hook,
  type Json,
  type Members,
} from './simulator-client';

/** One job after the other: deliveries arrive in the order in which they were raised. */
const start = (options: DataverseOptions = {}): Promise<Dataverse> =>
  startAny({ ...options, jobs: { jitterMs: 0, concurrency: 1 } });

const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Registers asynchronous steps on one webhook. */
async function steps(
  dataverse: Dataverse,
  given: readonly Omit<StepRegistration, 'endpoint' | 'mode'>[],
): Promise<Hook> {
  const hook = await startHook();
  const endpoint = await dataverse.registerEndpoint({ name: 'hook', contract: 'webhook', url: hook.url });
  for (const step of given) await dataverse.registerStep({ ...step, endpoint, mode: 'async' });
  return hook;
}

const contextsOf = (hook: Hook): readonly Members[] => hook.deliveries.map(({ context }) => context);
const messagesOf = (hook: Hook): readonly Json[] => contextsOf(hook).map(({ MessageName }) => MessageName ?? null);
const contextOf = (hook: Hook, message: string): Members => {
  const context = contextsOf(hook).find(({ MessageName }) => MessageName === message);
  if (context === undefined) throw new Error(`No ${message} was delivered, only ${JSON.stringify(messagesOf(hook))}.`);
  return context;
};
const idsOf = (collection: Json | undefined): Json[] =>
  list(members(collection).Entities).map((entity) => members(entity).Id ?? null);
/** Every parameter of the fixture is there, of the same type, in the same order. */
function expectLike(context: Members, file: string): void {
  if (FIXTURES === undefined) throw new Error('The fixtures are missing.');
  const fixture = document(FIXTURES, file) ?? {};
  expect(keysOf(context.InputParameters)).toEqual(keysOf(fixture.InputParameters));
  expect(keysOf(context.OutputParameters)).toEqual(keysOf(fixture.OutputParameters));
  expect(differences(context, fixture)).toEqual([]);
  expect(context.ParentContext === null).toBe(fixture.ParentContext === null);
}

describe('Assign and SetState', () => {
  test('Assign gives a row another owner, with what follows from it, and raises Assign only', async () => {
    let now = Date.parse('2026-05-01T08:00:00Z');
    const dataverse = await start({ now: () => now });
    const table = 'opportunity';
    const id = await dataverse.create(table, { name: 'Quay crane overhaul' });
    const hook = await steps(dataverse, [
      { table, message: 'Assign', images: [{ kind: 'both', alias: 'row', columns: ['ownerid'] }] },
      { table, message: 'Update' },
    ]);
    const before = dataverse.get(table, id);
    now += 5000;
    await dataverse.assign(table, id, { table: 'team', id: dataverse.teamId }, { user: dataverse.users[1]?.id ?? '' });
    await dataverse.drain(120_000);
    const after = dataverse.get(table, id);
    expect(after?.columns).toMatchObject({
      ownerid: { table: 'team', id: dataverse.teamId },
      owningteam: { id: dataverse.teamId },
      owninguser: null,
      modifiedon: '2026-05-01T08:00:05Z',
      modifiedby: { id: dataverse.users[1]?.id },
    });
    expect(after?.version).toBeGreaterThan(before?.version ?? 0n);
    expect(messagesOf(hook)).toEqual(['Assign']);
    const context = contextOf(hook, 'Assign');
    expectLike(context, 'assign-opportunity.json');
    expect(targetOf(context)).toMatchObject({ Id: id, LogicalName: table });
    expect(valueOf(context.InputParameters, 'Assignee')).toMatchObject({ Id: dataverse.teamId, LogicalName: 'team' });
    expect(keysOf(context.PreEntityImages)).toEqual(['AsynchronousStepPrimaryName', 'row']);
    const owner = (images: Json | undefined): Json | undefined =>
      members(valueOf(members(valueOf(images, 'row')).Attributes, 'ownerid')).LogicalName;
    expect([owner(context.PreEntityImages), owner(context.PostEntityImages)]).toEqual(['systemuser', 'team']);

    await expect(dataverse.assign(table, id, { table: 'team', id: NO_ID })).rejects.toThrow('Does Not Exist');
    await expect(dataverse.assign(table, NO_ID, { table: 'team', id: dataverse.teamId })).rejects.toThrow(
      'Does Not Exist',
    );
  });

  test('SetState sets state and reason under either name', async () => {
    const dataverse = await start();
    const table = 'opportunity';
    const id = await dataverse.create(table, { name: 'O' });
    const images = [{ kind: 'post', alias: 'Moniker', columns: ['statecode', 'statuscode'] }] as const;
    const hook = await steps(dataverse, [
      { table, message: 'SetState', images },
      { table, message: 'SetStateDynamicEntity' },
      { table, message: 'Update' },
    ]);
    await dataverse.setState(table, id, 2, 4);
    await dataverse.drain(120_000);
    const context = contextOf(hook, 'SetState');
    expectLike(context, 'setstate-opportunity.json');
    expect(valueOf(context.InputParameters, 'State')).toMatchObject({ Value: 2 });
    expect(valueOf(context.InputParameters, 'Status')).toMatchObject({ Value: 4 });
    const image = members(valueOf(context.PostEntityImages, 'Moniker'));
    expect(valueOf(image.FormattedValues, 'statuscode')).toBe('Canceled');
    await dataverse.setState(table, id, 0, undefined, { message: 'SetStateDynamicEntity' });
    await dataverse.drain(120_000);
    expect(dataverse.get(table, id)?.columns).toMatchObject({ statecode: 0, statuscode: 1 });
    expect(messagesOf(hook)).toEqual(['SetState', 'SetStateDynamicEntity']);
    await expect(dataverse.setState(table, id, 9)).rejects.toThrow('statecode');
  });
});

describe('Merge', () => {
  test('deactivates the subordinate, fills the target, and tells it of both rows', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    const table = 'account';
    const target = await dataverse.create(table, { name: 'Contoso Harbour' });
    const subordinate = await dataverse.create(table, { name: 'CONTOSO (dup)' });
    const hook = await steps(dataverse, [
      {
        table,
        message: 'Merge',
        images: [
          { kind: 'pre', alias: 'Master', columns: ['name'] },
          { kind: 'both', alias: 'Subordinate', columns: ['name', 'statecode'], property: 'SubordinateId' },
        ],
      },
      { table, message: 'Update' },
    ]);
    const row = (accountid: string) => ({ '@odata.type': 'Microsoft.Dynamics.CRM.account', accountid });
    const merged = await call(
      'POST',
      'Merge',
      {},
      {
        Target: row(target),
        Subordinate: row(subordinate),
        UpdateContent: { '@odata.type': 'Microsoft.Dynamics.CRM.account', telephone1: '+47 22', creditlimit: 300000 },
        PerformParentingChecks: false,
      },
    );
    expect([merged.status, merged.raw]).toEqual([204, '']);
    await dataverse.drain(120_000);
    expect(dataverse.get(table, target)?.columns).toMatchObject({ telephone1: '+47 22', merged: false, statecode: 0 });
    expect(dataverse.get(table, subordinate)?.columns).toMatchObject({
      statecode: 1,
      statuscode: 2,
      merged: true,
      masterid: { table, id: target },
    });
    const context = contextOf(hook, 'Merge');
    expectLike(context, 'merge-account.json');
    expect(context).toMatchObject({ PrimaryEntityId: target, Depth: 1 });
    expect(valueOf(context.InputParameters, 'SubordinateId')).toBe(subordinate);
    const content = members(valueOf(context.InputParameters, 'UpdateContent'));
    expect([content.Id, keysOf(content.Attributes)]).toEqual([NO_ID, ['telephone1', 'creditlimit']]);
    const image = (images: Json | undefined, alias: string): Members => members(valueOf(images, alias));
    expect(image(context.PreEntityImages, 'Master').Id).toBe(target);
    expect(image(context.PreEntityImages, 'Subordinate').Id).toBe(subordinate);
    expect(valueOf(image(context.PostEntityImages, 'Subordinate').Attributes, 'statecode')).toMatchObject({ Value: 1 });
    const updates = contextsOf(hook).filter(({ MessageName }) => MessageName === 'Update');
    expect(updates.map(({ PrimaryEntityId, Depth }) => [PrimaryEntityId, Depth])).toEqual([
      [target, 2],
      [subordinate, 2],
    ]);
    expect(new Set(contextsOf(hook).map(({ RequestId }) => RequestId)).size).toBe(1);
  });

  test('refuses what cannot be merged and changes nothing then', async () => {
    const dataverse = await start();
    const [a, b] = await dataverse.createMultiple('contact', [{ lastname: 'A' }, { lastname: 'B' }]);
    if (a === undefined || b === undefined) throw new Error('Two rows were to be created.');
    await expect(dataverse.merge('contact', a, a, {})).rejects.toThrow('itself');
    await expect(dataverse.merge('contact', a, NO_ID, { jobtitle: 'x' })).rejects.toThrow('Does Not Exist');
    await expect(dataverse.merge('new_shipment', a, b, {})).rejects.toThrow('cannot be merged');
    expect(dataverse.get('contact', a)?.columns.jobtitle).toBeNull();
    await dataverse.merge('contact', a, b, { jobtitle: 'x' });
    await expect(dataverse.merge('contact', a, b, {})).rejects.toThrow('already');
    const step = { table: 'opportunity', message: 'Merge', endpoint: '', mode: 'async' } as const;
    await expect(dataverse.registerStep(step)).rejects.toThrow();
  });
});

describe('bulk messages', () => {
  const MULTIPLE = ['CreateMultiple', 'UpdateMultiple', 'UpsertMultiple', 'DeleteMultiple'];
  const contact = (columns: Members): Members => ({ '@odata.type': 'Microsoft.Dynamics.CRM.contact', ...columns });

  test('by the Web API: all rows, then the steps of each row and of the whole', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    const table = 'contact';
    const hook = await steps(
      dataverse,
      [...MULTIPLE, 'Create', 'Update', 'Delete'].map((message) => ({ table, message })),
    );
    const bulk = async (name: string, Targets: Members[]): Promise<[number, Members]> => {
      const answer = await call('POST', `contacts/Microsoft.Dynamics.CRM.${name}`, {}, { Targets });
      await dataverse.drain(120_000);
      return [answer.status, answer.body];
    };
    const account = await dataverse.create('account', { name: 'Contoso' });
    const [status, body] = await bulk('CreateMultiple', [
      contact({ firstname: 'Lucía', lastname: 'Fernández' }),
      contact({
        lastname: 'van der Berg',
        'parentcustomerid_account@odata.bind': `accounts(${account})`,
        creditlimit: 10,
      }),
    ]);
    const ids = list(body.Ids).map((id) => text(id));
    const [a = '', b = ''] = ids;
    expect([status, ids.length]).toEqual([200, 2]);
    expect(dataverse.get(table, b)?.columns.parentcustomerid).toEqual({ table: 'account', id: account });
    const created = contextOf(hook, 'CreateMultiple');
    expectLike(created, 'create-multiple-contact.json');
    expect(created).toMatchObject({ PrimaryEntityName: table, PrimaryEntityId: NO_ID, PostEntityImages: [] });
    expect(valueOf(created.OutputParameters, 'Ids')).toEqual(ids);
    const targets = members(valueOf(created.InputParameters, 'Targets'));
    expect([targets.EntityName, idsOf(targets)]).toEqual([table, ids]);
    const [targeted] = list(targets.Entities).map((entity) => members(entity));
    expect(keysOf(targeted?.Attributes)).toEqual(['firstname', 'lastname', 'contactid']);
    expect(targeted).not.toHaveProperty('__type');

    expect(
      await bulk('UpdateMultiple', [
        contact({ contactid: a, jobtitle: 'x' }),
        contact({ contactid: b, jobtitle: 'y' }),
      ]),
    ).toEqual([204, {}]);
    const third = '00000000-0000-0000-0000-000000000003';
    const upserts = [contact({ contactid: a, jobtitle: 'z' }), contact({ contactid: third, lastname: 'C' })];
    expect((await bulk('UpsertMultiple', upserts))[0]).toBe(204);
    expect(dataverse.get(table, a)?.columns.jobtitle).toBe('z');
    expect((await bulk('DeleteMultiple', [contact({ contactid: b }), contact({ contactid: third })]))[0]).toBe(204);
    expect([...dataverse.rows(table)].map(({ id }) => id)).toEqual([a]);
    expect(messagesOf(hook)).toEqual([
      ...['Create', 'Create', 'CreateMultiple', 'Update', 'Update', 'UpdateMultiple'],
      ...['Update', 'Create', 'UpsertMultiple', 'Delete', 'Delete', 'DeleteMultiple'],
    ]);
    const deleted = contextOf(hook, 'DeleteMultiple');
    const references = list(valueOf(deleted.InputParameters, 'Targets')).map((item) => members(item));
    expect(references.map(({ Id }) => Id)).toEqual([b, third]);
    expect(references[0]?.__type).toMatch(/^EntityReference:/);
    const updated = contextOf(hook, 'UpdateMultiple');
    expect(keysOf(updated.InputParameters)).toEqual(['Targets']);
    expect(updated.OutputParameters).toEqual([]);
  });

  test('all or nothing', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    const hook = await steps(dataverse, [
      { table: 'contact', message: 'CreateMultiple' },
      { table: 'contact', message: 'Create' },
    ]);
    const id = await dataverse.create('contact', { lastname: 'A' });
    await expect(
      dataverse.updateMultiple('contact', [{ contactid: id, jobtitle: 'x' }, { contactid: NO_ID }]),
    ).rejects.toThrow('Does Not Exist');
    await expect(dataverse.createMultiple('contact', [{ lastname: 'B' }, { contactid: id }])).rejects.toThrow('exists');
    await expect(dataverse.createMultiple('contact', [{ lastname: 'B' }, { nothing: 1 }])).rejects.toThrow('nothing');
    await expect(dataverse.updateMultiple('contact', [{ jobtitle: 'x' }])).rejects.toThrow('contactid');
    await expect(dataverse.createMultiple('contact', [])).rejects.toThrow('empty');
    const foreign = { Targets: [{ '@odata.type': 'Microsoft.Dynamics.CRM.account', name: 'x' }] };
    expect((await call('POST', 'contacts/Microsoft.Dynamics.CRM.CreateMultiple', {}, foreign)).status).toBe(400);
    expect((await call('POST', 'contacts/Microsoft.Dynamics.CRM.NoMultiple', {}, foreign)).status).toBe(400);
    expect((await call('GET', 'contacts/Microsoft.Dynamics.CRM.CreateMultiple')).status).toBe(405);
    await dataverse.drain(120_000);
    expect([...dataverse.rows('contact')].map(({ columns }) => columns.jobtitle)).toEqual([null]);
    expect(messagesOf(hook)).toEqual(['Create']);
    // A row named twice is changed twice, in order.
    await dataverse.updateMultiple('contact', [
      { contactid: id, jobtitle: 'x' },
      { contactid: id, firstname: 'y' },
    ]);
    expect(dataverse.get('contact', id)?.columns).toMatchObject({ jobtitle: 'x', fullname: 'y A' });
  });

  test('are cut, dropped and doubled like others', async () => {
    const dataverse = await start();
    const hook = await steps(dataverse, [{ table: 'account', message: 'CreateMultiple' }]);
    const long = Array.from({ length: 3 }, (_, index) => ({ name: `${index}`, description: 'a'.repeat(100_000) }));
    await dataverse.createMultiple('account', long);
    await dataverse.drain(120_000);
    dataverse.disturb({ drop: 1 });
    await dataverse.createMultiple('account', [{ name: 'dropped' }]);
    dataverse.disturb({ duplicate: 1, duplicateMs: 1 });
    await dataverse.createMultiple('account', [{ name: 'doubled' }]);
    await dataverse.drain(120_000);
    expect(hook.deliveries).toHaveLength(3);
    expect(hook.deliveries[0]?.headers['x-ms-dynamics-msg-size-exceeded']).toBe('true');
    const [cut] = contextsOf(hook);
    expect(cut).not.toHaveProperty('InputParameters');
    expect(list(valueOf(cut?.OutputParameters, 'Ids'))).toHaveLength(3);
  });
});

describe('Upsert', () => {
  test('says whether it created; Create or Update come as well; with If-Match it is an Update', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    const table = 'account';
    const hook = await steps(
      dataverse,
      ['Upsert', 'Create', 'Update'].map((message) => ({ table, message })),
    );
    const path = 'accounts(00000000-0000-0000-0000-000000000001)';
    for (const name of ['a', 'b']) {
      expect((await call('PATCH', path, {}, { name })).status).toBe(204);
      await dataverse.drain(120_000);
    }
    expect((await call('PATCH', path, { 'If-Match': '*' }, { name: 'c' })).status).toBe(204);
    await dataverse.drain(120_000);
    expect(messagesOf(hook)).toEqual(['Create', 'Upsert', 'Update', 'Upsert', 'Update']);
    const upserts = contextsOf(hook).filter(({ MessageName }) => MessageName === 'Upsert');
    expect(upserts.map(({ OutputParameters }) => valueOf(OutputParameters, 'RecordCreated'))).toEqual([true, false]);
    expect(members(valueOf(upserts[0]?.OutputParameters, 'Target')).__type).toMatch(/^EntityReference:/);
    expect(keysOf(targetOf(upserts[0] ?? {}).Attributes)).toEqual(['name', 'accountid']);
    expect(await dataverse.upsert(table, '00000000-0000-0000-0000-000000000002', { name: 'd' })).toMatchObject({
      created: true,
    });
  });
});

describe('custom APIs', () => {
  const ALL = {
    Flag: 'Boolean',
    When: 'DateTime',
    Rate: 'Decimal',
    Row: 'Entity',
    Lines: 'EntityCollection',
    Account: 'EntityReference',
    Factor: 'Float',
    Count: 'Integer',
    Limit: 'Money',
    Level: 'Picklist',
    Note: 'String',
    Tags: 'StringArray',
    Token: 'Guid',
    Nothing: 'String',
  } as const;

  test('bound: typed parameters and properties, as .NET writes them', async () => {
    if (FIXTURES === undefined) throw new Error('The fixtures are missing.');
    const dataverse = await start();
    const call = await caller(dataverse);
    const name = 'new_RecalculateCredit';
    const calls: CustomApiCall[] = [];
    await dataverse.defineCustomApi(name, {
      boundTo: 'account',
      requestParameters: ALL,
      responseProperties: { Approved: 'Boolean', NewLimit: 'Money', Reasons: 'StringArray', Missing: 'String' },
      handler: async (given) => {
        calls.push(given);
        await dataverse.update('account', given.target?.id ?? '', { creditonhold: false }, given.options);
        return { Approved: false, NewLimit: '420000.25', Reasons: [] };
      },
    });
    const account = await dataverse.create('account', { name: 'Contoso' });
    const hook = await steps(dataverse, [
      { table: 'account', message: name },
      { table: 'account', message: 'Update' },
    ]);
    const body =
      '{"Flag":true,"When":"2026-08-15T12:30:44Z","Rate":0.072500,' +
      '"Row":{"@odata.type":"Microsoft.Dynamics.CRM.new_note",' +
      '"new_noteid":"6b3d7990-96ce-444a-b278-c693c43ae374","new_name":"Check 1"},' +
      '"Lines":[{"@odata.type":"Microsoft.Dynamics.CRM.new_shipment","new_value":99.95},' +
      '{"@odata.type":"Microsoft.Dynamics.CRM.new_shipment"}],' +
      `"Account":{"@odata.type":"Microsoft.Dynamics.CRM.account","accountid":"${account}"},` +
      '"Factor":0.75,"Count":3,"Limit":500000,"Level":100000003,' +
      '"Note":"Re-check / quarterly","Tags":["gold","","north/sea"],' +
      '"Token":"349daa0f-c2f7-4747-8717-b87dae010298","Nothing":null}';
    const answer = await call('POST', `accounts(${account})/Microsoft.Dynamics.CRM.${name}`, {}, body);
    expect(answer.status).toBe(200);
    expect(answer.raw).toContain('"Approved":false,"NewLimit":420000.25,"Reasons":[]');
    expect(answer.body.Missing).toBeNull();
    await dataverse.drain(120_000);
    const context = contextOf(hook, name);
    const fixture = document(FIXTURES, 'custom-action-account.json') ?? {};
    expect(differences(context, fixture)).toEqual([]);
    expect(context).toMatchObject({ PrimaryEntityName: 'account', PrimaryEntityId: account, ParentContext: null });
    expect(keysOf(context.InputParameters)).toEqual(['Target', ...Object.keys(ALL)]);
    const wire = hook.deliveries.find(({ context: { MessageName } }) => MessageName === name)?.raw ?? '';
    for (const pair of [
      '{"key":"Rate","value":0.072500}',
      '{"key":"When","value":"\\/Date(1786797044000)\\/"}',
      '{"key":"Token","value":"349daa0f-c2f7-4747-8717-b87dae010298"}',
      '{"key":"Nothing","value":null}',
      '"Value":99.9500}',
    ])
      expect(wire).toContain(pair);
    expect(valueOf(context.InputParameters, 'Level')).toMatchObject({ Value: 100000003 });
    expect(members(valueOf(context.InputParameters, 'Lines')).EntityName).toBe('new_shipment');
    expect(calls.map(({ target }) => target?.id)).toEqual([account]);
    const update = contextOf(hook, 'Update');
    expect([update.Depth, update.RequestId]).toEqual([2, context.RequestId]);
  });

  test('unbound: by the Web API and by method, without a table', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    await dataverse.defineCustomApi('new_ShipOrder', {
      requestParameters: { Order: 'String' },
      responseProperties: { Number: 'Integer' },
      handler: ({ parameters: { Order } }) => ({ Number: typeof Order === 'string' ? Order.length : 0 }),
    });
    await dataverse.defineCustomApi('new_Ping', {});
    const hook = await steps(dataverse, [{ message: 'new_ShipOrder' }, { table: 'none', message: 'new_Ping' }]);
    const answer = await call('POST', 'new_ShipOrder', {}, { Order: 'four' });
    expect(answer.body).toEqual({
      '@odata.context': `${dataverse.url}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.new_ShipOrderResponse`,
      Number: 4,
    });
    expect(await dataverse.callCustomApi('new_ShipOrder', { Order: 'x' })).toEqual([
      { name: 'Number', value: { kind: 'integer', number: 1 } },
    ]);
    const pinged = await call('POST', 'new_Ping');
    expect([pinged.status, pinged.raw]).toEqual([204, '']);
    await dataverse.drain(120_000);
    expect(messagesOf(hook).toSorted()).toEqual(['new_Ping', 'new_ShipOrder', 'new_ShipOrder']);
    const context = contextOf(hook, 'new_ShipOrder');
    expect(context).toMatchObject({
      PrimaryEntityName: 'none',
      PrimaryEntityId: NO_ID,
      InputParameters: [{ key: 'Order', value: 'four' }],
      OutputParameters: [{ key: 'Number', value: 4 }],
    });
    expect(hook.deliveries[0]?.headers['x-ms-dynamics-entity-name']).toBe('none');
  });

  test('refuse what is not declared, and raise nothing then', async () => {
    const dataverse = await start();
    const call = await caller(dataverse);
    await dataverse.defineCustomApi('new_Ship', { boundTo: 'account', requestParameters: { Count: 'Integer' } });
    const account = await dataverse.create('account', { name: 'x' });
    const hook = await steps(dataverse, [{ table: 'account', message: 'new_Ship' }]);
    const path = `accounts(${account})/Microsoft.Dynamics.CRM.new_Ship`;
    const status = async (target: string, body: Members, method = 'POST'): Promise<number> =>
      (await call(method, target, {}, method === 'GET' ? undefined : body)).status;
    expect(await status(path, { Other: 1 })).toBe(400);
    expect(await status(path, { Count: 'three' })).toBe(400);
    expect(await status(path, { Count: [1] })).toBe(400);
    expect(await status(path, {}, 'GET')).toBe(405);
    expect(await status(path.replace(account, NO_ID), {})).toBe(404);
    expect(await status('new_Ship', {})).toBe(400);
    expect(await status('new_Nothing', {})).toBe(404);
    expect(await status(path.replace('new_Ship', 'new_Nothing'), {})).toBe(404);
    await expect(dataverse.defineCustomApi('new_Ship', {})).rejects.toThrow('already');
    expect(await status(path, { Count: 3 })).toBe(204);
    await dataverse.drain(120_000);
    expect(hook.deliveries).toHaveLength(1);
  });
});
