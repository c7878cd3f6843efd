/**
 * Every log event of the app, numbered: alerts and queries can rely on the number and the field names. A record is one
 * line: the event's name, then its fields as JSON. Never a column's value, never a secret.
 *
 * The level is a field, too. A line from outside an invocation reaches the host by stdout or stderr, and the host grades a
 * line of stderr by the words in it ("warn", "error", "fail"): without the field an error may arrive as Information.
 * WorkerProcess.ParseErrorMessageAndLog in https://github.com/Azure/azure-functions-host
 */
export const LOG_EVENTS = {
  /** Deliveries were handled: counts by verdict, and the lag of each since its operation, in milliseconds. */
  processed: { id: 1001, level: 'info' },
  /** A delivery was put aside durably with its cause. */
  parked: { id: 1002, level: 'warn' },
  /** A delivery was refused: nothing of it is kept. */
  rejected: { id: 1003, level: 'warn' },
  /** Parking itself failed: the delivery stays with its sender. */
  parkingFailed: { id: 1004, level: 'error' },
  /** A delivery of what the mapping says to ignore was taken and not kept. */
  ignored: { id: 1005, level: 'info' },
  /** What can't be processed now comes again as a copy in the queue. */
  delayed: { id: 1006, level: 'info' },
  /** The store doesn't answer: the batch stays in the event hub and is tried again in place. */
  held: { id: 1007, level: 'warn' },
  /** Copies can't be sent to the queue: what can't be processed now is parked instead. Said once, until one is accepted. */
  copiesRefused: { id: 1008, level: 'warn' },
  /** Copies are accepted again. */
  copiesAccepted: { id: 1009, level: 'info' },
  /** Requests were refused before anything of them was read: their number since the last record of the same code. */
  refused: { id: 1010, level: 'warn' },
  /** An invocation took longer than it may, and nothing waits for it any more: the platform would end the process. */
  deadlinePassed: { id: 1011, level: 'error' },
  /** A pull run of one table ended. */
  pulled: { id: 2001, level: 'info' },
  /** A pull run of one table failed; the next run begins where this one did. */
  pullFailed: { id: 2002, level: 'error' },
  /** A table's columns are others than at the run before: added, removed, of another type. */
  schemaDrift: { id: 2003, level: 'warn' },
  /** A pull run of one table goes on: what it has done so far. */
  pulling: { id: 2004, level: 'info' },
  /** Tables that there was no time for: they come first at the next tick. */
  pullsLeft: { id: 2005, level: 'warn' },
  /** Something in the store's table isn't this app's, so it was passed over. Said of the first in a run. */
  foreignEntry: { id: 2006, level: 'warn' },
  /** Parked items were tried again. */
  replayed: { id: 3001, level: 'info' },
  /** An operator discarded a parked item: id, code, source (or table), reason. */
  discarded: { id: 3002, level: 'warn' },
  /** A storage account's tables, or the database, don't answer: they are not asked for a while. Said once, until they do. */
  storeUnavailable: { id: 4001, level: 'error' },
  /** They answer again. */
  storeAvailable: { id: 4002, level: 'info' },
  /** The database doesn't keep named statements on a connection (a pooler): none are used from now on. Said once. */
  statementsUnnamed: { id: 4003, level: 'warn' },
  /** A table of the database was made, or got columns: their names. */
  schemaGrown: { id: 4004, level: 'info' },
  /** Dataverse answered 429: nothing is sent until then (unless it was for concurrency), and fewer requests run at once. */
  webApiPaused: { id: 5001, level: 'warn' },
  /** Little is left of Dataverse's limits, so calls that would wait too long weren't sent. Said once a minute. */
  webApiNearLimit: { id: 5002, level: 'warn' },
  /** The clock of this machine, or the store's, is off from Dataverse's. Said once, until it is right again. */
  clockOff: { id: 6001, level: 'warn' },
  /** A rule refused an operation before Dataverse saved it: the rule, the event, its correlation id. */
  ruleRefused: { id: 7001, level: 'info' },
  /**
   * Operations that rules couldn't be asked about, which VALIDATE_UNJUDGED let pass or refused: their number since the last record
   * of the same cause.
   */
  unjudged: { id: 7002, level: 'warn' },
  /** Values of a LOB system's message, or of Dataverse, were given up for the other side's: their columns, why, and both versions. */
  inboundLost: { id: 8001, level: 'warn' },
  /** Somebody in Dataverse changed a column of the LOB system: its value is put back. */
  inboundRestoring: { id: 8002, level: 'info' },
  /** Dataverse takes nothing from the application user: nothing is written for a while. Said once, until it does. */
  inboundStopped: { id: 8003, level: 'error' },
  /** It takes changes again. */
  inboundResumed: { id: 8004, level: 'info' },
  /** Settings are missing or wrong; the function named is not served. */
  misconfigured: { id: 9001, level: 'error' },
  /** A promise that nobody awaits was rejected: a fault in the code. The process goes on. Said once a minute for each code. */
  strayRejection: { id: 9002, level: 'error' },
  /** An exception that nobody caught: the process ends. */
  crashing: { id: 9003, level: 'error' },
} as const satisfies Record<string, { id: number; level: LogLevel }>;

/** Severity, as the platform's logger has it. */
export type LogLevel = 'info' | 'warn' | 'error';

/** Name of a log event. */
export type LogEvent = keyof typeof LOG_EVENTS;

/** Writes one log record. */
export type Log = (event: LogEvent, fields: Readonly<Record<string, unknown>>) => void;

/** The part of an InvocationContext (or console) that writes lines. */
export interface LineLogger {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** Logs to a function's invocation. */
export const logTo =
  (logger: LineLogger): Log =>
  (event, fields) => {
    const { id, level } = LOG_EVENTS[event];
    logger[level](`${event} ${JSON.stringify({ event: id, level, ...fields })}`);
  };
