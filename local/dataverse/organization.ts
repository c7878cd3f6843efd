import type { Catalog } from './metadata/table';
import { messageFilter, PLATFORM_MESSAGES } from './events/messages';
import type { Random } from './random';
import type { RowStore } from './rows/row-store';
import { secondsText, type Columns, type Value } from './rows/value';

/** A user who can act. */
export interface SeededUser {
  readonly id: string;
  readonly name: string;
}

/** The rows that an organisation begins with. */
export interface Organization {
  readonly businessUnitId: string;
  readonly users: readonly SeededUser[];
  readonly teamId: string;
  /** systemuserid of each application user, by client id in the order given. */
  readonly applicationUsers: ReadonlyMap<string, string>;
}

/** An application with a user in the organisation. */
export interface ApplicationUser {
  readonly clientId: string;
  readonly name: string;
}

const PEOPLE = ['Ingrid Solheim', 'Tomasz Wilk', 'Priya Raman'];

/** Creates the business unit, users, team, messages and message filters; raises no events. */
export function seedOrganization(given: {
  readonly store: RowStore;
  readonly catalog: Catalog;
  readonly random: Random;
  readonly now: () => number;
  readonly applications: readonly ApplicationUser[];
}): Organization {
  const { store, catalog, random } = given;
  const at = secondsText(given.now());
  const add = (tableName: string, columns: Columns): string => {
    const table = catalog.table(tableName);
    const id = random.guid();
    const empty = Object.fromEntries(table.columns.map((column): [string, Value] => [column.logicalName, null]));
    const platform = { createdon: at, modifiedon: at, statecode: 0, statuscode: 1, [table.primaryId]: id };
    store.commit(tableName, id, { ...empty, ...platform, ...columns });
    return id;
  };

  const businessUnitId = add('businessunit', { name: 'Northwind Freight' });
  const businessunitid = { table: 'businessunit', id: businessUnitId };
  const user = (fullname: string, extra: Columns): string =>
    add('systemuser', {
      fullname,
      businessunitid,
      isdisabled: false,
      azureactivedirectoryobjectid: random.guid(),
      ...extra,
    });
  const users = PEOPLE.map((name): SeededUser => {
    const address = `${name.toLowerCase().replaceAll(' ', '.')}@northwind.example`;
    return { id: user(name, { domainname: address, internalemailaddress: address }), name };
  });
  const applicationUsers = new Map(
    given.applications.map(({ clientId, name }) => [clientId, user(name, { applicationid: clientId })]),
  );
  const teamId = add('team', { name: 'Harbour desk', businessunitid });

  for (const { name, tables } of PLATFORM_MESSAGES) {
    const sdkmessageid = { table: 'sdkmessage', id: add('sdkmessage', { name, isprivate: false }) };
    const names =
      tables === 'none' ? ['none'] : [...catalog.tables].filter(tables).map(({ logicalName }) => logicalName);
    for (const table of names) add('sdkmessagefilter', messageFilter(sdkmessageid, table));
  }
  return { businessUnitId, users, teamId, applicationUsers };
}
