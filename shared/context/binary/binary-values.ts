import { withoutLastZeros } from '../../json/exact-number';

/** Ticks (100 ns) from 0001-01-01, .NET's first moment, to 1970-01-01. */
const TICKS_TO_EPOCH = 621_355_968_000_000_000n;
const TICKS_PER_MS = 10_000n;
const TICKS_PER_SECOND = 10_000_000n;

/** The last tick of the year 9999. */
const LAST_TICK = 3_155_378_975_999_999_999n;
const LAST_HIGH = Number(LAST_TICK >> 32n);
const LAST_LOW = Number(LAST_TICK & 0xffff_ffffn);

const TICKS_MASK = (1n << 62n) - 1n;

/** Digits after the point that a decimal may have. */
const MAX_SCALE = 28;

/** A fraction of a second, seven digits, without the zeros at its end. */
function fractionOf(ticks: bigint): string {
  if (ticks === 0n) return '';
  return withoutLastZeros(`.${ticks.toString().padStart(7, '0')}`);
}

/** Whether a DecimalText record is in range. */
export const isDecimal = (bytes: Uint8Array, at: number): boolean =>
  (bytes[at + 2] ?? 0) <= MAX_SCALE && ((bytes[at + 3] ?? 0) & 0x7f) === 0;

/**
 * A DecimalText record (2.2.3.14): sixteen bytes as OLE has decimals. Its text has the decimal's own scale; undefined
 * when it is out of range. https://learn.microsoft.com/openspecs/windows_protocols/ms-oaut/
 */
export function decimalText(bytes: Buffer, at: number): string | undefined {
  if (!isDecimal(bytes, at)) return undefined;
  const scale = bytes.readUInt8(at + 2);
  const sign = bytes.readUInt8(at + 3);
  const whole = (BigInt(bytes.readUInt32LE(at + 4)) << 64n) | bytes.readBigUInt64LE(at + 8);
  const digits = whole.toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return sign === 0 || whole === 0n ? text : `-${text}`;
}

/** Whether a DateTimeText record is in range. */
export function isDateTime(bytes: Buffer, at: number): boolean {
  const high = bytes.readUInt32LE(at + 4) & 0x3fff_ffff;
  return high < LAST_HIGH || (high === LAST_HIGH && bytes.readUInt32LE(at) <= LAST_LOW);
}

/**
 * A DateTimeText record (2.2.3.15): ticks in 62 bits, the kind in two. A local time's ticks are those of UTC, and the
 * zone it was local to is not sent, so it reads like one of UTC. Undefined when it is out of range.
 * https://learn.microsoft.com/dotnet/api/system.datetime.tobinary
 */
export function dateTimeText(bytes: Buffer, at: number): string | undefined {
  if (!isDateTime(bytes, at)) return undefined;
  const raw = bytes.readBigUInt64LE(at);
  const ticks = raw & TICKS_MASK;
  const epochMs = Number((ticks - (ticks % TICKS_PER_SECOND) - TICKS_TO_EPOCH) / TICKS_PER_MS);
  const zone = raw >> 62n === 0n ? '' : 'Z';
  return new Date(epochMs).toISOString().slice(0, 19) + fractionOf(ticks % TICKS_PER_SECOND) + zone;
}

/** A TimeSpanText record (2.2.3.24): ticks, as text in the form of an XML Schema duration. */
export function timeSpanText(bytes: Buffer, at: number): string {
  const ticks = bytes.readBigInt64LE(at);
  const size = ticks < 0n ? -ticks : ticks;
  const seconds = size / TICKS_PER_SECOND;
  const days = seconds / 86_400n;
  const hours = (seconds / 3600n) % 24n;
  const minutes = (seconds / 60n) % 60n;
  const rest = `${seconds % 60n}${fractionOf(size % TICKS_PER_SECOND)}`;
  const time = [
    hours === 0n ? '' : `${hours}H`,
    minutes === 0n ? '' : `${minutes}M`,
    rest === '0' && size !== 0n ? '' : `${rest}S`,
  ].join('');
  return `${ticks < 0n ? '-' : ''}P${days === 0n ? '' : `${days}D`}${time === '' ? '' : `T${time}`}`;
}

/** A UuidText record (2.2.3.25): .NET's order of bytes, the first three groups little-endian. */
export function uuidText(bytes: Buffer, at: number): string {
  const hex = (from: number, to: number): string => bytes.toString('hex', at + from, at + to);
  const first = bytes.readUInt32LE(at).toString(16).padStart(8, '0');
  const second = bytes
    .readUInt16LE(at + 4)
    .toString(16)
    .padStart(4, '0');
  const third = bytes
    .readUInt16LE(at + 6)
    .toString(16)
    .padStart(4, '0');
  return `${first}-${second}-${third}-${hex(8, 10)}-${hex(10, 16)}`;
}

/** A floating-point number in the digits of XML Schema. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF';
  return Object.is(value, -0) ? '-0' : String(value);
}
