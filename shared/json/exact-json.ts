import { randomBytes } from 'node:crypto';
import { SAFE_DIGITS } from './exact-number';

/**
 * What JSON.parse gives, except that a number may be a string that begins with this process's mark. Read numbers and
 * strings only through `numberTextOf` and `stringOf`.
 */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object of JSON; a member that is absent is undefined. */
export interface JsonObject {
  readonly [member: string]: Json | undefined;
}

/*
 * How numbers stay exact. A double can't hold 9007199254740993 and forgets that 1.10 had two decimals, and a reviver,
 * which could see the digits, makes parsing four times slower. So a number whose digits a double would not give back
 * is turned into a string, behind a mark, before the native parser sees the text.
 *
 * Why no text inside a string can be taken for a number: `value"` is followed by a colon only where a string ends and
 * the colon of a member follows. Were that quotation mark inside a string, a backslash would have to stand between `e`
 * and it; did it open a string, `e` would stand outside one, which only `true` and `false` do, and no string may follow
 * those. So what comes after the colon is the member's value, in any text that parses at all.
 *
 * Why the change makes no invalid text valid: a string stands in for a whole number token where the grammar wants a
 * value, and there any value is as good as another. (Only in place of a member's name would a string be better than a
 * number, and no name follows a colon or stands in a list.)
 *
 * Why input can't forge an exact number: the mark is random and new in every process, and never leaves it.
 */

/** First character of the mark: rare in text, and of one byte, so that the text stays in V8's compact form. */
const MARK_CODE = 0x91;
const MARK = String.fromCharCode(MARK_CODE) + randomBytes(12).toString('base64url');

/** Where the contracts put numbers: the value of a pair, of a Money, of an OptionSetValue; or a list of them. */
const NUMBER_MEMBER = /"[vV]alue"[ \t\r\n]*:[ \t\r\n]*[-\d[]/g;
/** A letter of these names as an escape: allowed in JSON, though .NET writes none. */
const ESCAPED_LETTER = /\\u00(?:[57]6|61|6[cC5]|75)/;
const ESCAPE = '\\u00';

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LOWER_E = 0x65;
const OPEN_OBJECT = 0x7b;

/** Digits of `0.000001`. */
const MILLIONTH_DIGITS = 7;

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

/**
 * Whole numbers in a list that a double holds: the bytes of a picture are many thousand, so they are passed over many at
 * a time. (Not without end, because the matcher remembers each.)
 */
const SHORT_NUMBERS = /(?:\d{1,15},){1,500}/y;

/** Number tokens to be marked: start and end of each, one after the other, in the order of the text. */
type Places = number[];

/** The index after the digits that begin at `start`. */
function skipDigits(text: string, start: number): number {
  let at = start;
  while (isDigit(text.charCodeAt(at))) at++;
  return at;
}

/**
 * Notes the number token at `start` unless a double surely gives back its digits; the index after the token. What is no
 * number by JSON's grammar is left for the native parser to refuse.
 */
function noteNumber(text: string, start: number, places: Places): number {
  const whole = text.charCodeAt(start) === MINUS ? start + 1 : start;
  const point = skipDigits(text, whole);
  const zero = text.charCodeAt(whole) === ZERO;
  if (point === whole || (zero && point > whole + 1)) return Math.max(point, start + 1);
  let code = text.charCodeAt(point);
  let end = point;
  let plain = point - whole <= SAFE_DIGITS && !(zero && whole > start);
  if (code === POINT) {
    end = skipDigits(text, point + 1);
    if (end === point + 1) return end;
    const digits = end - whole - 1;
    // Below a millionth a double is written with an exponent.
    plain = digits <= SAFE_DIGITS && text.charCodeAt(end - 1) !== ZERO && !(zero && digits > MILLIONTH_DIGITS);
    code = text.charCodeAt(end);
  }
  if ((code | 0x20) === LOWER_E) {
    const sign = text.charCodeAt(end + 1);
    const power = sign === PLUS || sign === MINUS ? end + 2 : end + 1;
    end = skipDigits(text, power);
    if (end === power) return end;
    plain = false;
  }
  if (!plain) places.push(start, end);
  return end;
}

/** The index after the string that opens at `start`; the text's length if it never closes. */
function skipString(text: string, start: number): number {
  let close = text.indexOf('"', start + 1);
  while (close !== -1) {
    let before = close - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((close - before) % 2 === 1) return close + 1;
    close = text.indexOf('"', close + 1);
  }
  return text.length;
}

/** Notes the numbers of the list that opens at `start`, up to its end or its first object; the index it stopped at. */
function noteList(text: string, start: number, places: Places): number {
  let depth = 1;
  let at = start + 1;
  while (depth > 0 && at < text.length) {
    const code = text.charCodeAt(at);
    if (isDigit(code)) {
      SHORT_NUMBERS.lastIndex = at;
      at = SHORT_NUMBERS.test(text) ? SHORT_NUMBERS.lastIndex : noteNumber(text, at, places);
    } else if (code === COMMA) at++;
    else if (code === MINUS) at = noteNumber(text, at, places);
    else if (code === QUOTE) at = skipString(text, at);
    else if (code === OPEN_OBJECT) return at;
    else {
      if (code === OPEN_LIST) depth++;
      else if (code === CLOSE_LIST) depth--;
      at++;
    }
  }
  return at;
}

const withMarks = (text: string, places: Places): string => replaced(text, places, (digits) => `"${MARK}${digits}"`);

/** A text with the tokens at these places replaced. */
function replaced(text: string, places: Places, put: (digits: string) => string): string {
  if (places.length === 0) return text;
  let out = '';
  let from = 0;
  for (let i = 0; i < places.length; i += 2) {
    const start = places[i] ?? 0;
    const end = places[i + 1] ?? 0;
    out += text.slice(from, start) + put(text.slice(start, end));
    from = end;
  }
  return out + text.slice(from);
}

/**
 * Parses JSON, keeping every digit of the numbers that stand as a member `value` or `Value`, alone or in a list without
 * objects: that is where Dataverse's contracts have them. All other numbers are doubles until `parseAllExact`.
 *
 * @throws SyntaxError as JSON.parse does; its text quotes the input, so don't pass it on.
 */
export function parseExact(text: string): Json {
  if (text.includes(ESCAPE) && ESCAPED_LETTER.test(text)) return parseAllExact(text);
  const places: Places = [];
  NUMBER_MEMBER.lastIndex = 0;
  while (NUMBER_MEMBER.test(text)) {
    const at = NUMBER_MEMBER.lastIndex - 1;
    NUMBER_MEMBER.lastIndex =
      text.charCodeAt(at) === OPEN_LIST ? noteList(text, at, places) : noteNumber(text, at, places);
  }
  return JSON.parse(withMarks(text, places)) as Json;
}

/**
 * The value of a member that may have to be marked: a number other than a plain whole one of at most 15 digits, or a list.
 */
const NUMBER_OR_LIST = /"[ \t\r\n]*:[ \t\r\n]*(?:\[|-0|-?\d(?!\d{0,14}[,}\]]))/g;

/** What may stand before a string: a quotation mark behind it opens one, unless it is the last character of one. */
const BEFORE_STRING = new Set(Array.from(' \t\r\n,:[{', (character) => character.charCodeAt(0)));

/**
 * Notes the numbers that stand as a member, whatever its name; undefined where that can't be told at a glance.
 *
 * Such a number follows a quotation mark and a colon. Does that mark close a string? What stands before it decides: behind
 * what can't stand before a string it does not open one, and behind an odd number of backslashes it is itself inside one.
 */
function memberNumbers(text: string): Places | undefined {
  const places: Places = [];
  NUMBER_OR_LIST.lastIndex = 0;
  for (let found = NUMBER_OR_LIST.exec(text); found !== null; found = NUMBER_OR_LIST.exec(text)) {
    const last = NUMBER_OR_LIST.lastIndex - 1;
    let before = found.index - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((found.index - before) % 2 === 0) continue;
    if (before < 0 || (before === found.index - 1 && BEFORE_STRING.has(text.charCodeAt(before)))) return undefined;
    if (text.charCodeAt(last) === OPEN_LIST) return undefined;
    NUMBER_OR_LIST.lastIndex = noteNumber(text, text.charCodeAt(last - 1) === MINUS ? last - 1 : last, places);
  }
  return places;
}

/** Whether a parsed text holds a number that is no member: as a whole, or in a list that is no member either. */
const hasLooseNumbers = (json: Json): boolean =>
  typeof json === 'number' || (isList(json) && json.some((item) => typeof item === 'number' || isList(item)));

/**
 * Parses JSON, keeping every digit of every number. Where all numbers are members of objects, as in rows of the Web API,
 * it takes little longer than `parseExact`; otherwise some times as long.
 *
 * @throws SyntaxError as JSON.parse does.
 */
export function parseAllExact(text: string): Json {
  const places = memberNumbers(text);
  if (places === undefined) return parseTokens(text);
  const json = JSON.parse(withMarks(text, places)) as Json;
  return hasLooseNumbers(json) ? parseTokens(text) : json;
}

/** As `parseAllExact`, token by token. */
function parseTokens(text: string): Json {
  // Tokens alone can't tell a number from a number in the place of a member's name: the text has to be valid.
  JSON.parse(text);
  return parseValidExact(text);
}

/**
 * A valid JSON text in which every number that a double wouldn't give back is its digits as text. (A reviver, which could see
 * the digits, takes many times as long.)
 */
export const withDigitsAsText = (text: string): string =>
  replaced(text, allNumbers(text), (digits) => (String(Number(digits)) === digits ? digits : `"${digits}"`));

/** As `parseAllExact`, of a text that is known to be valid. */
export const parseValidExact = (text: string): Json => JSON.parse(withMarks(text, allNumbers(text))) as Json;

/** Notes the numbers of a valid text, wherever they stand. */
function allNumbers(text: string): Places {
  const places: Places = [];
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = skipString(text, at);
    else if (isDigit(code) || code === MINUS) at = noteNumber(text, at, places);
    else at++;
  }
  return places;
}

/** The digits of a number as sent, or undefined when the value is not a number. */
export function numberTextOf(json: Json | undefined): string | undefined {
  if (typeof json === 'number') return String(json);
  if (typeof json !== 'string' || json.charCodeAt(0) !== MARK_CODE || !json.startsWith(MARK)) return undefined;
  return json.slice(MARK.length);
}

/** A string, or undefined when the value is something else. */
export function stringOf(json: Json | undefined): string | undefined {
  if (typeof json !== 'string') return undefined;
  return json.charCodeAt(0) === MARK_CODE && json.startsWith(MARK) ? undefined : json;
}

/** An object, or undefined when the value is something else. */
export function objectOf(json: Json | undefined): JsonObject | undefined {
  return typeof json === 'object' && json !== null && !isList(json) ? json : undefined;
}

/** An object or list of a parsed text, as the parser made it. */
type Writable = Record<string | number, Json | undefined>;

/** Whether the value is a list. */
export const isList = (json: Json | undefined): json is readonly Json[] => Array.isArray(json);

/**
 * Gives the numbers inside `rough` the digits that they have in `exact`, in place, so that whoever holds a part of
 * `rough` has the digits too. Both must come from the same text.
 */
export function takeDigits(rough: Json, exact: Json): void {
  if (typeof rough !== 'object' || rough === null) return;
  const open = [[rough, exact] as [Writable, Writable]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [to, from] = pair;
    const take = (member: string | number): void => {
      const old = to[member];
      const digits = from[member];
      if (typeof old === 'number' && digits !== undefined) to[member] = digits;
      else if (typeof old === 'object' && old !== null) open.push([old as Writable, digits as Writable]);
    };
    // The names of a list's items would be as many texts.
    if (Array.isArray(to)) for (let at = 0; at < to.length; at += 1) take(at);
    else for (const member of Object.keys(to)) take(member);
  }
}

/**
 * Writes a value as JSON text, numbers in the digits they were sent in.
 *
 * @throws RangeError when it is nested deeper than `maxDepth`.
 */
export function writeExact(json: Json, maxDepth: number): string {
  if (maxDepth < 0) throw new RangeError('nested too deep');
  const digits = numberTextOf(json);
  if (digits !== undefined) return digits;
  if (isList(json)) return `[${json.map((item) => writeExact(item, maxDepth - 1)).join(',')}]`;
  if (typeof json !== 'object' || json === null) return JSON.stringify(json);
  const members: string[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (value !== undefined) members.push(`${JSON.stringify(name)}:${writeExact(value, maxDepth - 1)}`);
  }
  return `{${members.join(',')}}`;
}
