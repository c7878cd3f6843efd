import type { TableEntity, TransactionAction } from '@azure/data-tables';
import type { RowChange } from '../../../shared/change/row-change';
import type { Subject } from '../measure/rounds';
import type { Account } from '../null-tables/start';
import { EPOCH, rowOf, seasoned, TABLE, updatedColumns, updateOf } from './rows';
import { bareClient, entityOf, expectVerdicts, inFlight, servicesOn, transact } from './stores';

/**
 * An Update of each of so many rows in a turn, one by one: by the app's writer, and by the bare SDK with the same entities. Both
 * have the rows in a table of their own, with a history.
 */
export async function oneByOne(account: Account, rows: number) {
  const { writer } = servicesOn(account, 'app');
  const bare = bareClient(account, `bare${TABLE}`);
  const begin = Array.from({ length: rows }, (_, n) => entityOf(n, updatedColumns(n, EPOCH), seasoned(n)));
  for (const client of [bareClient(account, `app${TABLE}`), bare]) {
    await client.createTable();
    await transact(client, begin, 'Replace');
  }

  let at = EPOCH;
  /** What is made of each of some things before a turn, newer than all before, is done in the turn, so many at a time. */
  const each = <From, T>(
    width: number,
    things: readonly From[],
    make: (thing: From) => T,
    one: (made: T) => Promise<unknown>,
  ) => {
    let made: readonly T[] = [];
    return {
      prepare: (): void => {
        at += 1;
        made = things.map(make);
      },
      run: (): Promise<void> =>
        inFlight(width, made.length, async (n) => {
          const thing = made[n];
          if (thing !== undefined) await one(thing);
        }),
    };
  };
  const all = begin.map((_, n) => n);
  const changeOf = (n: number): RowChange => updateOf(n, at);
  const updatedEntity = (n: number): TableEntity => entityOf(n, updatedColumns(n, at), seasoned(n));
  const processed = async (changes: readonly RowChange[]): Promise<void> =>
    expectVerdicts(await writer.process(changes), ['merged']);

  /** So many changes in flight, by the app; `cold`: none of the rows is known. */
  const app = (width: number, cold = false): Subject => {
    const subject = each(width, all, changeOf, (change) => processed([change]));
    const addresses = all.map(rowOf);
    return {
      ...subject,
      prepare: () => {
        subject.prepare();
        if (cold) writer.forget(addresses);
      },
    };
  };
  const upsertEntity = (width: number): Subject => ({
    isFloor: true,
    ...each(width, all, updatedEntity, (entity) => bare.upsertEntity(entity, 'Merge')),
  });
  const getAndUpdate = (width: number): Subject => ({
    isFloor: true,
    ...each(width, all, updatedEntity, async (entity) => {
      const { etag } = await bare.getEntity(entity.partitionKey, entity.rowKey, { disableTypeConversion: true });
      await bare.updateEntity(entity, 'Merge', { etag });
    }),
  });
  const partitions = [...Map.groupBy(all, (n) => begin[n]?.partitionKey).values()];
  /** All rows of a partition in one call, by the app. */
  const together = (width: number): Subject => each(width, partitions, (some) => some.map(changeOf), processed);
  const submitTransaction = (width: number): Subject => ({
    isFloor: true,
    ...each(
      width,
      partitions,
      (some) => some.map((n): TransactionAction => ['upsert', updatedEntity(n), 'Merge']),
      (actions) => bare.submitTransaction(actions),
    ),
  });
  return { app, upsertEntity, getAndUpdate, together, submitTransaction };
}
