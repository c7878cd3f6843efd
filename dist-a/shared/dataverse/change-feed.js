"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ChangeFeed = exports.ChangeTrackingOff = void 0;
const errors_1 = require("../errors");
const odata_row_1 = require("./odata-row");
const page_slices_1 = require("./page-slices");
const read_back_1 = require("./read-back");
/** Thrown when change tracking is off for a table that is to be pulled. */
class ChangeTrackingOff extends errors_1.OutboundError {
    code = 'change-tracking-off';
    disposition = 'park';
    constructor(table) {
        super(`Change tracking is off for table ${table}, so it can't be pulled. Enable it: dvo tracking enable ${table}, or ` +
            `make.powerapps.com > Tables > ${table} > Properties > Track changes (it can't be disabled again). Or take the table ` +
            `out of SYNC_TABLES.`);
    }
}
exports.ChangeTrackingOff = ChangeTrackingOff;
/** Rows per page: the platform's maximum. */
const MAX_PAGE_SIZE = 5000;
/**
 * A table's change feed: all rows at first, then what changed since a delta link. The link is opaque and is sent as it
 * came.
 * https://learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
 */
class ChangeFeed {
    api;
    catalog;
    pageSize;
    sliceBytes;
    constructor(api, catalog, pageSize = MAX_PAGE_SIZE, 
    /** Of a page that are in memory as rows at once, at least. @default as `slicedPage` says */
    sliceBytes) {
        this.api = api;
        this.catalog = catalog;
        this.pageSize = pageSize;
        this.sliceBytes = sliceBytes;
    }
    /**
     * Pages from the beginning, or from a link that an earlier page gave: the delta link of a complete run, or the next link of
     * one that wasn't completed. Only the last page has a `deltaLink`. To `compare`, all rows are read without change
     * tracking, and there is no such link.
     *
     * While a page is gone through, the one after it is already under way: at most one, which is called off when nobody goes
     * on. What fails there is told in its turn.
     */
    async *pages({ definition: known, by, select }, from) {
        let definition = known;
        const tracked = by === 'changeTracking';
        // It may have been enabled since the definition was read.
        if (tracked && !definition.changeTracking)
            definition = await this.catalog.refresh(definition.table, 0);
        if (tracked && !definition.changeTracking)
            throw new ChangeTrackingOff(definition.table);
        const prefer = [`odata.maxpagesize=${this.pageSize}`, odata_row_1.ROW_ANNOTATIONS];
        if (tracked && from.mode === 'load')
            prefer.unshift('odata.track-changes');
        const ended = new AbortController();
        const ask = (link) => {
            const asked = this.api.getPage(link, prefer, ended.signal);
            asked.catch(() => undefined);
            return asked;
        };
        try {
            let next = ask(from.link ?? definition.entitySet + (select === undefined ? '' : `?$select=${select.join(',')}`));
            for (;;) {
                const { bytes, dateMs } = await next;
                const { slices, ...links } = (0, page_slices_1.slicedPage)(bytes, definition.table, this.sliceBytes);
                // A known defect left both links out on the last page; going on would lose every later change in silence.
                if (tracked && (links.nextLink === undefined) === (links.deltaLink === undefined)) {
                    throw new odata_row_1.AnswerUnreadable(definition.table, 'a page must have either a next link or a delta link');
                }
                if (links.nextLink !== undefined)
                    next = ask(links.nextLink);
                for (const { rows, isLast } of slices) {
                    let read = (0, odata_row_1.readRows)(rows, definition);
                    if (read.definitionIsOld) {
                        // A column is newer than what is known of the table: its values would be stored in the wrong type, for good.
                        definition = await this.catalog.refresh(definition.table);
                        read = (0, odata_row_1.readRows)(rows, definition);
                    }
                    yield { items: read.items, end: (0, read_back_1.endOf)(dateMs), ...(isLast ? links : { more: true }) };
                }
                if (links.nextLink === undefined)
                    return;
            }
        }
        finally {
            ended.abort();
        }
    }
}
exports.ChangeFeed = ChangeFeed;
//# sourceMappingURL=change-feed.js.map