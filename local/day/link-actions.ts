/** The actions on links, and the calls of custom APIs. */
import type { Random } from '../dataverse/random';
import type { Reference } from '../dataverse/rows/value';
import type { ApiValues } from '../dataverse/web-api/action-parameters';
import type { BUSINESS_APIS } from '../stack/business-apis';
import type { Action } from './row-actions';
import { FIRST, GOODS, LAST, amount, pick, reference } from './row-contents';
import type { Workload, Pair, Actor } from './workload';

/** The relationships that are kept in step, with the tables of their ends. */
const KEPT = [
  { relationship: 'accountleads_association', one: 'account', two: 'lead' },
  { relationship: 'new_contact_contact', one: 'contact', two: 'contact' },
] as const;

/** Rows are associated from either side; where both are of one table, the role says which side that is. */
function fromEitherSide({ random }: Actor, { one, two }: Pick<Pair, 'one' | 'two'>) {
  const fromOne = random.chance(0.5);
  const reflexive = one.table === two.table;
  return {
    target: fromOne ? one : two,
    related: fromOne ? two : one,
    role: reflexive ? ({ role: fromOne ? 'referencing' : 'referenced' } as const) : {},
  };
}

const associate: Action['act'] = async (workload, actor) => {
  const { random, id: user } = actor;
  const { relationship, one: first, two: second } = pick(random, KEPT);
  const [one, two] = [reference(random, workload.rows, first), reference(random, workload.rows, second)];
  if (one === null || two === null) return;
  const { target, related, role } = fromEitherSide(actor, { one, two });
  // Now and then with two rows at once.
  const more = random.chance(0.3) ? reference(random, workload.rows, related.table) : null;
  const others = more === null || more.id === related.id ? [related] : [related, more];
  await workload.change('Associate', others.length, async (count) => {
    const made = others.slice(0, count);
    await workload.dataverse.associate(target.table, target.id, relationship, made, { user, ...role });
    workload.pairs.push(
      ...made.map((other) => (target === one ? { relationship, one, two: other } : { relationship, one: other, two })),
    );
  });
};

const disassociate: Action['act'] = async (workload, actor) => {
  if (workload.pairs.length === 0) return;
  await workload.change('Disassociate', 1, async () => {
    const [pair] = workload.pairs.splice(actor.random.between(0, workload.pairs.length - 1), 1);
    if (pair === undefined) return;
    const { target, related, role } = fromEitherSide(actor, pair);
    await workload.dataverse.disassociate(target.table, target.id, pair.relationship, [related], {
      user: actor.id,
      ...role,
    });
  });
};

/** A lookup set by its relationship: a contact gets a new employer. */
const employ: Action['act'] = async (workload, { random, id: user }) => {
  const [account, contact] = ['account', 'contact'].map((table) => reference(random, workload.rows, table));
  if (account == null || contact == null) return;
  await workload.change('Associate', 1, () =>
    workload.dataverse.associate('account', account.id, 'contact_customer_accounts', [contact], { user }),
  );
};

/** Notes aren't kept, and neither is what connects them. */
const note: Action['act'] = async (workload, { random, id: user }) => {
  const shipment = reference(random, workload.rows, 'new_shipment');
  if (shipment === null) return;
  await workload.change('Associate', 1, async () => {
    const id = await workload.dataverse.create('new_note', { new_name: pick(random, GOODS) }, { user });
    const notes = [{ table: 'new_note', id }];
    await workload.dataverse.associate('new_shipment', shipment.id, 'new_shipment_new_note_new_shipment', notes, {
      user,
    });
  });
};

const call = (
  workload: Workload,
  { random, id: user }: Actor,
  api: keyof typeof BUSINESS_APIS,
  input: ApiValues,
  target?: Reference,
): Promise<boolean> => {
  const tag = `desk ${random.between(1, 9)}`;
  const correlationId = random.guid();
  return workload.change(api, 1, async () => {
    const output = await workload.dataverse.callCustomApi(api, input, target, { user, tag, correlationId });
    workload.calls.push({ api, correlationId, user, target, tag, input, output });
  });
};

const confirmDelivery: Action['act'] = async (workload, actor) => {
  const { random } = actor;
  const shipment = reference(random, workload.rows, 'new_shipment');
  if (shipment === null) return;
  const input = {
    ReceivedBy: `${pick(random, FIRST)} ${pick(random, LAST)}`,
    Pin: String(random.between(1000, 9999)),
    Pieces: random.between(1, 400),
    Weight: amount(random, 3),
    Damaged: random.chance(0.1),
    DeliveredOn: deliveredOn(random),
    Remark: `Left with ${pick(random, FIRST)}.`,
  };
  await call(workload, actor, 'new_ConfirmDelivery', input, shipment);
};

const bookBerth: Action['act'] = async (workload, actor) => {
  const { random } = actor;
  const customer = reference(random, workload.rows, 'account');
  const input = {
    Customer: customer,
    Berth: random.between(1, 40),
    Fee: amount(random, 2),
    Goods: [pick(random, GOODS), pick(random, GOODS)],
  };
  await call(workload, actor, 'new_BookBerth', input);
};

const deliveredOn = (random: Random): Date => new Date(Date.UTC(2026, 0, 1) + random.between(0, 31_000_000) * 1000);

/** What makes links and events. */
export const LINK_ACTIONS: readonly Action[] = [
  { weight: 5, act: associate },
  { weight: 2, act: disassociate },
  { weight: 1, act: employ },
  { weight: 1, act: note },
  { weight: 2, act: confirmDelivery },
  { weight: 2, act: bookBerth },
];
