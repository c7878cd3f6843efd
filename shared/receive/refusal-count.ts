import type { ErrorCode } from '../errors/codes';
import type { Log } from '../telemetry/log';

/** A request that was refused before anything of it was read. */
export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** What is counted: requests of one cause. */
export interface Counted extends Pick<Refusal, 'code' | 'reason'> {
  /** The rule that is the cause, where it is one. */
  readonly rule?: string;
}

/** How long refusals of one code are only counted after a record of them, in milliseconds. */
const QUIET_MS = 60_000;

/**
 * Counts refused requests, and tells of them once a minute a code (and rule), the first one at once: anyone can send such
 * requests, and records are kept unsampled. What was counted in the last minute is lost when the process ends.
 */
export class Refusals {
  readonly #counted = new Map<string, number>();

  /**
   * @param source name of the function
   * @param log outside of an invocation
   * @param event what is told @default refused
   */
  constructor(
    private readonly source: string,
    private readonly log: Log,
    private readonly event: 'refused' | 'unjudged' = 'refused',
  ) {}

  /** Counts one. Codes and rules are few, so that what is kept is bounded. */
  count(cause: Counted): void {
    const key = `${cause.code} ${cause.rule ?? ''}`;
    const counted = this.#counted.get(key);
    if (counted !== undefined) return void this.#counted.set(key, counted + 1);
    this.#tell(key, cause, 1);
  }

  #tell(key: string, { code, rule, reason }: Counted, requests: number): void {
    const of = rule === undefined ? {} : { rule };
    this.log(this.event, { source: this.source, code, ...of, reason, requests });
    this.#counted.set(key, 0);
    setTimeout(() => {
      const more = this.#counted.get(key) ?? 0;
      this.#counted.delete(key);
      if (more > 0) this.#tell(key, { code, ...of, reason }, more);
    }, QUIET_MS).unref();
  }
}
