/**
 * Proves that every command of this repository that the pages name exists: `npm run` scripts, and `dvo` with its
 * subcommands.
 */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { dvo } from '../tools/dvo/terminal';
import { PAGES } from './pages';

const TEXT = [...PAGES.values()].join('\n');

/** What stands for a command's arguments isn't part of its name. */
const isWord = (word: string): boolean => /^[a-z][a-z-]+$/.test(word);

function wordsAfter(pattern: RegExp): string[] {
  const found = [...TEXT.matchAll(pattern)].map(([, rest = '']) => {
    const words = rest.split(/[\s`]+/);
    const end = words.findIndex((word) => !isWord(word));
    return (end === -1 ? words : words.slice(0, end)).join(' ');
  });
  return [...new Set(found)].filter((words) => words !== '');
}

describe('dvo', () => {
  const commands = wordsAfter(/(?:npm run (?:-s )?dvo --|`dvo) ([^\n`]*)/g);

  test('is named often enough for this to mean something', () => {
    expect(commands).toEqual(expect.arrayContaining(['steps plan', 'steps verify', 'mapping init', 'tracking show']));
  });

  test.each(commands)('dvo %s', async (command) => {
    // Words that are a command's argument: tables, say.
    const words = command.split(' ').slice(0, 2);
    const { code, out } = await dvo([...words, '--help']);
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^Usage: dvo (?:${words.join(' ')}|${words[0] ?? ''} \\[options\\] <)`)),
    ]);
  });
});

test.each(wordsAfter(/npm run ((?:-s )?[a-z][^\n`]*)/g).map((words) => words.split(' ')[0] ?? ''))(
  'npm run %s',
  (script) => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts)).toContain(script);
  },
);
