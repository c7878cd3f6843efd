/**
 * What a terminal acts on, or what changes how the characters around it are shown: controls, format characters (directions of
 * writing, widths of nothing), line separators, and halves of characters.
 * https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escaped = (character: string): string =>
  SHORT[character] ??
  Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');

/**
 * Foreign text on one line, with everything that can't be seen written as JSON writes it: it can neither move the cursor nor
 * look like a line of its own. JSON stays JSON, of the same value.
 */
export const visible = (text: string): string => text.replace(UNPRINTABLE, escaped);

/** The same for text whose line breaks are ours. */
export const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n');
