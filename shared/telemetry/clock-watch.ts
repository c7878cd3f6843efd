import type { Log } from './log';

/** An answer: what its Date header says, when it came, and how long it took. */
export interface ClockSample {
  /** In the other clock, milliseconds since 1970. */
  readonly dateMs: number;
  /** In this machine's. */
  readonly receivedMs: number;
  readonly tookMs: number;
}

/** By how much this machine's clock is ahead of another one, at least and at most, in milliseconds. */
interface Offset {
  readonly least: number;
  readonly most: number;
}

/** A Date header has no fractions of a second; Dataverse's may lag 2 s behind what its answer shows. */
const SECOND_MS = 1000;
const DATAVERSE_LAG_MS = 2000;

/**
 * Compares this machine's clock and the store's with Dataverse's, by the Date headers of answers, and says once when one is
 * off. The order of changes doesn't depend on this machine's clock; but the store's must not be off by more than
 * CLOCK_MARGIN_SECONDS from Dataverse's (docs/configuration.md).
 */
export class ClockWatch {
  #dataverse: Offset | undefined;
  readonly #said = { machine: false, store: false };

  constructor(
    private readonly marginMs: number,
    private readonly log: Log,
    private readonly now: () => number = Date.now,
  ) {}

  /** Dataverse has answered. */
  dataverseAnswered(sample: ClockSample): void {
    this.#dataverse = offsetOf(sample, SECOND_MS + DATAVERSE_LAG_MS);
    this.#say('machine', this.#dataverse);
  }

  /** The store has answered. */
  storeAnswered(sample: ClockSample): void {
    if (this.#dataverse === undefined) return;
    const machine = offsetOf(sample, SECOND_MS);
    const { least, most } = this.#dataverse;
    this.#say('store', { least: least - machine.most, most: most - machine.least });
  }

  /** Now, in Dataverse's clock as far as it is known: this machine's, unless that is surely off. */
  dataverseNow(): number {
    const { least, most } = this.#dataverse ?? { least: 0, most: 0 };
    return this.now() - (least > 0 ? least : Math.min(most, 0));
  }

  #say(clock: 'machine' | 'store', { least, most }: Offset): void {
    const ahead = least > this.marginMs ? least : most < -this.marginMs ? most : 0;
    if (ahead !== 0 && !this.#said[clock])
      this.log('clockOff', {
        clock,
        aheadSeconds: Math.round(ahead / SECOND_MS),
        allowedSeconds: this.marginMs / SECOND_MS,
      });
    this.#said[clock] = ahead !== 0;
  }
}

const offsetOf = ({ dateMs, receivedMs, tookMs }: ClockSample, allowanceMs: number): Offset => {
  const most = receivedMs - dateMs;
  return { least: most - tookMs - allowanceMs, most };
};
