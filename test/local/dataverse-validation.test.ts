/**
 * Synchronous webhook steps before the main operation of the simulator (PreValidation and PreOperation): the platform
 * posts, waits, and goes on only when the answer is one of 200 to 299. Nothing of what was refused is left anywhere.
 */
import { describe, expect, test } from '@jest/globals';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dataverse, DataverseOptions, StepRegistration } from '../../local/dataverse/simulator';
import {
  fetcher,
  first,
  hooked,
  keysOf,
  list,
  members,
  open,
  start,
  startHook,
  targetOf,
  text,
  valueOf,
  type Fetch,
  type Hook,
} from './simulator-client';

const STAGES = [10, 20] as const;
const EMPTY = '00000000-0000-0000-0000-000000000000';

async function stand(options: DataverseOptions = {}) {
  const dataverse = await start(options);
  return { dataverse, api: await fetcher(dataverse), rules: await startHook(), told: await startHook() };
}

/** One step before the main operation, and one that is told of what has happened. */
async function guarded(
  { dataverse, rules, told }: { dataverse: Dataverse; rules: Hook; told: Hook },
  step: Omit<StepRegistration, 'endpoint' | 'mode'>,
): Promise<string> {
  await hooked(dataverse, told, { table: step.table ?? 'account', message: step.message, mode: 'async' });
  return hooked(dataverse, rules, { ...step, mode: 'sync' });
}

const refusal = async (answer: ReturnType<Fetch>) => {
  const { status, body } = await answer;
  return { status, ...members(body.error) };
};
const names = (dataverse: Dataverse): unknown[] => [...dataverse.rows('account')].map(({ columns }) => columns.name);

/** A webhook that waits until it is let go. */
async function slowHook() {
  const waiting: (() => void)[] = [];
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => waiting.push(() => response.writeHead(200).end()));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  open.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  });
  return {
    waiting,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async asked(): Promise<void> {
      while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

describe.each(STAGES)('a synchronous webhook step at stage %d', (stage) => {
  test('lets the operation go on with any answer of 200 to 299', async () => {
    const all = await stand();
    const { dataverse, api, rules, told } = all;
    await guarded(all, { table: 'account', message: 'Create', stage });
    rules.answers.push(200, 204, 299);
    for (const name of ['1', '2', '3']) expect((await api('POST', 'accounts', { name })).status).toBe(204);
    await dataverse.drain(5000);
    expect([names(dataverse).length, rules.deliveries.length, told.deliveries.length]).toEqual([3, 3, 3]);
  });

  test.each([300, 400, 401, 404, 429, 500])('cancels it with %d, after one attempt', async (answer) => {
    const all = await stand();
    const { dataverse, api, rules, told } = all;
    await guarded(all, { table: 'account', message: 'Create', stage });
    const endpoint = [...dataverse.rows('serviceendpoint')].find(({ columns }) => columns.url === rules.url);
    rules.answers.push(answer);
    expect(await refusal(api('POST', 'accounts', { name: 'one' }))).toEqual({
      status: 400,
      code: '0x80050201',
      message:
        `Non success http status code: ${answer} received from server for OrgId:${dataverse.organizationId}, ` +
        `serviceEndpointId: ${endpoint?.id}, name: hook, retryCount: 0`,
    });
    await dataverse.drain(5000);
    expect(names(dataverse)).toEqual([]);
    expect([rules.deliveries.length, told.deliveries.length]).toEqual([1, 0]);
    expect(dataverse.stats()).toMatchObject({ rolledBack: 1, openJobs: 0 });
    expect(dataverse.jobs()).toEqual([]);
  });

  test.each([502, 503, 504])('is asked once more on %d, and then accepts or fails', async (answer) => {
    const all = await stand();
    const { dataverse, api, rules } = all;
    await guarded(all, { table: 'account', message: 'Create', stage });
    rules.answers.push(answer, 200);
    expect((await api('POST', 'accounts', { name: 'one' })).status).toBe(204);
    expect(rules.deliveries).toHaveLength(2);
    rules.answers.push(answer, answer, 200);
    expect(await refusal(api('POST', 'accounts', { name: 'two' }))).toMatchObject({ status: 400, code: '0x80050205' });
    expect(rules.deliveries).toHaveLength(4);
    expect(names(dataverse)).toEqual(['one']);
  });

  test('fails when nothing answers in time, or nobody is there', async () => {
    const { dataverse, api } = await stand({ webhookTimeoutMs: 100 });
    const slow = await slowHook();
    const endpoint = await dataverse.registerEndpoint({ name: 'slow', contract: 'webhook', url: slow.url });
    const step = { table: 'account', message: 'Create', mode: 'sync', stage } as const;
    const id = await dataverse.registerStep({ ...step, endpoint });
    const before = Date.now();
    expect(await refusal(api('POST', 'accounts', { name: 'one' }))).toMatchObject({ status: 400, code: '0x80050202' });
    expect(Date.now() - before).toBeGreaterThanOrEqual(90);
    expect(slow.waiting).toHaveLength(1);
    await dataverse.unregister(id);
    const nobody = await dataverse.registerEndpoint({
      name: 'nobody',
      contract: 'webhook',
      url: 'http://127.0.0.1:9/',
    });
    await dataverse.registerStep({ ...step, endpoint: nobody });
    expect(await refusal(api('POST', 'accounts', { name: 'one' }))).toMatchObject({ status: 400, code: '0x80050205' });
    expect(names(dataverse)).toEqual([]);
  });

  test('is told of a Create what the caller sent: no id unless it was sent, no defaults, no image', async () => {
    const all = await stand();
    const { dataverse, api, rules, told } = all;
    await guarded(all, { table: 'account', message: 'Create', stage });
    await api('POST', 'accounts', { name: 'one', numberofemployees: 3 });
    const { context } = first(rules);
    expect(context).toMatchObject({
      Stage: stage,
      Mode: 0,
      MessageName: 'Create',
      PrimaryEntityId: EMPTY,
      IsInTransaction: stage === 20,
      OperationId: context.RequestId,
      OutputParameters: [],
      PreEntityImages: [],
      PostEntityImages: [],
      ParentContext: null,
    });
    expect(keysOf(targetOf(context).Attributes).toSorted()).toEqual(['name', 'numberofemployees']);
    expect(targetOf(context).Id).toBe(EMPTY);
    await dataverse.drain(5000);
    expect(first(told).context.PrimaryEntityId).toBe([...dataverse.rows('account')][0]?.id);
    const id = '00000000-0000-0000-0000-0000000000a1';
    await api('POST', 'accounts', { name: 'two', accountid: id });
    expect(rules.deliveries[1]?.context).toMatchObject({ PrimaryEntityId: id });
    await api('PATCH', `accounts(${id.replace('a1', 'a2')})`, { name: 'three' });
    expect(rules.deliveries[2]?.context).toMatchObject({ PrimaryEntityId: id.replace('a1', 'a2') });
  });

  test('is told of an Update what the caller sent, with the row before as its image', async () => {
    const all = await stand();
    const { dataverse, api, rules } = all;
    const images = [{ kind: 'pre', alias: 'before', columns: ['name', 'telephone1'] }] as const;
    await guarded(all, { table: 'account', message: 'Update', stage, images, filteringColumns: ['name'] });
    const id = await dataverse.create('account', { name: 'one', telephone1: '1' });
    await api('PATCH', `accounts(${id})`, { telephone1: '2' });
    expect(rules.deliveries).toHaveLength(0);
    await api('PATCH', `accounts(${id})`, { name: 'two' });
    const { context } = first(rules);
    expect(context.PrimaryEntityId).toBe(id);
    expect(keysOf(targetOf(context).Attributes).toSorted()).toEqual(['accountid', 'name']);
    const image = members(valueOf(context.PreEntityImages, 'before'));
    expect(valueOf(image.Attributes, 'name')).toBe('one');
    expect(valueOf(image.Attributes, 'telephone1')).toBe('2');
    expect(list(context.PostEntityImages)).toEqual([]);
  });

  test('refuses an Update or a Delete without a trace', async () => {
    const all = await stand();
    const { dataverse, api, rules, told } = all;
    await guarded(all, { table: 'account', message: 'Update', stage });
    await guarded(all, { table: 'account', message: 'Delete', stage });
    const id = await dataverse.create('account', { name: 'one' });
    const version = dataverse.get('account', id)?.version;
    rules.answers.push(400, 400);
    expect((await api('PATCH', `accounts(${id})`, { name: 'two' })).status).toBe(400);
    expect((await api('DELETE', `accounts(${id})`)).status).toBe(400);
    await dataverse.drain(5000);
    expect(dataverse.get('account', id)?.version).toBe(version);
    expect(told.deliveries).toHaveLength(0);
    expect((await api('DELETE', `accounts(${id})`)).status).toBe(204);
  });

  test('fails all rows of a CreateMultiple when it refuses one, and all operations of a change set', async () => {
    const all = await stand();
    const { dataverse, api, rules, told } = all;
    await guarded(all, { table: 'account', message: 'Create', stage });
    const target = (name: string) => ({ '@odata.type': 'Microsoft.Dynamics.CRM.account', name });
    const create = () =>
      api('POST', 'accounts/Microsoft.Dynamics.CRM.CreateMultiple', { Targets: ['1', '2', '3'].map(target) });
    rules.answers.push(200, 400);
    expect(await refusal(create())).toMatchObject({ status: 400, code: '0x80050201' });
    expect(rules.deliveries).toHaveLength(2);
    await dataverse.drain(5000);
    expect([names(dataverse).length, told.deliveries.length]).toEqual([0, 0]);
    expect((await create()).status).toBe(200);
    expect(names(dataverse)).toEqual(['1', '2', '3']);

    rules.answers.push(200, 400);
    const part = (name: string): string =>
      ['--c', 'Content-Type: application/http', '', 'POST accounts HTTP/1.1', '', JSON.stringify({ name })].join(
        '\r\n',
      );
    const set = ['--b', 'Content-Type: multipart/mixed; boundary=c', '', part('4'), part('5'), '--c--', '--b--', ''];
    const answer = await api('POST', '$batch', set.join('\r\n'), { 'Content-Type': 'multipart/mixed; boundary=b' });
    expect(answer.status).toBe(400);
    expect(answer.raw).toContain('0x80050201');
    expect(names(dataverse)).toEqual(['1', '2', '3']);
    // The change set's transaction had begun before the first of its steps.
    expect(rules.deliveries.at(-1)?.context.IsInTransaction).toBe(true);
  });

  test('gets a reduced context with the header when the context is too long', async () => {
    const all = await stand();
    const { dataverse, rules } = all;
    await guarded(all, { table: 'account', message: 'Create', stage });
    await dataverse.create('account', { name: 'x', description: 'x'.repeat(300_000) });
    expect(first(rules).headers['x-ms-dynamics-msg-size-exceeded']).toBe('true');
    expect(first(rules).context).not.toHaveProperty('InputParameters');
    await dataverse.create('account', { name: 'y' });
    expect(rules.deliveries[1]?.headers).not.toHaveProperty('x-ms-dynamics-msg-size-exceeded');
  });

  test('is left out when it is disabled, or bypassed by its id or its mode', async () => {
    const all = await stand();
    const { dataverse, api, rules } = all;
    const step = await guarded(all, { table: 'account', message: 'Create', stage });
    dataverse.permit(dataverse.applicationUserId, { bypass: true });
    const post = (headers: Record<string, string> = {}) => api('POST', 'accounts', { name: 'x' }, headers);
    rules.answers.push(400);
    expect((await post({ 'MSCRM.BypassBusinessLogicExecutionStepIds': step })).status).toBe(204);
    expect((await post({ 'MSCRM.BypassBusinessLogicExecution': 'CustomSync' })).status).toBe(204);
    expect((await api('PATCH', `sdkmessageprocessingsteps(${step})`, { statecode: 1, statuscode: 2 })).status).toBe(
      204,
    );
    expect((await post()).status).toBe(204);
    expect(rules.deliveries).toHaveLength(0);
    await api('PATCH', `sdkmessageprocessingsteps(${step})`, { statecode: 0, statuscode: 1 });
    expect((await post()).status).toBe(400);
  });
});

test('steps run by stage and rank; a refusal at stage 20 comes after stage 10 was told, and ends the rest', async () => {
  const { dataverse, api, rules: validation } = await stand();
  const [second, operation, after] = [await startHook(), await startHook(), await startHook()];
  const step = { table: 'account', message: 'Create', mode: 'sync' } as const;
  await hooked(dataverse, after, { ...step, stage: 40 });
  await hooked(dataverse, operation, { ...step, stage: 20 });
  await hooked(dataverse, second, { ...step, stage: 10, rank: 2 });
  await hooked(dataverse, validation, { ...step, stage: 10, rank: 1 });
  operation.answers.push(400);
  expect((await api('POST', 'accounts', { name: 'one' })).status).toBe(400);
  expect([validation, second, operation, after].map(({ deliveries }) => deliveries.length)).toEqual([1, 1, 1, 0]);
  validation.answers.push(400);
  expect((await api('POST', 'accounts', { name: 'one' })).status).toBe(400);
  expect([validation, second, operation, after].map(({ deliveries }) => deliveries.length)).toEqual([2, 1, 1, 0]);
  expect(names(dataverse)).toEqual([]);
  const ids = validation.deliveries.map(({ context }) => text(context.RequestId));
  expect(operation.deliveries[0]?.context.RequestId).toBe(ids[0]);
  expect(ids[1]).not.toBe(ids[0]);
});

test('a step of PreValidation holds nobody up: the row can change while it is asked, one of PreOperation has it', async () => {
  const { dataverse, api } = await stand();
  const slow = await slowHook();
  const endpoint = await dataverse.registerEndpoint({ name: 'slow', contract: 'webhook', url: slow.url });
  const id = await dataverse.create('account', { name: 'one', telephone1: '1' });
  const step = { table: 'account', message: 'Update', mode: 'sync', filteringColumns: ['name'], endpoint } as const;
  const validation = await dataverse.registerStep({ ...step, stage: 10 });
  const renamed = api('PATCH', `accounts(${id})`, { name: 'two' });
  await slow.asked();
  await dataverse.update('account', id, { telephone1: '2' });
  expect(dataverse.get('account', id)?.columns).toMatchObject({ name: 'one', telephone1: '2' });
  slow.waiting.splice(0).forEach((go) => go());
  expect((await renamed).status).toBe(204);
  expect(dataverse.get('account', id)?.columns).toMatchObject({ name: 'two', telephone1: '2' });

  await dataverse.unregister(validation);
  await dataverse.registerStep({ ...step, stage: 20 });
  const again = api('PATCH', `accounts(${id})`, { name: 'three' });
  await slow.asked();
  let changed = false;
  const other = dataverse.update('account', id, { telephone1: '3' }).then(() => {
    changed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(changed).toBe(false);
  slow.waiting.splice(0).forEach((go) => go());
  await other;
  expect((await again).status).toBe(204);
  expect(dataverse.get('account', id)?.columns).toMatchObject({ name: 'three', telephone1: '3' });
});
