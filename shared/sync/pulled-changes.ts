import type { Instant } from '../change/instant';
import type { Origin, RowAddress, RowChange } from '../change/row-change';
import { NO_VERSION } from '../change/row-version';
import type { FeedPage } from '../dataverse/change-feed';
import type { Lease } from './pull-state';

const ORIGIN: Origin = { source: 'pull-sync', message: 'Pull' };

/** The changes that a page tells of. */
export function changesOf(page: FeedPage, table: string, runBegin: Instant, lease: Lease): RowChange[] {
  return page.items.flatMap((item): RowChange[] => {
    const row: RowAddress = { table, id: item.id };
    if (item.kind === 'unreadable') return [];
    if (item.kind === 'deleted') return [pulledDelete(row, runBegin, page.end, lease)];
    const { version, modifiedOn, columns } = item;
    const evidence = {
      kind: 'pull',
      version,
      modifiedOn,
      runBegin,
      end: page.end,
      holdsLease: () => lease.held(),
    } as const;
    return [{ kind: 'snapshot', row, columns, evidence, origin: ORIGIN }];
  });
}

/** A row that a pull, or a sweep, no longer finds. */
export function pulledDelete(row: RowAddress, runBegin: Instant, end: Instant, lease: Lease): RowChange {
  const evidence = {
    kind: 'pull',
    version: NO_VERSION,
    modifiedOn: runBegin,
    runBegin,
    end,
    holdsLease: () => lease.held(),
  } as const;
  return { kind: 'delete', row, evidence, origin: ORIGIN };
}
