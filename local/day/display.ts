import { isatty } from 'node:tty';
import picocolors from 'picocolors';
import { percentile, type Figures, type PathFigures } from './figures';
import type { CheckResult } from './check';

/** Plain lines when piped, whatever the environment says of colours. */
const pc = picocolors.createColors(isatty(1) && picocolors.isColorSupported);

const COLUMNS = ['received', 'applied', 'duplicate', 'stale', 'contained', 'readBack', 'parked', 'healed'] as const;
const HEADINGS = ['received', 'applied', 'duplicate', 'stale', 'contained', 'read back', 'parked', 'healed'] as const;

const cell = (text: string | number, width: number): string => String(text).padStart(width);

/** The table of all ways as it stands. */
export function figuresTable(figures: Figures): string {
  const heading = `${'way'.padEnd(18)}${HEADINGS.map((name) => cell(name, 11)).join('')}${cell('lag P50', 11)}${cell('lag P99', 11)}`;
  const lines = [...figures.paths].map(
    ([path, row]) =>
      `${path.padEnd(18)}${COLUMNS.map((name) => cell(shown(path, name, row), 11)).join('')}${lags(row)}`,
  );
  return [pc.bold(heading), ...lines, pc.dim(LAG_NOTE)].join('\n');
}

/** Asynchronous events carry the time of their operation in whole seconds. */
const LAG_NOTE =
  'read back: the day is so dense that most events, dated in whole seconds, can’t be ordered, so the row is read\nlag: from OperationCreatedOn, which Dataverse gives in whole seconds, so it reads up to a second too long';

/** Only the pull heals. */
const shown = (path: string, name: (typeof COLUMNS)[number], row: PathFigures): string | number =>
  name === 'healed' && path !== 'pull-sync' ? '' : row[name];

function lags({ lagMs }: PathFigures): string {
  const show = (share: number): string => {
    const value = percentile(lagMs, share);
    return value === undefined ? '' : `${value} ms`;
  };
  return cell(show(0.5), 11) + cell(show(0.99), 11);
}

/** The result of the check as a table, with the first differences. */
export function checkTable({ tables, differences, differenceCount, columnsCompared }: CheckResult): string {
  const names = ['rows', 'stored', 'tombstones', 'missing', 'surplus', 'different'] as const;
  const heading = `${'table'.padEnd(18)}${cell('Dataverse', 11)}${cell('LOB store', 11)}${names
    .slice(2)
    .map((name) => cell(name, 11))
    .join('')}`;
  const lines = tables.map((row) => `${row.table.padEnd(18)}${names.map((name) => cell(row[name], 11)).join('')}`);
  const verdict =
    differenceCount === 0
      ? pc.green(`0 differences in ${columnsCompared} properties: the LOB store equals Dataverse.`)
      : pc.red(`${differenceCount} differences in ${columnsCompared} properties:`);
  return [
    pc.bold(heading),
    ...lines,
    '',
    verdict,
    ...differences.map(({ table, id, what }) => `  ${table}(${id}): ${what}`),
  ].join('\n');
}

/** Shows progress: redrawn in place on a terminal, a plain line now and then elsewhere. */
export interface Display {
  /** A line that stays. */
  say(line: string): void;
  /** The current state; `line` is its one-line form. */
  progress(line: string, table: () => string): void;
  /** Takes away what was drawn last: the final figures follow. */
  done(): void;
}

/** Milliseconds between drawings on a terminal, and between lines elsewhere. */
const DRAW_EVERY_MS = 200;
const LINE_EVERY_MS = 3000;

/** The display for standard output. */
export async function openDisplay(): Promise<Display> {
  let last = 0;
  const due = (every: number): boolean => {
    if (performance.now() - last < every) return false;
    last = performance.now();
    return true;
  };
  if (!isatty(1)) {
    return {
      say: (line) => console.log(line),
      progress: (line) => {
        if (due(LINE_EVERY_MS)) console.log(line);
      },
      done: () => undefined,
    };
  }
  const { default: draw } = await import('log-update');
  return {
    say: (line) => {
      draw.clear();
      console.log(line);
      last = 0;
    },
    progress: (line, table) => {
      if (due(DRAW_EVERY_MS)) draw(`${line}\n\n${table()}`);
    },
    done: () => draw.clear(),
  };
}
