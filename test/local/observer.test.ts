/** Proves that the observer finds each thing that must not happen to the store, and accepts what may happen. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { UNMAPPED } from '../../local/day/mapping';
import { startDataverse, type Dataverse } from '../../local/dataverse/simulator';
import type { Columns } from '../../local/dataverse/rows/value';
import type { SystemJob } from '../../local/dataverse/events/system-jobs';
import { History } from '../../local/faults/history';
import { Observer } from '../../local/faults/observer';
import { writesOf } from '../../local/faults/store-writes';

const AZURE = 'UseDevelopmentStorage=true';

let dataverse: Dataverse;
let history: History;
let observer: Observer;
let id = '';

beforeAll(async () => {
  dataverse = await startDataverse();
  history = new History(dataverse, ['account'], [], UNMAPPED, AZURE);
});
afterAll(() => dataverse.close());

beforeEach(async () => {
  observer = new Observer(history);
  id = await dataverse.create('account', { name: 'one', telephone1: '1' });
  await dataverse.update('account', id, { name: 'two' });
  await dataverse.update('account', id, { name: 'three', telephone1: '3' });
});

/** A merge of these properties into the row, as the proxy sees it. */
function merge(properties: Readonly<Record<string, unknown>>): void {
  const request = {
    service: 'table',
    method: 'PATCH',
    path: `account(PartitionKey='${id.slice(0, 1)}',RowKey='${id}')`,
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(JSON.stringify({ Deleted: false, ...properties })),
  } as const;
  for (const write of writesOf(request, { status: 204, body: Buffer.alloc(0) })) observer.saw(write);
}

/** A delivery of each of the row's commits, taken. */
const acknowledged = (message: string): readonly SystemJob[] =>
  history.of('account', id).map(({ version }) => {
    const job = { table: 'account', rowId: id, version, message, status: 'succeeded' } as const;
    return {
      ...job,
      id: '',
      name: '',
      stepId: '',
      correlationId: '',
      createdAt: 0,
      completedAt: 0,
      attempts: 1,
      error: undefined,
      autoDelete: false,
    };
  });

const kinds = (): readonly string[] => observer.findings.map(({ kind }) => kind);

describe('what may happen', () => {
  test('states in their order, some left out, and columns of different ages', () => {
    merge({ name: 'one', telephone1: '1' });
    merge({ name: 'three' });
    merge({ telephone1: '3' });
    expect(kinds()).toEqual([]);
    expect(observer.judged).toBe(3);
  });

  test('live where the deletion was not acknowledged, or was settled before a restore', async () => {
    await dataverse.delete('account', id);
    observer.deletionsProcessed(acknowledged('Delete').map((job) => ({ ...job, status: 'failed' })));
    merge({ name: 'three' });
    observer.deletionsProcessed(acknowledged('Delete'));
    await dataverse.restore('account', id);
    merge({ name: 'three' });
    expect(kinds()).toEqual([]);
  });

  test('deleted, restored, and live again', async () => {
    await dataverse.delete('account', id);
    merge({ Deleted: true });
    await dataverse.restore('account', id);
    merge({ name: 'three' });
    expect(kinds()).toEqual([]);
  });
});

describe('what must not happen', () => {
  test('a column goes back', () => {
    merge({ name: 'two' });
    merge({ name: 'one' });
    expect(observer.findings).toMatchObject([{ kind: 'goneBack', rowKey: id, what: expect.stringMatching(/name/) }]);
  });

  test('a column has a value that it never had', () => {
    merge({ name: 'four' });
    expect(kinds()).toEqual(['goneBack']);
  });

  test('a deleted row is live again without a restore', async () => {
    await dataverse.delete('account', id);
    merge({ Deleted: true });
    merge({ name: 'three' });
    expect(kinds()).toEqual(['resurrected']);
  });

  test('a row is live whose deletion was settled, though no tombstone was ever written of it', async () => {
    await dataverse.delete('account', id);
    merge({ name: 'one' });
    expect(kinds()).toEqual([]);
    observer.deletionsProcessed(acknowledged('Delete'));
    merge({ name: 'three' });
    expect(kinds()).toEqual(['resurrected']);
  });

  test('a tombstone of a row that was never deleted', () => {
    merge({ name: 'one' });
    merge({ Deleted: true });
    expect(kinds()).toEqual(['goneBack']);
  });

  test('in a transaction as well', () => {
    const part = (name: string): string =>
      `PATCH http://127.0.0.1:1/devstoreaccount1/account(PartitionKey='a',RowKey='${id}') HTTP/1.1\r\nIf-Match: *\r\n\r\n{"Deleted":false,"name":"${name}"}\r\n--changeset`;
    const request = {
      service: 'table',
      method: 'POST',
      path: '$batch',
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.from(`--batch\r\n\r\n${part('two')}\r\n\r\n${part('one')}--`),
    } as const;
    const failed = Buffer.from('HTTP/1.1 412 Precondition Failed');
    expect(writesOf(request, { status: 202, body: failed })).toEqual([]);
    for (const write of writesOf(request, { status: 202, body: Buffer.from('HTTP/1.1 204 No Content') }))
      observer.saw(write);
    expect(kinds()).toEqual(['goneBack']);
  });
});

describe('lost', () => {
  const lost = async (stored: readonly Readonly<Record<string, unknown>>[]): Promise<readonly string[]> => {
    return (await observer.lost(acknowledged('Update'), () => Promise.resolve(stored))).map(({ what }) => what);
  };

  test('nothing, where the last state is stored', async () => {
    expect(await lost([{ rowKey: id, name: 'three', telephone1: '3', ...constant() }])).toEqual([]);
  });

  test('what is neither stored nor superseded', async () => {
    const [what] = await lost([{ rowKey: id, name: 'three', telephone1: '1', ...constant() }]);
    expect(what).toMatch(/telephone1/);
    expect((await lost([]))[0]).toMatch(/nothing is stored/);
  });

  test('not what a patch can not tell: that the row, which nothing said was hidden, is hidden', async () => {
    const mapping = { ...UNMAPPED.table('account'), shows: ({ telephone1 }: Columns) => telephone1 === '1' };
    const filtered = new History(dataverse, ['account'], [], { ...UNMAPPED, table: () => mapping }, AZURE);
    const row = await dataverse.create('account', { name: 'one', telephone1: '1' });
    await dataverse.update('account', row, { telephone1: '3' });
    await dataverse.update('account', row, { name: 'two' });
    filtered.end();
    const versions = filtered.of('account', row).map(({ version }) => version);
    const lostOf = async (at: number, stored: object): Promise<readonly string[]> => {
      const jobs = acknowledged('Update')
        .slice(0, 1)
        .map((job) => ({ ...job, rowId: row, version: versions[at] }));
      const found = await new Observer(filtered).lost(jobs, () => Promise.resolve([{ rowKey: row, ...stored }]));
      return found.map(({ what }) => what);
    };
    const live = { name: 'two', telephone1: '1', Deleted: false };
    expect(await lostOf(3, live)).toEqual([]);
    // The change that hid it is told.
    expect(await lostOf(2, live)).toEqual(['Update: the row is live']);
    expect(await lostOf(3, { Deleted: true })).toEqual(['Update: the row is gone']);
  });

  /** The other properties as they are at last. */
  const constant = (): Readonly<Record<string, unknown>> => {
    const last = Object.fromEntries(history.of('account', id).at(-1)?.properties ?? []);
    return Object.fromEntries(Object.entries(last).filter(([name]) => name !== 'name' && name !== 'telephone1'));
  };
});
