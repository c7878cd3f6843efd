/** Everything that goes wrong in the simulation, by its number in docs/SPEC.md. */
export const FAULTS = {
  F1: 'An event is delivered twice.',
  F2: 'An event is delivered before an older one.',
  F3: 'An event never arrives.',
  F4: 'An event arrives weeks late.',
  F5: 'An event arrives without its parameters: it was too large.',
  F6: 'Several events arrive together.',
  F7: 'A synchronous step tells of a transaction that is rolled back.',
  F8: 'A delivery is not taken, since it can be neither settled nor parked; it comes again.',
  F9: 'A row changes twice within one second.',
  F10: 'modifiedon lies before the commit, so that it goes back.',
  F11: 'modifiedon lies in the future.',
  F12: 'The OperationCreatedOn of a delete is later than the delete.',
  F13: 'A row is restored with its id.',
  F14: 'A deleted row takes its links with it, and nothing is told of them.',
  F15: 'A row is merged into another one.',
  F16: 'The Date header of an answer lags.',
  F17: 'The Web API answers 429.',
  F18: 'The Web API answers 503.',
  F19: 'The Web API answers 401: the access token has expired.',
  F20: 'The Web API does not answer.',
  F21: 'A row is gone when it is read back (404).',
  F22: 'The change-tracking token has expired when a run begins.',
  F23: 'The change-tracking token expires between two pages.',
  F24: 'The next link of an unfinished run is refused (410).',
  F25: 'A row on a page can not be read.',
  F26: 'The store refuses a read (429, 503, time-out).',
  F27: 'The store refuses a write (429, 503, time-out).',
  F28: 'A write times out, but is done.',
  F29: 'A write times out and lands later.',
  F30: 'One write of a batch fails.',
  F31: 'A write meets another entity tag than it expected (409, 412): another writer was first.',
  F32: 'Pull state, lease, journal or parking can not be reached.',
  F33: 'An instance dies between two steps.',
  F34: 'A run loses its lease without knowing it.',
  F35: 'A run ends for now before its last page.',
  F36: 'A step takes so long that much else comes to its end meanwhile.',
  F37: 'A clock is ahead or behind.',
  F38: 'A clock goes back.',
  F39: 'The mapping changes.',
  F40: 'Tombstones are purged.',
} as const;

/** Number of a fault. */
export type Fault = keyof typeof FAULTS;

/** Is told of every fault that happens. */
export type NoteFault = (fault: Fault) => void;
