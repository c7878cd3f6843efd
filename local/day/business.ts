import { DataverseError } from '../dataverse/dataverse-error';
import { seededRandom } from '../dataverse/random';
import type { Dataverse } from '../dataverse/simulator';
import { ROW_ACTIONS, type Action } from './row-actions';
import { LINK_ACTIONS } from './link-actions';
import { Workload, type ApiCall, type Actor } from './workload';
import { WORK, pick } from './row-contents';

/** What the day asks of the simulator. */
export interface BusinessOptions {
  /** A message on several rows counts once for each. */
  readonly changes: number;
  readonly seed: number;
  /** Changes a second, over all users. */
  readonly rate: number;
  /** Only rows, or links and events too, for which the custom APIs have to be there. @default rows */
  readonly of?: 'rows' | 'everything';
  /** systemuserid of one whose new rows the users work on, too. @default nobody: users know what they and others made before */
  readonly alsoOf?: string;
  /** Ends the day early. */
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, messages: ReadonlyMap<string, number>) => void;
}

/** What was done. */
export interface BusinessResult {
  readonly changes: number;
  /** Changes by message. */
  readonly messages: ReadonlyMap<string, number>;
  readonly calls: readonly ApiCall[];
}

const byWeight = (actions: readonly Action[]): readonly Action[] =>
  actions.flatMap((action) => new Array<Action>(action.weight).fill(action));

/**
 * A business day, the same for the same seed as far as timing allows: several users work on rows at once, some of them
 * in bursts within one second.
 */
export async function businessDay(
  dataverse: Dataverse,
  { changes, seed, rate, of = 'rows', alsoOf, signal, onProgress }: BusinessOptions,
): Promise<BusinessResult> {
  const random = seededRandom(seed);
  const workload = new Workload(dataverse, Object.keys(WORK), changes, onProgress);
  const actions = byWeight(of === 'rows' ? ROW_ACTIONS : [...ROW_ACTIONS, ...LINK_ACTIONS]);
  const end = alsoOf === undefined ? undefined : dataverse.watch((commit) => workload.join(commit, alsoOf));
  const begun = performance.now();
  const workingDay = async (actor: Actor): Promise<void> => {
    while (workload.done < changes && !signal.aborted) {
      const early = begun + (workload.done * 1000) / rate - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      try {
        await pick(actor.random, actions).act(workload, actor);
      } catch (error) {
        // Another user deleted the row meanwhile, or the rows are associated already, as happens.
        if (!(error instanceof DataverseError)) throw error;
      }
      if (workload.allTaken) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  await Promise.all(
    dataverse.users.map(({ id }) => workingDay({ random: seededRandom(random.between(0, 2 ** 31)), id })),
  ).finally(end);
  return { changes: workload.done, messages: workload.messages, calls: workload.calls };
}
