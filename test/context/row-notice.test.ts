// Proves: what a flow posts is read as the notice of one row, in each form that docs/how-it-works.md allows; it says that the
// row is to be read and nothing more; and what doesn't say enough is refused with what was expected, never with a value.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RowChange } from '../../shared/change/row-change';
import { ContextInvalid } from '../../shared/context/errors';
import { readPush, type Push } from '../../shared/context/read-push';
import { changeOfNotice, NOTICE_MESSAGES, type RowNotice } from '../../shared/context/messages/row-notice';
import { OutboundError } from '../../shared/errors/errors';
import { fixture, type Wire } from './fixture-files';

const ID = '7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3';
const OTHER = '0f8fad5b-d9cb-469f-a165-70867728950e';
const ACCOUNT = { table: 'account', id: ID };

const TRIGGER = JSON.parse(fixture('notices/trigger-update-account.json').toString('utf8')) as Wire;
const DELETED = JSON.parse(fixture('notices/trigger-delete-account.json').toString('utf8')) as Wire;

function noticeIn(push: Push): RowNotice {
  if (push.kind !== 'notice') throw new Error('It was read as a context.');
  return push.notice;
}
const read = (wire: unknown): RowNotice => noticeIn(readPush(JSON.stringify(wire)));

const without = (wire: Wire, ...names: readonly string[]): Wire =>
  Object.fromEntries(Object.entries(wire).filter(([name]) => !names.includes(name)));

function failureOf(step: () => unknown): unknown {
  try {
    step();
  } catch (error) {
    return error;
  }
  throw new Error('It was accepted.');
}

describe('the forms of a notice', () => {
  test.each<[string, Wire, Partial<RowNotice>]>([
    ['the body in an envelope that names the table', { table: 'account', row: TRIGGER }, {}],
    ['the table beside the columns', { ...TRIGGER, table: 'account' }, {}],
    ['the table as OData tells it', { ...TRIGGER, '@odata.type': '#Microsoft.Dynamics.CRM.account' }, {}],
    ['OData within the envelope', { row: { ...TRIGGER, '@odata.type': 'Microsoft.Dynamics.CRM.account' } }, {}],
    ['an envelope that says the same once more', { ...ACCOUNT, message: 'Update', row: TRIGGER }, {}],
    ['the id with braces and in capitals', { table: 'account', id: `{${ID.toUpperCase()}}`, row: TRIGGER }, {}],
    [
      'empty texts, as expressions that find nothing give them',
      { table: 'account', id: '', organization: '', version: '', modifiedon: '', row: TRIGGER },
      {},
    ],
    ['the body of a delete', { table: 'account', row: DELETED }, { message: 'Delete', modifiedOnMs: null }],
    [
      'a delete that tells nothing but the trigger’s own id',
      { table: 'account', row: without(DELETED, 'accountid') },
      { message: 'Delete', modifiedOnMs: null, columns: [] },
    ],
    [
      'no row at all',
      { ...ACCOUNT, message: 'Create', modifiedon: '2026-03-14T09:26:53Z', version: '4711083' },
      { message: 'Create', columns: ['modifiedon'] },
    ],
    [
      'an envelope whose expressions found nothing',
      { ...ACCOUNT, message: 'Delete', modifiedon: null, version: null, organization: null, row: null },
      { message: 'Delete', modifiedOnMs: null, version: null, columns: ['modifiedon'] },
    ],
    [
      'the organisation',
      { table: 'account', organization: OTHER.toUpperCase(), row: TRIGGER },
      { organizationId: OTHER },
    ],
    [
      'an activity, whose key has a name of its own',
      { table: 'email', row: { activityid: ID, subject: 's', SdkMessage: 'Update' } },
      { row: { table: 'email', id: ID }, version: null, modifiedOnMs: null, columns: ['activityid', 'subject'] },
    ],
    [
      'versions and times of other forms',
      { ...ACCOUNT, message: 'Update', version: '4711!03/14/2026', modifiedon: 'now' },
      {
        version: null,
        modifiedOnMs: null,
        columns: ['modifiedon'],
      },
    ],
  ])('%s', (_form, wire, expected) => {
    const notice = read(wire);
    expect(notice).toMatchObject({
      message: 'Update',
      row: ACCOUNT,
      organizationId: null,
      version: 4711083n,
      modifiedOnMs: Date.UTC(2026, 2, 14, 9, 26, 53),
      ...expected,
    });
    expect(notice.columns).not.toContain('SdkMessage');
  });

  test('the fixtures', () => {
    expect(noticeIn(readPush(fixture('notices/update-account.json')))).toMatchObject({
      message: 'Update',
      row: ACCOUNT,
    });
    expect(noticeIn(readPush(fixture('notices/delete-account.json')))).toMatchObject({
      message: 'Delete',
      row: ACCOUNT,
    });
  });

  test('a context is a context, whatever else it has', () => {
    const context = JSON.parse(fixture('delete-account.json').toString('utf8')) as Wire;
    for (const more of [{}, { table: 'contact', row: TRIGGER }, { SdkMessage: 'Update' }])
      expect(readPush(JSON.stringify({ ...context, ...more }))).toMatchObject({ kind: 'context' });
    for (const form of ['xml', 'msbin1'])
      expect(readPush(fixture(`delete-account.${form}`))).toMatchObject({
        kind: 'context',
        context: { message: 'Delete' },
      });
  });
});

describe('a notice that does not say enough', () => {
  test.each<[string, Wire, string]>([
    ['the trigger’s body alone', TRIGGER, 'table'],
    ['a table that is none', { table: '../account', row: TRIGGER }, 'table'],
    ['an entity set, not a table', { table: 'Accounts', row: TRIGGER }, 'table'],
    ['a table that is no text', { table: 7, row: TRIGGER }, 'table'],
    [
      'another table than OData tells',
      { table: 'contact', row: { ...TRIGGER, '@odata.type': '#Microsoft.Dynamics.CRM.account' } },
      'table',
    ],
    ['another table than the row’s', { table: 'contact', row: TRIGGER }, 'id'],
    ['another table beside the row’s columns', { ...TRIGGER, table: 'contact' }, 'id'],
    ['another id than the row’s', { table: 'account', id: OTHER, row: TRIGGER }, 'id'],
    ['an id that is none', { table: 'account', id: 'A-4711', message: 'Update' }, 'id'],
    ['an id of zeros', { table: 'account', id: '00000000-0000-0000-0000-000000000000', message: 'Update' }, 'id'],
    ['no id', { table: 'account', message: 'Update' }, 'id'],
    ['a message without a meaning', { ...ACCOUNT, message: 'Assign' }, 'message (or SdkMessage in row)'],
    ['a message in other letters', { ...ACCOUNT, message: 'update' }, 'message (or SdkMessage in row)'],
    ['no message', ACCOUNT, 'message (or SdkMessage in row)'],
    ['a row that is a list', { ...ACCOUNT, message: 'Update', row: [TRIGGER] }, 'row'],
    [
      'an organisation that is an address',
      { ...ACCOUNT, message: 'Update', organization: 'https://contoso.crm4.dynamics.com' },
      'organization',
    ],
    ['an object of something else', { id: ID, name: 'secret' }, 'The body'],
    ['nothing', {}, 'The body'],
  ])('%s', (_what, wire, member) => {
    const error = failureOf(() => read(wire));
    expect(error).toBeInstanceOf(ContextInvalid);
    expect(error).toMatchObject({ member, code: 'context-invalid', disposition: 'park' });
    expect(String(error)).not.toMatch(/Lakeside|secret|A-4711/);
    expect(String(error)).toMatch(/ must be (?:a|the|that|one|an) .{10,}; check what sent this body/);
  });

  test.each(['[]', 'null', '"table"', '7', '[{"table":"account"}]'])('%s is neither notice nor context', (body) => {
    const failure = failureOf(() => readPush(body, { contentType: 'application/json' }));
    expect(failure).toMatchObject({ code: 'context-invalid', member: 'The body' });
  });
});

describe('what a notice means', () => {
  const changeIn = (body: Buffer): RowChange => changeOfNotice(noticeIn(readPush(body)), { source: 'webhook', body });
  const changeOf = (wire: Wire): RowChange => changeIn(Buffer.from(JSON.stringify(wire)));

  test('that the row is to be read: none of its columns, and its version only to know a read that lags', () => {
    expect(changeIn(fixture('notices/update-account.json'))).toEqual({
      kind: 'patch',
      row: ACCOUNT,
      columns: new Map(),
      evidence: {
        kind: 'unconfirmed',
        key: expect.stringMatching(/^[\w-]{22}$/),
        committed: true,
        atLeast: { version: 4711083n, at: Date.UTC(2026, 2, 14, 9, 26, 53) / 1000 },
      },
      origin: { source: 'webhook', message: 'Update', occurredAtMs: Date.UTC(2026, 2, 14, 9, 26, 53) },
    });
  });

  test('or that it may be gone', () => {
    expect(changeIn(fixture('notices/delete-account.json'))).toEqual({
      kind: 'delete',
      row: ACCOUNT,
      evidence: { kind: 'unconfirmed', key: expect.any(String), committed: true },
      origin: { source: 'webhook', message: 'Delete' },
    });
  });

  test('a version counts only together with the time that it is of', () => {
    const known = { ...ACCOUNT, message: 'Update', version: '12', modifiedon: '2026-03-14T09:26:53.999Z' };
    expect(changeOf(known).evidence).toMatchObject({ atLeast: { version: 12n, at: 1773480413 } });
    for (const half of [without(known, 'version'), without(known, 'modifiedon')])
      expect(changeOf(half).evidence).not.toHaveProperty('atLeast');
    expect(changeOf(without(known, 'version')).origin.occurredAtMs).toBe(1773480413999);
    expect(changeOf(without(known, 'modifiedon')).origin).not.toHaveProperty('occurredAtMs');
  });

  test('the organisation goes along', () => {
    const { origin } = changeOf({ ...ACCOUNT, message: 'Update', organization: OTHER });
    expect(origin).toEqual({ source: 'webhook', message: 'Update', organizationId: OTHER });
  });

  test('the key is that of the body, row and message', () => {
    const keyOf = (text: string): unknown => {
      const { evidence } = changeIn(Buffer.from(text));
      return evidence.kind === 'unconfirmed' && evidence.key;
    };
    const plain = JSON.stringify({ ...ACCOUNT, message: 'Update' });
    const keys = [plain, `${plain} `, JSON.stringify({ ...ACCOUNT, message: 'Create' }), plain].map(keyOf);
    expect(new Set(keys).size).toBe(3);
    expect(keys[3]).toBe(keys[0]);
  });
});

describe('whatever is sent', () => {
  const json = fc.jsonValue({ maxDepth: 2 });
  const some = (value: unknown) => fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, json);
  const row = fc.record(
    {
      accountid: some(ID),
      activityid: json,
      ItemInternalId: some(ID),
      SdkMessage: some('Update'),
      RowVersion: some('12'),
      modifiedon: some('2026-03-14T09:26:53.5Z'),
      '@odata.type': some('#Microsoft.Dynamics.CRM.account'),
      __proto__: json,
    },
    { requiredKeys: [] },
  );
  const envelope = fc.record(
    {
      table: some('account'),
      message: some('Update'),
      id: some(ID),
      organization: some(OTHER),
      version: some('12'),
      row: fc.oneof(row, json),
    },
    { requiredKeys: ['table'] },
  );

  test('it is a notice of one row, or refused with an error of ours', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(envelope, row), (wire) => {
        try {
          const push = readPush(JSON.stringify(wire));
          const notice = noticeIn(push);
          accepted++;
          expect(NOTICE_MESSAGES).toContain(notice.message);
          expect(notice.row.table).toMatch(/^[a-z][a-z0-9_]*$/);
          expect(notice.row.id).toMatch(/^[0-9a-f-]{36}$/);
          expect(changeOfNotice(notice, { source: 'test', body: Buffer.from('') }).evidence).toMatchObject({
            committed: true,
          });
        } catch (error) {
          if (!(error instanceof OutboundError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
