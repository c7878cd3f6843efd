/*
 * XML 1.0 has no way to hold U+0001, not even as a reference; .NET writes `&#x1;` all the same, and reads it. A parser
 * that keeps to XML 1.0 refuses it, so such references are turned into marks before the parser sees the document, and
 * back in the text that it gives.
 *
 * A mark is MARK and a letter. A MARK of the document itself, as such or as a reference, becomes MARK twice, so nothing
 * in a document can be taken for a mark. What looks like a reference inside a comment, a CDATA section or a processing
 * instruction is none, so those are passed over. (Elsewhere `<!--`, `<![CDATA[` and `<?` can't stand but as their
 * beginnings: a bare `<` is not allowed in text or attributes, and document types are refused.)
 */

/** A private character that is rare in text. https://www.unicode.org/faq/private_use.html */
const MARK = '\uf6fe';
const MARK_CODE = 0xf6fe;

/** A reference, or what references don't count in, up to its end or the document's. */
const PIECES =
  /<!\[CDATA\[[^]*?(?:\]\]>|$)|<!--[^]*?(?:-->|$)|<\?[^]*?(?:\?>|$)|&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));/g;

const MARKED = new RegExp(`${MARK}([${MARK}@A-Z\\[\\\\\\]^_yz])`, 'g');

/** Letters of the marks: U+0000 to U+001F are `@` to `_`; U+FFFE and U+FFFF, the others that .NET writes, y and z. */
const LETTER_BASE = 0x40;
const LAST_CONTROL = 0x1f;

/** What stands for a reference to a character that XML 1.0 forbids; undefined when the parser can read it itself. */
function markOf(code: number): string | undefined {
  if (code === 0x9 || code === 0xa || code === 0xd) return undefined;
  if (code <= LAST_CONTROL) return MARK + String.fromCharCode(LETTER_BASE + code);
  if (code === 0xfffe) return `${MARK}y`;
  if (code === 0xffff) return `${MARK}z`;
  return code === MARK_CODE ? MARK + MARK : undefined;
}

function charOf(letter: string): string {
  if (letter === 'y') return '\ufffe';
  if (letter === 'z') return '\uffff';
  return letter === MARK ? MARK : String.fromCharCode(letter.charCodeAt(0) - LETTER_BASE);
}

/** A document whose forbidden references are marks. */
export interface MarkedDocument {
  readonly text: string;
  /** Text or an attribute's value as the document means it. */
  readonly unmark: (text: string) => string;
  /** Where in the document something is that the parser met at an index of `text`. */
  readonly positionOf: (index: number) => number;
}

const SAME: Omit<MarkedDocument, 'text'> = { unmark: (text) => text, positionOf: (index) => index };

const unmark = (text: string): string =>
  text.includes(MARK) ? text.replace(MARKED, (_, letter: string) => charOf(letter)) : text;

/** Puts marks for the references of a document that XML 1.0 forbids. */
export function markForbidden(document: string): MarkedDocument {
  if (!document.includes('&#') && !document.includes(MARK)) return { text: document, ...SAME };
  const doubled = document.replaceAll(MARK, MARK + MARK);
  /** Index in the marked text after each mark, and how much shorter than the document it is up to there. */
  const shifts: [index: number, shift: number][] = [];
  let shift = 0;
  const text = doubled.replace(PIECES, (piece: string, hex?: string, decimal?: string, ...rest: unknown[]) => {
    if (hex === undefined && decimal === undefined) return piece;
    const mark = markOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
    if (mark === undefined) return piece;
    const at = Number(rest[0]) - shift;
    shift += piece.length - mark.length;
    shifts.push([at + mark.length, shift]);
    return mark;
  });
  const positionOf = (index: number): number => {
    let in_ = index;
    for (const [from, by] of shifts) if (index >= from) in_ = index + by;
    let doubles = 0;
    for (let at = doubled.indexOf(MARK); at !== -1 && at + 1 < in_; at = doubled.indexOf(MARK, at + 2)) doubles++;
    return in_ - doubles;
  };
  return { text, unmark, positionOf };
}
