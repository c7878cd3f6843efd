/**
 * Proves that `dvo rules` tells every fault of a file with its place, patterns that can block the app among them, and shows what
 * each rule says of a context; and that the sample and the schema in docs are those of the code.
 */
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bodyOf, rulesOf, type Operation } from '../../rules/operations';
import { rulesJsonSchema } from '../../../shared/rules/rules-schema';
import { listOf } from '../../../tools/registration/declaration-rules';
import { readDeclaration } from '../../../tools/registration/read-declaration';
import { dvo } from './terminal';

const SAMPLE = 'docs/rules.sample.yaml';
const folder = mkdtempSync(path.join(tmpdir(), 'dvo-rules-'));
const saved = { ...process.env };

beforeEach(() => {
  process.env = { ...saved };
});
afterAll(() => {
  process.env = saved;
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
}

describe('dvo rules check', () => {
  test('the sample has no faults; it says which steps its rules need', async () => {
    const { code, out, err } = await dvo(['rules', 'check', SAMPLE]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      `${SAMPLE}: 12 rules, 2 tables, 1 message, no faults\n` +
        'account: steps for Create, Update, Delete; looks at accountcategorycode, accountnumber, creditlimit, name, ' +
        'new_vatnumber, statecode, which the pre image "pre" must have\n' +
        'incident: steps for Create, Update; looks at description, followupby, statuscode, which the pre image "pre" must have\n',
    );
  });

  test('a file by the setting; rules of new rows need no image', async () => {
    process.env.RULES_FILE = file('new.yaml', 'tables: { a: [{ code: a, message: b, on: Create, required: [c] }] }');
    expect((await dvo(['rules', 'check'])).out).toMatch(
      /: 1 rule, 1 table, 0 messages, no faults\na: steps for Create; looks at c\n$/,
    );
  });

  test('faults: each on a line with its place, exit code 1', async () => {
    const at = file('bad.yaml', 'tabels: {}\nimage: 5');
    expect(await dvo(['rules', 'check', at])).toEqual({
      ...{ code: 1, out: '' },
      err: `bad.yaml:1:1 tabels is no known key; did you mean tables?\nbad.yaml:2:8 image must be a text\ndvo: ${at} has 2 faults.\n`,
    });
  });

  test.each([
    ['pattern: { c: "(a+)+" }', true],
    ['pattern: { c: "(\\\\w+\\\\s?)*" }', true],
    [`expr: 'target.c.matches("^(a*)*$")'`, true],
    ['pattern: { c: ".*-.*-.*-.*" }', true],
    [`expr: 'target.c.matches("[a-z]+@")'`, true],
    [`expr: 'target.c.matches("^[a-z]+@")'`, false],
    [`expr: 'target.c.matches("a\\\\-b")'`, false],
    ['pattern: { c: "DK\\\\d{8}" }', false],
  ])('a pattern that can take too long is a fault: %s', async (check, isFault) => {
    const at = file('slow.yaml', `tables: { a: [{ code: a, message: b, ${check} }] }`);
    const { code, err } = await dvo(['rules', 'check', at]);
    expect([code, /^slow\.yaml:1:\d+ tables\.a\[0\]\.(?:pattern\.c|expr) can take too long/.test(err)]).toEqual(
      isFault ? [1, true] : [0, false],
    );
  });

  test('a pattern that can’t be checked is a fault', async () => {
    const at = file('odd.yaml', 'tables: { a: [{ code: a, message: b, pattern: { c: "\\\\p{Script=Garay}+" } }] }');
    const { code, err } = await dvo(['rules', 'check', at]);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^odd\.yaml:1:\d+ tables\.a\[0\]\.pattern\.c has a pattern that/),
    ]);
  });

  test('what a rule asks of the store, where the settings say what is there', async () => {
    const at = file('unique.yaml', 'tables: { lead: [{ code: a, message: b, unique: [c] }] }');
    expect((await dvo(['rules', 'check', at])).code).toBe(0);
    process.env.SYNC_TABLES = 'account';
    expect((await dvo(['rules', 'check', at])).err).toMatch(/needs table lead in the store/);
    process.env.SYNC_TABLES = 'lead';
    expect((await dvo(['rules', 'check', at])).code).toBe(0);
    process.env.LOB_STORE = 'http';
    expect((await dvo(['rules', 'check', at])).err).toMatch(/LOB_STORE=http/);
  });

  test.each([
    [['rules', 'check'], /name the rules file, or set RULES_FILE/],
    [['rules', 'check', 'nowhere.yaml'], /there is no file nowhere\.yaml/],
    [['rules', 'try', 'nowhere.yaml', '-'], /there is no file nowhere\.yaml/],
    [['rules', 'try', SAMPLE, 'nowhere.json'], /can't read nowhere\.json \(ENOENT\)/],
  ])('called wrongly: %j', async (args, said) => {
    expect(await dvo(args)).toEqual({ code: 64, out: '', err: expect.stringMatching(said) });
  });
});

describe('dvo rules try', () => {
  const ask = (operation: Operation, ...flags: readonly string[]) =>
    dvo(['rules', 'try', SAMPLE, '-', ...flags], bodyOf(operation));
  const linesOf = (out: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      [...out.matchAll(/^(.{10}) {2}([a-z-]+)/gm)].map(([, word = '', code = '']) => [code, word.trim()]),
    );

  test('an operation that goes on', async () => {
    const { code, out } = await ask({ target: { name: 'a', creditlimit: 60_000, new_vatnumber: 'DK12345678' } });
    expect([code, out.split('\n')[0], out.split('\n').at(-2)]).toEqual([0, 'Create of account, stage 10', 'Allowed.']);
    expect(linesOf(out)).toMatchObject({
      'name-required': 'holds',
      'large-limit': 'holds',
      'number-stays': 'not for it',
    });
  });

  test('one that is refused: by which rule, exit code 1', async () => {
    const { code, out, err } = await ask({ target: { name: 'a', creditlimit: 60_000, accountnumber: 'A-1' } });
    expect(linesOf(out)).toMatchObject({ 'large-limit': 'REFUSES', 'number-unique': 'not asked' });
    expect([code, err]).toEqual([
      1,
      'dvo: Refused by large-limit: A limit above 50,000 needs a customer with a VAT number.\n',
    ]);
  });

  test('one of which a rule can’t be asked, and why; no store is asked', async () => {
    const { code, out } = await ask({ target: { name: 'a', accountnumber: 'A-1' } });
    expect(out).toMatch(/^NOT JUDGED {2}number-unique +dvo rules try asks no store$/m);
    expect([code, out.split('\n').at(-2)]).toEqual([0, 'Allowed, unless VALIDATE_UNJUDGED=refuse.']);
  });

  test('one that takes longer than validate waits by default', async () => {
    const slow = file('long.yaml', 'tables: { account: [{ code: a, message: b, pattern: { name: ".*-.*-.*-.*" } }] }');
    const { out } = await dvo(['rules', 'try', slow, '-'], bodyOf({ target: { name: `${'-'.repeat(500)}\n` } }));
    expect(out).toMatch(/^NOT JUDGED {2}a +there was no time left for it$/m);
  });

  test('one that came without its parameters', async () => {
    expect(await ask({ target: { name: '' } }, '--truncated')).toEqual({
      ...{ code: 0, err: '' },
      out: expect.stringMatching(/^Create of account, stage 10\nNo rule can be judged: .*\nAllowed, unless/),
    });
  });

  test('no context, and rules with faults', async () => {
    expect(await dvo(['rules', 'try', SAMPLE, '-'], '{"a":1}')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^dvo: context-invalid: /),
    });
    const bad = file('bad.yaml', 'tabels: {}');
    expect(await dvo(['rules', 'try', bad, '-'], '{}')).toMatchObject({
      code: 64,
      err: expect.stringMatching(/^dvo: bad\.yaml:1:1 /),
    });
  });
});

describe('docs', () => {
  const committed = (): string => readFileSync('docs/rules.schema.json', 'utf8');

  test('the schema is that of the code: dvo rules schema > docs/rules.schema.json', async () => {
    expect(committed()).toBe(`${JSON.stringify(rulesJsonSchema(), null, 2)}\n`);
    expect(await dvo(['rules', 'schema'])).toEqual({ code: 0, out: committed(), err: '' });
  });

  test('the steps for the sample ask its rules, with every column that they look at', () => {
    const read = readDeclaration('rules.steps.yaml', readFileSync('docs/rules.steps.yaml', 'utf8'), {
      environment: 'dev',
      variables: {},
    });
    if (!read.ok) throw new Error(read.faults.join('\n'));
    const steps = Object.values(read.file.steps ?? {});
    const { tables, messages, image } = rulesOf(readFileSync(SAMPLE, 'utf8'));
    for (const [table, rules] of tables)
      for (const operation of new Set(rules.flatMap(({ operations }) => [...(operations ?? [])]))) {
        const of = steps.find((step) => listOf(step.table).includes(table) && listOf(step.message).includes(operation));
        const columns = [...new Set(rules.flatMap((rule) => rule.columns))].sort();
        expect([table, operation, of?.images?.[image]?.columns]).toEqual([
          table,
          operation,
          operation === 'Create' ? undefined : columns,
        ]);
        expect(of).toMatchObject({ mode: 'synchronous', stage: 'preValidation' });
      }
    for (const message of messages.keys()) expect(steps.flatMap((step) => listOf(step.message))).toContain(message);
  });

  test('the sample has every key of a rule', () => {
    const text = readFileSync(SAMPLE, 'utf8');
    expect(rulesOf(text).tables.size).toBe(2);
    const keys = [...committed().matchAll(/"(\w+)": \{\n +"description"/g)].map(([, key = '']) => key);
    expect(keys).toEqual(expect.arrayContaining(['unique', 'transitions', 'expr']));
    expect(
      keys.filter(
        (key) =>
          ['when', 'changed', 'required', 'range', 'pattern', 'oneOf', 'unique', 'transitions', 'expr', 'on'].includes(
            key,
          ) && !text.includes(`${key}:`),
      ),
    ).toEqual([]);
  });
});
