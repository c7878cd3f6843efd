import type { ParkedItem } from '../shared/parking/parking';
import { explainBody } from './explain-body';
import { dueText } from './parked-list';
import { oneLine, timeText } from './text-table';
import { UsageError, type Terminal } from './terminal';

/** Options of `dvo parked show`, as commander gives them. */
export interface ShowOptions {
  readonly body?: true;
  readonly explain?: true;
}

/** Shows one item. The body, when asked for, is all that goes to standard output, byte for byte. */
export async function showParked(
  terminal: Terminal,
  item: ParkedItem,
  { body, explain }: ShowOptions,
  fullImageAlias: string | undefined,
): Promise<void> {
  const { subject } = item;
  if (body === true && subject.kind === 'row')
    throw new UsageError(`${item.id} is a row that was pulled: it has no body, and is read again when it is replayed`);
  const say = body === true ? terminal.err : terminal.out;
  say(`${factsOf(item, Date.now()).join('\n')}\n`);
  if (explain === true && subject.kind === 'delivery') say(`\n${explainBody(subject.delivery, fullImageAlias)}\n`);
  if (body === true && subject.kind === 'delivery') await terminal.write(subject.delivery.body);
}

function factsOf(item: ParkedItem, nowMs: number): readonly string[] {
  const { subject, cause, dueAtMs } = item;
  const due = dueAtMs === undefined ? 'waits for an operator' : `${timeText(dueAtMs)} (${dueText(item, nowMs)})`;
  const facts: readonly (readonly [string, string])[] = [
    ['id', item.id],
    ...subjectFacts(subject),
    ['code', cause.code],
    ['cause', cause.message],
    ['attempts', `${item.attempts} in vain since it was parked`],
    ['parked at', timeText(item.parkedAtMs)],
    ['due', due],
  ];
  return facts.map(([name, value]) => `${name.padEnd(14)}${oneLine(value)}`);
}

function subjectFacts(subject: ParkedItem['subject']): readonly (readonly [string, string])[] {
  if (subject.kind === 'row')
    return [
      ['kind', 'row, pulled: it is read again when it is tried again'],
      ['table', subject.row.table],
      ['row', subject.row.id],
    ];
  const { source, body, contentType, truncated } = subject.delivery;
  return [
    ['kind', 'delivery'],
    ['source', source],
    ['body', `${body.byteLength} bytes${contentType === undefined ? '' : `, ${contentType}`}`],
    ...(truncated === true ? [['truncated', 'members were removed for size'] as const] : []),
  ];
}
