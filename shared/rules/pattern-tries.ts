/** What a pattern is made of: escapes, classes, the beginnings of groups, quantifiers, and all other characters by themselves. */
const TOKEN = /\\.|\[(?:\\.|[^\]\\])*\]?|\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?|(?:[*+?]|\{\d+(?:,\d*)?\})\??|./gsu;
const QUANTIFIER = /^(?:[*+?]|\{\d)/;
const EXACT = /^\{\d+\}/;

/**
 * How many ways a search from the start of a text may try at most, by the length of the text: each quantifier may take any
 * number of characters, each alternative may be tried. Infinity where a group repeats, since then they can multiply without end.
 */
export function triesOf(pattern: string): (length: number) => number {
  let [repeats, alternatives] = [0, 0];
  let before = '';
  for (const [token] of pattern.matchAll(TOKEN)) {
    if (token === '|' || token.startsWith('?')) alternatives += 1;
    else if (QUANTIFIER.test(token)) {
      if (before === ')') return () => Infinity;
      if (!EXACT.test(token)) repeats += 1;
    }
    before = token;
  }
  return (length) => (length + 1) ** repeats * 2 ** alternatives;
}
