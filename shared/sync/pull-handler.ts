import type { TimerHandler } from '@azure/functions';
import pLimit from 'p-limit';
import { codeOf, messageOf } from '../errors/errors';
import { logTo } from '../telemetry/log';
import type { PullSync } from './pull-sync';
import type { PullNote } from './pull-report';

/** Tables pulled at the same time, within the one budget of Web API requests. */
const TABLES_AT_ONCE = 4;

/**
 * Pulls every table, within one time limit for all of them: what there was no time for comes first at the next tick. One
 * table's failure doesn't keep the others from running, and is tried again at the next tick.
 *
 * @param maxRunMs milliseconds, well below the platform's time limit (`functionTimeout` in host.json), at which it ends the process
 */
export function pullHandler(tables: readonly string[], maxRunMs: number, sync: () => PullSync): TimerHandler {
  return async (_timer, context) => {
    const until = performance.now() + maxRunMs;
    const log = logTo(context);
    const limit = pLimit(TABLES_AT_ONCE);
    const left: string[] = [];
    const pull = async (table: string): Promise<void> => {
      if (performance.now() >= until) return void left.push(table);
      const tell = ({ kind, ...note }: PullNote): void => {
        if (kind === 'drift') log('schemaDrift', { table, ...note });
        else if (kind === 'foreign') log('foreignEntry', { table, ...note });
        else log('pulling', note);
      };
      try {
        log('pulled', { ...(await sync().run(table, { until, tell })) });
      } catch (error) {
        log('pullFailed', { table, code: codeOf(error), reason: messageOf(error) });
      }
    };
    try {
      const inTurn = await sync().inTurn(tables);
      await Promise.all(inTurn.map((table) => limit(() => pull(table))));
    } catch (error) {
      log('pullFailed', { code: codeOf(error), reason: messageOf(error) });
    }
    if (left.length > 0) log('pullsLeft', { tables: left });
  };
}
