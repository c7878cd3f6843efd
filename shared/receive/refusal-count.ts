import type { ErrorCode } from '../errors/codes';
import type { Log } from '../telemetry/log';

/** A request that was refused before anything of it was read. */
export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** How long refusals of one code are only counted after a record of them, in milliseconds. */
const QUIET_MS = 60_000;

/**
 * Counts refused requests, and tells of them once a minute a code, the first one at once: anyone can send such requests, and
 * records are kept unsampled. What was counted in the last minute is lost when the process ends.
 */
export class Refusals {
  readonly #counted = new Map<string, number>();

  /**
   * @param source name of the function
   * @param log outside of an invocation
   */
  constructor(
    private readonly source: string,
    private readonly log: Log,
  ) {}

  /** Counts one. Codes are few, so that what is kept is bounded. */
  count({ code, reason }: Pick<Refusal, 'code' | 'reason'>): void {
    const counted = this.#counted.get(code);
    if (counted !== undefined) return void this.#counted.set(code, counted + 1);
    this.#tell(code, reason, 1);
  }

  #tell(code: string, reason: string, requests: number): void {
    this.log('refused', { source: this.source, code, reason, requests });
    this.#counted.set(code, 0);
    setTimeout(() => {
      const more = this.#counted.get(code) ?? 0;
      this.#counted.delete(code);
      if (more > 0) this.#tell(code, reason, more);
    }, QUIET_MS).unref();
  }
}
