/**
 * Proves that what the pages name is there, and that what is there has a page: files and headings that are linked, settings,
 * error codes, log events, numbers of the specification. `commands.test.ts` does the same for commands.
 */
import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LOG_EVENTS } from '../../shared/telemetry/log';
import { anchorsOf, firstColumn, page, PAGES, prose, SOURCES } from './pages';

/** What is wrong with a link to a file from the root, perhaps with a heading; undefined: nothing. */
function faultOf(target: string): string | undefined {
  const [file = '', anchor] = target.split('#');
  if (!existsSync(file)) return `${target}: no such file`;
  if (anchor === undefined) return undefined;
  const text = PAGES.get(path.posix.normalize(file));
  return text !== undefined && anchorsOf(text).has(anchor) ? undefined : `${target}: no such heading`;
}

const CODE_NAME = /`([a-z]+(?:-[a-z]+)*)`/g;
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
  const explained = firstColumn(page('docs/operations.md'), 'Error codes').flatMap((cell) => names(cell, CODE_NAME));
  const app = [...SOURCES].filter(([file]) => file.startsWith('shared/')).map(([, text]) => text);

  test('each one that the app gives is explained', () => {
    // Of the pull's own: it never leaves the run that throws it.
    const given = names(app.join('\n'), /\bcode(?: =|:) '([a-z]+(?:-[a-z]+)*)'/g).filter(
      (code) => code !== 'delta-unclear',
    );
    expect(given.length).toBeGreaterThan(30);
    expect(given.filter((code) => !explained.includes(code))).toEqual([]);
  });

  test('each one that is explained is there, once', () => {
    expect(explained.length).toBeGreaterThan(40);
    expect(explained.filter((code) => !app.some((text) => text.includes(`'${code}'`)))).toEqual([]);
    expect(explained.filter((code, index) => explained.indexOf(code) !== index)).toEqual([]);
  });
});

test('each log event above info is explained', () => {
  const operations = page('docs/operations.md');
  const grave = Object.entries(LOG_EVENTS).filter(([, { level }]) => level !== 'info');
  expect(grave.map(([name]) => name).filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
});

test('each number of an invariant, assumption or fault is one of SPEC.md', () => {
  const spec = names(page('docs/SPEC.md'), /^- \*\*([IAF]\d+)\*\*/gm);
  const elsewhere = [...PAGES].filter(([file]) => file !== 'CHANGELOG.md').map(([, text]) => text);
  const named = names(elsewhere.join('\n'), /\b([IAF]\d+)\b(?=[,;)])/g);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((number) => !spec.includes(number))).toEqual([]);
});
