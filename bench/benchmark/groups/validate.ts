import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawnHost } from '../../../local/host/spawn-host';
import { changesOf } from '../../../shared/context/messages/to-changes';
import { readContext } from '../../../shared/context/read-context';
import { judge } from '../../../shared/rules/judge';
import { readRules } from '../../../shared/rules/read-rules';
import { contextOf } from '../inputs/contexts';
import { digits, figuresOf } from '../measure/compare';
import { median, summary } from '../measure/figure';
import type { Group } from '../measure/figure';
import { post } from '../measure/post';
import { inRounds } from '../measure/rounds';

const RULES = 50;
const BODY_BYTES = 60 * 1024;
const CONNECTIONS = [1, 10];
const MOST_P99_MS = 10;
const MOST_CPU = 1.5;

const WHY_LATE = 'What is refused unread takes the host alone: where that is long, too, others have the processors.';

/** A check on each of the kinds of columns that the context has, in turn; all of them hold. */
const CHECKS: readonly ((n: number) => string)[] = [
  (n) => `pattern: { new_column${n}: 'Berth \\d+: unload at gate \\d+, .*' }`,
  (n) => `range: { new_column${n}: { min: 100000000, max: 200000000 } }`,
  (n) => `expr: "!has(target.new_column${n}) || target.new_column${n}.table == 'account'"`,
  (n) => `range: { new_column${n}: { min: 0.01, max: 1000000 } }, required: [new_column${n}]`,
  (n) => `when: { new_column${n}: { gte: 0 } }, oneOf: { new_column${n}: [${n * 37}] }`,
  (n) => `expr: "target.new_column${n} > timestamp('2026-01-01T00:00:00Z') && message.depth < 8"`,
];

const text = `tables:\n  contact:\n${Array.from(
  { length: RULES },
  (_, n) => `    - { code: rule-${n}, message: Correct it., ${CHECKS[n % CHECKS.length]?.(n) ?? ''} }\n`,
).join('')}`;

export const group: Group = {
  about: `${RULES} rules on a context of ${BODY_BYTES / 1024} KB, against turning it into row changes, and under the local host`,

  async run({ quick, rounds }, tell) {
    const { json } = contextOf(BODY_BYTES);
    const read = readRules('rules.yaml', text);
    if (!read.ok) throw new Error(read.faults.join('\n'));
    const options = { truncated: false, limitMs: 60_000, isTaken: () => Promise.resolve(false) };
    const judged = await judge(read.file, readContext(json), options);
    if (judged.length !== RULES || judged.some(({ outcome }) => outcome !== 'holds'))
      throw new Error(`Not all rules hold: ${JSON.stringify(judged.map(({ outcome }) => outcome))}`);

    const operations = quick ? 50 : 200;
    const times = (run: () => unknown) => ({
      run: async (): Promise<void> => {
        for (let n = 0; n < operations; n += 1) await run();
      },
    });
    const turns = await inRounds(
      {
        validate: times(() => judge(read.file, readContext(json), options)),
        parse: times(() => changesOf(readContext(json), { source: 'bench', body: json })),
      },
      { rounds: quick ? rounds : rounds * 3, warmup: 5, operations },
    );
    tell(
      figuresOf(turns, [
        {
          work: `validate, ${RULES} rules, ${BODY_BYTES / 1024} KB`,
          subject: 'validate',
          against: 'parse',
          of: 'CPU',
          aim: { most: MOST_CPU },
          why: 'Reading the body is most of it; the columns that rules name are turned into values, for expressions all of them.',
        },
      ]),
    );

    const folder = mkdtempSync(path.join(tmpdir(), 'dvo-validate-'));
    const file = path.join(folder, 'rules.yaml');
    writeFileSync(file, text);
    const key = randomBytes(24).toString('base64url');
    const host = await spawnHost({
      appDir: path.resolve('.'),
      // As infra/ has it for deployments with validation.
      nodeArgs: ['--initial-old-space-size=128'],
      settings: {
        FUNCTIONS_WORKER_RUNTIME: 'node',
        AzureFunctionsJobHost__logging__logLevel__default: 'Warning',
        DISABLED_FUNCTIONS: 'webhook,service-bus-queue,service-bus-topic,event-hub,pull-sync,replay-parked',
        RULES_FILE: file,
        VALIDATE_KEYS: key,
      },
    });
    try {
      for (const connections of CONNECTIONS) {
        const amount = quick ? 300 : 2000;
        const tails = { validate: [] as number[], unread: [] as number[] };
        const url = `${host.url}/api/validate?code=`;
        for (let round = -1; round < rounds; round += 1) {
          const { p99 } = await post(url + key, () => json, connections, amount);
          const unread = await post(url, () => json, connections, amount, 401);
          // The first one warms up.
          if (round < 0) continue;
          tails.validate.push(p99);
          tails.unread.push(unread.p99);
        }
        tell([
          {
            work: `validate, ${connections} ${connections === 1 ? 'user' : 'users'} at once, under the local host`,
            measure: 'P99',
            ...summary(tails.validate),
            unit: 'ms',
            own: `${digits(median(tails.validate))} ms`,
            against: `${digits(median(tails.unread))} ms refused unread`,
            ...(connections === 1 ? { aim: { most: MOST_P99_MS }, why: WHY_LATE } : {}),
          },
        ]);
      }
    } finally {
      await host.stop();
      rmSync(folder, { recursive: true });
    }
  },
};
