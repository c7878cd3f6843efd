/**
 * Proves that nothing that a sender, a store or the Web API wrote acts on the terminal: no escape sequence, no line of its own, no
 * direction of writing. JSON that is printed stays JSON of the same value.
 */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { showParked } from '../../../tools/dvo/parked/show';
import { run } from '../../../tools/dvo/terminal/run';
import { writeJson, writeReadable } from '../../../local/host/log';
import { visible, visibleLines } from '../../../shared/errors/visible';
import { changed } from '../../context/fixture-files';
import { dvo, TestTerminal } from './terminal';

const HOSTILE = '\u001b[2J\u001b[31mRED\nFAKE LINE: processed {"event":1001}\r\u009b31m\u202egnp.exe\u2028\u200bend';
const UNSEEN = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u;

const BODY = changed('update-contact', {
  InitiatingUserAgent: HOSTILE,
  OrganizationName: HOSTILE,
  SharedVariables: [{ key: HOSTILE, value: HOSTILE }],
});

/** Nothing unseen, and no line that is the sender's. */
function expectHarmless(text: string): void {
  expect(text).not.toMatch(UNSEEN);
  expect(text.split('\n').filter((line) => line.startsWith('FAKE'))).toEqual([]);
}

describe('[I61] dvo prints no character that acts', () => {
  test.each([
    ['parse', '--explain', '-'],
    ['parse', '--full', '-'],
    ['parse', '--explain', '--full', '-'],
  ])('%j', async (...args) => {
    const { code, out } = await dvo(args, BODY);
    expect([code, out]).toEqual([0, expect.stringContaining('\\u001b[2J')]);
    expectHarmless(out);
  });

  test('and JSON keeps its value', async () => {
    const { out } = await dvo(['parse', '--full', '-'], BODY);
    expect(JSON.parse(out)).toMatchObject({ context: { initiatingUserAgent: HOSTILE } });
  });

  test('errors', async () => {
    const { code, err } = await dvo(['parse', '--mapping', `no\u001b[2J\u202efile`, '-'], BODY);
    expect([code, err]).not.toEqual([0, '']);
    expectHarmless(err);
  });

  test('what a command writes in pieces, and what it asks', async () => {
    const terminal = new TestTerminal({ input: BODY });
    await run(['parse', '--explain', '-'], terminal);
    expectHarmless(terminal.text);
  });

  test('a parked item, whose facts come from a sender too', async () => {
    const terminal = new TestTerminal();
    const summary = {
      ...{ id: 'delivery-1', kind: 'delivery' as const, of: HOSTILE, bytes: 1, contentType: HOSTILE, attempts: 0 },
      ...{ cause: { code: 'context-invalid', message: HOSTILE }, parkedAtMs: 0 },
    };
    const subject = { kind: 'delivery' as const, delivery: { source: HOSTILE, body: BODY } };
    const parking = {
      summary: () => Promise.resolve(summary),
      find: () => Promise.resolve({ ...summary, subject }),
    };
    await showParked(terminal, parking, 'delivery-1', { explain: true }, undefined);
    expect(terminal.text).toContain('FAKE LINE');
    expectHarmless(terminal.text);
  });
});

describe('the local host', () => {
  const written: string[] = [];
  const keep = (): void =>
    void jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
  afterEach(() => {
    jest.restoreAllMocks();
    written.length = 0;
  });

  test('[I61] logs no character that acts', () => {
    keep();
    writeReadable({ level: 'information', category: 'user', message: HOSTILE });
    writeJson({ level: 'information', category: 'user', message: HOSTILE });
    const [readable = '', json = ''] = written;
    expectHarmless(readable.replaceAll(/\u001b\[\d+m/g, ''));
    expectHarmless(json);
    expect(JSON.parse(json)).toMatchObject({ message: HOSTILE });
  });
});

test('text that can be seen stays as it is', () => {
  const text = 'Søren 船 “é” 👩🏽 — half';
  expect(visible(text)).toBe(text);
  expect(visibleLines('a\nb\u0007')).toBe('a\nb\\u0007');
  expect(visible('a\nb\t\u{e0001}\ud800')).toBe('a\\nb\\t\\udb40\\udc01\\ud800');
});
