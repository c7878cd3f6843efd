/**
 * Who writes by the simulator's Web API, and what happens to the write: several application users with what each may do,
 * custom logic that refuses, crashes, writes on or is left out, the caller's tag, and errors of the database.
 */
import { describe, expect, test } from '@jest/globals';
import { PlugInRefusal, type Dataverse, type DataverseOptions } from '../../local/dataverse/simulator';
import { asText } from '../../local/dataverse/rows/value';
import {
  fetcher,
  hooked,
  keysOf,
  members,
  start,
  startHook,
  text,
  valueOf,
  type Delivery,
  type Fetch,
  type Hook,
  type Members,
} from './simulator-client';

const WRITER = { clientId: '11111111-2222-4333-8444-555555555555', clientSecret: 'another-secret', name: '# Inbound' };
const BYPASS = 'MSCRM.BypassBusinessLogicExecution';
const STEPS = 'MSCRM.BypassBusinessLogicExecutionStepIds';

async function stand(options: DataverseOptions = {}) {
  const dataverse = await start({ applications: [WRITER], ...options });
  const writerId = dataverse.applicationUsers.get(WRITER.clientId) ?? '';
  return { dataverse, writerId, reader: await fetcher(dataverse), writer: await fetcher(dataverse, WRITER) };
}

async function told(dataverse: Dataverse, table: string, message: string, hook?: Hook) {
  const to = hook ?? (await startHook());
  const step = await hooked(dataverse, to, { table, message, mode: 'async' });
  return { hook: to, step };
}

const refusal = async (answer: ReturnType<Fetch>) => {
  const { status, body } = await answer;
  return { status, ...members(body.error) };
};
const contexts = (hook: Hook): Members[] => hook.deliveries.map(({ context }: Delivery) => context);
const tagOf = (context: Members): string | undefined =>
  keysOf(context.SharedVariables).includes('tag') ? text(valueOf(context.SharedVariables, 'tag')) : undefined;

describe('application users', () => {
  test('each application is its own user: of WhoAmI, of the row, of the event, and of the limits', async () => {
    const { dataverse, writerId, reader, writer } = await stand({ limits: { requests: 3 } });
    const { hook } = await told(dataverse, 'account', 'Create');
    expect((await reader('GET', 'WhoAmI')).body.UserId).toBe(dataverse.applicationUserId);
    expect((await writer('GET', 'WhoAmI')).body.UserId).toBe(writerId);
    expect((await writer('POST', 'accounts', { name: 'one' })).status).toBe(204);
    expect([...dataverse.rows('account')][0]?.columns.createdby).toEqual({ table: 'systemuser', id: writerId });
    await dataverse.drain(5000);
    expect(contexts(hook)[0]).toMatchObject({ InitiatingUserId: writerId, UserId: writerId });
    expect((await writer('GET', 'WhoAmI')).status).toBe(200);
    expect((await writer('GET', 'WhoAmI')).status).toBe(429);
    expect((await reader('GET', 'WhoAmI')).status).toBe(200);
  });

  test('one acts for somebody else by object id or user id, if it may', async () => {
    const { dataverse, writerId, writer } = await stand();
    const { hook } = await told(dataverse, 'account', 'Create');
    const [person] = dataverse.users;
    const objectId = asText(dataverse.get('systemuser', person?.id ?? '')?.columns.azureactivedirectoryobjectid);
    await writer('POST', 'accounts', { name: 'one' }, { CallerObjectId: objectId });
    await writer('POST', 'accounts', { name: 'two' }, { MSCRMCallerID: person?.id ?? '' });
    await dataverse.drain(5000);
    for (const context of contexts(hook)) {
      expect(context).toMatchObject({ InitiatingUserId: writerId, UserId: person?.id });
    }
    expect(hook.deliveries).toHaveLength(2);
    dataverse.permit(writerId, { lacks: ['prvActOnBehalfOfAnotherUser'] });
    expect((await writer('POST', 'accounts', {}, { CallerObjectId: objectId })).status).toBe(403);
    dataverse.permit(writerId, {});
    dataverse.permit(person?.id ?? '', { lacks: ['prvCreateAccount'] });
    expect((await writer('POST', 'accounts', {}, { CallerObjectId: objectId })).status).toBe(403);
    expect((await writer('POST', 'accounts', {})).status).toBe(204);
  });

  test('one that is no member is refused everything', async () => {
    const { dataverse, writerId, reader, writer } = await stand();
    dataverse.permit(writerId, { member: false });
    expect(await refusal(writer('GET', 'WhoAmI'))).toEqual({
      status: 403,
      code: '0x80072560',
      message: 'The user is not a member of the organization.',
    });
    expect((await reader('GET', 'WhoAmI')).status).toBe(200);
    dataverse.permit(writerId, {});
    expect((await writer('GET', 'WhoAmI')).status).toBe(200);
  });

  test.each([
    ['prvCreateAccount', 'POST', 'accounts'],
    ['prvCreateAccount', 'PATCH', 'accounts(00000000-0000-0000-0000-00000000dead)'],
    ['prvWriteAccount', 'PATCH', 'accounts(ID)'],
    ['prvDeleteAccount', 'DELETE', 'accounts(ID)'],
    ['prvReadAccount', 'GET', 'accounts(ID)'],
    ['prvReadAccount', 'GET', 'accounts'],
  ])('without %s a %s of %s is refused, and nothing else', async (privilege, method, target) => {
    const { dataverse, writerId, writer } = await stand();
    const id = await dataverse.create('account', { name: 'one' });
    const other = await dataverse.create('contact', { lastname: 'two' });
    dataverse.permit(writerId, { lacks: [privilege] });
    const call = (set: string, row: string, body: object) =>
      writer(
        method,
        target.replace('accounts', set).replace('ID', row),
        ['POST', 'PATCH'].includes(method) ? body : undefined,
      );
    const before = dataverse.get('account', id)?.version;
    expect(await refusal(call('accounts', id, { name: 'x' }))).toEqual({
      status: 403,
      code: '0x80040220',
      message: expect.stringMatching(
        `^Principal user \\(Id=${writerId}, .*is missing ${privilege} privilege \\(Id=.*for entity 'account'`,
      ) as unknown,
    });
    expect(dataverse.get('account', id)?.version).toBe(before);
    expect([...dataverse.rows('account')]).toHaveLength(1);
    expect((await call('contacts', other, { lastname: 'x' })).status).toBeLessThan(300);
  });

  test('tells which privileges a user has', async () => {
    const { dataverse, writerId, reader } = await stand();
    const has = async (privilege: string) =>
      (
        await reader(
          'GET',
          `systemusers(${writerId})/Microsoft.Dynamics.CRM.RetrieveUserPrivilegeByPrivilegeName(PrivilegeName='${privilege}')`,
        )
      ).body.RolePrivileges;
    expect(await has('prvWriteAccount')).toMatchObject([{ PrivilegeName: 'prvWriteAccount', Depth: 'Global' }]);
    dataverse.permit(writerId, { lacks: ['prvWriteAccount'], bypass: true });
    expect(await has('prvWriteAccount')).toEqual([]);
    expect(await has('prvCreateAccount')).toHaveLength(1);
    expect(await has('prvBypassCustomBusinessLogic')).toHaveLength(1);
    const definition = await reader('GET', "EntityDefinitions(LogicalName='account')?$select=Privileges");
    expect(definition.body.Privileges).toContainEqual(
      expect.objectContaining({ Name: 'prvWriteAccount', PrivilegeType: 'Write' }),
    );
  });
});

describe('the tag', () => {
  test('is told with the operation, and of what happens inside it with its parent context only', async () => {
    const { dataverse, writer } = await stand();
    const creates = await told(dataverse, 'account', 'Create');
    const updates = await told(dataverse, 'account', 'Update');
    dataverse.plugIn({ table: 'account', message: 'Create', execute: () => ({ telephone1: '1' }) });
    await writer('POST', 'accounts?tag=dvo:7', { name: 'one' });
    await dataverse.drain(5000);
    const [create] = contexts(creates.hook);
    const [update] = contexts(updates.hook);
    expect(create?.Depth).toBe(1);
    expect(tagOf(create ?? {})).toBe('dvo:7');
    expect(update?.Depth).toBe(2);
    expect(tagOf(update ?? {})).toBeUndefined();
    const parents: Members[] = [];
    for (let each = update?.ParentContext; each !== null && each !== undefined; each = members(each).ParentContext) {
      parents.push(members(each));
    }
    expect(parents.map((each) => [each.MessageName, each.Depth, tagOf(each)])).toEqual([
      ['Update', 2, undefined],
      ['Create', 1, 'dvo:7'],
    ]);
  });
});

describe('custom logic', () => {
  test('a plug-in refuses with its message, or crashes without; nothing is written and nobody told', async () => {
    const { dataverse, writer } = await stand();
    const { hook } = await told(dataverse, 'account', 'Create');
    for (const stage of [10, 20, 40] as const) {
      const end = dataverse.plugIn({
        table: 'account',
        message: 'Create',
        stage,
        execute: ({ after }) => {
          if (after?.name === 'bad') throw new PlugInRefusal('The credit line is exhausted.');
          if (after?.name === 'odd') throw new TypeError('x is undefined');
          return undefined;
        },
      });
      expect(await refusal(writer('POST', 'accounts', { name: 'bad' }))).toEqual({
        status: 400,
        code: '0x80040265',
        message: 'The credit line is exhausted.',
      });
      expect(await refusal(writer('POST', 'accounts', { name: 'odd' }))).toEqual({
        status: 400,
        code: '0x80040224',
        message: 'An unexpected error occurred from ISV code.',
      });
      expect([...dataverse.rows('account')]).toHaveLength(0);
      end();
    }
    await dataverse.drain(5000);
    expect(hook.deliveries).toHaveLength(0);
    expect((await writer('POST', 'accounts', { name: 'bad' })).status).toBe(204);
  });

  test('a plug-in that writes on: the answer has its version, and its Update is told one level deeper', async () => {
    const { dataverse, writer } = await stand();
    const { hook } = await told(dataverse, 'account', 'Update');
    const id = await dataverse.create('account', { name: 'one' });
    const calls: number[] = [];
    dataverse.plugIn({
      table: 'account',
      message: 'Update',
      execute: ({ depth, columns }) => {
        calls.push(depth);
        return columns.includes('name') ? { telephone1: '42' } : undefined;
      },
    });
    const answer = await writer(
      'PATCH',
      `accounts(${id})?$select=accountid`,
      { name: 'two' },
      { Prefer: 'return=representation' },
    );
    const row = dataverse.get('account', id);
    expect(row?.columns).toMatchObject({ name: 'two', telephone1: '42' });
    expect(answer.body['@odata.etag']).toBe(`W/"${row?.version}"`);
    await dataverse.drain(5000);
    expect(
      contexts(hook)
        .map(({ Depth }) => Number(Depth))
        .toSorted(),
    ).toEqual([1, 2]);
    expect(calls).toEqual([1, 2]);
  });

  test('an asynchronous plug-in writes after the commit: the version of the answer is not the last one', async () => {
    const { dataverse, writer } = await stand();
    const id = await dataverse.create('account', { name: 'one' });
    let go = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      go = resolve;
    });
    dataverse.plugIn({
      table: 'account',
      message: 'Update',
      mode: 'async',
      execute: async ({ columns }) => {
        await answered;
        return columns.includes('name') ? { telephone1: '42' } : undefined;
      },
    });
    const answer = await writer('PATCH', `accounts(${id})`, { name: 'two' }, { Prefer: 'return=representation' });
    expect(answer.body.telephone1).toBeNull();
    expect(answer.body['@odata.etag']).toBe(`W/"${dataverse.get('account', id)?.version}"`);
    go();
    await dataverse.drain(5000);
    expect(dataverse.get('account', id)?.columns.telephone1).toBe('42');
    expect(answer.body['@odata.etag']).not.toBe(`W/"${dataverse.get('account', id)?.version}"`);
  });

  test('a plug-in that calls itself without end is ended', async () => {
    const { dataverse, writer } = await stand();
    const id = await dataverse.create('account', { name: 'one' });
    dataverse.plugIn({ table: 'account', message: 'Update', execute: () => ({ name: 'again' }) });
    expect(await refusal(writer('PATCH', `accounts(${id})`, { name: 'two' }))).toMatchObject({ code: '0x80044182' });
    expect(dataverse.get('account', id)?.columns.name).toBe('one');
  });

  test('is left out by header: single steps, or all that is synchronous or asynchronous', async () => {
    const { dataverse, writerId, writer } = await stand();
    const bypassed = await told(dataverse, 'account', 'Create');
    const other = await told(dataverse, 'account', 'Create');
    const refuse = dataverse.plugIn({
      table: 'account',
      message: 'Create',
      execute: () => {
        throw new PlugInRefusal('No.');
      },
    });
    const post = (headers: Record<string, string>) => writer('POST', 'accounts', { name: 'one' }, headers);
    expect(await refusal(post({ [STEPS]: bypassed.step }))).toMatchObject({
      status: 403,
      code: '0x80040220',
      message: expect.stringContaining('prvBypassCustomBusinessLogic') as unknown,
    });
    dataverse.permit(writerId, { bypass: true });
    expect(await refusal(post({ [STEPS]: bypassed.step }))).toMatchObject({ code: '0x80040265' });
    expect((await post({ [BYPASS]: 'CustomSync' })).status).toBe(204);
    expect((await post({ 'MSCRM.BypassCustomPluginExecution': 'true' })).status).toBe(204);
    expect((await post({ [BYPASS]: 'CustomSync,CustomAsync' })).status).toBe(204);
    await dataverse.drain(5000);
    expect([bypassed.hook.deliveries.length, other.hook.deliveries.length]).toEqual([2, 2]);
    refuse();
    const both = { [STEPS]: `"${bypassed.step.toUpperCase()}, 00000000-0000-0000-0000-00000000dead"` };
    expect((await post({ ...both, 'MSCRM.SuppressCallbackRegistrationExpanderJob': 'true' })).status).toBe(204);
    await dataverse.drain(5000);
    expect([bypassed.hook.deliveries.length, other.hook.deliveries.length]).toEqual([2, 3]);
    expect((await post({ [STEPS]: [1, 2, 3, 4].map(() => other.step).join(',') })).status).toBe(400);
  });
});

describe('errors of the database', () => {
  test.each([
    ['deadlock', '0x80044150', 'CRM ErrorCode: -2147204784 Sql ErrorCode: -2146232060 Sql Number: 1205'],
    ['sqlTimeout', '0x80044151', 'CRM ErrorCode: -2147204783 Sql ErrorCode: -2146232060 Sql Number: -2'],
  ] as const)('a %s rolls the operation back, as often as it is asked for', async (fault, code, message) => {
    const { dataverse, writer } = await stand();
    const { hook } = await told(dataverse, 'account', 'Create');
    dataverse.failWrites(2, fault, { table: 'account' });
    expect((await writer('POST', 'contacts', { lastname: 'x' })).status).toBe(204);
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await refusal(writer('POST', 'accounts', { name: 'one' }))).toEqual({
        status: 500,
        code,
        message: expect.stringContaining(message) as unknown,
      });
    }
    expect([...dataverse.rows('account')]).toHaveLength(0);
    expect((await writer('POST', 'accounts', { name: 'one' })).status).toBe(204);
    await dataverse.drain(5000);
    expect(hook.deliveries).toHaveLength(1);
  });

  test('another error can be given, for one message', async () => {
    const { dataverse, writer } = await stand();
    const id = await dataverse.create('account', { name: 'one' });
    const fault = { status: 412, code: '0x80040333', message: 'A record was not created or updated.' };
    dataverse.failWrites(1, fault, { message: 'Update' });
    expect((await writer('POST', 'accounts', { name: 'two' })).status).toBe(204);
    expect(await refusal(writer('PATCH', `accounts(${id})`, { name: 'x' }))).toEqual(fault);
    expect(dataverse.get('account', id)?.columns.name).toBe('one');
  });
});
