import { readContext } from '../../../shared/context/read-context';
import { NotFindable } from '../../../shared/lob/row-finder';
import type { Rules } from '../../../shared/rules/compile-rules';
import { RuleUnjudged } from '../../../shared/rules/errors';
import { decisive, judge, type Judged } from '../../../shared/rules/judge';
import { VALIDATE_DEFAULTS } from '../../../shared/rules/validate-endpoint';
import { textTable } from '../terminal/output';
import type { Terminal } from '../terminal/terminal';

const WORDS: Readonly<Record<Extract<Judged['outcome'], string>, string>> = {
  holds: 'holds',
  elsewhere: 'not for it',
  unasked: 'not asked',
  refuses: 'REFUSES',
};

const UNJUDGED = 'Allowed, unless VALIDATE_UNJUDGED=refuse.\n';

/**
 * Shows what becomes of each rule for an operation, in the time that `validate` has by default. No store is asked.
 *
 * @throws Error where the operation is refused
 */
export async function tryRules(terminal: Terminal, rules: Rules, body: Uint8Array, truncated: boolean): Promise<void> {
  const context = readContext(body);
  terminal.out(`${context.message} of ${context.table}, stage ${context.stage}\n`);
  let judged: readonly Judged[];
  try {
    judged = await judge(rules, context, {
      truncated,
      limitMs: VALIDATE_DEFAULTS.deadlineMs,
      isTaken: () => Promise.reject(new NotFindable('dvo rules try asks no store')),
    });
  } catch (error) {
    if (!(error instanceof RuleUnjudged)) throw error;
    terminal.out(`${error.message}\n${UNJUDGED}`);
    return;
  }
  const { line } = textTable([
    { heading: 'Outcome', width: 10 },
    { heading: 'Rule', width: 24 },
    { heading: '', width: 0 },
  ]);
  for (const { rule, subject, outcome } of judged) {
    const row = subject.rowId ?? '';
    terminal.out(
      typeof outcome === 'string'
        ? line([WORDS[outcome], rule.code, row])
        : line(['NOT JUDGED', rule.code, outcome.unknown]),
    );
  }
  const decided = decisive(judged);
  if (decided?.outcome === 'refuses') throw new Error(`Refused by ${decided.rule.code}: ${decided.rule.message}`);
  terminal.out(decided === undefined ? 'Allowed.\n' : UNJUDGED);
}
