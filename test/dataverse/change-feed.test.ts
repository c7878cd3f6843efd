// Proves how a feed is asked for, with change tracking and without, and that a definition that is old is replaced for good.
import { beforeEach, expect, test } from '@jest/globals';
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
let refreshed: number;
let answers: object[];
let fresh: TableDefinition;

beforeEach(() => {
  fresh = NEW;
  asked = [];
  refreshed = 0;
  answers = [];
});

const api: Pick<WebApi, 'get'> = {
  get: (link, prefer) => {
    asked.push({ link, prefer: prefer ?? [] });
    return Promise.resolve({ body: JSON.stringify(answers.shift()), dateMs: 1000 });
  },
};
const refresh = (): Promise<TableDefinition> => {
  refreshed += 1;
  return Promise.resolve(fresh);
};
const tierRow = (n: number) => ({ '@odata.etag': `W/"${n}"`, accountid: rowId(n), tier: n });

async function pagesOf(request: FeedRequest): Promise<FeedPage[]> {
  const pages: FeedPage[] = [];
  for await (const page of new ChangeFeed(api as WebApi, { refresh }).pages(request, { mode: 'load' }))
    pages.push(page);
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
