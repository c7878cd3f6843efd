"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
/**
 * How fast the app is, as ratios to floors and rivals that are measured in the same run; docs/performance.md shows and explains the
 * table. Each group runs in a process of its own, one after the other.
 *
 * Run: npm run bench -- [GROUP...] [--quick] [--rounds N] [--json FILE] [--markdown FILE] [--profile FOLDER]
 */
const commander_1 = require("commander");
const node_child_process_1 = require("node:child_process");
const node_fs_1 = require("node:fs");
const node_os_1 = require("node:os");
const node_path_1 = __importDefault(require("node:path"));
const groups_1 = require("./groups");
const figure_1 = require("./measure/figure");
const report_1 = require("./measure/report");
const ROUNDS = 7;
const QUICK_ROUNDS = 3;
const atLeastOne = (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1)
        throw new commander_1.InvalidArgumentError('It must be a whole number from 1 on.');
    return value;
};
/** Runs a group in a process of its own. */
async function measured(name, effort, profile) {
    const begun = performance.now();
    const figures = [];
    let peakMemory = 0;
    const child = (0, node_child_process_1.fork)(__filename, ['--group', name, JSON.stringify(effort)], {
        execArgv: [
            '--expose-gc',
            ...(profile === undefined
                ? []
                : ['--cpu-prof', `--cpu-prof-name=${name}.cpuprofile`, `--cpu-prof-dir=${profile}`]),
        ],
    });
    child.on('message', (told) => {
        if (told.kind === 'end')
            peakMemory = told.peakMemory;
        else
            figures.push(...told.figures);
        if (process.stderr.isTTY)
            process.stderr.write(`\r${name}: ${figures.length} figures`);
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (process.stderr.isTTY)
        process.stderr.write('\r\x1b[K');
    if (code !== 0)
        throw new Error(`The group ${name} ended with code ${String(code)}; its output says why.`);
    return { group: name, figures, seconds: Math.round((performance.now() - begun) / 1000), peakMemory };
}
async function runGroup(name, effort) {
    const load = groups_1.GROUPS[name];
    if (load === undefined)
        throw new Error(`There is no group ${name}.`);
    const { group } = await load();
    const tell = (told) => void process.send?.(told);
    await group.run(effort, (figures) => tell({ kind: 'figures', figures }));
    tell({ kind: 'end', peakMemory: Math.round(process.resourceUsage().maxRSS / 1024) });
    process.disconnect();
}
async function main(names, options) {
    const quick = options.quick === true;
    const effort = { quick, rounds: options.rounds ?? (quick ? QUICK_ROUNDS : ROUNDS) };
    const profile = options.profile === undefined ? undefined : node_path_1.default.resolve(options.profile);
    if (profile !== undefined)
        (0, node_fs_1.mkdirSync)(profile, { recursive: true });
    const machine = {
        node: process.version,
        cpu: `${(0, node_os_1.availableParallelism)()} x ${(0, node_os_1.cpus)()[0]?.model ?? (0, node_os_1.arch)()}`,
        load: (0, node_os_1.loadavg)()[0],
    };
    const results = [];
    const failed = [];
    for (const name of names) {
        const result = await measured(name, effort, profile).catch((error) => {
            console.error(error);
            failed.push(name);
        });
        if (result === undefined)
            continue;
        results.push(result);
        const about = (await groups_1.GROUPS[name]?.())?.group.about ?? '';
        console.log(`\n${name}: ${about}\n\n${(0, report_1.tableOf)(result.figures)}\n${result.seconds} s, at most ${result.peakMemory} MiB`);
    }
    const verdicts = results.flatMap(({ figures }) => figures.map(figure_1.meets));
    const count = (of) => verdicts.filter((verdict) => verdict === of).length;
    console.log(`\n${count(true)} PASS, ${count(false)} SHORT${quick ? ' (quick: for orientation only)' : ''}`);
    if (failed.length > 0)
        console.log(`Not measured: ${failed.join(', ')}. What they printed says why.`);
    if (options.json !== undefined) {
        (0, node_fs_1.writeFileSync)(options.json, `${JSON.stringify({ at: new Date(), quick, machine, results, failed }, undefined, 2)}\n`);
    }
    if (options.markdown !== undefined) {
        (0, node_fs_1.writeFileSync)(options.markdown, results.map(({ group, figures }) => `### ${group}\n\n${(0, report_1.markdownOf)(figures)}\n`).join('\n'));
    }
    return failed.length > 0 ? 1 : 0;
}
const [, , first, group, effort] = process.argv;
if (first === '--group') {
    runGroup(group ?? '', JSON.parse(effort ?? '{}')).catch((error) => {
        console.error(error);
        process.exit(1);
    });
}
else {
    const command = new commander_1.Command('bench')
        .description('measure the app against floors and rivals in the same run')
        .addArgument(new commander_1.Argument('[group...]', 'what to measure (default: all)').choices(Object.keys(groups_1.GROUPS)))
        .option('--quick', 'smaller and fewer rounds: under three minutes in all')
        .option('--rounds <n>', `rounds of each comparison (default: ${ROUNDS}; quick: ${QUICK_ROUNDS})`, atLeastOne)
        .option('--json <file>', 'write the report there too')
        .option('--markdown <file>', 'write the tables there too')
        .option('--profile <folder>', "write each group's CPU profile there (its figures are slower then)")
        .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
        .parse();
    const names = command.args.length > 0 ? command.args : Object.keys(groups_1.GROUPS);
    main(names, command.opts()).then((code) => (process.exitCode = code), (error) => {
        console.error(error);
        process.exitCode = 1;
    });
}
//# sourceMappingURL=bench.js.map