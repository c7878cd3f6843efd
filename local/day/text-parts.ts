/** Bytes of a part, of UTF-16 and of UTF-8. */
const PART_BYTES = 64_000;

/** A text in as few parts as hold it, each of whole characters. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  let [part, utf16, utf8] = ['', 0, 0];
  for (const character of text) {
    const [wide, narrow] = [2 * character.length, Buffer.byteLength(character)];
    if (Math.max(utf16 + wide, utf8 + narrow) > PART_BYTES) {
      parts.push(part);
      [part, utf16, utf8] = ['', 0, 0];
    }
    part += character;
    utf16 += wide;
    utf8 += narrow;
  }
  return [...parts, part];
}
