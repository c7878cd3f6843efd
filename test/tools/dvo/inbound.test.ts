/**
 * Proves that `dvo mapping check --from-dataverse` tells what would keep a LOB system's changes from being written, and that
 * `dvo inbound` prints the committed contract and refuses messages that aren't as it says.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { STANDARD_TABLES } from '../../../local/dataverse/metadata/standard-tables';
import { startDataverse, type Dataverse } from '../../../local/dataverse/simulator';
import { inboundRules } from '../../../shared/mapping/inbound-rules';
import type { TableDefinition } from '../../../shared/mapping/table-definition';
import { inboundFindings } from '../../../tools/dvo/mapping/inbound-findings';
import { BILLS, ORDERS } from '../../inbound/order-table';
import { dvoAgainst } from './against-simulator';
import { dvo } from './terminal';

const WRITER = { clientId: '5f9d7c1e-2f55-4b0d-8f5f-6d3b7d9a1c01', clientSecret: 'writer', name: '# Inbound' };
const folder = mkdtempSync(path.join(tmpdir(), 'dvo-inbound-'));
const file = path.join(folder, 'm.yaml');
let dataverse: Dataverse;

beforeAll(async () => {
  dataverse = await startDataverse({ tables: [...STANDARD_TABLES, ORDERS, BILLS], applications: [WRITER] });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await dataverse.close();
});
beforeEach(() => {
  for (const id of dataverse.applicationUsers.values()) dataverse.permit(id, {});
  dataverse.setKeyStatus('new_order', 'new_LobKey', 'Active');
});

/** What checking says of a section for orders. */
async function check(section: string, settings: Readonly<Record<string, string>> = {}) {
  writeFileSync(file, `tables: { new_order: { inbound: ${section} } }`);
  const { code, err } = await dvoAgainst(dataverse, ['mapping', 'check', file, '--from-dataverse'], settings);
  return {
    code,
    said: err
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('dvo:'))
      .map((line) => line.replace(/^.*?m\.yaml:[\d:]+ tables\.new_order\.inbound\.?/, '')),
  };
}

describe('dvo mapping check --from-dataverse', () => {
  const GOOD =
    '{ key: new_lobid, delete: true, columns: { new_name: , new_payer: , new_previous: { lookup: { new_order: new_lobid } } } }';
  test('a section that can be used', async () => expect(await check(GOOD)).toEqual({ code: 0, said: [] }));

  test('keys: there are none of these columns; the index isn’t there yet, or failed', async () => {
    expect(await check('{ key: [new_lobid, new_name], columns: { new_name: } }')).toEqual({
      ...{ code: 1, said: ['key is no alternate key of new_order: define one of new_lobid, new_name'] },
    });
    dataverse.setKeyStatus('new_order', 'new_LobKey', 'Pending');
    expect((await check(GOOD)).said).toEqual([
      "key can't be used: the index of the key of new_order is Pending; wait until it is built",
      "columns.new_previous.lookup.new_order can't be used: the index of the key of new_order is Pending; wait until it is built",
    ]);
    dataverse.setKeyStatus('new_order', 'new_LobKey', 'Failed');
    expect((await check('{ key: new_lobid, columns: { new_name: } }')).said).toEqual([
      "key can't be used: the index of the key of new_order is Failed; remove duplicates and reactivate it",
    ]);
    expect(await check('{ key: [new_line, new_lobid], columns: { new_name: } }')).toEqual({ code: 0, said: [] });
  });

  test('columns: unknown ones, and those that nobody can write', async () =>
    expect(
      await check('{ columns: { new_nme: , new_orderid: , new_limit_base: , new_name: { lookup: { account: } } } }'),
    ).toMatchObject({
      code: 1,
      said: expect.arrayContaining([
        'columns.new_nme is no column of new_order',
        'columns.new_name.lookup is for lookups only',
      ]),
    }));

  test('lookups: tables that they don’t refer to, and keys that these don’t have', async () =>
    expect((await check('{ columns: { new_payer: { lookup: { lead: , account: accountnumber } } } }')).said).toEqual([
      'columns.new_payer.lookup.lead is no table of this lookup; these are: account, contact',
      'columns.new_payer.lookup.account is no alternate key of account: define one of accountnumber',
    ]));

  test('owners are users and teams', async () => {
    expect(await check('{ columns: { ownerid: { lookup: { systemuser: , team: } } } }')).toEqual({ code: 0, said: [] });
    expect((await check('{ columns: { ownerid: { lookup: { account: } } } }')).said).toEqual([
      'columns.ownerid.lookup.account is no table of this lookup; these are: systemuser, team',
    ]);
  });

  test('privileges are those of whoever writes', async () => {
    const writer = {
      INBOUND_DATAVERSE_CLIENT_ID: WRITER.clientId,
      INBOUND_DATAVERSE_CLIENT_SECRET: WRITER.clientSecret,
    };
    const lacks = ['prvCreatenew_order', 'prvDeletenew_order', 'prvReadAccount'];
    dataverse.permit(dataverse.applicationUsers.get(WRITER.clientId) ?? '', { lacks });
    expect(await check(GOOD)).toEqual({ code: 0, said: [] });
    expect((await check(GOOD, writer)).said).toEqual([
      " can't be written: the application user lacks prvCreatenew_order, prvDeletenew_order",
    ]);
    expect(await check('{ create: false, columns: { new_name: } }', writer)).toEqual({ code: 0, said: [] });
  });

  test('a lookup needs Append on the table and Append To on those it names', async () => {
    const privileges = (table: string) =>
      ['Create', 'Write', 'Append', 'AppendTo'].map((PrivilegeType) => ({
        PrivilegeType,
        Name: `prv${PrivilegeType}${table}`,
      }));
    const metadata = (table: string) => ({
      ...{ IsOptimisticConcurrencyEnabled: true, Privileges: privileges(table), Keys: [] },
      Attributes: [{ LogicalName: 'parent' }],
      ManyToOneRelationships: [{ ReferencingAttribute: 'parent', ReferencedEntity: 'account' }],
    });
    const RolePrivileges = ['prvCreateLead', 'prvWriteLead'].map((PrivilegeName) => ({ PrivilegeName }));
    const answerTo = (asked: string): unknown => {
      if (asked === 'WhoAmI') return { UserId: 'u' };
      return asked.startsWith('systemusers(u)')
        ? { RolePrivileges }
        : metadata(asked.includes('account') ? 'Account' : 'Lead');
    };
    const get = (asked: string) => Promise.resolve({ body: JSON.stringify(answerTo(asked)), dateMs: 0, sentMs: 0 });
    const definition: TableDefinition = {
      ...{ table: 'lead', entitySet: 'leads', primaryId: 'leadid', changeTracking: true },
      columns: new Map([['parent', { name: 'parent', type: 'lookup' }]]),
    };
    const rules = inboundRules({ columns: { parent: { lookup: { account: null } } } }, (name) => name);
    expect((await inboundFindings([{ path: [], rules, definition }], { get })).map(({ text }) => text)).toEqual([
      "can't be written: the application user lacks prvAppendLead, prvAppendToAccount",
    ]);
  });

  test('a table without optimistic concurrency: only a warning', async () => {
    writeFileSync(file, 'tables: { new_bill: { inbound: { key: new_lobid, columns: { new_name: } } } }');
    expect(await dvoAgainst(dataverse, ['mapping', 'check', file, '--from-dataverse'])).toMatchObject({
      ...{ code: 0, err: expect.stringMatching(/^warning: .*new_bill\.inbound is written without versions/) },
    });
  });
});

describe('dvo inbound', () => {
  test('schema: the committed contracts', async () => {
    for (const [flags, committed] of [
      [[], 'docs/inbound.schema.json'],
      [['--openapi'], 'docs/inbound.openapi.json'],
    ] as const)
      expect(await dvo(['inbound', 'schema', ...flags])).toEqual({
        code: 0,
        out: readFileSync(committed, 'utf8'),
        err: '',
      });
  });

  test('send --dry-run: one message, a list, or one on each line; every fault is told, and no value', async () => {
    const message = (of: object = {}) =>
      JSON.stringify({
        id: 'm',
        table: 'account',
        op: 'update',
        rowId: '7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3',
        columns: { name: 'S3cret' },
        ...of,
      });
    const send = (input: string) => dvo(['inbound', 'send', '-', '--dry-run'], input);
    expect(await send(message())).toEqual({ code: 0, out: '1 message, no faults\n', err: '' });
    expect(await send(`[${message()},${message()}]`)).toMatchObject({ out: '2 messages, no faults\n' });
    expect(await send(`${message()}\n\n${message()}\n${message()}`)).toMatchObject({ out: '3 messages, no faults\n' });
    const { code, err } = await send(`${message({ op: 'upsrt' })}\n${message()}\n${message({ key: {} })}`);
    expect(code).toBe(64);
    expect(err).toMatch(/message 1: .*op must be one of[^]*message 3: .*either key or rowId/);
    expect(err).not.toContain('S3cret');
    expect(await send('{"id"')).toMatchObject({ code: 64, err: expect.stringContaining('line 1 is no JSON') });
  });
});
