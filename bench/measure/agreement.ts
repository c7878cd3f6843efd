import { meets, type Figure } from './figure';
import { shown } from './report';

/** How the figures of two runs compare. */
export interface Agreement {
  /** Figures that both have. */
  readonly both: number;
  /** Those whose spreads have nothing in common, each as a line. */
  readonly apart: readonly string[];
  /** Those that meet their aim in one run only, each as a line. */
  readonly undecided: readonly string[];
}

/** Compares the figures of two runs: they agree where their spreads have something in common. */
export function agreementOf(first: readonly Figure[], second: readonly Figure[]): Agreement {
  const named = byName(second);
  const pairs = [...byName(first)].flatMap(([name, one]) => {
    const other = named.get(name);
    return other === undefined ? [] : [{ one, other }];
  });
  const lineOf = ({ one, other }: (typeof pairs)[number]): string =>
    `${one.work}, ${one.measure}: ${shown(one)} and ${shown(other)}`;
  return {
    both: pairs.length,
    apart: pairs.filter(({ one, other }) => !overlap(one.spread, other.spread)).map(lineOf),
    undecided: pairs.filter(({ one, other }) => meets(one) !== meets(other)).map(lineOf),
  };
}

/** What was measured more than once of one work, against others, is told apart by its place. */
function byName(figures: readonly Figure[]): ReadonlyMap<string, Figure> {
  const named = new Map<string, Figure>();
  for (const figure of figures) {
    const name = `${figure.work}, ${figure.measure}`;
    let unused = name;
    for (let place = 2; named.has(unused); place += 1) unused = `${name} ${place}`;
    named.set(unused, figure);
  }
  return named;
}

type Spread = Figure['spread'];

const overlap = ([low, high]: Spread, [otherLow, otherHigh]: Spread): boolean => low <= otherHigh && otherLow <= high;
