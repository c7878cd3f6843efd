"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.MUTANTS = void 0;
const instant_1 = require("../../shared/change/instant");
const decide_1 = require("../../shared/writer/decide");
const changes_1 = require("../writer/changes");
const memory_store_1 = require("../writer/memory-store");
const schedules_1 = require("./schedules");
const red = (name, setting) => ({ name, expected: 'red', setting });
const rare = (name, setting) => ({ ...red(name, setting), rare: true });
const inLoads = (name, setting) => ({
    ...rare(name, { ...setting, slowShare: 0.15 }),
    schedules: schedules_1.aroundLoads,
});
const inPurges = (name, setting) => ({
    ...rare(name, { slowShare: 0.15, ...setting }),
    schedules: schedules_1.aroundPurges,
});
const green = (name, setting) => ({ name, expected: 'green', setting });
/** Made anew for each world. */
const around = (variant) => ({ variant });
/** Another rule. */
const rule = (mutated) => around(() => ({ writer: (options) => ({ ...options, decide: mutated }) }));
/** Another stored state, or another change, goes into the rule. */
const given = (change) => rule((stored, of, ...rest) => (0, decide_1.decide)(...change(stored, of), ...rest));
const withStamp = (stored, stamp) => stored && { ...stored, stamp: { ...stored.stamp, ...stamp } };
const withEvent = (of, change) => of.evidence.kind === 'event' ? { ...of, evidence: change(of.evidence) } : of;
const withPull = (of, change) => of.evidence.kind === 'pull' ? { ...of, evidence: change(of.evidence) } : of;
/** All that is stored was written before any run. */
const longAgo = (stored) => stored && { ...stored, writtenAt: instant_1.BEGINNING };
/** The rule, except where `instead` says otherwise. */
const unless = (instead) => rule((stored, change, ...rest) => {
    const decision = (0, decide_1.decide)(stored, change, ...rest);
    return instead(stored, change, decision) ?? decision;
});
const skipped = { kind: 'skip', verdict: 'stale' };
/** Written as if it had just been read. */
const asRead = (stored, change, evidence, ...[of]) => {
    const { version, modifiedOn, runBegin: begin, end } = evidence;
    const read = change.kind === 'delete'
        ? { kind: 'missing', begin, end }
        : { kind: 'found', version, modifiedOn, begin, end };
    return (0, decide_1.settleByReadBack)(stored?.stamp, read, [], of);
};
const isPatchOrImage = (change) => change.evidence.kind === 'event' && change.kind !== 'delete';
/** Whatever the tag. */
class NoCompare extends memory_store_1.MemoryStore {
    isAsExpected() {
        return true;
    }
}
/** Forgets deleted rows. */
class NoTombstones extends memory_store_1.MemoryStore {
    async write(writes) {
        const outcomes = await super.write(writes);
        for (const { row, stamp } of writes)
            if (stamp.gone)
                this.rows.delete(`${row.table}/${row.id}`);
        return outcomes;
    }
}
/** Removes whatever lies where a tombstone was. */
class CarelessPurge extends memory_store_1.MemoryStore {
    removeTombstones(tombstones) {
        for (const { row } of tombstones)
            this.rows.delete(`${row.table}/${row.id}`);
        return Promise.resolve(tombstones.length);
    }
}
/** Keeps the token of a run with its first page (it stands in the next link), not with its last. */
const hastyStates = (states) => ({
    read: (table) => states.read(table),
    write: (table, { unfinished, ...state }) => {
        if (unfinished?.mode !== 'delta')
            return states.write(table, { ...state, ...(unfinished && { unfinished }) });
        return states.write(table, { ...state, deltaLink: unfinished.nextLink.split('/')[1] ?? '' });
    },
});
function mappedFeed(feed, map) {
    const mapped = {
        async *pages(request, from) {
            for await (const page of feed.pages(request, from))
                yield map(page);
        },
    };
    return mapped;
}
/** Every other GET of a row is answered by the one before, as if it had been joined while it was under way. */
const joining = () => ({
    reader: (reader) => {
        const answers = new Map();
        return {
            read: async (row) => {
                const key = `${row.table}/${row.id}`;
                const known = answers.get(key);
                answers.delete(key);
                if (known !== undefined)
                    return known;
                const read = await reader.read(row);
                answers.set(key, read);
                return read;
            },
        };
    },
});
const nothing = () => Promise.resolve();
async function* none() {
    yield* await Promise.resolve([]);
}
exports.MUTANTS = [
    red('the store ignores the entity tag', { makeStore: (now) => new NoCompare(now) }),
    red('deleted rows are forgotten: no tombstones', { makeStore: (now) => new NoTombstones(now) }),
    red('an event is merged whatever its date', given((stored, of) => [isPatchOrImage(of) ? withStamp(stored, { seen: instant_1.BEGINNING, base: instant_1.BEGINNING }) : stored, of])),
    red('"later" is also the same second', given((stored, of) => [
        stored,
        isPatchOrImage(of) ? withEvent(of, (event) => ({ ...event, at: event.at + 0.5 })) : of,
    ])),
    red('OperationCreatedOn counts as modifiedon', given((stored, of) => [stored, isPatchOrImage(of) ? withEvent(of, (event) => ({ ...event, sure: true })) : of])),
    red('a synchronous step is taken for committed', given((stored, of) => {
        const { evidence } = of;
        if (evidence.kind !== 'hint')
            return [stored, of];
        const event = { kind: 'event', key: evidence.key, at: (stored?.stamp.seen ?? 0) + 1, sure: true };
        return [stored, { ...of, evidence: event }];
    })),
    inLoads('an event of an unknown row is taken as it is', around(() => ({ writer: (options) => ({ ...options, floorOf: () => Promise.resolve(instant_1.BEGINNING) }) }))),
    red('a deletion removes the row without a read', unless((stored, change) => stored !== undefined && change.kind === 'delete' && change.evidence.kind === 'event' && !stored.stamp.gone
        ? { kind: 'write', verdict: 'deleted', data: 'clear', stamp: { ...stored.stamp, gone: true, ahead: false } }
        : undefined)),
    rare('a push raises the row version, and what is contained is not compared', rule((stored, change, ...rest) => {
        const rev = change.kind === 'delete' ? undefined : change.columns.get('rev');
        const decision = (0, decide_1.decide)(stored && { ...stored, sameData: () => undefined }, change, ...rest);
        if (change.evidence.kind !== 'event' || decision.kind !== 'write' || rev?.kind !== 'integer')
            return decision;
        return { ...decision, stamp: { ...decision.stamp, version: BigInt(rev.value) } };
    })),
    red('a pulled deletion removes the row without a read', rule((stored, change, ...rest) => (0, decide_1.decide)(change.kind === 'delete' ? longAgo(stored) : stored, change, ...rest))),
    red('a pulled row revives a tombstone without a read', rule((stored, change, of, floor) => {
        const { evidence } = change;
        return stored?.stamp.gone === true && evidence.kind === 'pull' && evidence.version > stored.stamp.version
            ? asRead(stored, change, evidence, of)
            : (0, decide_1.decide)(stored, change, of, floor);
    })),
    red('a pulled row is written over later pushes (strict)', {
        rule: changes_1.STRICT,
        ...given((stored, of) => [of.evidence.kind === 'pull' ? withStamp(stored, { ahead: false }) : stored, of]),
    }),
    rare('"stored before the run began" without the margin for clocks', rule((stored, change, of, floor) => {
        const margin = change.evidence.kind === 'pull' ? 0 : of.margin;
        return (0, decide_1.decide)(stored, change, { ...of, margin }, floor);
    })),
    inLoads('a pulled deletion of an unknown row leaves no tombstone', unless((stored, { kind, evidence }) => stored === undefined && kind === 'delete' && evidence.kind === 'pull' ? skipped : undefined)),
    rare('a deletion of a tombstone leaves the entity tag alone', unless((_stored, _change, decision) => decision.kind === 'write' && decision.verdict === 'touched' ? skipped : undefined)),
    inLoads('a run that lost its lease writes onto nothing', given((stored, of) => [stored, withPull(of, (pull) => ({ ...pull, holdsLease: () => true }))])),
    red('a load ends without a sweep', around(() => ({
        pull: ({ store, ...parts }) => {
            const { read, write, sameData } = store;
            return { ...parts, store: { read, write, sameData, liveRows: () => none() } };
        },
    }))),
    inLoads('the sweep does not wait for older read-backs', around(() => ({ pull: (parts) => ({ ...parts, maxReadAgeMs: 0 }) }))),
    inLoads('a read-back is written however old it is', around(() => ({ writer: (options) => ({ ...options, maxReadAgeMs: Number.POSITIVE_INFINITY }) }))),
    rare('the sweep does not know what its load has shown', around(() => ({ pull: ({ journal, ...parts }) => ({ ...parts, journal: { ...journal, read: () => none() } }) }))),
    red('a run keeps its token before its pages are settled', around(() => ({ pull: (parts) => ({ ...parts, states: hastyStates(parts.states) }) }))),
    red('a read-back takes the answer of an earlier one', around(joining)),
    red('seen does not take the end of a read', around(() => ({
        reader: (reader) => ({ read: async (row) => ({ ...(await reader.read(row)), end: instant_1.BEGINNING }) }),
        pull: (parts) => ({ ...parts, feed: mappedFeed(parts.feed, (page) => ({ ...page, end: instant_1.BEGINNING })) }),
    }))),
    {
        ...red('tombstones are purged without raising the floor', around(() => ({
            purge: ({ states, ...parts }) => ({
                ...parts,
                states: { read: (table) => states.read(table), write: nothing },
            }),
        }))),
        schedules: schedules_1.aroundPurges,
    },
    inPurges('tombstones are purged whatever their age', around(() => ({
        purge: ({ store, ...parts }) => ({
            ...parts,
            store: {
                tombstones: (table) => store.tombstones(table, Number.POSITIVE_INFINITY),
                removeTombstones: (tombstones) => store.removeTombstones(tombstones),
            },
        }),
    }))),
    inPurges('tombstones are purged whatever was written since', { makeStore: (now) => new CarelessPurge(now) }),
    red('what can not be settled is dropped instead of parked', around(() => ({ parking: (parking) => ({ ...parking, parkDelivery: nothing }) }))),
    red('a message is completed although no copy of it was accepted', around(() => ({ copies: () => ({ sendMessages: nothing }) }))),
    red('a pulled row that can not be read is dropped instead of parked', around(() => ({ parking: (parking) => ({ ...parking, parkRow: nothing }) }))),
    {
        ...red('a deletion in the delta of a relationship is passed over', around(() => ({
            pull: (parts) => ({
                ...parts,
                feed: mappedFeed(parts.feed, (page) => ({
                    ...page,
                    items: page.items.filter(({ kind, id }) => kind !== 'deleted' || !id.includes('_')),
                })),
            }),
        }))),
        schedules: schedules_1.withLinks,
    },
    green('no ring: a second delivery is settled like the first', given((stored, of) => [withStamp(stored, { ring: [] }), of])),
    green('no base: an old event is read back', given((stored, of) => [of.evidence.kind === 'event' ? withStamp(stored, { base: instant_1.BEGINNING }) : stored, of])),
    green('no adopting: what is the same is read back', given((stored, of) => [stored && { ...stored, sameData: () => undefined }, of])),
    green('no floor: an image of an unknown row is read back', around(() => ({ writer: (options) => ({ ...options, floorOf: () => Promise.resolve(Number.POSITIVE_INFINITY) }) }))),
];
//# sourceMappingURL=mutants.js.map