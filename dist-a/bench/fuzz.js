"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
/**
 * Changes the fixtures by chance, in their bytes and in their structure, and reads them in all three formats. Whatever
 * comes out, the reader may only read it or refuse it with an error of ours, in time, and leave every prototype alone.
 * A body that fails is kept in test/fixtures/regressions, where a test reads it from then on.
 *
 * Run: npm run fuzz -- --seconds 600 [--seed 1]
 */
const node_crypto_1 = require("node:crypto");
const node_fs_1 = require("node:fs");
const node_path_1 = __importDefault(require("node:path"));
const node_util_1 = require("node:util");
const format_1 = require("../shared/context/format");
const errors_1 = require("../shared/errors");
const check_1 = require("./fuzz/check");
const mutate_1 = require("./fuzz/mutate");
const random_1 = require("./fuzz/random");
const FIXTURES = node_path_1.default.resolve('test/fixtures');
const REGRESSIONS = node_path_1.default.join(FIXTURES, 'regressions');
const EXTENSIONS = { json: 'json', xml: 'xml', binary: 'msbin1' };
const formatOf = (file) => file.endsWith('.expected.json')
    ? undefined
    : format_1.CONTEXT_FORMATS.find((format) => file.endsWith(`.${EXTENSIONS[format]}`));
const { values } = (0, node_util_1.parseArgs)({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
const seconds = Number(values.seconds ?? '60');
const firstSeed = Number(values.seed ?? String(Date.now() % 1_000_000_007));
const corpus = (0, node_fs_1.readdirSync)(FIXTURES).flatMap((file) => {
    const format = formatOf(file);
    return format === undefined ? [] : [(0, mutate_1.seedOf)(format, (0, node_fs_1.readFileSync)(node_path_1.default.join(FIXTURES, file)))];
});
const endings = new Map();
const slowest = { msPer256Kb: 0, bytes: 0 };
let bodies = 0;
let bytes = 0;
let failures = 0;
function keep(body, format, seed, reason) {
    failures++;
    const hash = (0, node_crypto_1.createHash)('sha256').update(body).digest('hex').slice(0, 12);
    (0, node_fs_1.mkdirSync)(REGRESSIONS, { recursive: true });
    (0, node_fs_1.writeFileSync)(node_path_1.default.join(REGRESSIONS, `${hash}.${EXTENSIONS[format]}`), body);
    console.error(`seed ${seed}: ${hash}.${EXTENSIONS[format]}: ${reason}`);
}
const end = Date.now() + seconds * 1000;
for (let seed = firstSeed; Date.now() < end; seed++) {
    const random = new random_1.Random(seed);
    const one = random.oneOf(corpus);
    const other = random.oneOf(corpus);
    if (one === undefined || other === undefined)
        throw new Error(`no fixtures in ${FIXTURES}`);
    const body = (0, mutate_1.mutated)(one, other, random);
    // Mostly as what it was; sometimes as what it looks like, or as something else.
    const format = random.happens(0.8) ? one.format : random.oneOf([...format_1.CONTEXT_FORMATS, undefined]);
    bodies++;
    bytes += body.length;
    try {
        const { ending, ms } = (0, check_1.checkBody)(body, format);
        const key = `${one.format.padEnd(7)}${ending}`;
        endings.set(key, (endings.get(key) ?? 0) + 1);
        const share = (taken) => (taken * 262_144) / Math.max(262_144, body.length);
        // What looks slowest is measured once more, for another process may have been in the way.
        if (share(ms) > slowest.msPer256Kb) {
            const again = share(Math.min(ms, (0, check_1.checkBody)(body, format).ms));
            if (again > slowest.msPer256Kb)
                Object.assign(slowest, { msPer256Kb: again, bytes: body.length });
        }
    }
    catch (error) {
        keep(body, one.format, seed, (0, errors_1.messageOf)(error));
        if (failures >= 20)
            break;
    }
}
console.log(`${bodies} bodies, ${(bytes / 1e6).toFixed(0)} MB, from seed ${firstSeed}: ${failures} failures`);
console.log(`slowest: ${slowest.msPer256Kb.toFixed(1)} ms per 256 KB (a body of ${slowest.bytes} bytes)`);
for (const [key, count] of [...endings].sort(([a], [b]) => a.localeCompare(b)))
    console.log(`${key.padEnd(30)}${count}`);
process.exitCode = failures === 0 ? 0 : 1;
//# sourceMappingURL=fuzz.js.map