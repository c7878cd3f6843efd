"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.WEIGHTED = exports.WORK = exports.reference = exports.moment = exports.amount = exports.pick = exports.GOODS = exports.LAST = exports.FIRST = void 0;
const TOWNS = ['Bergen', 'Łódź', 'Genève', 'São Paulo', 'Reykjavík', '横浜', 'Αθήνα', 'Kyiv'];
exports.FIRST = ['Amara', 'Haruto', 'Zoë', 'Ingrid', 'Mateus', 'Leïla', 'Oskar', 'Nadia'];
exports.LAST = ['Lindqvist', 'Nakamura', 'O’Neill', 'Søndergård', 'Ferreira', 'Haddad', 'Müller', 'Kowalczyk'];
exports.GOODS = ['Harbour', 'Cold Chain', 'Freight', 'Timber', 'Ceramics', 'Dairy', 'Marine', 'Rail'];
/** Any of the items. */
const pick = (random, items) => {
    const item = items[random.between(0, items.length - 1)];
    if (item === undefined)
        throw new Error('Nothing to pick from.');
    return item;
};
exports.pick = pick;
const amount = (random, places) => `${random.between(-5000, 9_000_000)}.${String(random.between(0, 10 ** places - 1)).padStart(places, '0')}`;
exports.amount = amount;
const day = (random) => new Date(Date.UTC(2026, 0, 1) + random.between(-20_000, 600) * 86_400_000).toISOString().slice(0, 10);
const moment = (random) => new Date(Date.UTC(2026, 0, 1) + random.between(0, 31_000_000) * 1000).toISOString();
exports.moment = moment;
const paragraph = (random) => Array.from({ length: random.between(1, 40) }, () => `${(0, exports.pick)(random, exports.FIRST)} wrote to ${(0, exports.pick)(random, TOWNS)} about ${(0, exports.pick)(random, exports.GOODS)}.`).join('\n');
/** Any row of a table; null where there is none. */
const reference = (random, rows, table) => {
    const ids = rows.get(table) ?? [];
    return ids.length === 0 ? null : { table, id: (0, exports.pick)(random, ids) };
};
exports.reference = reference;
const customer = (random, rows) => (0, exports.reference)(random, rows, random.chance(0.7) ? 'account' : 'contact');
const person = (random) => {
    const firstname = (0, exports.pick)(random, exports.FIRST);
    const lastname = (0, exports.pick)(random, exports.LAST);
    return { firstname, lastname, fullname: `${firstname} ${lastname}` };
};
/** The tables of the day. The weights make accounts and cases the busiest, as in a real sales and service team. */
exports.WORK = {
    account: {
        weight: 5,
        create: (r, rows) => ({
            name: `${(0, exports.pick)(r, exports.LAST)} ${(0, exports.pick)(r, exports.GOODS)} AS`,
            accountnumber: String(r.between(1, 99_999)).padStart(6, '0'),
            description: r.chance(0.4) ? paragraph(r) : null,
            numberofemployees: r.between(1, 90_000),
            revenue: (0, exports.amount)(r, 4),
            creditonhold: r.chance(0.1),
            industrycode: r.between(1, 6),
            address1_city: (0, exports.pick)(r, TOWNS),
            address1_latitude: r.between(-9_000_000, 9_000_000) / 100_000,
            parentaccountid: r.chance(0.3) ? (0, exports.reference)(r, rows, 'account') : null,
        }),
        update: [
            (r) => ({ telephone1: `+47 ${r.between(20_000_000, 99_999_999)}` }),
            (r) => ({ creditlimit: (0, exports.amount)(r, 2), creditonhold: r.chance(0.5) }),
            (r) => ({ description: r.chance(0.3) ? null : paragraph(r) }),
            (r, rows) => ({ primarycontactid: (0, exports.reference)(r, rows, 'contact') }),
            (r) => ({ industrycode: r.chance(0.2) ? null : r.between(1, 6), address1_city: (0, exports.pick)(r, TOWNS) }),
        ],
    },
    contact: {
        weight: 4,
        create: (r, rows) => ({
            ...person(r),
            jobtitle: `Head of ${(0, exports.pick)(r, exports.GOODS)}`,
            birthdate: day(r),
            parentcustomerid: customer(r, rows),
            creditlimit: (0, exports.amount)(r, 2),
        }),
        update: [
            (r) => ({ jobtitle: r.chance(0.2) ? null : `Director of ${(0, exports.pick)(r, exports.GOODS)}` }),
            (r) => ({
                emailaddress1: `contact${r.between(1, 9999)}@example.com`,
                preferredcontactmethodcode: r.between(1, 5),
            }),
            (r) => ({ address1_city: (0, exports.pick)(r, TOWNS), donotphone: r.chance(0.5) }),
        ],
    },
    lead: {
        weight: 3,
        create: (r) => ({
            ...person(r),
            subject: `${(0, exports.pick)(r, exports.GOODS)} enquiry`,
            companyname: `${(0, exports.pick)(r, exports.LAST)} & ${(0, exports.pick)(r, exports.LAST)}`,
            estimatedamount: (0, exports.amount)(r, 2),
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
            name: `${(0, exports.pick)(r, exports.GOODS)} for ${(0, exports.pick)(r, TOWNS)}`,
            estimatedvalue: (0, exports.amount)(r, 4),
            closeprobability: r.between(0, 100),
            customerid: customer(r, rows),
            originatingleadid: r.chance(0.4) ? (0, exports.reference)(r, rows, 'lead') : null,
        }),
        update: [
            (r) => ({ closeprobability: r.between(0, 100), opportunityratingcode: r.between(1, 3) }),
            (r) => ({ estimatedvalue: (0, exports.amount)(r, 2), estimatedclosedate: day(r) }),
            (r) => ({ statecode: 1, statuscode: 3, actualvalue: (0, exports.amount)(r, 2), actualclosedate: day(r) }),
        ],
    },
    incident: {
        weight: 5,
        create: (r, rows) => ({
            title: `${(0, exports.pick)(r, exports.GOODS)} late in ${(0, exports.pick)(r, TOWNS)}`,
            ticketnumber: `CAS-${r.between(10_000, 99_999)}`,
            prioritycode: r.between(1, 3),
            customerid: customer(r, rows),
        }),
        update: [
            (r) => ({ prioritycode: r.between(1, 3) }),
            // No step listens to these: only the pull can find them.
            (r) => ({ description: paragraph(r) }),
            (r) => ({ isescalated: true, escalatedon: (0, exports.moment)(r) }),
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
            new_trackingnumber: 9007199254740993n + BigInt(r.between(0, 1_000_000_000)),
            new_weight: (0, exports.amount)(r, 10),
            new_volume: (0, exports.amount)(r, 2),
            new_temperature: r.between(-4000, 4000) / 100,
            new_value: (0, exports.amount)(r, 4),
            new_insured: r.chance(0.5),
            new_dispatchedon: (0, exports.moment)(r),
            new_duedate: day(r),
            new_slot: (0, exports.moment)(r),
            new_mode: 100_000_000 + r.between(0, 3),
            new_handling: r.chance(0.3) ? null : [100_000_000, 100_000_002],
            new_externalid: r.guid(),
            new_account: (0, exports.reference)(r, rows, 'account'),
        }),
        update: [
            (r) => ({ new_temperature: r.between(-4000, 4000) / 100, new_pieces: r.between(1, 400) }),
            (r) => ({ new_handling: [100_000_001, 100_000_003], new_weight: (0, exports.amount)(r, 10) }),
        ],
    },
};
/** The tables, each as often as its weight says. */
exports.WEIGHTED = Object.entries(exports.WORK).flatMap(([table, { weight }]) => new Array(weight).fill(table));
//# sourceMappingURL=row-contents.js.map