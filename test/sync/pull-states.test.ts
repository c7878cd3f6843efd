/** Proves the table of the pull's states and events against the real PullSync, cell by cell; the type leaves no gap in it. */
import { describe, expect, test } from '@jest/globals';
import type { ChangeFeed } from '../../shared/dataverse/change-feed';
import { WebApiError } from '../../shared/dataverse/web-api';
import type { PullState } from '../../shared/sync/pull-state';
import { tableSubject } from '../../shared/sync/pull-subject';
import { PullSync, type PullReport } from '../../shared/sync/pull-sync';
import { Writer } from '../../shared/writer/writer';
import { RULE, columns, missing, rowId } from '../writer/changes';
import { MemoryJournal } from '../writer/memory-journal';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';
import { EVENTS, STATES, TRANSITIONS, WAY_TO, stateOf, type Ending, type Event } from './pull-states';
import { DEFINITION } from './definition';

const RUN_MS = 60_000;

/** A table that is pulled, run after run, each meeting an event. */
class Pulled {
  state: PullState = {};
  #nowMs = 5_000_000;
  #fingerprint = 1;
  readonly #store = new MemoryStore(() => this.#nowMs);
  readonly #journal = new MemoryJournal();

  async run(event: Event): Promise<Omit<Ending, 'then'>> {
    if (event === 'the mapping has changed') this.#fingerprint += 1;
    try {
      return endingOf(await this.#syncMeeting(event).run('account'));
    } catch {
      return { run: 'fails' };
    }
  }

  #syncMeeting(event: Event): PullSync {
    const now = (): number => this.#nowMs;
    const reader = new ScriptedReader(() => missing(now() / 1000));
    const subject = tableSubject(
      DEFINITION,
      () => ({ fingerprint: String(this.#fingerprint) }),
      () => Promise.resolve(DEFINITION),
    );
    const held = (): boolean => event !== 'the lease is lost';
    const lease = { held, release: () => Promise.resolve() };
    return new PullSync({
      subjectOf: () => Promise.resolve(subject),
      feed: this.#feedMeeting(event),
      writer: new Writer(this.#store, reader, { rule: RULE, now }),
      store: this.#store,
      states: {
        read: () => Promise.resolve(this.state),
        write: (_table, state) => {
          this.state = state;
          return Promise.resolve();
        },
      },
      leases: { acquire: () => Promise.resolve(event === 'another run holds the lease' ? undefined : lease) },
      parking: {} as never,
      maxReadAgeMs: 30_000,
      journal: this.#journal,
      maxRunMs: RUN_MS,
      now,
      sleep: (milliseconds) => {
        this.#nowMs += milliseconds;
        return Promise.resolve();
      },
    });
  }

  /** Three pages, whatever the link; faults of links only where there is one. */
  #feedMeeting(event: Event): ChangeFeed {
    const tick = (milliseconds: number): number => (this.#nowMs += milliseconds);
    const feed: Pick<ChangeFeed, 'pages'> = {
      async *pages(_request, { link }) {
        await Promise.resolve();
        if (link !== undefined && event === 'the token has expired')
          throw new WebApiError('GET', 400, '0x80044352', 'expired');
        if (link !== undefined && event === 'the link is refused') throw new WebApiError('GET', 410, '', 'refused');
        if (event === 'it fails before its first page is settled') throw new Error('away');
        const version = BigInt(tick(1000));
        const row = { kind: 'row', id: rowId(1), version, modifiedOn: 4000, columns: columns({ a: 1 }) } as const;
        if (event === 'its time is up after a page') tick(RUN_MS);
        yield { items: [row], end: tick(0) / 1000, nextLink: 'next 1' };
        if (event === 'it fails after a page') throw new Error('away');
        yield { items: [], end: tick(0) / 1000, nextLink: 'next 2' };
        yield { items: [], end: tick(0) / 1000, deltaLink: 'token' };
      },
    };
    return feed as ChangeFeed;
  }
}

function endingOf({ mode, resumed, unfinished }: PullReport): Omit<Ending, 'then'> {
  const marks = [resumed && 'resumed', unfinished && 'unfinished'].filter((mark) => mark !== undefined).join(', ');
  return { run: mode, ...(marks === '' ? {} : { marks: marks as NonNullable<Ending['marks']> }) };
}

describe.each(STATES)('[I20] in state "%s" a run', (state) => {
  test.each(EVENTS)('meets: %s', async (event) => {
    const table = new Pulled();
    for (const before of WAY_TO[state]) await table.run(before);
    expect(stateOf(table.state)).toBe(state);
    const ending = await table.run(event);
    expect({ ...ending, then: stateOf(table.state) }).toEqual(TRANSITIONS[state][event]);
  });
});
