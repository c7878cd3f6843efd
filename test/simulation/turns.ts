import type { NoteFault } from './fault-list';

/** A seeded stream of numbers in [0, 1): mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whoever takes steps, until it is dead. */
export interface Stepper {
  alive: boolean;
}

interface Step {
  readonly of: Stepper;
  readonly due: number;
  readonly go: () => void;
}

/** Longest time that a step waits for its turn, in turns; and that of a few, by which much else has come to its end. */
const LONG = 60;
const LONGEST = 1200;
/** Share of the steps that may take the longest. */
export const SLOW_SHARE = 0.02;

/** Whatever goes on without the event loop has gone on; a turn of the loop would cost a system call. */
const allElse = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
/** The same, with whatever yields to the event loop. */
const loopTurned = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Everything that waits for its turn; one step at a time goes on, in an order that a seed decides. */
export class Turns {
  #waiting: Step[] = [];
  #turn = 0;

  constructor(
    private readonly random: () => number,
    private readonly note: NoteFault,
    private readonly slowShare: number,
  ) {}

  /** Waits for a turn: mostly a near one, sometimes one long after everything else has moved on. Of the dead, for ever. */
  pause(of: Stepper): Promise<void> {
    return new Promise((go) => {
      if (!of.alive) return;
      const longest = this.random() < this.slowShare ? LONGEST : LONG;
      const turns = Math.floor(this.random() ** 4 * longest);
      if (turns > LONG) this.note('F36');
      this.#waiting.push({ of, due: this.#turn + turns, go });
    });
  }

  /** Lets `count` turns pass. Returns whether any step still waits. */
  async pass(count: number): Promise<boolean> {
    await loopTurned();
    for (let done = 0; done < count; done += 1) {
      if (this.#waiting.length === 0) return false;
      this.#turn += 1;
      await this.#goOn();
    }
    return this.#waiting.length > 0;
  }

  /** Until nothing waits; turns in which nothing is due are passed over. */
  async untilQuiet(): Promise<void> {
    await loopTurned();
    while (this.#waiting.length > 0) {
      this.#turn = Math.max(this.#turn + 1, Math.min(...this.#waiting.map(({ due }) => due)));
      await this.#goOn();
      if (this.#waiting.length === 0) await loopTurned();
    }
  }

  async #goOn(): Promise<void> {
    const due = this.#waiting.filter((step) => step.due <= this.#turn);
    const next = due[Math.floor(this.random() * due.length)];
    if (next === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    next.go();
    await allElse();
  }

  /** What the dead waited for never comes. */
  bury(): void {
    this.#waiting = this.#waiting.filter(({ of }) => of.alive);
  }
}
