import type { Value } from '../change/value';

const ISO_DATE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(?:(Z)|([+-])(0\d|1[0-4]):([0-5]\d))?$/;

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

/** More digits than .NET's last moment has: what is longer is no date, and no double may be rounded. */
const MAX_DIGITS = 15;

/** Characters of `+hhmm`. */
const OFFSET_LENGTH = 5;

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
  if (digits === 0 || digits > MAX_DIGITS || (digitAt(text, first) === 0 && (negative || digits > 1))) return undefined;
  const ms = negative ? -size : size;
  if (ms < FIRST_MS || ms > LAST_MS) return undefined;
  if (at === end) return { ms, offsetMinutes: null };
  const offsetMinutes = end - at === OFFSET_LENGTH ? offsetAt(text, at) : undefined;
  return offsetMinutes === undefined ? undefined : { ms, offsetMinutes };
}

/** The offset that begins at `at` in minutes: up to fourteen hours, in .NET as in the zones of this world. */
function offsetAt(text: string, at: number): number | undefined {
  const parts = /^([+-])(0\d|1[0-4])([0-5]\d)$/.exec(text.slice(at, at + OFFSET_LENGTH));
  if (parts === null) return undefined;
  const minutes = Number(parts[2]) * 60 + Number(parts[3]);
  return parts[1] === '-' && minutes > 0 ? -minutes : minutes;
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

/** Reads an ISO date; undefined for all other text and for days that no calendar has. Parts of a millisecond are left out. */
function isoDateOf(text: string): IsoDate | undefined {
  const parts = ISO_DATE.exec(text);
  if (parts === null) return undefined;
  const seconds = parts[1] ?? '';
  const whole = Date.parse(`${seconds}Z`);
  // Date.parse takes February 30 for March 2.
  if (Number.isNaN(whole) || new Date(whole).toISOString().slice(0, 19) !== seconds) return undefined;
  const wallMs = whole + Number((parts[2] ?? '').slice(0, 3).padEnd(3, '0'));
  if (wallMs < FIRST_MS) return undefined;
  if (parts[3] !== undefined) return { wallMs, offsetMinutes: 0 };
  if (parts[4] === undefined) return { wallMs, offsetMinutes: null };
  const minutes = Number(parts[5]) * 60 + Number(parts[6]);
  return { wallMs, offsetMinutes: parts[4] === '-' ? -minutes : minutes };
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
