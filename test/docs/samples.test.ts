/**
 * Proves of the sample flows in docs/samples what can be proven without the platform: their expressions name what is there, no
 * secret stands in them or reaches the run history, they try again what the webhook asks to be tried again, and what they
 * post for a trigger's body is a notice that the app takes.
 */
import { HttpRequest, InvocationContext, type HttpResponseInit } from '@azure/functions';
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { WEBHOOK_DEFAULTS } from '../../shared/receive/webhook-endpoint';
import { readPush } from '../../shared/context/read-push';
import { Receiver } from '../../shared/receive/receiver';
import { webhookHandler } from '../../shared/receive/webhook';
import { Writer } from '../../shared/writer/writer';
import { fixture } from '../context/fixture-files';
import { DOCUMENT, misfits } from '../documented-answers';
import { RecordingParking, UNMAPPED } from '../receive/deliveries';
import { found, RULE } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';

interface Step {
  readonly type: string;
  readonly runAfter?: Readonly<Record<string, readonly string[]>>;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly operationOptions?: string;
  readonly runtimeConfiguration?: { readonly secureData?: { readonly properties: readonly string[] } };
}
interface Parameter {
  readonly type: string;
  readonly defaultValue?: unknown;
}
interface Definition {
  readonly $schema: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly triggers: Readonly<Record<string, Step>>;
  readonly actions: Readonly<Record<string, Step>>;
}
interface Template {
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly resources: readonly {
    readonly type: string;
    readonly properties: {
      readonly state?: string;
      readonly definition?: Definition;
      readonly parameters?: Readonly<Record<string, { readonly value: unknown }>>;
    };
  }[];
}

/** @throws Error where there is nothing */
function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('A sample lacks a part that the tests are about.');
  return value;
}

const read = (name: string): unknown => JSON.parse(readFileSync(path.join('docs/samples', name), 'utf8'));

const TEMPLATE = read('notify-row.template.json') as Template;
const RESOURCE = TEMPLATE.resources.find(({ type }) => type === 'Microsoft.Logic/workflows')?.properties;
const WORKFLOW = existing(RESOURCE?.definition);
const FLOW = read('notify-row.flow.json') as { readonly properties: { readonly definition: Definition } };
const PARAMETERS = read('notify-row.parameters.json') as {
  readonly parameters: Readonly<Record<string, { readonly value?: unknown; readonly reference?: unknown }>>;
};

const KEY = 'the-key-of-this-webhook';
const ADDRESS = 'https://your-app.azurewebsites.net/api/webhook';

/** What an expression can get at. */
interface Scope {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly trigger: unknown;
  readonly bodies: Readonly<Record<string, unknown>>;
}

/** Every text in a value. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) yield* textsIn(part);
}

const CALL = /^@([a-zA-Z]+)\((?:'([^']*)')?\)((?:\??\['[^']+'\])*)$/;

/** An expression of those few forms that the samples need; of any other the test knows nothing, and says so. */
function evaluate(expression: string, { parameters, trigger, bodies }: Scope): unknown {
  const [, call, argument = '', steps = ''] = CALL.exec(expression) ?? [];
  const roots: Readonly<Record<string, () => unknown>> = {
    parameters: () => {
      if (!Object.hasOwn(parameters, argument)) throw new Error(`There is no parameter ${argument}.`);
      return parameters[argument];
    },
    triggerBody: () => trigger,
    body: () => {
      if (!Object.hasOwn(bodies, argument)) throw new Error(`There is no action ${argument} before.`);
      return bodies[argument];
    },
    listCallbackUrl: () => 'https://callback.example',
  };
  const root = roots[call ?? ''];
  if (root === undefined) throw new Error(`The test can't evaluate ${expression}.`);
  let value = root();
  for (const [, optional = '', name = ''] of steps.matchAll(/(\?)?\['([^']+)'\]/g)) {
    const has = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    if (!has && optional === '') throw new Error(`${expression} finds no ${name}.`);
    value = has ? (value as Readonly<Record<string, unknown>>)[name] : null;
  }
  return value;
}

/** Inputs with their expressions put in; what an expression doesn't find is null, as on the platform. */
function render(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') return value.startsWith('@') ? evaluate(value, scope) : value;
  if (Array.isArray(value)) return value.map((part) => render(part, scope));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, render(part, scope)]));
}

const SAMPLES: readonly (readonly [string, Definition, Readonly<Record<string, unknown>>, Scope['bodies']])[] = [
  [
    'the logic app',
    WORKFLOW,
    {
      $connections: { commondataservice: { connectionId: 'a connection' } },
      ...{ environment: 'https://contoso.crm4.dynamics.com', table: 'account', address: ADDRESS, webhookKey: KEY },
    },
    {},
  ],
  [
    'the flow',
    FLOW.properties.definition,
    Object.fromEntries(
      Object.entries(FLOW.properties.definition.parameters).map(([name, { defaultValue }]) => [name, defaultValue]),
    ),
    { Get_the_key: { EnvironmentVariableSecretValue: KEY } },
  ],
];

describe.each(SAMPLES)('%s', (_name, definition, parameters, bodies) => {
  const trigger = existing(Object.values(definition.triggers)[0]);
  const post = existing(definition.actions.Tell_the_webhook);
  const scope = (of: unknown): Scope => ({ parameters, trigger: of, bodies });
  const sent = (of: unknown) =>
    render(post.inputs, scope(of)) as {
      readonly method: string;
      readonly uri: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: unknown;
    };

  test('is a workflow definition, and every expression in it finds what it names', () => {
    expect(definition.$schema).toBe(
      'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#',
    );
    expect(Object.keys(parameters).toSorted()).toEqual(Object.keys(definition.parameters).toSorted());
    render([definition.triggers, definition.actions], scope({}));
  });

  test('runs each action after those whose bodies it uses', () => {
    for (const [name, { inputs, runAfter = {} }] of Object.entries(definition.actions)) {
      const used = [...textsIn(inputs)].flatMap((text) => /@body\('([^']+)'\)/.exec(text)?.[1] ?? []);
      expect([name, Object.keys(runAfter)]).toEqual([name, used]);
      for (const before of Object.keys(runAfter)) expect(definition.actions).toHaveProperty(before);
    }
  });

  test('subscribes to every change of every row of the table', () => {
    const given = trigger.inputs.body ?? trigger.inputs.parameters;
    const subscription = Object.fromEntries(
      Object.entries(render(given, scope({})) as Readonly<Record<string, unknown>>).map(([name, value]) => [
        name.replace('subscriptionRequest/', ''),
        value,
      ]),
    );
    // 7: added, modified or deleted. 4: organisation.
    expect(subscription).toMatchObject({ entityname: parameters.table, message: 7, scope: 4 });
    expect(subscription).not.toHaveProperty('filteringattributes');
  });

  test('has no secret in it, and shows neither key nor row in its run history', () => {
    const texts = [...textsIn(definition)];
    expect(texts.filter((text) => /[?&](?:code|sig)=|^(?=.*\d)[A-Za-z0-9+/_-]{32,}={0,2}$|Bearer /.test(text))).toEqual(
      [],
    );
    expect(String((post.inputs.headers as Readonly<Record<string, string>>)[WEBHOOK_DEFAULTS.keyName])).toMatch(/^@/);
    expect(post.runtimeConfiguration?.secureData?.properties).toEqual(['inputs', 'outputs']);
    for (const step of [trigger, ...Object.values(definition.actions)])
      expect(step.runtimeConfiguration?.secureData?.properties).toContain('outputs');
    const keys = Object.entries(definition.parameters).filter(([name]) => /key|secret|authentication/i.test(name));
    for (const [, { type }] of keys) expect(type).toMatch(/^Secure/);
  });

  test('tries again, and takes 202 for done', () => {
    expect(post.inputs.retryPolicy).toMatchObject({ type: 'exponential', count: 6, interval: 'PT10S' });
    expect(post.operationOptions).toBe('DisableAsyncPattern');
  });

  test.each([
    ['trigger-update-account', 'Update', Date.UTC(2026, 2, 14, 9, 26, 53)],
    ['trigger-delete-account', 'Delete', null],
  ])('for %s it posts a notice', async (name, message, modifiedOnMs) => {
    const request = sent(JSON.parse(fixture(`notices/${name}.json`).toString('utf8')));
    const [webhook = ''] = Object.keys(DOCUMENT.paths);
    expect(request).toMatchObject({ method: 'POST', uri: expect.stringMatching(`${DOCUMENT.basePath}${webhook}$`) });
    const body = JSON.stringify(request.body);
    expect(readPush(body)).toMatchObject({
      kind: 'notice',
      notice: {
        message,
        row: { table: 'account', id: '7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3' },
        version: 4711083n,
        modifiedOnMs,
      },
    });
    expect(body).not.toContain('Lakeside');

    const reader = new ScriptedReader(() => found(4711083n));
    const writer = new Writer(new MemoryStore(), reader, { rule: RULE });
    const receiver = new Receiver(
      { ...UNMAPPED, writer, parking: new RecordingParking() },
      { tables: ['account'], unconfirmedDelayMs: 0 },
    );
    const config = { ok: true, value: { keys: [KEY], keyName: WEBHOOK_DEFAULTS.keyName, maxBytes: 1024 } } as const;
    const { method, uri: url, headers } = request;
    const http = new HttpRequest({ method, url, headers: { ...headers }, body: { string: body } });
    const context = new InvocationContext({ logHandler: () => undefined });
    const answer = (await webhookHandler(config, () => receiver)(http, context)) as HttpResponseInit;
    expect(answer).toMatchObject({ status: 200, jsonBody: { changes: [{ table: 'account', verdict: 'readBack' }] } });
  });

  test('what it posts has the members that the OpenAPI document names, and no other', () => {
    const { body } = sent(JSON.parse(fixture('notices/trigger-update-account.json').toString('utf8')));
    expect(misfits('Notice', body)).toEqual([]);
    const { properties } = DOCUMENT.definitions.Notice as unknown as { readonly properties: object };
    expect(Object.keys(body as object).filter((name) => !Object.hasOwn(properties, name))).toEqual([]);
  });
});

describe('the template of the logic app', () => {
  test('gives every parameter of the definition a value, from parameters that it has', () => {
    expect(Object.keys(RESOURCE?.parameters ?? {}).toSorted()).toEqual(Object.keys(WORKFLOW.parameters).toSorted());
    const named = [...textsIn(TEMPLATE.resources)].flatMap((text) =>
      text.startsWith('[') ? [...text.matchAll(/parameters\('([^']+)'\)/g)].map(([, name = '']) => name) : [],
    );
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(TEMPLATE.parameters).toSorted());
  });

  test('takes the key as a secure text without a default, and its parameters take that from a key vault', () => {
    expect(TEMPLATE.parameters.webhookKey).toEqual({ type: 'securestring', metadata: expect.anything() });
    const { webhookKey, ...others } = PARAMETERS.parameters;
    expect(webhookKey).toEqual({ reference: { keyVault: { id: expect.any(String) }, secretName: expect.any(String) } });
    const open = Object.entries(TEMPLATE.parameters).filter(([, { defaultValue }]) => defaultValue === undefined);
    expect(Object.keys({ ...others, webhookKey }).toSorted()).toEqual(open.map(([name]) => name).toSorted());
  });

  test('has no secret in any other place', () =>
    expect(
      [...textsIn([TEMPLATE, PARAMETERS, FLOW])].filter((text) => /[?&](?:code|sig)=|AccountKey/.test(text)),
    ).toEqual([]));

  test('is off until its connection is authorised', () => expect(RESOURCE?.state).toBe('Disabled'));
});

describe('the judge of expressions', () => {
  const scope: Scope = { parameters: { a: 1 }, trigger: { b: { c: 2 } }, bodies: {} };
  test.each([
    ["@parameters('a')", 1],
    ["@triggerBody()?['b']?['c']", 2],
    ["@triggerBody()?['b']['c']", 2],
    ["@triggerBody()?['x']?['y']", null],
  ])('%s', (expression, value) => expect(evaluate(expression, scope)).toBe(value));
  test.each(["@parameters('b')", "@triggerBody()['x']", "@body('Nothing')", "@concat('a')", "@triggerBody()?['x", '@'])(
    '%s is refused',
    (expression) => expect(() => evaluate(expression, scope)).toThrow(),
  );
});

test('the sample plug-in posts every member that validate needs, and reads its answer', () => {
  const plugin = readFileSync('docs/samples/ValidatePlugin.cs', 'utf8');
  const posted = [...plugin.matchAll(/\[DataMember\] public \S+ (\w+) /g)].map(([, name]) => name);
  expect(posted).toEqual(expect.arrayContaining([...(DOCUMENT.definitions.ExecutionContext?.required ?? [])]));
  expect(posted).toEqual(expect.arrayContaining(['InputParameters', 'PreEntityImages']));
  // Other parameters of an Update may be enums, which its serializer doesn't know; nor does the sandbox take private contracts.
  expect(plugin).not.toContain('InputParameters = context.InputParameters');
  expect(plugin.match(/\[DataContract\]\s+public /g)).toHaveLength(2);
  const answered = [...plugin.matchAll(/\[DataMember\(Name = "(\w+)"\)\]/g)].map(([, name]) => name);
  expect(
    misfits('Verdict', Object.fromEntries(answered.map((name) => [name, name === 'allowed' ? true : 'x']))),
  ).toEqual([]);
});
