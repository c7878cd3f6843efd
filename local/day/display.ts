import { visible } from '../../shared/errors/visible';
import { isatty } from 'node:tty';
import picocolors from 'picocolors';
import { percentile, type Figures, type PathFigures } from './figures';
import type { Crossings } from './both-ways';
import type { CheckResult, TableCheck } from './comparison';
import type { EventCheck } from './compare-events';

/** Plain lines when piped, whatever the environment says of colours. */
const pc = picocolors.createColors(isatty(1) && picocolors.isColorSupported);

const COLUMNS = [
  'received',
  'applied',
  'events',
  'duplicate',
  'stale',
  'contained',
  'readBack',
  'parked',
  'healed',
] as const;
const HEADINGS = COLUMNS.map((name) => (name === 'readBack' ? 'read back' : name));

/** Columns of the figures' table: the name's, and the numbers'. */
const NAME_WIDTH = 18;
const WIDTH = 10;

const cell = (text: string | number, width: number): string => String(text).padStart(width);

/** The table of all ways as it stands. */
export function figuresTable(figures: Figures): string {
  const heading = row('way', [...HEADINGS, 'lag P50', 'lag P99']);
  const lines = figures.shown.map(([path, of]) =>
    row(path, [...COLUMNS.map((name) => shown(path, name, of)), ...lags(of)]),
  );
  return [pc.bold(heading), ...lines, pc.dim(LAG_NOTE)].join('\n');
}

/** A line of a table. */
export const row = (name: string, cells: readonly (string | number)[], nameWidth = NAME_WIDTH): string =>
  `${name.padEnd(nameWidth)}${cells.map((each) => cell(each, WIDTH)).join('')}`;

/** How many changes were made by each message, the most frequent first. */
export const messagesLine = (messages: ReadonlyMap<string, number>): string =>
  [...messages]
    .sort(([, a], [, b]) => b - a)
    .map(([message, count]) => `${count} ${message}`)
    .join(', ');

/** Asynchronous events carry the time of their operation in whole seconds. */
const LAG_NOTE =
  'read back: most events fall into the same second, so their order is unknown and the row is read\nlag: since OperationCreatedOn, which has whole seconds, so up to 1 s too long';

/** Only the pull heals. */
const shown = (path: string, name: (typeof COLUMNS)[number], of: PathFigures): string | number =>
  name === 'healed' && path !== 'pull-sync' ? '' : of[name];

const lags = ({ lagMs }: PathFigures): string[] =>
  [0.5, 0.99].map((share) => {
    const value = percentile(lagMs, share);
    return value === undefined ? '' : `${value} ms`;
  });

/** The result of the check as tables, with the first differences. */
export function checkTable({ tables, events, differences, differenceCount, columnsCompared }: CheckResult): string {
  const names = new Map(
    [...tables, ...events].map((of) => [of, placed('table' in of ? of.table : of.message, of.target)]),
  );
  const width = 2 + Math.max(...[...names.values()].map(({ length }) => length));
  const lines = <T extends TableCheck | EventCheck>(title: string, of: readonly T[], columns: Headed<T>) => {
    const headings = columns.map(([heading]) => heading);
    const cells = (each: T): number[] => columns.map(([, key]) => Number(each[key]));
    return [
      pc.bold(row(title, headings, width)),
      ...of.map((each) => row(names.get(each) ?? '', cells(each), width)),
      '',
    ];
  };
  const verdict =
    differenceCount === 0
      ? pc.green(`0 differences in ${columnsCompared} properties: the LOB store equals Dataverse.`)
      : pc.red(`${differenceCount} differences in ${columnsCompared} properties:`);
  return [
    ...lines('rows and links', tables, TABLE_COLUMNS),
    ...(events.length === 0 ? [] : lines('events', events, EVENT_COLUMNS)),
    verdict,
    ...differences.map(({ table, id, what }) => visible(`  ${table}(${id}): ${what}`)),
  ].join('\n');
}

/** Both directions, with the first differences of the clerks' side. */
export function crossingsTable(
  of: Crossings,
  changes: number,
  posts: number,
  { differenceCount }: CheckResult,
): string {
  const { clerks, written, restorings, stored, echoes, lost, parked, loops, ledger } = of;
  const isRight = ledger.differenceCount === 0 && loops === 0;
  const verdict =
    `${ledger.differenceCount} differences in ${ledger.columnsCompared} values and ${ledger.rows} rows of the clerks, ` +
    `${loops} writes after nothing was left to do.`;
  return [
    pc.bold(row('direction', ['changes', 'messages', 'written', 'given up', 'parked', 'different'], DIRECTION_WIDTH)),
    row(
      'LOB → Dataverse',
      [clerks.changes, clerks.messages, written, lost.lob, parked, ledger.differenceCount],
      DIRECTION_WIDTH,
    ),
    row('Dataverse → LOB', [changes, posts, stored, lost.dataverse, '', differenceCount], DIRECTION_WIDTH),
    '',
    `Crossings: the app wrote ${written} times to Dataverse for ${clerks.changes} changes of the clerks and ${restorings} values of the ` +
      `LOB system to put back. ${echoes} events came of it, and ended in the store.`,
    `The clerks take over ${ledger.takenOver} values from Dataverse.`,
    (isRight ? pc.green : pc.red)(verdict),
    ...ledger.differences.map(({ table, id, what }) => visible(`  ${table}(${id}): ${what}`)),
  ].join('\n');
}

const DIRECTION_WIDTH = 18;

/** Numbers, each with its heading. */
type Headed<T> = readonly (readonly [heading: string, key: keyof T])[];

/** What it is in Dataverse, and where it lies in the store. */
const placed = (name: string, target: string): string => (name === target ? name : `${name} → ${target}`);

const TABLE_COLUMNS = [
  ['Dataverse', 'rows'],
  ['filtered', 'hidden'],
  ['LOB store', 'stored'],
  ['deleted', 'tombstones'],
  ['missing', 'missing'],
  ['surplus', 'surplus'],
  ['different', 'different'],
] as const;

const EVENT_COLUMNS = [
  ['calls', 'calls'],
  ['not sent', 'unsent'],
  ['LOB store', 'stored'],
  ['doubled', 'doubled'],
  ['missing', 'missing'],
  ['surplus', 'surplus'],
  ['different', 'different'],
] as const;

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
