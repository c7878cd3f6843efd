// Proves: what an association means for stored rows, whichever row it was made on; and where a link is stored.
import { describe, expect, test } from '@jest/globals';
import type { Association } from '../../shared/change/association';
import type { RowAddress } from '../../shared/change/row-change';
import { RelationshipUnknown } from '../../shared/dataverse/relationships';
import { Associations } from '../../shared/mapping/associations';
import { linkedIds, linkedRows, linkOf, orderedEnds } from '../../shared/mapping/link';
import type { Relationship } from '../../shared/mapping/relationship';
import { rowId } from '../writer/changes';

const ACCOUNT: RowAddress = { table: 'account', id: rowId(1, 'f') };
const LEAD: RowAddress = { table: 'lead', id: rowId(2, '0') };
const ANNA: RowAddress = { table: 'contact', id: rowId(3, 'b') };
const BO: RowAddress = { table: 'contact', id: rowId(4, 'a') };

const DEFINITIONS: Readonly<Record<string, Relationship>> = {
  accountleads_association: {
    kind: 'many-to-many',
    schemaName: 'accountleads_association',
    intersect: 'accountleads',
    ends: [
      { table: 'account', column: 'accountid' },
      { table: 'lead', column: 'leadid' },
    ],
  },
  contact_customer_accounts: {
    kind: 'one-to-many',
    schemaName: 'contact_customer_accounts',
    referenced: 'account',
    referencing: 'contact',
    column: 'parentcustomerid',
  },
  contact_master_contact: {
    kind: 'one-to-many',
    schemaName: 'contact_master_contact',
    referenced: 'contact',
    referencing: 'contact',
    column: 'masterid',
  },
};

const association = (
  relationship: string,
  target: RowAddress,
  related: RowAddress,
  of: Partial<Pick<Association, 'kind' | 'role'>> = {},
): Association => ({
  kind: 'associate',
  relationship,
  target,
  related,
  role: null,
  evidence: { kind: 'event', key: 'k', at: 1000, isTrusted: false },
  origin: { source: 'test', message: 'Associate' },
  ...of,
});

const catalog = {
  relationship: (name: string) => {
    const definition = DEFINITIONS[name];
    return definition === undefined ? Promise.reject(new RelationshipUnknown(name)) : Promise.resolve(definition);
  },
};
const KEPT = {
  tables: ['account', 'contact', 'lead'],
  relationships: ['accountleads_association', 'new_contact_contact'],
};
const associations = (kept = KEPT): Associations => new Associations(kept, catalog);

describe('a many-to-many relationship', () => {
  const link = `${ACCOUNT.id}_${LEAD.id}`;

  test.each([
    ['on one side', ACCOUNT, LEAD],
    ['on the other side', LEAD, ACCOUNT],
  ])('made %s, it is one link', async (_, target, related) => {
    const [change, ...more] = await associations().changesOf(association('accountleads_association', target, related));
    expect(more).toEqual([]);
    expect(change).toMatchObject({
      kind: 'snapshot',
      row: { table: 'accountleads_association', id: link },
      evidence: { kind: 'event', isTrusted: false },
      columns: new Map([
        ['table1', { kind: 'string', value: 'account' }],
        ['id1', { kind: 'guid', value: ACCOUNT.id }],
        ['table2', { kind: 'string', value: 'lead' }],
        ['id2', { kind: 'guid', value: LEAD.id }],
      ]),
    });
  });

  test('ended, its link is deleted', async () => {
    const ended = association('accountleads_association', LEAD, ACCOUNT, { kind: 'disassociate' });
    expect(await associations().changesOf(ended)).toMatchObject([{ kind: 'delete', row: { id: link } }]);
  });

  test('of a table with itself, the role says which comes first', () => {
    const of = (role: Association['role'], target: RowAddress, related: RowAddress) =>
      linkedRows(association('new_contact_contact', target, related, { role })).map(({ id }) => id);
    expect(of('Referencing', ANNA, BO)).toEqual([ANNA.id, BO.id]);
    expect(of('Referenced', BO, ANNA)).toEqual([ANNA.id, BO.id]);
    expect(of('Referencing', BO, ANNA)).toEqual([BO.id, ANNA.id]);
  });

  test('the ends of its definition come in the order of links', () => {
    const definition = DEFINITIONS.accountleads_association;
    if (definition?.kind !== 'many-to-many') throw new Error('no definition');
    const [a, b] = definition.ends;
    expect(orderedEnds(definition)).toEqual([a, b]);
    expect(orderedEnds({ ...definition, ends: [b, a] })).toEqual([a, b]);
  });

  test('is kept without a Web API too, in any case of its name', async () => {
    const blind = new Associations({ tables: [], relationships: ['AccountLeads_Association'] }, undefined);
    const [change] = await blind.changesOf(association('accountleads_association', ACCOUNT, LEAD));
    expect(change?.row).toEqual({ table: 'AccountLeads_Association', id: link });
    const [other] = await blind.changesOf(association('ACCOUNTLEADS_ASSOCIATION', ACCOUNT, LEAD));
    expect(other?.row).toEqual(change?.row);
  });

  test('is not kept unless it is named', async () => {
    const of = associations({ ...KEPT, relationships: [] });
    await expect(of.changesOf(association('accountleads_association', ACCOUNT, LEAD))).rejects.toMatchObject({
      code: 'relationship-not-synced',
      disposition: 'park',
    });
  });

  test.each(['unknown_relationship', 'new_contact_contact'])(
    '%s, which Dataverse does not show, is tried again: what kind it is, and so what it means, is not known',
    async (relationship) => {
      await expect(associations().changesOf(association(relationship, ANNA, BO))).rejects.toMatchObject({
        code: 'relationship-unknown',
        disposition: 'retry',
      });
    },
  );
});

describe('a one-to-many relationship', () => {
  const parent = { kind: 'lookup', table: 'account', id: ACCOUNT.id, name: null };

  test.each([
    ['the parent', ACCOUNT, ANNA],
    ['the child', ANNA, ACCOUNT],
  ])('made on %s: the lookup of the child', async (_, target, related) => {
    const made = association('contact_customer_accounts', target, related);
    expect(await associations().changesOf(made)).toMatchObject([
      { kind: 'patch', row: ANNA, columns: new Map([['parentcustomerid', parent]]), evidence: { isTrusted: false } },
    ]);
    const ended = { ...made, kind: 'disassociate' } as const;
    expect(await associations().changesOf(ended)).toMatchObject([
      { kind: 'patch', row: ANNA, columns: new Map([['parentcustomerid', null]]) },
    ]);
  });

  test('of a table with itself: the role tells the child; without one both rows are to be read', async () => {
    const of = async (role: Association['role']) =>
      (await associations().changesOf(association('contact_master_contact', ANNA, BO, { role }))).map((change) => [
        change.row.id,
        change.kind === 'patch' ? [...change.columns.keys()] : change.kind,
      ]);
    expect(await of('Referenced')).toEqual([[BO.id, ['masterid']]]);
    expect(await of('Referencing')).toEqual([[ANNA.id, ['masterid']]]);
    expect(await of(null)).toEqual([
      [ANNA.id, []],
      [BO.id, []],
    ]);
  });

  test('is not kept where the table of the child is not', async () => {
    const of = associations({ ...KEPT, tables: ['account'] });
    const made = association('contact_customer_accounts', ACCOUNT, ANNA);
    await expect(of.changesOf(made)).rejects.toMatchObject({ code: 'relationship-not-synced' });
  });
});

test('an address of a link can be told from that of a row', () => {
  expect(linkedIds(linkOf('r', [ACCOUNT, LEAD]).row)).toEqual([ACCOUNT.id, LEAD.id]);
  expect(linkedIds(ACCOUNT)).toBeUndefined();
  expect(linkedIds({ table: 'r', id: 'a_b_c' })).toBeUndefined();
});
