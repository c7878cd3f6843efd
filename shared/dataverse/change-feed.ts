import type { Instant } from '../change/instant';
import { OutboundError } from '../errors/errors';
import type { TableCatalog, TableDefinition } from '../mapping/table-definition';
import { AnswerUnreadable, ROW_ANNOTATIONS, readRows, type ODataItem } from './odata-row';
import { columnUnknown } from './definitions';
import { slicedPage } from './page-slices';
import { spanOf } from './row-reader';
import { WebApiError, type WebApi, type WebApiPage } from './web-api';

/** Thrown when change tracking is off for a table that is to be pulled. */
export class ChangeTrackingOff extends OutboundError {
  constructor(table: string) {
    super(
      'change-tracking-off',
      `Change tracking is off for table ${table}, so it can't be pulled. Enable it: dvo tracking enable ${table}, or ` +
        `make.powerapps.com > Tables > ${table} > Properties > Track changes (it can't be disabled again). Or take the table ` +
        `out of SYNC_TABLES.`,
    );
  }
}

/** A page of changes, or a part of one: so many rows as are in memory at once. */
export interface FeedPage {
  readonly items: readonly ODataItem[];
  /** When it was asked for (no later) and made (no earlier), in Dataverse's clock. */
  readonly begin: Instant;
  readonly end: Instant;
  /** More rows of this page follow; its link comes with the last ones. */
  readonly more?: true;
  readonly nextLink?: string;
  readonly deltaLink?: string;
}

/** What is read. */
export interface FeedRequest {
  readonly definition: TableDefinition;
  /** `changeTracking`: with deltas from then on. `compare`: all rows, without. */
  readonly by: 'changeTracking' | 'compare';
  /** The columns to ask for. @default all */
  readonly select?: readonly string[];
}

/** Where to begin: a load without a link is from the beginning. */
export type FeedStart =
  { readonly mode: 'load'; readonly link?: string } | { readonly mode: 'delta'; readonly link: string };

/** Rows per page: the platform's maximum. */
const MAX_PAGE_SIZE = 5000;

/**
 * A table's change feed: all rows at first, then what changed since a delta link. The link is opaque and is sent as it
 * came.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
 */
export class ChangeFeed {
  constructor(
    private readonly api: WebApi,
    private readonly catalog: Pick<TableCatalog, 'refresh'>,
    private readonly pageSize: number = MAX_PAGE_SIZE,
    /** Of a page that are in memory as rows at once, at least. @default as `slicedPage` says */
    private readonly sliceBytes?: number,
  ) {}

  /**
   * Pages from the beginning, or from a link that an earlier page gave: the delta link of a complete run, or the next link of
   * one that wasn't completed. Only the last page has a `deltaLink`. To `compare`, all rows are read without change
   * tracking, and there is no such link.
   *
   * While a page is gone through, the one after it is already under way: at most one, which is called off when nobody goes
   * on, or by `calledOff`. What fails there is told in its turn.
   */
  async *pages(
    { definition: known, by, select }: FeedRequest,
    from: FeedStart,
    calledOff?: AbortSignal,
  ): AsyncIterable<FeedPage> {
    let definition = known;
    const tracked = by === 'changeTracking';
    // It may have been enabled since the definition was read.
    if (tracked && !definition.changeTracking) definition = await this.catalog.refresh(definition.table, 0);
    if (tracked && !definition.changeTracking) throw new ChangeTrackingOff(definition.table);
    const prefer = [`odata.maxpagesize=${this.pageSize}`, ROW_ANNOTATIONS];
    if (tracked && from.mode === 'load') prefer.unshift('odata.track-changes');
    const ended = new AbortController();
    const signal = calledOff === undefined ? ended.signal : AbortSignal.any([ended.signal, calledOff]);
    const ask = (link: string): Promise<WebApiPage> => {
      const asked = this.api.getPage(link, prefer, signal);
      asked.catch(() => undefined);
      return asked;
    };
    try {
      let next = ask(from.link ?? definition.entitySet + (select === undefined ? '' : `?$select=${select.join(',')}`));
      for (;;) {
        const { bytes, ...time } = await next;
        const { slices, ...links } = slicedPage(bytes, definition.table, this.sliceBytes);
        // A known defect left both links out on the last page; going on would lose every later change in silence.
        if (tracked && (links.nextLink === undefined) === (links.deltaLink === undefined)) {
          throw new AnswerUnreadable(definition.table, 'a page must have either a next link or a delta link');
        }
        if (links.nextLink !== undefined) next = ask(links.nextLink);
        for (const { rows, isLast } of slices) {
          let read = readRows(rows, definition);
          if (read.definitionIsOld) {
            // A column is newer than what is known of the table: its values would be stored in the wrong type, for good.
            definition = await this.catalog.refresh(definition.table);
            read = readRows(rows, definition);
          }
          yield { items: read.items, ...spanOf(time), ...(isLast ? links : { more: true }) };
        }
        if (links.nextLink === undefined) return;
      }
    } finally {
      ended.abort();
    }
  }
}

/**
 * The change-tracking token is too old, or the table's definition has changed since. The HTTP status isn't documented, so
 * the code and the text decide.
 */
const tokenExpired = (error: unknown): boolean =>
  error instanceof WebApiError &&
  (error.status === 410 ||
    /^0x80044352$/i.test(error.platformCode) ||
    error.platformCode === '-2147204270' ||
    /version stamp associated with the client has expired/i.test(error.message));

/** What is to be read can't be had from the token: everything has to be loaded. */
export const needsLoad = (error: unknown): boolean => tokenExpired(error) || columnUnknown(error);

/** A link in the middle of a run isn't taken any more. */
export const linkIsRefused = (error: unknown): boolean =>
  error instanceof WebApiError && (error.refusesRequest || error.status === 410);
