import type { DataverseStats } from '../dataverse/dataverse';
import type { Crossings } from './both-ways';
import type { BusinessResult } from './business';
import type { CheckResult } from './comparison';
import { percentile, type Figures } from './figures';

/** How the day was disturbed. */
interface Disturbed {
  readonly seed: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly drop: number;
}

/** The day in figures, for `--report`. */
export function reportOf(
  { seed, duplicate, reorder, drop }: Disturbed,
  dataverse: DataverseStats,
  figures: Figures,
  { changes, messages }: BusinessResult,
  seconds: number,
  check: CheckResult,
  crossings: Crossings | undefined,
): object {
  const paths = Object.fromEntries(
    figures.shown.map(([path, { lagMs, ...counts }]) => [
      path,
      { ...counts, lagMs: { p50: percentile(lagMs, 0.5), p99: percentile(lagMs, 0.99) } },
    ]),
  );
  return {
    seed,
    disturbances: { duplicate, reorder, drop },
    changes,
    messages: Object.fromEntries(messages),
    seconds,
    paths,
    healed: figures.paths.get('pull-sync')?.healed ?? 0,
    healedOf: Object.fromEntries(figures.healedOf),
    events: figures.total('events'),
    ignored: figures.total('ignored'),
    dataverse,
    differences: check.differenceCount,
    check,
    ...(crossings === undefined ? {} : { crossings }),
    problems: figures.problems,
  };
}
