/** Whether a figure grows. */

/** A figure at a time, in milliseconds. */
export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** How a figure went in the second half of its time; what came before is warming up. */
export interface Flatness {
  /** Its level in the first block and in the last one. */
  readonly from: number;
  readonly to: number;
  /** By the line of best fit, from one end of it to the other. */
  readonly growth: number;
  /** Growth that mere noise explains: of 100 flat figures, 99 grow less. */
  readonly noise: number;
  readonly isFlat: boolean;
}

const BLOCKS = 12;
/** Student's t for 99 %, one side, of a line through so many blocks. */
const T = 2.764;
/** Of a figure's level: what is less than that isn't looked at, however sure it is. */
const NEGLIGIBLE = 0.02;

/**
 * Fits a line to the second half. A block's level is its lower quartile: garbage goes up and down, a leak raises what is left
 * when it is down.
 *
 * @param negligible growth that is none, besides a share of the level: one more socket, one more entry
 * @returns undefined where there are too few points to tell
 */
export function flatnessOf(points: readonly Point[], negligible: number): Flatness | undefined {
  const end = points.at(-1)?.atMs ?? 0;
  const begin = points[0]?.atMs ?? 0;
  const half = points.filter(({ atMs }) => atMs >= begin + (end - begin) / 2);
  if (half.length < BLOCKS) return undefined;
  const levels = Array.from({ length: BLOCKS }, (_, block) => {
    const part = half.slice(
      Math.floor((block * half.length) / BLOCKS),
      Math.floor(((block + 1) * half.length) / BLOCKS),
    );
    return part.map(({ value }) => value).toSorted((a, b) => a - b)[Math.floor(part.length / 4)] ?? 0;
  });
  const mean = levels.reduce((sum, level) => sum + level, 0) / BLOCKS;
  const middle = (BLOCKS - 1) / 2;
  const spread = levels.reduce((sum, _, block) => sum + (block - middle) ** 2, 0);
  const slope = levels.reduce((sum, level, block) => sum + (block - middle) * (level - mean), 0) / spread;
  const rest = levels.reduce((sum, level, block) => sum + (level - mean - slope * (block - middle)) ** 2, 0);
  const growth = slope * (BLOCKS - 1);
  const noise = T * Math.sqrt(rest / (BLOCKS - 2) / spread) * (BLOCKS - 1);
  const isFlat = growth <= Math.max(noise, negligible, NEGLIGIBLE * mean);
  return { from: levels[0] ?? 0, to: levels.at(-1) ?? 0, growth, noise, isFlat };
}
