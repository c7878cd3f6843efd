import { digits } from './compare';
import { meets, type Figure } from './figure';

const verdictOf = (figure: Figure): string =>
  ({ true: 'PASS', false: 'SHORT', undefined: '' })[String(meets(figure))] ?? '';

const aimOf = ({ aim }: Figure): string => {
  if (aim === undefined) return '';
  return 'least' in aim ? `>= ${digits(aim.least)}` : `<= ${digits(aim.most)}`;
};

const valueOf = ({ value, unit }: Figure): string =>
  unit === 'x' ? `${value.toFixed(2)} x` : `${digits(value)} ${unit}`;

const spreadOf = ({ spread: [low, high], unit }: Figure): string =>
  unit === 'x' ? `${low.toFixed(2)}-${high.toFixed(2)}` : `${digits(low)}-${digits(high)}`;

const shown = (figure: Figure): string => `${valueOf(figure)} (${spreadOf(figure)})`;

const HEAD = ['work', 'of', 'app', 'floor or rival', 'result', 'spread', 'aim', ''] as const;

const cellsOf = (figure: Figure): readonly string[] => [
  figure.work,
  figure.measure,
  figure.own,
  figure.against ?? '',
  valueOf(figure),
  spreadOf(figure),
  aimOf(figure),
  verdictOf(figure),
];

const whyOf = (figure: Figure | undefined): string | undefined =>
  figure !== undefined && meets(figure) === false ? figure.why : undefined;

/** The lines of a table, columns aligned; below a row that is short, why. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(cellsOf);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    line(HEAD),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.flatMap((row, index) => {
      const why = whyOf(figures[index]);
      return why === undefined ? [line(row)] : [line(row), `    ${why}`];
    }),
  ].join('\n');
}

/** How the figures of two runs compare. */
export interface Agreement {
  /** How many figures both have. */
  readonly both: number;
  /** Those whose spreads do not overlap, each as a line. */
  readonly apart: readonly string[];
  /** Those that meet their aim in one run only, each as a line. */
  readonly undecided: readonly string[];
}

/** Compares the figures of two runs: they agree where their spreads overlap. */
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

/** One work may be measured against several floors: its figures are told apart by their order. */
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
