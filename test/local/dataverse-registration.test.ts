/**
 * The simulator's registration tables follow the platform's rules, through the Web API and in process alike: explicit ids,
 * bindings, columns that can't be read, what is refused and with which code; what is taken fires. A tool that registers
 * endpoints, steps and images is tested against this.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ServiceBusClient } from '@azure/service-bus';
import { startBroker, type Broker } from '../../local/broker/broker';
import type { Dataverse } from '../../local/dataverse/simulator';
import {
  caller,
  first,
  keysOf,
  list,
  members,
  open,
  start,
  startHook,
  text,
  valueOf,
  type Answer,
  type Call,
  type Json,
  type Members,
} from './simulator-client';

const ENDPOINT = '11111111-aaaa-4aaa-8aaa-000000000001';
const STEP = '22222222-aaaa-4aaa-8aaa-000000000001';
const IMAGE = '33333333-aaaa-4aaa-8aaa-000000000001';
const NOBODY = '99999999-aaaa-4aaa-8aaa-000000000009';

let dataverse: Dataverse;
let call: Call;

beforeEach(async () => {
  dataverse = await start();
  call = await caller(dataverse);
});

const get = (path: string): Promise<Answer> => call('GET', path.replaceAll(' ', '%20'));
const valueAt = async (path: string): Promise<Members[]> =>
  list((await get(path)).body.value).map((item) => members(item));
const refusal = ({ status, body }: Answer): readonly Json[] => {
  const error = members(body.error);
  return [status, error.code ?? null, error.message ?? null];
};

const messageId = async (name: string): Promise<string> =>
  text((await valueAt(`sdkmessages?$select=name&$filter=name eq '${name}'`))[0]?.sdkmessageid);
const filterId = async (message: string, table: string): Promise<string> => {
  const filter = `_sdkmessageid_value eq ${await messageId(message)} and primaryobjecttypecode eq '${table}'`;
  return text((await valueAt(`sdkmessagefilters?$select=sdkmessagefilterid&$filter=${filter}`))[0]?.sdkmessagefilterid);
};

const webhook = (more: Members = {}): Members => ({
  serviceendpointid: ENDPOINT,
  name: 'hook',
  contract: 8,
  authtype: 4,
  authvalue: 'secret-of-hook',
  url: 'https://outbound.example/api/hook',
  ...more,
});

const queue = (more: Members = {}): Members => ({
  serviceendpointid: ENDPOINT,
  name: 'queue',
  contract: 2,
  authtype: 2,
  namespaceaddress: 'sb://outbound.servicebus.windows.net/',
  path: 'q',
  saskeyname: 'send',
  saskey: 'secret-of-queue',
  messageformat: 2,
  ...more,
});

interface StepOf {
  readonly message?: string;
  readonly table?: string;
  readonly more?: Members;
}

async function step({ message = 'Update', table = 'account', more = {} }: StepOf = {}): Promise<Members> {
  return {
    sdkmessageprocessingstepid: STEP,
    name: 'step',
    mode: 1,
    stage: 40,
    rank: 1,
    supporteddeployment: 0,
    'eventhandler_serviceendpoint@odata.bind': `/serviceendpoints(${ENDPOINT})`,
    'sdkmessageid@odata.bind': `/sdkmessages(${await messageId(message)})`,
    'sdkmessagefilterid@odata.bind': `/sdkmessagefilters(${await filterId(message, table)})`,
    ...more,
  };
}

const image = (more: Members = {}): Members => ({
  sdkmessageprocessingstepimageid: IMAGE,
  name: 'image',
  entityalias: 'image',
  imagetype: 1,
  messagepropertyname: 'Target',
  'sdkmessageprocessingstepid@odata.bind': `/sdkmessageprocessingsteps(${STEP})`,
  ...more,
});

const without = (row: Members, name: string): Members =>
  Object.fromEntries(Object.entries(row).filter(([column]) => column !== name));

const SETS = {
  endpoint: 'serviceendpoints',
  step: 'sdkmessageprocessingsteps',
  image: 'sdkmessageprocessingstepimages',
} as const;

async function post(kind: keyof typeof SETS, row: Members): Promise<void> {
  const answer = await call('POST', SETS[kind], {}, row);
  expect([kind, answer.status, answer.raw]).toEqual([kind, 204, '']);
}

const refused = async (kind: keyof typeof SETS, row: Members): Promise<readonly Json[]> =>
  refusal(await call('POST', SETS[kind], {}, row));

const change = async (kind: keyof typeof SETS, id: string, row: Members): Promise<Answer> =>
  call('PATCH', `${SETS[kind]}(${id})`, { 'If-Match': '*' }, row);

const INVALID = '0x80040203';
const MISSING = '0x80040200';

describe('rows under ids of the caller', () => {
  test('are created once; a second POST is refused, a PATCH is an upsert, and with If-Match an update only', async () => {
    const answer = await call('POST', 'serviceendpoints', {}, webhook());
    expect(answer.headers['odata-entityid']).toBe(`${dataverse.url}/api/data/v9.2/serviceendpoints(${ENDPOINT})`);
    expect(await refused('endpoint', webhook({ name: 'other' }))).toEqual([
      412,
      '0x80040237',
      'A record with matching key values already exists.',
    ]);
    const other = ENDPOINT.replace(/1$/, '2');
    const columns = without(webhook(), 'serviceendpointid');
    expect((await change('endpoint', other, columns)).status).toBe(404);
    for (const name of ['upserted', 'renamed']) {
      expect((await call('PATCH', `serviceendpoints(${other})`, {}, { ...columns, name })).status).toBe(204);
    }
    expect((await valueAt('serviceendpoints?$select=name&$orderby=name')).map(({ name }) => name)).toEqual([
      'hook',
      'renamed',
    ]);
  });

  test('are bound by relative and absolute addresses and read back by lookup', async () => {
    await post('endpoint', webhook());
    const root = `${dataverse.url}/api/data/v9.2`;
    const [message, filter] = [await messageId('Update'), await filterId('Update', 'account')];
    await post(
      'step',
      await step({
        more: {
          'sdkmessageid@odata.bind': `${root}/sdkmessages(${message})`,
          'eventhandler_serviceendpoint@odata.bind': `serviceendpoints(${ENDPOINT.toUpperCase()})`,
        },
      }),
    );
    await post('image', image());
    const columns = '_eventhandler_value,_sdkmessageid_value,_sdkmessagefilterid_value,name';
    const found = await get(
      `sdkmessageprocessingsteps?$select=${columns}&$filter=_eventhandler_value eq ${NOBODY} or _eventhandler_value eq ${ENDPOINT}`,
    );
    expect(list(found.body.value)).toMatchObject([
      { _eventhandler_value: ENDPOINT, _sdkmessageid_value: message, _sdkmessagefilterid_value: filter, name: 'step' },
    ]);
    for (const [filterText, count] of [
      ["startswith(name,'ste') and _eventhandler_value ne null", 1],
      ['_impersonatinguserid_value ne null', 0],
      [`_sdkmessageprocessingstepid_value eq ${STEP}`, 1],
    ] as const) {
      const set = filterText.includes('stepid') ? SETS.image : SETS.step;
      expect([filterText, (await valueAt(`${set}?$filter=${filterText}`)).length]).toEqual([filterText, count]);
    }
    const steps = `serviceendpoints(${ENDPOINT})/serviceendpoint_sdkmessageprocessingstep`;
    await post('endpoint', webhook({ serviceendpointid: IMAGE }));
    const foreign = { 'eventhandler_serviceendpoint@odata.bind': `/serviceendpoints(${IMAGE})` };
    await post('step', await step({ more: { ...foreign, sdkmessageprocessingstepid: IMAGE, name: 'x' } }));
    expect(await valueAt(`${steps}?$select=name`)).toMatchObject([{ name: 'step' }]);
    expect(await valueAt(`${steps}?$select=name&$filter=name eq 'x'`)).toEqual([]);
    expect((await get(steps.replace(ENDPOINT, NOBODY))).status).toBe(404);
    expect((await get(`serviceendpoints(${ENDPOINT})/nothing`)).status).toBe(400);
  });

  test('that are bound to nothing are refused, with what does not exist', async () => {
    await post('endpoint', webhook());
    for (const [property, target, table] of [
      ['eventhandler_serviceendpoint', 'serviceendpoints', 'serviceendpoint'],
      ['sdkmessageid', 'sdkmessages', 'sdkmessage'],
      ['sdkmessagefilterid', 'sdkmessagefilters', 'sdkmessagefilter'],
      ['impersonatinguserid', 'systemusers', 'systemuser'],
    ] as const) {
      const row = await step({ more: { [`${property}@odata.bind`]: `/${target}(${NOBODY})` } });
      expect(await refused('step', row)).toEqual([
        404,
        '0x80040217',
        `Entity '${table}' With Id = ${NOBODY} Does Not Exist`,
      ]);
    }
    expect((await refused('image', image()))[1]).toBe('0x80040217');
    const unknown = await step({ more: { 'eventhandler_serviceendpoint@odata.bind': `/nothing(${ENDPOINT})` } });
    expect((await refused('step', unknown))[0]).toBe(400);
    expect(await valueAt('sdkmessageprocessingsteps')).toEqual([]);
  });
});

describe('columns', () => {
  test('secrets are told by flags only: not selected, filtered, ordered by or returned', async () => {
    const created = await call('POST', 'serviceendpoints', { Prefer: 'return=representation' }, queue());
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ isauthvalueset: false, issaskeyset: true, issastokenset: false });
    expect(created.raw).not.toContain('secret-of-queue');
    expect((await get(`serviceendpoints(${ENDPOINT})`)).raw).not.toMatch(/secret-of-queue|"saskey"|"authvalue"/);
    for (const query of ['$select=saskey', "$filter=saskey eq 'secret-of-queue'", '$orderby=authvalue']) {
      expect([query, (await get(`serviceendpoints?${query}`)).status]).toEqual([query, 400]);
    }
    await change('endpoint', ENDPOINT, { authtype: 3, saskey: null, sastoken: 'secret' });
    const flags = 'isauthvalueset,issaskeyset,issastokenset';
    const { body } = await get(`serviceendpoints(${ENDPOINT})?$select=${flags}`);
    expect(body).toMatchObject({ isauthvalueset: false, issaskeyset: false, issastokenset: true });
    // What only the platform sets is passed over.
    await change('endpoint', ENDPOINT, { issaskeyset: true, name: 'other' });
    expect((await get(`serviceendpoints(${ENDPOINT})?$select=name,${flags}`)).body).toMatchObject({
      name: 'other',
      issaskeyset: false,
      issastokenset: true,
    });
  });

  test('have the defaults of the platform', async () => {
    await post('endpoint', webhook());
    await post('step', without(await step(), 'mode'));
    await post('image', image());
    expect((await get(`serviceendpoints(${ENDPOINT})`)).body).toMatchObject({
      connectionmode: 1,
      userclaim: 1,
      usekeyvaultconfiguration: false,
      ismanaged: false,
      description: null,
      messagecharset: null,
    });
    expect((await get(`sdkmessageprocessingsteps(${STEP})`)).body).toMatchObject({
      mode: 0,
      asyncautodelete: false,
      invocationsource: 0,
      canbebypassed: false,
      statecode: 0,
      statuscode: 1,
      _impersonatinguserid_value: null,
    });
    expect((await get(`sdkmessageprocessingstepimages(${IMAGE})`)).body).toMatchObject({
      attributes: null,
      description: null,
      relatedattributename: null,
      _sdkmessageprocessingstepid_value: STEP,
    });
    // Endpoints and images have no state.
    expect((await get('serviceendpoints?$select=statecode')).status).toBe(400);
  });

  test('have lengths', async () => {
    await post('endpoint', webhook());
    await post('step', await step());
    await post('image', image());
    for (const [kind, id, column, length] of [
      ['endpoint', ENDPOINT, 'name', 256],
      ['endpoint', ENDPOINT, 'description', 2000],
      ['endpoint', ENDPOINT, 'path', 160],
      ['endpoint', ENDPOINT, 'namespaceaddress', 255],
      ['endpoint', ENDPOINT, 'authvalue', 2048],
      ['step', STEP, 'description', 256],
      ['image', IMAGE, 'entityalias', 256],
    ] as const) {
      const binding =
        kind === 'image' ? { 'sdkmessageprocessingstepid@odata.bind': `/sdkmessageprocessingsteps(${STEP})` } : {};
      const fits = await change(kind, id, { ...binding, [column]: 'x'.repeat(length) });
      expect([column, fits.status, fits.raw]).toEqual([column, 204, '']);
      const table = SETS[kind].slice(0, -1);
      expect(refusal(await change(kind, id, { ...binding, [column]: 'x'.repeat(length + 1) }))).toEqual([
        400,
        '0x80044331',
        `A validation error occurred. The length of the '${column}' attribute of the '${table}' entity exceeded the maximum allowed length of '${length}'.`,
      ]);
    }
  });
});

describe('endpoints', () => {
  test.each<[string, Members, string, string]>([
    ['no name', webhook({ name: null }), MISSING, 'name'],
    ['no contract', webhook({ contract: null }), MISSING, 'contract'],
    ['a webhook without url', webhook({ url: null }), MISSING, 'url'],
    ['a webhook with a relative url', webhook({ url: '/api/hook' }), INVALID, 'url'],
    ['a webhook with another protocol', webhook({ url: 'ftp://outbound.example' }), INVALID, 'url'],
    ['a webhook without authtype', webhook({ authtype: null }), MISSING, 'authtype'],
    ['a webhook with a SAS key', webhook({ authtype: 2 }), INVALID, 'authtype'],
    ['a webhook with XML', webhook({ messageformat: 3 }), INVALID, 'messageformat'],
    ['a queue without path', queue({ path: null }), MISSING, 'path'],
    ['a queue without address', queue({ namespaceaddress: null }), MISSING, 'namespaceaddress'],
    ['a queue with a bare name', queue({ namespaceaddress: 'outbound' }), INVALID, 'namespaceaddress'],
    ['a queue with a webhook key', queue({ authtype: 4 }), INVALID, 'authtype'],
    ['a queue without the name of its key', queue({ saskeyname: null }), MISSING, 'saskeyname'],
    ['a queue without its key', queue({ saskey: '' }), MISSING, 'saskey'],
    ['a queue without its token', queue({ authtype: 3 }), MISSING, 'sastoken'],
    ['a queue without its connection string', queue({ authtype: 7 }), MISSING, 'authvalue'],
    ['an event hub with binary XML', queue({ contract: 7, messageformat: 1 }), INVALID, 'event hub'],
  ])('%s is refused', async (_name, row, code, named) => {
    const [status, given, message] = await refused('endpoint', row);
    expect([status, given]).toEqual([400, code]);
    expect(message).toContain(named);
    expect(await valueAt('serviceendpoints')).toEqual([]);
  });

  test.each<[string, Members]>([
    ['webhook with headers', webhook({ authtype: 5, messageformat: 2, messagecharset: 1 })],
    ['topic', queue({ contract: 5 })],
    ['persistent queue', queue({ contract: 6 })],
    ['event hub', queue({ contract: 7, messageformat: 3, userclaim: 2, connectionmode: 1 })],
    ['queue with the default format', queue({ messageformat: null })],
    ['relay, which is registered though not posted to here', { name: 'relay', contract: 1 }],
  ])('a %s is taken', async (_name, row) => {
    await post('endpoint', row);
  });

  test('keep their contract, and the rules hold on update', async () => {
    await post('endpoint', webhook());
    expect(refusal(await change('endpoint', ENDPOINT, { contract: 2 }))[1]).toBe(INVALID);
    expect(refusal(await change('endpoint', ENDPOINT, { url: 'nowhere' }))[1]).toBe(INVALID);
    expect((await change('endpoint', ENDPOINT, { contract: 8, url: 'http://outbound.example/' })).status).toBe(204);
  });

  test('take their steps and images with them', async () => {
    await post('endpoint', webhook());
    await post('step', await step());
    await post('image', image());
    expect((await call('DELETE', `sdkmessageprocessingsteps(${STEP})`)).status).toBe(204);
    expect(await valueAt(SETS.image)).toEqual([]);
    await post('step', await step());
    await post('image', image());
    expect((await call('DELETE', `serviceendpoints(${ENDPOINT})`)).status).toBe(204);
    for (const set of Object.values(SETS)) expect([set, await valueAt(set)]).toEqual([set, []]);
  });
});

describe('steps', () => {
  const bus = { 'eventhandler_serviceendpoint@odata.bind': `/serviceendpoints(${NOBODY})` };

  test.each<[string, StepOf, string, string]>([
    ['no name', { more: { name: null } }, MISSING, 'name'],
    ['no stage', { more: { stage: null } }, MISSING, 'stage'],
    ['no rank', { more: { rank: null } }, MISSING, 'rank'],
    ['no message', { more: { 'sdkmessageid@odata.bind': null } }, MISSING, 'sdkmessageid'],
    ['no endpoint', { more: { 'eventhandler_serviceendpoint@odata.bind': null } }, MISSING, 'eventhandler'],
    ['a stage of the platform', { more: { stage: 30, mode: 0 } }, '0x80044184', 'Invalid plug-in registration stage'],
    [
      'asynchronous at stage 20',
      { more: { stage: 20 } },
      INVALID,
      'Asynchronous steps are only supported in AfterMainOperationInsideTransaction stages and AfterMainOperationOutsideTransaction stage',
    ],
    [
      'deletion of jobs of a synchronous one',
      { more: { mode: 0, asyncautodelete: true } },
      INVALID,
      'Async auto delete can only be set for asynchronous steps.',
    ],
    [
      'synchronous on a bus',
      { more: { mode: 0, ...bus } },
      INVALID,
      'Only asynchronous steps are supported for service bus plug-in',
    ],
    ['asynchronous off the server', { more: { supporteddeployment: 2 } }, INVALID, 'Asynchronous steps are only'],
    ['a status of the other state', { more: { statuscode: 2 } }, '0x80048408', 'status code'],
    ['filtering columns on Create', { message: 'Create', more: { filteringattributes: 'name' } }, INVALID, 'Update'],
    ['unknown filtering columns', { more: { filteringattributes: 'name,nothing' } }, INVALID, "'nothing'"],
    [
      'filtering columns without a table',
      { more: { filteringattributes: 'name', 'sdkmessagefilterid@odata.bind': null } },
      INVALID,
      'one table',
    ],
    ['a table of the registration', { table: 'serviceendpoint' }, '0x80044187', 'is not allowed'],
  ])('with %s are refused', async (_name, given, code, named) => {
    await post('endpoint', webhook());
    await post('endpoint', queue({ serviceendpointid: NOBODY }));
    const [status, answered, message] = await refused('step', await step(given));
    expect([status, answered]).toEqual([400, code]);
    expect(message).toContain(named);
    expect(await valueAt(SETS.step)).toEqual([]);
  });

  test('need the filter of their own message', async () => {
    await post('endpoint', webhook());
    const foreign = { 'sdkmessagefilterid@odata.bind': `/sdkmessagefilters(${await filterId('Create', 'account')})` };
    expect((await refused('step', await step({ more: foreign })))[1]).toBe(INVALID);
  });

  test('are held to the rules on update and when they are registered in process', async () => {
    await post('endpoint', webhook());
    await post('endpoint', queue({ serviceendpointid: NOBODY }));
    await post('step', await step({ more: { filteringattributes: 'name, telephone1' } }));
    for (const [row, code] of [
      [{ stage: 20 }, INVALID],
      [{ mode: 0, ...bus }, INVALID],
      [{ filteringattributes: 'nothing' }, INVALID],
      [{ stage: 30 }, '0x80044184'],
    ] as const) {
      expect(refusal(await change('step', STEP, row))[1]).toBe(code);
    }
    expect((await change('step', STEP, { mode: 0, stage: 20 })).status).toBe(204);
    const given = { table: 'account', message: 'Update', endpoint: NOBODY, mode: 'sync' } as const;
    await expect(dataverse.registerStep(given)).rejects.toThrow('Only asynchronous steps are supported');
    await expect(dataverse.registerStep({ ...given, endpoint: ENDPOINT, mode: 'async', stage: 10 })).rejects.toThrow(
      'Asynchronous steps are only supported in',
    );
    const images = [{ kind: 'pre', alias: 'before' }] as const;
    const onCreate = { ...given, endpoint: ENDPOINT, message: 'Create', images };
    await expect(dataverse.registerStep(onCreate)).rejects.toThrow('does not support this image type');
    expect(await valueAt(SETS.step)).toHaveLength(1);
    await expect(dataverse.registerEndpoint({ name: 'x', contract: 'webhook', url: 'not an address' })).rejects.toThrow(
      'absolute',
    );
  });

  test('can be registered for the messages and tables that raise events, and for no others', async () => {
    await dataverse.defineCustomApi('new_Bound', { boundTo: 'new_shipment' });
    await dataverse.defineCustomApi('new_Unbound', {});
    const tablesOf = async (message: string): Promise<Json[]> => {
      const filter = `_sdkmessageid_value eq ${await messageId(message)} and iscustomprocessingstepallowed eq true`;
      const found = await valueAt(`sdkmessagefilters?$select=primaryobjecttypecode&$filter=${filter}`);
      return found.map(({ primaryobjecttypecode }) => primaryobjecttypecode ?? null).toSorted();
    };
    const owned = ['account', 'contact', 'incident', 'lead', 'new_note', 'new_shipment', 'opportunity'];
    expect(await tablesOf('Create')).toEqual([...owned, 'businessunit', 'systemuser', 'team'].toSorted());
    expect(await tablesOf('Assign')).toEqual(owned);
    expect(await tablesOf('Merge')).toEqual(['account', 'contact', 'lead']);
    expect(await tablesOf('Associate')).toEqual(['none']);
    expect(await tablesOf('new_Bound')).toEqual(['new_shipment']);
    expect(await tablesOf('new_Unbound')).toEqual(['none']);
  });
});

describe('images', () => {
  const of = async (message: string, stage = 40): Promise<void> => {
    await post('endpoint', webhook());
    await post('step', await step({ message, more: { stage, mode: stage === 40 ? 1 : 0 } }));
  };

  test.each<[string, string, Members, string, string]>([
    ['without step', 'Update', { 'sdkmessageprocessingstepid@odata.bind': null }, MISSING, 'stepid'],
    ['without alias', 'Update', { entityalias: null }, MISSING, 'entityalias'],
    ['without type', 'Update', { imagetype: null }, MISSING, 'imagetype'],
    ['without property', 'Update', { messagepropertyname: null }, MISSING, 'messagepropertyname'],
    [
      'before Create',
      'Create',
      { imagetype: 0, messagepropertyname: 'Id' },
      INVALID,
      'Message Create does not support this image type',
    ],
    ['before and after Create', 'Create', { imagetype: 2, messagepropertyname: 'Id' }, INVALID, 'this image type'],
    ['after Delete', 'Delete', {}, INVALID, 'Message Delete does not support this image type'],
    [
      'of Target on Create',
      'Create',
      {},
      '0x8004416b',
      "Message property name 'Target' is not valid on message Create",
    ],
    ['of Id on Update', 'Update', { messagepropertyname: 'Id' }, '0x8004416b', "'Id'"],
    ['of a message without images', 'Upsert', {}, INVALID, 'Upsert'],
    ['with unknown columns', 'Update', { attributes: 'name,nothing' }, INVALID, "'nothing'"],
  ])('%s are refused', async (_name, message, row, code, named) => {
    await of(message);
    const [status, answered, told] = await refused('image', image(row));
    expect([status, answered]).toEqual([400, code]);
    expect(told).toContain(named);
    expect(await valueAt(SETS.image)).toEqual([]);
  });

  test('after the operation need a step after it; one before it is taken', async () => {
    await of('Update', 20);
    expect((await refused('image', image()))[1]).toBe(INVALID);
    await post('image', image({ imagetype: 0 }));
  });

  test('have an alias of their own, before and after', async () => {
    await of('Update');
    await post('image', image({ imagetype: 0 }));
    const other = { sdkmessageprocessingstepimageid: NOBODY };
    expect((await refused('image', image({ ...other, imagetype: 2 })))[1]).toBe(INVALID);
    await post('image', image({ ...other, imagetype: 1 }));
  });

  test('are changed only by a request that names their step', async () => {
    await of('Update');
    await post('image', image());
    expect(refusal(await change('image', IMAGE, { attributes: 'name' })).slice(0, 2)).toEqual([500, '0x80040216']);
    const binding = { 'sdkmessageprocessingstepid@odata.bind': `/sdkmessageprocessingsteps(${STEP})` };
    expect((await change('image', IMAGE, { ...binding, attributes: 'name' })).status).toBe(204);
    expect(refusal(await change('image', IMAGE, { ...binding, attributes: 'nothing' }))[1]).toBe(INVALID);
  });
});

describe('what is registered fires', () => {
  test('to a webhook, with its image, until it is disabled, and again when it is enabled', async () => {
    const hook = await startHook();
    await post('endpoint', webhook({ url: hook.url }));
    await post('step', await step({ more: { filteringattributes: 'name' } }));
    await post('image', image({ imagetype: 2, attributes: 'name' }));
    const id = await dataverse.create('account', { name: 'a' });
    const rename = async (name: string): Promise<number> => {
      await dataverse.update('account', id, { name });
      await dataverse.drain(120_000);
      return hook.deliveries.length;
    };
    expect(await rename('b')).toBe(1);
    const { context, url } = first(hook);
    expect(url).toContain('code=secret-of-hook');
    const before = members(valueOf(context.PreEntityImages, 'image'));
    expect(keysOf(before.Attributes)).toEqual(['accountid', 'name']);
    expect(valueOf(before.Attributes, 'name')).toBe('a');
    expect((await change('step', STEP, { statecode: 1, statuscode: 2 })).status).toBe(204);
    expect(await rename('c')).toBe(1);
    expect((await change('step', STEP, { statecode: 0, statuscode: 1 })).status).toBe(204);
    expect(await rename('d')).toBe(2);
    expect((await call('DELETE', `serviceendpoints(${ENDPOINT})`)).status).toBe(204);
    expect(await rename('e')).toBe(2);
    expect(dataverse.jobs()).toHaveLength(2);
  });

  test('and its system jobs are gone when they are to be deleted and have succeeded', async () => {
    const hook = await startHook();
    await post('endpoint', webhook({ url: hook.url }));
    await post('step', await step({ message: 'Create', more: { asyncautodelete: true } }));
    await dataverse.create('account', { name: 'a' });
    await dataverse.drain(120_000);
    hook.answers.push(400);
    const failing = await dataverse.create('account', { name: 'b' });
    await dataverse.drain(120_000);
    expect(hook.deliveries).toHaveLength(2);
    const jobs = await valueAt(`asyncoperations?$filter=_owningextensionid_value eq ${STEP}`);
    expect(jobs).toMatchObject([{ statuscode: 31, _regardingobjectid_value: failing }]);
  });
});

describe('a bus by SAS key', () => {
  const startBus = async (): Promise<Broker> => {
    const broker = await startBroker({ queues: { q: {} }, hubs: { h: { partitions: 1 } }, key: 'secret-of-queue' });
    open.push(broker);
    return broker;
  };
  const received = async (broker: Broker): Promise<Members | undefined> => {
    const client = new ServiceBusClient(broker.connectionString);
    open.unshift(client);
    const [message] = await client.createReceiver('q').receiveMessages(1, { maxWaitTimeInMs: 3000 });
    return message === undefined ? undefined : members(message.body as Json);
  };
  const finished = async (): Promise<Members> => {
    await dataverse.drain(120_000);
    const filter = `_regardingobjectid_value eq ${ENDPOINT} and createdon ge 2020-01-01T00:00:00Z`;
    const found = await valueAt(`asyncoperations?$filter=${filter}&$orderby=createdon desc`);
    expect(found).toHaveLength(1);
    return found[0] ?? {};
  };
  const check = (id = ENDPOINT): Promise<Answer> =>
    call('POST', `serviceendpoints(${id})/Microsoft.Dynamics.CRM.TriggerServiceEndpointCheck`);

  test.each(['localhost', '127.0.0.1'])('of the local broker at %s gets what is posted', async (host) => {
    const broker = await startBus();
    await post('endpoint', queue({ namespaceaddress: `sb://${host}:${broker.port}` }));
    await post('step', await step({ message: 'Create' }));
    const id = await dataverse.create('account', { name: 'a' });
    await dataverse.drain(120_000);
    expect(dataverse.jobs().map(({ status, error }) => [status, error])).toEqual([['succeeded', undefined]]);
    expect(await received(broker)).toMatchObject({ MessageName: 'Create', PrimaryEntityId: id });
  });

  test('is checked by a message of its own, and a system job tells how that ended', async () => {
    const broker = await startBus();
    await post('endpoint', queue({ namespaceaddress: `sb://localhost:${broker.port}/`, contract: 6 }));
    const answer = await check();
    expect([answer.status, answer.raw]).toEqual([204, '']);
    expect(await finished()).toMatchObject({
      name: 'queue',
      messagename: 'TriggerServiceEndpointCheck',
      operationtype: 1,
      primaryentitytype: 'serviceendpoint',
      statecode: 3,
      statuscode: 30,
      friendlymessage: null,
    });
    expect(await received(broker)).toMatchObject({
      MessageName: 'TriggerServiceEndpointCheck',
      PrimaryEntityName: 'serviceendpoint',
      PrimaryEntityId: ENDPOINT,
    });
    // A check is no event that a step fired.
    expect([dataverse.jobs(), dataverse.stats().posts]).toEqual([[], 0]);
  });

  test.each<[string, () => Promise<Members>]>([
    [
      'a queue that is not there',
      async () => queue({ namespaceaddress: `sb://localhost:${(await startBus()).port}`, path: 'nothing' }),
    ],
    ['a bus that is away', () => Promise.resolve(queue({ namespaceaddress: 'sb://localhost:1' }))],
    ['an event hub that is away', () => Promise.resolve(queue({ contract: 7, namespaceaddress: 'sb://localhost:1' }))],
    ['a webhook that is away', () => Promise.resolve(webhook({ url: 'http://127.0.0.1:1/api' }))],
  ])('the check of %s has failed, with the reason and no secret', async (_name, row) => {
    await post('endpoint', await row());
    expect((await check()).status).toBe(204);
    const job = await finished();
    expect(job).toMatchObject({ statecode: 3, statuscode: 31 });
    expect(text(job.friendlymessage)).toMatch(/failed|could not be reached/);
    expect(JSON.stringify(job)).not.toContain('secret-of');
  });

  test('the check of a webhook is a post that has to be answered well; of nothing it is refused', async () => {
    const hook = await startHook();
    await post('endpoint', webhook({ url: hook.url }));
    await check();
    expect(await finished()).toMatchObject({ statuscode: 30 });
    expect(first(hook).headers['x-ms-dynamics-request-name']).toBe('TriggerServiceEndpointCheck');
    expect((await check(NOBODY)).status).toBe(404);
  });
});
