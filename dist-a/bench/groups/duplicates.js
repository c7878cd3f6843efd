"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const rows_1 = require("../inputs/rows");
const stores_1 = require("../inputs/stores");
const updates_1 = require("../inputs/updates");
const sample_listener_1 = require("../listener/sample-listener");
const compare_1 = require("../measure/compare");
const rounds_1 = require("../measure/rounds");
const IN_FLIGHT = 8;
/** A duplicate comes so many deliveries after its first. */
const DISTANCE = 3 * IN_FLIGHT;
/** A stream of so many deliveries, of which each n-th is a duplicate of an earlier one. */
function withDuplicates(fresh, length, eachNth) {
    const stream = [];
    for (let n = 0; n < length; n += 1) {
        const earlier = eachNth > 0 && n % eachNth === 0 ? stream[n - DISTANCE] : undefined;
        stream.push(earlier ?? fresh());
    }
    return stream;
}
exports.group = {
    about: `deliveries from bytes to the store, ${IN_FLIGHT} in flight: with and without duplicates, and against a listener as samples have it`,
    async run({ quick, rounds }, tell) {
        await (0, stores_1.onBoth)(async (place) => {
            const isNull = place.name === 'null service';
            const deliveries = quick ? 200 : 600;
            const { receiver } = (0, stores_1.servicesOn)(place, 'app');
            const sample = (0, stores_1.bareClient)(place, `sample${rows_1.TABLE}`);
            const handled = (0, stores_1.bareClient)(place, 'samplehandled');
            await handled.createTable();
            const updates = new updates_1.Updates(deliveries);
            for (const client of [(0, stores_1.bareClient)(place, `app${rows_1.TABLE}`), sample])
                await updates.seed(client);
            const fresh = () => updates.next();
            const stream = (eachNth, handle) => {
                let bodies = [];
                return {
                    prepare: () => void (bodies = withDuplicates(fresh, deliveries, eachNth)),
                    run: () => (0, stores_1.inFlight)(IN_FLIGHT, deliveries, async (n) => {
                        const body = bodies[n];
                        if (body !== undefined)
                            await handle(body);
                    }),
                };
            };
            const receive = async (body) => {
                const [outcome] = await receiver.receive([{ source: 'bench', body }]);
                if (outcome?.kind !== 'settled')
                    throw new Error(`A delivery was ${outcome?.kind ?? 'lost'}.`, { cause: outcome });
            };
            const turns = await (0, rounds_1.inRounds)({
                without: stream(0, receive),
                '10 %': stream(10, receive),
                '50 %': stream(2, receive),
                sample: stream(0, (body) => (0, sample_listener_1.sampleListener)(sample, handled, body)),
            }, { rounds, warmup: 2, operations: deliveries });
            tell((0, compare_1.figuresOf)(turns, [
                ...['10 %', '50 %'].flatMap((share) => {
                    const of = { work: `duplicates ${share}, ${place.name}`, subject: share, against: 'without' };
                    const faster = { aim: { least: 1 }, why: WHY };
                    return [
                        { ...of, of: 'rate', ...faster },
                        { ...of, of: 'CPU' },
                        { ...of, of: 'requests' },
                    ];
                }),
                {
                    work: `sample-style listener, ${place.name}`,
                    subject: 'without',
                    against: 'sample',
                    of: 'rate',
                    ...(isNull ? {} : { aim: { least: 3 }, why: WHY_SAMPLE }),
                },
                { work: `sample-style listener, ${place.name}`, subject: 'without', against: 'sample', of: 'CPU' },
                { work: `sample-style listener, ${place.name}`, subject: 'without', against: 'sample', of: 'requests' },
            ]));
        });
    },
};
const WHY = 'A known duplicate makes no round trip, so this should not happen: look at the spread.';
const WHY_SAMPLE = 'Its four round trips to a store on the same machine take little; against one that is a millisecond away the ratio nears four.';
//# sourceMappingURL=duplicates.js.map