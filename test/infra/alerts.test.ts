/**
 * Proves that the alerts' queries ask for what the app really logs: each event they name exists, the fields they read are in
 * records that the app's own code has written, and they take such a record's line apart as it is.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { InvocationContext } from '@azure/functions';
import { FUNCTION_NAMES } from '../../shared/config/left-out';
import { logOutcomes } from '../../shared/receive/summary';
import { pullHandler } from '../../shared/sync/pull-handler';
import type { PullReport, PullSync } from '../../shared/sync/pull-sync';
import { LOG_EVENTS, logTo } from '../../shared/telemetry/log';
import { deploymentFiles } from './deployment-files';
import { at, infra, nameOf, ofType } from './planned';

const QUERIES = Object.entries(deploymentFiles()).filter(([file]) => file.endsWith('.kql'));

/** The events whose records a query looks for. */
const eventsOf = (query: string): readonly string[] =>
  [...query.matchAll(/message contains '([^']*)'/g)].map(([, text = '']) => /^(\w+) \{$/.exec(text)?.[1] ?? text);

/** The fields that it reads of them. */
const fieldsOf = (query: string): readonly string[] =>
  [...query.matchAll(/\brecord\.(\w+)/g)].map(([, name = '']) => name);

/** What the app's own code writes of a pull that ends, of one that fails, and of a delivery that is parked. */
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
  logOutcomes(logTo({ info: write, warn: write, error: write }), 'webhook', [
    { kind: 'parked', cause: { code: 'unconfirmed', message: 'x' } } as Parameters<typeof logOutcomes>[2][number],
  ]);
  return lines;
}

describe.each(QUERIES)('%s', (_file, query) => {
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

describe('deployed', () => {
  let templates: Awaited<ReturnType<typeof infra>>;
  beforeAll(async () => {
    templates = await infra();
  });
  const alertsOf = (parameters = {}) => {
    const plan = templates.with(parameters);
    return new Map(
      ofType(plan, 'Microsoft.Insights/scheduledQueryRules').map((rule) => {
        const [criterion] = at(rule.body, 'properties.criteria.allOf') as readonly { readonly query: string }[];
        return [nameOf(rule), { query: criterion?.query ?? '', window: at(rule.body, 'properties.windowSize') }];
      }),
    );
  };

  test('each query is an alert, with all its blanks filled in', () => {
    const queries = [...alertsOf().values()].map(({ query }) => query);
    expect(queries).toHaveLength(QUERIES.length);
    for (const query of queries) expect(query.replaceAll(/'[^']*'|\/\/.*/g, '')).not.toMatch(/[{}]/);
  });

  test('tables that must be pulled are those of the deployment, for as long as it says', () => {
    const overdue = alertsOf({ tables: ['account', 'lead'], pullOverdueAfter: 'PT2H' }).get('dvo-pull-overdue');
    expect(overdue).toEqual({ query: expect.stringContaining('dynamic(["account","lead"])'), window: 'PT2H' });
  });

  test('limits are those of the deployment', () => {
    const alerts = alertsOf({ parkedLimit: 71, webhookRefusedPercent: 72, failureLimit: 73, throttledLimit: 74 });
    for (const [name, limit] of Object.entries({
      parked: 71,
      'webhook-refused': 72,
      'functions-failing': 73,
      'web-api-throttled': 74,
    }))
      expect(alerts.get(`dvo-${name}`)?.query).toContain(`> ${limit}`);
  });

  test('what is left out is not watched', () => {
    const names = [...alertsOf({ withPull: false, withWebhook: false, withQueue: false }).keys()];
    expect(names.filter((name) => /pull|webhook|copies|drift/.test(name))).toEqual([]);
    expect(alertsOf({ withAlerts: false }).size).toBe(0);
  });

  test('dead letters are watched by queue and topic, and go to whom they should', () => {
    const plan = templates.with({ alertEmails: ['a@contoso.com'], deadLetterLimit: 3 });
    const watched = ofType(plan, 'Microsoft.Insights/metricAlerts').map(({ body }) => {
      const [criterion] = at(body, 'properties.criteria.allOf') as readonly Readonly<Record<string, unknown>>[];
      return [criterion?.metricName, criterion?.threshold, JSON.stringify(criterion?.dimensions)];
    });
    const entity = (name: string): string =>
      JSON.stringify([{ name: 'EntityName', operator: 'Include', values: [name] }]);
    expect(watched).toEqual([
      ['DeadletteredMessages', 3, entity('dataverse-events')],
      ['DeadletteredMessages', 3, entity('dataverse-changes')],
      ['ThrottledRequests', 0, entity('dataverse-feed')],
    ]);
    expect(at(ofType(plan, 'Microsoft.Insights/actionGroups')[0]?.body, 'properties.emailReceivers')).toMatchObject([
      { emailAddress: 'a@contoso.com' },
    ]);
  });
});
