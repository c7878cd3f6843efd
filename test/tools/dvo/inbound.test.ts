/**
 * Proves that `dvo mapping check --from-dataverse` tells what would keep a LOB system's changes from being written, and that
 * `dvo inbound` prints the committed contract and refuses messages that aren't as it says.
 */
import { ServiceBusClient } from '@azure/service-bus';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBroker } from '../../../local/broker/broker';
import { STANDARD_TABLES } from '../../../local/dataverse/metadata/standard-tables';
import { startDataverse, type Dataverse } from '../../../local/dataverse/simulator';
import { inboundRules } from '../../../shared/mapping/inbound-rules';
import type { FileInbound } from '../../../shared/mapping/inbound-schema';
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
    const lacks = ['prvReadnew_order', 'prvCreatenew_order', 'prvDeletenew_order', 'prvReadAccount'];
    dataverse.permit(dataverse.applicationUsers.get(WRITER.clientId) ?? '', { lacks });
    expect(await check(GOOD)).toEqual({ code: 0, said: [] });
    expect((await check(GOOD, writer)).said).toEqual([
      " can't be written: the application user lacks prvReadnew_order, prvCreatenew_order, prvDeletenew_order",
    ]);
    expect((await check('{ create: false, columns: { new_name: } }', writer)).said).toEqual([
      " can't be written: the application user lacks prvReadnew_order",
    ]);
  });

  test('steps that are left out need a privilege of their own', async () => {
    const bypassing = { INBOUND_BYPASS_STEPS: '7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3' };
    expect((await check(GOOD, bypassing)).said).toEqual([
      " can't be written: INBOUND_BYPASS_STEPS is set, and the application user lacks prvBypassCustomBusinessLogic",
    ]);
    dataverse.permit(dataverse.applicationUserId, { bypass: true });
    expect(await check(GOOD, bypassing)).toEqual({ code: 0, said: [] });
  });

  describe('privileges on a lead and the rows that it refers to', () => {
    const REFERS: Readonly<Record<string, readonly string[]>> = {
      ...{ parent: ['account'], customer: ['account', 'contact'], ownerid: ['owner'] },
    };
    const ALL = ['Read', 'Create', 'Write', 'Append', 'AppendTo', 'Assign'];
    const metadata = (table: string) => ({
      IsOptimisticConcurrencyEnabled: true,
      Privileges: ALL.map((PrivilegeType) => ({ PrivilegeType, Name: `prv${PrivilegeType}${table}` })),
      Keys: [{ KeyAttributes: ['code'], EntityKeyIndexStatus: 'Active' }],
      Attributes: Object.keys(REFERS).map((LogicalName) => ({ LogicalName })),
      ManyToOneRelationships: Object.entries(REFERS).flatMap(([ReferencingAttribute, tables]) =>
        tables.map((ReferencedEntity) => ({ ReferencingAttribute, ReferencedEntity })),
      ),
    });
    const definition: TableDefinition = {
      ...{ table: 'lead', entitySet: 'leads', primaryId: 'leadid', changeTracking: true },
      columns: new Map(Object.keys(REFERS).map((name) => [name, { name, type: 'lookup' }])),
    };

    /** What is said to whoever has these privileges. */
    async function said(columns: FileInbound['columns'], ...held: readonly string[]): Promise<readonly string[]> {
      const answerTo = (asked: string): unknown => {
        if (asked === 'WhoAmI') return { UserId: 'u' };
        if (asked.startsWith('systemusers(u)'))
          return { RolePrivileges: held.map((PrivilegeName) => ({ PrivilegeName })) };
        const table = /LogicalName='(\w+)'/.exec(asked)?.[1] ?? '';
        return ['lead', 'account', 'contact'].includes(table) ? metadata(table) : undefined;
      };
      const get = (asked: string) => {
        const answer = answerTo(asked);
        return answer === undefined
          ? Promise.reject(new Error(`${asked} is not there`))
          : Promise.resolve({ body: JSON.stringify(answer), dateMs: 0, sentMs: 0 });
      };
      const rules = inboundRules({ columns }, (name) => name);
      return (await inboundFindings([{ path: [], rules, definition }], { get })).map(({ text }) => text);
    }
    const lacking = (names: string) => [`can't be written: the application user lacks ${names}`];
    const LEAD = ['prvReadLead', 'prvCreateLead', 'prvWriteLead'];

    test('rows are read, as well as made and changed', async () =>
      expect(await said({}, 'prvCreateLead', 'prvWriteLead')).toEqual(lacking('prvReadlead')));

    test('a lookup needs Append, and Append To on the tables that it names; Read, where a key finds the row', async () => {
      const byId = { parent: { lookup: { account: null } } };
      const byKey = { customer: { lookup: { account: 'code', contact: null } } };
      expect(await said(byId, ...LEAD)).toEqual(lacking('prvAppendlead, prvAppendToaccount'));
      expect(await said(byId, ...LEAD, 'prvAppendLead', 'prvAppendToAccount')).toEqual([]);
      expect(await said({ ...byId, ...byKey }, ...LEAD, 'prvAppendLead')).toEqual(
        lacking('prvAppendToaccount, prvReadaccount, prvAppendTocontact'),
      );
    });

    test('a lookup that names no tables needs Append To on one of those that it refers to', async () => {
      expect(await said({ parent: null }, ...LEAD, 'prvAppendLead')).toEqual(lacking('prvAppendToaccount'));
      expect(await said({ customer: null }, ...LEAD, 'prvAppendLead')).toEqual(
        lacking('prvAppendToaccount or prvAppendTocontact'),
      );
      expect(await said({ customer: null }, ...LEAD, 'prvAppendLead', 'prvAppendToContact')).toEqual([]);
      expect(await said({ customer: 'dataverse' }, ...LEAD)).toEqual([]);
    });

    test('an owner needs Assign, and nothing on users and teams', async () => {
      expect(await said({ ownerid: null }, ...LEAD)).toEqual(lacking('prvAssignlead'));
      expect(await said({ ownerid: { lookup: { team: null } } }, ...LEAD, 'prvAssignLead')).toEqual([]);
    });

    test('a table that isn’t there, or that the lookup doesn’t refer to, is asked nothing', async () =>
      expect(await said({ parent: { lookup: { acount: 'code' } } }, ...LEAD, 'prvAppendLead')).toEqual([
        'is no table of this lookup; these are: account',
      ]));
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
    expect(await send(`\ufeff${message()}`)).toEqual({ code: 0, out: '1 message, no faults\n', err: '' });
  });

  test.each<readonly [from: string, input: string | Uint8Array, fault: string]>([
    ['/nowhere', '', "can't read /nowhere (ENOENT)"],
    ['-', '', 'there is no message: give one, a list, or one on each line'],
    ['-', ' \n', 'there is no message: give one, a list, or one on each line'],
    ['-', '[]', 'there is no message: give one, a list, or one on each line'],
    ['-', Buffer.from('{"id":"Ä"}', 'latin1'), 'messages must be in UTF-8'],
    ['-', '['.repeat(40) + ']'.repeat(40), 'message 1: nested too deep'],
  ])('send %s %j: %s', async (from, input, fault) =>
    expect(await dvo(['inbound', 'send', from], input)).toEqual({ code: 64, out: '', err: `dvo: ${fault}\n` }),
  );

  test('send to a queue with sessions: a row has one, with the digits of its key', async () => {
    const broker = await startBroker({ queues: { changes: { requiresSession: true } } });
    const client = new ServiceBusClient(broker.connectionString);
    const key = '{"new_lobid":"A-1","new_line":12345678901234567,"new_rate":1.50,"new_open":true}';
    const messages = path.join(folder, 'm.json');
    writeFileSync(file, 'tables: { account: { inbound: { columns: { name: } } } }');
    writeFileSync(messages, `{"id":"m","table":"account","op":"upsert","key":${key},"columns":{"name":"Ada"}}`);
    const storage = 'UseDevelopmentStorage=true';
    const settings = {
      ...{ MAPPING_FILE: file, LOB_STORAGE: storage, AzureWebJobsStorage: storage },
      ...{ ServiceBusConnection: broker.connectionString, INBOUND_QUEUE: 'changes', INBOUND_QUEUE_SESSIONS: 'true' },
    };
    try {
      expect(await dvoAgainst(dataverse, ['inbound', 'send', messages], settings)).toEqual({
        ...{ code: 0, out: '1 message sent to queue changes\n', err: '' },
      });
      const { sessionId } = await client.acceptNextSession('changes');
      expect(sessionId).toBe('account A-1 12345678901234567 1.50 true');
    } finally {
      await client.close();
      await broker.close();
    }
  });
});
