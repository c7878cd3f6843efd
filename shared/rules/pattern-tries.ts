/** What a pattern is made of: escapes, classes, the beginnings of groups, quantifiers, and all other characters by themselves. */
const TOKEN =
  /\\(?:[pP]\{[^}]*\}|u(?:\{[^}]*\}|[\dA-F]{4})|x[\dA-F]{2}|c.|k<[^>]*>|.)|\[(?:\\.|[^\]\\])*\]?|\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?|(?:[*+?]|\{\d+(?:,\d*)?\})\??|./gisu;
const QUANTIFIER = /^(?:[*+?]|\{\d)/;
const EXACT = /^\{(\d+)\}/;
/** A lookaround, or what was found before: each looks at any number of characters. */
const LOOKS_AFAR = /^(?:\(\?<?[=!]|\\[1-9k])/;

/** A character that stands for itself. */
const LITERAL = /^(?:\\([^\p{L}\d])|([^.^$|()[\]{}*+?\\]))$/u;

/** Whether what repeats can only end at the next character, which must be there, and which it isn't: then there is one way. */
function endsAt(repeated: string, [next = '', afterNext = '']: readonly string[]): boolean {
  const [, escaped, plain] = LITERAL.exec(next) ?? [];
  const character = escaped ?? plain;
  if (character === undefined || QUANTIFIER.test(afterNext)) return false;
  return !new RegExp(`^${repeated}$`, 'su').test(character);
}

/**
 * How many characters a search from the start of a text may look at, roughly and at most, by the length of the text: each
 * quantifier may take any number of them, each alternative may be tried, and each try may go through what repeats exactly.
 * Infinity where a group repeats, since then they can multiply without end, or where a try looks afar.
 */
export function triesOf(pattern: string): (length: number) => number {
  let [repeats, fixed, alternatives, exact] = [0, 0, 0, 1];
  const tokens = Array.from(pattern.matchAll(TOKEN), ([token]) => token);
  for (const [at, token] of tokens.entries()) {
    const before = tokens[at - 1] ?? '';
    if (LOOKS_AFAR.test(token)) return () => Infinity;
    if (token === '|' || token.startsWith('?')) alternatives += 1;
    else if (QUANTIFIER.test(token)) {
      if (before === ')') return () => Infinity;
      const times = EXACT.exec(token)?.[1];
      if (times !== undefined) exact += Number(times);
      else if (endsAt(before, tokens.slice(at + 1, at + 3))) fixed = 1;
      else repeats += 1;
    }
  }
  return (length) => (length + 1) ** (repeats + fixed) * 2 ** alternatives * exact;
}
