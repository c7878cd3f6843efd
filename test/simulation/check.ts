/**
 * The judge: plain comparisons of both sides and of what readers saw in between. It shares nothing with the code under
 * test.
 */
import type { RowAddress } from '../../shared/change/row-change';
import type { Rule } from '../../shared/writer/decide';
import type { MemoryStore } from '../writer/memory-store';
import type { Schedule } from './command';
import { Simulation, type SimulationOptions } from './simulation';

/** A simulation's setting: everything but the schedule. */
export type Setting = Omit<SimulationOptions, 'onWritten'>;

/** Number of the last change that the stored columns of a row contain. */
const revOf = (store: MemoryStore, row: RowAddress): number | undefined => {
  const rev = store.columnsOf(row)?.get('rev');
  return rev?.kind === 'integer' ? rev.value : undefined;
};

/**
 * Watches the store as a reader would. Always: a row that was a tombstone is live again only with something newer than
 * it ever showed, and nothing rolled back is shown. In strict mode no row ever goes back.
 */
function watch(rule: Rule): {
  readonly onWritten: (row: RowAddress, store: MemoryStore) => void;
  readonly faults: string[];
} {
  const newest = new Map<string, number>();
  const tombstones = new Set<string>();
  const faults: string[] = [];
  const onWritten = (row: RowAddress, store: MemoryStore): void => {
    const key = `${row.table}/${row.id}`;
    const rev = revOf(store, row);
    const most = newest.get(key) ?? 0;
    if (rev !== undefined && tombstones.has(key) && rev <= most)
      faults.push(`${key} came back as ${rev} after ${most} was deleted`);
    if (rule.mode === 'strict' && rev !== undefined && rev < most)
      faults.push(`${key} went back from ${most} to ${rev}`);
    if (rev === -1) faults.push(`${key} shows what was rolled back`);
    if (store.stampOf(row)?.gone === true) tombstones.add(key);
    else tombstones.delete(key);
    newest.set(key, Math.max(most, rev ?? 0));
  };
  return { onWritten, faults };
}

const told =
  (when: string) =>
  (difference: string): string =>
    `${when}: ${difference}`;

/** What a schedule shows to be wrong: nothing, if all promises hold. */
export async function faultsOf(schedule: Schedule, setting: Setting): Promise<readonly string[]> {
  const { commands, lastPullBy, restFirst } = schedule;
  const watcher = watch(setting.rule);
  const simulation = new Simulation({ ...setting, onWritten: watcher.onWritten }, schedule);
  const faults: string[] = [];
  await simulation.run(commands);
  if (restFirst) {
    await simulation.deliverTheRest();
    await simulation.settleParked(lastPullBy);
    faults.push(...simulation.differencesOfPushed().map(told('with every push settled')));
  }
  simulation.dataverse.clock += 1;
  await simulation.pullAll(lastPullBy);
  faults.push(...simulation.differences().map(told('after the pull')));
  await simulation.deliverTheRest();
  await simulation.settleParked(lastPullBy);
  faults.push(...simulation.differences().map(told('after late deliveries')));
  await simulation.repeatAfterWeeks();
  await simulation.settleParked(lastPullBy);
  faults.push(...simulation.differences().map(told('after deliveries weeks late')));
  return [...watcher.faults, ...faults];
}
