import type { Value } from '../change/value';
import { int32Of, int64Of, plainNumber, wholeNumber } from '../json/exact-number';
import { textOf, wallTimeOf } from '../change/value-json';

/** The types that a column can be given (`as`). */
export const TARGET_TYPES = ['text', 'integer', 'bigint', 'decimal', 'double', 'boolean', 'date', 'time'] as const;
export type TargetType = (typeof TARGET_TYPES)[number];

/** A value in another type; undefined where it has no such form. Only `double` may lose digits. */
export function convertValue(value: Value, as: TargetType): Value | undefined {
  if (value === null) return null;
  switch (as) {
    case 'text':
      return { kind: 'string', value: textOf(value) };
    case 'integer': {
      const whole = int32Of(wholeOf(value)?.toString() ?? '');
      return whole === undefined ? undefined : { kind: 'integer', value: whole };
    }
    case 'bigint': {
      const whole = int64Of(wholeOf(value)?.toString() ?? '');
      return whole === undefined ? undefined : { kind: 'bigint', value: whole };
    }
    case 'decimal': {
      const text = numberOf(value);
      return text === undefined ? undefined : { kind: 'decimal', text };
    }
    case 'double': {
      const number = Number(numberOf(value) ?? Number.NaN);
      return Number.isFinite(number) ? { kind: 'double', value: number } : undefined;
    }
    case 'boolean':
      return booleanOf(value);
    case 'date': {
      const epochMs = wallMsOf(value);
      return epochMs === undefined ? undefined : { kind: 'date', text: new Date(epochMs).toISOString().slice(0, 10) };
    }
    case 'time': {
      const epochMs = value.kind === 'offsetTime' ? value.epochMs : wallMsOf(value);
      return epochMs === undefined ? undefined : { kind: 'instant', epochMs };
    }
    default:
      return as satisfies never;
  }
}

const NUMERIC = new Set(['number', 'integer', 'bigint', 'decimal', 'money', 'double', 'choice', 'string']);

/** The plain digits of a number, or of text that is one. */
const numberOf = (value: Exclude<Value, null>): string | undefined =>
  NUMERIC.has(value.kind) ? plainNumber(textOf(value)) : undefined;

const wholeOf = (value: Exclude<Value, null>): bigint | undefined => {
  const text = numberOf(value);
  return text === undefined ? undefined : wholeNumber(text);
};

function booleanOf(value: Exclude<Value, null>): Value | undefined {
  if (value.kind === 'boolean' || value.kind === 'managed') return { kind: 'boolean', value: value.value };
  const text = textOf(value);
  if (value.kind === 'string' && /^(?:true|false)$/i.test(text)) {
    return { kind: 'boolean', value: text.toLowerCase() === 'true' };
  }
  const whole = wholeOf(value);
  return whole === 0n || whole === 1n ? { kind: 'boolean', value: whole === 1n } : undefined;
}

/** A date or time as milliseconds; one without a zone is read as UTC. */
function wallMsOf(value: Exclude<Value, null>): number | undefined {
  switch (value.kind) {
    case 'instant':
      return value.epochMs;
    case 'offsetTime':
      return isoMs(wallTimeOf(value.epochMs, value.offsetMinutes));
    case 'date':
    case 'wallTime':
      return isoMs(value.text);
    case 'string':
      return isoMs(value.value);
    default:
      return undefined;
  }
}

const ISO = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/;

/** Days that every month has. */
const SHORTEST_MONTH = 28;

function isDay(text: string): boolean {
  if (Number(text.slice(8)) <= SHORTEST_MONTH) return true;
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** An ISO date or time in milliseconds, UTC where it names no zone; undefined for any other text. */
export function isoMs(text: string): number | undefined {
  const [, day, time, zone] = ISO.exec(text) ?? [];
  // Date.parse takes a 30th of February for a day in March.
  if (day === undefined || !isDay(day)) return undefined;
  const ms = Date.parse(time === undefined ? day : zone === undefined ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}
