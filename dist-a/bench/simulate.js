"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
/**
 * Runs random schedules of the real core against a model of Dataverse and judges what comes out (test/simulation/). A
 * failure prints its seed, the shrunk schedule and what differs.
 *
 * Run: npm run simulate -- [--schedules 20000] [--seconds N] [--seed S] [--mode default|strict] [--json]
 *      npm run simulate -- --self-test
 */
const fast_check_1 = __importDefault(require("fast-check"));
const commander_1 = require("commander");
const node_util_1 = require("node:util");
const check_1 = require("../test/simulation/check");
const mutants_1 = require("../test/simulation/mutants");
const schedules_1 = require("../test/simulation/schedules");
const changes_1 = require("../test/writer/changes");
const memory_store_1 = require("../test/writer/memory-store");
/** Schedules between two lines of progress. */
const CHUNK = 1000;
/** Schedules of a mutant that is as right as the core. */
const GREEN_SCHEDULES = 3000;
const whole = (text) => {
    if (!/^\d{1,10}$/.test(text))
        throw new commander_1.InvalidArgumentError('It must be a whole number.');
    return Number(text);
};
const values = new commander_1.Command('simulate')
    .description('run random schedules of the core against a model of Dataverse; exit code 1 when one shows a fault')
    .option('--schedules <n>', 'so many (default: 20000, or as many as fit into --seconds)', whole)
    .option('--seconds <n>', 'end after that long', whole)
    .option('--seed <n>', 'of the first schedule (default: any)', whole)
    .addOption(new commander_1.Option('--mode <mode>', 'of the deciding rule').choices(['default', 'strict', 'both']).default('both'))
    .option('--json', 'print the result as JSON')
    .option('--self-test', 'show that the core with any part taken out is found out')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse()
    .opts();
const makeStore = (now) => new memory_store_1.MemoryStore(now);
const MODES = {
    default: [{ rule: changes_1.RULE, makeStore }],
    strict: [{ rule: changes_1.STRICT, makeStore }],
    both: [
        { rule: changes_1.RULE, makeStore },
        { rule: changes_1.STRICT, makeStore },
    ],
};
/** An error with its causes. */
function textOf(error) {
    if (!(error instanceof Error))
        return String(error);
    return error.cause === undefined ? error.message : `${error.message}: ${(0, node_util_1.inspect)(error.cause, { depth: 3 })}`;
}
async function simulate(most, mostSeconds, firstSeed, settings) {
    const begun = performance.now();
    const elapsed = () => Math.round((performance.now() - begun) / 100) / 10;
    let done = 0;
    for (let chunk = 0; done < most && elapsed() < mostSeconds; chunk += 1) {
        const setting = settings[chunk % settings.length];
        if (setting === undefined)
            break;
        const seed = firstSeed + chunk;
        const property = fast_check_1.default.asyncProperty(schedules_1.schedules, async (schedule) => {
            const faults = await (0, check_1.faultsOf)(schedule, setting);
            if (faults.length > 0)
                throw new Error(faults.join('\n'));
        });
        const numRuns = Math.min(CHUNK, most - done);
        const details = await fast_check_1.default.check(property, { seed, numRuns });
        done += details.numRuns;
        if (details.failed) {
            const [schedule] = details.counterexample ?? [];
            const failure = { seed, mode: setting.rule.mode, differs: textOf(details.errorInstance), schedule };
            return { schedules: done, seconds: elapsed(), failure };
        }
        if (process.stderr.isTTY)
            process.stderr.write(`\r${done} schedules, ${elapsed()} s`);
    }
    return { schedules: done, seconds: elapsed() };
}
/** Finds each mutant out, or shows that what it does without only saves calls. */
async function selfTest(firstSeed, most) {
    let undetected = 0;
    for (const { name, expected, setting, schedules: aimed = schedules_1.schedules } of mutants_1.MUTANTS) {
        const begun = performance.now();
        const limit = expected === 'green' ? GREEN_SCHEDULES : most;
        let done = 0;
        let shown;
        for (let chunk = 0; shown === undefined && done < limit; chunk += 1) {
            const property = fast_check_1.default.asyncProperty(aimed, async (schedule) => {
                const faults = await (0, check_1.faultsOf)(schedule, { rule: changes_1.RULE, makeStore, ...setting });
                if (faults.length > 0)
                    throw new Error(faults.join('\n'));
            });
            const details = await fast_check_1.default.check(property, { seed: firstSeed + chunk, numRuns: CHUNK, endOnFailure: true });
            done += details.numRuns;
            if (details.failed)
                shown = textOf(details.errorInstance).split('\n')[0];
        }
        const outcome = shown === undefined ? 'green' : 'red';
        if (outcome !== expected)
            undetected += 1;
        const seconds = ((performance.now() - begun) / 1000).toFixed(1);
        if (values.json === true)
            console.log(JSON.stringify({ name, expected, outcome, schedules: done, seconds, shown }));
        else {
            const ok = outcome === expected ? 'ok ' : 'NOT';
            console.log(`${ok} ${outcome.padEnd(6)}${String(done).padStart(7)} ${seconds.padStart(6)} s  ${name}`);
            if (shown !== undefined)
                console.log(`${' '.repeat(29)}${shown.slice(0, 130)}`);
        }
    }
    return undetected === 0 ? 0 : 1;
}
async function main() {
    const settings = MODES[values.mode];
    const seconds = values.seconds ?? Number.POSITIVE_INFINITY;
    const most = values.schedules ?? (values.seconds === undefined ? 20_000 : Number.MAX_SAFE_INTEGER);
    if (values.selfTest === true)
        return selfTest(values.seed ?? 1, values.schedules ?? 60_000);
    const seed = values.seed ?? Date.now() % 1_000_000_007;
    const result = await simulate(most, seconds, seed, settings);
    if (values.json === true)
        console.log(JSON.stringify({ seed, ...result }));
    else {
        const { failure } = result;
        console.log(`${result.schedules} schedules in ${result.seconds} s from seed ${seed}: ${failure ? 'FAILED' : 'no fault'}`);
        if (failure !== undefined) {
            console.log(`Again: npm run simulate -- --mode ${failure.mode} --seed ${failure.seed}\n${failure.differs}`);
            const { commands = [], ...ends } = failure.schedule ?? {};
            console.log([...commands, ends].map((line) => `  ${JSON.stringify(line)}`).join('\n'));
        }
    }
    return result.failure === undefined ? 0 : 1;
}
main().then((code) => (process.exitCode = code), (error) => {
    console.error(error);
    process.exitCode = 2;
});
//# sourceMappingURL=simulate.js.map