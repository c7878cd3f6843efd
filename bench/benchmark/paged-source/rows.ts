import type { ColumnDefinition, ColumnType, TableDefinition } from '../../../shared/mapping/table-definition';

/** As the app asks for. */
export const PAGE_ROWS = 2000;

/** The n-th row's id: always as long; over all partitions. */
export const wireId = (n: number): string =>
  `${(n % 16).toString(16)}${(0x1000000 + n).toString(16).slice(0, 7)}-5b1d-4c0a-8e6f-0d9a3c27f514`;

const CHOICES = ['industrycode', 'statecode', 'statuscode', 'customertypecode'];
const LOOKUPS = ['ownerid', 'parentaccountid', 'primarycontactid'];
const TEXTS = ['name', 'accountnumber', 'telephone1', 'emailaddress1', 'address1_line1', 'address1_city', 'websiteurl'];
const INTEGERS = ['numberofemployees', 'new_berths', 'timezoneruleversionnumber'];
const MONEY = ['creditlimit', 'revenue'];
const TIMES = ['createdon', 'modifiedon', 'lastonholdtime'];

const FORMATTED = '@OData.Community.Display.V1.FormattedValue';

/** The version that rows have at first, and those above it: always as long. */
export const wireVersion = (above: number): string => String(41_234_567 + above);

/**
 * A row as the Web API writes it with the annotations that the app asks for: 22 columns, of which each has its kind's. One of
 * them tells the version, so that a newer one differs.
 */
export const rowText = (id: string, version = wireVersion(0)): string =>
  JSON.stringify({
    '@odata.etag': `W/"${version}"`,
    accountid: id,
    ...Object.fromEntries(TEXTS.map((name) => [name, `Contoso Harbour ${name}, Südkai`])),
    accountnumber: `Contoso ${version}, Südkai`,
    ...Object.fromEntries(
      CHOICES.flatMap((name, n) => [
        [name, n],
        [`${name}${FORMATTED}`, `Label ${n}`],
      ]),
    ),
    ...Object.fromEntries(
      LOOKUPS.flatMap((name, n) => [
        [`_${name}_value`, wireId(900_000 + n)],
        [`_${name}_value@Microsoft.Dynamics.CRM.lookuplogicalname`, 'account'],
        [`_${name}_value${FORMATTED}`, 'Contoso Group Holding'],
      ]),
    ),
    ...Object.fromEntries(
      INTEGERS.flatMap((name, n) => [
        [name, 40 + n],
        [`${name}${FORMATTED}`, `${40 + n}`],
      ]),
    ),
    ...Object.fromEntries(
      MONEY.flatMap((name) => [
        [name, 'MONEY'],
        [`${name}${FORMATTED}`, '€250,000.00'],
      ]),
    ),
    ...Object.fromEntries(
      TIMES.flatMap((name) => [
        [name, '2026-03-14T09:26:53Z'],
        [`${name}${FORMATTED}`, '3/14/2026 10:26 AM'],
      ]),
    ),
  }).replaceAll('"MONEY"', '250000.0000');

const columns = (names: readonly string[], type: ColumnType): [string, ColumnDefinition][] =>
  names.map((name) => [name, { name, type }]);

/** The table's metadata. */
export const DEFINITION: TableDefinition = {
  table: 'account',
  entitySet: 'accounts',
  primaryId: 'accountid',
  changeTracking: true,
  columns: new Map([
    ...columns(['accountid'], 'guid'),
    ...columns(TEXTS, 'string'),
    ...columns(CHOICES, 'choice'),
    ...columns(LOOKUPS, 'lookup'),
    ...columns(INTEGERS, 'integer'),
    ...columns(MONEY, 'money'),
    ...columns(TIMES, 'instant'),
  ]),
};
