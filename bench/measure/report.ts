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

/** A figure and its spread. */
export const shown = (figure: Figure): string => `${valueOf(figure)} (${spreadOf(figure)})`;

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

/** A table in Markdown; below it, once each, why rows are short. */
export function markdownOf(figures: readonly Figure[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const whys = new Set(figures.flatMap((figure) => whyOf(figure) ?? []));
  return [
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...figures.map((figure) => line(cellsOf(figure).map((cell) => cell.replaceAll('|', '\\|')))),
    '',
    ...[...whys].map((why) => `- ${why}`),
  ].join('\n');
}

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
