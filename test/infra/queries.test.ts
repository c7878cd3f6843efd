/**
 * Proves that the alerts' queries are right by Microsoft's own analyser, and ask for what the app really logs: each event they
 * name exists, the fields they read are in records that the app's own code has written, and they take such a record's line
 * apart as it is.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { InvocationContext } from '@azure/functions';
import { FUNCTION_NAMES } from '../../shared/settings/functions';
import { logOutcomes } from '../../shared/receive/summary';
import { pullHandler } from '../../shared/sync/pull-handler';
import type { PullSync } from '../../shared/sync/pull-sync';
import type { PullReport } from '../../shared/sync/pull-report';
import { Refusals } from '../../shared/receive/refusal-count';
import { LOG_EVENTS, logTo } from '../../shared/telemetry/log';
import { QUERY_FILES } from './checks';
import { kustoAnalyser } from './kusto';

/** The events whose records a query looks for. */
const eventsOf = (query: string): readonly string[] =>
  [...query.matchAll(/message contains '([^']*)'/g)].map(([, text = '']) => /^(\w+) \{$/.exec(text)?.[1] ?? text);

/** The fields that it reads of them. */
const fieldsOf = (query: string): readonly string[] =>
  [...query.matchAll(/\brecord\.(\w+)/g)].map(([, name = '']) => name);

/** What the app's own code writes of a pull that ends, of one that fails, of a delivery that is parked, and of rules that can't be asked. */
async function linesOfTheApp(): Promise<Readonly<Record<string, string>>> {
  const lines: Record<string, string> = {};
  const write = (line: string): void => void (lines[/^\w+/.exec(line)?.[0] ?? ''] = line);
  const context = new InvocationContext({
    functionName: 'pull-sync',
    logHandler: (_level, ...args) => {
      write(String(args[0]));
    },
  });
  const report: PullReport = {
    ...{ table: 'account', mode: 'delta', rows: 1, deletes: 0, pages: 1, verdicts: {}, healed: 0, swept: 0, parked: 0 },
    ...{ foreign: 0, unfinished: true, milliseconds: 5 },
  };
  const sync: Pick<PullSync, 'run' | 'inTurn'> = {
    run: (table, { tell }) => {
      if (table !== 'account') return Promise.reject(new Error('away'));
      tell?.({ kind: 'drift', added: ['a'], removed: [], changed: [] });
      return Promise.resolve(report);
    },
    inTurn: (names) => Promise.resolve(names),
  };
  await pullHandler(
    ['account', 'contact'],
    60_000,
    () => sync as PullSync,
  )({} as Parameters<ReturnType<typeof pullHandler>>[0], context);
  const log = logTo({ info: write, warn: write, error: write });
  logOutcomes(log, 'webhook', [
    { kind: 'parked', cause: { code: 'unconfirmed', message: 'x' } } as Parameters<typeof logOutcomes>[2][number],
  ]);
  new Refusals('validate', log, 'unjudged').count({ code: 'rule-unjudged', reason: 'x' });
  return lines;
}

/** Its blanks, as the templates fill them in. */
const filled = (query: string): string => query.replace('{limit}', '5').replace('{tables}', '["account"]');

let analyse: ReturnType<typeof kustoAnalyser>;
beforeAll(() => {
  analyse = kustoAnalyser();
});

describe.each(QUERY_FILES)('%s', (_file, query) => {
  test('the analyser has nothing to say', () => {
    expect(analyse(filled(query))).toEqual([]);
  });

  test('the events that it names are logged', () => {
    const unknown = eventsOf(query).filter((event) => !(event in LOG_EVENTS));
    expect(unknown).toEqual([]);
    expect(eventsOf(query).length > 0 || /^requests$/m.test(query)).toBe(true);
  });

  test('the fields that it reads are in the records', async () => {
    const lines = await linesOfTheApp();
    const fields = fieldsOf(query);
    for (const event of fields.length > 0 ? eventsOf(query) : []) {
      const line = lines[event] ?? '';
      expect(line).toContain(`${event} {`);
      // As the query does it: from the first brace on.
      const record = JSON.parse(line.slice(line.indexOf('{'))) as Readonly<Record<string, unknown>>;
      expect(fields.filter((field) => !(field in record))).toEqual([]);
    }
  });

  test('functions that it names exist', () => {
    const named = [...query.matchAll(/\bname (?:==|!=) '([^']+)'/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(FUNCTION_NAMES as readonly string[]).includes(name))).toEqual([]);
  });

  test('a row has a time, as alerts want it', () => expect(query.trimEnd()).toMatch(/\| extend timestamp = now\(\)$/));
});

test.each([
  ['a misspelt column', 'traces | where mesage contains "a"', /^KS142 .*mesage/],
  ['a column of another table', 'traces | where resultCode == "401"', /^KS142 .*resultCode/],
  ['a misspelt table', 'trace | count', /^KS/],
  ['a misspelt operator', 'traces | sumarize count()', /^KS/],
])('the analyser finds %s', (_what, query, fault) => {
  expect(analyse(query)[0]).toMatch(fault);
});

test.each(QUERY_FILES)('a misspelt column in %s is found', (_file, query) => {
  const misspelt = filled(query).replace(/\b(?:where message|resultCode|success)\b/, '$&s');
  expect(analyse(misspelt)).not.toEqual([]);
});
