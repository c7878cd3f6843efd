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
 * the last deletion by then, and nothing rolled back is shown. In strict mode no row ever goes back.
 */
class Watcher {
  readonly faults: string[] = [];
  readonly #newest = new Map<string, number>();
  /** By row the last deletion that had happened when the tombstone was last written. */
  readonly #deleted = new Map<string, number>();

  constructor(private readonly rule: Rule) {}

  see(row: RowAddress, { store, dataverse }: Pick<Simulation, 'store' | 'dataverse'>): void {
    const key = `${row.table}/${row.id}`;
    const rev = revOf(store, row);
    const newest = this.#newest.get(key) ?? 0;
    const deleted = this.#deleted.get(key) ?? 0;
    if (store.stampOf(row)?.deleted === true) this.#deleted.set(key, dataverse.lastDeletion(row));
    if (rev === undefined) return;
    if (rev <= deleted && rev > 0) this.faults.push(`${key} came back as ${rev}, but ${deleted} had deleted it`);
    if (this.rule.mode === 'strict' && rev < newest) this.faults.push(`${key} went back from ${newest} to ${rev}`);
    if (rev === -1) this.faults.push(`${key} shows what was rolled back`);
    this.#newest.set(key, Math.max(newest, rev));
  }
}

const told =
  (when: string) =>
  (difference: string): string =>
    `${when}: ${difference}`;

/** What a schedule shows to be wrong: nothing, if all promises hold. */
export async function faultsOf(schedule: Schedule, setting: Setting): Promise<readonly string[]> {
  const { commands, lastPullBy, restFirst } = schedule;
  const watcher = new Watcher(setting.rule);
  const simulation: Simulation = new Simulation(
    { ...setting, onWritten: (row) => watcher.see(row, simulation) },
    schedule,
  );
  const faults: string[] = [];
  await simulation.run(commands);
  const inBothDirections = commands.some(({ kind }) => kind === 'lobChange');
  const rest = async (): Promise<void> => {
    if (inBothDirections) return simulation.rest(lastPullBy);
    await simulation.deliverTheRest();
    await simulation.settleParked(lastPullBy);
  };
  if (restFirst) {
    await rest();
    faults.push(...simulation.differencesOfPushed().map(told('with every push processed')));
    faults.push(...simulation.unstoredCalls().map(told('with every push processed')));
  }
  simulation.dataverse.clock += 1;
  await (inBothDirections ? simulation.pullToRest(lastPullBy) : simulation.pullAll(lastPullBy));
  faults.push(...simulation.differences().map(told('after the pull')));
  await rest();
  const { writes, isWaiting } = simulation.lob;
  faults.push(...simulation.differences().map(told('after late deliveries')));
  faults.push(...simulation.unstoredCalls().map(told('after late deliveries')));
  await simulation.repeatAfterWeeks();
  await rest();
  faults.push(...simulation.differences().map(told('after deliveries weeks late')));
  // What was lost is told weeks later: to a message that waits it may be news.
  if (!isWaiting && simulation.lob.writes !== writes)
    faults.push(`nothing was new, and ${simulation.lob.writes - writes} writes went to Dataverse`);
  faults.push(...simulation.lob.faults());
  if (commands.some(({ kind }) => kind === 'purge')) {
    await simulation.purgeAll(lastPullBy);
    await simulation.repeatAfterWeeks();
    await simulation.settleParked(lastPullBy);
    faults.push(...simulation.differences().map(told('after deliveries to where tombstones were purged')));
  }
  return [...watcher.faults, ...faults];
}
