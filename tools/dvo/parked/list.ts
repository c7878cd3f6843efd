import { visible } from '../../../shared/errors/visible';
import type { ParkedFilter, ParkedSummary } from '../../../shared/parking/parking';
import type { TableParking } from '../../../shared/parking/table-parking';
import { textTable, timeText, Tally } from '../terminal/output';
import { spanText } from '../terminal/arguments';
import { UsageError, type Terminal } from '../terminal/terminal';

/** Options of `dvo parked list`, as commander gives them. */
export interface ListOptions {
  readonly code?: string;
  readonly source?: string;
  /** In milliseconds. */
  readonly olderThan?: number;
  readonly due?: true;
  readonly waiting?: true;
  readonly json?: true;
  readonly limit?: number;
}

const TABLE = textTable([
  { heading: 'id', width: 41 },
  { heading: 'kind', width: 8 },
  { heading: 'source or table', width: 17 },
  { heading: 'code', width: 20 },
  { heading: 'attempts', width: 8 },
  { heading: 'parked at', width: 20 },
  { heading: 'due', width: 0 },
]);

/** What the options ask for. @throws UsageError where they contradict each other */
export function filterOf({ code, source, olderThan, due, waiting }: ListOptions, nowMs: number): ParkedFilter {
  if (due === true && waiting === true) throw new UsageError("--due and --waiting can't be combined");
  return {
    ...(code === undefined ? {} : { code }),
    ...(source === undefined ? {} : { source }),
    ...(olderThan === undefined ? {} : { parkedUntilMs: nowMs - olderThan }),
    ...(due === true ? { next: 'due' } : {}),
    ...(waiting === true ? { next: 'waiting' } : {}),
  };
}

/** When an item is tried again by itself, in few words. */
export function dueText({ dueAtMs }: Pick<ParkedSummary, 'dueAtMs'>, nowMs: number): string {
  if (dueAtMs === undefined) return 'waits';
  return dueAtMs <= nowMs ? 'now' : `in ${spanText(dueAtMs - nowMs)}`;
}

/** Lists parked items as they are read, by id; then how many there are of each code. */
export async function listParked(
  terminal: Terminal,
  parking: Pick<TableParking, 'summaries'>,
  options: ListOptions,
  nowMs = Date.now(),
): Promise<void> {
  const { json, limit = Infinity } = options;
  const tally = new Tally();
  for await (const item of parking.summaries(filterOf(options, nowMs))) {
    if (tally.total === limit) {
      terminal.err(`Only the first ${limit} are shown. A higher --limit shows more.\n`);
      break;
    }
    if (json === true) await terminal.write(jsonLine(item));
    else {
      if (tally.total === 0) await terminal.write(TABLE.heading);
      await terminal.write(TABLE.line(cellsOf(item, nowMs)));
    }
    tally.add(item.cause.code);
  }
  if (json === true) return;
  if (tally.total === 0) {
    terminal.err('No parked item matches.\n');
    return;
  }
  terminal.out(`\n${tally.lines.map(visible).join('\n')}\n`);
}

const cellsOf = (item: ParkedSummary, nowMs: number): readonly string[] => [
  item.id,
  item.kind,
  item.of,
  item.cause.code,
  String(item.attempts),
  timeText(item.parkedAtMs),
  dueText(item, nowMs),
];

const isoOf = (epochMs: number): string => new Date(epochMs).toISOString();

function jsonLine({ id, kind, of, bytes, cause, attempts, parkedAtMs, dueAtMs }: ParkedSummary): string {
  const due = dueAtMs === undefined ? null : isoOf(dueAtMs);
  const from = kind === 'row' ? { table: of } : { source: of, bytes };
  return `${JSON.stringify({ id, kind, ...from, ...cause, attempts, parkedAt: isoOf(parkedAtMs), dueAt: due })}\n`;
}
