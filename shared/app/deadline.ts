import type { InvocationContext } from '@azure/functions';
import type { FunctionName } from '../settings/functions';
import { OutboundError } from '../errors/errors';
import { logTo } from '../telemetry/log';

/**
 * How long an invocation may take, in milliseconds. The platform ends the whole process, and so the invocations beside it,
 * when one takes longer than `functionTimeout` (host.json).
 * https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout
 */
export const DEADLINES_MS = {
  /** Dataverse waits 60 s for a webhook. https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks */
  webhook: 50_000,
  /** The host renews a message's lock for 5 minutes (host.json, `maxAutoLockRenewalDuration`). */
  messages: 240_000,
  replay: 240_000,
  /** After PULL_MAX_SECONDS, when a pull ends at its next page: the time to process and store what is under way. */
  afterPull: 60_000,
} as const;

/** Thrown when an invocation was ended because it took too long. What it has begun goes on, and is harmless when done twice. */
export class DeadlinePassed extends OutboundError {
  constructor(name: FunctionName, limitMs: number) {
    super('deadline-passed', `An invocation of ${name} took longer than ${limitMs / 1000} s.`);
  }
}

/**
 * A handler whose invocations end in time, whatever they wait for. One that doesn't ends with the error, or with what
 * `answer` makes of it: its sender still has the delivery.
 */
export function endsInTime<Input, Result>(
  name: FunctionName,
  limitMs: number,
  handler: (input: Input, context: InvocationContext) => Result | Promise<Result>,
  answer?: (error: DeadlinePassed) => Result,
): (input: Input, context: InvocationContext) => Promise<Result> {
  return async (input, context) => {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<DeadlinePassed>((resolve) => {
      timer = setTimeout(() => resolve(new DeadlinePassed(name, limitMs)), limitMs);
    });
    try {
      const end = await Promise.race([handler(input, context), deadline]);
      if (!(end instanceof DeadlinePassed)) return end;
      logTo(context)('deadlinePassed', { function: name, seconds: limitMs / 1000 });
      if (answer === undefined) throw end;
      return answer(end);
    } finally {
      clearTimeout(timer);
    }
  };
}
