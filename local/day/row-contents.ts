/** What the day's tables hold: the columns that a new row is filled with, and those that change. */
import type { Random } from '../dataverse/random';
import type { ColumnInputs, Reference } from '../dataverse/rows/value';

/** Makes columns of a row. */
export type Make = (random: Random, rows: Rows) => ColumnInputs;

/** How often a table is worked on, and what its columns are filled with. */
export interface TableWork {
  readonly weight: number;
  readonly create: Make;
  readonly update: readonly Make[];
}

/** Ids of the rows that there are, by table. */
export type Rows = ReadonlyMap<string, string[]>;

export const TOWNS = ['Bergen', 'Łódź', 'Genève', 'São Paulo', 'Reykjavík', '横浜', 'Αθήνα', 'Kyiv'];
export const FIRST = ['Amara', 'Haruto', 'Zoë', 'Ingrid', 'Mateus', 'Leïla', 'Oskar', 'Nadia'];
export const LAST = ['Lindqvist', 'Nakamura', 'O’Neill', 'Søndergård', 'Ferreira', 'Haddad', 'Müller', 'Kowalczyk'];
export const GOODS = ['Harbour', 'Cold Chain', 'Freight', 'Timber', 'Ceramics', 'Dairy', 'Marine', 'Rail'];

/** Any of the items. */
export const pick = <T>(random: Random, items: readonly T[]): T => {
  const item = items[random.between(0, items.length - 1)];
  if (item === undefined) throw new Error('Nothing to pick from.');
  return item;
};
export const amount = (random: Random, places: number): string =>
  `${random.between(-5000, 9_000_000)}.${String(random.between(0, 10 ** places - 1)).padStart(places, '0')}`;
const day = (random: Random): string =>
  new Date(Date.UTC(2026, 0, 1) + random.between(-20_000, 600) * 86_400_000).toISOString().slice(0, 10);
export const moment = (random: Random): string =>
  new Date(Date.UTC(2026, 0, 1) + random.between(0, 31_000_000) * 1000).toISOString();
const paragraph = (random: Random): string =>
  Array.from(
    { length: random.between(1, 40) },
    () => `${pick(random, FIRST)} wrote to ${pick(random, TOWNS)} about ${pick(random, GOODS)}.`,
  ).join('\n');
/** Any row of a table; null where there is none. */
export const reference = (random: Random, rows: Rows, table: string): Reference | null => {
  const ids = rows.get(table) ?? [];
  return ids.length === 0 ? null : { table, id: pick(random, ids) };
};
const customer = (random: Random, rows: Rows) => reference(random, rows, random.chance(0.7) ? 'account' : 'contact');
const person = (random: Random) => {
  const firstname = pick(random, FIRST);
  const lastname = pick(random, LAST);
  return { firstname, lastname, fullname: `${firstname} ${lastname}` };
};

/** The tables of the day. The weights make accounts and cases the busiest, as in a real sales and service team. */
export const WORK: Readonly<Record<string, TableWork>> = {
  account: {
    weight: 5,
    create: (r, rows) => ({
      name: `${pick(r, LAST)} ${pick(r, GOODS)} AS`,
      accountnumber: String(r.between(1, 99_999)).padStart(6, '0'),
      description: r.chance(0.4) ? paragraph(r) : null,
      numberofemployees: r.between(1, 90_000),
      revenue: amount(r, 4),
      creditonhold: r.chance(0.1),
      industrycode: r.between(1, 6),
      address1_city: pick(r, TOWNS),
      address1_latitude: r.between(-9_000_000, 9_000_000) / 100_000,
      parentaccountid: r.chance(0.3) ? reference(r, rows, 'account') : null,
    }),
    update: [
      (r) => ({ telephone1: `+47 ${r.between(20_000_000, 99_999_999)}` }),
      (r) => ({ creditlimit: amount(r, 2), creditonhold: r.chance(0.5) }),
      (r) => ({ description: r.chance(0.3) ? null : paragraph(r) }),
      (r, rows) => ({ primarycontactid: reference(r, rows, 'contact') }),
      (r) => ({ industrycode: r.chance(0.2) ? null : r.between(1, 6), address1_city: pick(r, TOWNS) }),
    ],
  },
  contact: {
    weight: 4,
    create: (r, rows) => ({
      ...person(r),
      jobtitle: `Head of ${pick(r, GOODS)}`,
      birthdate: day(r),
      parentcustomerid: customer(r, rows),
      creditlimit: amount(r, 2),
    }),
    update: [
      (r) => ({ jobtitle: r.chance(0.2) ? null : `Director of ${pick(r, GOODS)}` }),
      (r) => ({
        emailaddress1: `contact${r.between(1, 9999)}@example.com`,
        preferredcontactmethodcode: r.between(1, 5),
      }),
      (r) => ({ address1_city: pick(r, TOWNS), donotphone: r.chance(0.5) }),
    ],
  },
  lead: {
    weight: 3,
    create: (r) => ({
      ...person(r),
      subject: `${pick(r, GOODS)} enquiry`,
      companyname: `${pick(r, LAST)} & ${pick(r, LAST)}`,
      estimatedamount: amount(r, 2),
      leadqualitycode: r.between(1, 3),
    }),
    update: [
      (r) => ({ estimatedclosedate: day(r), leadqualitycode: r.between(1, 3) }),
      (r) => ({ description: paragraph(r) }),
      (r, rows) => ({ statecode: 1, statuscode: 3, customerid: customer(r, rows) }),
    ],
  },
  opportunity: {
    weight: 4,
    create: (r, rows) => ({
      name: `${pick(r, GOODS)} for ${pick(r, TOWNS)}`,
      estimatedvalue: amount(r, 4),
      closeprobability: r.between(0, 100),
      customerid: customer(r, rows),
      originatingleadid: r.chance(0.4) ? reference(r, rows, 'lead') : null,
    }),
    update: [
      (r) => ({ closeprobability: r.between(0, 100), opportunityratingcode: r.between(1, 3) }),
      (r) => ({ estimatedvalue: amount(r, 2), estimatedclosedate: day(r) }),
      (r) => ({ statecode: 1, statuscode: 3, actualvalue: amount(r, 2), actualclosedate: day(r) }),
    ],
  },
  incident: {
    weight: 5,
    create: (r, rows) => ({
      title: `${pick(r, GOODS)} late in ${pick(r, TOWNS)}`,
      ticketnumber: `CAS-${r.between(10_000, 99_999)}`,
      prioritycode: r.between(1, 3),
      customerid: customer(r, rows),
    }),
    update: [
      (r) => ({ prioritycode: r.between(1, 3) }),
      // No step listens to these: only the pull can find them.
      (r) => ({ description: paragraph(r) }),
      (r) => ({ isescalated: true, escalatedon: moment(r) }),
      () => ({ statecode: 1, statuscode: 5 }),
    ],
  },
  // A table of all column types without any step.
  new_shipment: {
    weight: 2,
    create: (r, rows) => ({
      new_name: `SHP-${r.between(1, 9_999_999)}`,
      new_instructions: paragraph(r),
      new_pieces: r.between(1, 400),
      new_trackingnumber: 9_007_199_254_740_993n + BigInt(r.between(0, 1_000_000_000)),
      new_weight: amount(r, 10),
      new_volume: amount(r, 2),
      new_temperature: r.between(-4000, 4000) / 100,
      new_value: amount(r, 4),
      new_insured: r.chance(0.5),
      new_dispatchedon: moment(r),
      new_duedate: day(r),
      new_slot: moment(r),
      new_mode: 100_000_000 + r.between(0, 3),
      new_handling: r.chance(0.3) ? null : [100_000_000, 100_000_002],
      new_externalid: r.guid(),
      new_account: reference(r, rows, 'account'),
    }),
    update: [
      (r) => ({ new_temperature: r.between(-4000, 4000) / 100, new_pieces: r.between(1, 400) }),
      (r) => ({ new_handling: [100_000_001, 100_000_003], new_weight: amount(r, 10) }),
    ],
  },
};

/** The tables, each as often as its weight says. */
export const WEIGHTED: readonly string[] = Object.entries(WORK).flatMap(([table, { weight }]) =>
  new Array<string>(weight).fill(table),
);
