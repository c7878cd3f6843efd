"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) {
    return (mod && mod.__esModule) ? mod : { "default": mod };
};
Object.defineProperty(exports, "__esModule", { value: true });
exports.TableEventStore = exports.EventTooLarge = void 0;
exports.eventKeys = eventKeys;
const p_limit_1 = __importDefault(require("p-limit"));
const tables_1 = require("../../azure/tables");
const errors_1 = require("../../errors");
const layout_1 = require("./layout");
/** Requests to the store under way at once from one call. */
const CONCURRENCY = 16;
/** Properties that every event has, and bytes for them: ample. */
const OWN = { count: 12, bytes: 4096 };
/** Thrown when an event doesn't fit one entity, or Azure Tables refuses it as it stands. It is parked. */
class EventTooLarge extends errors_1.OutboundError {
    code = 'event-too-large';
    disposition = 'park';
    constructor({ message, key }, reason, options) {
        super(`Event ${key} of message ${message} doesn't fit one entity of Azure Tables: ${reason}. It was not stored; leave parameters out in the mapping file (events) and replay it.`, options);
    }
}
exports.EventTooLarge = EventTooLarge;
/**
 * Event tables in Azure Tables: one entity for each event, by day and then by time, so that readers take what is new with
 * one range query, and old days can be deleted by partition. docs/store.md shows the properties.
 */
class TableEventStore {
    clientOf;
    prefix;
    constructor(clientOf, prefix) {
        this.clientOf = clientOf;
        this.prefix = prefix;
    }
    async append(events) {
        const limit = (0, p_limit_1.default)(CONCURRENCY);
        return Promise.all(events.map((event) => limit(() => this.#append(event))));
    }
    async #append({ event, rule }) {
        try {
            const properties = (0, layout_1.encodeColumns)(event.columns);
            const prints = new Map([...properties].map(([name, property]) => [name, (0, layout_1.fingerprint)(property)]));
            const misfit = (0, layout_1.misfitOf)(prints, OWN);
            if (misfit !== undefined)
                throw new EventTooLarge(event, misfit);
            const client = this.clientOf((0, layout_1.azureTableName)(this.prefix, rule.target));
            await (0, tables_1.withTable)(client, () => client.createEntity(entityOf(event, properties)));
            return { kind: 'stored' };
        }
        catch (error) {
            // A table that is being deleted answers 409 as well.
            if ((0, tables_1.serviceCodeOf)(error) === 'EntityAlreadyExists')
                return { kind: 'duplicate' };
            const status = (0, tables_1.statusOf)(error);
            if (status !== 400 && status !== 413)
                return { kind: 'failed', error };
            return { kind: 'failed', error: new EventTooLarge(event, (0, tables_1.serviceCodeOf)(error) ?? 'no code', { cause: error }) };
        }
    }
}
exports.TableEventStore = TableEventStore;
/** PartitionKey and RowKey of an event: both are made of its body alone, so every delivery has the same. */
function eventKeys({ occurredAtMs, key }) {
    const time = new Date(occurredAtMs).toISOString();
    return { partitionKey: time.slice(0, 10), rowKey: `${time}_${key}` };
}
/** What is told of every event begins with a capital letter, so that it can't meet a parameter's own name. */
function entityOf(event, properties) {
    const { origin, row } = event;
    const entity = { ...eventKeys(event) };
    for (const [name, property] of properties)
        entity[name] = property;
    const facts = {
        Message: event.message,
        OccurredAt: new Date(event.occurredAtMs),
        Table: row?.table,
        RowId: row?.id,
        Committed: event.committed,
        Truncated: event.truncated,
        Source: origin.source,
        CorrelationId: origin.correlationId,
        OperationId: origin.operationId,
        UserId: origin.userId,
        InitiatingUserId: origin.initiatingUserId,
        Depth: origin.depth,
    };
    for (const [name, fact] of Object.entries(facts))
        if (fact !== undefined)
            entity[name] = fact;
    return entity;
}
//# sourceMappingURL=table-event-store.js.map