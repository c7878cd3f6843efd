import { setTimeout } from 'node:timers/promises';

/** Lets so many through a second, evenly: resolves when the next `count` may go. Without a rate, at once. */
export type Pace = (count?: number) => Promise<void>;

/** Makes a pace. @param rate a second; absent: as fast as it goes */
export function paceOf(
  rate: number | undefined,
  now: () => number = () => performance.now(),
  sleep: (milliseconds: number) => Promise<unknown> = setTimeout,
): Pace {
  let next = 0;
  return async (count = 1) => {
    if (rate === undefined) return;
    const at = Math.max(now(), next);
    next = at + (count * 1000) / rate;
    if (at > now()) await sleep(at - now());
  };
}

/** How many to take at once at a rate: a second's worth, so that none of them waits long; `most` without a rate. */
export const batchAt = (rate: number | undefined, most: number): number =>
  rate === undefined ? most : Math.max(1, Math.min(most, Math.floor(rate)));
