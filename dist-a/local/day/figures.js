"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Figures = exports.PATHS = void 0;
exports.percentile = percentile;
/** The ways by which changes reach the store: the names of the app's functions. */
exports.PATHS = [
    'webhook',
    'service-bus-queue',
    'service-bus-topic',
    'event-hub',
    'pull-sync',
    'replay-parked',
];
/** Verdicts that changed the store. */
const APPLYING = new Set(['applied', 'merged', 'replaced', 'deleted', 'adopted', 'touched']);
/** Counts what the app says of itself in its log; it is asked nothing else. */
class Figures {
    paths = new Map(exports.PATHS.map((path) => [path, emptyFigures()]));
    /** Records that say something went wrong, for showing. */
    problems = [];
    /** What the pull healed, by table or relationship. */
    healedOf = new Map();
    #pullListeners = new Set();
    /** Takes one record of the host's output. */
    take({ level, message }) {
        const [event, json] = splitOnce(message);
        const fields = parse(json);
        if (fields === undefined) {
            if (level === 'error' || level === 'critical')
                this.problems.push(message);
            return;
        }
        switch (event) {
            case 'settled':
                this.#settled(fields);
                break;
            case 'parked':
            case 'rejected':
                this.#count(String(fields.source), event);
                if (fields.code !== 'unconfirmed')
                    this.problems.push(message);
                break;
            case 'ignored':
                this.#ignored(fields);
                break;
            case 'pulled':
                this.#pulled(fields);
                break;
            case 'replayed':
                this.#of('replay-parked').received += number(fields.settled);
                this.#of('replay-parked').readBack += number(fields.settled);
                break;
            case 'pullFailed':
                this.problems.push(message);
                for (const tell of this.#pullListeners)
                    tell({ table: String(fields.table), mode: 'failed', resumed: false, failed: true, begunAt: 0 });
                break;
            default:
                if (level === 'error' || level === 'critical')
                    this.problems.push(message);
        }
    }
    /** Calls back for every pull run that ends; the function returned ends that. */
    onPull(listener) {
        this.#pullListeners.add(listener);
        return () => this.#pullListeners.delete(listener);
    }
    /** The sum of a figure over all ways. */
    total(of) {
        return [...this.paths.values()].reduce((sum, figures) => sum + figures[of], 0);
    }
    /** Deliveries that the app has answered for, on all pushed ways. */
    get pushesHandled() {
        return exports.PATHS.filter((path) => path !== 'pull-sync' && path !== 'replay-parked').reduce((sum, path) => {
            const { received, rejected } = this.#of(path);
            return sum + received + rejected;
        }, 0);
    }
    #of(path) {
        const figures = this.paths.get(path);
        if (figures === undefined)
            throw new Error(`No such path: ${path}`);
        return figures;
    }
    #count(source, what) {
        const figures = this.paths.get(source);
        if (figures === undefined)
            return;
        figures[what] += 1;
        if (what === 'parked')
            figures.received += 1;
    }
    #ignored(fields) {
        const figures = this.paths.get(fields.source);
        if (figures === undefined)
            return;
        const count = Object.values((fields.codes ?? {})).reduce((sum, each) => sum + each, 0);
        figures.received += count;
        figures.ignored += count;
    }
    #settled(fields) {
        const figures = this.paths.get(fields.source);
        if (figures === undefined)
            return;
        figures.received += number(fields.received);
        addVerdicts(figures, fields.verdicts);
        if (Array.isArray(fields.lagMs))
            figures.lagMs.push(...fields.lagMs.map(Number));
    }
    #pulled(fields) {
        const figures = this.#of('pull-sync');
        figures.received += number(fields.rows) + number(fields.deletes);
        figures.healed += number(fields.healed);
        const table = String(fields.table);
        this.healedOf.set(table, (this.healedOf.get(table) ?? 0) + number(fields.healed));
        figures.parked += number(fields.parked);
        addVerdicts(figures, fields.verdicts);
        for (const tell of this.#pullListeners)
            tell({
                table,
                mode: String(fields.mode),
                resumed: fields.resumed === true,
                failed: false,
                begunAt: Date.now() - number(fields.milliseconds),
            });
    }
}
exports.Figures = Figures;
const emptyFigures = () => ({
    received: 0,
    applied: 0,
    events: 0,
    duplicate: 0,
    stale: 0,
    contained: 0,
    readBack: 0,
    parked: 0,
    rejected: 0,
    ignored: 0,
    healed: 0,
    verdicts: {},
    lagMs: [],
});
function addVerdicts(figures, verdicts) {
    for (const [verdict, count] of Object.entries((verdicts ?? {}))) {
        figures.verdicts[verdict] = (figures.verdicts[verdict] ?? 0) + count;
        if (APPLYING.has(verdict))
            figures.applied += count;
        else if (verdict === 'stored')
            figures.events += count;
        else if (verdict === 'duplicate' || verdict === 'stale' || verdict === 'contained' || verdict === 'readBack')
            figures[verdict] += count;
    }
}
/** The value below which a share of the numbers lies; undefined without numbers. */
function percentile(numbers, share) {
    const sorted = numbers.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
function splitOnce(message) {
    const blank = message.indexOf(' ');
    return blank < 0 ? [message, ''] : [message.slice(0, blank), message.slice(blank + 1)];
}
function parse(json) {
    if (json?.startsWith('{') !== true)
        return undefined;
    try {
        return JSON.parse(json);
    }
    catch {
        return undefined;
    }
}
const number = (value) => (typeof value === 'number' ? value : 0);
//# sourceMappingURL=figures.js.map