"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Transactions = void 0;
const dataverse_error_1 = require("./dataverse-error");
const unit_of_work_1 = require("./unit-of-work");
const value_1 = require("./value");
const NO_GUID = '00000000-0000-0000-0000-000000000000';
/**
 * Operations as transactions that run their steps: all of it or nothing. Writers of one row wait for each other;
 * readers see a row only as committed. `modifiedon` is taken when the operation begins and the row version when it
 * commits, so the one does not always follow the other, as in the platform.
 */
class Transactions {
    #d;
    #locks = new Map();
    constructor(dependencies) {
        this.#d = dependencies;
    }
    /** Waits for the rows, lets `make` say what to do, runs the steps and commits. */
    async run(rows, options, make) {
        // In one order for all, or two transactions could wait for each other.
        const keys = [...new Set(rows.map(({ table, id }) => (0, unit_of_work_1.rowKey)(table, id)))].toSorted();
        const releases = [];
        try {
            for (const key of keys)
                releases.push(await this.#lock(key));
            const work = new unit_of_work_1.UnitOfWork(this.#d.store, this.#d.now(), this.#user(options.user));
            const result = await make(work);
            const firings = this.#firings(work, options);
            await this.#runSync(firings.filter(({ step }) => step.mode === 'sync'));
            if (options.failAfterSync === true) {
                this.#d.counters.rolledBack += 1;
                throw new dataverse_error_1.DataverseError(400, '0x80040265', 'A later step of the operation failed; it was rolled back.');
            }
            const versions = new Map();
            for (const { table, id, columns } of work.writes) {
                const { logicalName } = table;
                const version = columns === undefined
                    ? this.#d.store.commitDelete(logicalName, id)
                    : this.#d.store.commit(logicalName, id, columns).version;
                versions.set(`${logicalName} ${id}`, version);
            }
            // System jobs are created with the commit: no asynchronous event tells of what was rolled back.
            for (const { event, step } of firings) {
                if (step.mode !== 'async')
                    continue;
                this.#d.counters.raised += 1;
                this.#d.createJob(event, step, versions.get(`${event.table} ${event.id}`));
            }
            return result;
        }
        finally {
            for (const release of releases)
                release();
        }
    }
    /** The steps that the work's events fire, in the order they run. */
    #firings(work, options) {
        const common = {
            user: work.user,
            initiatingUser: this.#user(options.initiatingUser ?? options.user),
            userAgent: options.userAgent ?? '',
            requestId: options.requestId ?? this.#d.random.guid(),
            correlationId: options.correlationId ?? this.#d.random.guid(),
            tag: options.tag,
            startedAt: work.startedAt,
        };
        const firings = work.events.flatMap((draft) => {
            const depth = (options.depth ?? 1) + (draft.nested === true ? 1 : 0);
            const event = { ...draft, ...common, depth };
            const steps = this.#d.steps.steps(event.message, event.table).filter((step) => fires(step, event));
            return steps.map((step) => ({ event, step }));
        });
        return firings.toSorted((a, b) => a.step.stage - b.step.stage);
    }
    async #runSync(firings) {
        for (const { event, step } of firings) {
            this.#d.counters.raised += 1;
            const result = await this.#d.postSync(event, step, this.#d.now());
            this.#d.counters.posts += result.attempts;
            if (result.kind === 'delivered') {
                this.#d.counters.delivered += 1;
                continue;
            }
            this.#d.counters.failed += 1;
            this.#d.counters.rolledBack += 1;
            throw new dataverse_error_1.DataverseError(400, '0x80040265', `Endpoint unavailable. ${result.reason}`);
        }
    }
    /** Resolves with the release when the row is free. */
    async #lock(key) {
        for (;;) {
            const held = this.#locks.get(key);
            if (held === undefined)
                break;
            await held;
        }
        const { promise, resolve } = withResolver();
        this.#locks.set(key, promise);
        return () => {
            this.#locks.delete(key);
            resolve();
        };
    }
    #user(id = this.#d.defaultUser) {
        const row = this.#d.store.table('systemuser').get(id);
        if (row === undefined)
            throw new dataverse_error_1.DataverseError(403, '0x80041d1f', `The user ${id} does not exist.`);
        const { fullname, azureactivedirectoryobjectid: objectId, businessunitid } = row.columns;
        return {
            id,
            name: typeof fullname === 'string' ? fullname : '',
            businessUnitId: (0, value_1.asReference)(businessunitid)?.id ?? NO_GUID,
            objectId: typeof objectId === 'string' ? objectId : NO_GUID,
        };
    }
}
exports.Transactions = Transactions;
/** Filtering columns count for Update only, and one of them in Target is enough, changed or not. */
const fires = (step, event) => step.filteringColumns === undefined || step.filteringColumns.some((column) => event.columns.includes(column));
function withResolver() {
    let resolve = () => undefined;
    const promise = new Promise((done) => {
        resolve = done;
    });
    return { promise, resolve };
}
//# sourceMappingURL=transactions.js.map