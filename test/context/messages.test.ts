// Proves: what each message besides Create, Update and Delete means: which rows it is of, what is known of them, and that
// nothing is taken for more than it says.
import { describe, expect, test } from '@jest/globals';
import type { Association, Change } from '../../shared/change/association';
import type { RowChange } from '../../shared/change/row-change';
import type { Value } from '../../shared/change/value';
import type { Delivery } from '../../shared/context/messages/pushed-event';
import { readContext } from '../../shared/context/read-context';
import { ROW_MESSAGES, changesOf } from '../../shared/context/messages/to-changes';
import { messageEventOf } from '../../shared/context/messages/to-message-event';
import { changed, factsOf, fixture, type Wire } from './fixture-files';

const XRM = 'http://schemas.microsoft.com/xrm/2011/Contracts';
const A = '11111111-1111-1111-1111-111111111111';
const B = '22222222-2222-2222-2222-222222222222';
const C = '33333333-3333-3333-3333-333333333333';
const NONE = '00000000-0000-0000-0000-000000000000';
const ACCOUNT = 'e48664d8-dbdd-43be-8d96-c02d26fc1d54';
const OPPORTUNITY = '4178daba-71bd-4408-a4ef-91d263f849e7';

const changes = (body: Buffer, delivery: Partial<Delivery> = {}): readonly Change[] =>
  changesOf(readContext(body), { source: 'test', body, ...delivery });

const rowChanges = (body: Buffer, delivery: Partial<Delivery> = {}): RowChange[] =>
  changes(body, delivery).map((change) => {
    if (!('row' in change)) throw new Error('an association, not a change of a row');
    return change;
  });

const associations = (body: Buffer): Association[] =>
  changes(body).map((change) => {
    if ('row' in change) throw new Error('a change of a row, not an association');
    return change;
  });

const columnsOf = (change: RowChange | undefined): Record<string, Value> =>
  change === undefined || change.kind === 'delete' ? {} : Object.fromEntries(change.columns);

const sure = (change: Change): boolean => change.evidence.kind === 'event' && change.evidence.isTrusted;

const codeOf = (attempt: () => unknown): unknown => {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

const reference = (table: string, id: string): Wire => ({
  __type: `EntityReference:${XRM}`,
  Id: id,
  KeyAttributes: [],
  LogicalName: table,
  Name: null,
  RowVersion: null,
});
const entity = (table: string, id: string, attributes: Wire = {}): Wire => ({
  Attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
  FormattedValues: [],
  Id: id,
  KeyAttributes: [],
  LogicalName: table,
  RowVersion: null,
});
const typed = (row: Wire): Wire => ({ __type: `Entity:${XRM}`, ...row });
const collection = (...rows: Wire[]): Wire => ({
  __type: `EntityCollection:${XRM}`,
  Entities: rows,
  EntityName: 'contact',
  MoreRecords: false,
});
const parameters = (values: Wire): Wire[] => Object.entries(values).map(([key, value]) => ({ key, value }));

describe('Upsert', () => {
  const upsert = (members: Wire): Buffer => changed('update-contact', { MessageName: 'Upsert', ...members });

  test('is a patch of its Target', () => {
    const [change] = rowChanges(upsert({}));
    expect(change).toEqual({
      ...rowChanges(fixture('update-contact.json'))[0],
      evidence: expect.objectContaining({ kind: 'event', isTrusted: true }),
      origin: expect.objectContaining({ message: 'Upsert' }),
    });
  });

  test('by an alternate key: the result has the id', () => {
    const members = {
      PrimaryEntityId: NONE,
      InputParameters: parameters({ Target: typed(entity('contact', NONE, { jobtitle: 'x' })) }),
      OutputParameters: parameters({ RecordCreated: false, Target: reference('contact', B) }),
    };
    const [change] = rowChanges(upsert(members));
    expect(change?.row).toEqual({ table: 'contact', id: B });
    expect(columnsOf(change)).toEqual({ jobtitle: { kind: 'string', value: 'x' } });
    expect(codeOf(() => changes(upsert({ ...members, OutputParameters: [] })))).toBe('row-id-invalid');
  });
});

describe('Assign, SetState: a patch of what the parameters say, never trusted', () => {
  test('Assign: the new owner', () => {
    const [change] = rowChanges(fixture('assign-opportunity.json'));
    expect(change).toMatchObject({ kind: 'patch', row: { table: 'opportunity', id: OPPORTUNITY } });
    expect(columnsOf(change)).toEqual({
      ownerid: { kind: 'lookup', table: 'team', id: 'd319e5ff-94de-4c04-b544-0d25b0a63d7a', name: null },
    });
    expect(change && sure(change)).toBe(false);
  });

  test.each(['SetState', 'SetStateDynamicEntity'])('%s: state and status', (message) => {
    const [change] = rowChanges(changed('setstate-opportunity', { MessageName: message }));
    expect(change).toMatchObject({ kind: 'patch', row: { table: 'opportunity', id: OPPORTUNITY } });
    expect(columnsOf(change)).toEqual({
      statecode: { kind: 'choice', value: 2 },
      statuscode: { kind: 'choice', value: 4 },
    });
    expect(change && sure(change)).toBe(false);
  });

  test('a status of -1 is no status', () => {
    const choice = (value: number): Wire => ({ __type: `OptionSetValue:${XRM}`, Value: value });
    const [change] = rowChanges(
      changed('setstate-opportunity', { InputParameters: parameters({ State: choice(0), Status: choice(-1) }) }),
    );
    expect(columnsOf(change)).toEqual({ statecode: { kind: 'choice', value: 0 } });
  });

  test('a status of 0 is one', () => {
    const choice = (value: number): Wire => ({ __type: `OptionSetValue:${XRM}`, Value: value });
    const [change] = rowChanges(
      changed('setstate-opportunity', { InputParameters: parameters({ State: choice(0), Status: choice(0) }) }),
    );
    expect(columnsOf(change).statuscode).toEqual({ kind: 'choice', value: 0 });
  });

  test('an image of a part of the row dates it without making it sure', () => {
    const modified = '/Date(1775135100000)/';
    const images = [{ key: 'After', value: entity('opportunity', OPPORTUNITY, { modifiedon: modified }) }];
    const [change] = rowChanges(changed('assign-opportunity', { PostEntityImages: images }));
    expect(change?.evidence).toMatchObject({ at: 1_775_135_100, isTrusted: false });
  });

  test('the image of all columns is the row', () => {
    const image = entity('opportunity', OPPORTUNITY, { name: 'n', modifiedon: '/Date(1775135100000)/' });
    const body = changed('assign-opportunity', { PostEntityImages: [{ key: 'Full', value: image }] });
    expect(rowChanges(body, { fullImageAlias: 'Full' })).toMatchObject([
      { kind: 'snapshot', row: { id: OPPORTUNITY } },
    ]);
  });

  test.each(['assign-opportunity', 'setstate-opportunity'])('%s without its parameters: the row changed', (name) => {
    expect(rowChanges(fixture(`${name}.json`), { truncated: true })).toMatchObject([
      { kind: 'patch', row: { table: 'opportunity', id: OPPORTUNITY }, columns: new Map() },
    ]);
  });
});

describe('Merge', () => {
  const SUBORDINATE = '21ed2d55-a38c-4c9f-8993-34dcf5b469b0';

  test('the target gets its new content, the subordinate its master; both are to be read', () => {
    const [target, subordinate, ...more] = rowChanges(fixture('merge-account.json'));
    expect(more).toEqual([]);
    expect(target?.row).toEqual({ table: 'account', id: ACCOUNT });
    expect(Object.keys(columnsOf(target))).toEqual(['telephone1', 'creditlimit']);
    expect(subordinate?.row).toEqual({ table: 'account', id: SUBORDINATE });
    expect(columnsOf(subordinate)).toEqual({
      masterid: { kind: 'lookup', table: 'account', id: ACCOUNT, name: null },
    });
    expect([target, subordinate].map((change) => change && sure(change))).toEqual([false, false]);
    expect(new Set([target, subordinate].map((change) => change && keyOf(change))).size).toBe(2);
  });

  test('without its parameters the subordinate is not known: kept', () => {
    expect(codeOf(() => changes(fixture('merge-account.json'), { truncated: true }))).toBe('parameters-removed');
    expect(codeOf(() => changes(changed('merge-account', { InputParameters: [] })))).toBe('row-id-invalid');
  });
});

const keyOf = ({ evidence }: Change): string => (evidence.kind === 'pull' ? '' : evidence.key);

describe('the Multiple messages', () => {
  const multiple = (message: string, targets: unknown, members: Wire = {}): Buffer =>
    changed('create-multiple-contact', {
      MessageName: message,
      InputParameters: parameters({ Targets: targets }),
      OutputParameters: [],
      ...members,
    });

  test('CreateMultiple: a patch for each of its rows', () => {
    const found = rowChanges(fixture('create-multiple-contact.json'));
    const facts = factsOf('create-multiple-contact').inputParameters?.find(({ name }) => name === 'Targets');
    expect(found.map(({ kind, row }) => [kind, row.table, row.id])).toEqual(
      facts?.entities?.map(({ id }) => ['patch', 'contact', id]),
    );
    expect(found.length).toBeGreaterThan(1);
    expect(found.map((change) => Object.keys(columnsOf(change)))).toEqual(
      facts?.entities?.map(({ attributes }) => attributes?.map(({ name }) => name)),
    );
  });

  test('CreateMultiple: ids only in the result', () => {
    const ids = parameters({ Ids: [A, B] });
    const targets = collection(entity('contact', NONE), entity('contact', NONE));
    expect(rowChanges(multiple('CreateMultiple', targets, { OutputParameters: ids })).map(({ row }) => row.id)).toEqual(
      [A, B],
    );
    expect(codeOf(() => changes(multiple('CreateMultiple', targets)))).toBe('row-id-invalid');
  });

  test.each(['UpdateMultiple', 'UpsertMultiple'])('%s: dated row by row', (message) => {
    const targets = collection(
      entity('contact', A, { modifiedon: '/Date(1775135100000)/', jobtitle: 'a' }),
      entity('contact', B, { jobtitle: 'b' }),
    );
    const found = rowChanges(multiple(message, targets));
    expect(found.map(({ row }) => row.id)).toEqual([A, B]);
    expect(found.map(sure)).toEqual([found[0]?.evidence.kind === 'event' && found[0].evidence.isTrusted, false]);
    expect(found[0]?.evidence).toMatchObject({ at: 1_775_135_100 });
  });

  test('a row has the table that it names, whatever the context does, and the id that it names before that of the result', () => {
    const ids = { OutputParameters: parameters({ Ids: [C] }) };
    const [change] = rowChanges(multiple('CreateMultiple', collection(entity('lead', A, { jobtitle: 'a' })), ids));
    expect(change).toMatchObject({ row: { table: 'lead', id: A }, columns: new Map([['jobtitle', { value: 'a' }]]) });
  });

  test('a row that is named twice has two changes with keys of their own, in order', () => {
    const targets = collection(
      entity('contact', A, { jobtitle: 'a' }),
      entity('contact', A, { jobtitle: 'b' }),
      entity('contact', A, { jobtitle: 'a' }),
    );
    const found = rowChanges(multiple('UpdateMultiple', targets));
    expect(found.map((change) => columnsOf(change).jobtitle)).toEqual(
      ['a', 'b', 'a'].map((value) => ({ kind: 'string', value })),
    );
    expect(new Set(found.map(keyOf)).size).toBe(3);
  });

  test('DeleteMultiple: a delete for each reference', () => {
    const body = multiple('DeleteMultiple', [reference('contact', A), reference('contact', B)]);
    expect(rowChanges(body)).toMatchObject([
      { kind: 'delete', row: { table: 'contact', id: A } },
      { kind: 'delete', row: { table: 'contact', id: B } },
    ]);
    const entities = multiple('DeleteMultiple', collection(entity('contact', C)));
    expect(rowChanges(entities)).toMatchObject([{ kind: 'delete', row: { table: 'contact', id: C } }]);
  });

  test.each(['CreateMultiple', 'UpdateMultiple', 'UpsertMultiple', 'DeleteMultiple'])(
    '%s: no rows, no changes; without its parameters it is kept',
    (message) => {
      expect(changes(multiple(message, []))).toEqual([]);
      expect(codeOf(() => changes(multiple(message, []), { truncated: true }))).toBe('parameters-removed');
      expect(
        codeOf(() => changes(changed('create-multiple-contact', { MessageName: message, InputParameters: null }))),
      ).toBe('parameters-removed');
      expect(codeOf(() => changes(multiple(message, 'words')))).toBe('context-invalid');
    },
  );

  test('a thousand rows hash the body once', () => {
    const rows = Array.from({ length: 1000 }, (_, n) =>
      entity('contact', `00000000-0000-0000-0000-${String(n + 1).padStart(12, '0')}`, { jobtitle: 'x'.repeat(100) }),
    );
    expect(new Set(rowChanges(multiple('UpdateMultiple', collection(...rows))).map(keyOf)).size).toBe(1000);
  });
});

describe('Associate, Disassociate', () => {
  test.each([
    ['associate-account-lead', 'associate'],
    ['disassociate-account-lead', 'disassociate'],
  ])('%s: one for each related row', (name, kind) => {
    const facts = factsOf(name).inputParameters;
    const relationship = facts?.find((fact) => fact.name === 'Relationship');
    const related = facts?.find((fact) => fact.name === 'RelatedEntities')?.items ?? [];
    const found = associations(fixture(`${name}.json`));
    expect(related.length).toBeGreaterThan(0);
    expect(found).toMatchObject(
      related.map(({ id }) => ({
        kind,
        relationship: relationship?.schemaName,
        target: { table: 'account', id: ACCOUNT },
        related: { table: 'lead', id },
        role: relationship?.primaryEntityRole,
        evidence: { kind: 'event', isTrusted: false },
      })),
    );
    expect(new Set(found.map(keyOf)).size).toBe(related.length);
  });

  test('the role that tells rows of one table apart', () => {
    const body = (role: number | null): Buffer =>
      changed('associate-account-lead', {
        InputParameters: parameters({
          Target: reference('contact', A),
          Relationship: { __type: `Relationship:${XRM}`, PrimaryEntityRole: role, SchemaName: 'new_contact_contact' },
          RelatedEntities: [reference('contact', B)],
        }),
      });
    expect([0, 1, null].map((role) => associations(body(role))[0]?.role)).toEqual(['Referencing', 'Referenced', null]);
  });

  test.each<[string, Wire, string]>([
    ['no parameters', { InputParameters: null }, 'parameters-removed'],
    ['no relationship', { InputParameters: parameters({ Target: reference('account', A) }) }, 'context-invalid'],
    [
      'a related row without an id',
      {
        InputParameters: parameters({
          Target: reference('account', A),
          Relationship: { __type: `Relationship:${XRM}`, PrimaryEntityRole: null, SchemaName: 'x' },
          RelatedEntities: [reference('lead', NONE)],
        }),
      },
      'row-id-invalid',
    ],
    [
      'a relationship of no valid name',
      {
        InputParameters: parameters({
          Target: reference('account', A),
          Relationship: { __type: `Relationship:${XRM}`, PrimaryEntityRole: null, SchemaName: "x') or (1 eq 1" },
          RelatedEntities: [],
        }),
      },
      'context-invalid',
    ],
  ])('%s: kept', (_, members, code) => {
    expect(codeOf(() => changes(changed('associate-account-lead', members)))).toBe(code);
  });

  test('of a synchronous step: an unconfirmed change', () => {
    const found = associations(changed('associate-account-lead', { Mode: 0 }));
    expect(new Set(found.map(({ evidence }) => evidence.kind))).toEqual(new Set(['unconfirmed']));
  });
});

describe('a parameter that is not what it should be is named', () => {
  const named = (name: string, members: Wire): unknown => {
    try {
      return changes(changed(name, members));
    } catch (error) {
      return (error as Error).message.split(';')[0];
    }
  };
  const relationship = { __type: `Relationship:${XRM}`, PrimaryEntityRole: null, SchemaName: 'x' };

  test.each<[string, Wire, string]>([
    ['Target is a text', { Target: 'words' }, 'InputParameters.Target must be a reference to a row'],
    ['Target is null', { Target: null }, 'InputParameters.Target must be a reference to a row'],
    [
      'RelatedEntities is a text',
      { RelatedEntities: 'words' },
      'InputParameters.RelatedEntities must be references to rows',
    ],
    [
      'RelatedEntities is null',
      { RelatedEntities: null },
      'InputParameters.RelatedEntities must be references to rows',
    ],
    [
      'RelatedEntities holds a text',
      { RelatedEntities: ['words'] },
      'InputParameters.RelatedEntities must be references to rows',
    ],
    [
      'RelatedEntities holds null',
      { RelatedEntities: [null] },
      'InputParameters.RelatedEntities must be references to rows',
    ],
    [
      'Relationship is a text',
      { Relationship: 'words' },
      'InputParameters.Relationship must be a relationship with its schema name',
    ],
  ])('Associate: %s', (_, wrong, text) => {
    const right = {
      Target: reference('account', A),
      Relationship: relationship,
      RelatedEntities: [reference('lead', B)],
    };
    expect(named('associate-account-lead', { InputParameters: parameters({ ...right, ...wrong }) })).toBe(text);
  });

  test.each([
    ['CreateMultiple', 'words', 'a collection of rows'],
    ['CreateMultiple', null, 'a collection of rows'],
    ['CreateMultiple', ['words'], 'a collection of rows'],
    ['DeleteMultiple', 'words', 'references to rows'],
    ['DeleteMultiple', null, 'references to rows'],
  ])('%s of %j', (MessageName, Targets, expected) => {
    const members = { MessageName, InputParameters: parameters({ Targets }) };
    expect(named('create-multiple-contact', members)).toBe(`InputParameters.Targets must be ${expected}`);
  });
});

test('a row that one message deletes twice is deleted by two events', () => {
  const twice = { Targets: [reference('contact', A), reference('contact', A)] };
  const found = rowChanges(
    changed('create-multiple-contact', { MessageName: 'DeleteMultiple', InputParameters: parameters(twice) }),
  );
  expect(new Set(found.map(keyOf)).size).toBe(2);
});

describe('a message that is no change of rows', () => {
  const body = fixture('custom-action-account.json');
  const event = (members: Wire = {}, delivery: Partial<Delivery> = {}) =>
    messageEventOf(readContext(changed('custom-action-account', members)), { source: 'test', body, ...delivery });

  test('is an event with its parameters', () => {
    expect(ROW_MESSAGES.has('new_RecalculateCredit')).toBe(false);
    const found = event();
    expect(found).toMatchObject({
      message: 'new_RecalculateCredit',
      row: { table: 'account', id: ACCOUNT },
      committed: true,
      truncated: false,
    });
    expect([event({ PrimaryEntityName: 'none' }), event({ PrimaryEntityId: NONE })].map(({ row }) => row)).toEqual([
      null,
      null,
    ]);
    const facts = factsOf('custom-action-account');
    const expected = [
      ...(facts.inputParameters ?? []).map(({ name }) => `input.${name}`),
      ...(facts.outputParameters ?? []).map(({ name }) => `output.${name}`),
      ...(facts.sharedVariables ?? []).map(({ name }) => `variable.${name}`),
    ];
    expect([...found.columns.keys()].sort()).toEqual(expected.sort());
    expect(found.columns.get('input.Rate')).toEqual({ kind: 'number', text: '0.0725' });
  });

  test('unbound: of no row; of a synchronous step: not committed; over its limit: without what went in', () => {
    expect(event({ PrimaryEntityName: 'none', PrimaryEntityId: NONE }).row).toBeNull();
    expect(event({ Mode: 0 }).committed).toBe(false);
    for (const cut of [event({}, { truncated: true }), event({ InputParameters: null })]) {
      expect(cut.truncated).toBe(true);
      expect([...cut.columns.keys()].filter((name) => name.startsWith('input.'))).toEqual([]);
      expect(cut.columns.has('output.Approved')).toBe(true);
    }
  });

  test('two deliveries have one key, two calls have two', () => {
    expect(event().key).toBe(event().key);
    expect(event({ OperationId: A }).key).not.toBe(event().key);
  });
});
