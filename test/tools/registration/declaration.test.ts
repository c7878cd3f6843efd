/**
 * Proves that a declaration's every fault is told before anything is sent, with its line, its place and the platform's rule;
 * that what it leaves open is filled in; and that no secret can stand in it.
 */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { declarationJsonSchema, type Declaration } from '../../../tools/registration/declaration-schema';
import { desiredItems } from '../../../tools/registration/desired-items';
import { readDeclaration, readOwner, type Chosen } from '../../../tools/registration/read-declaration';

const ENDPOINTS = `owner: a
endpoints:
  hook: { kind: webhook, url: 'https://a.example/api/webhook', auth: { webhookKey: { env: K } } }
  queue: { kind: queue, namespace: 'sb://a.servicebus.windows.net/', path: q, auth: { sasKey: { name: s, key: { env: K } } } }
  hub: { kind: eventHub, namespace: 'sb://a.servicebus.windows.net', path: h, auth: { sasToken: { env: K } } }
  validate: { kind: webhook, url: 'https://a.example/api/validate/', auth: { webhookKey: { env: K } } }
`;
const NOTHING: Chosen = { variables: {} };

function faultsOf(text: string, chosen: Chosen = NOTHING): readonly string[] {
  const read = readDeclaration('d.yaml', text, chosen);
  return read.ok ? [] : read.faults.map((fault) => fault.replace('d.yaml:', ''));
}

function declarationOf(text: string, chosen: Chosen = NOTHING): Declaration {
  const read = readDeclaration('d.yaml', text, chosen);
  if (!read.ok) throw new Error(read.faults.join('\n'));
  return read.file;
}

const step = (text: string): readonly string[] =>
  faultsOf(`${ENDPOINTS}steps:\n  s: ${text}`).map((fault) => fault.replace(/^\d+:\d+ /, ''));

describe("the platform's rules for steps", () => {
  test.each([
    [
      'an asynchronous step before the operation',
      '{ table: account, message: Update, endpoint: hook, stage: preOperation }',
      ['steps.s.stage must be postOperation: an asynchronous step runs after the operation'],
    ],
    [
      'a synchronous step of a queue',
      '{ table: account, message: Update, endpoint: queue, mode: synchronous }',
      ['steps.s.mode must be asynchronous: Dataverse sends to a queue by system jobs only'],
    ],
    [
      'a synchronous step of an event hub',
      '{ table: account, message: Update, endpoint: hub, mode: synchronous }',
      ['steps.s.mode must be asynchronous: Dataverse sends to an event hub by system jobs only'],
    ],
    [
      'a system job of a synchronous step',
      '{ table: account, message: Update, endpoint: hook, mode: synchronous, asyncAutoDelete: true }',
      ['steps.s.asyncAutoDelete must be left out: a synchronous step has no system job'],
    ],
    [
      'validating by a system job',
      '{ table: account, message: Update, endpoint: validate }',
      ['steps.s.mode must be synchronous: validate validates, which is of use only before the operation'],
    ],
    [
      'validating what has happened',
      '{ table: account, message: Update, endpoint: validate, mode: synchronous }',
      [
        'steps.s.stage must be preValidation (or preOperation): validate validates, which is of use only before the operation',
      ],
    ],
    [
      'validating before the operation, which is right',
      '{ table: account, message: Update, endpoint: validate, mode: synchronous, stage: preValidation }',
      [],
    ],
    [
      'filtering columns on Create',
      '{ table: account, message: [Create, Update], endpoint: hook, filteringColumns: [name] }',
      ['steps.s.filteringColumns must be left out: Create has none, only Update has; declare a step for Update alone'],
    ],
    [
      'filtering columns of no table',
      '{ message: Update, endpoint: hook, filteringColumns: [name] }',
      ['steps.s.filteringColumns must be left out: without a table there are no columns'],
    ],
    [
      'an image of what has none',
      '{ message: Associate, endpoint: hook, images: { i: { type: pre, columns: all } } }',
      [
        expect.stringMatching(
          /^steps\.s\.images\.i isn't possible: Associate has no images, only Assign, Create, .* have$/,
        ),
      ],
    ],
    [
      'a pre image of Create',
      '{ table: account, message: Create, endpoint: hook, images: { i: { type: pre, columns: all } } }',
      ['steps.s.images.i.type must be post: before Create there is no row'],
    ],
    [
      'both images of Create',
      '{ table: account, message: Create, endpoint: hook, images: { i: { type: both, columns: all } } }',
      ['steps.s.images.i.type must be post: before Create there is no row'],
    ],
    [
      'a post image of Delete',
      '{ table: account, message: [Update, Delete], endpoint: hook, images: { i: { type: post, columns: all } } }',
      ['steps.s.images.i.type must be pre: after Delete there is no row'],
    ],
    [
      'a post image before the operation',
      '{ table: account, message: Update, endpoint: hook, mode: synchronous, stage: preOperation, images: { i: { type: post, columns: all } } }',
      ["steps.s.images.i.type must be pre: at preOperation the operation hasn't run yet"],
    ],
    [
      'an image of a parameter that is none',
      '{ table: account, message: Merge, endpoint: hook, images: { i: { type: pre, columns: all, property: Subordinate } } }',
      ['steps.s.images.i.property must be Target or SubordinateId for Merge'],
    ],
    [
      'an endpoint that is none',
      '{ table: account, message: Update, endpoint: hok }',
      ["steps.s.endpoint names hok, which isn't one of endpoints"],
    ],
    [
      'an id for several',
      '{ table: account, message: [Create, Update], endpoint: hook, id: 11111111-1111-4111-8111-111111111111 }',
      ['steps.s.id must be left out: these are several steps, one for each message and table'],
    ],
    [
      'the same message twice',
      '{ table: account, message: [Update, Update], endpoint: hook }',
      ['steps.s repeats itself: Update of account to hook would be sent twice'],
    ],
    [
      'a column twice',
      '{ table: account, message: Update, endpoint: hook, filteringColumns: [name, name] }',
      ['steps.s.filteringColumns[1] repeats a column'],
    ],
    [
      'an empty list of columns, which the platform takes for all',
      '{ table: account, message: Update, endpoint: hook, filteringColumns: [] }',
      ['steps.s.filteringColumns must name at least one column, or be left out'],
    ],
    [
      'a word that is none',
      '{ message: Update, endpoint: hook, mode: async }',
      ['steps.s.mode must be one of synchronous, asynchronous'],
    ],
    [
      'a slip',
      '{ mesage: Update, message: Update, endpoint: hook }',
      ['steps.s.mesage is no known key; did you mean message?'],
    ],
  ])('%s', (_, text, faults) => {
    expect(step(text)).toEqual(faults);
  });

  test('what is allowed', () => {
    expect(
      step(
        '{ table: account, message: [Create, Update], endpoint: hook, images: { i: { type: post, columns: [name] } } }',
      ),
    ).toEqual([]);
    expect(
      step(
        '{ table: account, message: Update, endpoint: hook, mode: synchronous, stage: preOperation, images: { i: { type: pre, columns: all } } }',
      ),
    ).toEqual([]);
    expect(
      step('{ table: account, message: Delete, endpoint: queue, images: { i: { type: pre, columns: all } } }'),
    ).toEqual([]);
  });

  test('two steps that do the same: the second is told, with its line', () => {
    const one = '{ table: account, message: Update, endpoint: hook }';
    expect(faultsOf(`${ENDPOINTS}steps:\n  one: ${one}\n  two: ${one}\n`)).toEqual([
      '9:3 steps.two repeats one: Update of account to hook would be sent twice',
    ]);
  });
});

test('an id that is made of a name and is given to another item, too', () => {
  const one = 'table: account, message: Update, endpoint: hook';
  const [step] = desiredItems(declarationOf(`${ENDPOINTS}steps:\n  one: { ${one} }\n`)).filter(
    ({ kind }) => kind === 'step',
  );
  expect(
    faultsOf(
      `${ENDPOINTS}steps:\n  one: { ${one} }\n  two: { table: contact, message: Update, endpoint: hook, id: ${step?.id.toUpperCase()} }\n`,
    ),
  ).toEqual([expect.stringMatching(/^9:\d+ steps\.two\.id is also the id of step one: Update of account$/)]);
});

test('anchors and their merging, and keys that come twice', () => {
  expect(
    declarationOf(`${ENDPOINTS}steps:\n  one: &one { table: account, message: Update, endpoint: hook }\n`).steps,
  ).toBeDefined();
  expect(
    faultsOf(
      `${ENDPOINTS}steps:\n  one: &one { table: account, message: Update, endpoint: hook }\n  two: { <<: *one, table: contact }\n`,
    ),
  ).toContainEqual(expect.stringMatching(/^9:10 steps\.two\["<<"\] is no known key/));
  expect(faultsOf(`${ENDPOINTS}owner: b\n`)).toEqual([expect.stringMatching(/^7:1 Map keys must be unique/)]);
});

test('a message with the name of something that every object has', () => {
  expect(
    step('{ message: constructor, endpoint: hook, images: { i: { type: pre, columns: all, property: x } } }'),
  ).toEqual([expect.stringMatching(/isn't possible: constructor has no images/)]);
});

describe('endpoints', () => {
  const endpoint = (text: string): readonly string[] =>
    faultsOf(`owner: a\nendpoints:\n  e: ${text}`).map((fault) => fault.replace(/^\d+:\d+ /, ''));
  const hook = (url: string): readonly string[] =>
    endpoint(`{ kind: webhook, url: '${url}', auth: { webhookKey: { env: K } } }`);

  test.each([
    ['http://a.example/x', 'must be https: the key and the rows go there'],
    ['https://a.example/x?code=abc', 'must have no query and no user: auth names where the key is'],
    ['https://u:p@a.example/x', 'must have no query and no user: auth names where the key is'],
    ['/api/webhook', 'must be an absolute address, https://…'],
  ])('a webhook at %s', (url, fault) => {
    const told = hook(url);
    expect(told).toEqual([`endpoints.e.url ${fault}`]);
    expect(told.join()).not.toMatch(/abc|u:p/);
  });

  test('a webhook on this machine needs no TLS', () => {
    expect(hook('http://127.0.0.1:7071/api/webhook')).toEqual([]);
  });

  test.each([
    [
      '{ kind: queue, namespace: contoso, path: q, auth: { sasToken: { env: K } } }',
      /^endpoints\.e\.namespace must be the address of a namespace, sb:/,
    ],
    [
      '{ kind: queue, namespace: "sb://a.example:99999", path: q, auth: { sasToken: { env: K } } }',
      /^endpoints\.e\.namespace must be the address of a namespace, sb:/,
    ],
    [
      '{ kind: eventHub, namespace: sb://a.example, path: q, format: binary, auth: { sasToken: { env: K } } }',
      /^endpoints\.e\.format must be json or xml: Dataverse sends no \.NET binary to event hubs/,
    ],
    [
      '{ kind: webhook, url: https://a.example, format: xml, auth: { webhookKey: { env: K } } }',
      /^endpoints\.e\.format is no known key/,
    ],
    [
      '{ kind: relay }',
      /^endpoints\.e\.kind must be a mapping whose kind is one of webhook, queue, topic, eventHub|^endpoints\.e/,
    ],
    [
      '{ kind: queue, namespace: sb://a.example, path: q, auth: {} }',
      /^endpoints\.e\.auth must have one of sasKey: \{ name, key \}, sasToken$/,
    ],
  ])('%s', (text, fault) => {
    expect(endpoint(text)).toEqual([expect.stringMatching(fault)]);
  });

  test('a secret itself is refused, and not repeated', () => {
    const told = endpoint("{ kind: webhook, url: https://a.example, auth: { webhookKey: 'Hunter2' } }");
    expect(told).toEqual([expect.stringMatching(/^endpoints\.e\.auth.* must be .*/)]);
    expect(told.join()).not.toContain('Hunter2');
  });

  test('a secret in Key Vault is named by its address', () => {
    const of = (address: string): readonly string[] =>
      endpoint(`{ kind: webhook, url: https://a.example, auth: { webhookKey: { keyVault: '${address}' } } }`);
    expect(of('https://v.vault.azure.net/secrets/hook-key')).toEqual([]);
    expect(of('http://v.vault.azure.net/secrets/hook-key')).toHaveLength(1);
    expect(of('https://v.vault.azure.net/keys/hook-key')).toHaveLength(1);
  });
});

describe('values', () => {
  const text = `owner: a
environments:
  dev: { url: 'https://dev.example', values: { APP: 'https://dev-app.example' } }
  prod: { url: 'https://\${PROD_HOST}', values: { APP: 'https://prod-app.example' } }
endpoints:
  hook: { kind: webhook, url: '\${APP}/api/webhook', auth: { webhookKey: { env: K } } }
`;
  const urlOf = (chosen: Chosen): unknown => {
    const { hook } = declarationOf(text, chosen).endpoints ?? {};
    return hook?.kind === 'webhook' ? hook.url : undefined;
  };

  test("an environment's own come first, then environment variables", () => {
    expect(urlOf({ environment: 'dev', variables: { APP: 'https://other.example' } })).toBe(
      'https://dev-app.example/api/webhook',
    );
    expect(urlOf({ environment: 'prod', variables: { APP: 'https://other.example', PROD_HOST: 'p.example' } })).toBe(
      'https://prod-app.example/api/webhook',
    );
    const without = text.replace(/environments:\n.*\n.*\n/, '');
    const { hook } = declarationOf(without, { variables: { APP: 'https://other.example' } }).endpoints ?? {};
    expect(hook).toMatchObject({ url: 'https://other.example/api/webhook' });
  });

  test('one that is missing is told with its place; those of other environments are not needed', () => {
    expect(faultsOf(text.replace(/environments:\n.*\n.*\n/, ''))).toEqual([
      "3:31 endpoints.hook.url needs a value for ${APP}: an environment variable, or one of the environment's values",
    ]);
    expect(faultsOf(text, { environment: 'prod', variables: {} })).toEqual([
      expect.stringMatching(/^4:\d+ environments\.prod\.url needs a value for \$\{PROD_HOST\}/),
    ]);
    expect(faultsOf(text, { environment: 'dev', variables: {} })).toEqual([]);
  });

  test('an environment that is none', () => {
    expect(faultsOf(text, { environment: 'test', variables: { APP: 'https://x.example' } })).toEqual([
      '3:3 environments has no test, only dev, prod',
    ]);
  });

  test('of a file with environments one has to be chosen, by whoever deletes, too', () => {
    const fault = 'environments has dev, prod: choose one with --environment';
    expect(faultsOf(text, { variables: { APP: 'https://x.example' } })).toEqual([`3:3 ${fault}`]);
    expect(readOwner('d.yaml', text, NOTHING)).toEqual({ ok: false, faults: [`d.yaml:3:3 ${fault}`] });
  });

  test('who deletes needs no values', () => {
    expect(readOwner('d.yaml', text, { environment: 'dev', variables: {} })).toMatchObject({
      ok: true,
      file: { owner: 'a' },
    });
  });

  test("an environment's value may itself be made of environment variables", () => {
    const nested = text.replace("'https://dev-app.example'", "'https://${DEV_HOST}'");
    const { hook } =
      declarationOf(nested, { environment: 'dev', variables: { DEV_HOST: 'h.example' } }).endpoints ?? {};
    expect(hook).toMatchObject({ url: 'https://h.example/api/webhook' });
    expect(faultsOf(nested, { environment: 'dev', variables: {} })).toEqual([
      expect.stringMatching(/^3:\d+ environments\.dev\.values\.APP needs a value for \$\{DEV_HOST\}/),
    ]);
  });

  test('a secret in the place of the name of its variable is not repeated', () => {
    const slip = text.replace('env: K', "env: '${K}'");
    const told = faultsOf(slip, { environment: 'dev', variables: { K: 'Hunter2' } });
    expect(told).toEqual([expect.stringMatching(/endpoints\.hook\.auth\.webhookKey\.env /)]);
    const staged = text.replace('env: K', "env: '${STAGE}_K'").replace('values: {', 'values: { STAGE: DEV,');
    expect(declarationOf(staged, { environment: 'dev', variables: {} }).endpoints).toMatchObject({
      hook: { auth: { webhookKey: { env: 'DEV_K' } } },
    });
  });
});

test('what is left open is filled in, and everything has an id of its own that stays the same', () => {
  const declaration = declarationOf(
    `${ENDPOINTS}steps:\n  s: { table: [account, contact], message: [Create, Update], endpoint: queue, images: { full: { type: post, columns: all } } }`,
  );
  const items = desiredItems(declaration);
  expect(items.map(({ label }) => label)).toEqual([
    'endpoint hook',
    'endpoint queue',
    'endpoint hub',
    'endpoint validate',
    'step s: Create of account',
    'step s: Create of contact',
    'step s: Update of account',
    'step s: Update of contact',
    'image full of step s: Create of account',
    'image full of step s: Create of contact',
    'image full of step s: Update of account',
    'image full of step s: Update of contact',
  ]);
  expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
  expect(desiredItems(declaration).map(({ id }) => id)).toEqual(items.map(({ id }) => id));
  expect(items[1]?.fields).toMatchObject({
    ...{ name: 'a queue', auth: 'sasKey', sasName: 's', namespace: 'sb://a.servicebus.windows.net/' },
    ...{ namespaceName: 'a', path: 'q', format: 'json', charset: 'utf8', claims: 'none' },
  });
  expect(items[4]?.fields).toMatchObject({
    ...{ name: 'a: Create of account to queue', stage: 'postOperation', mode: 'asynchronous', rank: 1 },
    ...{ filteringColumns: null, asyncAutoDelete: true, enabled: true, endpoint: items[1]?.id },
  });
  expect(items[8]?.fields).toMatchObject({ property: 'Id', columns: null, step: items[4]?.id });
  expect(items[10]?.fields).toMatchObject({ property: 'Target' });
});

test.each(['dev', 'prod'])('the sample has no fault in %s', (environment) => {
  expect(faultsOf(readFileSync('docs/dataverse.sample.yaml', 'utf8'), { environment, variables: {} })).toEqual([]);
});

test('the committed schema is the code’s', () => {
  expect(JSON.parse(readFileSync('docs/dataverse.schema.json', 'utf8'))).toEqual(declarationJsonSchema());
});

test.each(['dev', 'prod'])('the sample is good for %s', (environment) => {
  expect(faultsOf(readFileSync('docs/dataverse.sample.yaml', 'utf8'), { environment, variables: {} })).toEqual([]);
});
