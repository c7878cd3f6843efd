/**
 * Proves what each keyword of a rules file means for a row as it will be: what holds, what refuses, what is none of its business,
 * and above all what nobody can say, which is never a refusal.
 */
import { describe, expect, jest, test } from '@jest/globals';
import type { Value } from '../../shared/change/value';
import { NotFindable } from '../../shared/lob/row-finder';
import { endsWithin } from '../../shared/rules/ends-within';
import { RuleUnjudged } from '../../shared/rules/errors';
import { decisive, type JudgeOptions } from '../../shared/rules/judge';
import { bodyOf, columnsOf, judged, outcomeOf, ROW_ID, rowOf, rulesOf, type Operation } from './operations';

const ruleOf = (body: string): string => `tables:\n  account:\n    - { code: the-rule, message: Do it, ${body} }\n`;

type Case = readonly [what: string, operation: Operation, outcome: string | RegExp];

/** Each rule, and what becomes of it. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'required: [name]': [
    ['a new row with it', { target: { name: 'a' } }, 'holds'],
    ['a new row without it', { target: {} }, 'refuses'],
    ['a new row with an empty text', { target: { name: '' } }, 'refuses'],
    ['an update that empties it', { target: { name: null }, image: { name: 'a' } }, 'refuses'],
    ['an update of something else', { target: { fax: 'b' }, image: {} }, 'elsewhere'],
    ['a deletion', { message: 'Delete' }, 'elsewhere'],
    ['another table', { table: 'contact', target: {} }, ''],
  ],
  'required: [name], when: { statuscode: 3 }': [
    ['an update to the status, the column in the image', { target: { statuscode: 3 }, image: { name: 'a' } }, 'holds'],
    ['an update to the status, the column nowhere', { target: { statuscode: 3 }, image: {} }, 'refuses'],
    ['an update to another status', { target: { statuscode: 2 }, image: {} }, 'elsewhere'],
    [
      'without an image',
      { message: 'Update', target: { statuscode: 3 } },
      /^column name is neither in the message nor/,
    ],
    ['without an image, whatever the status', { message: 'Update', target: { name: 'a' } }, 'holds'],
    ['without an image, the status not known', { message: 'Update', target: { name: null } }, /^column statuscode/],
    ['another alias', { target: { statuscode: 3 }, image: { name: 'a' }, alias: 'old' }, /^column name/],
    ['a choice', { target: { statuscode: { kind: 'choice', value: 3 } }, image: {} }, 'refuses'],
    [
      'a text, which no number fits',
      { target: { statuscode: 'x' }, image: {} },
      /^eq doesn't fit the value of column statuscode/,
    ],
  ],
  'range: { creditlimit: { min: 0, max: "9007199254740993.10" } }': [
    ['nothing', { target: { creditlimit: null } }, 'holds'],
    ['the least', { target: { creditlimit: 0 } }, 'holds'],
    ['less', { target: { creditlimit: -0.01 } }, 'refuses'],
    ['the most, exactly', { target: { creditlimit: { kind: 'money', text: '9007199254740993.1' } } }, 'holds'],
    [
      'a digit more than a double tells',
      { target: { creditlimit: { kind: 'money', text: '9007199254740993.11' } } },
      'refuses',
    ],
    ['a text', { target: { creditlimit: 'much' } }, /holds neither a number nor a date/],
    ['true', { target: { creditlimit: true } }, /^gte doesn't fit/],
  ],
  'range: { closedon: { min: "2026-01-01", max: "2026-12-31T23:59:59Z" } }': [
    ['within', { target: { closedon: { kind: 'instant', epochMs: Date.UTC(2026, 5) } } }, 'holds'],
    ['before', { target: { closedon: { kind: 'instant', epochMs: Date.UTC(2025, 5) } } }, 'refuses'],
  ],
  'pattern: { vat: "DK\\\\d{8}|SE\\\\d{12}" }': [
    ['the whole text', { target: { vat: 'DK12345678' } }, 'holds'],
    ['nothing', { target: { vat: null } }, 'holds'],
    ['a part of the text', { target: { vat: 'DK12345678 ' } }, 'refuses'],
    ['the other one with something before', { target: { vat: 'xSE123456789012' } }, 'refuses'],
    ['a text that is too long for a pattern', { target: { vat: 'D'.repeat(1001) } }, /more than 1000 characters/],
    ['no text', { target: { vat: 5 } }, /holds no text/],
  ],
  'oneOf: { industrycode: [1, 2] }': [
    ['one', { target: { industrycode: { kind: 'choice', value: 2 } } }, 'holds'],
    ['another', { target: { industrycode: 3 } }, 'refuses'],
    ['nothing', { target: {} }, 'holds'],
    ['several', { target: { industrycode: { kind: 'choices', values: [1, 2] } } }, 'holds'],
    ['one too many', { target: { industrycode: { kind: 'choices', values: [1, 3] } } }, 'refuses'],
    ['a text', { target: { industrycode: 'x' } }, /^in doesn't fit/],
  ],
  'changed: [accountnumber]': [
    ['a change', { target: { accountnumber: 'b' }, image: { accountnumber: 'a' } }, 'refuses'],
    ['the same value', { target: { accountnumber: 'a' }, image: { accountnumber: 'a' } }, 'elsewhere'],
    ['emptied', { target: { accountnumber: '' }, image: { accountnumber: 'a' } }, 'refuses'],
    ['empty as before', { target: { accountnumber: '' }, image: {} }, 'elsewhere'],
    ['something else', { target: { name: 'b' }, image: {} }, 'elsewhere'],
    [
      'the same in other digits',
      { target: { accountnumber: 1 }, image: { accountnumber: { kind: 'money', text: '1.00' } } },
      'elsewhere',
    ],
    [
      'the same moment in another form',
      {
        target: { accountnumber: { kind: 'instant', epochMs: 1_775_135_111_000 } },
        image: { accountnumber: { kind: 'offsetTime', epochMs: 1_775_135_111_000, offsetMinutes: 0 } },
      },
      'elsewhere',
    ],
    [
      'another moment',
      {
        target: { accountnumber: { kind: 'instant', epochMs: 1_775_135_111_000 } },
        image: { accountnumber: { kind: 'instant', epochMs: 1_775_135_112_000 } },
      },
      'refuses',
    ],
    [
      'the same choices in another order',
      {
        target: { accountnumber: { kind: 'choices', values: [2, 1] } },
        image: { accountnumber: { kind: 'choices', values: [1, 2] } },
      },
      'elsewhere',
    ],
    [
      'another choice',
      {
        target: { accountnumber: { kind: 'choices', values: [2, 3] } },
        image: { accountnumber: { kind: 'choices', values: [1, 2] } },
      },
      'refuses',
    ],
    ['a text of other digits', { target: { accountnumber: '1' }, image: { accountnumber: '1.0' } }, 'refuses'],
    ['a new row', { target: { accountnumber: 'a' } }, 'elsewhere'],
    ['without an image', { message: 'Update', target: { accountnumber: 'b' } }, /^column accountnumber is neither/],
  ],
  'changed: { statuscode: { from: [1, 2], to: 3 } }, required: [name]': [
    ['to it, with the column', { target: { statuscode: 3, name: 'a' }, image: { statuscode: 1 } }, 'holds'],
    ['to it, without', { target: { statuscode: 3 }, image: { statuscode: 2 } }, 'refuses'],
    ['from another', { target: { statuscode: 3 }, image: { statuscode: 4 } }, 'elsewhere'],
    ['from nothing', { target: { statuscode: 3 }, image: {} }, 'elsewhere'],
    ['to another', { target: { statuscode: 2 }, image: { statuscode: 1 } }, 'elsewhere'],
  ],
  'transitions: { statuscode: { 1: [2, 3], 2: [3], 3: [], "": [1] } }': [
    ['one that may follow', { target: { statuscode: 3 }, image: { statuscode: 1 } }, 'holds'],
    ['one that may not', { target: { statuscode: 1 }, image: { statuscode: 2 } }, 'refuses'],
    ['from the last', { target: { statuscode: 1 }, image: { statuscode: 3 } }, 'refuses'],
    ['from nothing', { target: { statuscode: 1 }, image: {} }, 'holds'],
    ['the same', { target: { statuscode: 3 }, image: { statuscode: 3 } }, 'holds'],
    ['emptied', { target: { statuscode: null }, image: { statuscode: 1 } }, 'refuses'],
    ['from one that is not named', { target: { statuscode: 1 }, image: { statuscode: 9 } }, /doesn't name the value/],
    ['a new row', { target: { statuscode: 3 } }, 'holds'],
  ],
  'on: [Update, Delete], when: { statecode: 1 }': [
    ['any change of such a row', { target: { name: 'b' }, image: { statecode: 1 } }, 'refuses'],
    ['a change out of it', { target: { statecode: 0 }, image: { statecode: 1 } }, 'elsewhere'],
    ['its deletion', { message: 'Delete', image: { statecode: 1 } }, 'refuses'],
    ['the deletion of another', { message: 'Delete', image: { statecode: 0 } }, 'elsewhere'],
    ['a deletion without an image', { message: 'Delete' }, /^column statecode is neither/],
    ['a new row', { target: { statecode: 1 } }, 'elsewhere'],
  ],
  'expr: "!has(target.creditlimit) || target.creditlimit <= 50000.0 || user.id == user.initiatingId"': [
    ['right', { target: { creditlimit: 50_000 } }, 'holds'],
    ['wrong', { target: { creditlimit: 50_001 }, members: { UserId: ROW_ID } }, 'refuses'],
    ['not there', { target: {} }, 'holds'],
    [
      'a text',
      { target: { creditlimit: 'x' }, members: { UserId: ROW_ID } },
      /^the expression fails \(no_such_overload/,
    ],
  ],
  'expr: "image.creditlimit >= target.creditlimit"': [
    ['with the image', { target: { creditlimit: 1 }, image: { creditlimit: 2 } }, 'holds'],
    ['without one', { message: 'Update', target: { creditlimit: 1 } }, /unknown_variable/],
    ['a new row, which has no image', { target: { creditlimit: 1 } }, /no_such_key/],
  ],
  'expr: "message.name == \\"Create\\" && message.depth < 2 && message.stage == 10 && message.table == \\"account\\" && message.at > timestamp(\\"2026-01-01T00:00:00Z\\")"':
    [
      ['as it is', { target: {} }, 'holds'],
      ['caused by others', { target: {}, members: { Depth: 2 } }, 'refuses'],
    ],
  'expr: "target.notes.matches(\\"x*\\")"': [
    ['a short text', { target: { notes: 'xxx' } }, 'holds'],
    ['a long one', { target: { notes: 'x'.repeat(1001) } }, /unsupported_type/],
  ],
};

describe.each(Object.entries(CASES))('%s', (rule, cases) => {
  test.each(cases)('%s', async (_what, operation, outcome) => {
    const rules = rulesOf(ruleOf(rule));
    if (outcome === '') expect(await judged(rules, operation)).toEqual([]);
    else
      expect(await outcomeOf(rules, operation)).toEqual(
        typeof outcome === 'string' ? outcome : expect.stringMatching(outcome),
      );
  });
});

describe('several checks of one rule', () => {
  const rule = ruleOf('required: [name], oneOf: { industrycode: [1] }');

  test('one that fails decides, whatever nobody can say of another', async () => {
    expect(await outcomeOf(rule, { target: { industrycode: 'x' } })).toBe('refuses');
    expect(await outcomeOf(rule, { target: { name: 'a', industrycode: 'x' } })).toMatch(/^in doesn't fit/);
  });
});

describe('of several rules', () => {
  const RULES = `
tables:
  account:
    - { code: unsaid, message: '', range: { revenue: { min: 1 } } }
    - { code: first, message: One, required: [name] }
    - { code: second, message: Two, required: [fax] }
`.replace("message: ''", 'message: Zero');

  test.each([
    ['the first that refuses decides, in the order of the file', { target: {} }, 'first'],
    ['one that refuses goes before what nobody can say', { target: { revenue: 'x', name: 'a' } }, 'second'],
    ['what nobody can say goes before what holds', { target: { revenue: 'x', name: 'a', fax: 'b' } }, 'unsaid'],
    ['all hold', { target: { revenue: 5, name: 'a', fax: 'b' } }, undefined],
  ])('%s', async (_what, operation, code) => {
    expect(decisive(await judged(RULES, operation))?.rule.code).toBe(code);
  });
});

describe('what takes too long', () => {
  const SLOW = 'pattern: { vat: ".*-.*-.*-.*" }';
  const LISTED = "target.notes.split(';').all(x, target.notes.split(';').filter(y, y == x).size() == 1)";
  const slow = { vat: `${'-'.repeat(400)}\n`, notes: Array.from({ length: 3000 }, (_, n) => n).join(';') };

  test.each([
    ['a pattern', SLOW],
    ['an expression', `expr: "${LISTED}"`],
  ])('%s is stopped: nobody can say, nor of the rules after it', async (_what, rule) => {
    const rules = `${ruleOf(rule)}    - { code: after, message: Do it, required: [fax] }\n`;
    const all = await judged(rules, { target: slow }, { limitMs: 100 });
    expect(all.map(({ outcome }) => outcome)).toEqual(Array(2).fill({ unknown: 'there was no time left for it' }));
    expect(decisive(all)?.rule.code).toBe('the-rule');
    expect(await outcomeOf(ruleOf('required: [name]'), { target: {} })).toBe('refuses');
  });

  test('many searches that are quick one by one are stopped together', async () => {
    const each = Array.from(
      { length: 200 },
      (_, n) => `    - { code: quick-${n}, message: No, pattern: { vat: ".*-.*b" } }\n`,
    );
    const target = { vat: '-'.repeat(999) };
    const all = await judged(`tables:\n  account:\n${each.join('')}`, { target }, { limitMs: 50 });
    expect(all.filter(({ outcome }) => typeof outcome === 'object').length).toBeGreaterThan(0);
  });

  test('a rule that has refused before decides', async () => {
    const rules = `tables:\n  account:\n    - { code: before, message: Do it, required: [name] }\n    - { code: slow, message: No, ${SLOW} }\n`;
    expect(decisive(await judged(rules, { target: slow }, { limitMs: 100 }))?.rule.code).toBe('before');
  });

  test('without any time no rule is asked', async () => {
    expect(await outcomeOf(ruleOf('required: [name]'), { target: {} }, { limitMs: 0 })).toMatch(/no time left/);
  });

  test('an error of its own stays one', () => {
    expect(() =>
      endsWithin(1000, true, () => {
        throw new TypeError('its own');
      }),
    ).toThrow(new TypeError('its own'));
  });
});

describe('messages on several rows', () => {
  const RULES = ruleOf('on: [Create, Update, Delete], required: [name]');
  const rows = (...names: readonly (string | null)[]): Value => ({
    kind: 'rows',
    table: 'account',
    rows: names.map((name) => rowOf('account', { name })),
  });

  test('every row is asked', async () => {
    const outcomes = async (operation: Operation): Promise<unknown> =>
      (await judged(RULES, operation)).map(({ outcome }) => outcome);
    const of = (Targets: Value): Operation => ({ message: 'CreateMultiple', parameters: { Targets } });
    expect(await outcomes(of(rows('a', null, 'c')))).toEqual(['holds', 'refuses', 'holds']);
    expect(await outcomes({ ...of(rows('a', null)), message: 'UpdateMultiple' })).toEqual(['holds', 'refuses']);
  });

  test('of a deletion there is no more than the rows’ ids', async () => {
    const items = [ROW_ID].map((id): Value => ({ kind: 'lookup', table: 'account', id, name: null }));
    const operation = { message: 'DeleteMultiple', parameters: { Targets: { kind: 'list', items } as Value } };
    expect(await outcomeOf(RULES, operation)).toMatch(/^column name is neither/);
  });

  test('a thousand rows let others have their turn', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    const many = rows(...Array<string>(3000).fill('a'));
    const all = await judged(RULES, { message: 'CreateMultiple', parameters: { Targets: many } });
    clearInterval(timer);
    expect([all.length, turns > 0]).toEqual([3000, true]);
  });
});

describe('messages of their own', () => {
  const RULES = `
messages:
  new_ShipOrder:
    - { code: pieces, message: Say how many, required: [Pieces], range: { Pieces: { min: 1 } } }
    - { code: weekend, message: Not now, expr: "target.Order.table == 'salesorder'" }
  Assign:
    - { code: not-to-teams, message: Assign it to a person, when: { Assignee: ${ROW_ID} } }
`;
  const order: Value = { kind: 'lookup', table: 'salesorder', id: ROW_ID, name: null };

  test.each<readonly [string, Operation, readonly string[]]>([
    ['right', { message: 'new_ShipOrder', parameters: { Pieces: { kind: 'number', text: '2' }, Order: order } }, []],
    [
      'too few',
      { message: 'new_ShipOrder', parameters: { Pieces: { kind: 'number', text: '0' }, Order: order } },
      ['pieces'],
    ],
    ['none', { message: 'new_ShipOrder', parameters: { Order: { ...order, table: 'quote' } } }, ['pieces', 'weekend']],
    [
      'an Assign',
      { message: 'Assign', parameters: { Target: order, Assignee: { ...order, table: 'team' } } },
      ['not-to-teams'],
    ],
    ['a message without rules', { message: 'Merge', parameters: {} }, []],
    ['an Upsert, which is run as Create or Update', { message: 'Upsert', parameters: {} }, []],
  ])('%s', async (_what, operation, codes) => {
    const refused = (await judged(RULES, operation)).filter(({ outcome }) => outcome === 'refuses');
    expect(refused.map(({ rule }) => rule.code)).toEqual(codes);
  });
});

describe('[I110] a message without its parameters', () => {
  const RULES = ruleOf('on: [Create, Delete], required: [name]');

  test.each<readonly [string, Operation, boolean]>([
    ['says that members were removed', { target: { name: null } }, true],
    ['has none', { parameters: null }, false],
    ['has another one', { parameters: { Other: null } }, false],
    ['of several rows', { message: 'CreateMultiple', parameters: {} }, false],
  ])('is about nobody knows what: it %s', async (_what, operation, truncated) => {
    await expect(judged(RULES, operation, { truncated })).rejects.toThrow(RuleUnjudged);
  });

  test('a deletion without its image is one of a row that nobody knows', async () => {
    const operation = { message: 'Delete', image: { name: 'a' } };
    expect(await outcomeOf(RULES, operation)).toBe('holds');
    expect(await outcomeOf(RULES, operation, { truncated: true })).toMatch(/^column name is neither/);
  });

  test('where no rule is for it, it doesn’t matter', async () => {
    expect(await judged(RULES, { table: 'contact', parameters: null })).toEqual([]);
  });
});

describe('unique', () => {
  const RULES = ruleOf('unique: [accountnumber, name]');
  const asking = (answer: () => Promise<boolean>) => {
    const isTaken = jest.fn<JudgeOptions['isTaken']>(answer);
    return { isTaken, options: { isTaken } };
  };
  const target = { accountnumber: 'A-1', name: 'a' };

  test('another row has the values: refused; none has: it holds', async () => {
    const { isTaken, options } = asking(() => Promise.resolve(true));
    expect(await outcomeOf(RULES, { target }, options)).toBe('refuses');
    expect(isTaken.mock.calls).toEqual([
      [expect.objectContaining({ name: 'account', rowId: undefined }), columnsOf(target)],
    ]);
    expect(await outcomeOf(RULES, { target }, asking(() => Promise.resolve(false)).options)).toBe('holds');
  });

  test('an update asks with the row’s own id, and the column of the image', async () => {
    const { isTaken, options } = asking(() => Promise.resolve(false));
    await outcomeOf(RULES, { target: { accountnumber: 'A-1' }, image: { name: 'a' } }, options);
    expect(isTaken.mock.calls).toEqual([[expect.objectContaining({ rowId: ROW_ID }), columnsOf(target)]]);
  });

  test.each<readonly [string, Operation, string | RegExp]>([
    ['one of them is empty', { target: { accountnumber: 'A-1' } }, 'holds'],
    ['the update brings neither', { target: { fax: 'b' }, image: target }, 'elsewhere'],
    ['one of them is not known', { message: 'Update', target: { name: 'a' } }, /^column accountnumber is neither/],
  ])('the store is not asked where %s', async (_what, operation, outcome) => {
    const { isTaken, options } = asking(() => Promise.resolve(true));
    expect(await outcomeOf(RULES, operation, options)).toEqual(
      typeof outcome === 'string' ? outcome : expect.stringMatching(outcome),
    );
    expect(isTaken).not.toHaveBeenCalled();
  });

  test('nor where another rule refuses already', async () => {
    const { isTaken, options } = asking(() => Promise.resolve(true));
    const rules = `${RULES}    - { code: other, message: No, required: [fax] }\n`;
    const all = await judged(rules, { target }, options);
    expect(all.map(({ outcome }) => outcome)).toEqual(['unasked', 'refuses']);
    expect(isTaken).not.toHaveBeenCalled();
  });

  test.each<readonly [string, Error, string]>([
    ['says so', new NotFindable('it is not looked for here'), 'it is not looked for here'],
    ['fails with words of its own', new Error('invalid input: "A-1"'), 'the store refuses to look for its values'],
  ])('a store that %s: nobody can say', async (_what, error, why) => {
    expect(await outcomeOf(RULES, { target }, asking(() => Promise.reject(error)).options)).toBe(why);
  });
});

test('bodies of these tests are what the reader takes', () => {
  expect(JSON.parse(bodyOf({ target: { name: 'a' } }).toString())).toMatchObject({ Stage: 10, Mode: 0 });
});
