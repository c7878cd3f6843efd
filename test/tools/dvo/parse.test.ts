// Proves: `dvo parse` prints the changes of a context, explains it in words, and ends with the exit code and the one line
// that say what to do when it can't.
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, fixture } from '../../context/fixture-files';
import { dvo } from './terminal';

const file = (name: string): string => path.resolve(__dirname, '../../fixtures', name);

const parsed = (out: string): unknown => JSON.parse(out);

describe('dvo parse', () => {
  test('prints the row changes as JSON', async () => {
    const { code, out, err } = await dvo(['parse', file('update-account-server-offset.json')]);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(parsed(out)).toMatchObject([
      {
        kind: 'patch',
        row: { table: 'account', id: 'e48664d8-dbdd-43be-8d96-c02d26fc1d54' },
        evidence: { kind: 'event', at: 1768508998, isTrusted: true },
        origin: { source: 'cli', occurredAtMs: 1768509000000 },
        columns: {
          modifiedon: { kind: 'instant', epochMs: 1768508998000 },
          new_localtime: { kind: 'offsetTime', epochMs: 1768508998000, offsetMinutes: -360 },
        },
      },
    ]);
  });

  test('a date that is yet to come proves nothing', async () => {
    const year = 365 * 86_400_000;
    const future = fixture('update-contact.json')
      .toString()
      .replaceAll(/Date\((\d+)/g, (_, ms: string) => `Date(${Number(ms) + 100 * year}`);
    const { out } = await dvo(['parse', '-'], future);
    expect(parsed(out)).toMatchObject([{ evidence: { kind: 'event', isTrusted: false } }]);
  });

  test('reads standard input', async () => {
    const { code, out } = await dvo(['parse', '-'], fixture('delete-account.json'));
    expect(code).toBe(0);
    expect(parsed(out)).toMatchObject([{ kind: 'delete' }]);
  });

  test('takes a format for granted, or finds it', async () => {
    const [xml, binary, json] = ['xml', 'msbin1', 'json'].map((form) => file(`delete-account.${form}`));
    const found = await dvo(['parse', xml ?? '']);
    expect(parsed(found.out)).toMatchObject([{ kind: 'delete' }]);
    expect((await dvo(['parse', '--format', 'xml', xml ?? ''])).out).toBe(found.out);
    expect((await dvo(['parse', '--format', 'binary', binary ?? ''])).code).toBe(0);
    for (const [format, wrong, code] of [
      ['xml', json, 'xml-invalid'],
      ['xml', binary, 'xml-invalid'],
      ['binary', json, 'binary-invalid'],
      ['binary', xml, 'binary-invalid'],
      ['json', binary, 'json-invalid'],
    ]) {
      const refused = await dvo(['parse', '--format', format ?? '', wrong ?? '']);
      expect(refused.code).toBe(1);
      expect(refused.err).toMatch(new RegExp(`^dvo: ${code}: [^\\n]+\\n$`));
    }
  });

  test('keeps digits, and columns whose names are special', async () => {
    const body = fixture('create-account.json').toString('utf8').replace('"key":"exchangerate"', '"key":"__proto__"');
    const { out } = await dvo(['parse', '-'], body);
    expect(out).toContain('"__proto__": {\n        "kind": "number",\n        "text": "1.10"');
  });

  test('takes an image as the full row, and a truncation on the word of the sender', async () => {
    const image = await dvo(['parse', '--full-image', 'After', file('update-contact.json')]);
    expect(parsed(image.out)).toMatchObject([{ kind: 'snapshot', columns: { donotphone: { kind: 'boolean' } } }]);
    const truncated = await dvo(['parse', '--truncated', file('update-contact.json')]);
    expect(parsed(truncated.out)).toMatchObject([{ kind: 'patch', columns: {}, evidence: { isTrusted: false } }]);
  });

  test('--full prints the context with its parents too', async () => {
    const { code, out } = await dvo(['parse', '--full', file('update-account-three-parents.json')]);
    expect(code).toBe(0);
    expect(parsed(out)).toMatchObject({
      context: {
        message: 'Update',
        inputParameters: { Target: { kind: 'row' } },
        parent: { parent: { parent: { parent: null } } },
      },
      changes: [{ kind: 'patch' }],
    });
  });
});

describe('dvo parse --explain', () => {
  test.each<[string, string, RegExp[]]>([
    [
      'an update',
      'update-contact.json',
      [
        /^Update of contact 445649e8/,
        /asynchronous/,
        /2026-04-02T13:05:11/,
        /patch of 6 columns: telephone1/,
        /2026-04-02T13:05:10Z by modifiedon/,
        /Before \(row of contact, 7/,
        /parents +1 deep/,
        /warnings +none/,
      ],
    ],
    [
      'a synchronous create',
      'create-lead-sync.json',
      [/synchronous: sent inside its transaction/, /none \(unconfirmed\)/, /"Contoso webhook: lead created"/],
    ],
    [
      'emptied columns',
      'update-contact-emptied.json',
      [/patch of 10 columns: telephone1 \(emptied\), description \(emptied\), new_regions \(emptied\)/, /, new_code, /],
    ],
    ['an image', 'update-contact-image.json', [/: entityimage \(an image\), entityimageid, /, /the row is read/]],
    ['a delete', 'delete-account.json', [/the row was deleted/, /never new/]],
    [
      'one that was too big',
      'update-account-oversize.json',
      [/parameters +removed/, /members-removed/, /without columns/],
    ],
    ["a server's offset", 'update-account-server-offset.json', [/offset-trap: .*-06:00/, /2026-01-15T20:30:00Z/]],
    ['three parents', 'update-account-three-parents.json', [/parents +3 deep/]],
  ])('%s', async (_, name, expected) => {
    const { code, out } = await dvo(['parse', '--explain', file(name)]);
    expect(code).toBe(0);
    for (const words of expected) expect(out).toMatch(words);
  });

  test.each(['json', 'xml', 'msbin1'])(
    'a row of an elastic table in %s: what it is, and why it is refused',
    async (form) => {
      const { code, out, err } = await dvo(['parse', '--explain', file(`create-reading-elastic.${form}`)]);
      expect([code, out]).toEqual([1, expect.stringMatching(/^Create of new_sensorreading/)]);
      expect(out).not.toContain('Will be handled');
      expect(err).toMatch(
        /^dvo: table-type-unsupported: Table new_sensorreading is elastic, so it can't be kept in step: .+\n$/,
      );
    },
  );

  test.each([
    ['update-contact.json', 'JSON'],
    ['update-contact.xml', 'text XML'],
    ['update-contact.msbin1', '.NET binary XML'],
    ['create-lead-sync.string-body.msbin1', 'JSON, as text inside .NET binary XML'],
  ])('%s is in %s', async (name, form) => {
    const { code, out } = await dvo(['parse', '--explain', file(name)]);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^  format +${form.replace('.', '\\.')}$`, 'm'));
  });

  test('names columns and never their values', async () => {
    const { out } = await dvo(['parse', '--explain', file('create-account.json')]);
    expect(out).toContain('accountnumber');
    for (const value of ['Contoso Harbour', '250000.0000', 'amara@contoso.example']) expect(out).not.toContain(value);
  });

  test('a snapshot', async () => {
    const { out } = await dvo(['parse', '--explain', '--full-image', 'After', file('update-contact.json')]);
    expect(out).toMatch(/all 8 columns of the row/);
  });

  test('a part that is bad does not hide the rest', async () => {
    const body = changed('update-contact', { ParentContext: { MessageName: 'Update' } });
    const { code, out } = await dvo(['parse', '--explain', '-'], body);
    expect(code).toBe(0);
    expect(out).toMatch(/parents +can't be read: ParentContext\.Stage/);
    expect(out).toMatch(/a patch of 6 columns/);
  });
});

describe('what can not be parsed', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'body-empty'],
    ['half a body', fixture('update-contact.json').toString('utf8').slice(0, 500), 'json-invalid'],
    ['another object', '{"a":1}', 'context-invalid'],
    ['a row id that is none', changed('delete-account', { PrimaryEntityId: 'x' }).toString('utf8'), 'row-id-invalid'],
    ['a table that is none', changed('delete-account', { PrimaryEntityName: 'X Y' }).toString('utf8'), 'table-invalid'],
  ])('%s', async (_, body, expected) => {
    const { code, err } = await dvo(['parse', '--format', 'json', '-'], body);
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^dvo: ${expected}: [^\\n]+\\n$`));
  });
});

describe('what is no change of one row', () => {
  test('an association: what was connected with what', async () => {
    const { code, out } = await dvo(['parse', '--explain', file('associate-account-lead.json')]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Associate of account/);
    expect(out).toMatch(/RelatedEntities \(list of 3\)/);
    expect(out.match(/Will be handled as a change of relationship accountleads_association/g)).toHaveLength(3);
    expect(parsed((await dvo(['parse', file('disassociate-account-lead.msbin1')])).out)).toMatchObject([
      { kind: 'disassociate', target: { table: 'account' }, related: { table: 'lead' } },
    ]);
  });

  test('a custom action: an event with its parameters', async () => {
    const { code, out } = await dvo(['parse', '--explain', file('custom-action-account.json')]);
    expect(code).toBe(0);
    expect(out).toMatch(/Will be handled as an event of new_RecalculateCredit, not as a change of a row/);
    expect(out).toMatch(/columns +input\.Flag, /);
    const full = await dvo(['parse', '--full', file('custom-action-account.xml')]);
    expect(parsed(full.out)).toMatchObject({
      context: { message: 'new_RecalculateCredit' },
      changes: [{ kind: 'event', message: 'new_RecalculateCredit', committed: true }],
    });
  });

  test('several rows by one message', async () => {
    const { out } = await dvo(['parse', file('merge-account.json')]);
    expect(parsed(out)).toMatchObject([
      { kind: 'patch' },
      { kind: 'patch', columns: { masterid: { kind: 'lookup' } } },
    ]);
  });
});

describe('with a mapping file', () => {
  const sample = path.resolve(__dirname, '../../../docs/mapping.sample.yaml');
  const REDACTION_KEY = Buffer.alloc(32, 1).toString('base64');
  const before = process.env.REDACTION_KEY;
  beforeAll(() => void (process.env.REDACTION_KEY = REDACTION_KEY));
  afterAll(() => {
    if (before === undefined) delete process.env.REDACTION_KEY;
    else process.env.REDACTION_KEY = before;
  });

  test('a row lies where the file says, under its names', async () => {
    const { out } = await dvo(['parse', '--mapping', sample, file('update-account-server-offset.json')]);
    expect(parsed(out)).toMatchObject([
      {
        stored: {
          table: 'customers',
          partitionKey: 'e',
          rowKey: 'acc-e48664d8-dbdd-43be-8d96-c02d26fc1d54',
          columns: { modifiedon: { kind: 'instant' } },
        },
      },
    ]);
    const deleted = await dvo(['parse', '--mapping', sample, file('delete-account.json')]);
    expect(parsed(deleted.out)).toMatchObject([{ stored: { table: 'customers', columns: null } }]);
  });

  test('one that does not meet the filter is hidden; in words too', async () => {
    const body = changed('setstate-opportunity', { PrimaryEntityName: 'account' });
    const { out } = await dvo(['parse', '--explain', '--mapping', sample, '-'], body);
    expect(out).toMatch(/in the store +customers \(4, acc-[0-9a-f-]+\)\n +hidden/);
  });

  test('links, and what the file does not name', async () => {
    const link = await dvo(['parse', '--mapping', sample, file('associate-account-lead.json')]);
    expect(parsed(link.out)).toMatchObject(Array(3).fill({ stored: { table: 'accountLeads' } }));
    const event = await dvo(['parse', '--mapping', sample, file('custom-action-account.json')]);
    expect(parsed(event.out)).toMatchObject([{ stored: { notMapped: 'unmapped.messages: ignore' } }]);
  });

  test('a file with faults: every one of them', async () => {
    const { code, err } = await dvo(['parse', '--mapping', file('delete-account.xml'), file('delete-account.json')]);
    expect(code).toBe(64);
    expect(err).toMatch(/^dvo: delete-account\.xml:1/);
  });
});

describe('the notice of a flow', () => {
  const body = file('notices/update-account.json');

  test('as changes, and with --full as a whole', async () => {
    const { code, out } = await dvo(['parse', body]);
    expect(code).toBe(0);
    const change = {
      kind: 'patch',
      row: { table: 'account', id: '7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3' },
      evidence: { kind: 'unconfirmed', committed: true, atLeast: { version: '4711083' } },
      columns: {},
    };
    expect(parsed(out)).toMatchObject([change]);
    const full = await dvo(['parse', '--full', body]);
    expect(parsed(full.out)).toMatchObject({ notice: { message: 'Update', version: '4711083' }, changes: [change] });
  });

  test('in words, with the names of its columns and none of their values', async () => {
    const { code, out } = await dvo(['parse', '--explain', body]);
    expect(code).toBe(0);
    expect(out).toContain('Update of account 7a1d3c52-6c1e-4f0b-9a57-0d2b41c6e8f3');
    expect(out).toMatch(/format +JSON, the notice of a flow/);
    expect(out).toMatch(/when +2026-03-14T09:26:53Z/);
    expect(out).toMatch(/columns +accountid, name, .*\(not used\)/);
    expect(out).toMatch(/order +none: the row is read at once, until it shows version 4711083/);
    expect(out).not.toContain('Lakeside');
    const deleted = await dvo(['parse', '--explain', file('notices/delete-account.json')]);
    expect(deleted.out).toMatch(/order +none: the row is read at once\. Nothing/);
  });

  test('one that does not name its table', async () => {
    const { code, err } = await dvo(['parse', file('notices/trigger-update-account.json')]);
    expect(code).toBe(1);
    expect(err).toMatch(/^dvo: context-invalid: table must be the logical name of the row's table/);
  });
});

describe('how it is called', () => {
  test.each([
    [['parse']],
    [['parse', 'no such file']],
    [['bogus']],
    [[]],
    [['parse', '--format', 'yaml', '-']],
    [['parse', '--bogus', '-']],
    [['parse', '-', '-']],
  ])('%j is wrong', async (args) => {
    const { code, out, err } = await dvo(args);
    expect(code).toBe(64);
    expect(out).toBe('');
    expect(err).not.toBe('');
  });

  test('--help lists the commands', async () => {
    const { code, out } = await dvo(['--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/parse \[options\] <file>/);
    const { out: parse } = await dvo(['parse', '--help']);
    for (const option of ['--explain', '--full', '--format', '--full-image', '--truncated'])
      expect(parse).toContain(option);
  });
});
