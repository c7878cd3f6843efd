import { STORE_STEPS, type StoreStep } from './store-step';

/** What the app does at which it can be killed: to its storage, to the Web API, to the broker. */
export const STEPS = {
  ...STORE_STEPS,
  'read-back': 'a row is read from the Web API',
  page: 'a page of changes is read from the Web API',
  complete: 'a message of a queue or subscription is completed',
} as const;

/** A step of the app. */
export type Step = StoreStep | 'read-back' | 'page' | 'complete';

/** When at a step: the other side has not carried it out, or has and the app doesn't know. */
export const MOMENTS = ['before', 'done-unanswered'] as const;
export type Moment = (typeof MOMENTS)[number];

/** A named point: `row-write:before`. */
export type KillPoint = `${Step}:${Moment}`;

/** All points. */
export const KILL_POINTS: readonly KillPoint[] = (Object.keys(STEPS) as Step[]).flatMap((step) =>
  MOMENTS.map((moment) => `${step}:${moment}` as const),
);

/** Waits for the app to come to a point, and kills it there. One point at a time. */
export class Killer {
  #armed: { readonly point: KillPoint; readonly kill: () => void } | undefined;

  /** Kills the app when it comes to the point next. Resolves when that has happened. */
  at(point: KillPoint, kill: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#armed = {
        point,
        kill: () => {
          kill();
          resolve();
        },
      };
    });
  }

  disarm(): void {
    this.#armed = undefined;
  }

  /** The app has come to a point; true if it is dead now, so that nothing is passed on. */
  meets(step: Step, moment: Moment): boolean {
    if (this.#armed?.point !== `${step}:${moment}`) return false;
    const { kill } = this.#armed;
    this.#armed = undefined;
    kill();
    return true;
  }
}
