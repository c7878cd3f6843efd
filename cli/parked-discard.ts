import type { TableClient } from '@azure/data-tables';
import type { TableParking } from '../shared/parking/table-parking';
import { logTo } from '../shared/telemetry/log';
import { itemOf } from './parked-ids';
import type { Terminal } from './terminal';

/**
 * Moves items to the table of what was discarded, one after the other; each that is moved leaves one log record on
 * standard output.
 *
 * @throws Error naming the items that were settled or parked again meanwhile: these are not discarded
 */
export async function discardParked(
  terminal: Terminal,
  parking: Pick<TableParking, 'find' | 'discard'>,
  ids: readonly string[],
  reason: string,
  discarded: TableClient,
): Promise<void> {
  const line = (text: string): void => terminal.out(`${text}\n`);
  const log = logTo({ info: line, warn: line, error: line });
  const changed: string[] = [];
  for (const id of ids) {
    const item = await itemOf(parking, id);
    const { subject, cause } = item;
    if (!(await parking.discard(item, reason, discarded))) {
      changed.push(id);
      continue;
    }
    const from = subject.kind === 'row' ? { table: subject.row.table } : { source: subject.delivery.source };
    log('discarded', { id, code: cause.code, ...from, reason });
  }
  if (changed.length > 0)
    throw new Error(`Settled or parked again meanwhile, and so not discarded: ${changed.join(', ')}`);
}
