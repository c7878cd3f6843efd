/**
 * Proves how a feed is asked for, with change tracking and without, that a definition that is old is replaced for good, and
 * that exactly one page is read ahead.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ChangeFeed, type FeedPage, type FeedRequest } from '../../shared/dataverse/change-feed';
import type { WebApi } from '../../shared/dataverse/web-api';
import type { TableDefinition } from '../../shared/mapping/table-definition';
import { rowId } from '../writer/changes';

const OLD: TableDefinition = {
  ...{ table: 'account', entitySet: 'accounts', primaryId: 'accountid', changeTracking: true },
  columns: new Map([['accountid', { name: 'accountid', type: 'guid' }]]),
};
const NEW: TableDefinition = {
  ...OLD,
  columns: new Map([...OLD.columns, ['tier', { name: 'tier', type: 'integer' }]]),
};

let asked: { readonly link: string; readonly prefer: readonly string[] }[];
let signals: AbortSignal[];
let refreshed: number;
let answers: (object | Error)[];
let fresh: TableDefinition;

beforeEach(() => {
  fresh = NEW;
  asked = [];
  signals = [];
  refreshed = 0;
  answers = [];
});

const api: Pick<WebApi, 'getPage'> = {
  getPage: (link, prefer, signal) => {
    asked.push({ link, prefer });
    signals.push(signal);
    const answer = answers.shift();
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve({ bytes: Buffer.from(JSON.stringify(answer)), dateMs: 1000, sentMs: 0 });
  },
};
const refresh = (): Promise<TableDefinition> => {
  refreshed += 1;
  return Promise.resolve(fresh);
};
const tierRow = (n: number) => ({ '@odata.etag': `W/"${n}"`, accountid: rowId(n), tier: n });

const feedOf = (request: FeedRequest, sliceBytes?: number): AsyncIterable<FeedPage> =>
  new ChangeFeed(api as WebApi, { refresh }, undefined, sliceBytes).pages(request, { mode: 'load' });
async function pagesOf(request: FeedRequest, sliceBytes?: number): Promise<FeedPage[]> {
  const pages: FeedPage[] = [];
  for await (const page of feedOf(request, sliceBytes)) pages.push(page);
  return pages;
}

test('with change tracking: it is asked for, with the columns', async () => {
  answers = [{ value: [], '@odata.deltaLink': 'D' }];
  await pagesOf({ definition: OLD, by: 'changeTracking', select: ['accountid', 'tier'] });
  expect(asked).toMatchObject([{ link: 'accounts?$select=accountid,tier' }]);
  expect(asked[0]?.prefer).toContain('odata.track-changes');
});

test('to compare: it is not, the table need not have it, and the last page needs no link', async () => {
  answers = [{ value: [], '@odata.nextLink': 'N' }, { value: [] }];
  expect(await pagesOf({ definition: { ...OLD, changeTracking: false }, by: 'compare' })).toHaveLength(2);
  expect(asked.map(({ link }) => link)).toEqual(['accounts', 'N']);
  expect(asked[0]?.prefer).not.toContain('odata.track-changes');
});

test('change tracking has been enabled since the definition was read', async () => {
  answers = [{ value: [], '@odata.deltaLink': 'D' }];
  expect(await pagesOf({ definition: { ...OLD, changeTracking: false }, by: 'changeTracking' })).toHaveLength(1);
});

test('change tracking is off: said, with the command that enables it, and not asked', async () => {
  fresh = { ...NEW, changeTracking: false };
  const request = { definition: fresh, by: 'changeTracking' } as const;
  await expect(pagesOf(request)).rejects.toThrow('dvo tracking enable account');
  await expect(pagesOf(request)).rejects.toMatchObject({ code: 'change-tracking-off' });
  expect(asked).toEqual([]);
});

test('a column that the definition does not know: the definition is read once, for this page and those after it', async () => {
  answers = [
    { value: [tierRow(1)], '@odata.nextLink': 'N' },
    { value: [tierRow(2)], '@odata.deltaLink': 'D' },
  ];
  const pages = await pagesOf({ definition: OLD, by: 'changeTracking' });
  const tiers = pages.flatMap(({ items }) => items.map((item) => item.kind === 'row' && item.columns.get('tier')));
  expect(tiers).toEqual([
    { kind: 'integer', value: 1 },
    { kind: 'integer', value: 2 },
  ]);
  expect(refreshed).toBe(1);
});

describe('a page in parts', () => {
  const rows = (...numbers: number[]) => ({ value: numbers.map(tierRow) });

  test('each has the end of the page, only the last one has its link', async () => {
    answers = [
      { ...rows(1, 2, 3), '@odata.nextLink': 'N' },
      { value: [], '@odata.deltaLink': 'D' },
    ];
    const pages = await pagesOf({ definition: NEW, by: 'changeTracking' }, 1);
    expect(pages.map(({ items, ...rest }) => [items.map(({ id }) => id), rest])).toEqual([
      [[rowId(1)], { begin: 0, end: 3, more: true }],
      [[rowId(2)], { begin: 0, end: 3, more: true }],
      [[rowId(3)], { begin: 0, end: 3, nextLink: 'N' }],
      [[], { begin: 0, end: 3, deltaLink: 'D' }],
    ]);
  });

  test('a column that the definition does not know, in a later part: that part and those after it have its type', async () => {
    answers = [{ value: [{ ...tierRow(1), tier: undefined }, tierRow(2), tierRow(3)], '@odata.deltaLink': 'D' }];
    const pages = await pagesOf({ definition: OLD, by: 'changeTracking' }, 1);
    const tiers = pages.flatMap(({ items }) => items.map((item) => item.kind === 'row' && item.columns.get('tier')));
    expect(tiers).toEqual([undefined, { kind: 'integer', value: 2 }, { kind: 'integer', value: 3 }]);
    expect(refreshed).toBe(1);
  });

  test('without either link: nothing of it is told', async () => {
    answers = [rows(1, 2)];
    const feed = feedOf({ definition: NEW, by: 'changeTracking' }, 1)[Symbol.asyncIterator]();
    await expect(feed.next()).rejects.toMatchObject({ code: 'web-api-answer' });
  });
});

describe('the page after this one', () => {
  const request = { definition: NEW, by: 'changeTracking' } as const;
  const leadingTo = (nextLink: string) => ({ value: [tierRow(1), tierRow(2)], '@odata.nextLink': nextLink });
  const links = () => asked.map(({ link }) => link);

  test('is asked for when this one is there, and none after it', async () => {
    answers = [leadingTo('N1'), leadingTo('N2'), { value: [], '@odata.deltaLink': 'D' }];
    const feed = feedOf(request, 1)[Symbol.asyncIterator]();
    await feed.next();
    expect(links()).toEqual(['accounts', 'N1']);
    await feed.next();
    expect(links()).toEqual(['accounts', 'N1']);
    await feed.next();
    expect(links()).toEqual(['accounts', 'N1', 'N2']);
  });

  test('fails: that is told in its turn, and nobody else hears of it', async () => {
    answers = [leadingTo('N1'), new Error('away')];
    const feed = feedOf(request)[Symbol.asyncIterator]();
    expect((await feed.next()).value).toMatchObject({ nextLink: 'N1' });
    // A rejection that nobody handles would end the process by now.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(feed.next()).rejects.toThrow('away');
  });

  test('is called off when nobody goes on', async () => {
    answers = [leadingTo('N1'), leadingTo('N2')];
    for await (const page of feedOf(request)) {
      expect(page.nextLink).toBe('N1');
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
      break;
    }
    expect(signals[1]?.aborted).toBe(true);
  });
});
