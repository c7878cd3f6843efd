import type { Value } from '../../change/value';

/** .NET's DateTime.MinValue and MaxValue: nothing outside can be a date. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/** A date as it stands in a message: its milliseconds as written, and the offset that came with them, in minutes. */
interface WireDate {
  readonly ms: number;
  readonly offsetMinutes: number | null;
}

const BEGIN = '/Date(';
const END = ')/';

/** Digits of a second's fraction: .NET counts in 100 ns. */
const MAX_FRACTION = 7;

/** What a character stands for as a digit; not in 0 to 9 for all others. */
const digitAt = (text: string, at: number): number => text.charCodeAt(at) - 0x30;

/**
 * Reads `/Date(ms)/` and `/Date(ms+hhmm)/`; undefined for all other text. By .NET's rule the milliseconds are UTC and
 * the offset tells only the writer's zone. Rows are full of dates, so this reads characters: a pattern takes four times as long.
 * https://learn.microsoft.com/dotnet/framework/wcf/feature-details/stand-alone-json-serialization#datetime-wire-format
 */
function jsonDateOf(text: string): WireDate | undefined {
  if (!text.startsWith(BEGIN) || !text.endsWith(END)) return undefined;
  const end = text.length - END.length;
  const negative = text.charAt(BEGIN.length) === '-';
  const first = negative ? BEGIN.length + 1 : BEGIN.length;
  let size = 0;
  let at = first;
  for (let digit = digitAt(text, at); digit >= 0 && digit <= 9; digit = digitAt(text, at)) {
    size = size * 10 + digit;
    at += 1;
  }
  const digits = at - first;
  // Only what .NET writes: no zeros in front, no minus zero.
  if (digits === 0 || (digitAt(text, first) === 0 && (negative || digits > 1))) return undefined;
  const ms = negative ? -size : size;
  // Numbers that a double rounds are far outside.
  if (ms < FIRST_MS || ms > LAST_MS) return undefined;
  if (at === end) return { ms, offsetMinutes: null };
  const offsetMinutes = end - at === '+hhmm'.length ? offsetAt(text, at) : undefined;
  return offsetMinutes === undefined ? undefined : { ms, offsetMinutes };
}

/** The offset that begins at `at` in minutes: up to fourteen hours, in .NET as in the zones of this world. */
function offsetAt(text: string, at: number, separator = ''): number | undefined {
  const sign = text.charAt(at);
  const minutesAt = at + 3 + separator.length;
  const hours = numberAt(text, at + 1, 2);
  const minutes = numberAt(text, minutesAt, 2);
  if ((sign !== '+' && sign !== '-') || hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return undefined;
  if (separator !== '' && text.charAt(at + 3) !== separator) return undefined;
  const offset = hours * 60 + minutes;
  return sign === '-' && offset > 0 ? -offset : offset;
}

/** The number that so many digits make; -1 where they aren't all digits. */
function numberAt(text: string, from: number, digits: number): number {
  let number = 0;
  for (let at = from; at < from + digits; at++) {
    const digit = digitAt(text, at);
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/**
 * A date of a column or parameter; undefined when the text is not exactly what the serialiser writes for a date. A text
 * column may hold the same characters: from an instant they can be written back as they were.
 */
export function dateValueOf(text: string): Value | undefined {
  const date = jsonDateOf(text);
  if (date === undefined) return undefined;
  return date.offsetMinutes === null
    ? { kind: 'instant', epochMs: date.ms }
    : { kind: 'offsetTime', epochMs: date.ms, offsetMinutes: date.offsetMinutes };
}

/** A date in ISO form: its digits read as if they were UTC, and the offset that came with them, null without any. */
interface IsoDate {
  readonly wallMs: number;
  readonly offsetMinutes: number | null;
}

const SECONDS_LENGTH = 'yyyy-mm-ddThh:mm:ss'.length;

/** The calendar repeats itself; `Date.UTC` takes the years before 100 for others. */
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 86_400_000;

/** The milliseconds of `yyyy-mm-ddThh:mm:ss` read as UTC; NaN where it is none, or of a day or time that doesn't exist. */
function secondsOf(text: string): number {
  const isSeparated =
    text.charAt(4) === '-' &&
    text.charAt(7) === '-' &&
    text.charAt(10) === 'T' &&
    text.charAt(13) === ':' &&
    text.charAt(16) === ':';
  const year = numberAt(text, 0, 4);
  const month = numberAt(text, 5, 2);
  const day = numberAt(text, 8, 2);
  const hour = numberAt(text, 11, 2);
  const minute = numberAt(text, 14, 2);
  const second = numberAt(text, 17, 2);
  const isNumber = year >= 0 && month >= 1 && day >= 1 && hour >= 0 && minute >= 0 && second >= 0;
  if (!isSeparated || !isNumber || month > 12 || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const ms = Date.UTC(year + CYCLE_YEARS, month - 1, day, hour, minute, second) - CYCLE_MS;
  // February 30 would be March 2.
  return day > 28 && new Date(ms).getUTCDate() !== day ? Number.NaN : ms;
}

/** Reads an ISO date; undefined for all other text and for days that no calendar has. Parts of a millisecond are left out. */
function isoDateOf(text: string): IsoDate | undefined {
  let wallMs = secondsOf(text);
  let at = SECONDS_LENGTH;
  if (text.charAt(at) === '.') {
    const from = at + 1;
    do at += 1;
    while (numberAt(text, at, 1) >= 0);
    if (at === from || at - from > MAX_FRACTION) return undefined;
    wallMs += Number(text.slice(from, Math.min(at, from + 3)).padEnd(3, '0'));
  }
  // Also false for NaN, that is, for what is no date.
  if (!(wallMs >= FIRST_MS)) return undefined;
  if (at === text.length) return { wallMs, offsetMinutes: null };
  if (at + 1 === text.length && text.charAt(at) === 'Z') return { wallMs, offsetMinutes: 0 };
  const offsetMinutes = at + '+hh:mm'.length === text.length ? offsetAt(text, at, ':') : undefined;
  return offsetMinutes === undefined ? undefined : { wallMs, offsetMinutes };
}

/**
 * A date of the XML forms, which keep .NET's DateTimeKind: `Z` or an offset makes it an instant, neither a wall time.
 * Undefined when the text is no date. https://learn.microsoft.com/dotnet/api/system.xml.xmldatetimeserializationmode
 */
export function isoValueOf(text: string): Value | undefined {
  const date = isoDateOf(text);
  if (date === undefined) return undefined;
  if (date.offsetMinutes === null) return { kind: 'wallTime', text: new Date(date.wallMs).toISOString().slice(0, -1) };
  return { kind: 'instant', epochMs: date.wallMs - date.offsetMinutes * 60_000 };
}

/** When an operation was created: the true instant, and the offset that came with it. */
export interface OperationTime {
  readonly epochMs: number;
  readonly offsetMinutes: number | null;
}

/**
 * The true instant of OperationCreatedOn; undefined when the text is no date.
 *
 * An asynchronous step's time comes from its system job: it is UTC, but was read back without its kind and is written
 * as if it were the server's local time. So the milliseconds are early by the offset that follows them, and the true
 * instant is their sum. Captures of servers at +03:00, +02:00 and -07:00 agree with Target's modifiedon only so. A
 * synchronous step's time carries no offset.
 *
 * The XML forms, and contexts that a plug-in wrote with its own settings, have the same time in ISO form: without a zone
 * where it is UTC.
 */
export function operationTimeOf(text: string, asynchronous: boolean): OperationTime | undefined {
  const date = jsonDateOf(text);
  if (date !== undefined) {
    const trap = asynchronous ? (date.offsetMinutes ?? 0) * 60_000 : 0;
    return { epochMs: date.ms + trap, offsetMinutes: date.offsetMinutes };
  }
  const iso = isoDateOf(text);
  if (iso === undefined) return undefined;
  return { epochMs: iso.wallMs - (iso.offsetMinutes ?? 0) * 60_000, offsetMinutes: null };
}
