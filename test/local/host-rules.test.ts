/** Proves the local host's pure rules: route templates, schedules, settings, host.json, log levels, and the platform's conversion of values. */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { eventInput, eventsInput } from '../../local/host/event-hub-data';
import { readHostJson } from '../../local/host/host-json';
import { filteredLog, type LogRecord } from '../../local/host/log';
import { compileRoute } from '../../local/host/route';
import { isSubMinute, parseSchedule } from '../../local/host/timer';
import { messageInput } from '../../local/host/service-bus-data';
import { Settings } from '../../local/host/settings';
import { dateTime, texts, withBodyMembers } from '../../local/host/typed-data';
import { threadOptions } from '../../local/host/worker-arguments';

describe('a route template', () => {
  it.each([
    ['api/orders', '/API/Orders/', {}],
    ['api/{*rest}', '/api/a/b%20c', { rest: 'a/b c' }],
    ['api/{a}/{b=x}', '/api/1', { a: '1', b: 'x' }],
    ['api/{id:guid}', '/api/0f8fad5b-d9cb-469f-a165-70867728950e', { id: '0f8fad5b-d9cb-469f-a165-70867728950e' }],
    ['api/{id:guid}', '/api/7', null],
    ['api/{n:min(5):max(9)}', '/api/9', { n: '9' }],
    ['api/{n:min(5):max(9)}', '/api/10', null],
    ['api/{a}', '/api/%E0%A4%A', { a: '%E0%A4%A' }],
    ['api', '/', null],
    ['api/{a}', '/api//x', null],
    ['api/{a?}', '/api//', null],
    ['api/{a}', '/api/x%2Fy%20z', { a: 'x%2Fy z' }],
  ])('%s matches %s as %j', (template, path, expected) => {
    expect(compileRoute(template)(path)).toEqual(expected);
  });

  it('with an unknown constraint puts its function in error', () => {
    expect(() => compileRoute('{id:regex(^a$)}')).toThrow("Route constraint 'regex(^a$)' isn't supported");
  });
});

describe('a schedule', () => {
  const at = new Date(2026, 0, 30, 10, 0, 0, 500);

  it.each([
    ['*/5 * * * * *', new Date(2026, 0, 30, 10, 0, 5)],
    ['0 */5 * * * *', new Date(2026, 0, 30, 10, 5)],
    ['30 9 * * *', new Date(2026, 0, 31, 9, 30)],
    // NCRONTAB wants both the day of the month and the day of the week to fit, where Unix cron wants either.
    ['0 0 0 1 * MON', new Date(2026, 5, 1)],
  ])('%s fires next at %s', (expression, next) => {
    expect(parseSchedule(expression).next(at)).toEqual(next);
  });

  it.each(['', 'often', '00:05:00', '0 0 0 L * *', '@daily', '0 0 0 1 1 * 2027'])('%j is none', (expression) => {
    expect(() => parseSchedule(expression)).toThrow(`'${expression}' was not recognized`);
  });

  it('is below a minute if it fires twice in one', () => {
    expect(
      ['*/30 * * * * *', '0 * * * * *', '0 0 * * * *'].map((text) => isSubMinute(parseSchedule(text), at)),
    ).toEqual([true, false, false]);
  });
});

describe('metadata', () => {
  const at = new Date('2026-01-02T03:04:05.600Z');
  const text = (data: { readonly json?: string } | undefined) => JSON.parse(data?.json ?? 'null') as unknown;

  it('of events has the names and types of the real host', () => {
    const partition = {
      ...{ fullyQualifiedNamespace: 'ns', eventHubName: 'hub', consumerGroup: 'group', partitionId: '0' },
      isCheckpointingAfterInvocation: true,
    };
    const event = {
      ...{ body: Buffer.from('x'), offset: '42', sequenceNumber: 7, enqueuedTimeUtc: at, partitionKey: 'key' },
      systemProperties: { messageId: 'm', contentType: 'application/json' },
    };
    const system = {
      'message-id': 'm',
      'content-type': 'application/json',
      'x-opt-sequence-number': 7,
      'x-opt-offset': '42',
      'x-opt-enqueued-time': '2026-01-02T03:04:05.6+00:00',
      'x-opt-partition-key': 'key',
    };
    const context = { FullyQualifiedNamespace: 'ns', PartitionId: '0', IsCheckpointingAfterInvocation: true };
    const { metadata: one } = eventInput(event, partition, true);
    expect([one.Offset, one.OffsetString]).toEqual([{ json: '42' }, { string: '42' }]);
    expect(text(one.SystemProperties)).toMatchObject(system);
    expect([text(one.PartitionContext), text(one.TriggerPartitionContext)]).toMatchObject([context, context]);
    const { metadata: many } = eventsInput([event], partition, true);
    expect(many.OffsetArray).toEqual({ collectionSint64: { sint64: [42] } });
    expect(many.OffsetStringArray).toEqual({ collectionString: { string: ['42'] } });
    expect(text(many.SystemPropertiesArray)).toMatchObject([system]);
  });

  it('of messages has dates among its properties as .NET writes them', () => {
    const { metadata } = messageInput(
      { body: Buffer.from('x'), applicationProperties: { at, n: 1 } },
      { binary: true },
    );
    expect(text(metadata.ApplicationProperties)).toEqual({ at: '2026-01-02T03:04:05.6Z', n: 1 });
  });
});

it('without arguments the worker’s heap is that of an instance of 2,048 MB, as infra/ sets it', () => {
  const infra = readFileSync('infra/modules/app-settings.bicep', 'utf8');
  const [, set] = /'2048': '([^']+)'/.exec(infra) ?? [];
  expect(threadOptions()).toEqual(threadOptions(set));
  expect(threadOptions('')).toEqual({ resourceLimits: {} });
  expect(threadOptions('--initial-old-space-size=128')).toEqual({ resourceLimits: {} });
});

describe('settings', () => {
  const settings = new Settings({
    Queue: 'q',
    Empty: '',
    Bus: 'plain',
    AzureWebJobsBus: 'prefixed',
    'AzureWebJobs.a.Disabled': 'true',
    AzureWebJobs_b_Disabled: '1',
    'AzureWebJobs.c.Disabled': 'false',
  });

  it('ignore case, and an empty one is missing', () => {
    expect(settings.resolve('x-%QUEUE%-y')).toBe('x-q-y');
    expect(() => settings.resolve('%Empty%')).toThrow("'%Empty%' does not resolve to a value");
    expect(() => settings.connection('None')).toThrow("set the app setting 'None'");
  });

  it('give a connection under the WebJobs prefix first', () => {
    expect(settings.connection('Bus')).toBe('prefixed');
  });

  it('switch functions off in both spellings', () => {
    expect(['a', 'b', 'c', 'd'].map((name) => settings.isDisabled(name))).toEqual([true, true, false, false]);
  });
});

describe('host.json', () => {
  it('has the real defaults, under overrides by setting', () => {
    const { extensions } = readHostJson('/nonexistent', {
      AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls: '3',
      AzureFunctionsJobHost__extensions__serviceBus__maxAutoLockRenewalDuration: '1.00:00:30',
    });
    expect(extensions).toMatchObject({
      http: { routePrefix: 'api' },
      serviceBus: { autoCompleteMessages: true, maxConcurrentCalls: 3, maxAutoLockRenewalDuration: 86_430_000 },
      eventHubs: { maxEventBatchSize: 100, batchCheckpointFrequency: 1, prefetchCount: 300 },
    });
  });

  it('names what is wrong in it', () => {
    const environment = { AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls: 'many' };
    expect(() => readHostJson('/nonexistent', environment)).toThrow(/maxConcurrentCalls/);
  });
});

describe('log levels', () => {
  it('are decided by the longest prefix of the category', () => {
    const kept: LogRecord[] = [];
    const log = filteredLog({ default: 'Warning', 'Function.a.User': 'Debug', Function: 'Error' }, (record) =>
      kept.push(record),
    );
    const about = { level: 'information', message: '' } as const;
    log({ ...about, category: 'user', function: 'a' });
    log({ ...about, category: 'host', function: 'a' });
    log({ ...about, category: 'user', function: 'b', level: 'warning' });
    log({ ...about, category: 'host', level: 'warning' });
    expect(kept.map(({ category, function: name }) => [category, name])).toEqual([
      ['user', 'a'],
      ['host', undefined],
    ]);
  });
});

describe('the platform’s conversion', () => {
  it('writes a time without zone and trailing zeros', () => {
    const times = ['2026-01-02T03:04:00.000Z', '2026-01-02T03:04:05.120Z'].map((text) => dateTime(new Date(text)));
    expect(times).toEqual(['2026-01-02T03:04:00', '2026-01-02T03:04:05.12']);
  });

  it('drops empty entries of a text array', () => {
    expect(texts(['a', '', null, undefined, 'b'])).toEqual({ collectionString: { string: ['a', 'b'] } });
  });

  it('lays body members over metadata for text objects only', () => {
    const metadata = { MessageId: { string: 'real' }, To: undefined };
    const body = '{"messageid":"of the body","When":"2026-01-02T03:04:05Z","n":1.5,"no":null,"list":[]}';
    expect(withBodyMembers(metadata, { string: body })).toEqual({
      MessageId: { string: 'of the body' },
      When: { string: '01/02/2026 03:04:05' },
      n: { string: '1.5' },
    });
    for (const data of [{ string: '[{"MessageId":"x"}]' }, { string: 'text' }, { bytes: Buffer.from(body) }]) {
      expect(withBodyMembers(metadata, data)).toEqual({ MessageId: { string: 'real' } });
    }
  });
});
