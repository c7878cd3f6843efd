import { OutboundError } from '../errors';
import type { TableCatalog, TableDefinition } from '../mapping/table-definition';
import { AnswerUnreadable, ROW_ANNOTATIONS, readPage, type ODataPage } from './odata-row';
import { endOf } from './read-back';
import { LONG, type WebApi } from './web-api';

/** Thrown when change tracking is off for a table that is to be pulled. */
export class ChangeTrackingOff extends OutboundError {
  readonly code = 'change-tracking-off';
  readonly disposition = 'park';
  constructor(table: string) {
    super(
      `Change tracking is off for table ${table}, so it can't be pulled. Enable it: dvo tracking enable ${table}, or ` +
        `make.powerapps.com > Tables > ${table} > Properties > Track changes (it can't be disabled again). Or take the table ` +
        `out of SYNC_TABLES.`,
    );
  }
}

/** A page of changes and when it was made, in Dataverse's clock. */
export interface FeedPage extends Omit<ODataPage, 'definitionIsOld'> {
  readonly end: number;
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
  ) {}

  /**
   * Pages from the beginning, or from a link that an earlier page gave: the delta link of a complete run, or the next link of
   * one that wasn't completed. Only the last page has a `deltaLink`. To `compare`, all rows are read without change
   * tracking, and there is no such link.
   */
  async *pages({ definition: known, by, select }: FeedRequest, from: FeedStart): AsyncIterable<FeedPage> {
    let definition = known;
    const tracked = by === 'changeTracking';
    // It may have been enabled since the definition was read.
    if (tracked && !definition.changeTracking) definition = await this.catalog.refresh(definition.table, 0);
    if (tracked && !definition.changeTracking) throw new ChangeTrackingOff(definition.table);
    const prefer = [`odata.maxpagesize=${this.pageSize}`, ROW_ANNOTATIONS];
    if (tracked && from.mode === 'load') prefer.unshift('odata.track-changes');
    let link = from.link ?? definition.entitySet + (select === undefined ? '' : `?$select=${select.join(',')}`);
    for (;;) {
      const response = await this.api.get(link, prefer, LONG);
      let page = readPage(response.body, definition);
      if (page.definitionIsOld) {
        // A column is newer than what is known of the table: its values would be stored in the wrong type, for good.
        definition = await this.catalog.refresh(definition.table);
        page = readPage(response.body, definition);
      }
      // A known defect left both links out on the last page; going on would lose every later change in silence.
      if (tracked && (page.nextLink === undefined) === (page.deltaLink === undefined)) {
        throw new AnswerUnreadable(definition.table, 'a page must have either a next link or a delta link');
      }
      yield { ...page, end: endOf(response.dateMs) };
      if (page.nextLink === undefined) return;
      link = page.nextLink;
    }
  }
}
