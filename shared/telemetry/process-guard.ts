import { codeOf, messageOf } from '../errors/errors';
import type { Log } from './log';

/** A code is said once a minute at most, however often it comes. */
const SAY_EVERY_MS = 60_000;
/** Frames of the stack that are logged: where it came from. */
const FRAMES = 3;

/** The part of `process` that is guarded. */
export interface GuardedProcess {
  on(event: 'unhandledRejection' | 'uncaughtExceptionMonitor', listener: (reason: unknown) => void): unknown;
}

/**
 * Keeps a rejection that nobody handles from ending the process. The platform's worker would exit, and every invocation
 * beside it would fail. Going on is safe: a delivery is acknowledged only after what was awaited for it, so a promise that
 * nobody awaits acknowledges nothing.
 *
 * An uncaught exception still ends the process: what it interrupted is in an unknown state. It is only logged.
 * https://nodejs.org/api/process.html#warning-using-uncaughtexception-correctly
 */
export function guardProcess(guarded: GuardedProcess, log: Log, now: () => number = Date.now): void {
  const said = new Map<string, { atMs: number; count: number }>();
  guarded.on('unhandledRejection', (reason) => {
    const code = codeOf(reason);
    const { atMs, count } = said.get(code) ?? { atMs: Number.NEGATIVE_INFINITY, count: 0 };
    const isDue = now() - atMs >= SAY_EVERY_MS;
    said.set(code, { atMs: isDue ? now() : atMs, count: count + 1 });
    if (isDue) log('strayRejection', { ...factsOf(reason), count: count + 1 });
  });
  guarded.on('uncaughtExceptionMonitor', (error) => log('crashing', factsOf(error)));
}

const factsOf = (error: unknown) => ({
  code: codeOf(error),
  reason: messageOf(error),
  at: (error instanceof Error ? (error.stack ?? '') : '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, FRAMES)
    .map((line) => line.trim()),
});
