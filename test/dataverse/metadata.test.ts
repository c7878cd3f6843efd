// Proves: when a table's definition is read again, and when not: a property may stay unknown for good, and rows are many.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { MetadataCatalog } from '../../shared/dataverse/metadata';
import { WebApiError, type WebApi } from '../../shared/dataverse/web-api';

let columns: readonly string[];
/** Instead of columns that are texts. */
let attributes: readonly object[] | undefined;
let reads: number;
let tableType: string | null | undefined;
let clock: number;
let failure: Error | undefined;

const api: Pick<WebApi, 'get'> = {
  get: (path: string) => {
    if (failure !== undefined) return Promise.reject(failure);
    const entity = path.includes('$expand=Attributes');
    if (entity) reads += 1;
    const body = entity
      ? {
          EntitySetName: 'accounts',
          PrimaryIdAttribute: 'accountid',
          ChangeTrackingEnabled: true,
          TableType: tableType,
          Attributes: attributes ?? columns.map((LogicalName) => ({ LogicalName, AttributeType: 'String' })),
        }
      : { value: [] };
    return Promise.resolve({ body: JSON.stringify(body), dateMs: 0, sentMs: 0 });
  },
};

let catalog: MetadataCatalog;
beforeEach(() => {
  clock = 1000;
  columns = ['name'];
  attributes = undefined;
  tableType = 'Standard';
  reads = 0;
  failure = undefined;
  catalog = new MetadataCatalog(api as WebApi, [], () => clock);
});

const after = (seconds: number): void => void (clock += seconds * 1000);
const known = async (refresh: Promise<{ columns: ReadonlyMap<string, unknown> }>) => [
  ...(await refresh).columns.keys(),
];

test('a definition is read once and kept for an hour', async () => {
  await Promise.all([catalog.get('account'), catalog.get('account')]);
  after(3599);
  await catalog.get('account');
  expect(reads).toBe(1);
  after(2);
  await catalog.get('account');
  expect(reads).toBe(2);
});

describe('a refresh', () => {
  test('reads it again, unless it is a moment old', async () => {
    await catalog.get('account');
    columns = ['name', 'tier'];
    expect(await known(catalog.refresh('account'))).toEqual(['name']);
    after(3);
    expect(await known(catalog.refresh('account'))).toEqual(['name', 'tier']);
    expect(reads).toBe(2);
  });

  test('that brings nothing is waited for longer and longer, until one brings something', async () => {
    await catalog.get('account');
    for (let second = 0; second < 120; second += 1) {
      after(1);
      await catalog.refresh('account');
    }
    // After 2, 4, 8, 16, 32 seconds.
    expect(reads).toBe(6);
    columns = ['name', 'tier'];
    after(64);
    expect(await known(catalog.refresh('account'))).toEqual(['name', 'tier']);
    after(3);
    columns = ['name', 'tier', 'fax'];
    expect(await known(catalog.refresh('account'))).toEqual(['name', 'tier', 'fax']);
  });

  test('of any age is had by whoever asks for it', async () => {
    await catalog.get('account');
    columns = ['name', 'tier'];
    expect(await known(catalog.refresh('account', 0))).toEqual(['name', 'tier']);
  });
});

test('a definition that can not be read again for now is better than none', async () => {
  await catalog.get('account');
  failure = new WebApiError('GET', 503, '', 'busy');
  after(4000);
  expect(await known(catalog.get('account'))).toEqual(['name']);
  expect(await known(catalog.refresh('account', 0))).toEqual(['name']);
});

describe('nothing is known of a table yet', () => {
  const DEFINITION = "GET EntityDefinitions(LogicalName='acount')";

  test.each([0, 400, 401, 403, 429, 500, 503])(
    '[I45] %i: the failure is told as it is, and can pass',
    async (status) => {
      failure = new WebApiError(DEFINITION, status, '0x1', 'what happened');
      await expect(catalog.get('acount')).rejects.toBe(failure);
      await expect(catalog.refresh('acount')).rejects.toBe(failure);
      await expect(catalog.refresh('acount', 0)).rejects.toBe(failure);
      expect(failure).toMatchObject({ code: 'web-api', disposition: 'retry' });
      failure = undefined;
      expect(await known(catalog.get('acount'))).toEqual(['name']);
    },
  );

  test('Dataverse says that there is none: that can pass, too, as while it is being published', async () => {
    failure = new WebApiError(DEFINITION, 404, '0x80060888', 'Could not find an entity');
    await expect(catalog.get('acount')).rejects.toMatchObject({ code: 'table-unknown', disposition: 'retry' });
  });

  test.each([
    ['a proxy says 404', new WebApiError(DEFINITION, 404, '', 'no error text')],
    ['another path leads to nothing', new WebApiError('GET stringmaps', 404, '0x8006088a', 'Resource not found')],
  ])('[I45] %s: that tells nothing of the table', async (_what, error) => {
    failure = error;
    await expect(catalog.get('acount')).rejects.toBe(error);
  });
});

test('the types of columns, which of them rows have, and what belongs to an image or a file', async () => {
  const attribute = (LogicalName: string, AttributeType: string, typeName: string, more: object = {}) => ({
    ...{ LogicalName, AttributeType, AttributeTypeName: { Value: typeName } },
    ...more,
  });
  attributes = [
    attribute('name', 'String', 'StringType', { IsValidForRead: true, IsValidODataAttribute: true }),
    attribute('secret', 'String', 'StringType', { IsValidForRead: false }),
    attribute('owneridname', 'String', 'StringType', { IsValidODataAttribute: false }),
    attribute('photo', 'Virtual', 'ImageType'),
    attribute('photoid', 'Uniqueidentifier', 'UniqueidentifierType'),
    attribute('photo_timestamp', 'BigInt', 'BigIntType'),
    attribute('photo_url', 'String', 'StringType'),
    attribute('photo_name', 'String', 'StringType'),
    attribute('contract', 'Virtual', 'FileType'),
    attribute('contract_name', 'String', 'StringType'),
    attribute('contractid', 'Uniqueidentifier', 'UniqueidentifierType'),
    attribute('tags', 'Virtual', 'MultiSelectPicklistType'),
    attribute('iscustomizable', 'ManagedProperty', 'ManagedPropertyType'),
    attribute('to', 'PartyList', 'PartyListType'),
    attribute('name_url', 'String', 'StringType'),
  ];
  const { columns: known } = await catalog.get('account');
  expect(
    [...known.values()].map(({ name, type, readable, partOf }) => [name, type, readable !== false, partOf]),
  ).toEqual([
    ['name', 'string', true, undefined],
    ['secret', 'string', false, undefined],
    ['owneridname', 'string', false, undefined],
    ['photo', 'bytes', true, undefined],
    ['photoid', 'guid', true, 'photo'],
    ['photo_timestamp', 'bigint', true, 'photo'],
    ['photo_url', 'string', true, 'photo'],
    ['photo_name', 'string', true, undefined],
    ['contract', 'file', true, undefined],
    ['contract_name', 'string', true, 'contract'],
    ['contractid', 'guid', true, undefined],
    ['tags', 'choices', true, undefined],
    ['iscustomizable', 'managed', true, undefined],
    ['to', 'other', true, undefined],
    ['name_url', 'string', true, undefined],
  ]);
});

describe('[I51] a table whose rows can not be kept in step', () => {
  test.each([
    ['Elastic', 'is elastic'],
    ['Virtual', 'is virtual'],
  ])('%s: refused with the reason, and read once an hour', async (type, reason) => {
    tableType = type;
    for (const asked of [catalog.get('account'), catalog.refresh('account', 0), catalog.get('account')])
      await expect(asked).rejects.toMatchObject({
        ...{ code: 'table-type-unsupported', disposition: 'park', message: expect.stringContaining(reason) },
      });
    for (let minute = 0; minute < 50; minute += 1) {
      after(60);
      await expect(catalog.get('account')).rejects.toMatchObject({ code: 'table-type-unsupported' });
    }
    expect(reads).toBeLessThanOrEqual(2);
  });

  test.each(['Standard', null, undefined, 'New'])('not one that is %s', async (type) => {
    tableType = type;
    expect(await catalog.get('account')).toMatchObject({ table: 'account' });
  });
});
