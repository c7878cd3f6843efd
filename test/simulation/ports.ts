import type { Lease, Leases } from '../../shared/sync/pull-state';

/** Leases that can be taken away from their holder without its knowing when. */
export class SimulatedLeases implements Leases {
  readonly #holders = new Map<string, symbol>();

  /** @param onAcquired before whoever has got a lease does anything */
  constructor(private readonly onAcquired: (name: string) => void) {}

  acquire(name: string): Promise<Lease | undefined> {
    if (this.#holders.has(name)) return Promise.resolve(undefined);
    const holder = Symbol(name);
    this.#holders.set(name, holder);
    this.onAcquired(name);
    const held = (): boolean => this.#holders.get(name) === holder;
    const release = (): Promise<void> => {
      if (held()) this.#holders.delete(name);
      return Promise.resolve();
    };
    return Promise.resolve({ held, release });
  }

  isHeld(name: string): boolean {
    return this.#holders.has(name);
  }

  lose(name: string): void {
    this.#holders.delete(name);
  }
}
