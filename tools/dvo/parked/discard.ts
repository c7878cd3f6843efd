import type { TableClient } from '@azure/data-tables';
import type { TableParking } from '../../../shared/parking/table-parking';
import { logTo } from '../../../shared/telemetry/log';
import { summaryOf } from './ids';
import type { Terminal } from '../terminal/terminal';

/**
 * Moves items to the table of what was discarded, one after the other; each that is moved leaves one log record on
 * standard output.
 *
 * @throws Error naming the items that were processed or parked again meanwhile: these are not discarded
 */
export async function discardParked(
  terminal: Terminal,
  parking: Pick<TableParking, 'summary' | 'discard'>,
  ids: readonly string[],
  reason: string,
  discarded: TableClient,
): Promise<void> {
  const line = (text: string): void => terminal.out(`${text}\n`);
  const log = logTo({ info: line, warn: line, error: line });
  const changed: string[] = [];
  for (const id of ids) {
    const item = await summaryOf(parking, id);
    if (!(await parking.discard(item, reason, discarded))) {
      changed.push(id);
      continue;
    }
    log('discarded', { id, code: item.cause.code, [item.kind === 'row' ? 'table' : 'source']: item.of, reason });
  }
  if (changed.length > 0)
    throw new Error(`Not discarded, because they were processed or parked again meanwhile: ${changed.join(', ')}`);
}
