"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.scheduleOf = scheduleOf;
exports.attack = attack;
exports.stealPartitions = stealPartitions;
/** What `npm start -- --faults` does to the system, one thing after another, in an order that the seed decides. */
const event_hubs_1 = require("@azure/event-hubs");
const promises_1 = require("node:timers/promises");
const random_1 = require("../dataverse/random");
const stack_1 = require("../stack");
const kill_points_1 = require("./kill-points");
const rig_1 = require("./rig");
/** How many points the app is killed at. */
const KILLS = 10;
/** Points that come up several times a second; those of a full load come up when one happens. */
const SELDOM = /^(?:journal|parked-postponed)/;
/** How long to wait for the app to come to a point. */
const POINT_LIMIT_MS = 20_000;
const STORE_STOPPED_MS = 60_000;
/** The schedule of a seed: every fault on every route, kills, thefts, and the store stopped for a minute. */
function scheduleOf(seed) {
    const random = (0, random_1.seededRandom)(seed);
    const network = rig_1.ROUTES.flatMap((route) => faultsFor(random).map((fault) => ({ kind: 'network', route, fault, ms: random.between(600, 1800) })));
    const points = shuffled(random, kill_points_1.KILL_POINTS.filter((point) => !SELDOM.test(point))).slice(0, KILLS);
    const kills = points.map((point) => ({ kind: 'kill', point, deadMs: random.between(0, 1500) }));
    const thefts = [
        { kind: 'locksLost' },
        { kind: 'locksLost' },
        { kind: 'partitionsStolen', ms: 4000 },
        { kind: 'leasesStolen' },
        { kind: 'leasesStolen' },
    ];
    const mixed = shuffled(random, [...network, ...kills, ...thefts]);
    // Not at an end, so that much is under way before it and comes after it.
    mixed.splice(random.between(10, 20), 0, { kind: 'storeStopped', ms: STORE_STOPPED_MS });
    return mixed;
}
const faultsFor = (random) => [
    { kind: 'latency', ms: random.between(20, 300), jitterMs: random.between(0, 500) },
    { kind: 'reset', afterBytes: random.between(0, 4000) },
    { kind: 'cut', afterBytes: random.between(0, 4000) },
    { kind: 'slow-close', afterBytes: random.between(0, 4000), ms: random.between(50, 500) },
    { kind: 'half-open' },
    { kind: 'down' },
];
function shuffled(random, items) {
    const left = [...items];
    return items.flatMap(() => left.splice(random.between(0, left.length - 1), 1));
}
/** Does all of a schedule, and tells of each thing when it begins. */
async function attack(schedule, { rig, stack, victim }, signal, tell) {
    const begun = performance.now();
    const seconds = () => Number(((performance.now() - begun) / 1000).toFixed(1));
    const done = [];
    for (const doing of schedule) {
        if (signal.aborted)
            break;
        const atSeconds = seconds();
        tell(atSeconds, textOf(doing));
        const came = await carryOut(doing, rig, stack, victim, signal);
        if (!came)
            tell(seconds(), 'the app did not come to that point: killed where it was');
        const what = came ? textOf(doing) : 'kill -9 anywhere';
        done.push({ atSeconds, seconds: Number((seconds() - atSeconds).toFixed(1)), kind: doing.kind, what });
        await pause(400, signal);
    }
    await rig.lift();
    return done;
}
/** Returns false where the app had to be killed elsewhere than planned. */
async function carryOut(doing, rig, stack, victim, signal) {
    switch (doing.kind) {
        case 'network':
            await rig.route(doing.route).set(doing.fault);
            await pause(doing.ms, signal);
            await rig.route(doing.route).lift();
            return true;
        case 'kill': {
            const died = rig.killer.at(doing.point, () => victim.kill());
            const came = await Promise.race([died.then(() => true), pause(POINT_LIMIT_MS, signal).then(() => false)]);
            rig.killer.disarm();
            if (!came)
                victim.kill();
            await pause(doing.deadMs, signal);
            await victim.revive();
            return came;
        }
        case 'storeStopped':
            await stack.azurite.stop();
            await pause(doing.ms, signal);
            await stack.azurite.startAgain();
            return true;
        case 'locksLost':
            stack.broker.expireLocks();
            return true;
        case 'partitionsStolen':
            await stealPartitions(stack, doing.ms, signal);
            return true;
        case 'leasesStolen':
            await rig.stealLeases();
            return true;
        default:
            return doing;
    }
}
/** Another reader of the app's consumer group, with a higher epoch, has all partitions for a while. */
async function stealPartitions(stack, ms, signal) {
    const thief = new event_hubs_1.EventHubConsumerClient(stack_1.BUS.group, stack.broker.connectionString, stack_1.BUS.hub);
    const ignore = () => Promise.resolve();
    const handlers = { processEvents: ignore, processError: ignore };
    for (const partition of await thief.getPartitionIds())
        thief.subscribe(partition, handlers, { ownerLevel: 1000, startPosition: event_hubs_1.latestEventPosition });
    await pause(ms, signal);
    await thief.close();
}
/** Sleeps; not beyond the signal. */
const pause = (ms, signal) => (0, promises_1.setTimeout)(ms, undefined, { signal }).catch(() => undefined);
function textOf(doing) {
    switch (doing.kind) {
        case 'network': {
            const { kind, ...figures } = doing.fault;
            const told = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
            return `${doing.route}: ${[kind, ...told].join(', ')}, for ${doing.ms} ms`;
        }
        case 'kill':
            return `kill -9 at ${doing.point}`;
        case 'storeStopped':
            return `Azurite stopped for ${doing.ms / 1000} s`;
        case 'locksLost':
            return 'all locks of messages lost';
        case 'partitionsStolen':
            return `the hub's partitions stolen for ${doing.ms / 1000} s`;
        case 'leasesStolen':
            return 'the leases of all pulls stolen';
        default:
            return doing;
    }
}
//# sourceMappingURL=attack.js.map