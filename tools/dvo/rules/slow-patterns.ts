import { analyse } from 'scslre';
import type { Rules } from '../../../shared/rules/compile-rules';
import type { ReadRules } from '../../../shared/rules/read-rules';
import type { Fault } from '../../../shared/yaml/schema-faults';

/** A rules file of which slow patterns are faults, too: the app itself can't tell them. */
export function withSlowPatterns(read: ReadRules): ReadRules {
  const faults = read.ok ? slowPatterns(read.file).map(read.at) : [];
  return faults.length === 0 ? read : { ok: false, faults };
}

/**
 * Patterns that take exponential time on some texts: then a text of thirty characters blocks the process. Those that only take
 * more than linear time are bounded by the longest text that is matched. What is found is one character that repeats.
 */
const slowPatterns = ({ patterns }: Rules): Fault[] =>
  patterns
    .filter(({ pattern }) => isExponential(pattern))
    .map(({ path }) => ({
      path,
      text: 'can take exponential time on some texts: a part that repeats must not be able to match the same text in two ways, as (a+)+ does',
    }));

function isExponential(source: string): boolean {
  return analyse({ source, flags: 'u' }).reports.some(({ exponential }) => exponential);
}
