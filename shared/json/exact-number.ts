/**
 * Numbers as their digits, which no double has to hold: `0.1`, `9007199254740993`, `1E-07`.
 */

/** Up to so many digits a decimal number survives a double. */
export const SAFE_DIGITS = 15;

/** Digits that an Int32 holds; undefined for other texts. */
export function int32Of(text: string): number | undefined {
  const value = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return (value | 0) === value ? value : undefined;
}

/** Digits that an Int64 holds; undefined for other texts. */
export function int64Of(text: string): bigint | undefined {
  const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  return value === undefined || BigInt.asIntN(64, value) !== value ? undefined : value;
}

/** A number as `digits` × 10^−`scale`. */
interface ExactNumber {
  readonly digits: bigint;
  readonly scale: number;
}

/** More digits or a larger exponent than any column of Dataverse has: nobody should pay for expanding them. */
const MAX_DIGITS = 400;

const FORM = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

function exactNumber(text: string): ExactNumber | undefined {
  const [, sign, whole, part = '', exponent = '0'] = text.length > MAX_DIGITS ? [] : (FORM.exec(text) ?? []);
  if (whole === undefined || Math.abs(Number(exponent)) > MAX_DIGITS) return undefined;
  const digits = BigInt(whole + part);
  return { digits: sign === '-' ? -digits : digits, scale: part.length - Number(exponent) };
}

/** Negative, zero or positive as a is less than, equal to or greater than b; undefined where one is no number. */
export function compareNumbers(a: string, b: string): number | undefined {
  const [left, right] = [exactNumber(a), exactNumber(b)];
  if (left === undefined || right === undefined) return undefined;
  const scale = Math.max(left.scale, right.scale);
  const difference = atScale(left, scale) - atScale(right, scale);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

const atScale = ({ digits, scale }: ExactNumber, to: number): bigint => digits * 10n ** BigInt(to - scale);

/** A number in plain digits: no exponent, no plus sign, its scale kept; undefined where the text is no number. */
export function plainNumber(text: string): string | undefined {
  const number = exactNumber(text);
  if (number === undefined) return undefined;
  const { digits, scale } = number;
  if (scale <= 0) return atScale(number, 0).toString();
  const all = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  return `${digits < 0n ? '-' : ''}${all.slice(0, -scale)}.${all.slice(-scale)}`;
}

/** Digits without the zeros that end a fraction, nor a point with nothing behind it; those of a whole number as they are. */
export function withoutLastZeros(digits: string): string {
  if (!digits.includes('.')) return digits;
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, digits[end - 1] === '.' ? end - 1 : end);
}

/** A number that is whole, as a bigint; undefined for any other text (`1.0` is whole, `1.5` isn't). */
export function wholeNumber(text: string): bigint | undefined {
  const plain = plainNumber(text);
  const [, whole] = plain === undefined ? [] : (/^(-?\d+)(?:\.0+)?$/.exec(plain) ?? []);
  return whole === undefined ? undefined : BigInt(whole);
}
