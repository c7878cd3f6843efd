"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Simulation = void 0;
const mapping_1 = require("../../shared/mapping/mapping");
const delayed_copies_1 = require("../../shared/receive/delayed-copies");
const memory_journal_1 = require("../writer/memory-journal");
const faults_1 = require("./faults");
const instance_1 = require("./instance");
const memory_parking_1 = require("./memory-parking");
const ports_1 = require("./ports");
const simulated_dataverse_1 = require("./simulated-dataverse");
const turns_1 = require("./turns");
/** Largest age of an event, and of what is repeated at the end: weeks. */
const WEEKS = 5 * 7 * 24 * 3600;
/** Nobody knows which rows it is about: the next pull brings what it did. */
const UNANSWERABLE = 'parameters-removed';
const keyOf = ({ table, id }) => `${table}/${id}`;
class Simulation {
    options;
    dataverse;
    store;
    #random;
    #turns;
    #faults;
    #leases = new ports_1.SimulatedLeases();
    #states = new ports_1.SimulatedStates();
    #journal = new memory_journal_1.MemoryJournal();
    #parking;
    #note;
    #variant;
    #mapping;
    #storeSkew = 0;
    #instances;
    /** What is pulled: relationships only where there were links. */
    #pulled;
    /** Events that may yet be delivered. */
    #about = [];
    #everTold = [];
    /** Deliveries under way: whoever takes them may die. */
    #underWay = new Set();
    /** Events that someone has said to be settled or kept. */
    #acknowledged = new Set();
    /** Rows of which a push was lost, or with a modifiedon that isn't the commit's: only the pull brings all of them. */
    #beyondPush = new Set();
    #delivered = new Set();
    #pullFailures = [];
    constructor(options, { seed, commands }) {
        this.options = options;
        this.#random = (0, turns_1.randomFrom)(seed);
        const note = (fault) => options.onFault?.(fault);
        this.#note = note;
        this.#turns = new turns_1.Turns(this.#random, note, options.slowShare ?? turns_1.SLOW_SHARE);
        this.#faults = new faults_1.Faults(this.#random, note);
        this.#variant = options.variant?.() ?? {};
        this.dataverse = new simulated_dataverse_1.SimulatedDataverse(this.#random, note);
        this.#parking = new memory_parking_1.MemoryParking(() => this.dataverse.clock * 1000);
        this.#mapping = options.mapping ?? mapping_1.DEFAULT_MAPPING;
        this.store = options.makeStore(() => (this.dataverse.clock + this.#storeSkew) * 1000);
        this.#instances = [this.#start(), this.#start()];
        this.#pulled = commands.some(({ kind }) => kind === 'associate') ? [...simulated_dataverse_1.TABLES, ...simulated_dataverse_1.LINKS] : simulated_dataverse_1.TABLES;
    }
    /** Clocks differ by a second or two. */
    #start() {
        const { dataverse, store } = this;
        const world = {
            rule: this.options.rule,
            variant: this.#variant,
            dataverse,
            store,
            states: this.#states,
            leases: this.#leases,
            journal: this.#journal,
            parking: this.#parking,
            mapping: this.#mapping,
            turns: this.#turns,
            faults: this.#faults,
            random: this.#random,
            onWritten: (row) => this.options.onWritten?.(row),
            onCopied: (copy) => this.#copied(copy),
        };
        return (0, instance_1.startInstance)(world, Math.floor(this.#random() * 3) - 1);
    }
    async run(commands) {
        for (const command of commands) {
            await this.#do(command);
            await this.#turns.pass(Math.floor(this.#random() * 4));
        }
        await this.#turns.untilQuiet();
        this.#faults.rate = 0;
    }
    async #do(command) {
        switch (command.kind) {
            case 'write': {
                const { row, names, back, push } = command;
                if (push === 'none' || back !== 0)
                    this.#beyondPush.add(keyOf(row));
                this.#tell(this.dataverse.write(row, names, back, push));
                return;
            }
            case 'delete': {
                const { row, late, push } = command;
                if (push === 'none')
                    this.#beyondPush.add(keyOf(row));
                this.#tell(this.dataverse.delete(row, late, push));
                return;
            }
            case 'merge': {
                const { row, into, push } = command;
                if (push === 'none' || push === 'truncated')
                    for (const id of [row.id, into])
                        this.#beyondPush.add(keyOf({ ...row, id }));
                this.#tell(this.dataverse.merge(row, into, push));
                return;
            }
            case 'associate':
            case 'disassociate': {
                this.#tell(this.dataverse.associate(command.kind, command.link, command.push));
                return;
            }
            case 'rollBack': {
                this.#tell(this.dataverse.rollBack(command.row));
                return;
            }
            case 'deliver': {
                const { which, count, to, keep } = command;
                this.#deliver(which, count, to, keep);
                return;
            }
            case 'repeat': {
                const told = this.#everTold[command.which % Math.max(1, this.#everTold.length)];
                if (told !== undefined)
                    this.#hand([told], command.to, true);
                return;
            }
            case 'drop': {
                const { which, count } = command;
                const taken = this.#take(which, count, false);
                // What the queue has accepted is never lost.
                this.#about.push(...taken.filter(({ properties }) => properties !== undefined));
                this.#drop(taken.filter(({ properties }) => properties === undefined));
                return;
            }
            case 'pull': {
                this.#pull(command.table, command.by);
                return;
            }
            case 'purge': {
                this.#purge(command.table, command.by);
                return;
            }
            case 'replay': {
                if (command.operator)
                    await this.#release();
                this.#replay(command.by);
                return;
            }
            case 'tick':
                this.dataverse.clock += command.seconds;
                return;
            case 'setClock': {
                if (command.seconds !== 0)
                    this.#note('F37');
                if (command.seconds < this.#skewOf(command.of))
                    this.#note('F38');
                if (command.of === 2)
                    this.#storeSkew = command.seconds;
                else
                    this.#instances[command.of].skew = command.seconds;
                return;
            }
            case 'step':
                await this.#turns.pass(command.count);
                return;
            case 'loseLease': {
                const name = `pull-${command.table}`;
                if (this.#leases.isHeld(name))
                    this.#note('F34');
                this.#leases.lose(name);
                return;
            }
            case 'expireTokens': {
                this.dataverse.expireTokens();
                return;
            }
            case 'crash': {
                this.#crash(command.which);
                return;
            }
            case 'weather':
                this.#faults.rate = command.faults;
                return;
            case 'remap': {
                this.#note('F39');
                this.#mapping = this.options.remapped ?? this.#mapping;
                this.#states.forgetLinks();
                for (const table of simulated_dataverse_1.TABLES)
                    for (const id of (0, simulated_dataverse_1.idsOf)(table))
                        this.#beyondPush.add(keyOf({ table, id }));
                for (const which of [0, 1])
                    this.#crash(which);
                return;
            }
            default:
                return command;
        }
    }
    #tell(told) {
        if (told === undefined)
            return;
        this.#about.push(told);
        this.#everTold.push(told);
    }
    #take(which, count, keep) {
        const at = this.#about.length === 0 ? 0 : which % this.#about.length;
        return keep ? this.#about.slice(at, at + count) : this.#about.splice(at, count);
    }
    #drop(lost) {
        for (const told of lost) {
            if (this.#acknowledged.has(told))
                continue;
            this.#note('F3');
            for (const row of told.rows)
                this.#beyondPush.add(keyOf(row));
        }
    }
    #deliver(which, count, to, keep) {
        this.#hand(this.#take(which, count, keep), to, keep);
    }
    /** Hands deliveries to an instance; it must take them, or they stay with their sender. */
    #hand(told, to, keep) {
        if (told.length === 0)
            return;
        this.#noteOrder(told);
        const delivery = { by: this.#instances[to], told: keep ? [] : told };
        this.#underWay.add(delivery);
        const outcome = (outcomes) => {
            this.#underWay.delete(delivery);
            told.forEach((of, index) => {
                const kind = outcomes[index]?.kind;
                if (kind === 'settled' || kind === 'parked')
                    this.#acknowledged.add(of);
                // The copy stands for it; that the original was completed, nobody can know.
                else if (kind === 'delayed')
                    this.#comesAgain(delivery.told);
                else if (kind !== 'held')
                    this.#drop([of]);
            });
            if (!outcomes.some(({ kind }) => kind === 'held'))
                return;
            this.#note('F43');
            this.#about.push(...delivery.told);
        };
        const { receiver } = delivery.by;
        const onRetry = this.#onRetry(told, delivery.by);
        receiver
            .receive(told.map((of) => of.delivery), onRetry)
            .then(outcome, () => {
            this.#note('F8');
            this.#underWay.delete(delivery);
            this.#about.push(...delivery.told);
        });
    }
    /** Batches come from a hub; single events from the queue, as copies always do, or from a webhook. */
    #onRetry(told, by) {
        const [only, other] = told;
        if (only === undefined || other !== undefined)
            return { kind: 'hold' };
        return only.properties !== undefined || this.#random() < 0.75 ? by.copying(only) : { kind: 'park' };
    }
    /** A copy is in the queue. One that doesn't say of what would be lost. */
    #copied({ applicationProperties: properties = {} }) {
        const original = this.#everTold.find(({ number }) => String(number) === properties[delayed_copies_1.COPY_PROPERTIES.messageId]);
        if (original !== undefined)
            this.#about.push({ ...original, properties: properties });
    }
    #comesAgain(originals) {
        if (originals.length === 0 || !this.#faults.happens())
            return;
        this.#note('F42');
        this.#about.push(...originals);
    }
    #noteOrder(told) {
        if (told.length > 1)
            this.#note('F6');
        for (const of of told) {
            if (this.#delivered.has(of))
                this.#note('F1');
            if (this.#about.some((other) => other.number < of.number))
                this.#note('F2');
            if (this.dataverse.clock - of.at >= WEEKS)
                this.#note('F4');
            this.#delivered.add(of);
        }
    }
    #skewOf(of) {
        return of === 2 ? this.#storeSkew : this.#instances[of].skew;
    }
    #pull(table, by) {
        const run = this.#instances[by].pull.run(table);
        run.then(({ unfinished }) => unfinished && this.#note('F35'), (error) => this.#pullFailures.push(error));
    }
    #purge(table, by) {
        this.#instances[by].purge(table).catch(() => undefined);
    }
    #replay(by) {
        this.#instances[by].replay().catch(() => undefined);
    }
    /** An operator lets everything parked be tried again now. */
    async #release() {
        const now = (this.dataverse.clock - WEEKS) * 1000;
        for (const item of this.#parking.items.values())
            await this.#parking.postpone(item, item.cause, now);
    }
    /** Whatever it was doing never goes on; its leases end. What it had not acknowledged comes again. */
    #crash(which) {
        const dead = this.#instances[which];
        this.#note('F33');
        dead.alive = false;
        for (const table of this.#pulled)
            this.#leases.lose(`pull-${table}`);
        this.#instances[which] = this.#start();
        this.#turns.bury();
        for (const delivery of this.#underWay) {
            if (delivery.by !== dead)
                continue;
            this.#about.push(...delivery.told);
            this.#underWay.delete(delivery);
        }
    }
    /** One complete pull of everything by an instance, and of what it parked. */
    async pullAll(by) {
        this.#pullFailures = [];
        for (const table of this.#pulled) {
            // A run that was begun before the last change, and what is left of it, promises nothing of that change.
            while ((await this.#states.read(table)).unfinished !== undefined)
                await this.#pullOnce(table, by);
            await this.#pullOnce(table, by);
            while ((await this.#states.read(table)).unfinished !== undefined)
                await this.#pullOnce(table, by);
        }
        await this.settleParked(by);
    }
    async #pullOnce(table, by) {
        this.#pull(table, by);
        await this.#turns.untilQuiet();
        if (this.#pullFailures.length > 0)
            throw new Error('the last pull failed', { cause: this.#pullFailures[0] });
    }
    /** Everything parked is tried again until it is settled. */
    async settleParked(by) {
        for (let round = 0; round < 30; round += 1) {
            if ([...this.#parking.items.values()].every(({ cause }) => cause.code === UNANSWERABLE))
                return;
            await this.#release();
            this.#replay(by);
            await this.#turns.untilQuiet();
            this.dataverse.clock += 10;
        }
        throw new Error('something parked is never settled', { cause: [...this.#parking.items.values()] });
    }
    /** Everything that is still about arrives, late, once more. */
    async deliverTheRest() {
        for (let deliveries = 0; this.#about.length > 0; deliveries += 1) {
            this.#deliver(Math.floor(this.#random() * 1000), 1, this.#random() < 0.5 ? 0 : 1, false);
            await this.#turns.pass(2);
            if (deliveries > 500)
                throw new Error('events keep failing');
        }
        await this.#turns.untilQuiet();
    }
    /** Weeks later some of what was ever told is delivered once more. */
    async repeatAfterWeeks() {
        this.dataverse.clock += WEEKS;
        for (const told of this.#everTold) {
            if (this.#random() < 0.5)
                continue;
            this.#hand([told], this.#random() < 0.5 ? 0 : 1, true);
            await this.#turns.pass(2);
        }
        await this.#turns.untilQuiet();
    }
    /** Everything that may be purged goes. */
    async purgeAll(by) {
        for (const table of this.#pulled) {
            this.#purge(table, by);
            await this.#turns.untilQuiet();
        }
    }
    /** What readers are to see of a row of Dataverse. */
    #viewOf(row) {
        const mapping = this.#mapping.tableOf(row.table);
        const columns = this.dataverse.columnsOf(row);
        return columns !== undefined && mapping.shows(row, columns, 'all') ? mapping.map(row, columns) : undefined;
    }
    /** Rows that differ between Dataverse and the store: none, if they converged. */
    differences() {
        return this.#pulled.flatMap((table) => (0, simulated_dataverse_1.idsOf)(table).flatMap((id) => this.#differenceOf({ table, id })));
    }
    /** Those of which every change was pushed, arrived and was acknowledged: no pull is needed for them. */
    differencesOfPushed() {
        const rows = simulated_dataverse_1.TABLES.flatMap((table) => (0, simulated_dataverse_1.idsOf)(table).map((id) => ({ table, id })));
        return rows.filter((row) => !this.#beyondPush.has(keyOf(row))).flatMap((row) => this.#differenceOf(row));
    }
    #differenceOf(row) {
        const there = shown(this.#viewOf(row));
        const here = shown(this.store.columnsOf(row));
        return there === here ? [] : [`${row.table} ${row.id.slice(0, 8)}: Dataverse ${there}, store ${here}`];
    }
}
exports.Simulation = Simulation;
/** Columns as text, in order, without empty ones. */
function shown(of) {
    if (of === undefined)
        return 'nothing';
    const plain = [...of].flatMap(([name, value]) => {
        if (value?.kind === 'integer')
            return [`${name}=${value.value}`];
        return value?.kind === 'instant' ? [`${name}=${value.epochMs / 1000}`] : [];
    });
    return `(${plain.sort().join(' ')})`;
}
//# sourceMappingURL=simulation.js.map