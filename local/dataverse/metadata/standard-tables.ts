import type { ManyToManyDefinition } from './relationship';
import { GERMAN, type ColumnDefinition, type Option, type TableDefinition } from './table';

const text = (logicalName: string, maxLength = 100): ColumnDefinition => ({ logicalName, type: 'string', maxLength });
const memo = (logicalName: string): ColumnDefinition => ({ logicalName, type: 'memo', maxLength: 2000 });
const whole = (logicalName: string): ColumnDefinition => ({ logicalName, type: 'integer' });
const money = (logicalName: string): ColumnDefinition => ({ logicalName, type: 'money', precision: 2 });
const decimal = (logicalName: string, precision: number): ColumnDefinition => ({
  logicalName,
  type: 'decimal',
  precision,
});
const double = (logicalName: string): ColumnDefinition => ({ logicalName, type: 'double', precision: 5 });
const moment = (logicalName: string): ColumnDefinition => ({ logicalName, type: 'dateTime', behavior: 'UserLocal' });
const date = (logicalName: string): ColumnDefinition => ({ logicalName, type: 'dateTime', behavior: 'DateOnly' });
const flag = (logicalName: string, yes = 'Yes', no = 'No'): ColumnDefinition => ({
  logicalName,
  type: 'boolean',
  yes,
  no,
});
const lookup = (logicalName: string, ...targets: string[]): ColumnDefinition => ({
  logicalName,
  type: 'lookup',
  targets,
});
const customer = (logicalName: string): ColumnDefinition => ({
  logicalName,
  type: 'customer',
  targets: ['account', 'contact'],
});

/** What Merge says of a subordinate row. */
const mergeColumns = (table: string): ColumnDefinition[] => [
  { logicalName: 'merged', type: 'boolean', platform: true },
  { logicalName: 'masterid', type: 'lookup', targets: [table], platform: true },
];

/** Options from labels, numbered from a first value. */
const numbered = (first: number, labels: readonly string[]): Option[] =>
  labels.map((label, index) => ({ value: first + index, label }));

/** The same with German labels. */
const inGerman = (first: number, labels: readonly (readonly [string, string])[]): Option[] =>
  labels.map(([label, german], index) => ({ value: first + index, label, labels: { [GERMAN]: german } }));

const choice = (logicalName: string, ...labels: string[]): ColumnDefinition => ({
  logicalName,
  type: 'choice',
  options: numbered(1, labels),
});

const address = ['address1_line1', 'address1_city', 'address1_postalcode', 'address1_country'].map((name) =>
  text(name),
);

const account: TableDefinition = {
  logicalName: 'account',
  entitySetName: 'accounts',
  label: 'Account',
  primaryId: 'accountid',
  primaryName: 'name',
  changeTracking: true,
  columns: [
    text('name', 160),
    text('accountnumber', 20),
    text('telephone1', 50),
    text('fax', 50),
    text('emailaddress1'),
    text('websiteurl', 200),
    memo('description'),
    whole('numberofemployees'),
    money('revenue'),
    money('creditlimit'),
    flag('creditonhold'),
    flag('donotemail', 'Do Not Allow', 'Allow'),
    {
      logicalName: 'industrycode',
      type: 'choice',
      options: inGerman(1, [
        ['Accounting', 'Buchhaltung'],
        ['Agriculture', 'Landwirtschaft'],
        ['Broadcasting', 'Rundfunk'],
        ['Brokers', 'Makler'],
        ['Building Supply', 'Baustoffhandel'],
        ['Business Services', 'Dienstleistungen für Unternehmen'],
      ]),
    },
    choice('customertypecode', 'Competitor', 'Consultant', 'Customer', 'Investor', 'Partner'),
    double('address1_latitude'),
    double('address1_longitude'),
    moment('lastonholdtime'),
    lookup('parentaccountid', 'account'),
    lookup('primarycontactid', 'contact'),
    ...mergeColumns('account'),
    ...address,
  ],
};

const contact: TableDefinition = {
  logicalName: 'contact',
  entitySetName: 'contacts',
  label: 'Contact',
  primaryId: 'contactid',
  primaryName: 'fullname',
  changeTracking: true,
  columns: [
    text('firstname', 50),
    text('lastname', 50),
    text('fullname', 160),
    text('jobtitle'),
    text('telephone1', 50),
    text('mobilephone', 50),
    text('emailaddress1'),
    memo('description'),
    date('birthdate'),
    money('creditlimit'),
    flag('donotphone', 'Do Not Allow', 'Allow'),
    choice('preferredcontactmethodcode', 'Any', 'Email', 'Phone', 'Fax', 'Mail'),
    customer('parentcustomerid'),
    ...mergeColumns('contact'),
    ...address,
  ],
};

const lead: TableDefinition = {
  logicalName: 'lead',
  entitySetName: 'leads',
  label: 'Lead',
  primaryId: 'leadid',
  primaryName: 'fullname',
  changeTracking: true,
  states: numbered(0, ['Open', 'Qualified', 'Disqualified']),
  statuses: [
    { value: 1, label: 'New', state: 0 },
    { value: 2, label: 'Contacted', state: 0 },
    { value: 3, label: 'Qualified', state: 1 },
    { value: 4, label: 'Lost', state: 2 },
  ],
  columns: [
    text('subject', 300),
    text('firstname', 50),
    text('lastname', 50),
    text('fullname', 160),
    text('companyname'),
    text('emailaddress1'),
    text('telephone1', 50),
    memo('description'),
    money('estimatedamount'),
    date('estimatedclosedate'),
    choice('leadqualitycode', 'Hot', 'Warm', 'Cold'),
    flag('decisionmaker', 'completed', 'mark complete'),
    customer('customerid'),
    ...mergeColumns('lead'),
  ],
};

const opportunity: TableDefinition = {
  logicalName: 'opportunity',
  entitySetName: 'opportunities',
  label: 'Opportunity',
  primaryId: 'opportunityid',
  primaryName: 'name',
  changeTracking: true,
  states: numbered(0, ['Open', 'Won', 'Lost']),
  statuses: [
    { value: 1, label: 'In Progress', state: 0 },
    { value: 2, label: 'On Hold', state: 0 },
    { value: 3, label: 'Won', state: 1 },
    { value: 4, label: 'Canceled', state: 2 },
  ],
  columns: [
    text('name', 300),
    memo('description'),
    money('estimatedvalue'),
    money('actualvalue'),
    whole('closeprobability'),
    date('estimatedclosedate'),
    date('actualclosedate'),
    choice('opportunityratingcode', 'Hot', 'Warm', 'Cold'),
    customer('customerid'),
    lookup('parentaccountid', 'account'),
    lookup('originatingleadid', 'lead'),
  ],
};

const incident: TableDefinition = {
  logicalName: 'incident',
  entitySetName: 'incidents',
  label: 'Case',
  primaryId: 'incidentid',
  primaryName: 'title',
  changeTracking: true,
  states: numbered(0, ['Active', 'Resolved', 'Canceled']),
  statuses: [
    { value: 1, label: 'In Progress', state: 0 },
    { value: 2, label: 'On Hold', state: 0 },
    { value: 5, label: 'Problem Solved', state: 1 },
    { value: 6, label: 'Canceled', state: 2 },
  ],
  columns: [
    text('title', 200),
    text('ticketnumber'),
    memo('description'),
    choice('prioritycode', 'High', 'Normal', 'Low'),
    choice('caseorigincode', 'Phone', 'Email', 'Web'),
    flag('isescalated'),
    moment('escalatedon'),
    customer('customerid'),
    lookup('primarycontactid', 'contact'),
  ],
};

/** A custom table with a column of every type. */
const shipment: TableDefinition = {
  logicalName: 'new_shipment',
  entitySetName: 'new_shipments',
  label: 'Shipment',
  primaryId: 'new_shipmentid',
  primaryName: 'new_name',
  changeTracking: true,
  columns: [
    text('new_name'),
    memo('new_instructions'),
    whole('new_pieces'),
    { logicalName: 'new_trackingnumber', type: 'bigint' },
    decimal('new_weight', 10),
    decimal('new_volume', 2),
    double('new_temperature'),
    money('new_value'),
    flag('new_insured', 'Insured', 'Not insured'),
    moment('new_dispatchedon'),
    date('new_duedate'),
    { logicalName: 'new_slot', type: 'dateTime', behavior: 'TimeZoneIndependent' },
    { logicalName: 'new_mode', type: 'choice', options: numbered(100000000, ['Road', 'Rail', 'Sea', 'Air']) },
    {
      logicalName: 'new_handling',
      type: 'choices',
      options: numbered(100000000, ['Fragile', 'Refrigerated', 'Hazardous', 'Oversize']),
    },
    { logicalName: 'new_externalid', type: 'uniqueidentifier' },
    lookup('new_account', 'account'),
    customer('new_consignee'),
  ],
};

/** The same without change tracking: what a pull must refuse with a reason. */
const untracked: TableDefinition = {
  logicalName: 'new_note',
  entitySetName: 'new_notes',
  label: 'Note',
  primaryId: 'new_noteid',
  primaryName: 'new_name',
  changeTracking: false,
  columns: [text('new_name'), memo('new_text'), lookup('new_shipment', 'new_shipment')],
};

const systemuser: TableDefinition = {
  logicalName: 'systemuser',
  entitySetName: 'systemusers',
  label: 'User',
  primaryId: 'systemuserid',
  primaryName: 'fullname',
  changeTracking: true,
  ownership: 'organization',
  columns: [
    text('fullname', 200),
    text('domainname', 1024),
    text('internalemailaddress'),
    { logicalName: 'azureactivedirectoryobjectid', type: 'uniqueidentifier' },
    { logicalName: 'applicationid', type: 'uniqueidentifier' },
    flag('isdisabled', 'Disabled', 'Enabled'),
    lookup('businessunitid', 'businessunit'),
  ],
};

const team: TableDefinition = {
  logicalName: 'team',
  entitySetName: 'teams',
  label: 'Team',
  primaryId: 'teamid',
  primaryName: 'name',
  changeTracking: true,
  ownership: 'organization',
  columns: [text('name', 160), lookup('businessunitid', 'businessunit')],
};

const businessunit: TableDefinition = {
  logicalName: 'businessunit',
  entitySetName: 'businessunits',
  label: 'Business Unit',
  primaryId: 'businessunitid',
  primaryName: 'name',
  changeTracking: true,
  ownership: 'organization',
  columns: [text('name', 160), lookup('parentbusinessunitid', 'businessunit')],
};

/** The owners' tables: every organisation has them. */
export const OWNER_TABLES: readonly TableDefinition[] = [businessunit, systemuser, team];

/** The tables that a simulator has unless told otherwise. */
export const STANDARD_TABLES: readonly TableDefinition[] = [
  account,
  contact,
  lead,
  opportunity,
  incident,
  shipment,
  untracked,
];

/** The many-to-many relationships that a simulator with the standard tables has. */
export const STANDARD_RELATIONSHIPS: readonly ManyToManyDefinition[] = [
  {
    schemaName: 'accountleads_association',
    intersect: { table: 'accountleads', entitySet: 'accountleadscollection', primaryId: 'accountleadid' },
    one: { table: 'account', column: 'accountid' },
    two: { table: 'lead', column: 'leadid' },
    changeTracking: false,
  },
  {
    schemaName: 'new_contact_contact',
    intersect: {
      table: 'new_contact_contact',
      entitySet: 'new_contact_contactset',
      primaryId: 'new_contact_contactid',
    },
    one: { table: 'contact', column: 'contactidone' },
    two: { table: 'contact', column: 'contactidtwo' },
    changeTracking: true,
  },
];
