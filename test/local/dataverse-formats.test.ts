/**
 * What the simulator posts as text XML and as .NET binary XML is what .NET's serialisers write: the writers give the bytes of
 * the fixtures, the elements and types of contexts are those that fixtures have, and the app reads the three forms of one
 * event alike.
 */
import { describe, expect, test } from '@jest/globals';
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs';
import { ServiceBusClient } from '@azure/service-bus';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventLog, type LoggedEvent } from '../../bench/fuzz/event-log';
import { startBroker, type Broker } from '../../local/broker/broker';
import { binaryXml } from '../../local/dataverse/events/binary-xml';
import type { Scalar } from '../../local/dataverse/events/contract-value';
import type { Dataverse, StepRegistration } from '../../local/dataverse/simulator';
import { textXml, type XmlElement } from '../../local/dataverse/events/contract-xml';
import type { RowContent } from '../../shared/change/value';
import type { Context } from '../../shared/context/context';
import { readContext } from '../../shared/context/read-context';
import { XmlReader } from '../../shared/context/xml/xml-reader';
import { open, start } from './simulator-client';

const FOLDER = join(__dirname, '../fixtures');
const FIXTURES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.xml'))
  .map((name) => name.slice(0, -'.xml'.length));
const bytesOf = (file: string): Buffer => readFileSync(join(FOLDER, file));

function eventsOf(xml: Buffer): readonly LoggedEvent[] {
  const log = new EventLog();
  new XmlReader().read(xml.toString('utf8'), log, false);
  return log.events;
}

/** An element as met, with the texts in it. */
interface Met {
  readonly prefix: string;
  readonly name: string;
  readonly attributes: { prefix: string; name: string; value: string }[];
  readonly declares: { prefix: string; uri: string }[];
  readonly children: Met[];
  text: string;
}

function treeOf(events: readonly LoggedEvent[]): Met {
  const top: Met = { prefix: '', name: '', attributes: [], declares: [], children: [], text: '' };
  const path = [top];
  for (const event of events) {
    const within = path.at(-1) ?? top;
    switch (event.kind) {
      case 'open': {
        const { prefix, name } = event;
        const met: Met = { prefix, name, attributes: [], declares: [], children: [], text: '' };
        within.children.push(met);
        path.push(met);
        break;
      }
      case 'declare':
        within.declares.push({ prefix: event.prefix, uri: event.uri });
        break;
      case 'attribute':
        within.attributes.push({ prefix: event.prefix, name: event.name, value: event.value });
        break;
      case 'text':
        within.text += event.text;
        break;
      case 'close':
        path.pop();
        break;
      case 'opened':
      case 'bytes':
        break;
    }
  }
  const [root] = top.children;
  if (root === undefined) throw new Error('No element.');
  return root;
}

const INTS = ['Depth', 'IsolationMode', 'Mode', 'Stage', 'TotalRecordCount', 'ReturnType'];
const FLAGS = ['MoreRecords', 'TotalRecordCountLimitExceeded', 'NeedFormatting', 'CanBeChanged'];
const VALUES: Readonly<Record<string, string>> = {
  Money: 'decimal',
  OptionSetValue: 'int',
  BooleanManagedProperty: 'boolean',
};

/** The type of an element's text: named, or declared by the contract. */
function typeOf(met: Met, parent: Met | undefined): string {
  const named = met.attributes.find(({ name }) => name === 'type')?.value.replace(/^\w:/, '');
  if (named !== undefined) return named;
  if (INTS.includes(met.name)) return 'int';
  if (FLAGS.includes(met.name) || /^Is[A-Z]/.test(met.name)) return 'boolean';
  if (met.name === 'OperationCreatedOn') return 'dateTime';
  if (met.name === 'Value' && parent !== undefined)
    return VALUES[typeOf(parent, undefined)] ?? VALUES[parent.name] ?? '';
  return 'string';
}

/** Undefined for what the simulator never sends: times finer than milliseconds, arrays of numbers. */
function scalarOf(met: Met, parent: Met | undefined): Scalar | undefined {
  const { text } = met;
  const type = typeOf(met, parent);
  switch (type) {
    case 'string':
    case 'guid':
    case 'long':
    case 'decimal':
      return { kind: type, text };
    case 'base64Binary':
      return { kind: 'bytes', base64: text };
    case 'boolean':
      return { kind: 'boolean', flag: text === 'true' };
    case 'int':
    case 'double':
      return { kind: type, number: Number(text) };
    case 'dateTime': {
      const [, zone] = /^-?\d+-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(Z?)$/.exec(text) ?? [];
      if (zone === undefined) return undefined;
      return {
        kind: 'dateTime',
        epochMs: Date.parse(zone === '' ? `${text}Z` : text),
        zone: zone === '' ? 'none' : 'utc',
      };
    }
    default:
      return undefined;
  }
}

/** .NET has a record of its own for these; the simulator sends none. */
const isArray = ({ attributes }: Met): boolean => attributes.some(({ value }) => value.endsWith(':ArrayOfint'));

/** The element as the writers take it; undefined when something in it is never sent. */
function elementOf(met: Met, parent?: Met): XmlElement | undefined {
  const { prefix, name, declares } = met;
  if (isArray(met) || isSplit(met)) return undefined;
  const nil = met.attributes.some((attribute) => attribute.name === 'nil');
  const attributes = met.attributes.map((each) => ({
    ...each,
    value: each.name === 'nil' ? (true as const) : each.value,
  }));
  if (met.children.length > 0) {
    const children = met.children.map((child) => elementOf(child, met));
    const known = children.filter((child) => child !== undefined);
    return known.length < children.length ? undefined : { prefix, name, attributes, declares, content: known };
  }
  const scalar = met.text === '' ? undefined : scalarOf(met, parent);
  if (met.text !== '' && scalar === undefined) return undefined;
  return { prefix, name, attributes, declares, content: nil || scalar === undefined ? null : scalar };
}

/** The largest elements that can be written. */
function writable(met: Met, parent?: Met): XmlElement[] {
  const element = elementOf(met, parent);
  if (element !== undefined) return [element];
  return isArray(met) || isSplit(met) ? [] : met.children.flatMap((child) => writable(child, met));
}

/** They hold what the simulator never sends: an array, times with an offset, an enum where object is declared, a split text. */
const PARTIAL = ['create-account', 'update-account-server-offset', 'update-contact', 'update-contact-image'];

/** The end of this text's element is a record of its own: .NET's writer had emptied its buffer in between. */
const isSplit = ({ children }: Met): boolean => children[0]?.text === 'entityimage_url';

describe('the writers', () => {
  test.each(FIXTURES)('give the bytes of %s', (name) => {
    const [xml, binary] = [bytesOf(`${name}.xml`), bytesOf(`${name}.msbin1`)];
    const elements = writable(treeOf(eventsOf(xml)));
    for (const element of elements) {
      const [text, records] = [textXml(element), binaryXml(element)];
      expect([element.name, xml.includes(text), binary.includes(records)]).toEqual([element.name, true, true]);
    }
    const share = elements.reduce((sum, element) => sum + binaryXml(element).length, 0) / binary.length;
    expect(share).toBeGreaterThan(PARTIAL.includes(name) ? 0.8 : 0.999);
  });
});

const ALL = {
  Flag: 'Boolean',
  When: 'DateTime',
  Exact: 'Decimal',
  Near: 'Float',
  Id: 'Guid',
  Count: 'Integer',
  Price: 'Money',
  Choice: 'Picklist',
  Words: 'StringArray',
  Row: 'EntityReference',
} as const;

/** Raises events with every type of column and parameter. */
async function act(dataverse: Dataverse): Promise<void> {
  const account = await dataverse.create('account', { name: 'Contoso & Söhne <"1">', numberofemployees: 0 });
  const lead = await dataverse.create('lead', { subject: '1' });
  const shipment = await dataverse.create('new_shipment', {
    new_name: '貨物の明細',
    new_instructions: 'line\nnext\ttab \u0001 "quoted"',
    new_pieces: 70_000,
    new_trackingnumber: 9_007_199_254_740_993n,
    new_weight: '-1.1000000000',
    new_volume: '79228162514264.25',
    new_temperature: -2.5e-7,
    new_value: '0.1',
    new_insured: true,
    new_dispatchedon: '2026-03-14T09:26:53Z',
    new_duedate: '1899-12-31',
    new_slot: '2026-03-14T09:26:53Z',
    new_mode: 100000001,
    new_handling: [100000002, 100000000],
    new_externalid: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee',
    new_account: { table: 'account', id: account },
  });
  await dataverse.update(
    'new_shipment',
    shipment,
    { new_instructions: null, new_temperature: 42, new_pieces: -129 },
    {
      tag: 'mine',
      userAgent: 'test',
    },
  );
  await dataverse.createMultiple('contact', [{ lastname: 'a' }, { lastname: '' }]);
  await dataverse.associate('account', account, 'accountleads_association', [{ table: 'lead', id: lead }]);
  await dataverse.setState('lead', lead, 2);
  await dataverse.callCustomApi('new_All', {
    Flag: false,
    When: new Date('2026-03-14T09:26:53.250Z'),
    Exact: '12345678901234567890.5',
    Near: 0.1,
    Id: shipment,
    Count: 1,
    Price: '3',
    Choice: 2,
    Words: ['a', '', '0'],
    Row: { table: 'lead', id: lead },
  });
  await dataverse.delete('new_shipment', shipment);
}

const STEPS: readonly Omit<StepRegistration, 'endpoint' | 'mode'>[] = [
  { table: 'account', message: 'Create' },
  { table: 'new_shipment', message: 'Create', images: [{ kind: 'post', alias: 'all' }] },
  { table: 'new_shipment', message: 'Update', images: [{ kind: 'both', alias: 'all' }] },
  { table: 'new_shipment', message: 'Delete', images: [{ kind: 'pre', alias: 'all' }] },
  { table: 'contact', message: 'CreateMultiple' },
  { table: 'lead', message: 'SetState' },
  { message: 'Associate' },
  { message: 'new_All' },
];

async function receive(broker: Broker, queue: string): Promise<{ body: Buffer; contentType: string | undefined }[]> {
  const client = new ServiceBusClient(broker.connectionString);
  open.unshift(client);
  const receiver = client.createReceiver(queue);
  const messages = await receiver.receiveMessages(STEPS.length, { maxWaitTimeInMs: 5000 });
  // The SDK hands over what it can parse as JSON as an object, anything else as bytes.
  return messages.map(({ body, contentType }) => ({
    body: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)),
    contentType,
  }));
}

const isRow = (value: object): value is RowContent => 'columns' in value && 'formatted' in value;

/** A value with all that is read only when it is asked for. */
function resolved(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Symbol.iterator in value) return [...(value as Iterable<unknown>)].map(resolved);
  if (isRow(value)) {
    const { table, id, columns, formatted, rowVersion, keyAttributes } = value;
    return [table, id, rowVersion, ...[columns, formatted, keyAttributes].map(resolved)];
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolved(member)]));
}

/** A context without its form and what differs because each form has a step, and with it a job, of its own. */
function comparable(context: Context): unknown {
  const { message, stage, mode, depth, table, rowId, secondaryTable, correlationId, requestId } = context;
  const { operationCreatedOn, operationCreatedOnOffset, userId, initiatingUserId, businessUnitId } = context;
  const { organizationId, organizationName, initiatingUserAgent, userEntraId, initiatingUserEntraId } = context;
  const { isInTransaction, isExecutingOffline, isOfflinePlayback, isolationMode, parent } = context;
  const { inputParameters, outputParameters, sharedVariables, preImages, postImages } = context;
  return {
    ids: [message, stage, mode, depth, table, rowId, secondaryTable, correlationId, requestId],
    times: [operationCreatedOn, operationCreatedOnOffset],
    users: [userId, initiatingUserId, businessUnitId, initiatingUserAgent, userEntraId, initiatingUserEntraId],
    organization: [organizationId, organizationName],
    flags: [isInTransaction, isExecutingOffline, isOfflinePlayback, isolationMode],
    content: [inputParameters, outputParameters, sharedVariables, preImages, postImages].map(resolved),
    parent: parent === null ? null : comparable(parent),
  };
}

const byMessage = (a: Context, b: Context): number => (a.table + a.message < b.table + b.message ? -1 : 1);

/** Elements with the elements in them, their types and what they declare, prefixes resolved. */
function edges(xml: Buffer): Set<string> {
  const found = new Set<string>();
  const visit = (met: Met, parent: string, scope: ReadonlyMap<string, string>): void => {
    const within = new Map([...scope, ...met.declares.map(({ prefix, uri }) => [prefix, uri] as const)]);
    const name = `{${within.get(met.prefix) ?? ''}}${met.name}`;
    const type = met.attributes.find((attribute) => attribute.name === 'type')?.value;
    const [local = '', prefix = ''] = type?.split(':').toReversed() ?? [];
    const declared = met.declares.map(({ uri }) => uri).join(' ');
    found.add(
      `${parent} > ${name}${type === undefined ? '' : ` = {${within.get(prefix) ?? ''}}${local}`} declares ${declared}`,
    );
    for (const child of met.children) visit(child, name, within);
  };
  visit(treeOf(eventsOf(xml)), '', new Map());
  return found;
}

describe('contexts', () => {
  test('in text XML and .NET binary XML say the same as in JSON, in the elements that .NET writes', async () => {
    const queues = { json: {}, xml: {}, binary: {} };
    const broker = await startBroker({ queues });
    // Each step has a system job of its own, whose time is in whole seconds.
    const nowMs = Date.now();
    const dataverse = await start({ now: () => nowMs });
    open.push(broker);
    await dataverse.defineCustomApi('new_All', { requestParameters: ALL });
    const { connectionString } = broker;
    for (const form of ['json', 'xml', 'binary'] as const) {
      const endpoint = await dataverse.registerEndpoint({
        name: form,
        contract: 'queue',
        connectionString,
        path: form,
        messageFormat: form,
      });
      for (const step of STEPS) await dataverse.registerStep({ ...step, endpoint, mode: 'async' });
    }
    await act(dataverse);
    await dataverse.drain(120_000);
    const [json, xml, binary] = [
      await receive(broker, 'json'),
      await receive(broker, 'xml'),
      await receive(broker, 'binary'),
    ];
    const types = [json, xml, binary].map((messages) => [...new Set(messages.map(({ contentType }) => contentType))]);
    expect(types).toEqual([['application/json'], ['application/xml'], ['application/msbin1']]);
    const read = (messages: typeof json): Context[] =>
      messages.map(({ body, contentType = '' }) => readContext(body, { contentType })).toSorted(byMessage);
    const [fromJson, fromXml, fromBinary] = [read(json), read(xml), read(binary)];
    expect(fromXml).toHaveLength(STEPS.length);
    expect(fromBinary.map(comparable)).toEqual(fromXml.map(comparable));
    const plain = ({ message, table, rowId, depth, correlationId, operationCreatedOn, userId, ...rest }: Context) => ({
      ...{ message, table, rowId, depth, correlationId, operationCreatedOn, userId },
      input: [...(rest.inputParameters ?? [])].map(([name]) => name),
      output: [...(rest.outputParameters ?? [])].map(([name]) => name),
      images: [rest.preImages, rest.postImages].map((images) =>
        [...(images ?? [])].map(([alias, row]) => [alias, row.id, [...row.columns.keys()], [...row.formatted]]),
      ),
    });
    expect(fromXml.map(plain)).toEqual(fromJson.map(plain));

    const target = fromXml.find(({ message, table }) => message === 'Create' && table === 'new_shipment');
    const columns = Object.fromEntries(target?.postImages?.get('all')?.columns ?? []);
    expect(columns).toMatchObject({
      new_name: { kind: 'string', value: '貨物の明細' },
      new_trackingnumber: { kind: 'bigint' },
      new_weight: { kind: 'decimal' },
      new_temperature: { kind: 'double' },
      new_externalid: { kind: 'guid' },
      new_dispatchedon: { kind: 'instant' },
      new_duedate: { kind: 'wallTime' },
    });

    const known = new Set(FIXTURES.flatMap((name) => [...edges(bytesOf(`${name}.xml`))]));
    const unknown = new Set(xml.flatMap(({ body }) => [...edges(body)].filter((edge) => !known.has(edge))));
    expect([...unknown]).toEqual([]);
  });

  test('go out in .NET binary XML unless the endpoint says otherwise; an oversize one is reduced in any form', async () => {
    const broker = await startBroker({ queues: { q: {} } });
    const dataverse = await start();
    open.push(broker);
    const endpoint = await dataverse.create('serviceendpoint', {
      name: 'default',
      contract: 2,
      authtype: 7,
      authvalue: broker.connectionString,
      path: 'q',
    });
    await dataverse.registerStep({ table: 'account', message: 'Create', endpoint, mode: 'async' });
    await dataverse.create('account', { name: 'x', description: 'd'.repeat(200_000) });
    await dataverse.drain(120_000);
    const [message] = await receive(broker, 'q');
    expect(message?.contentType).toBe('application/msbin1');
    expect(message?.body.subarray(0, 2)).toEqual(Buffer.from([0x40, 0x16]));
    expect(readContext(message?.body ?? '', { format: 'binary' }).inputParameters).toBeNull();
  });

  test('go to an event hub as text XML when it asks for that', async () => {
    const broker = await startBroker({ hubs: { h: { partitions: 1 } } });
    const dataverse = await start();
    const events = new EventHubConsumerClient('$Default', broker.connectionString, 'h');
    open.push(events, broker);
    const { connectionString } = broker;
    const hub = { name: 'hub', contract: 'eventHub', connectionString, path: 'h', messageFormat: 'xml' } as const;
    const endpoint = await dataverse.registerEndpoint(hub);
    await dataverse.registerStep({ table: 'account', message: 'Create', endpoint, mode: 'async' });
    const id = await dataverse.create('account', { name: 'x' });
    const received = await new Promise<{ body: unknown; contentType: string | undefined }>((resolve, reject) => {
      events.subscribe(
        {
          processEvents: ([event]) => {
            if (event !== undefined) resolve({ body: event.body, contentType: event.contentType });
            return Promise.resolve();
          },
          processError: (error) => {
            reject(error);
            return Promise.resolve();
          },
        },
        { startPosition: earliestEventPosition },
      );
    });
    expect(received.contentType).toBe('application/xml');
    expect(readContext(received.body as Buffer, { contentType: 'application/xml' })).toMatchObject({ rowId: id });
    await expect(dataverse.registerEndpoint({ ...hub, messageFormat: 'binary' })).rejects.toThrow('event hub');
  });
});
