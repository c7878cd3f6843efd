import { applyChange } from '../../registration/apply';
import type { Change } from '../../registration/plan';
import type { Prepared } from '../../registration/make-plan';
import { changeText, type Outcome } from './report';
import type { Terminal } from '../terminal/terminal';

const DID: Readonly<Record<Change['action'], string>> = {
  create: 'created',
  update: 'changed',
  delete: 'deleted',
  track: 'enabled',
};

/** @throws Error where endpoints would be written whose secrets can't be had */
export function refuseMissingSecrets({ plan, input }: Prepared): void {
  const missing = plan.changes.flatMap((change) => {
    if ((change.action !== 'create' && change.action !== 'update') || change.item.kind !== 'endpoint') return [];
    const secret = input.secrets.get(change.item.key);
    return secret?.kind === 'unknown' ? [`${change.item.label} needs its secret, but ${secret.reason}`] : [];
  });
  if (missing.length > 0) throw new Error(`Nothing was changed: ${missing.join('; ')}.`);
}

/** Carries out a plan, one change after the other, and tells each; it ends at the first that fails. */
export async function carryOut(terminal: Terminal, { plan, input }: Prepared, quiet: boolean): Promise<Outcome> {
  let done = 0;
  for (const change of plan.changes) {
    try {
      await applyChange(change, input);
    } catch (error) {
      terminal.err(`${changeText(change)}: not ${DID[change.action]}, or the result is unknown\n`);
      return { done, error: error instanceof Error ? error : new Error(String(error)) };
    }
    done += 1;
    if (!quiet) terminal.out(`${changeText(change)}: ${DID[change.action]} (${done} of ${plan.changes.length})\n`);
  }
  return { done };
}
