/**
 * Proves every answer of `validate`, with the platform's own request and context. Dataverse looks at the status only, so that above
 * all: what no rule can be asked about is as the setting says, whatever goes wrong, and it is counted.
 */
import { HttpRequest, InvocationContext } from '@azure/functions';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { answersInTime } from '../../shared/app/validation';
import type { Counted } from '../../shared/receive/refusal-count';
import { NotFindable } from '../../shared/lob/row-finder';
import type { TakenIn } from '../../shared/rules/unique-in-store';
import { Validation } from '../../shared/rules/validate';
import type { Unjudged, ValidateConfig } from '../../shared/rules/validate-endpoint';
import type { Section } from '../../shared/settings/environment';
import { undocumented } from '../documented-answers';
import { bodyOf, rulesOf, type Operation } from './operations';

const KEY = 'the-key-of-this-endpoint';
const EXEMPT = '5a1d9a8f-6e0b-4c8e-9b7a-0d2f3c4b5a69';
const RULES = rulesOf(`
tables:
  account:
    - { code: name-required, message: Name the account., required: [name] }
    - { code: number-unique, message: Take another number., unique: [accountnumber] }
    - { code: slow, message: Take another VAT number., pattern: { vat: '.*-.*-.*-.*' } }
`);
const SLOW_TEXT = `${'-'.repeat(400)}\n`;
const CONFIG: ValidateConfig = {
  keys: [KEY],
  keyName: 'x-dvo-key',
  maxBytes: 64 * 1024,
  rules: RULES,
  exemptUsers: new Set([EXEMPT]),
  deadlineMs: 300,
};

let refused: string[];
let notJudged: Counted[];
let lines: string[];

beforeEach(() => {
  refused = [];
  notJudged = [];
  lines = [];
});

interface Post {
  readonly body?: Uint8Array | string;
  readonly operation?: Operation;
  readonly headers?: Readonly<Record<string, string>>;
  readonly config?: Section<ValidateConfig>;
  readonly unjudged?: Unjudged;
  readonly takenIn?: TakenIn;
}

const FREE: TakenIn = () => () => Promise.resolve(false);

async function post({ operation = { target: { name: 'a' } }, ...post }: Post = {}) {
  const { body = bodyOf(operation), headers = {}, unjudged = 'allow', takenIn = FREE } = post;
  const { config = { ok: true, value: CONFIG } } = post;
  const validation = new Validation({
    config,
    unjudged,
    takenIn,
    refused: { count: ({ code }) => void refused.push(code) },
    notJudged: { count: (cause) => void notJudged.push(cause) },
  });
  const handler = answersInTime(validation, CONFIG.deadlineMs);
  const request = new HttpRequest({
    method: 'POST',
    url: 'https://app.example/api/validate',
    headers: { 'content-type': 'application/json', 'x-dvo-key': KEY, ...headers },
    body: typeof body === 'string' ? { string: body } : { bytes: body },
  });
  const context = new InvocationContext({ logHandler: (_level, ...args) => void lines.push(args.join(' ')) });
  const { status, jsonBody } = (await handler(request, context)) as {
    readonly status: number;
    readonly jsonBody: unknown;
  };
  expect(undocumented(status, jsonBody, 'validate')).toEqual([]);
  return { status, jsonBody };
}

const REFUSED = { status: 400, jsonBody: { allowed: false, code: 'name-required', message: 'Name the account.' } };
const ALLOWED = { status: 200, jsonBody: { allowed: true } };

describe('an operation', () => {
  test('that meets the rules goes on', async () => {
    expect(await post()).toEqual(ALLOWED);
    expect([lines, refused, notJudged]).toEqual([[], [], []]);
  });

  test('that breaks one is refused with its code and its message, and the log says which, but no value', async () => {
    expect(await post({ operation: { target: { fax: 'secret', name: null } } })).toEqual(REFUSED);
    expect(lines).toEqual([
      expect.stringMatching(
        /^ruleRefused \{"event":7001,.*"rule":"name-required","of":"account".*"correlationId":"672c50e2/,
      ),
    ]);
    expect(lines.join()).not.toContain('secret');
  });

  test('of a user who is exempt goes on, whatever it brings', async () => {
    const operation = { target: {}, members: { InitiatingUserId: EXEMPT.toUpperCase() } };
    expect(await post({ operation })).toEqual(ALLOWED);
    expect(await post({ operation: { ...operation, members: { UserId: EXEMPT } } })).toEqual(REFUSED);
  });

  test('that takes what another row has is refused', async () => {
    const takenIn: TakenIn = () => () => Promise.resolve(true);
    const operation = { target: { name: 'a', accountnumber: 'A-1' } };
    expect(await post({ operation, takenIn })).toMatchObject({ status: 400, jsonBody: { code: 'number-unique' } });
  });
});

describe('[I110] what no rule can be asked about', () => {
  const unanswered: TakenIn = () => () => new Promise(() => undefined);
  const failing: TakenIn = () => () => Promise.reject(new NotFindable('there is no store to look for its values'));
  const numbered = { target: { name: 'a', accountnumber: 'A-1' } };
  const CASES: readonly (readonly [what: string, code: string, post: Post])[] = [
    ['a body without its members', 'rule-unjudged', { headers: { 'x-ms-dynamics-msg-size-exceeded': '1' } }],
    ['parameters that are null', 'rule-unjudged', { operation: { parameters: null } }],
    ['a store that fails', 'rule-unjudged', { operation: numbered, takenIn: failing }],
    ['a store that does not answer in time', 'deadline-passed', { operation: numbered, takenIn: unanswered }],
    ['a pattern that takes too long', 'rule-unjudged', { operation: { target: { name: 'a', vat: SLOW_TEXT } } }],
    ['no JSON', 'json-invalid', { body: '{"a"' }],
    ['another form', 'context-invalid', { body: '{"table":"account"}' }],
    ['nothing', 'body-empty', { body: '' }],
    ['faults in the settings', 'not-configured', { config: { ok: false, faults: ['RULES_FILE …'] } }],
    [
      'faults in the settings, whoever asks',
      'not-configured',
      { config: { ok: false, faults: [] }, headers: { 'x-dvo-key': 'no' } },
    ],
  ];

  test.each(CASES)('%s: goes on, and is counted as %s', async (_what, code, given) => {
    const { status, jsonBody } = await post(given);
    expect({ status, jsonBody }).toEqual({
      status: 200,
      jsonBody: { allowed: true, code, message: expect.any(String) },
    });
    expect(notJudged.map((cause) => cause.code)).toEqual([code]);
  });

  test.each(CASES)('%s: is refused where that is set, and counted as %s', async (_what, code, given) => {
    expect(await post({ ...given, unjudged: 'refuse' })).toMatchObject({
      status: 400,
      jsonBody: { allowed: false, code },
    });
    expect(notJudged.map((cause) => cause.code)).toEqual([code]);
  });

  test('names the rule', async () => {
    await post({ operation: numbered, takenIn: failing });
    expect(notJudged).toEqual([
      {
        code: 'rule-unjudged',
        rule: 'number-unique',
        reason: "Rule number-unique can't be judged: there is no store to look for its values.",
      },
    ]);
  });

  test('names the rule that takes too long', async () => {
    await post({ operation: { target: { name: 'a', vat: SLOW_TEXT } } });
    expect(notJudged).toMatchObject([{ code: 'rule-unjudged', rule: 'slow' }]);
    expect(lines).toEqual([]);
  });

  test('a rule that refuses decides all the same', async () => {
    expect(await post({ operation: { target: { accountnumber: 'A-1' } }, takenIn: unanswered })).toEqual(REFUSED);
    expect(notJudged).toEqual([]);
  });

  test.each<readonly [string, () => Promise<boolean>]>([
    ['a refusal', () => Promise.resolve(true)],
    ['a failure', () => Promise.reject(new NotFindable('too late'))],
  ])('%s that comes after the deadline is neither logged nor counted', async (_what, end) => {
    let go = (): void => undefined;
    const late = new Promise<void>((resolve) => (go = resolve));
    const { jsonBody } = await post({ operation: numbered, takenIn: () => async () => late.then(end) });
    expect(jsonBody).toMatchObject({ allowed: true, message: 'An invocation of validate took longer than 0.3 s.' });
    go();
    await setImmediate();
    expect(lines).toEqual([expect.stringMatching(/^deadlinePassed /)]);
    expect(notJudged).toMatchObject([{ code: 'deadline-passed' }]);
  });
});

describe('a request that is refused before it is read', () => {
  test.each([
    ['another key', 401, 'key-refused', { 'x-dvo-key': 'another' }],
    ['another type', 415, 'content-type', { 'content-type': 'text/plain' }],
    ['chunks', 411, 'length-required', { 'transfer-encoding': 'chunked' }],
    ['too much', 413, 'body-too-large', { 'content-length': '65537' }],
  ])('%s: %i, whatever the setting says', async (_what, status, code, headers) => {
    expect(await post({ headers })).toEqual({
      status,
      jsonBody: { allowed: false, code, message: expect.any(String) },
    });
    expect([refused, notJudged]).toEqual([[code], []]);
  });
});
