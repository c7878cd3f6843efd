/** The pull of a table as a state machine: what each event does to each state (I20 of docs/SPEC.md). */
import type { PullState } from '../../shared/sync/pull-state';

/** What is remembered of a table between runs, as far as it decides what the next run does. */
export const STATES = ['new', 'interrupted', 'loading', 'sweeping', 'current', 'catching up', 'load again'] as const;
export type State = (typeof STATES)[number];

/** What a run meets. */
export const EVENTS = [
  'it ends',
  'it fails before its first page is processed',
  'it fails after a page',
  'its time is up after a page',
  'its time is up in the sweep',
  'the token has expired',
  'the link is refused',
  'the mapping has changed',
  'the lease is lost',
  'another run holds the lease',
] as const;
export type Event = (typeof EVENTS)[number];

/** How a run ended: its report's mode and marks, or that it failed. */
export interface Ending {
  readonly then: State;
  readonly run: 'load' | 'reload' | 'delta' | 'busy' | 'fails';
  readonly marks?: 'resumed' | 'unfinished' | 'resumed, unfinished';
}

const to = (then: State, run: Ending['run'], marks?: Ending['marks']): Ending => ({
  then,
  run,
  ...(marks === undefined ? {} : { marks }),
});

/** A run that has no link to go on from, no page to read or nothing to sweep meets nothing of their faults: it ends. */
export const TRANSITIONS: Readonly<Record<State, Readonly<Record<Event, Ending>>>> = {
  new: {
    'it ends': to('current', 'load'),
    'it fails before its first page is processed': to('interrupted', 'fails'),
    'it fails after a page': to('loading', 'fails'),
    'its time is up after a page': to('loading', 'load', 'unfinished'),
    'its time is up in the sweep': to('sweeping', 'load', 'unfinished'),
    'the token has expired': to('current', 'load'),
    'the link is refused': to('current', 'load'),
    'the mapping has changed': to('current', 'load'),
    'the lease is lost': to('new', 'fails'),
    'another run holds the lease': to('new', 'busy'),
  },
  interrupted: {
    'it ends': to('current', 'reload'),
    'it fails before its first page is processed': to('interrupted', 'fails'),
    'it fails after a page': to('loading', 'fails'),
    'its time is up after a page': to('loading', 'reload', 'unfinished'),
    'its time is up in the sweep': to('sweeping', 'reload', 'unfinished'),
    'the token has expired': to('current', 'reload'),
    'the link is refused': to('current', 'reload'),
    'the mapping has changed': to('load again', 'reload'),
    'the lease is lost': to('interrupted', 'fails'),
    'another run holds the lease': to('interrupted', 'busy'),
  },
  loading: {
    'it ends': to('current', 'load', 'resumed'),
    'it fails before its first page is processed': to('loading', 'fails'),
    'it fails after a page': to('loading', 'fails'),
    'its time is up after a page': to('loading', 'load', 'resumed, unfinished'),
    'its time is up in the sweep': to('sweeping', 'load', 'resumed, unfinished'),
    'the token has expired': to('current', 'reload'),
    'the link is refused': to('current', 'reload'),
    'the mapping has changed': to('load again', 'reload'),
    'the lease is lost': to('loading', 'fails'),
    'another run holds the lease': to('loading', 'busy'),
  },
  sweeping: {
    'it ends': to('current', 'load', 'resumed'),
    'it fails before its first page is processed': to('current', 'load', 'resumed'),
    'it fails after a page': to('current', 'load', 'resumed'),
    'its time is up after a page': to('current', 'load', 'resumed'),
    'its time is up in the sweep': to('sweeping', 'load', 'resumed, unfinished'),
    'the token has expired': to('current', 'load', 'resumed'),
    'the link is refused': to('current', 'load', 'resumed'),
    'the mapping has changed': to('load again', 'reload'),
    'the lease is lost': to('sweeping', 'fails'),
    'another run holds the lease': to('sweeping', 'busy'),
  },
  current: {
    'it ends': to('current', 'delta'),
    'it fails before its first page is processed': to('current', 'fails'),
    'it fails after a page': to('catching up', 'fails'),
    'its time is up after a page': to('catching up', 'delta', 'unfinished'),
    'its time is up in the sweep': to('current', 'delta'),
    'the token has expired': to('current', 'reload'),
    'the link is refused': to('current', 'reload'),
    'the mapping has changed': to('load again', 'reload'),
    'the lease is lost': to('current', 'fails'),
    'another run holds the lease': to('current', 'busy'),
  },
  'catching up': {
    'it ends': to('current', 'delta', 'resumed'),
    'it fails before its first page is processed': to('catching up', 'fails'),
    'it fails after a page': to('catching up', 'fails'),
    'its time is up after a page': to('catching up', 'delta', 'resumed, unfinished'),
    'its time is up in the sweep': to('current', 'delta', 'resumed'),
    'the token has expired': to('current', 'reload'),
    'the link is refused': to('current', 'reload'),
    'the mapping has changed': to('load again', 'reload'),
    'the lease is lost': to('catching up', 'fails'),
    'another run holds the lease': to('catching up', 'busy'),
  },
  'load again': {
    'it ends': to('current', 'reload'),
    'it fails before its first page is processed': to('interrupted', 'fails'),
    'it fails after a page': to('loading', 'fails'),
    'its time is up after a page': to('loading', 'reload', 'unfinished'),
    'its time is up in the sweep': to('sweeping', 'reload', 'unfinished'),
    'the token has expired': to('current', 'reload'),
    'the link is refused': to('current', 'reload'),
    'the mapping has changed': to('load again', 'reload'),
    'the lease is lost': to('load again', 'fails'),
    'another run holds the lease': to('load again', 'busy'),
  },
};

/** A way into each state. */
export const WAY_TO: Readonly<Record<State, readonly Event[]>> = {
  new: [],
  interrupted: ['it fails before its first page is processed'],
  loading: ['it fails after a page'],
  sweeping: ['its time is up in the sweep'],
  current: ['it ends'],
  'catching up': ['it ends', 'it fails after a page'],
  'load again': ['it ends', 'the mapping has changed'],
};

/** The state that a stored one is. */
export function stateOf(state: PullState): State {
  switch (state.kind) {
    case 'new':
    case 'sweeping':
      return state.kind;
    case 'loading':
      return state.next === undefined ? 'interrupted' : 'loading';
    case 'current':
      return state.again ? 'load again' : 'current';
    case 'catchingUp':
      return 'catching up';
    default:
      return state satisfies never;
  }
}
