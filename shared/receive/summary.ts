import type { ParkCause } from '../parking/parking';
import type { Log } from '../telemetry/log';
import type { Outcome } from './put-aside';

/** Logs what became of deliveries: one record for all that were processed, ignored or held, one for each of the others. */
export function logOutcomes(log: Log, source: string, outcomes: readonly Outcome[]): void {
  const verdicts: Record<string, number> = {};
  const ignored: Record<string, number> = {};
  const held: ParkCause[] = [];
  const lagMs: number[] = [];
  let processed = 0;
  for (const outcome of outcomes) {
    if (outcome.kind === 'processed') {
      processed += 1;
      for (const { verdict } of outcome.changes) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
      if (outcome.lagMs !== undefined) lagMs.push(outcome.lagMs);
    } else if (outcome.kind === 'ignored') {
      ignored[outcome.cause.code] = (ignored[outcome.cause.code] ?? 0) + 1;
    } else if (outcome.kind === 'delayed') {
      const { attempt, dueAtMs, cause } = outcome;
      const dueAt = new Date(dueAtMs).toISOString();
      log('delayed', { source, code: cause.code, reason: cause.message, attempt, dueAt });
    } else if (outcome.kind === 'held') {
      held.push(outcome.cause);
    } else {
      log(outcome.kind, { source, code: outcome.cause.code, reason: outcome.cause.message });
    }
  }
  if (Object.keys(ignored).length > 0) log('ignored', { source, codes: ignored });
  const [first] = held;
  if (first !== undefined) log('held', { source, events: held.length, code: first.code, reason: first.message });
  if (processed > 0) log('processed', { source, received: processed, verdicts, lagMs });
}
