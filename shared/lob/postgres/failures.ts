/** What an error of PostgreSQL or of its connection says. https://www.postgresql.org/docs/current/errcodes-appendix.html */
import type { Answer, End } from '../../azure/circuit';
import { messageOf, OutboundError } from '../../errors/errors';

/** Thrown when a table couldn't get a column because somebody was reading it all the time. */
export class SchemaLocked extends OutboundError {
  constructor(table: string, options?: ErrorOptions) {
    super(
      'schema-locked',
      `Table ${table} can't be changed while a long transaction reads it. It is tried again; end that transaction if it stays (pg_stat_activity).`,
      options,
    );
  }
}

/** Thrown when a table isn't there, and the app isn't to make it. */
export class SchemaBehind extends OutboundError {
  constructor(table: string, columns: readonly string[]) {
    super(
      'schema-behind',
      `Table ${table} ${columns.length === 0 ? "isn't there" : `lacks column ${columns.join(', ')}`}, and LOB_POSTGRES__growsSchema is false. Run: dvo store migrate --apply`,
    );
  }
}

/** Thrown when a pooler answers instead of the database, and isn't said to be there. */
export class PoolerUnsaid extends OutboundError {
  constructor(place: string, options?: ErrorOptions) {
    super(
      'not-configured',
      `${place} is a pooler: set LOB_POSTGRES__prepared to false, and give the role statement_timeout = '9s'.`,
      options,
    );
  }
}

/** A pooler refuses settings of a session. https://www.pgbouncer.org/config.html#ignore_startup_parameters */
export const isPoolerUnsaid = (error: unknown): boolean =>
  sqlStateOf(error) === '08P01' && messageOf(error).includes('startup parameter');

/** The SQLSTATE of an error that PostgreSQL itself sent; undefined for any other. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** Deadlock, serialization failure, lock not available: nothing was written, and it may be decided again. */
const CONFLICTS: ReadonlySet<string> = new Set(['40P01', '40001', '55P03']);
export const isConflict = (error: unknown): boolean => CONFLICTS.has(sqlStateOf(error) ?? '');

/** Data that doesn't fit (22), constraints (23), limits of a row or statement (54): it would be refused again. */
export const isRefusal = (error: unknown): boolean => /^(?:22|23|54)/.test(sqlStateOf(error) ?? '');

/** The table, its schema, the sequence or a column isn't there, or is of another type than it was. */
const OTHER_SCHEMA: ReadonlySet<string> = new Set(['42P01', '3F000', '42703', '42804', '0A000', '42883']);
export const isOtherSchema = (error: unknown): boolean => OTHER_SCHEMA.has(sqlStateOf(error) ?? '');

/** A name is taken, or isn't known, on the connection that a pooler gave: names don't work there. */
export const isNamesRefused = (error: unknown): boolean => ['42P05', '26000'].includes(sqlStateOf(error) ?? '');

/** What a refusal can show: its SQLSTATE, and the column or constraint that it names. Its text isn't shown, since it quotes values. */
export function refusalOf(error: unknown): string {
  const { column, constraint } = error as { readonly column?: string; readonly constraint?: string };
  const named = column !== undefined ? ` for column ${column}` : constraint !== undefined ? ` by ${constraint}` : '';
  return `it answered ${sqlStateOf(error) ?? 'no code'}${named}`;
}

/**
 * Whether the end of a statement says that nobody is there: no connection, no answer in time, a server that starts, stops, only
 * reads or has no room (connections, disk, memory). Whatever else it answers, it answers.
 */
export function answerOf(end: End<unknown>): Answer {
  if (end.kind === 'value') return 'up';
  const state = sqlStateOf(end.error);
  if (state === undefined) return 'down';
  if (/^(?:08|53|58|57P0[1-5]|25006)/.test(state)) return 'down';
  // A statement that took too long, a wrong password, a fault of the server's own.
  return /^(?:57|28|XX)/.test(state) ? 'unclear' : 'up';
}
