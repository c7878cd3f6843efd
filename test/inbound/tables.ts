/** A table that the LOB system changes, as the tests of shared/inbound use it. */
import type { InboundTable, LookupTarget } from '../../shared/inbound/inbound-table';
import { inboundRules } from '../../shared/mapping/inbound-rules';
import type { FileInbound } from '../../shared/mapping/inbound-schema';
import type { ColumnDefinition, ColumnType, TableDefinition } from '../../shared/mapping/table-definition';

const definitionOf = (
  table: string,
  entitySet: string,
  columns: Readonly<Record<string, ColumnType | ColumnDefinition>>,
): TableDefinition => ({
  table,
  entitySet,
  primaryId: `${table}id`,
  changeTracking: true,
  columns: new Map(
    Object.entries({ [`${table}id`]: 'guid' as const, modifiedon: 'instant' as const, ...columns }).map(
      ([name, of]) => [name, typeof of === 'string' ? { name, type: of } : of],
    ),
  ),
});

export const CONTACT = definitionOf('contact', 'contacts', { new_lobid: 'string', lastname: 'string' });

export const ACCOUNT = definitionOf('account', 'accounts', {
  ...{ new_lobid: 'string', new_line: 'integer', name: 'string', telephone1: 'string', fax: 'string' },
  ...{
    donotphone: 'boolean',
    numberofemployees: 'integer',
    new_big: 'bigint',
    creditlimit: 'money',
    new_rate: 'decimal',
  },
  ...{ address1_latitude: 'double', new_since: 'instant', new_day: 'date', new_wall: 'wallTime', new_guid: 'guid' },
  industrycode: {
    name: 'industrycode',
    type: 'choice',
    labels: new Map([
      [1, 'Retail'],
      [2, 'Mining'],
      [3, 'Mining'],
    ]),
    labelsByLanguage: new Map([[1, new Map([[1031, 'Handel']])]]),
  },
  ...{ statecode: 'choice', statuscode: 'choice' },
  new_tags: { name: 'new_tags', type: 'choices', labels: new Map([[7, 'Blue']]) },
  ...{ primarycontactid: 'lookup', new_owner: 'lookup', entityimage: 'bytes' },
});

const target = (definition: TableDefinition, navigation: string): [string, LookupTarget] => [
  definition.table,
  { navigation, definition },
];

/** With a section of a mapping file, whose columns keep their names. */
export const inboundTable = (section: FileInbound, optimistic = true): InboundTable => ({
  definition: ACCOUNT,
  rules: inboundRules(section, (column) => column),
  optimistic,
  targets: new Map([
    ['primarycontactid', new Map([target(CONTACT, 'primarycontactid')])],
    ['new_owner', new Map([target(ACCOUNT, 'new_Owner_account'), target(CONTACT, 'new_Owner_contact')])],
  ]),
});

/** Every column that isn't its key, none of them owned. */
export const PLAIN: FileInbound = {
  key: 'new_lobid',
  delete: true,
  columns: {
    name: null,
    telephone1: null,
    fax: 'lob',
    creditlimit: 'dataverse',
    primarycontactid: { lookup: { contact: 'new_lobid' } },
    new_owner: null,
  },
};
