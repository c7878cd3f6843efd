"use strict";
/**
 * Numbers as their digits, compared without passing through a double: `0.1`, `9007199254740993`, `1E-07`.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.compareNumbers = compareNumbers;
exports.plainNumber = plainNumber;
exports.wholeNumber = wholeNumber;
/** More digits or a larger exponent than any column of Dataverse has: nobody should pay for expanding them. */
const MAX_DIGITS = 400;
const FORM = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
function exactNumber(text) {
    const [, sign, whole, part = '', exponent = '0'] = text.length > MAX_DIGITS ? [] : (FORM.exec(text) ?? []);
    if (whole === undefined || Math.abs(Number(exponent)) > MAX_DIGITS)
        return undefined;
    const digits = BigInt(whole + part);
    return { digits: sign === '-' ? -digits : digits, scale: part.length - Number(exponent) };
}
/** Negative, zero or positive as a is less than, equal to or greater than b; undefined where one is no number. */
function compareNumbers(a, b) {
    const [left, right] = [exactNumber(a), exactNumber(b)];
    if (left === undefined || right === undefined)
        return undefined;
    const scale = Math.max(left.scale, right.scale);
    const difference = atScale(left, scale) - atScale(right, scale);
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}
const atScale = ({ digits, scale }, to) => digits * 10n ** BigInt(to - scale);
/** A number in plain digits: no exponent, no plus sign, its scale kept; undefined where the text is no number. */
function plainNumber(text) {
    const number = exactNumber(text);
    if (number === undefined)
        return undefined;
    const { digits, scale } = number;
    if (scale <= 0)
        return atScale(number, 0).toString();
    const all = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
    return `${digits < 0n ? '-' : ''}${all.slice(0, -scale)}.${all.slice(-scale)}`;
}
/** A number that is whole, as a bigint; undefined for any other text (`1.0` is whole, `1.5` isn't). */
function wholeNumber(text) {
    const plain = plainNumber(text);
    const [, whole] = plain === undefined ? [] : (/^(-?\d+)(?:\.0+)?$/.exec(plain) ?? []);
    return whole === undefined ? undefined : BigInt(whole);
}
//# sourceMappingURL=exact-number.js.map