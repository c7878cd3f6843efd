/** What every trigger of this host looks like from outside. */
import type { HostJson } from './host-json';
import type { Executor } from './executor';
import type { Log } from './log';
import type { Settings } from './settings';

/** What a trigger needs from the host. */
export interface TriggerContext {
  readonly settings: Settings;
  readonly hostJson: HostJson;
  readonly executor: Executor;
  readonly log: Log;
}

/** A function's listener. */
export interface Trigger {
  /** Begins to listen. May throw if the service can't be reached; it is then tried again. */
  start(): Promise<void>;
  /** Takes no new work; what runs goes on. */
  pause(): Promise<void>;
  /** Lets go of connections, after the running invocations have settled their deliveries. */
  close(): Promise<void>;
  /** Runs the function once by hand, as `POST /admin/functions/{name}` does. */
  runManually(input: string): Promise<void>;
}

/** The reason the real host logs for a run that a message or event has caused. */
export const MESSAGE_REASON = '(null)';
/** The reason the real host logs for HTTP and for runs by hand. */
export const CALLED_REASON = 'This function was programmatically called via the host APIs.';
