/** Readers of arguments; commander shows the message of what they throw beside the option's name, with exit code 64. */
import { InvalidArgumentError } from 'commander';
import { LEAST_PURGE_AGE_MS } from '../../../shared/sync/tombstone-purge';

/** A whole number above 0. */
export function countArgument(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

/** So many a second: above 0, also 0.5. */
export function rateArgument(text: string): number {
  const rate = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || rate < 0.01 || rate > 100_000)
    throw new InvalidArgumentError('It must be a number per second from 0.01 to 100000.');
  return rate;
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time span such as 90s, 15m, 1h or 7d, in milliseconds. */
export function spanArgument(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (count === undefined || unitMs === undefined)
    throw new InvalidArgumentError('It must be a time span such as 90s, 15m, 1h or 7d.');
  return Number(count) * unitMs;
}

/** A time span as `spanArgument` takes it, in the largest unit of which it has two at least. */
export function spanText(ms: number): string {
  const [unit, unitMs] = Object.entries(UNITS_MS).findLast(([, each]) => ms >= 2 * each) ?? ['s', 1000];
  return `${Math.ceil(ms / unitMs)}${unit}`;
}

/** A time span that tombstones may be purged after, in milliseconds. */
export function purgeAgeArgument(text: string): number {
  const age = spanArgument(text);
  if (age < LEAST_PURGE_AGE_MS)
    throw new InvalidArgumentError(
      `It must be at least ${LEAST_PURGE_AGE_MS / 3_600_000}h (docs/store.md explains why).`,
    );
  return age;
}

const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** A time such as 2026-03-14T09:26:53Z, a day such as 2026-03-14 (UTC), or a span before now; in epoch milliseconds. */
export function timeArgument(text: string): number {
  if (/^\d+[smhd]$/.test(text)) return Date.now() - spanArgument(text);
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError(
      'It must be a time with its zone such as 2026-03-14T09:26:53Z, a day such as 2026-03-14, or a span such as 2h.',
    );
  return time;
}
