import type { TimerHandler } from '@azure/functions';
import pLimit from 'p-limit';
import { codeOf, messageOf } from '../errors';
import { logTo } from '../telemetry/log';
import type { PullSync } from './pull-sync';

/** Tables pulled at the same time, within the one budget of Web API requests. */
const TABLES_AT_ONCE = 4;

/** Pulls every table; one table's failure doesn't keep the others from running, and is tried again at the next tick. */
export function pullHandler(tables: readonly string[], sync: () => PullSync): TimerHandler {
  return async (_timer, context) => {
    const log = logTo(context);
    const limit = pLimit(TABLES_AT_ONCE);
    const pull = async (table: string): Promise<void> => {
      try {
        const { drift, ...report } = await sync().run(table);
        if (drift !== undefined) log('schemaDrift', { table, ...drift });
        log('pulled', report);
      } catch (error) {
        log('pullFailed', { table, code: codeOf(error), reason: messageOf(error) });
      }
    };
    await Promise.all(tables.map((table) => limit(() => pull(table))));
  };
}
