import { DataverseError, badRequest } from '../dataverse-error';
import type { Table } from '../metadata/table';
import type { ODataQuery } from '../web-api/odata-query';
import type { ChangePosition, RowOrDeletion, RowStore, TableRows } from './row-store';

/** A delta token: what was known when a run began. */
export interface DeltaToken {
  readonly version: bigint;
  readonly issuedAt: number;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** The token's text: `919042!08/22/2017 08:10:44`. */
export function writeDeltaToken(token: DeltaToken): string {
  const at = new Date(token.issuedAt);
  const day = `${two(at.getUTCMonth() + 1)}/${two(at.getUTCDate())}/${at.getUTCFullYear()}`;
  return `${token.version}!${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

/** URL-encoded as the platform does it, in lower case: `919042%2108%2f22%2f2017%2008%3a10%3a44`. */
export const encodeDeltaToken = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('!', '%21')
    .replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());

/** Reads a token; throws when it is none. */
export function readDeltaToken(text: string): DeltaToken {
  const [, version, month, day, year, time] = /^(\d+)!(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d:\d\d)$/.exec(text) ?? [];
  if (version === undefined) {
    throw new DataverseError(400, '0x80040203', `The delta token '${text}' is not valid.`);
  }
  return { version: BigInt(version), issuedAt: Date.parse(`${year}-${month}-${day}T${time}Z`) };
}

/**
 * The answer to a token that is too old. The platform's documents name code and message, none the HTTP status: 400, as for
 * other faults of the organisation service, is assumed.
 */
export const expiredToken = (): DataverseError =>
  new DataverseError(
    400,
    '0x80044352',
    'Version stamp associated with the client has expired. Please perform a full sync.',
  );

const REFUSED = ['filter', 'orderby', 'expand', 'top'] as const;

/** Where the next page of a run begins; travels in `$skiptoken`. */
interface RunPosition {
  /** The token that the run will end with: fixed when its first page is asked for. */
  readonly token: DeltaToken;
  readonly at:
    | { readonly kind: 'all'; readonly place: number }
    | { readonly kind: 'delta'; readonly since: bigint; readonly position: ChangePosition };
}

/** A page of an initial load or of a delta. */
export interface ChangePage {
  readonly isDelta: boolean;
  readonly items: readonly RowOrDeletion[];
  readonly link: { readonly kind: 'next' | 'delta'; readonly parameter: string };
}

/** Change tracking over rows (use-change-tracking-synchronize-data-external-systems). */
export class ChangeTracking {
  readonly #store: RowStore;
  readonly #now: () => number;
  readonly #expiryMs: number;

  constructor(store: RowStore, now: () => number, expiryDays: number) {
    this.#store = store;
    this.#now = now;
    this.#expiryMs = expiryDays * 86_400_000;
  }

  /** Makes the tokens issued so far for a table worthless, as age or a change of the table's definition does. */
  expire(table: Table): void {
    this.#store.table(table.logicalName).oldestToken = this.#store.nextVersion();
  }

  /** The page that a request asks for. */
  page(table: Table, query: ODataQuery, size: number): ChangePage {
    this.#check(table, query);
    const rows = this.#store.table(table.logicalName);
    const run = this.#position(query);
    if (run.at.kind === 'all') {
      const page = rows.page(run.at.place, size);
      const items = page.rows.map((row) => ({ kind: 'row', row }) as const);
      const next = page.next === undefined ? undefined : { ...run, at: { kind: 'all', place: page.next } as const };
      return { isDelta: false, items, link: link(run, next) };
    }
    const { since } = run.at;
    this.#checkAge(rows, since);
    const page = rows.changes(since, run.at.position, size);
    const next =
      page.next === undefined ? undefined : { ...run, at: { kind: 'delta', since, position: page.next } as const };
    return { isDelta: true, items: page.items, link: link(run, next) };
  }

  /** How many changes a delta would return (`/accounts/$count?$deltatoken=…`). */
  count(table: Table, query: ODataQuery): number {
    this.#check(table, query);
    const rows = this.#store.table(table.logicalName);
    const token = this.#known(readDeltaToken(query.deltaToken ?? ''));
    this.#checkAge(rows, token.version);
    return rows.changes(token.version, undefined, Infinity).items.length;
  }

  #check(table: Table, query: ODataQuery): void {
    for (const option of REFUSED) {
      if (!query.given.has(option)) continue;
      throw badRequest(`The "$${option}" query parameter isn't supported when Change Tracking is enabled.`);
    }
    if (!table.changeTracking) {
      throw new DataverseError(400, '0x80072491', `Entity ${table.logicalName} isn't enabled for change tracking.`);
    }
  }

  #position(query: ODataQuery): RunPosition {
    if (query.skipToken !== undefined) return readPosition(query.skipToken);
    const token = { version: this.#store.version, issuedAt: this.#now() };
    if (query.deltaToken === undefined) return { token, at: { kind: 'all', place: 0 } };
    const since = this.#known(readDeltaToken(query.deltaToken)).version;
    return { token, at: { kind: 'delta', since, position: { phase: 'rows', after: since } } };
  }

  #known(token: DeltaToken): DeltaToken {
    if (this.#now() - token.issuedAt > this.#expiryMs) throw expiredToken();
    return token;
  }

  #checkAge(rows: TableRows, since: bigint): void {
    if (since < rows.oldestToken) throw expiredToken();
  }
}

function link(run: RunPosition, next: RunPosition | undefined): ChangePage['link'] {
  return next === undefined
    ? { kind: 'delta', parameter: `$deltatoken=${encodeDeltaToken(writeDeltaToken(run.token))}` }
    : { kind: 'next', parameter: `$skiptoken=${encodeURIComponent(writePosition(next))}` };
}

function writePosition({ token, at }: RunPosition): string {
  const where =
    at.kind === 'all'
      ? `place="${at.place}"`
      : `since="${at.since}" phase="${at.position.phase}" after="${at.position.after}"`;
  return `<cookie tracking="True" token="${writeDeltaToken(token)}" ${where} />`;
}

function readPosition(text: string): RunPosition {
  const value = (name: string): string | undefined => new RegExp(` ${name}="([^"]*)"`).exec(text)?.[1];
  const token = readDeltaToken(value('token') ?? '');
  const place = value('place');
  if (place !== undefined) return { token, at: { kind: 'all', place: Number(place) } };
  const phase = value('phase') === 'deleted' ? 'deleted' : 'rows';
  const after = BigInt(value('after') ?? 0);
  return { token, at: { kind: 'delta', since: BigInt(value('since') ?? 0), position: { phase, after } } };
}

/** Is it a page of change tracking that this `$skiptoken` leads to? */
export const isTrackingPosition = (skipToken: string): boolean => skipToken.startsWith('<cookie tracking="True"');
