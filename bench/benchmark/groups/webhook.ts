import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { startAzurite } from '../../../local/storage/azurite';
import { spawnHost } from '../../../local/host/spawn-host';
import { TABLE } from '../inputs/rows';
import { bareClient, onBoth } from '../inputs/stores';
import { Updates } from '../inputs/updates';
import { startChild } from '../measure/child';
import { digits, figuresOf } from '../measure/compare';
import { median, summary } from '../measure/figure';
import type { Group } from '../measure/figure';
import { post } from '../measure/post';
import { inRounds, type Subject } from '../measure/rounds';

const CONNECTIONS = [1, 10, 100];

/** The plain listener writes no log either. */
const QUIET = {
  FUNCTIONS_WORKER_RUNTIME: 'node',
  AzureFunctionsJobHost__logging__logLevel__default: 'Warning',
} as const;

const processOf = (name: string): string => path.join(__dirname, '../processes', `${name}-main.js`);

export const group: Group = {
  about:
    'the webhook under the local host, posted to by autocannon, against node:http with JSON.parse and an upsert, and against that as a function under the same host',

  async run({ quick, rounds }, tell) {
    const state = await startAzurite();
    try {
      await onBoth(async (place) => {
        const updates = new Updates(400);
        const key = randomBytes(24).toString('base64url');
        for (const table of ['plain', 'function', 'app', 'hosted'])
          await updates.seed(bareClient(place, `${table}${TABLE}`));
        const settings = (prefix: string) => ({
          ...QUIET,
          SYNC_TABLES: TABLE,
          LOB_STORAGE: place.connectionString,
          LOB_TABLE_PREFIX: prefix,
          AzureWebJobsStorage: state.connectionString,
          WEBHOOK_KEYS: key,
          // Of a hundred connections one may fall behind by a whole turn; there is no Web API to ask then.
          UNPROVABLE_ORDER: 'apply',
        });
        const host = await spawnHost({ appDir: path.resolve('.'), settings: settings('hosted') });
        const functionHost = await spawnHost({
          appDir: path.resolve('bench/benchmark/processes/plain-function-app'),
          settings: { ...QUIET, PLAIN_STORE: place.connectionString, PLAIN_TABLE: `function${TABLE}` },
        });
        const handler = await startChild<string>(processOf('app-webhook'), [], settings('app'));
        const listener = await startChild<string>(processOf('plain-listener'), [
          place.connectionString,
          `plain${TABLE}`,
        ]);
        try {
          for (const connections of quick ? [10] : CONNECTIONS) {
            const amount = (connections === 1 ? 200 : 500) * (quick ? 1 : 4);
            const tails = { app: [] as number[], plain: [] as number[] };
            const posting = (url: string, tail?: number[]): Subject => ({
              run: async () => {
                const { all, p99 } = await post(url, () => updates.next(), connections, amount);
                tail?.push(p99);
                return { overriddenDuration: all };
              },
            });
            const turns = await inRounds(
              {
                app: posting(`${handler.said}/api/webhook?code=${key}`, tails.app),
                plain: posting(listener.said, tails.plain),
                hosted: posting(`${host.url}/api/webhook?code=${key}`),
                function: posting(`${functionHost.url}/api/plain`),
              },
              { rounds, operations: amount },
            );
            const work = `webhook, ${connections} connections, ${place.name}`;
            tell(figuresOf(turns, [{ work, subject: 'app', against: 'plain', of: 'rate' }]));
            // The first is of the round that warms up.
            const [own, floor] = [tails.app.slice(1), tails.plain.slice(1)];
            tell([
              {
                work,
                measure: 'P99',
                ...summary(own.map((tail, round) => tail / (floor[round] ?? Number.NaN))),
                unit: 'x',
                own: `${digits(median(own))} ms`,
                against: `${digits(median(floor))} ms plain`,
              },
            ]);
            const under = { work: `${work}, under the local host`, of: 'rate' } as const;
            tell(
              figuresOf(turns, [
                { ...under, subject: 'hosted', against: 'plain' },
                { ...under, subject: 'hosted', against: 'function' },
              ]),
            );
          }
        } finally {
          await listener.stop();
          await handler.stop();
          await functionHost.stop();
          await host.stop();
        }
      });
    } finally {
      await state.stop();
    }
  },
};
