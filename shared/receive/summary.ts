import type { Log } from '../telemetry/log';
import type { Outcome } from './receiver';

/** Logs what became of deliveries: one record for all that were settled or ignored, one for each that was neither. */
export function logOutcomes(log: Log, source: string, outcomes: readonly Outcome[]): void {
  const verdicts: Record<string, number> = {};
  const ignored: Record<string, number> = {};
  const lagMs: number[] = [];
  let settled = 0;
  for (const outcome of outcomes) {
    if (outcome.kind === 'settled') {
      settled += 1;
      for (const { verdict } of outcome.changes) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
      if (outcome.lagMs !== undefined) lagMs.push(outcome.lagMs);
    } else if (outcome.kind === 'ignored') {
      ignored[outcome.cause.code] = (ignored[outcome.cause.code] ?? 0) + 1;
    } else {
      log(outcome.kind, { source, code: outcome.cause.code, reason: outcome.cause.message });
    }
  }
  if (Object.keys(ignored).length > 0) log('ignored', { source, codes: ignored });
  if (settled > 0) log('settled', { source, received: settled, verdicts, lagMs });
}
