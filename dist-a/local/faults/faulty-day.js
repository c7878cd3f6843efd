"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.faultyDay = faultyDay;
/** `npm start -- --faults`: the business day under attack, judged by an observer that believes nothing the app says. */
const node_fs_1 = require("node:fs");
const node_os_1 = require("node:os");
const node_path_1 = require("node:path");
const promises_1 = require("node:timers/promises");
const business_apis_1 = require("../business-apis");
const business_1 = require("../day/business");
const check_1 = require("../day/check");
const figures_1 = require("../day/figures");
const settings_1 = require("../day/settings");
const settling_1 = require("../day/settling");
const view_1 = require("../day/view");
const standard_relationships_1 = require("../dataverse/standard-relationships");
const spawn_host_1 = require("../host/spawn-host");
const stack_1 = require("../stack");
const steps_1 = require("../steps");
const attack_1 = require("./attack");
const front_1 = require("./front");
const rig_1 = require("./rig");
/** How many instances of the app compete for everything. */
const INSTANCES = 2;
/** Changes made before any step is registered. */
const EARLIER_CHANGES = 400;
/** Does it all and stops everything again; undefined where the signal came first. */
async function faultyDay(options, display, signal) {
    const folder = (0, node_fs_1.mkdtempSync)((0, node_path_1.join)((0, node_os_1.tmpdir)(), 'dvo-faults-'));
    display.say('Starting Azurite, the broker, the Dataverse simulator and the proxies before them …');
    const stack = await (0, stack_1.startStack)({
        disk: folder,
        ...options.stack,
        queue: rig_1.MANY_DELIVERIES,
        subscription: rig_1.MANY_DELIVERIES,
    });
    const day = new FaultyDay(options, stack, display, signal);
    try {
        return await day.run();
    }
    finally {
        await day.stop();
        await stack.stop();
        (0, node_fs_1.rmSync)(folder, { recursive: true, force: true });
    }
}
class FaultyDay {
    options;
    stack;
    display;
    signal;
    #figures = new figures_1.Figures();
    #mapped;
    #view;
    #rig;
    #hosts = [];
    #front;
    #phase = 'the first load';
    #changes = 0;
    #begun = performance.now();
    /** What is under way, while that is awaited. */
    #left;
    constructor(options, stack, display, signal) {
        this.options = options;
        this.stack = stack;
        this.display = display;
        this.signal = signal;
        this.#mapped = (0, settings_1.daySettings)(options.appDir);
        this.#view = (0, view_1.readView)(this.#mapped);
    }
    async run() {
        const { options, stack, signal, display } = this;
        const { dataverse } = stack;
        const interrupted = () => signal.aborted;
        const rig = await rig_1.FaultRig.open(stack, {
            tables: stack_1.SYNCED_TABLES,
            relationships: standard_relationships_1.STANDARD_RELATIONSHIPS,
            view: this.#view,
            seed: options.seed,
        });
        this.#rig = rig;
        await this.#startApps();
        this.#front = await front_1.Front.open(() => this.#hosts.map(({ port }) => port));
        await (0, business_apis_1.defineBusinessApis)(dataverse);
        await this.#work(options.seed + 1, signal, { changes: EARLIER_CHANGES, rate: 100_000 });
        await (0, settling_1.completePull)(this.#running(), this.#figures, signal);
        await (0, steps_1.registerAllSteps)(dataverse, {
            webhookUrl: `${this.#front.url}/api/webhook`,
            webhookKey: stack.webhookKey,
            busConnectionString: stack.broker.connectionString,
        });
        const { duplicate, reorder, drop, seed } = options;
        dataverse.disturb({ duplicate, reorder, drop, seed });
        this.#begun = performance.now();
        const timer = setInterval(() => display.progress(this.#state(rig), () => ''), 250);
        try {
            this.#phase = 'under attack';
            const ended = new AbortController();
            const working = this.#work(seed, AbortSignal.any([signal, ended.signal]), {
                changes: Number.MAX_SAFE_INTEGER,
                rate: options.rate,
            });
            const kill = () => this.#hosts.forEach((host) => host.kill());
            const victim = { kill, revive: () => this.#revive() };
            const tell = (at, what) => display.say(`${at.toFixed(1).padStart(6)} s  ${what}`);
            const done = await (0, attack_1.attack)((0, attack_1.scheduleOf)(seed), { rig, stack, victim }, signal, tell).finally(() => ended.abort());
            const calls = await working;
            dataverse.disturb({});
            if (interrupted())
                return undefined;
            this.#phase = 'settling by itself';
            await this.#settle(rig);
            const lost = await rig.lost();
            this.#phase = 'a last complete pull';
            await (0, settling_1.completePull)(this.#running(), this.#figures, signal);
            await this.#settle(rig);
            if (interrupted())
                return undefined;
            this.#phase = 'comparing';
            const check = await (0, check_1.compare)(dataverse, stack.azurite.connectionString, stack_1.SYNCED_TABLES, standard_relationships_1.STANDARD_RELATIONSHIPS, {
                view: this.#view,
                calls,
            });
            const findings = [...rig.observer.findings, ...lost];
            return {
                done,
                changes: this.#changes,
                seconds: Number(((performance.now() - this.#begun) / 1000).toFixed(1)),
                judged: rig.observer.judged,
                findings,
                check,
                counts: countsOf(findings, check),
            };
        }
        finally {
            clearInterval(timer);
        }
    }
    async stop() {
        await Promise.all(this.#hosts.map((host) => host.stop()));
        await this.#front?.close();
        await this.#rig?.close();
    }
    async #work(seed, signal, { changes, rate }) {
        const before = this.#changes;
        const { calls } = await (0, business_1.businessDay)(this.stack.dataverse, {
            changes,
            seed,
            rate,
            of: 'everything',
            signal,
            onProgress: (made) => (this.#changes = before + made),
        });
        return calls;
    }
    #running() {
        const [host] = this.#hosts;
        if (host === undefined)
            throw new Error('The app is not running.');
        return host;
    }
    async #startApps() {
        const settings = {
            ...this.stack.settings,
            ...this.#rig?.settings,
            MAPPING_FILE: this.#mapped.MAPPING_FILE,
            REDACTION_KEY: this.#mapped.REDACTION_KEY,
        };
        const start = (_, at) => (0, spawn_host_1.spawnHost)({
            appDir: this.options.appDir,
            settings,
            port: at === 0 ? this.options.port : 0,
            onLog: (record) => this.#figures.take(record),
        });
        this.#hosts = await Promise.all(Array.from({ length: INSTANCES }, start));
    }
    /** Nobody can tell whose request came to the point, so all were killed. */
    async #revive() {
        await Promise.all(this.#hosts.map(({ exited }) => exited));
        await this.#startApps();
    }
    /**
     * Waits until nothing is under way: posts, messages, events of the hub, parked items. Only what lies outside the app is
     * asked, since what the app has counted died with it. What the dead had locked comes free within a minute.
     */
    async #settle(rig) {
        const limit = performance.now() + settling_1.SETTLE_LIMIT_MS;
        while (!this.signal.aborted) {
            this.#left = {
                'jobs open': this.stack.dataverse.stats().openJobs,
                'messages wait': rig.unsettledMessages(),
                'events of the hub wait': await rig.behindInHub(),
                'items parked': await rig.parked(),
            };
            if (Object.values(this.#left).every((count) => count === 0))
                return;
            if (performance.now() > limit)
                throw new Error(`Not settled in time: ${listed(this.#left)}.`);
            await (0, promises_1.setTimeout)(250);
        }
    }
    #state(rig) {
        const { posts, failed, openJobs } = this.stack.dataverse.stats();
        const seconds = ((performance.now() - this.#begun) / 1000).toFixed(0).padStart(4);
        return [
            `${seconds} s  ${this.#phase}: ${this.#changes} changes, ${posts} posts sent, ${failed} failed`,
            listed(this.#left ?? { 'jobs open': openJobs, 'messages wait': rig.unsettledMessages() }),
            `${rig.observer.judged} writes judged, ${rig.observer.findings.length} findings`,
        ].join(', ');
    }
}
const listed = (counts) => Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
function countsOf(findings, { events, differenceCount }) {
    const of = (kind) => findings.filter((finding) => finding.kind === kind).length;
    const sum = (name) => events.reduce((total, event) => total + event[name], 0);
    return {
        lost: of('lost') + sum('missing'),
        appliedTwice: sum('doubled'),
        resurrected: of('resurrected'),
        goneBack: of('goneBack'),
        differences: differenceCount,
    };
}
//# sourceMappingURL=faulty-day.js.map