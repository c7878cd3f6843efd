/**
 * Proves that `dvo mapping` tells every fault of a file with its place, asks the environment what only it knows, drafts a
 * file that is valid as it stands and never overwrites one. The environment is the simulator.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findingsOf } from '../../../tools/dvo/mapping/against-dataverse';
import { mappingDraft } from '../../../tools/dvo/mapping/draft';
import { startDataverse, type Dataverse } from '../../../local/dataverse/simulator';
import { TableTypeUnsupported } from '../../../shared/mapping/table-type';
import { TableUnknown } from '../../../shared/dataverse/metadata';
import { WebApiError } from '../../../shared/dataverse/web-api';
import type { TableDefinition } from '../../../shared/mapping/table-definition';
import { readMapping } from '../../../shared/mapping/read-mapping';
import { faultsOf, mappingOf } from '../../mapping/mappings';
import { dvoAgainst } from './against-simulator';
import type { Ran } from './terminal';

let dataverse: Dataverse;
const folder = mkdtempSync(path.join(tmpdir(), 'dvo-mapping-'));

beforeAll(async () => {
  dataverse = await startDataverse();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await dataverse.close();
});

function file(name: string, content: string): string {
  writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
}

const dvo = (args: readonly string[], settings: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  dvoAgainst(dataverse, ['mapping', ...args], settings);

describe('dvo mapping check', () => {
  test('a file without faults, by its name or by the setting; the key of hashed columns is only noted', async () => {
    const path = file(
      'good.yaml',
      'tables: { account: { columns: { name: { redact: hash } } } }\nevents: { new_X: , new_Y: }',
    );
    const out = `${path}: 1 table, 0 links, 2 events, no faults\n`;
    expect(await dvo(['check', path])).toEqual({ code: 0, out, err: expect.stringMatching(/^note: .*REDACTION_KEY/) });
    expect(await dvo(['check'], { MAPPING_FILE: path })).toMatchObject({ code: 0, out });
  });

  test('faults: each on a line with its place, exit code 1; those of the settings too', async () => {
    const path = file('bad.yaml', 'tabels: {}\nnewColumns: no');
    expect(await dvo(['check', path])).toEqual({
      ...{ code: 1, out: '' },
      err: [
        'bad.yaml:1:1 tabels is no known key; did you mean tables?',
        'bad.yaml:2:13 newColumns must be one of backfill, add',
        `dvo: ${path} has 2 faults.\n`,
      ].join('\n'),
    });
    const twin = file('twin.yaml', 'tables: { account: { target: contact } }');
    expect(await dvo(['check', twin], { SYNC_TABLES: 'account,contact' })).toMatchObject({
      ...{ code: 1, out: '' },
      err: expect.stringContaining(
        "SYNC_TABLES can't hold contact: its Azure table would have the same name as that of account",
      ),
    });
  });

  test('called wrongly: exit code 64', async () => {
    expect(await dvo(['check'])).toMatchObject({ code: 64, err: expect.stringContaining('MAPPING_FILE') });
    expect(
      await dvo(['check', file('x.yaml', 'tables: { account: }'), '--from-dataverse'], { DATAVERSE_URL: '' }),
    ).toMatchObject({
      ...{ code: 64, err: expect.stringContaining('DATAVERSE_URL is missing') },
    });
    expect(await dvo(['check', 'none.yaml'])).toMatchObject({ code: 64, err: 'dvo: there is no file none.yaml\n' });
    for (const asked of [['--help'], ['check', '--help'], ['init', '--help'], ['schema', '--help']])
      expect(await dvo(asked)).toMatchObject({ code: 0, out: expect.stringContaining('Usage: dvo mapping') });
  });

  test('against the environment: what its metadata knows', async () => {
    const path = file(
      'environment.yaml',
      `tables:
  acount:
  account:
    columns: { nmae: keep, revenue: { as: integer }, creditlimit: { as: double }, name: { label: none } }
    filter: { statecode: 7, donotemail: { eq: 1 }, revenue: { gte: 1000 } }
links: { account_leads: }
events: { new_X: }
`,
    );
    const { code, out, err } = await dvo(['check', path, '--from-dataverse']);
    expect([code, out]).toEqual([1, '']);
    expect(err.split('\n')).toEqual([
      "warning: environment.yaml:4:43 tables.account.columns.revenue.as parks each row whose value can't be integer: the column is of type money",
      "warning: environment.yaml:4:73 tables.account.columns.creditlimit.as loses digits: the column is of type money, which a double can't hold exactly",
      'warning: environment.yaml:5:26 tables.account.filter.statecode compares with 7, which is not one of its choices: 0 Active, 1 Inactive',
      'environment.yaml:2:3 tables.acount is no table in this environment, or the application user may not see it',
      'environment.yaml:4:16 tables.account.columns.nmae is no column of account; did you mean name?',
      'environment.yaml:4:98 tables.account.columns.name.label is for choices only',
      "environment.yaml:5:41 tables.account.filter.donotemail can't be compared by eq with this value: the column is of type boolean",
      'environment.yaml:6:10 links.account_leads is no relationship in this environment',
      'environment.yaml:7:11 events.new_X is no message in this environment',
      `dvo: ${path} has 6 faults.`,
      '',
    ]);
    const good = file('fits.yaml', 'tables: { account: { columns: { name: Title }, filter: { statecode: 0 } } }');
    expect(await dvo(['check', good, '--from-dataverse'])).toMatchObject({ code: 0, err: '' });
  });
});

describe('dvo mapping init', () => {
  test('drafts every column with its type and choices; the draft is valid and keeps everything', async () => {
    const { code, out, err } = await dvo(['init', '--from-dataverse', 'account', 'contact']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(
      '      customertypecode: keep # choice: 1 Competitor, 2 Consultant, 3 Customer, 4 Investor, 5 Partner\n',
    );
    expect(out).toContain("      accountid: keep # guid, the row's id\n");
    expect(out).not.toContain('versionnumber');
    expect(mappingOf(out).tables).toEqual(['account', 'contact']);
    expect(await dvo(['check', file('draft.yaml', out), '--from-dataverse'])).toMatchObject({ code: 0, err: '' });
  });

  test('--out writes a new file only', async () => {
    const out = path.join(folder, 'new.yaml');
    expect(await dvo(['init', '--from-dataverse', 'lead', '--out', out])).toMatchObject({ code: 0, out: '' });
    const written = readFileSync(out, 'utf8');
    expect(faultsOf(written)).toEqual([]);
    expect(await dvo(['init', '--from-dataverse', 'contact', '--out', out])).toMatchObject({
      ...{ code: 64, err: expect.stringContaining('already exists and was not overwritten') },
    });
    expect(readFileSync(out, 'utf8')).toBe(written);
  });

  test('a table that is not there', async () =>
    expect(await dvo(['init', '--from-dataverse', 'none'])).toMatchObject({
      ...{ code: 1, out: '', err: expect.stringContaining('table-unknown') },
    }));

  test('an image is left out of the draft, its address is not', () => {
    const definitions = [
      { name: 'photo', type: 'bytes' } as const,
      { name: 'photo_url', type: 'string', partOf: 'photo' } as const,
    ];
    const draft = mappingDraft([{ ...SHIPMENT, columns: new Map(definitions.map((column) => [column.name, column])) }]);
    expect(draft).toContain('      photo: drop # bytes\n      photo_url: keep # string\n');
  });

  test('a label can not break out of its comment', () => {
    const labels = new Map([
      [1, 'a\nb: x\u2028# c'],
      [64, 'x'.repeat(500)],
    ]);
    const draft = mappingDraft([{ ...SHIPMENT, columns: new Map([['x', { name: 'x', type: 'choice', labels }]]) }]);
    expect(faultsOf(draft)).toEqual([]);
    expect(Math.max(...draft.split('\n').map((line) => line.length))).toBeLessThan(240);
    expect(draft).toContain('Change tracking is off');
  });
});

test('dvo mapping schema prints the committed schema', async () =>
  expect(await dvo(['schema'])).toEqual({ code: 0, out: readFileSync('docs/mapping.schema.json', 'utf8'), err: '' }));

const SHIPMENT: TableDefinition = {
  ...{ table: 'new_shipment', entitySet: 'new_shipments', primaryId: 'new_shipmentid', changeTracking: false },
  columns: new Map(),
};

describe('links, messages and change tracking', () => {
  const answers: Readonly<Record<string, unknown>> = {
    "RelationshipDefinitions(SchemaName='accountleads_association')?$select=SchemaName,RelationshipType": {
      RelationshipType: 'ManyToManyRelationship',
    },
    "RelationshipDefinitions(SchemaName='account_contacts')?$select=SchemaName,RelationshipType": {
      RelationshipType: 'OneToManyRelationship',
    },
    "sdkmessages?$select=name&$filter=name eq 'new_ShipOrder'": { value: [{ name: 'new_ShipOrder' }] },
  };
  const api = {
    get: (request: string) => {
      const answer = answers[request];
      return answer === undefined
        ? Promise.reject(new WebApiError(`GET ${request}`, 404, '0x80060888', 'not found'))
        : Promise.resolve({ body: JSON.stringify(answer), dateMs: 0, sentMs: 0 });
    },
  };
  const findings = async (content: string): Promise<readonly string[]> => {
    const read = readMapping('m.yaml', content);
    if (!read.ok) throw new Error(read.faults.join());
    const get = (table: string) =>
      table === SHIPMENT.table
        ? Promise.resolve(SHIPMENT)
        : Promise.reject(
            table === 'new_reading' ? new TableTypeUnsupported(table, 'elastic') : new TableUnknown(table),
          );
    return (await findingsOf(read.file, api, { get })).map(read.at);
  };

  test('what there is has no finding', async () =>
    expect(await findings('links: { accountleads_association: }\nevents: { new_ShipOrder: }')).toEqual([]));
  test('a relationship that is no N:N, and one that is not there', async () =>
    expect(await findings('links: { account_contacts: , a_b: }')).toEqual([
      'm.yaml:1:10 links.account_contacts is no N:N relationship: its lookup column holds the link',
      'm.yaml:1:30 links.a_b is no relationship in this environment',
    ]));
  test('a table whose rows can not be kept in step', async () =>
    expect(await findings('tables: { new_reading: }')).toEqual([
      "m.yaml:1:11 tables.new_reading can't be kept in step: the table is elastic",
    ]));
  test('a table without change tracking', async () =>
    expect(await findings('tables: { new_shipment: }')).toEqual([
      expect.stringMatching(/tables\.new_shipment can't be pulled: its change tracking is off$/),
    ]));
  test('an environment that does not answer is no finding', async () =>
    expect(findings('events: { new_Other: }')).rejects.toThrow('not found'));
});
