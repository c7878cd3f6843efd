/** A timer's schedule: an NCRONTAB expression (https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions). */
import { Cron } from 'croner';
import { FunctionInError } from './settings';

/** When a timer fires, in the machine's time zone, as with Core Tools. */
export interface Schedule {
  /** The first occurrence after a time. */
  next(after: Date): Date;
}

/**
 * Parses `{second} {minute} {hour} {day} {month} {day of week}`; with five fields the second is 0.
 *
 * @throws FunctionInError if it isn't such an expression.
 */
export function parseSchedule(expression: string): Schedule {
  let cron: Cron;
  try {
    // croner also knows L, W, #, ? and @names, which NCRONTAB hasn't: what works here must work in Azure.
    if (!/^[\d*,/\-\sA-Z]+$/i.test(expression) || /(^|[\s,\d])[LW]([\s,]|$)/i.test(expression))
      throw new Error('unknown sign');
    cron = new Cron(expression, { mode: '5-or-6-parts', domAndDow: true });
  } catch (error) {
    throw new FunctionInError(
      `The schedule expression '${expression}' was not recognized as a valid cron expression.`,
      { cause: error },
    );
  }
  return {
    next(after) {
      const occurrence = cron.nextRun(after);
      if (occurrence === null)
        throw new FunctionInError(`The schedule expression '${expression}' has no next occurrence.`);
      return occurrence;
    },
  };
}

/** Whether a schedule fires more than once in the next minute: the real host then keeps no record of it. */
export function isSubMinute(schedule: Schedule, now: Date): boolean {
  return schedule.next(schedule.next(now)).getTime() - now.getTime() <= 60_000;
}
