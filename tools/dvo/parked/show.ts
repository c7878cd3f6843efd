import { factsOf } from '../../../shared/errors/codes';
import { visible } from '../../../shared/errors/visible';
import type { ParkedSummary } from '../../../shared/parking/parking';
import type { TableParking } from '../../../shared/parking/table-parking';
import { explainBody } from '../parse/explain-body';
import { itemOf, summaryOf } from './ids';
import { dueText } from './list';
import { timeText } from '../terminal/output';
import { UsageError, type Terminal } from '../terminal/terminal';

/** Options of `dvo parked show`, as commander gives them. */
export interface ShowOptions {
  readonly body?: true;
  readonly explain?: true;
}

/**
 * Shows one item. The body, which may be large, is read only when it is asked for; with `body` it is all that goes to standard
 * output, byte for byte.
 *
 * @throws Error where it has been processed since its id was found
 */
export async function showParked(
  terminal: Terminal,
  parking: Pick<TableParking, 'find' | 'summary'>,
  id: string,
  { body, explain }: ShowOptions,
  fullImageAlias: string | undefined,
): Promise<void> {
  const summary = await summaryOf(parking, id);
  if (body === true && summary.kind === 'row')
    throw new UsageError(`${id} is a pulled row: it has no body, and a replay reads it again`);
  const say = body === true ? terminal.err : terminal.out;
  say(`${linesOf(summary, Date.now()).join('\n')}\n`);
  if (summary.kind === 'row' || (body !== true && explain !== true)) return;
  const { subject } = await itemOf(parking, id);
  if (subject.kind === 'row') return;
  if (explain === true) say(`\n${explainBody(subject.delivery, fullImageAlias)}\n`);
  if (body === true) await terminal.write(subject.delivery.body);
}

function linesOf(item: ParkedSummary, nowMs: number): readonly string[] {
  const { cause, dueAtMs } = item;
  const facts = factsOf(cause.code);
  const due = dueAtMs === undefined ? 'waits for an operator' : `${timeText(dueAtMs)} (${dueText(item, nowMs)})`;
  const lines: readonly (readonly [string, string])[] = [
    ['id', item.id],
    ...subjectFacts(item),
    ['code', cause.code],
    ['cause', cause.message],
    ...(facts === undefined ? [] : [['to do', facts.action.replaceAll('`', '')] as const]),
    ['attempts', `${item.attempts} failed since it was parked`],
    ['parked at', timeText(item.parkedAtMs)],
    ['due', due],
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)}${visible(value)}`);
}

function subjectFacts(item: ParkedSummary): readonly (readonly [string, string])[] {
  const { kind, of, rowId = '', bytes = 0, contentType, truncated, arrivedAtMs } = item;
  if (kind === 'row')
    return [
      ['kind', 'row, pulled: a retry reads it again'],
      ['table', of],
      ['row', rowId],
    ];
  return [
    ['kind', 'delivery'],
    ['source', of],
    ['body', `${bytes} bytes${contentType === undefined ? '' : `, ${contentType}`}`],
    ...(truncated === true ? [['truncated', 'Dataverse removed members for size'] as const] : []),
    ...(arrivedAtMs === undefined ? [] : [['arrived at', timeText(arrivedAtMs)] as const]),
  ];
}
