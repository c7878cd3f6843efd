"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
/** `npm start`: the whole system on one machine, a seeded business day, and the check that the LOB store equals Dataverse. */
const commander_1 = require("commander");
const node_fs_1 = require("node:fs");
const node_path_1 = require("node:path");
const spawn_host_1 = require("../host/spawn-host");
const look_1 = require("../look");
const business_apis_1 = require("../business-apis");
const stack_1 = require("../stack");
const stack_flags_1 = require("../stack-flags");
const steps_1 = require("../steps");
const standard_relationships_1 = require("../dataverse/standard-relationships");
const business_1 = require("./business");
const check_1 = require("./check");
const display_1 = require("./display");
const attack_table_1 = require("../faults/attack-table");
const faulty_day_1 = require("../faults/faulty-day");
const figures_1 = require("./figures");
const report_1 = require("./report");
const settling_1 = require("./settling");
const settings_1 = require("./settings");
const view_1 = require("./view");
/** Root of the repository: this file runs as dist/local/day/main.js. */
const APP_DIR = (0, node_path_1.resolve)(__dirname, '../../..');
/** Changes made before any step is registered. */
const EARLIER_CHANGES = 400;
const command = (0, stack_flags_1.withStackFlags)(new commander_1.Command('npm start --'))
    .description('Starts the local stack and the app, does a seeded business day in the Dataverse simulator, shows how its changes reach the LOB store, ' +
    'and compares every row, link and event of both at the end. The mapping file is local/day/mapping.yaml.')
    .option('--changes <n>', 'changes made in Dataverse: of rows and links, and calls of custom APIs', (0, stack_flags_1.wholeNumber)(1, 1_000_000), 3000)
    .option('--seed <n>', 'seed of the day and of the disturbances', (0, stack_flags_1.wholeNumber)(0, 2 ** 31), 1)
    .option('--rate <n>', 'changes a second, at most (default: 120; with --faults 25)', (0, stack_flags_1.wholeNumber)(1, 10_000))
    .option('--duplicate <p>', 'share of pushed deliveries that are sent twice (default: 0; with --faults 0.1)', stack_flags_1.share)
    .option('--reorder <p>', 'share of pushed deliveries that later ones overtake (default: 0; with --faults 0.1)', stack_flags_1.share)
    .option('--drop <p>', 'share of pushed deliveries that are never sent (default: 0; with --faults 0.05)', stack_flags_1.share)
    .option('--faults', 'attack the app meanwhile, for about four minutes: network faults on every route, kill -9 at named points, Azurite stopped for a minute, ' +
    'locks, partitions and leases stolen, all in an order that the seed decides; the day lasts as long (--changes does not count), and it ends after the check. ' +
    'Exit code 0 only if nothing was lost, applied twice, resurrected, gone back or different (docs/reliability.md)')
    .option('--exit', 'stop after the check; exit code 0 only with 0 differences')
    .option('--report <file>', 'write counts, lags, differences and seconds to this file as JSON', stack_flags_1.writableFile)
    .option('--port <port>', 'port of the app’s HTTP functions (default: a free one)', (0, stack_flags_1.wholeNumber)(0, 65_535))
    .showHelpAfterError('(--help lists the flags)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : stack_flags_1.USAGE_EXIT_CODE));
/** How the day is unless flags say otherwise, and how it is under attack. */
const CALM = { rate: 120, duplicate: 0, reorder: 0, drop: 0 };
const FAULTY = { rate: 25, duplicate: 0.1, reorder: 0.1, drop: 0.05 };
async function main(flags) {
    const display = await (0, display_1.openDisplay)();
    const stopping = new AbortController();
    const interrupted = new Promise((resolveInterrupt) => {
        for (const signal of ['SIGINT', 'SIGTERM']) {
            process.on(signal, () => {
                stopping.abort();
                resolveInterrupt();
            });
        }
    });
    if (flags.faults === true)
        return underAttack(flags, display, stopping.signal);
    const figures = new figures_1.Figures();
    const mapped = (0, settings_1.daySettings)(APP_DIR);
    display.say('Starting Azurite, the broker and the Dataverse simulator …');
    const stack = await (0, stack_1.startStack)(flags);
    let host;
    try {
        display.say('Starting the app …');
        const started = await (0, spawn_host_1.spawnHost)({
            appDir: APP_DIR,
            settings: { ...stack.settings, ...mapped },
            port: flags.port ?? 0,
            onLog: (record) => figures.take(record),
        });
        host = started;
        void started.exited.then(() => stopping.abort());
        const webhookUrl = `${started.url}/api/webhook`;
        if (!started.functions.some(({ name }) => name === 'pull-sync'))
            throw new Error(`The app doesn't serve pull-sync: ${figures.problems[0] ?? ''}`);
        display.say(`The app serves ${started.functions.map(({ name }) => name).join(', ')}.`);
        display.say('Rows and links from before the app: they come by the first load …');
        await (0, business_apis_1.defineBusinessApis)(stack.dataverse);
        await (0, business_1.businessDay)(stack.dataverse, {
            changes: EARLIER_CHANGES,
            seed: flags.seed + 1,
            rate: 100_000,
            of: 'everything',
            signal: stopping.signal,
            onProgress: () => undefined,
        });
        await (0, settling_1.completePull)(started, figures, stopping.signal);
        await (0, steps_1.registerAllSteps)(stack.dataverse, {
            webhookUrl,
            webhookKey: stack.webhookKey,
            busConnectionString: stack.broker.connectionString,
        });
        const outcome = await Promise.race([
            runDay(flags, mapped, stack, started, figures, display, stopping.signal),
            interrupted,
        ]);
        display.done();
        if (outcome === undefined)
            return 130;
        print(flags, mapped, stack, figures, outcome, webhookUrl);
        if (flags.exit === true)
            return outcome.check.differenceCount === 0 ? 0 : 1;
        display.say('\nEverything keeps running. Press Ctrl-C to stop.');
        await interrupted;
        return 0;
    }
    finally {
        await host?.stop();
        await stack.stop();
    }
}
async function underAttack(flags, display, signal) {
    const { seed, port = 0 } = flags;
    const disturbed = { ...FAULTY, ...flags };
    const result = await (0, faulty_day_1.faultyDay)({ ...disturbed, stack: flags, port, appDir: APP_DIR }, display, signal);
    display.done();
    if (result === undefined)
        return 130;
    console.log(`\n${(0, display_1.checkTable)(result.check)}\n\n${(0, attack_table_1.attackTable)(result)}`);
    if (flags.report !== undefined) {
        const { duplicate, reorder, drop } = disturbed;
        const report = { seed, disturbances: { duplicate, reorder, drop }, ...result };
        (0, node_fs_1.writeFileSync)(flags.report, `${JSON.stringify(report, null, 2)}\n`);
    }
    return Object.values(result.counts).every((count) => count === 0) ? 0 : 1;
}
async function runDay(flags, mapped, stack, host, figures, display, signal) {
    const { dataverse } = stack;
    const { seed } = flags;
    const { duplicate, reorder, drop, rate } = { ...CALM, ...flags };
    const begun = performance.now();
    const seconds = () => `${((performance.now() - begun) / 1000).toFixed(0).padStart(3)} s`;
    dataverse.disturb({ duplicate, reorder, drop, seed });
    const table = () => `${(0, display_1.figuresTable)(figures)}\n\n${(0, display_1.messagesLine)(messages)}`;
    const timer = setInterval(() => display.progress(`${seconds()}  ${state()}`, table), 250);
    let phase = 'the business day';
    let done = 0;
    let messages = new Map();
    const links = () => standard_relationships_1.STANDARD_RELATIONSHIPS.reduce((sum, { intersect }) => sum + [...dataverse.rows(intersect.table)].length, 0);
    const state = () => {
        const { posts, dropped, openJobs } = dataverse.stats();
        const healed = figures.paths.get('pull-sync')?.healed ?? 0;
        return [
            `${phase}: ${done} changes, ${links()} links, ${posts} posts sent, ${figures.pushesHandled} handled`,
            `${figures.total('events')} events stored, ${dropped} dropped, ${openJobs} jobs open`,
            `${healed} healed by the pull`,
        ].join(', ');
    };
    try {
        const { changes: wanted } = flags;
        const business = await (0, business_1.businessDay)(dataverse, {
            changes: wanted,
            seed,
            rate,
            of: 'everything',
            signal,
            onProgress: (now, byMessage) => {
                done = now;
                messages = byMessage;
            },
        });
        phase = 'deliveries under way';
        await dataverse.drain(settling_1.SETTLE_LIMIT_MS);
        dataverse.disturb({});
        await (0, settling_1.untilHandled)(stack, figures, signal);
        phase = 'a last complete pull';
        await (0, settling_1.completePull)(host, figures, signal);
        phase = 'comparing';
        const check = await (0, check_1.compare)(dataverse, stack.azurite.connectionString, stack_1.SYNCED_TABLES, standard_relationships_1.STANDARD_RELATIONSHIPS, {
            view: (0, view_1.readView)(mapped),
            calls: business.calls,
        });
        return { business, seconds: (performance.now() - begun) / 1000, check };
    }
    finally {
        clearInterval(timer);
    }
}
function print(flags, mapped, stack, figures, { business, seconds, check }, webhookUrl) {
    const { changes, messages } = business;
    const { raised, delivered, dropped, duplicated, reordered, failed, webApi } = stack.dataverse.stats();
    const healed = figures.paths.get('pull-sync')?.healed ?? 0;
    console.log(`\n${(0, display_1.figuresTable)(figures)}\n`);
    console.log(`${changes} changes in ${seconds.toFixed(1)} s: ${raised} events raised, ${delivered} posts delivered, ${dropped} dropped, ` +
        `${duplicated} duplicated, ${reordered} reordered, ${failed} failed. ${figures.total('ignored')} were of relationships ` +
        `that aren't kept. The pull healed ${healed} rows and links. Web API requests: ${webApi.requests}.\n`);
    console.log(`By message: ${(0, display_1.messagesLine)(messages)}.\n`);
    console.log((0, display_1.checkTable)(check));
    if (figures.problems.length > 0) {
        const shown = figures.problems.slice(0, 10);
        console.log(`\n${figures.problems.length} warnings and errors of the app; the first ${shown.length}:\n${shown.map((line) => `  ${line}`).join('\n')}`);
    }
    if (flags.report !== undefined) {
        const report = (0, report_1.reportOf)({ ...CALM, ...flags }, stack.dataverse.stats(), figures, business, seconds, check);
        (0, node_fs_1.writeFileSync)(flags.report, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (flags.exit !== true)
        console.log(`\n${(0, look_1.howToLook)(stack, webhookUrl, mapped)}`);
}
command.action(async (flags) => {
    try {
        process.exitCode = await main(flags);
    }
    catch (error) {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 2;
    }
});
void command.parseAsync();
//# sourceMappingURL=main.js.map