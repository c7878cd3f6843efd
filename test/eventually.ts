/** How tests wait: for a state, however long this machine takes to come to it; never for a time or for somebody's end. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What a condition brings while it is awaited. */
export type Probed<T> = T | undefined | false;

const LIMIT_MS = 60_000;
/** The longer it takes, the more seldom it is asked: whoever asks takes its time from those that are awaited. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;

/**
 * Asks again until there is an answer: neither undefined nor false.
 *
 * @param what is awaited, for whoever reads that it did not come
 */
export async function eventually<T>(
  ask: () => Probed<T> | Promise<Probed<T>>,
  what: string | (() => string),
  limitMs = LIMIT_MS,
): Promise<T> {
  const limit = performance.now() + limitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(1.2 * pause, LONGEST_PAUSE_MS)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > limit)
      throw new Error(`Not within ${limitMs / 1000} s: ${typeof what === 'string' ? what : what()}`);
    await sleep(pause);
  }
}
