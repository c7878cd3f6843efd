/** The actions on rows: each by a message of its own, or several at once. */
import { WEIGHTED, WORK, pick, type Make } from './row-contents';
import type { Workload, Actor } from './workload';

/** What a user does, and how often. */
export interface Action {
  readonly weight: number;
  readonly act: (workload: Workload, actor: Actor) => Promise<unknown>;
}

const NO_COLUMNS: Make = () => ({});
const creating = (table: string): Make => WORK[table]?.create ?? NO_COLUMNS;
const updating = ({ random }: Actor, table: string): Make => pick(random, WORK[table]?.update ?? [NO_COLUMNS]);

/** A table with few rows gets another one instead. */
const FEW = 5;

/** Tables whose rows can be merged, and are. */
const MERGED = ['account', 'contact'];
/** Tables of which many rows are written at once; shipments have steps on these messages only. */
const MANY = ['new_shipment', 'new_shipment', 'contact'];
/** Messages of the same meaning, of which the older clients use one and the newer ones the other. */
const STATE_MESSAGES = ['SetState', 'SetStateDynamicEntity'] as const;

/** Takes some ids out, so that no other user works on them. */
const takeOut = ({ random }: Actor, ids: string[], count: number): string[] =>
  Array.from({ length: Math.min(count, ids.length) }, () => ids.splice(random.between(0, ids.length - 1), 1)).flat();

/** Different rows of a table. */
const several = ({ random }: Actor, ids: readonly string[], count: number): string[] => [
  ...new Set(Array.from({ length: Math.min(count, ids.length) }, () => pick(random, ids))),
];

const create: Action['act'] = (workload, actor) => createIn(workload, actor, pick(actor.random, WEIGHTED));

const createIn = (workload: Workload, { random, id: user }: Actor, table: string): Promise<boolean> =>
  workload.change('Create', 1, async () => {
    const columns = creating(table)(random, workload.rows);
    workload.ids(table).push(await workload.dataverse.create(table, columns, { user }));
  });

/** Does something with a row of any table. */
const withRow =
  (act: (workload: Workload, actor: Actor, table: string, id: string) => Promise<unknown>): Action['act'] =>
  (workload, actor) => {
    const table = pick(actor.random, WEIGHTED);
    const ids = workload.ids(table);
    if (ids.length < FEW) return createIn(workload, actor, table);
    return act(workload, actor, table, pick(actor.random, ids));
  };

const updateRow = (workload: Workload, actor: Actor, table: string, id: string): Promise<boolean> =>
  workload.change('Update', 1, () =>
    workload.dataverse.update(table, id, updating(actor, table)(actor.random, workload.rows), { user: actor.id }),
  );

/** Several changes of a row within a second. */
const burst = withRow(async (workload, actor, table, id) => {
  for (let times = actor.random.between(4, 12); times > 0 && workload.ids(table).includes(id); times -= 1) {
    if (!(await updateRow(workload, actor, table, id))) return;
  }
});

const remove = withRow((workload, { id: user }, table, id) =>
  workload.change('Delete', 1, async () => {
    const ids = workload.ids(table);
    ids.splice(ids.indexOf(id), 1);
    await workload.dataverse.delete(table, id, { user });
    workload.deleted.push({ table, id });
  }),
);

const restore: Action['act'] = async (workload, { random, id: user }) => {
  if (workload.deleted.length === 0) return;
  await workload.change('Create', 1, async () => {
    const [gone] = workload.deleted.splice(random.between(0, workload.deleted.length - 1), 1);
    if (gone === undefined) return;
    await workload.dataverse.restore(gone.table, gone.id, { user });
    workload.ids(gone.table).push(gone.id);
  });
};

const upsert = withRow((workload, actor, table, known) =>
  workload.change('Upsert', 1, async () => {
    const { random, id: user } = actor;
    const isNew = random.chance(0.5);
    const id = isNew ? random.guid() : known;
    const columns = (isNew ? creating(table) : updating(actor, table))(random, workload.rows);
    const { created } = await workload.dataverse.upsert(table, id, columns, { user });
    if (created) workload.ids(table).push(id);
  }),
);

const assign = withRow((workload, { random, id: user }, table, id) =>
  workload.change('Assign', 1, () => {
    const owner = random.chance(0.25)
      ? { table: 'team', id: workload.dataverse.teamId }
      : { table: 'systemuser', id: pick(random, workload.dataverse.users).id };
    return workload.dataverse.assign(table, id, owner, { user });
  }),
);

/** Back and forth, so that leads leave and come back. */
const setState = withRow((workload, { random, id: user }, table, id) => {
  const message = pick(random, STATE_MESSAGES);
  const state = random.between(0, 1);
  return workload.change(message, 1, () => workload.dataverse.setState(table, id, state, undefined, { user, message }));
});

const merge: Action['act'] = async (workload, actor) => {
  const { random, id: user } = actor;
  const table = pick(random, MERGED);
  const [target, subordinate] = several(actor, workload.ids(table), 2);
  if (target === undefined || subordinate === undefined) return;
  await workload.change('Merge', 1, () => {
    const content = random.chance(0.7) ? updating(actor, table)(random, workload.rows) : {};
    return workload.dataverse.merge(table, target, subordinate, content, { user });
  });
};

const createMany: Action['act'] = (workload, { random, id: user }) => {
  const table = pick(random, MANY);
  return workload.change('CreateMultiple', random.between(2, 9), async (count) => {
    const rows = Array.from({ length: count }, () => creating(table)(random, workload.rows));
    workload.ids(table).push(...(await workload.dataverse.createMultiple(table, rows, { user })));
  });
};

const updateMany: Action['act'] = (workload, actor) => {
  const table = pick(actor.random, MANY);
  const ids = several(actor, workload.ids(table), actor.random.between(2, 9));
  return workload.change('UpdateMultiple', ids.length, (count) => {
    const rows = ids.slice(0, count).map((id) => ({
      ...updating(actor, table)(actor.random, workload.rows),
      [primaryId(table)]: id,
    }));
    return workload.dataverse.updateMultiple(table, rows, { user: actor.id });
  });
};

const upsertMany: Action['act'] = (workload, actor) => {
  const { random, id: user } = actor;
  const table = pick(random, MANY);
  const known = several(actor, workload.ids(table), random.between(1, 5));
  const added = Array.from({ length: random.between(1, 4) }, () => random.guid());
  return workload.change('UpsertMultiple', known.length + added.length, async (count) => {
    const rows = [...known, ...added].slice(0, count).map((id, at) => ({
      ...(at < known.length ? updating(actor, table) : creating(table))(random, workload.rows),
      [primaryId(table)]: id,
    }));
    for (const { id, created } of await workload.dataverse.upsertMultiple(table, rows, { user }))
      if (created) workload.ids(table).push(id);
  });
};

const removeMany: Action['act'] = async (workload, actor) => {
  const table = pick(actor.random, MANY);
  if (workload.ids(table).length < 2 * FEW) return;
  await workload.change('DeleteMultiple', actor.random.between(2, 4), async (count) => {
    const ids = takeOut(actor, workload.ids(table), count);
    await workload.dataverse.deleteMultiple(table, ids, { user: actor.id });
    workload.deleted.push(...ids.map((id) => ({ table, id })));
  });
};

/** Every table's primary id is named after it. */
const primaryId = (table: string): string => `${table}id`;

/** What changes rows. */
export const ROW_ACTIONS: readonly Action[] = [
  { weight: 26, act: create },
  { weight: 40, act: withRow(updateRow) },
  { weight: 2, act: burst },
  { weight: 6, act: remove },
  { weight: 2, act: restore },
  { weight: 4, act: upsert },
  { weight: 4, act: assign },
  { weight: 6, act: setState },
  { weight: 2, act: merge },
  { weight: 1, act: createMany },
  { weight: 1, act: updateMany },
  { weight: 1, act: upsertMany },
  { weight: 1, act: removeMany },
];
