// Proves: what each event means for rows, and what may be believed of its time: patches, snapshots and deletes; trusted and
// untrusted events; unconfirmed changes; keys that tell events apart and know a second delivery.
import { describe, expect, test } from '@jest/globals';
import type { Evidence, RowChange } from '../../shared/change/row-change';
import type { Columns } from '../../shared/change/value';
import { MessageUnsupported, RowIdInvalid, TableInvalid } from '../../shared/context/errors';
import { readContext } from '../../shared/context/read-context';
import { arrivalBound, type Delivery } from '../../shared/context/messages/pushed-event';
import { changesOf } from '../../shared/context/messages/to-changes';
import { codeOf, dispositionOf } from '../../shared/errors/errors';
import type { Wire } from './fixture-files';
import { changed, factsOf, fixture } from './fixture-files';
import { rowInJson } from './json-losses';

const ACCOUNT = 'e48664d8-dbdd-43be-8d96-c02d26fc1d54';
const CONTACT = '445649e8-8ab9-47f8-9a6b-d999b67edfb2';
const ENTITY = 'Entity:http://schemas.microsoft.com/xrm/2011/Contracts';
/** OperationCreatedOn of `update-contact`, in seconds. */
const CREATED = 1_775_135_111;

function onlyChange(body: Buffer, delivery: Partial<Delivery> = {}): RowChange {
  const changes = changesOf(readContext(body), { source: 'test', body, ...delivery });
  expect(changes).toHaveLength(1);
  const [change] = changes;
  if (change === undefined || !('row' in change)) throw new Error('no change of a row');
  return change;
}

const columnsOf = (change: RowChange): Columns | undefined => (change.kind === 'delete' ? undefined : change.columns);

/** Evidence without its key, which other tests are about. */
function evidence(change: RowChange): Omit<Exclude<Evidence, { kind: 'pull' }>, 'key'> {
  if (change.evidence.kind === 'pull') throw new Error('a push is no pull');
  const { key, ...rest } = change.evidence;
  expect(key).toMatch(/^[\w-]{22}$/);
  return rest;
}

/** The columns of a fixture's Target, or of an image, as the facts have them. */
function factColumns(name: string, offset = 0, alias?: string): Map<string, unknown> {
  const facts = factsOf(name);
  const fact = alias
    ? facts.postImages?.find((image) => image.alias === alias)?.entity
    : facts.inputParameters?.find((parameter) => parameter.name === 'Target');
  if (fact === undefined) throw new Error(`no such row in ${name}`);
  return new Map(rowInJson(fact, offset).columns);
}

const target = (attributes: Wire, id = CONTACT, table = 'contact'): Wire => ({
  InputParameters: [
    {
      key: 'Target',
      value: {
        __type: ENTITY,
        Attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
        FormattedValues: [],
        Id: id,
        KeyAttributes: [],
        LogicalName: table,
        RowVersion: '915244',
      },
    },
  ],
});

/** An image of a row whose only column is when it was changed. */
const imageOf = (id: string, table: string): Wire => ({
  Attributes: [{ key: 'modifiedon', value: `/Date(${CREATED}000)/` }],
  FormattedValues: [],
  Id: id,
  KeyAttributes: [],
  LogicalName: table,
});

describe('what an event means for its row', () => {
  test('Create: a patch of all columns sent, without the row version', () => {
    const change = onlyChange(fixture('create-account.json'));
    const expected = factColumns('create-account');
    expect(expected.delete('versionnumber')).toBe(true);
    expect(change.kind).toBe('patch');
    expect(change.row).toEqual({ table: 'account', id: ACCOUNT });
    expect(columnsOf(change)).toStrictEqual(expected);
    expect(columnsOf(change)?.get('accountid')).toEqual({ kind: 'string', value: ACCOUNT });
    // No modifiedon anywhere: the operation's time, which proves nothing new.
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_773_480_414, isTrusted: false });
  });

  test('Update: a patch of the changed columns, dated by modifiedon', () => {
    const change = onlyChange(fixture('update-contact.json'));
    expect(change.kind).toBe('patch');
    expect(change.row).toEqual({ table: 'contact', id: CONTACT });
    expect(columnsOf(change)).toStrictEqual(factColumns('update-contact'));
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_775_135_110, isTrusted: true });
  });

  test('Update with the full image: a snapshot', () => {
    const change = onlyChange(fixture('update-contact.json'), { fullImageAlias: 'After' });
    expect(change.kind).toBe('snapshot');
    expect(columnsOf(change)).toStrictEqual(factColumns('update-contact', 0, 'After'));
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_775_135_110, isTrusted: true });
  });

  test('an alias that was not sent, or an image from before the operation, is no full row', () => {
    expect(onlyChange(fixture('update-contact.json'), { fullImageAlias: 'Other' }).kind).toBe('patch');
    expect(onlyChange(fixture('update-contact.json'), { fullImageAlias: 'Before' }).kind).toBe('patch');
  });

  test('an image of another row, or of another table, neither stands for the row nor dates it', () => {
    const image = (id: string, table: string): Wire => ({
      ...target({ jobtitle: 'x' }),
      PostEntityImages: [{ key: 'After', value: imageOf(id, table) }],
    });
    const at = (id: string, table: string): RowChange =>
      onlyChange(changed('update-contact', image(id, table)), { fullImageAlias: 'After' });
    expect(at(CONTACT, 'contact').kind).toBe('snapshot');
    expect(evidence(at(CONTACT, 'contact'))).toEqual({ kind: 'event', at: CREATED, isTrusted: true });
    for (const other of [at(ACCOUNT, 'contact'), at(CONTACT, 'account')]) {
      expect(other).toMatchObject({ kind: 'patch', columns: new Map([['jobtitle', { kind: 'string', value: 'x' }]]) });
      expect(evidence(other)).toEqual({ kind: 'event', at: CREATED, isTrusted: false });
    }
  });

  test('a full image without modifiedon is dated by Target', () => {
    const change = onlyChange(fixture('update-contact.json'), { fullImageAlias: 'AsynchronousStepPrimaryName' });
    expect(change.kind).toBe('snapshot');
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_775_135_110, isTrusted: true });
  });

  test('an Update without modifiedon is dated by an image after it', () => {
    const change = onlyChange(changed('update-contact', target({ jobtitle: 'x' })));
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_775_135_110, isTrusted: true });
  });

  test('Update with no columns: a patch with none', () => {
    const change = onlyChange(fixture('update-account-empty-target.json'));
    expect(change).toMatchObject({ kind: 'patch', row: { table: 'account', id: ACCOUNT }, columns: new Map() });
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_775_718_660, isTrusted: false });
  });

  test('Delete: of the row alone, at a time that is not trusted', () => {
    const change = onlyChange(fixture('delete-account.json'));
    expect(change.kind).toBe('delete');
    expect(change.row).toEqual({ table: 'account', id: ACCOUNT });
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_780_178_401, isTrusted: false });
  });

  test('parents change nothing', () => {
    const change = onlyChange(fixture('update-account-three-parents.json'));
    expect(columnsOf(change)).toStrictEqual(factColumns('update-account-three-parents'));
    const alone = onlyChange(changed('update-account-three-parents', { ParentContext: null }));
    expect({ ...alone, evidence: evidence(alone) }).toStrictEqual({ ...change, evidence: evidence(change) });
  });

  test('an alias column of another table stays in the patch as such', () => {
    const change = onlyChange(fixture('update-contact-aliased.json'), { fullImageAlias: 'Joined' });
    expect(columnsOf(change)?.get('parent.fax')).toEqual({
      kind: 'aliased',
      table: 'account',
      column: 'fax',
      value: null,
    });
  });

  test('the origin names the event', () => {
    expect(onlyChange(fixture('update-contact.json'), { source: 'webhook' }).origin).toEqual({
      source: 'webhook',
      message: 'Update',
      correlationId: '89abf214-cc63-4795-8f5f-86b959e4f897',
      operationId: '4db164d6-22ee-4283-8911-d87d19ededad',
      userId: '69c90354-9e5c-4f54-9891-5cefee85dca3',
      initiatingUserId: '69c90354-9e5c-4f54-9891-5cefee85dca3',
      organizationId: 'b3539c1f-d2cc-4daa-a841-b0f0c3f9ec12',
      step: 'a9ebb739-7bee-45d8-a5b9-f1cb07492115',
      stage: 40,
      depth: 1,
      occurredAtMs: CREATED * 1000,
    });
  });
});

describe('what may be believed of an event', () => {
  test('a synchronous step sends an unconfirmed change', () => {
    const change = onlyChange(fixture('create-lead-sync.json'));
    expect(change.kind).toBe('patch');
    expect(evidence(change)).toEqual({ kind: 'unconfirmed' });
    expect(change.origin.occurredAtMs).toBe(1_792_514_405_673);
  });

  test.each(['delete-account', 'update-contact', 'update-account-oversize'])(
    '%s from a synchronous step is one',
    (name) => {
      expect(evidence(onlyChange(changed(name, { Mode: 0 })))).toEqual({ kind: 'unconfirmed' });
    },
  );

  test("a server's offset: the operation's instant is the sent one plus it", () => {
    const change = onlyChange(fixture('update-account-server-offset.json'));
    expect(change.origin.occurredAtMs).toBe(Date.parse('2026-01-15T20:30:00Z'));
    expect(columnsOf(change)).toStrictEqual(factColumns('update-account-server-offset', -360));
    expect(evidence(change)).toEqual({ kind: 'event', at: Date.parse('2026-01-15T20:29:58Z') / 1000, isTrusted: true });
  });

  test('the offset counts for asynchronous steps only', () => {
    const body = changed('update-account-server-offset', { Mode: 0 });
    expect(readContext(body).operationCreatedOn).toBe(1_768_530_600_000);
  });

  test.each([
    ['the last second that is believed', CREATED + 300, true],
    ['a second more', CREATED + 301, false],
    ['years ahead', CREATED + 100_000_000, false],
    ['long before', CREATED - 100_000_000, true],
  ])('modifiedon %s', (_, at, sure) => {
    const body = changed('update-contact', { ...target({ modifiedon: `/Date(${at}999)/` }), PostEntityImages: [] });
    expect(evidence(onlyChange(body))).toEqual({ kind: 'event', at, isTrusted: sure });
  });

  test.each([
    ['+0000', CREATED, true],
    ['-0700', CREATED, false],
    ['+0200', CREATED + 7200, false],
  ])('modifiedon with the offset %s: the later of the two instants it may mean', (offset, at, sure) => {
    const body = changed('update-contact', {
      ...target({ modifiedon: `/Date(${CREATED}000${offset})/` }),
      PostEntityImages: [],
    });
    expect(evidence(onlyChange(body))).toEqual({ kind: 'event', at, isTrusted: sure });
  });

  test('modifiedon in a form that is no date proves nothing', () => {
    const body = changed('update-contact', { ...target({ modifiedon: '2026-04-02T13:05:10Z' }), PostEntityImages: [] });
    expect(evidence(onlyChange(body))).toEqual({ kind: 'event', at: CREATED, isTrusted: false });
  });

  test.each([
    [CREATED + 1, CREATED, true],
    [CREATED, CREATED, true],
    [CREATED - 1, CREATED - 1, false],
  ])('what is dated after a delivery came happened before that: %d', (notAfter, at, sure) => {
    const body = changed('update-contact', {
      ...target({ modifiedon: `/Date(${CREATED}000)/` }),
      PostEntityImages: [],
    });
    expect(evidence(onlyChange(body, { notAfter }))).toEqual({ kind: 'event', at, isTrusted: sure });
  });

  test('a delivery comes at the end of its second, and clocks may differ', () => {
    expect([arrivalBound(1001), arrivalBound(1000, 60)]).toEqual([7, 61]);
  });

  test("an untrusted time is never earlier than the operation's", () => {
    const body = changed('delete-account', { OperationCreatedOn: '/Date(1780178401001+0000)/' });
    expect(evidence(onlyChange(body))).toEqual({ kind: 'event', at: 1_780_178_402, isTrusted: false });
  });

  test("neither Target's row version nor versionnumber becomes evidence", () => {
    const body = changed('update-contact', target({ versionnumber: 1234567, modifiedon: `/Date(${CREATED}000)/` }));
    const change = onlyChange(body);
    expect(evidence(change)).toEqual({ kind: 'event', at: CREATED, isTrusted: true });
    expect([...(columnsOf(change)?.keys() ?? [])]).toEqual(['modifiedon']);
  });
});

describe('an event that lost members to its size', () => {
  const nothingKnown = { kind: 'patch', row: { table: 'account', id: ACCOUNT }, columns: new Map() };

  test('members absent', () => {
    const change = onlyChange(fixture('update-account-oversize.json'));
    expect(change).toMatchObject(nothingKnown);
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_788_429_600, isTrusted: false });
  });

  test.each([
    ['null', { InputParameters: null, PreEntityImages: null, PostEntityImages: null, ParentContext: null }],
    ['empty', { InputParameters: [], PreEntityImages: [], PostEntityImages: [], ParentContext: null }],
    ['without Target', { InputParameters: [{ key: 'tag', value: 'x' }] }],
    ['Target null', { InputParameters: [{ key: 'Target', value: null }] }],
    ['Target of no type', { InputParameters: [{ key: 'Target', value: { Attributes: [] } }] }],
  ])('members %s', (_, members) => {
    const change = onlyChange(changed('update-account-oversize', members));
    expect(change).toMatchObject(nothingKnown);
    expect(evidence(change)).toEqual({ kind: 'event', at: 1_788_429_600, isTrusted: false });
  });

  test('said by the sender, whatever is left in the body', () => {
    const change = onlyChange(fixture('update-contact.json'), { truncated: true, fullImageAlias: 'After' });
    expect(change).toMatchObject({ kind: 'patch', columns: new Map() });
    expect(evidence(change)).toEqual({ kind: 'event', at: CREATED, isTrusted: false });
  });

  test('a Create knows its row still', () => {
    const change = onlyChange(changed('create-account', { InputParameters: null, PostEntityImages: null }), {
      truncated: true,
    });
    expect(change).toMatchObject(nothingKnown);
  });

  test('a Delete is as good as ever', () => {
    const body = changed('delete-account', { InputParameters: null, PreEntityImages: null });
    const change = onlyChange(body, { truncated: true });
    expect(change).toMatchObject({ kind: 'delete', row: { table: 'account', id: ACCOUNT } });
  });

  test('a Target of another row or table tells nothing of this one', () => {
    for (const other of [target({ name: 'x' }, ACCOUNT), target({ name: 'x' }, CONTACT, 'account')]) {
      const change = onlyChange(changed('update-contact', other));
      expect(change).toMatchObject({ kind: 'patch', row: { table: 'contact', id: CONTACT }, columns: new Map() });
      expect(evidence(change)).toMatchObject({ isTrusted: false });
    }
  });
});

describe('which row', () => {
  test.each([`{${CONTACT.toUpperCase()}}`, CONTACT.toUpperCase(), `{${CONTACT}}`])('%s is in lower case', (id) => {
    expect(onlyChange(changed('update-contact', { PrimaryEntityId: id })).row.id).toBe(CONTACT);
  });

  test.each(['', 'x', '445649e88ab947f89a6bd999b67edfb2', `${CONTACT} `, '00000000-0000-0000-0000-000000000000'])(
    'the row id %p is refused',
    (id) => {
      for (const name of ['update-contact', 'delete-account']) {
        const attempt = (): RowChange => onlyChange(changed(name, { PrimaryEntityId: id }));
        expect(attempt).toThrow(RowIdInvalid);
      }
    },
  );

  test('a Create whose context has no id yet: from its results, or its Target', () => {
    const none = { PrimaryEntityId: '00000000-0000-0000-0000-000000000000' };
    const results = { OutputParameters: [{ key: 'id', value: CONTACT.toUpperCase() }] };
    expect(onlyChange(changed('create-account', { ...none, ...results, InputParameters: [] })).row.id).toBe(CONTACT);
    expect(onlyChange(changed('create-account', { ...none, OutputParameters: [] })).row.id).toBe(ACCOUNT);
    const neither = changed('create-account', { ...none, OutputParameters: [], InputParameters: [] });
    expect(() => onlyChange(neither)).toThrow(RowIdInvalid);
  });

  test.each(['Account', 'a-b', '1a', '_a', '../x', 'a'.repeat(129), "a' or 1 eq 1"])(
    'the table %p is refused',
    (table) => {
      const attempt = (): RowChange => onlyChange(changed('update-contact', { PrimaryEntityName: table }));
      expect(attempt).toThrow(TableInvalid);
    },
  );
});

describe('messages that are not handled', () => {
  test('a custom action is kept, not guessed at', () => {
    const body = fixture('custom-action-account.json');
    let thrown: unknown;
    try {
      changesOf(readContext(body), { source: 'test', body });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(MessageUnsupported);
    expect(codeOf(thrown)).toBe('message-unsupported');
    expect(dispositionOf(thrown)).toBe('park');
    expect(String(thrown)).toContain('new_RecalculateCredit');
  });

  test.each(['create', 'constructor', '__proto__', 'toString'])('%s is none of the handled', (message) => {
    expect(() => onlyChange(changed('update-contact', { MessageName: message }))).toThrow(MessageUnsupported);
  });
});

describe('the delivery key', () => {
  const keyOf = (body: Buffer): string => {
    const { evidence: known } = onlyChange(body);
    return known.kind === 'pull' ? '' : known.key;
  };

  test('the same delivery twice has one key', () => {
    expect(keyOf(fixture('update-contact.json'))).toBe(keyOf(Buffer.from(fixture('update-contact.json'))));
  });

  test('events that share their operation have keys of their own', () => {
    const step = (id: string): Wire => ({ OwningExtension: { Id: id, LogicalName: 'sdkmessageprocessingstep' } });
    const bodies = [
      {},
      { MessageName: 'Create' },
      { MessageName: 'Delete' },
      { PrimaryEntityName: 'lead' },
      { PrimaryEntityId: ACCOUNT },
      { Depth: 2 },
      step(ACCOUNT),
      { OwningExtension: null },
      { OperationId: ACCOUNT },
      { Stage: 30 },
      target({ jobtitle: 'x' }),
      target({ jobtitle: 'y' }),
    ].map((members) => changed('update-contact', members));
    expect(new Set(bodies.map(keyOf)).size).toBe(bodies.length);
  });

  test.each<[string, Wire]>([
    ['depth', { Depth: 2 }],
    ['step', { OwningExtension: { Id: ACCOUNT } }],
    ['operation', { OperationId: ACCOUNT }],
    ['message', { MessageName: 'Create' }],
    ['table', { PrimaryEntityName: 'lead' }],
    ['row', { PrimaryEntityId: ACCOUNT }],
  ])('the %s counts even where the bodies are one', (_, members) => {
    const body = fixture('update-contact.json');
    const [change] = changesOf(readContext(changed('update-contact', members)), { source: 'test', body });
    expect(change?.evidence).not.toMatchObject({ key: keyOf(body) });
  });
});
