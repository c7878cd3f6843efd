/**
 * Proves, against the simulator, that `dvo tracking` shows for which tables change
 * tracking is on, enables it where that is possible, and says what it did or why not; and that a pull then works.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startDataverse, type Dataverse } from '../../../local/dataverse/simulator';
import { STANDARD_TABLES } from '../../../local/dataverse/metadata/standard-tables';
import { enableTracking } from '../../../shared/dataverse/table-tracking';
import { dvoAgainst } from './against-simulator';
import type { Ran } from './terminal';

let dataverse: Dataverse;

beforeEach(async () => {
  const fixed = { changeTracking: false, changeTrackingAllowed: false };
  const tables = STANDARD_TABLES.map((table) => (table.logicalName === 'lead' ? { ...table, ...fixed } : table));
  dataverse = await startDataverse({ tables });
});
afterEach(() => dataverse.close());

const dvo = (args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  dvoAgainst(dataverse, ['tracking', ...args], settings);

const isOn = (name: string): boolean | undefined =>
  dataverse.tables.find(({ logicalName }) => logicalName === name)?.changeTracking;

describe('show', () => {
  test('the tables that are kept in step', async () => {
    const { code, out } = await dvo(['show'], { SYNC_TABLES: 'account,new_note,lead' });
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toEqual([
      'table     change tracking',
      'account   on',
      'new_note  off: dvo tracking enable new_note',
      "lead      off, and can't be enabled",
    ]);
  });

  test('a table that is not there: the others are shown, exit code 1', async () => {
    const { code, out, err } = await dvo(['show', 'account', 'acount']);
    expect([code, out]).toEqual([1, expect.stringMatching(/^account +on$/m)]);
    expect(out).toMatch(/^acount +no such table, or this user may not see it$/m);
    expect(err).toMatch(/^dvo: table-unknown: Dataverse has no table acount/);
  });

  test('who did not say how to sign in is told of az login; who did is not', async () => {
    const nobody = { DATAVERSE_TENANT_ID: '', DATAVERSE_CLIENT_ID: '', DATAVERSE_CLIENT_SECRET: '' };
    const missing = 'DATAVERSE_CLIENT_SECRET is missing: DATAVERSE_AUTH=client-secret needs it';
    expect(await dvo(['show', 'account'], nobody)).toMatchObject({
      code: 64,
      err: expect.stringContaining(`${missing}; or set DATAVERSE_AUTH=azure-cli`),
    });
    for (const settings of [{ ...nobody, DATAVERSE_AUTH: 'client-secret' }, { DATAVERSE_URL: '' }])
      expect((await dvo(['show', 'account'], settings)).err).not.toContain('azure-cli');
  });

  test('no table is named anywhere: called wrongly', async () => {
    expect(await dvo(['show'], { SYNC_TABLES: '' })).toMatchObject({
      code: 64,
      err: expect.stringContaining('SYNC_TABLES'),
    });
  });
});

describe('enable', () => {
  test('changes, publishes, reads again; a second time there is nothing to do', async () => {
    expect(await dvo(['enable', 'new_note', 'account', '--yes'])).toMatchObject({
      code: 0,
      out: 'new_note: change tracking is on\naccount: change tracking was on already\n',
      err: '',
    });
    expect(isOn('new_note')).toBe(true);
    const { requests } = dataverse.stats().webApi;
    expect((await dvo(['enable', 'new_note', '--yes'])).out).toBe('new_note: change tracking was on already\n');
    expect(dataverse.stats().webApi.requests).toBe(requests + 1);
  });

  test('asks first, and names the environment', async () => {
    const { code, err } = await dvo(['enable', 'new_note']);
    expect([code, isOn('new_note')]).toEqual([64, false]);
    expect(err).toContain(`Enable change tracking for new_note in ${new URL(dataverse.url).host}?`);
  });

  test('what is not possible is said for each; the others are enabled; exit code 1', async () => {
    const { code, out, err } = await dvo(['enable', 'lead', 'nothing', 'new_note', '--yes']);
    expect([code, out]).toEqual([1, 'new_note: change tracking is on\n']);
    expect(err).toMatch(/^lead: Dataverse doesn't allow change tracking for table lead/m);
    expect(err).toMatch(/^nothing: Dataverse has no table nothing/m);
    expect(err).toMatch(/was not enabled, or the result is unknown: lead, nothing\.$/m);
    expect(isOn('lead')).toBe(false);
  });

  test.each([
    ['the change', 'EntityDefinitions', 'PUT'],
    ['publishing', 'PublishXml', 'POST'],
  ])('%s is refused for want of a privilege: which ones it takes', async (_what, path, method) => {
    dataverse.failNext(1, 403, { path, method });
    const { code, err } = await dvo(['enable', 'new_note', '--yes']);
    expect([code, isOn('new_note')]).toEqual([1, false]);
    expect(err).toMatch(
      new RegExp(`^new_note: ${method} .*answered 403: .*prvWriteEntity.*prvPublishCustomization`, 'm'),
    );
  });

  test('no answer to the change: not sent again', async () => {
    dataverse.failNext(1, 'reset', { method: 'PUT' });
    const { requests } = dataverse.stats().webApi;
    expect(await dvo(['enable', 'new_note', '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/answered nothing/),
    });
    expect(dataverse.stats().webApi.requests).toBe(requests + 2);
  });

  test('called wrongly', async () => {
    expect((await dvo(['enable'])).code).toBe(64);
    expect(await dvo(['enable', 'x</entity>'])).toMatchObject({
      code: 64,
      err: expect.stringContaining('logical table name'),
    });
    expect(await dvo(['enable', 'account'], { DATAVERSE_URL: '' })).toMatchObject({ code: 64 });
  });
});

test('a definition that does not show it after publishing is no success', async () => {
  const changed: string[] = [];
  const api = {
    getCurrent: () => Promise.resolve({ body: '{"ChangeTrackingEnabled":false,"Other":[1]}', dateMs: 0, sentMs: 0 }),
    change: (method: string, path: string, body: unknown, headers = {}) => {
      changed.push(`${method} ${path} ${JSON.stringify([body, headers])}`);
      return Promise.resolve();
    },
  };
  await expect(enableTracking(api, 'account')).rejects.toMatchObject({ code: 'tracking-unconfirmed' });
  expect(changed).toEqual([
    `PUT EntityDefinitions(LogicalName='account') [{"ChangeTrackingEnabled":true,"Other":[1]},{"MSCRM.MergeLabels":"true"}]`,
    'POST PublishXml [{"ParameterXml":"<importexportxml><entities><entity>account</entity></entities></importexportxml>"},{}]',
  ]);
});
