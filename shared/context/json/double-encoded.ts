/** The characters that Windows-1252 has in place of 0x80–0x9F; those missing stand for themselves. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The byte that a character has in Windows-1252; undefined when it has none. */
function byteOf(char: string): number | undefined {
  const code = char.charCodeAt(0);
  if (code < 0x80 || (code >= 0xa0 && code <= 0xff)) return code;
  const special = WINDOWS_1252.indexOf(char);
  return special === -1 ? undefined : 0x80 + special;
}

/**
 * Whether a text looks as if its UTF-8 bytes had been read as Windows-1252 (`Ã¼` for `ü`). Some endpoints send such text
 * unless their `messagecharset` is UTF-8. Only a suspicion, and never repaired: the text may be meant so.
 * https://learn.microsoft.com/power-apps/developer/data-platform/reference/entities/serviceendpoint
 */
export function looksDoubleEncoded(text: string): boolean {
  const bytes: number[] = [];
  for (const char of text) {
    const byte = byteOf(char);
    if (byte === undefined || char.length > 1) return false;
    bytes.push(byte);
  }
  if (bytes.every((byte) => byte < 0x80)) return false;
  try {
    UTF8.decode(Uint8Array.from(bytes));
    return true;
  } catch {
    return false;
  }
}
