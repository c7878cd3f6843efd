/**
 * Proves that what the pages name is there, and that what is there has a page: files and headings that are linked, settings,
 * error codes, log events, numbers of the specification. `commands.test.ts` does the same for commands.
 */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CODES } from '../../shared/errors/codes';
import { LOG_EVENTS } from '../../shared/telemetry/log';
import { FAULTS } from '../simulation/fault-list';
import { anchorsOf, page, PAGES, prose, SOURCES } from './pages';

/** What is wrong with a link to a file from the root, perhaps with a heading; undefined: nothing. */
function faultOf(target: string): string | undefined {
  const [file = '', anchor] = target.split('#');
  if (!existsSync(file)) return `${target}: no such file`;
  if (anchor === undefined) return undefined;
  const text = PAGES.get(path.posix.normalize(file));
  return text !== undefined && anchorsOf(text).has(anchor) ? undefined : `${target}: no such heading`;
}

const names = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map(([, name = '']) => name)),
];
const ALL_PAGES = [...PAGES.values()].join('\n');

describe('links', () => {
  test.each([...PAGES.keys()])('of %s lead to files and headings that are there', (file) => {
    const text = prose(page(file));
    const targets = [
      ...[...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
      ...[...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, target = '']) => target),
    ].filter((target) => !/^[a-z]+:/.test(target));
    const faults = targets.map((target) =>
      faultOf(target.startsWith('#') ? file + target : path.posix.join(path.posix.dirname(file), target)),
    );
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  test('in code, messages and templates lead to pages and headings that are there', () => {
    const faults: string[] = [];
    let found = 0;
    for (const [file, text] of SOURCES)
      for (const [target] of text.matchAll(
        /\b(?:docs\/[\w./-]+|CONTRIBUTING|SECURITY)\.(?:md|json|yaml)(?:#[\w-]+)?/g,
      )) {
        found += 1;
        const fault = faultOf(target);
        if (fault !== undefined) faults.push(`${file}: ${fault}`);
      }
    expect(found).toBeGreaterThan(50);
    expect(faults).toEqual([]);
  });
});

describe('settings', () => {
  const sample = JSON.parse(readFileSync('local.settings.sample.json', 'utf8')) as {
    readonly Values: Readonly<Record<string, string>>;
  };
  const settings = Object.keys(sample.Values);
  const configuration = page('docs/configuration.md');

  test('each one is explained', () => {
    const explained = (setting: string): boolean =>
      configuration.includes(`\`${setting.replace(/^AzureWebJobs\..*\.Disabled$/, 'AzureWebJobs.<name>.Disabled')}\``);
    expect(settings.filter((setting) => setting !== 'FUNCTIONS_WORKER_RUNTIME' && !explained(setting))).toEqual([]);
  });

  test('each name in capitals on a page is a setting, or stands in a source or a command', () => {
    const sources = [...SOURCES.values()].join('\n');
    const commands = [...ALL_PAGES.matchAll(/^ *```[^]*?^ *```$/gm)].join('\n');
    const named = names(ALL_PAGES, /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g);
    expect(named.length).toBeGreaterThan(20);
    const known = (name: string): boolean => [sources, commands].some((text) => new RegExp(`\\b${name}\\b`).test(text));
    expect(named.filter((name) => !known(name))).toEqual([]);
  });
});

describe('error codes', () => {
  test('the table is what the app knows of them (shared/errors/codes.ts)', () => {
    const rows = new Map<string, string[]>();
    for (const [code, { cause, action }] of Object.entries(CODES))
      rows.set(`${cause} | ${action}`, [...(rows.get(`${cause} | ${action}`) ?? []), `\`${code}\``]);
    const table = [...rows].map(([facts, codes]) => `| ${codes.join(', ')} | ${facts} |`).join('\n');
    const shown = /^## Error codes\n\n([^]*?)\n\n/m.exec(page('docs/operations.md'))?.[1];
    expect(shown).toBe(`| Code | Cause | What to do |\n|---|---|---|\n${table}`);
  });
});

test('each log event above info is explained', () => {
  const operations = page('docs/operations.md');
  const grave = Object.entries(LOG_EVENTS).filter(([, { level }]) => level !== 'info');
  expect(grave.map(([name]) => name).filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
});

test('each number of an invariant, assumption or fault is one of SPEC.md or of the list of faults', () => {
  const spec = [...names(page('docs/SPEC.md'), /^- \*\*([IA]\d+)\*\*/gm), ...Object.keys(FAULTS)];
  const elsewhere = [...PAGES].filter(([file]) => file !== 'CHANGELOG.md').map(([, text]) => text);
  const named = names(elsewhere.join('\n'), /\b([IAF]\d+)\b(?=[,;)])/g);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((number) => !spec.includes(number))).toEqual([]);
});
