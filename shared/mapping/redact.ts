import { createHmac } from 'node:crypto';
import type { Value } from '../change/value';
import { plainNumber, withoutLastZeros } from '../json/exact-number';
import { textOf } from '../change/value-json';

/** What takes the place of a value that must not be stored. */
export type Redaction = 'hash' | { readonly keepFirst: number; readonly keepLast: number };

/** A keyed hash of a text, as base64url. */
export type Hash = (text: string) => string;

/** HMAC-SHA-256: who doesn't have the key can't find a value by trying. */
export const hashWith =
  (key: Uint8Array): Hash =>
  (text) =>
    createHmac('sha256', key).update(text).digest('base64url');

const NUMBERS = new Set(['number', 'integer', 'bigint', 'decimal', 'money', 'double']);

/** The same text for the same value in whatever column and type, so that hashed columns can still be joined. */
function canonicalText(value: Exclude<Value, null>): string {
  const text = textOf(value);
  return NUMBERS.has(value.kind) ? withoutLastZeros(plainNumber(text) ?? text) : text;
}

/** A value redacted: text, without label, table or name. Null stays null. */
export function redact(value: Value, redaction: Redaction, hash: Hash): Value {
  if (value === null) return null;
  return {
    kind: 'string',
    value: redaction === 'hash' ? hash(canonicalText(value)) : mask(textOf(value), redaction),
  };
}

/** Every character an asterisk, except a few at the ends: half of them at most, so that no short text stays readable. */
function mask(text: string, { keepFirst, keepLast }: Exclude<Redaction, 'hash'>): string {
  let length = 0;
  // A character may take two of a text's units. Those of a long text aren't made one by one.
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) length += 1;
  const half = Math.floor(length / 2);
  const first = Math.min(keepFirst, half);
  const last = Math.min(keepLast, half - first);
  const beginning = Array.from(text.slice(0, 2 * first)).slice(0, first);
  const end = Array.from(text.slice(text.length - 2 * last)).slice(-last);
  return [...beginning, '*'.repeat(length - first - last), ...(last === 0 ? [] : end)].join('');
}
