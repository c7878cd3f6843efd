/** Proves the table of the pull's states and events against the real PullSync, cell by cell; the type leaves no gap in it. */
import { describe, expect, test } from '@jest/globals';
import { WebApiError } from '../../shared/dataverse/web-api';
import { tableSubject } from '../../shared/sync/pull-subject';
import { PullSync } from '../../shared/sync/pull-sync';
import { type PullSyncParts } from '../../shared/sync/pull-run';
import { type PullReport } from '../../shared/sync/pull-report';
import { Writer } from '../../shared/writer/writer';
import { RULE, columns, missing, rowId } from '../writer/changes';
import { MemoryStore } from '../writer/memory-store';
import { ScriptedReader } from '../writer/scripted-reader';
import { EVENTS, STATES, TRANSITIONS, WAY_TO, stateOf, type Ending, type Event, type State } from './pull-states';
import { DEFINITION } from './definition';
import { MemoryJournal } from './memory-journal';
import { MemoryStates } from './memory-states';

const RUN_MS = 60_000;

/** A table that is pulled, run after run, each meeting an event. */
class Pulled {
  readonly #states = new MemoryStates();
  #nowMs = 5_000_000;
  #fingerprint = 1;
  readonly #store = new MemoryStore(() => this.#nowMs);
  readonly #journal = new MemoryJournal();

  get state(): State {
    return stateOf(this.#states.stateOf('account'));
  }

  async run(event: Event): Promise<Omit<Ending, 'then'>> {
    if (event === 'the mapping has changed') this.#fingerprint += 1;
    this.#store.at = (point) => {
      if (point === 'list' && event === 'its time is up in the sweep') this.#nowMs += RUN_MS;
    };
    try {
      return endingOf(await this.#syncMeeting(event).run('account', { until: this.#nowMs + RUN_MS }));
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
      writer: new Writer(this.#store, reader, { rule: RULE, clock: now }),
      store: this.#store,
      states: this.#states,
      leases: { acquire: () => Promise.resolve(event === 'another run holds the lease' ? undefined : lease) },
      parking: {} as never,
      maxReadAgeMs: 30_000,
      journal: this.#journal,
      now,
      clock: now,
      sleep: (milliseconds) => {
        this.#nowMs += milliseconds;
        return Promise.resolve();
      },
    });
  }

  /** Three pages, whatever the link; faults of links only where there is one. */
  #feedMeeting(event: Event): PullSyncParts['feed'] {
    const tick = (milliseconds: number): number => (this.#nowMs += milliseconds);
    const span = () => ({ begin: tick(0) / 1000, end: tick(0) / 1000 });
    return {
      async *pages(_request, { link }) {
        await Promise.resolve();
        if (link !== undefined && event === 'the token has expired')
          throw new WebApiError('GET', 400, '0x80044352', 'expired');
        if (link !== undefined && event === 'the link is refused') throw new WebApiError('GET', 410, '', 'refused');
        if (event === 'it fails before its first page is processed') throw new Error('away');
        const version = BigInt(tick(1000));
        const items = [1, 2, 3, 4, 5].map(
          (n) => ({ kind: 'row', id: rowId(n), version, modifiedOn: 4000, columns: columns({ a: 1 }) }) as const,
        );
        if (event === 'its time is up after a page') tick(RUN_MS);
        yield { items, ...span(), nextLink: 'next 1' };
        if (event === 'it fails after a page') throw new Error('away');
        yield { items: [], ...span(), nextLink: 'next 2' };
        yield { items: [], ...span(), deltaLink: 'token' };
      },
    };
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
    expect(table.state).toBe(state);
    const ending = await table.run(event);
    expect({ ...ending, then: table.state }).toEqual(TRANSITIONS[state][event]);
  });
});
