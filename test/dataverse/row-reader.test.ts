/**
 * Proves that reading a row back copes with a column that is gone, however often the definition was refreshed in vain
 * before; and that any other refusal stays one.
 */
import { beforeEach, expect, test } from '@jest/globals';
import { MetadataCatalog } from '../../shared/dataverse/metadata';
import { WebApiRowReader } from '../../shared/dataverse/row-reader';
import { WebApiError, type WebApi } from '../../shared/dataverse/web-api';
import { row } from '../writer/changes';

let columns: string[];
let clock: number;
let gets: string[];
let refusal: WebApiError;

const answer = (path: string): unknown => {
  if (!path.includes('EntityDefinitions')) return { value: [] };
  if (!path.includes('$expand=Attributes')) return { value: [] };
  const Attributes = columns.map((LogicalName) => ({ LogicalName, AttributeType: 'String' }));
  return { EntitySetName: 'accounts', PrimaryIdAttribute: 'accountid', ChangeTrackingEnabled: true, Attributes };
};
const api: Pick<WebApi, 'get'> = {
  get: (path) => {
    if (!path.startsWith('accounts('))
      return Promise.resolve({ body: JSON.stringify(answer(path)), dateMs: 0, sentMs: 0 });
    gets.push(path.split('$select=')[1] ?? '');
    const select = gets.at(-1)?.split(',') ?? [];
    if (select.some((name) => !columns.includes(name))) return Promise.reject(refusal);
    const body = JSON.stringify({ '@odata.etag': 'W/"7"', accountid: row().id, name: 'Ada' });
    return Promise.resolve({ body, dateMs: 0, sentMs: 0 });
  },
};
const goneColumn = (): WebApiError =>
  new WebApiError('GET', 400, '0x80060888', "Could not find a property named 'fax'");

let catalog: MetadataCatalog;
let reader: WebApiRowReader;
beforeEach(async () => {
  columns = ['accountid', 'name', 'fax'];
  clock = 1000;
  gets = [];
  refusal = goneColumn();
  catalog = new MetadataCatalog(api as WebApi, [], () => clock);
  reader = new WebApiRowReader(api as WebApi, catalog, (definition) => [...definition.columns.keys()]);
  await catalog.get('account');
});

test('a column that is gone is no longer asked for', async () => {
  columns = ['accountid', 'name'];
  clock += 3000;
  expect(await reader.read(row())).toMatchObject({ kind: 'found', version: 7n });
  expect(gets).toEqual(['accountid,name,fax', 'accountid,name']);
});

test('not even after refreshes that brought nothing new', async () => {
  for (let time = 0; time < 5; time += 1) {
    clock += 600_000;
    await catalog.refresh('account');
  }
  columns = ['accountid', 'name'];
  clock += 3000;
  expect(await reader.read(row())).toMatchObject({ kind: 'found' });
});

test('another refusal is no reason to ask again', async () => {
  refusal = new WebApiError('GET', 400, '0x0', 'wrong');
  columns = ['accountid', 'name'];
  clock += 3000;
  await expect(reader.read(row())).rejects.toBe(refusal);
  expect(gets).toHaveLength(1);
});
