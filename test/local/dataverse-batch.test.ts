/**
 * `$batch` of the simulator: one answer for each operation in order, a change set done as a whole or not at all,
 * references between its operations, and what counts how often.
 */
import { describe, expect, test } from '@jest/globals';
import { STATUS_CODES } from 'node:http';
import { asText } from '../../local/dataverse/rows/value';
import type { Dataverse, DataverseOptions } from '../../local/dataverse/simulator';
import {
  fetcher,
  hooked,
  keysOf,
  members,
  start,
  startHook,
  text,
  valueOf,
  type Json,
  type Members,
} from './simulator-client';

const NOBODY = '00000000-0000-0000-0000-00000000dead';
const CONTINUE = { Prefer: 'odata.continue-on-error' };

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly id?: string;
}

interface Answered {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Members;
  readonly contentId: string | undefined;
}

const lines = (...all: string[]): string => all.join('\r\n');
const ask = (
  method: string,
  url: string,
  body?: unknown,
  more: Omit<Asked, 'method' | 'url' | 'body'> = {},
): Asked => ({
  method,
  url,
  body,
  ...more,
});

function part({ method, url, body, headers = {}, id }: Asked): string {
  return lines(
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    ...(id === undefined ? [] : [`Content-ID: ${id}`]),
    '',
    `${method} ${url} HTTP/1.1`,
    'Content-Type: application/json',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
  );
}

const changeSet = (...operations: Asked[]): string =>
  lines(
    'Content-Type: multipart/mixed; boundary="changeset_1"',
    '',
    ...operations.map((operation) => lines('--changeset_1', part(operation))),
    '--changeset_1--',
    '',
  );

const batchOf = (...parts: (Asked | string)[]): string =>
  lines(...parts.map((each) => lines('--batch_1', typeof each === 'string' ? each : part(each))), '--batch_1--', '');

/** The answers in a body, those of change sets among them. */
function answersOf(body: string, boundary: string): Answered[] {
  return body
    .split(`--${boundary}`)
    .slice(1, -1)
    .flatMap((each): Answered[] => {
      const [head = '', ...rest] = each.replace(/^\r\n/, '').split('\r\n\r\n');
      const inner = /boundary=(\S+)/.exec(head)?.[1];
      if (inner !== undefined) return answersOf(each, inner);
      const [http = '', content = ''] = rest;
      const [line = '', ...fields] = http.split('\r\n');
      const [, status = ''] = /^HTTP\/1\.1 (\d+)/.exec(line) ?? [];
      expect(line).toBe(`HTTP/1.1 ${status} ${STATUS_CODES[status]}`);
      const headers = Object.fromEntries(
        fields.map((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 2)]),
      );
      const body = content.trim() === '' ? {} : members(JSON.parse(content) as Json);
      return [{ status: Number(status), headers, body, contentId: /Content-ID: (\S+)/.exec(head)?.[1] }];
    });
}

async function stand(options: DataverseOptions = {}) {
  const dataverse = await start(options);
  dataverse.defineKey('account', { schemaName: 'new_NumberKey', columns: ['accountnumber'] });
  const api = await fetcher(dataverse);
  const send = async (body: string, headers: Record<string, string> = {}) => {
    const answer = await api('POST', '$batch', body, {
      'Content-Type': 'multipart/mixed; boundary="batch_1"',
      ...headers,
    });
    const boundary = /boundary=(\S+)/.exec(answer.headers.get('content-type') ?? '')?.[1] ?? '';
    return { ...answer, answers: boundary === '' ? [] : answersOf(answer.raw, boundary) };
  };
  return { dataverse, api, send };
}

const statuses = (answers: readonly Answered[]): number[] => answers.map(({ status }) => status);
const codeOf = (answer: Answered | undefined): Json | undefined => members(answer?.body.error).code;
const names = (dataverse: Dataverse, table: string, column = 'name') =>
  [...dataverse.rows(table)].map(({ columns }) => columns[column]);
const missing = (n: number): Asked =>
  ask('PATCH', `accounts(${NOBODY})`, { name: `x${n}` }, { headers: { 'If-Match': '*' } });

describe('a batch', () => {
  test('answers each operation in order, whatever form its URL has', async () => {
    const { dataverse, send } = await stand();
    const root = '/api/data/v9.2/';
    const { status, headers, answers } = await send(
      batchOf(
        ask('POST', `${root}accounts`, { name: 'one' }),
        ask(
          'PATCH',
          `${dataverse.url}${root}accounts(accountnumber='A-1')?$select=name&tag=mine`,
          { name: 'two' },
          {
            headers: { Prefer: 'return=representation' },
          },
        ),
        ask('GET', "accounts(accountnumber='A-1')?$select=name"),
        ask('DELETE', "accounts(accountnumber='A-1')", undefined, { id: '9' }),
        ask('GET', "accounts(accountnumber='A-1')"),
      ),
      CONTINUE,
    );
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^multipart\/mixed; boundary=batchresponse_[0-9a-f-]{36}$/);
    expect(headers.get('preference-applied')).toBe('odata.continue-on-error');
    expect(statuses(answers)).toEqual([204, 201, 200, 204, 404]);
    expect(answers[0]?.headers['OData-EntityId']).toMatch(/accounts\([0-9a-f-]{36}\)$/);
    expect(answers[0]?.headers.Location).toBe(answers[0]?.headers['OData-EntityId']);
    expect(answers[1]?.body.name).toBe('two');
    expect(answers[1]?.body['@odata.etag']).toBe(answers[2]?.body['@odata.etag']);
    expect(answers[3]?.contentId).toBe('9');
    expect(codeOf(answers[4])).toBe('0x80060891');
    expect(answers[4]?.headers.REQ_ID).toBeDefined();
    expect(names(dataverse, 'account')).toEqual(['one']);
  });

  test('ends with the first error and its status; what came before stays', async () => {
    const { dataverse, send } = await stand();
    const batch = batchOf(
      ask('POST', 'accounts', { name: 'one' }),
      missing(1),
      ask('POST', 'accounts', { name: 'two' }),
    );
    const { status, answers } = await send(batch);
    expect(status).toBe(404);
    expect(statuses(answers)).toEqual([204, 404]);
    expect(names(dataverse, 'account')).toEqual(['one']);
    expect(statuses((await send(batch, CONTINUE)).answers)).toEqual([204, 404, 204]);
    expect(names(dataverse, 'account')).toEqual(['one', 'one', 'two']);
  });

  test('has 1,000 operations at most, all told, and no other batch in it', async () => {
    const { dataverse, send } = await stand({ limits: 'off' });
    const some = (count: number): Asked[] =>
      Array.from({ length: count }, () => ask('POST', 'accounts', { name: 'x' }));
    expect((await send(batchOf(...some(500), changeSet(...some(501))))).status).toBe(400);
    expect(names(dataverse, 'account')).toEqual([]);
    const { status, answers } = await send(batchOf(...some(500), changeSet(...some(500))));
    expect([status, answers.length, names(dataverse, 'account').length]).toEqual([200, 1000, 1000]);
    expect((await send(batchOf(ask('POST', '$batch', '')))).status).toBe(400);
  });

  test.each([
    ['lines that end in LF only', batchOf(ask('POST', 'accounts', {})).replaceAll('\r\n', '\n')],
    ['no end', batchOf(ask('POST', 'accounts', {})).replace('--batch_1--', '')],
    ['another boundary', batchOf(ask('POST', 'accounts', {})).replaceAll('batch_1', 'batch_2')],
    [
      'a part that is no request',
      lines('--batch_1', 'Content-Type: application/http', '', 'accounts', '--batch_1--', ''),
    ],
    ['a part of another type', batchOf(ask('POST', 'accounts', {})).replace('application/http', 'text/plain')],
    ['a URL over 64 KB', batchOf(ask('GET', `accounts?$filter=${'x'.repeat(65_537)}`))],
  ])('with %s is refused', async (_what, body) => {
    const { dataverse, send } = await stand();
    expect((await send(body)).status).toBe(400);
    expect(names(dataverse, 'account')).toEqual([]);
  });

  test('counts each operation for the limits, and a fault can meet one of them', async () => {
    let now = Date.now();
    const { dataverse, send, api } = await stand({ limits: { requests: 5 }, now: () => now });
    const post = (name: string): Asked => ask('POST', 'accounts', { name });
    dataverse.failNext(1, 503, { path: 'leads' });
    const first = await send(batchOf(post('1'), ask('POST', 'leads', {}), post('2'), post('3')), CONTINUE);
    expect(statuses(first.answers)).toEqual([204, 503, 204, 204]);
    expect(first.headers.get('x-ms-ratelimit-burst-remaining-xrm-requests')).toBe('2');
    const second = await send(batchOf(post('4'), post('5'), post('6'), post('7')), CONTINUE);
    expect(statuses(second.answers)).toEqual([204, 204, 429, 429]);
    expect(codeOf(second.answers[2])).toBe('0x80072322');
    expect(Number(second.answers[2]?.headers['Retry-After'])).toBeGreaterThan(0);
    expect((await api('GET', 'WhoAmI')).status).toBe(429);
    expect(dataverse.stats().webApi).toMatchObject({ requests: 3, operations: 8, throttled: 3 });
    now += 300_000;
    expect((await api('GET', 'WhoAmI')).status).toBe(200);
  });
});

describe('a change set', () => {
  test('is one transaction: events with its commit, and references to the rows it makes', async () => {
    const { dataverse, send } = await stand();
    const hook = await startHook();
    await hooked(dataverse, hook, { table: 'contact', message: 'Create', mode: 'async' });
    const seen: string[] = [];
    dataverse.watch(({ table, row }) => seen.push(`${table} ${asText(row?.columns.name ?? row?.columns.lastname)}`));
    const { status, answers } = await send(
      batchOf(
        changeSet(
          ask('POST', 'contacts', { lastname: 'Riis', description: '$1' }, { id: '1' }),
          ask('POST', 'accounts', { name: 'Nord', 'primarycontactid@odata.bind': '$1' }, { id: '2' }),
          ask(
            'PATCH',
            '$1?tag=mine',
            { 'parentcustomerid_account@odata.bind': '$2' },
            {
              id: '3',
              headers: { Prefer: 'return=representation' },
            },
          ),
        ),
      ),
    );
    expect(status).toBe(200);
    expect(statuses(answers)).toEqual([204, 204, 200]);
    expect(answers.map(({ contentId }) => contentId)).toEqual(['1', '2', '3']);
    const [contact] = dataverse.rows('contact');
    const [account] = dataverse.rows('account');
    expect(contact?.columns).toMatchObject({
      description: '$1',
      parentcustomerid: { table: 'account', id: account?.id },
    });
    expect(account?.columns.primarycontactid).toEqual({ table: 'contact', id: contact?.id });
    expect(answers[2]?.body).toMatchObject({ '@odata.etag': `W/"${contact?.version}"`, contactid: contact?.id });
    expect(seen).toEqual(['contact Riis', 'account Nord']);
    await dataverse.drain(5000);
    expect(hook.deliveries).toHaveLength(1);
  });

  test('leaves nothing when one of its operations fails: no row, no event; the batch goes on where it may', async () => {
    const { dataverse, send } = await stand();
    const hook = await startHook();
    await hooked(dataverse, hook, { table: 'account', message: 'Create', mode: 'async' });
    const failing = changeSet(ask('POST', 'accounts', { name: 'one' }, { id: '1' }), missing(1));
    const { status, answers } = await send(batchOf(failing, ask('POST', 'accounts', { name: 'two' })), CONTINUE);
    expect([status, ...statuses(answers)]).toEqual([200, 404, 204]);
    expect(names(dataverse, 'account')).toEqual(['two']);
    await dataverse.drain(5000);
    expect(hook.deliveries).toHaveLength(1);
    expect((await send(batchOf(failing))).status).toBe(404);
    expect(names(dataverse, 'account')).toEqual(['two']);
  });

  test('sees its own rows by their keys, and cannot give one key to two', async () => {
    const { dataverse, send } = await stand();
    const upsert = (name: string): Asked => ask('PATCH', "accounts(accountnumber='A-1')", { name });
    expect(statuses((await send(batchOf(changeSet(upsert('one'), upsert('two'))))).answers)).toEqual([204, 204]);
    expect(names(dataverse, 'account')).toEqual(['two']);
    const post = ask('POST', 'accounts', { accountnumber: 'B-1' });
    const { status, answers } = await send(batchOf(changeSet(post, post)));
    expect([status, codeOf(answers[0])]).toEqual([412, '0x80060892']);
    const created = ask('POST', 'accounts', { accountnumber: 'C-1' }, { id: '1' });
    expect(statuses((await send(batchOf(changeSet(created, ask('DELETE', '$1'))))).answers)).toEqual([204, 204]);
    expect(names(dataverse, 'account', 'accountnumber')).toEqual(['A-1']);
  });

  test.each([
    ['a GET', ask('GET', 'accounts'), 'GET'],
    [
      'a reference to what is not there yet',
      ask('POST', 'contacts', { 'parentcustomerid_account@odata.bind': '$7' }),
      "Content-ID Reference: '$7' does not exist in the batch context.",
    ],
    ['a URL of what is not there yet', ask('PATCH', '$7', {}), "Content-ID Reference: '$7'"],
  ])('with %s is refused', async (_what, operation, message) => {
    const { dataverse, send } = await stand();
    const { status, raw } = await send(batchOf(changeSet(ask('POST', 'accounts', { name: 'one' }), operation)));
    expect(status).toBe(400);
    expect(raw).toContain(message);
    expect(names(dataverse, 'account')).toEqual([]);
  });

  test('that waits for a row of another one, which waits for one of its own, ends as a deadlock', async () => {
    const { dataverse, send } = await stand();
    const [a, b] = await Promise.all(['a', 'b'].map((name) => dataverse.create('account', { name })));
    // Each has its first row when the other one asks for that.
    let waiting = 0;
    let go = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      go = resolve;
    });
    dataverse.plugIn({
      table: 'account',
      message: 'Update',
      execute: async () => {
        waiting += 1;
        if (waiting === 2) go();
        await both;
        return undefined;
      },
    });
    const change = (
      first: string | undefined,
      second: string | undefined,
      name: string,
    ): Promise<{ status: number; raw: string }> =>
      send(batchOf(changeSet(...[first, second].map((id) => ask('PATCH', `accounts(${id})`, { name })))));
    const answers = await Promise.all([change(a, b, 'x'), change(b, a, 'y')]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 500]);
    const victim = answers.find(({ status }) => status === 500);
    expect(victim?.raw).toContain('"code":"0x80044150"');
    expect(victim?.raw).toContain('CRM ErrorCode: -2147204784 Sql ErrorCode: -2146232060 Sql Number: 1205');
    expect(new Set(names(dataverse, 'account')).size).toBe(1);
  });
});

test('the tag of an operation arrives with its event', async () => {
  const { dataverse, send } = await stand();
  const hook = await startHook();
  await hooked(dataverse, hook, { table: 'account', message: 'Create', mode: 'async' });
  await send(batchOf(ask('POST', 'accounts?tag=dvo:1', { name: 'one' }), ask('POST', 'accounts', { name: 'two' })));
  await dataverse.drain(5000);
  const tags = hook.deliveries.map(({ context }) =>
    keysOf(context.SharedVariables).includes('tag') ? text(valueOf(context.SharedVariables, 'tag')) : undefined,
  );
  expect(tags).toEqual(['dvo:1', undefined]);
});
