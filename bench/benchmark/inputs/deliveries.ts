import type { RowChange } from '../../../shared/change/row-change';
import { changesOf } from '../../../shared/context/messages/to-changes';
import { readContext } from '../../../shared/context/read-context';
import type { Subject } from '../measure/rounds';
import type { Account } from '../null-tables/start';
import { seasoned, TABLE } from './rows';
import { bareClient, entityOf, inFlight, servicesOn } from './stores';
import { Updates } from './updates';

/**
 * Bodies of Updates, so many in flight, through the app's receiver; and the entities that it makes of them through the bare SDK, to
 * which they are given.
 */
export async function delivered(
  account: Account,
  rows: number,
  width: number,
): Promise<Record<'app' | 'upsertEntity', Subject>> {
  const { receiver } = servicesOn(account, 'delivered');
  const bare = bareClient(account, `upserted${TABLE}`);
  const updates = new Updates(rows);
  for (const client of [bareClient(account, `delivered${TABLE}`), bare]) await updates.seed(client);
  const bodies = (): readonly Buffer[] => Array.from({ length: rows }, () => updates.next());
  const entityFor = (body: Buffer) => {
    const [change] = changesOf(readContext(body), { source: 'bench', body }) as readonly RowChange[];
    if (change?.kind !== 'patch') throw new Error('An Update is no patch.');
    return {
      ...entityOf(0, change.columns, seasoned(0)),
      partitionKey: change.row.id.slice(0, 1),
      rowKey: change.row.id,
    };
  };
  let made = bodies();
  let entities = made.map(entityFor);
  return {
    app: {
      prepare: () => void (made = bodies()),
      run: () =>
        inFlight(width, rows, async (n) => {
          const body = made[n];
          if (body === undefined) return;
          const [outcome] = await receiver.receive([{ source: 'bench', body, contentType: 'application/json' }]);
          if (outcome?.kind !== 'processed' || outcome.changes.some(({ verdict }) => verdict !== 'merged'))
            throw new Error(`A delivery ended as ${JSON.stringify(outcome)}.`);
        }),
    },
    upsertEntity: {
      isFloor: true,
      prepare: () => void (entities = bodies().map(entityFor)),
      run: () =>
        inFlight(width, rows, async (n) => {
          const entity = entities[n];
          if (entity !== undefined) await bare.upsertEntity(entity, 'Merge');
        }),
    },
  };
}
