// Proves: when a table's definition is read again, and when not: a property may stay unknown for good, and rows are many.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { MetadataCatalog } from '../../shared/dataverse/metadata';
import { WebApiError, type WebApi } from '../../shared/dataverse/web-api';

let columns: readonly string[];
let reads: number;
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
          Attributes: columns.map((LogicalName) => ({ LogicalName, AttributeType: 'String' })),
        }
      : { value: [] };
    return Promise.resolve({ body: JSON.stringify(body), dateMs: 0, sentMs: 0 });
  },
};

let catalog: MetadataCatalog;
beforeEach(() => {
  clock = 1000;
  columns = ['name'];
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
