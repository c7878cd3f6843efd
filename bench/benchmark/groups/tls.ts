import { oneByOne } from '../inputs/one-by-one';
import { figuresOf } from '../measure/compare';
import type { Group } from '../measure/figure';
import { inRounds } from '../measure/rounds';
import { startSecureTables } from '../null-tables/start';

const WIDTH = 8;
const TRANSACTIONS_IN_FLIGHT = 4;
/** A hundred in each partition: as many as a transaction takes. */
const ROWS = 1600;

export const group: Group = {
  about: "the writer over TLS with a managed identity's token, as in production, against the bare SDK with the same",
  apart: true,

  async run({ quick, rounds }, tell) {
    const tables = await startSecureTables();
    try {
      const { app, upsertEntity, together, submitTransaction } = await oneByOne(tables.account, ROWS);
      const options = { rounds, warmup: quick ? 2 : 8, operations: ROWS };
      const alone = await inRounds({ app: app(WIDTH), upsertEntity: upsertEntity(WIDTH) }, options);
      const work = `update, warm, ${WIDTH} in flight, TLS and token`;
      tell(figuresOf(alone, [{ work, subject: 'app', against: 'upsertEntity', of: 'CPU' }]));
      const transactions = await inRounds(
        { app: together(TRANSACTIONS_IN_FLIGHT), submitTransaction: submitTransaction(TRANSACTIONS_IN_FLIGHT) },
        options,
      );
      const of = { work: 'transaction of 100 updates, warm, TLS and token', subject: 'app' } as const;
      tell(
        figuresOf(transactions, [
          { ...of, against: 'submitTransaction', of: 'CPU' },
          { ...of, against: 'submitTransaction', of: 'requests', aim: { most: 0.01 } },
        ]),
      );
    } finally {
      await tables.stop();
    }
  },
};
