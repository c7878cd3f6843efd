/** Proves that a store sees every other value of a column that the LOB system owns, whichever way it comes and whatever lay between. */
import { expect, test } from '@jest/globals';
import { OwnedColumns, restoredRow } from '../../shared/inbound/owned-columns';
import type { RowWrite } from '../../shared/lob/store';
import { TableMapping } from '../../shared/mapping/table-mapping';
import { MemoryParking } from '../simulation/memory-parking';
import { columns, stamp } from '../writer/changes';
import { inboundTable, PLAIN } from './tables';
import { change, shared, stand, store } from './writer-stand';

const { rules } = inboundTable(PLAIN);
const mapping = new TableMapping('account', { inbound: rules }, { hash: String, languages: [], newColumns: 'add' });

function owned() {
  const of = stand(shared());
  const parking = new MemoryParking(() => 0);
  const parts = {
    mapping: { tableOf: () => mapping },
    ...{ records: of.inboundRecords, parking, log: () => undefined, now: () => 0 },
  };
  const seen = new OwnedColumns(of.store, parts);
  /** The row as Dataverse has it now. */
  const write = async (id: string, effect: RowWrite['effect'] = 'snapshot'): Promise<void> => {
    const row = { table: 'account', id };
    const found = of.rows.rows.find((one) => one.id === id);
    const [expected] = await of.store.read([row]);
    const texts = [...(found?.texts ?? [])].map(([name, text]) => [name, JSON.parse(text) as string]);
    const key = { new_lobid: 'A-1' };
    await seen.write([
      {
        ...{ row, expected, effect, stamp: stamp({ version: found?.version ?? 0n }) },
        columns: columns({ ...(Object.fromEntries(texts) as Record<string, string>), ...key }),
      },
    ]);
  };
  const restored = () =>
    [...parking.items.values()].map(({ subject }) =>
      subject.kind === 'delivery' ? restoredRow(subject.delivery.body) : undefined,
    );
  return { of, write, restored };
}

test.each(['snapshot', 'keep'] as const)(
  '[I101] a user gives back the value that is stored, before the LOB system’s own was (%s)',
  async (effect) => {
    const { of, write, restored } = owned();
    const row = of.rows.create({ fax: '"0"' }, 'A-1');
    await store(of, row.id);
    await of.writer.process([change({ fax: '"1"' }, {}, { id: row.id })]);
    of.rows.update(row, { fax: '"0"' });
    await write(row.id, effect);
    expect(restored()).toEqual([{ table: 'account', id: row.id, key: {} }]);
  },
);

test.each([false, true])(
  '[I101] a user changes a row that the LOB system has just created, before that is answered (a message by its id came first: %s)',
  async (isNoted) => {
    const { of, write, restored } = owned();
    of.rows.after = async ({ action }) => {
      const [row] = of.rows.rows;
      if (row === undefined || action.kind !== 'create') return;
      if (isNoted) await of.writer.process([change({ name: '"B"' }, { op: 'update' }, { id: row.id })]);
      of.rows.update(row, { fax: '"user"' });
      await write(row.id);
    };
    await of.writer.process([change({ fax: '"1"' })]);
    expect(restored()).toEqual([{ table: 'account', id: of.rows.rows[0]?.id, key: { new_lobid: '"A-1"' } }]);
  },
);

test('our own write is nothing to put back, nor is a row that no message was about', async () => {
  const { of, write, restored } = owned();
  await of.writer.process([change({ fax: '"1"' })]);
  await write(of.rows.rows[0]?.id ?? '');
  const other = of.rows.create({ fax: '"0"' });
  other.key = undefined;
  await store(of, other.id);
  expect(restored()).toEqual([]);
});
