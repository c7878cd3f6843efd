"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Receiver = exports.TableNotSynced = void 0;
const store_unavailable_1 = require("../azure/store-unavailable");
const read_context_1 = require("../context/read-context");
const to_changes_1 = require("../context/to-changes");
const to_message_event_1 = require("../context/to-message-event");
const errors_1 = require("../errors");
const conform_1 = require("../mapping/conform");
const parking_1 = require("../parking/parking");
/** Thrown when an event is of a table that this deployment doesn't keep in step. */
class TableNotSynced extends errors_1.OutboundError {
    code = 'table-not-synced';
    disposition = 'park';
    constructor(table) {
        super(`Table ${table} isn't in SYNC_TABLES. Add it there and replay the parked event, or remove the step that sends it.`);
    }
}
exports.TableNotSynced = TableNotSynced;
/** The cause of parking an event of a synchronous step: it counts only once a read has shown what became of it. */
const UNCONFIRMED = {
    code: 'unconfirmed',
    message: 'The event comes from a synchronous step, whose transaction may still roll back. The row is read a little later.',
};
/** The cause of parking an event of a synchronous step that is no change of rows: no read can tell what became of it. */
const UNCONFIRMABLE = {
    code: 'unconfirmable',
    message: 'The event comes from a synchronous step, whose transaction may have been rolled back, and there is no row that would show it. ' +
        'Register the step as asynchronous, or set "synchronous: store" for this message in the mapping file.',
};
/** What can be not configured, by the code of the error that says so. */
const UNMAPPED = new Map([
    ['table-not-synced', 'tables'],
    ['relationship-not-synced', 'relationships'],
    ['message-unsupported', 'messages'],
]);
/**
 * Takes deliveries from any trigger to their outcome: parse, conform to the table's metadata, settle through the writer,
 * have its source bring again, or park, what can't be settled. Rejects only if parking fails, and then the sender still has
 * the delivery.
 */
class Receiver {
    parts;
    options;
    #tables;
    #now;
    constructor(parts, options) {
        this.parts = parts;
        this.options = options;
        this.#tables = new Set(options.tables);
        this.#now = options.now ?? Date.now;
    }
    /** Handles deliveries that arrived together: their changes are settled together, each on its own merits. */
    async receive(deliveries, onRetry = { kind: 'park' }) {
        const plans = await Promise.all(deliveries.map((delivery) => this.#plan(delivery)));
        const [settlements, stored] = await Promise.all([
            this.parts.writer.settle(plans.flatMap((plan) => (plan.kind === 'settle' && !isHint(plan) ? plan.changes : []))),
            this.parts.events.append(plans.flatMap((plan) => (plan.kind === 'store' && !this.#isUnconfirmable(plan) ? plan.stored : []))),
        ]);
        const nextSettlement = settlements.values();
        const nextStored = stored.values();
        return Promise.all(deliveries.map((delivery, index) => {
            const plan = plans[index];
            if (plan?.kind === 'settle') {
                if (isHint(plan))
                    return this.#park(delivery, UNCONFIRMED, onRetry, this.options.hintDelayMs);
                return this.#settled(delivery, onRetry, plan.changes.flatMap(() => nextSettlement.next().value ?? []));
            }
            if (plan?.kind === 'store') {
                if (this.#isUnconfirmable(plan))
                    return this.#park(delivery, UNCONFIRMABLE, onRetry);
                return this.#stored(delivery, onRetry, plan.stored, nextStored.next().value);
            }
            return this.#putAside(delivery, onRetry, plan?.error);
        }));
    }
    /**
     * Settles a parked delivery as if it arrived now; hints are confirmed by reading. Nothing is parked again here.
     *
     * @returns why it still can't be settled; undefined once it is
     */
    async replay(delivery) {
        const plan = await this.#plan(delivery);
        if (plan.kind === 'putAside')
            return plan.error;
        const outcomes = plan.kind === 'settle'
            ? await this.parts.writer.settle(plan.changes)
            : await this.parts.events.append([plan.stored]);
        return outcomes.find((outcome) => outcome.kind === 'failed')?.error;
    }
    async #plan({ source, body, contentType, truncated }) {
        try {
            const context = (0, read_context_1.readContext)(body, {
                maxBytes: parking_1.MAX_PARKED_BYTES,
                ...(contentType === undefined ? {} : { contentType }),
            });
            await this.parts.organization.check(context.organizationId);
            const delivery = {
                source,
                body,
                ...(truncated === undefined ? {} : { truncated }),
                ...(this.options.fullImageAlias === undefined ? {} : { fullImageAlias: this.options.fullImageAlias }),
            };
            const rule = this.parts.mapping.events.get(context.message);
            if (rule !== undefined) {
                const event = (0, to_message_event_1.messageEventOf)(context, delivery);
                return { kind: 'store', stored: { rule, event: { ...event, columns: rule.mapColumns(event.columns) } } };
            }
            const changes = await Promise.all((0, to_changes_1.changesOf)(context, delivery).map((change) => this.#conform(change)));
            return { kind: 'settle', changes: changes.flat() };
        }
        catch (error) {
            return { kind: 'putAside', error };
        }
    }
    async #conform(change) {
        if ('relationship' in change)
            return this.parts.associations.changesOf(change);
        const { table } = change.row;
        if (!this.#tables.has(table))
            throw new TableNotSynced(table);
        const { catalog } = this.parts;
        if (change.kind === 'delete' || catalog === undefined)
            return [(0, conform_1.conformChange)(change, undefined)];
        const definition = await catalog.get(table);
        const isOld = [...change.columns.keys()].some((column) => !definition.columns.has(column));
        return [(0, conform_1.conformChange)(change, isOld ? await catalog.refresh(table) : definition)];
    }
    #isUnconfirmable({ stored: { event, rule } }) {
        return !event.committed && rule.synchronous === 'park';
    }
    async #settled(delivery, onRetry, settlements) {
        const failed = settlements.find((settlement) => settlement.kind === 'failed');
        if (failed !== undefined)
            return this.#putAside(delivery, onRetry, failed.error);
        const changes = settlements.flatMap((settlement) => settlement.kind === 'settled' ? [{ ...settlement.change.row, verdict: settlement.verdict }] : []);
        return { kind: 'settled', changes, lagMs: this.#lagSince(settlements[0]?.change.origin.occurredAtMs) };
    }
    async #stored(delivery, onRetry, { event, rule }, outcome) {
        if (outcome === undefined || outcome.kind === 'failed')
            return this.#putAside(delivery, onRetry, outcome?.error);
        const change = { table: rule.target, id: event.key, verdict: outcome.kind };
        return { kind: 'settled', changes: [change], lagMs: this.#lagSince(event.occurredAtMs) };
    }
    #lagSince(occurredAtMs) {
        return occurredAtMs === undefined ? undefined : Math.max(0, this.#now() - occurredAtMs);
    }
    /** The one place that says what becomes of a delivery that could not be settled. */
    async #putAside(delivery, onRetry, error) {
        const cause = { code: (0, errors_1.codeOf)(error), message: (0, errors_1.messageOf)(error) };
        const unmapped = UNMAPPED.get(cause.code);
        const policy = unmapped === undefined ? 'park' : this.parts.mapping.unmapped[unmapped];
        if (policy === 'ignore')
            return { kind: 'ignored', cause };
        const disposition = (0, errors_1.dispositionOf)(error);
        if (disposition === 'reject' || policy === 'refuse')
            return { kind: 'rejected', cause };
        if (disposition === 'park')
            return this.#park(delivery, cause, onRetry);
        if (onRetry.kind === 'hold' && error instanceof store_unavailable_1.StoreUnavailable)
            return { kind: 'held', cause };
        return ((await delayed(delivery, cause, onRetry, false)) ??
            this.#park(delivery, cause, onRetry, this.options.retryDelayMs ?? 15_000));
    }
    /** @param delayMs when to try again by itself; absent: never */
    async #park(delivery, cause, onRetry, delayMs) {
        try {
            const dueAtMs = delayMs === undefined ? undefined : this.#now() + delayMs;
            await this.parts.parking.parkDelivery(delivery, cause, dueAtMs);
        }
        catch (error) {
            // Attempts don't count while nothing can be parked because its account is away: that passes, and says nothing of the event.
            const copied = await delayed(delivery, cause, onRetry, error instanceof store_unavailable_1.StoreUnavailable);
            if (copied === undefined)
                throw error;
            return copied;
        }
        return { kind: 'parked', cause, disposition: delayMs === undefined ? 'park' : 'retry' };
    }
}
exports.Receiver = Receiver;
/** Undefined where the source has no copy to give. */
async function delayed(delivery, cause, onRetry, whatever) {
    if (onRetry.kind !== 'copy')
        return undefined;
    try {
        const copy = await onRetry.copy(cause, whatever, delivery);
        return copy && { kind: 'delayed', cause, ...copy };
    }
    catch {
        // Whoever sends copies says why none is accepted; the delivery is parked with its own cause.
        return undefined;
    }
}
const isHint = ({ changes }) => changes.some(({ evidence }) => evidence.kind === 'hint');
//# sourceMappingURL=receiver.js.map