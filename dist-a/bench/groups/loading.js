"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.group = void 0;
const node_child_process_1 = require("node:child_process");
const node_fs_1 = require("node:fs");
const node_path_1 = __importDefault(require("node:path"));
const node_util_1 = require("node:util");
const compare_1 = require("../measure/compare");
const figure_1 = require("../measure/figure");
/** The built app. */
const FUNCTIONS = node_path_1.default.resolve('dist/functions');
/** In all: over the floor, with all functions in one process. */
const MOST_MS = 150;
const run = (0, node_util_1.promisify)(node_child_process_1.execFile);
/** Loads modules one after the other; the process's own start isn't counted. */
const SCRIPT = `
  const begun = performance.now();
  for (const file of process.argv.slice(1)) require(file);
  const milliseconds = performance.now() - begun;
  const megabytes = process.memoryUsage().rss / 1024 / 1024;
  const files = Object.keys(require.cache);
  const clients = ['data-tables', 'identity', 'storage-blob'].filter((name) => files.some((file) => file.includes('/@azure/' + name + '/')));
  process.stdout.write('LOADED ' + JSON.stringify({ milliseconds, megabytes, modules: files.length, clients }));
`;
/** All that the functions need to be registered; nothing is called. */
const SETTINGS = {
    SYNC_TABLES: 'account',
    LOB_STORAGE: 'UseDevelopmentStorage=true',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    WEBHOOK_KEYS: 'a-key-of-the-benchmarks',
    DATAVERSE_URL: 'https://bench.crm.dynamics.com',
    AZURE_TENANT_ID: 'bench',
    AZURE_CLIENT_ID: 'bench',
    AZURE_CLIENT_SECRET: 'bench',
};
async function load(files) {
    const { stdout } = await run(process.execPath, ['-e', SCRIPT, ...files], { env: { ...process.env, ...SETTINGS } });
    return JSON.parse(/LOADED (.+)$/.exec(stdout)?.[1] ?? '');
}
exports.group = {
    about: "loading the app's functions, each in a process of its own, over `import '@azure/functions'` alone",
    async run({ quick, rounds }, tell) {
        const names = (0, node_fs_1.readdirSync)(FUNCTIONS)
            .filter((file) => file.endsWith('.js'))
            .map((file) => node_path_1.default.basename(file, '.js'));
        const fileOf = (name) => node_path_1.default.join(FUNCTIONS, `${name}.js`);
        const floor = 'node_modules/@azure/functions';
        const candidates = new Map([
            [floor, [require.resolve('@azure/functions')]],
            ...(quick ? [] : names.map((name) => [name, [fileOf(name)]])),
            ['all functions', names.map(fileOf)],
        ]);
        const loaded = new Map();
        for (let round = -1; round < rounds; round += 1) {
            for (const [name, files] of candidates) {
                const one = await load(files);
                // The first round brings the files into the system's cache.
                if (round >= 0)
                    loaded.set(name, [...(loaded.get(name) ?? []), one]);
            }
        }
        const floors = loaded.get(floor) ?? [];
        for (const [name, list] of loaded) {
            if (name === floor)
                continue;
            const over = (of) => list.map((one, round) => one[of] - (floors[round]?.[of] ?? Number.NaN));
            const text = (of) => (0, compare_1.duration)((0, figure_1.median)(of.map(({ milliseconds }) => milliseconds)));
            const time = {
                work: `loading, not bundled: ${name}`,
                measure: 'time over the floor',
                ...(0, figure_1.summary)(over('milliseconds')),
                unit: 'ms',
                own: text(list),
                against: `${text(floors)} @azure/functions`,
                ...(name === 'all functions' ? { aim: { most: MOST_MS }, why: WHY } : {}),
            };
            const modules = {
                work: `loading, not bundled: ${name}`,
                measure: `modules over the floor (${list[0]?.clients.join(', ') ?? ''})`,
                ...(0, figure_1.summary)(over('modules')),
                unit: 'modules',
                own: `${(0, compare_1.digits)((0, figure_1.median)(list.map((one) => one.megabytes)))} MiB RSS`,
                against: `${(0, compare_1.digits)((0, figure_1.median)(floors.map((one) => one.megabytes)))} MiB RSS`,
            };
            tell([time, modules]);
        }
    },
};
const WHY = 'Each function loads all three clients of the Azure SDK, each from many files, whether or not it uses them; nothing is bundled.';
//# sourceMappingURL=loading.js.map