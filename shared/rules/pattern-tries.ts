/** What a pattern is made of: escapes, classes, the beginnings of groups, quantifiers, and all other characters by themselves. */
const TOKEN = /\\.|\[(?:\\.|[^\]\\])*\]?|\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?|(?:[*+?]|\{\d+(?:,\d*)?\})\??|./gsu;
const QUANTIFIER = /^(?:[*+?]|\{\d)/;
const EXACT = /^\{(\d+)\}/;
/** A lookaround, or what was found before: each looks at any number of characters. */
const LOOKS_AFAR = /^(?:\(\?<?[=!]|\\[1-9k])/;

/**
 * How many characters a search from the start of a text may look at, roughly and at most, by the length of the text: each
 * quantifier may take any number of them, each alternative may be tried, and each try may go through what repeats exactly.
 * Infinity where a group repeats, since then they can multiply without end, or where a try looks afar.
 */
export function triesOf(pattern: string): (length: number) => number {
  let [repeats, alternatives, exact] = [0, 0, 1];
  let before = '';
  for (const [token] of pattern.matchAll(TOKEN)) {
    if (LOOKS_AFAR.test(token)) return () => Infinity;
    if (token === '|' || token.startsWith('?')) alternatives += 1;
    else if (QUANTIFIER.test(token)) {
      if (before === ')') return () => Infinity;
      const times = EXACT.exec(token)?.[1];
      if (times === undefined) repeats += 1;
      else exact += Number(times);
    }
    before = token;
  }
  return (length) => (length + 1) ** repeats * 2 ** alternatives * exact;
}
