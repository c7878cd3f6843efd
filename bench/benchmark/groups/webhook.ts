import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { TABLE } from '../inputs/rows';
import { bareClient, settingsOf } from '../inputs/stores';
import { Updates } from '../inputs/updates';
import { startChild, type Child } from '../measure/child';
import { figuresOf } from '../measure/compare';
import type { Group } from '../measure/figure';
import { post } from '../measure/post';
import { inRounds, type Subject } from '../measure/rounds';
import { startNullTables, startSecureTables, type Account } from '../null-tables/start';
import { cpuMsOf } from '../processes/serve';

const CONNECTIONS = 10;
const ROWS = 400;

/** Those that write what is posted to them, each in a process and a table of its own. */
class Listeners {
  readonly #key = randomBytes(24).toString('base64url');
  readonly #updates = new Updates(ROWS);
  readonly #started: Child<string>[] = [];

  constructor(
    private readonly account: Account,
    private readonly amount: number,
  ) {}

  async start(name: 'app-webhook' | 'plain-listener' | 'sample-listener'): Promise<Subject> {
    const prefix = name.replace('-', '');
    await this.#updates.seed(bareClient(this.account, `${prefix}${TABLE}`));
    const child = await startChild<string>(path.join(__dirname, '../processes', `${name}-main.js`), [], {
      SYNC_TABLES: TABLE,
      ...settingsOf(this.account),
      LOB_TABLE_PREFIX: prefix,
      WEBHOOK_KEYS: this.#key,
      // Of many connections one may fall behind by a whole turn; there is no Web API to ask then.
      UNPROVABLE_ORDER: 'apply',
    });
    this.#started.push(child);
    return {
      run: async () => {
        const { all } = await post(
          `${child.said}/api/webhook?code=${this.#key}`,
          () => this.#updates.next(),
          CONNECTIONS,
          this.amount,
        );
        return { overriddenDuration: all };
      },
      cpuMs: () => cpuMsOf(child.process),
    };
  }

  async stop(): Promise<void> {
    for (const child of this.#started) await child.stop();
  }
}

export const group: Group = {
  about:
    "the webhook's handler behind node:http, posted to by autocannon, against listeners that write what comes through the bare SDK",

  async run({ quick, rounds }, tell) {
    const amount = quick ? 500 : 2000;
    const options = { rounds, warmup: 2, operations: amount };
    const on = async (
      tables: { readonly account: Account; stop(): Promise<void> },
      measure: (listeners: Listeners) => Promise<void>,
    ): Promise<void> => {
      const listeners = new Listeners(tables.account, amount);
      try {
        await measure(listeners);
      } finally {
        await listeners.stop();
        await tables.stop();
      }
    };
    await on(await startNullTables(), async (listeners) => {
      const plain = 'JSON.parse, upsertEntity';
      const subjects = { app: await listeners.start('app-webhook'), [plain]: await listeners.start('plain-listener') };
      const of = { work: `webhook, ${CONNECTIONS} connections`, subject: 'app', against: plain } as const;
      tell(
        figuresOf(await inRounds(subjects, options), [
          { ...of, of: 'CPU', aim: { most: 1.25 }, why: WHY },
          { ...of, of: 'rate' },
        ]),
      );
    });
    await on(await startSecureTables(), async (listeners) => {
      const subjects = {
        app: await listeners.start('app-webhook'),
        'unguarded listener': await listeners.start('plain-listener'),
        'sample listener': await listeners.start('sample-listener'),
      };
      const work = `webhook, ${CONNECTIONS} connections, TLS and token`;
      const of = { work, subject: 'app', of: 'work per CPU', why: WHY } as const;
      tell(
        figuresOf(await inRounds(subjects, options), [
          { ...of, against: 'unguarded listener', aim: { least: 1 } },
          { ...of, against: 'sample listener', aim: { least: 4.5 } },
        ]),
      );
    });
  },
};

const WHY =
  "The library's request, the key, the order and what is stored are the app's alone; receiving and sending are both listeners'.";
