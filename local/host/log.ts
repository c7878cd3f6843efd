/** Log records of the host and of the app that runs in it: their shape, which are kept, how they are written. */
import pc from 'picocolors';
import { visible, visibleLines } from '../../shared/errors/visible';
import type { LogLevel } from './core-api';

/** One log record. On a pipe each is one line of JSON, so that a parent process can read them back. */
export interface LogRecord {
  readonly level: LogLevel;
  /** `user` = the app's `context.log`; `system` = the library; `host` = this host; `console` = whatever else the process printed. */
  readonly category: 'user' | 'system' | 'host' | 'console';
  readonly function?: string;
  readonly invocationId?: string;
  readonly message: string;
}

/** Takes log records. */
export type Log = (record: LogRecord) => void;

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

/**
 * Keeps what `logging.logLevel` of host.json lets through: the longest configured prefix of the record's category decides, and `default`
 * (information) where none fits. https://learn.microsoft.com/azure/azure-functions/configure-monitoring#configure-log-levels
 */
export function filteredLog(levels: Readonly<Record<string, string>>, write: Log): Log {
  const rank = (level: string) => LEVELS.findIndex((known) => known === level.toLowerCase());
  const limits = Object.entries(levels)
    .map(([prefix, level]) => ({ prefix, rank: rank(level) }))
    .filter((limit) => limit.rank >= 0)
    .sort((a, b) => b.prefix.length - a.prefix.length);
  const fallback = limits.find((limit) => limit.prefix === 'default')?.rank ?? rank('information');
  return (record) => {
    const name = hostCategory(record);
    const limit = limits.find(({ prefix }) => name === prefix || name.startsWith(`${prefix}.`));
    if (rank(record.level) >= (limit?.rank ?? fallback)) write(record);
  };
}

/** The category name that host.json speaks of: `Function.<name>.User`, `Function.<name>`, `Worker`, `Host`. */
function hostCategory(record: LogRecord): string {
  if (record.category === 'system') return 'Worker';
  if (record.function === undefined) return record.category === 'user' ? 'Function' : 'Host';
  return `Function.${record.function}${record.category === 'user' ? '.User' : ''}`;
}

/** Writes a record as one line of JSON. */
export function writeJson(record: LogRecord): void {
  // The level comes first: a reader knows a record from the app's own JSON by it.
  const { level, category, function: name, invocationId, message } = record;
  process.stdout.write(`${visible(JSON.stringify({ level, category, function: name, invocationId, message }))}\n`);
}

/** Writes a record for people. */
export function writeReadable(record: LogRecord): void {
  const time = new Date().toISOString().slice(11, 23);
  const paint = { warning: pc.yellow, error: pc.red, critical: pc.red, debug: pc.dim, trace: pc.dim }[
    record.level as string
  ];
  // A line that someone else's text begins can't look like a record.
  const text = visibleLines(record.message).replaceAll('\n', '\n    ');
  const message = paint === undefined ? text : paint(text);
  process.stdout.write(
    `${pc.dim(time)} ${record.function === undefined ? '' : `${pc.cyan(record.function)} `}${message}\n`,
  );
}
