"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.inRounds = inRounds;
/**
 * Floors and subjects in interleaved rounds: in each round everyone has a turn, in another order than in the round before,
 * so that what else the machine does hits all alike, and a figure is the median of the rounds' ratios.
 *
 * tinybench does one turn: the loop, the clock with its overhead taken off, hooks that aren't timed, asynchronous bodies, the
 * mean. It runs one task to its end before the next one, hence the rounds and the ratios are here; so is the CPU time, since
 * it has one clock.
 */
const node_diagnostics_channel_1 = __importDefault(require("node:diagnostics_channel"));
const tinybench_1 = require("tinybench");
/**
 * The main thread's CPU time in microseconds. The kernel brings a thread's account up to date when it is asked for the
 * process's, not when asked for the thread's: without the first call the clock would stand still for milliseconds.
 */
const CPU_CLOCK = {
    name: 'threadCpuUsage',
    fn: () => {
        process.cpuUsage();
        const { user, system } = process.threadCpuUsage();
        return user + system;
    },
    toMs: (microseconds) => Number(microseconds) / 1000,
    fromMs: (milliseconds) => milliseconds * 1000,
};
let requests = 0;
node_diagnostics_channel_1.default.subscribe('http.client.request.start', () => {
    requests += 1;
});
/** The turns of each subject, by its name. */
async function inRounds(subjects, { rounds, warmup = 1, operations = 1, computesMs }) {
    const names = Object.keys(subjects);
    const turns = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = -warmup; round < rounds; round += 1) {
        for (let place = 0; place < names.length; place += 1) {
            const name = names[(place + round + warmup) % names.length];
            if (name === undefined)
                continue;
            const taken = await turn(name, subjects[name], computesMs, operations);
            if (round >= 0)
                turns[name].push(taken);
        }
    }
    return turns;
}
async function turn(name, { prepare, run }, computesMs, operations) {
    await prepare?.();
    // One's garbage isn't to be collected in the other's turn.
    globalThis.gc?.();
    const bench = new tinybench_1.Bench({
        time: computesMs ?? 0,
        iterations: 1,
        warmup: false,
        throws: true,
        timestampProvider: computesMs === undefined ? 'hrtimeNow' : CPU_CLOCK,
    });
    let sent = 0;
    let cpu = { user: 0, system: 0 };
    bench.add(name, run, {
        async: computesMs === undefined,
        beforeAll: () => {
            sent = requests;
            cpu = process.cpuUsage();
        },
        afterAll: () => {
            sent = requests - sent;
            cpu = process.cpuUsage(cpu);
        },
    });
    const [task] = await bench.run();
    const result = task?.result;
    if (result?.state !== 'completed')
        throw new Error(`${name} was not measured: ${result?.state ?? 'no task'}.`);
    const done = operations * result.latency.samplesCount;
    return {
        milliseconds: result.latency.mean / operations,
        cpuMilliseconds: (cpu.user + cpu.system) / 1000 / done,
        requests: sent / done,
    };
}
//# sourceMappingURL=rounds.js.map