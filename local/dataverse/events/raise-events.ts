/** Which events an operation raises, and which registered steps and plug-ins they fire. */
import { DataverseError } from '../dataverse-error';
import type { PlugIn, PlugIns } from '../operations/plug-ins';
import type { StepRegistry } from '../registration/step-registry';
import type { EventDraft, RaisedEvent, Step } from './event';

/** What all events of a request share. */
export interface EventSource extends Pick<
  RaisedEvent,
  'user' | 'initiatingUser' | 'userAgent' | 'requestId' | 'correlationId' | 'tag' | 'startedAt' | 'inTransaction'
> {
  /** Of an operation that isn't inside another one. */
  readonly depth: number;
}

/** How deep operations may be inside each other (8 is the platform's; its words are not known). */
const DEEPEST = 8;

/**
 * The events that tell of an operation.
 *
 * @param parent the operation in whose steps it happened
 */
export function raiseEvents(
  drafts: readonly EventDraft[],
  { depth, inTransaction, ...common }: EventSource,
  parent?: RaisedEvent,
): readonly RaisedEvent[] {
  const events: RaisedEvent[] = [];
  let main: RaisedEvent | undefined;
  // From the last one on: what is inside another operation comes before that.
  for (const draft of drafts.toReversed()) {
    const inMain = draft.nested === true && main !== undefined ? ({ event: main, stage: 30 } as const) : undefined;
    const around = inMain ?? (parent === undefined ? undefined : ({ event: parent, stage: 40 } as const));
    const event: RaisedEvent = {
      ...draft,
      ...common,
      parent: around,
      depth: around === undefined ? depth : around.event.depth + 1,
      inTransaction: inTransaction || inMain !== undefined,
    };
    if (draft.nested !== true) main = event;
    events.unshift(event);
  }
  if ((events[0]?.depth ?? 0) > DEEPEST)
    throw new DataverseError(
      400,
      '0x80044182',
      'Custom logic caused an infinite loop: it is more than 8 operations deep.',
    );
  return events;
}

/** A step or a plug-in that runs for an event. */
export type Firing =
  | { readonly kind: 'step'; readonly event: RaisedEvent; readonly step: Step }
  | { readonly kind: 'plugIn'; readonly event: RaisedEvent; readonly plugIn: PlugIn };

export const stageOf = (firing: Firing): number =>
  firing.kind === 'step' ? firing.step.stage : (firing.plugIn.stage ?? 40);
export const modeOf = (firing: Firing): Step['mode'] =>
  firing.kind === 'step' ? firing.step.mode : (firing.plugIn.mode ?? 'sync');

/** Custom logic that an operation leaves out. */
export interface Bypass {
  /** Ids of steps. */
  readonly steps: readonly string[];
  /** All that is synchronous or asynchronous. */
  readonly modes: readonly Step['mode'][];
}

/** What events fire, in the order of its stages. */
export function firedBy(
  events: readonly RaisedEvent[],
  { steps, plugIns }: { readonly steps: StepRegistry; readonly plugIns: PlugIns },
  bypass: Bypass | undefined,
): Firing[] {
  return events
    .flatMap((event): Firing[] => [
      ...steps
        .steps(event.message, event.table)
        .filter((step) => fires(step, event))
        .map((step): Firing => ({ kind: 'step', event, step })),
      ...plugIns.of(event).map((plugIn): Firing => ({ kind: 'plugIn', event, plugIn })),
    ])
    .filter((firing) => !isBypassed(firing, bypass))
    .toSorted((a, b) => stageOf(a) - stageOf(b));
}

/** Filtering columns count for Update only, and one of them in Target is enough, changed or not. */
const fires = (step: Step, event: RaisedEvent): boolean =>
  step.filteringColumns === undefined || step.filteringColumns.some((column) => event.columns.includes(column));

const isBypassed = (firing: Firing, bypass: Bypass | undefined): boolean =>
  bypass !== undefined &&
  (bypass.modes.includes(modeOf(firing)) || (firing.kind === 'step' && bypass.steps.includes(firing.step.id)));
