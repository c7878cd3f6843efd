import { analyse } from 'scslre';
import { messageOf } from '../../../shared/errors/errors';
import type { Rules } from '../../../shared/rules/compile-rules';
import type { ReadRules } from '../../../shared/rules/read-rules';
import type { Fault } from '../../../shared/yaml/schema-faults';

/** A rules file of which slow patterns are faults, too: the app itself only stops them. */
export function withSlowPatterns(read: ReadRules): ReadRules {
  const faults = read.ok ? slowPatterns(read.file).map(read.at) : [];
  return faults.length === 0 ? read : { ok: false, faults };
}

/**
 * Patterns whose time grows faster than the text: some take minutes for a few hundred characters, or for thirty. What is found
 * is one character that repeats.
 */
const slowPatterns = ({ patterns }: Rules): Fault[] =>
  patterns.flatMap(({ pattern, path }) => {
    const text = faultOf(pattern);
    return text === undefined ? [] : [{ path, text }];
  });

function faultOf({ source, flags }: RegExp): string | undefined {
  try {
    const [report] = analyse({ source, flags }).reports;
    if (report === undefined) return undefined;
    return report.type === 'Move'
      ? 'can take too long on some texts: begin the pattern with ^'
      : "can take too long on some texts: parts that repeat mustn't be able to share the same text in several ways, as in (a+)+ and .*-.*";
  } catch (error) {
    return `has a pattern that can't be checked: ${messageOf(error)}`;
  }
}
