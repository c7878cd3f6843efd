import { noCounts, type PullReport, type RunOptions } from './pull-report';
import { PullRun, type PullSyncParts } from './pull-run';

/**
 * Pulls a table's changes through the writer: everything at first, then deltas. A run's token is kept only after every
 * row of every page is processed or parked. A run that dies, or whose time is up, is gone on with after its last processed page.
 */
export class PullSync {
  constructor(private readonly parts: PullSyncParts) {}

  /** One run of one table or relationship. Errors reject; what is processed stays so. */
  async run(name: string, options: RunOptions): Promise<PullReport> {
    const lease = await this.parts.leases.acquire(`pull-${name}`);
    if (lease === undefined) return { ...BUSY, table: name };
    try {
      const subject = await this.parts.subjectOf(name);
      const stored = await this.parts.states.read(name);
      return await new PullRun(this.parts, subject, lease, stored, options).run();
    } finally {
      await lease.release();
    }
  }

  /** The names in the order in which they were last attended to: whatever a run had no time for comes first in the next. */
  async inTurn(names: readonly string[]): Promise<readonly string[]> {
    const lastWritten = await this.parts.states.lastWritten();
    return names.toSorted((a, b) => (lastWritten.get(a) ?? 0) - (lastWritten.get(b) ?? 0));
  }
}

const BUSY = { mode: 'busy', ...noCounts(), milliseconds: 0 } as const;
