/**
 * Proves that a column which a user empties is stored the same by every way: pushed in each format, with and without
 * metadata, as a patch on whatever lay there, and as the next pull reads it; whatever the mapping makes of the column.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { binaryXml } from '../../local/dataverse/events/binary-xml';
import { contractJson } from '../../local/dataverse/events/contract-json';
import {
  entityValue,
  guidValue,
  intValue,
  pairsValue,
  textValue,
  type ContractValue,
  type Members,
} from '../../local/dataverse/events/contract-value';
import { contractXml, textXml } from '../../local/dataverse/events/contract-xml';
import type { RowPatch, RowSnapshot } from '../../shared/change/row-change';
import type { Columns, Value } from '../../shared/change/value';
import { readContext } from '../../shared/context/read-context';
import { changesOf } from '../../shared/context/messages/to-changes';
import { messageEventOf } from '../../shared/context/messages/to-message-event';
import { readRow } from '../../shared/dataverse/odata-row';
import { belongsTo } from '../../shared/lob/derived-names';
import { encodeColumns, type Property } from '../../shared/lob/tables/columns';
import { conformChange } from '../../shared/mapping/conform';
import type { ColumnType, TableDefinition } from '../../shared/mapping/table-definition';
import type { TableMapping } from '../../shared/mapping/table-mapping';
import { fixture } from '../context/fixture-files';
import { mappingOf } from './mappings';

const ID = 'e48664d8-dbdd-43be-8d96-c02d26fc1d54';

const FORMS: readonly ((members: Members) => Buffer)[] = [
  contractJson,
  (members) => textXml(contractXml(members)),
  (members) => binaryXml(contractXml(members)),
];

const parties = (table: string | null): ContractValue => ({
  kind: 'object',
  type: 'EntityCollection',
  members: {
    Entities: { kind: 'list', type: 'Entities', items: [] },
    EntityName: table === null ? null : textValue(table),
  },
});

/** A column, what may lie in it, and how a push says that it was emptied. */
interface Case {
  readonly type: ColumnType;
  readonly before: Value;
  readonly emptied: readonly ContractValue[];
}
const CASES: Readonly<Record<string, Case>> = {
  text: { type: 'string', before: { kind: 'string', value: 'x'.repeat(70_000) }, emptied: [textValue(''), null] },
  regions: {
    type: 'choices',
    before: { kind: 'choices', values: [1, 2], label: 'A; B' },
    emptied: [{ kind: 'list', type: 'OptionSetValueCollection', items: [] }, null],
  },
  cc: {
    type: 'other',
    before: { kind: 'rows', table: 'activityparty', rows: [] },
    emptied: [parties('activityparty'), parties(null), null],
  },
  photo: {
    type: 'bytes',
    before: { kind: 'bytes', base64: 'AAEC' },
    emptied: [{ kind: 'bytes', base64: '' }, null],
  },
  owner: { type: 'lookup', before: { kind: 'lookup', table: 'team', id: ID, name: 'Ada' }, emptied: [null] },
  amount: { type: 'money', before: { kind: 'money', text: '1.10' }, emptied: [null] },
};

const DEFINITION: TableDefinition = {
  ...{ table: 'account', entitySet: 'accounts', primaryId: 'accountid', changeTracking: true },
  columns: new Map(Object.entries(CASES).map(([name, { type }]) => [name, { name, type }])),
};

/** How a row comes along: as Target, among the Targets of a Multiple, or as the image of the whole row. */
const PLACES = ['Target', 'Targets', 'image'] as const;

function pushed(
  attributes: Readonly<Record<string, ContractValue>>,
  form: (members: Members) => Buffer,
  place: (typeof PLACES)[number],
): RowPatch | RowSnapshot {
  const pairs = Object.entries(attributes).map(([key, value]) => ({ key, value }));
  const row = entityValue('account', ID, pairs);
  const targets: ContractValue = {
    kind: 'object',
    type: 'EntityCollection',
    members: { Entities: { kind: 'list', type: 'Entities', items: [row] }, EntityName: textValue('account') },
  };
  const body = form({
    CorrelationId: guidValue(ID),
    Depth: intValue(1),
    InitiatingUserId: guidValue(ID),
    InputParameters: pairsValue('anyType', [
      place === 'Targets' ? { key: 'Targets', value: targets } : { key: 'Target', value: row },
    ]),
    MessageName: textValue(place === 'Targets' ? 'UpdateMultiple' : 'Update'),
    Mode: intValue(1),
    OperationCreatedOn: { kind: 'dateTime', epochMs: Date.UTC(2026, 5, 1, 8), zone: 'none' },
    OperationId: guidValue(ID),
    OrganizationId: guidValue(ID),
    PostEntityImages: pairsValue('Entity', place === 'image' ? [{ key: 'After', value: row }] : []),
    PrimaryEntityId: guidValue(ID),
    PrimaryEntityName: textValue('account'),
    Stage: intValue(40),
    UserId: guidValue(ID),
  });
  const [change] = changesOf(readContext(body), { source: 'test', body, fullImageAlias: 'After' });
  if (change?.kind !== (place === 'image' ? 'snapshot' : 'patch')) throw new Error('another change');
  return change;
}

/** The properties that a patch leaves of those that were there, and sets. */
function patched(before: ReadonlyMap<string, Property>, columns: Columns): Map<string, Property> {
  const left = [...before].filter(([name]) => !belongsTo(name, columns));
  return new Map([...left, ...encodeColumns(columns)]);
}

const RULES = ['keep', '{ to: Renamed }', '{ as: text }', '{ redact: hash }', '{ redact: mask }'];

describe('a column that is emptied', () => {
  test('[I16] a push of an emptied column and the next pull of it store the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(CASES)),
        fc.nat(2),
        fc.constantFrom(...FORMS),
        fc.constantFrom(...PLACES),
        fc.boolean(),
        fc.constantFrom(...RULES),
        ([name, { before, emptied }], way, form, place, known, rule) => {
          const mapping: TableMapping = mappingOf(
            `tables: { account: { columns: { ${name}: ${rule} }, filter: { ${name}: { isNull: true } } } }`,
          ).tableOf('account');
          const push = conformChange(
            pushed({ [name]: emptied[way % emptied.length] ?? null }, form, place),
            known ? DEFINITION : undefined,
          );
          const property = DEFINITION.columns.get(name)?.type === 'lookup' ? `_${name}_value` : name;
          const body = JSON.stringify({ '@odata.etag': 'W/"7"', accountid: ID, [property]: null });
          const pull = readRow(body, DEFINITION).columns;
          if (push.kind === 'delete') throw new Error('no columns');
          const row = { table: 'account', id: ID };
          expect(mapping.shows(row, push.columns, 'brought')).toBe(mapping.shows(row, pull, 'all'));
          const lay = encodeColumns(mapping.map(row, new Map([[name, before]])));
          const read = encodeColumns(mapping.map(row, pull));
          expect([...patched(lay, mapping.map(row, push.columns))]).toEqual(
            [...read].filter(([of]) => of !== 'accountid'),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  const FILES = ['json', 'xml', 'msbin1'] as const;

  test.each(FILES)('in %s: texts, choices and party lists that a user emptied; a blank is a text', (format) => {
    const columnsIn = (name: string): Record<string, unknown> => {
      const body = fixture(`${name}.${format}`);
      const [change] = changesOf(readContext(body), { source: 'test', body });
      if (change === undefined || 'relationship' in change) throw new Error('no change of a row');
      const conformed = conformChange(change, undefined);
      return conformed.kind === 'delete' ? {} : Object.fromEntries(conformed.columns);
    };
    expect(columnsIn('update-contact-emptied')).toMatchObject({
      telephone1: null,
      description: null,
      new_regions: null,
      creditlimit: null,
      parentcustomerid: null,
      new_code: { kind: 'string', value: ' ' },
    });
    expect(columnsIn('update-email-parties')).toMatchObject({
      to: { kind: 'rows' },
      cc: null,
      bcc: null,
      subject: null,
    });
  });

  test('of an event keeps what was sent: its parameters are no columns of a row', () => {
    const body = Buffer.from(
      fixture('custom-action-account.json')
        .toString('utf8')
        .replace('"InputParameters":[', '"InputParameters":[{"key":"Cleared","value":""},{"key":"NoTags","value":[]},'),
    );
    const event = messageEventOf(readContext(body), { source: 'test', body });
    const rule = mappingOf(`events: { ${event.message}: }`).events.get(event.message);
    const stored = encodeColumns(rule?.mapColumns(event.columns) ?? new Map());
    expect([stored.get('input_Cleared'), stored.get('input_NoTags')]).toEqual(['', '[]']);
  });
});
