import type { Log } from '../telemetry/log';
import type { Outcome } from './receiver';

/** Logs what became of deliveries: one record for all that were settled, one for each that was not. */
export function logOutcomes(log: Log, source: string, outcomes: readonly Outcome[]): void {
  const verdicts: Record<string, number> = {};
  const lagMs: number[] = [];
  let settled = 0;
  for (const outcome of outcomes) {
    if (outcome.kind === 'settled') {
      settled += 1;
      for (const { verdict } of outcome.changes) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
      if (outcome.lagMs !== undefined) lagMs.push(outcome.lagMs);
    } else {
      log(outcome.kind, { source, code: outcome.cause.code, reason: outcome.cause.message });
    }
  }
  if (settled > 0) log('settled', { source, received: settled, verdicts, lagMs });
}
