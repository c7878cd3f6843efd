/**
 * Proves that a load which the process doesn't survive is gone on with by the next one: the app is killed (SIGKILL) in the
 * middle of a table's first load, rows change meanwhile, and the load ends where it would have ended.
 */
import { BlobServiceClient } from '@azure/storage-blob';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { System, type Fields } from './system';

const ROWS = 2000;
const SETTINGS = { SYNC_TABLES: 'contact', PULL_PAGE_ROWS: '50' };

let system: System;
let ids: readonly string[];

beforeAll(async () => {
  // The end of the load, which waits for reads to be so old, doesn't come before the app is killed.
  system = await System.start({ ...SETTINGS, READ_BACK_MAX_AGE_SECONDS: '60' });
  ids = await system.dataverse.createMultiple(
    'contact',
    Array.from({ length: ROWS }, (_, n) => ({ lastname: `Contact ${n}` })),
  );
});
afterAll(() => system.stop());

/** The state of a load with pages that are processed and others that aren't. */
async function unfinished(): Promise<Fields | undefined> {
  const client = TableClient.fromConnectionString(system.stack.azurite.connectionString, 'dvopull', {
    allowInsecureConnection: true,
  });
  try {
    const { state } = await client.getEntity('pull', 'contact');
    const of = JSON.parse(String(state)) as Fields;
    return of.kind === 'loading' && 'next' in of ? of : undefined;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** The dead process's lease would end by itself within the minute. */
const breakLease = (): Promise<unknown> =>
  BlobServiceClient.fromConnectionString(system.stack.azurite.connectionString)
    .getContainerClient('dvo-leases')
    .getBlobClient('pull-contact')
    .getBlobLeaseClient()
    .breakLease(0);

test('killed in the middle of a load: the next run goes on, and the store equals Dataverse', async () => {
  await system.run('pull-sync');
  const left = await system.until('some pages of the load', unfinished);
  system.host.kill();
  await system.host.exited;
  await breakLease();
  expect(left).toMatchObject({ kind: 'loading', first: true });

  // Rows that were shown, and rows that weren't.
  for (const id of [ids[0], ids[1], ids.at(-1), ids.at(-2)]) await system.dataverse.delete('contact', id ?? '');
  for (const id of [ids[2], ids.at(-3)]) await system.dataverse.update('contact', id ?? '', { lastname: 'changed' });

  await system.startApp(SETTINGS);
  const report = (await system.pull()).get('contact');
  expect(report).toMatchObject({ mode: 'load', resumed: true });
  expect(Number(report?.pages)).toBeLessThan(ROWS / 50);
  expect(Number(report?.rows)).toBeLessThan(ROWS);
  expect(await unfinished()).toBeUndefined();
  expect((await system.pull()).get('contact')).toMatchObject({ mode: 'delta' });
  const { rows, differences } = await system.compare();
  expect([rows, differences]).toEqual([ROWS - 4, []]);
});
