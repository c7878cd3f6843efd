"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.PushedEvent = exports.isOf = exports.idIn = exports.MODIFIED_ON_MARGIN_S = void 0;
exports.modifiedOnOf = modifiedOnOf;
exports.rowIdOf = rowIdOf;
const instant_1 = require("../change/instant");
const delivery_key_1 = require("./delivery-key");
const errors_1 = require("./errors");
const guid_1 = require("./guid");
/**
 * How much later than the operation a `modifiedon` may be and still be believed. Someone who sets the column to a moment
 * in the future would otherwise make the change look newer than everything after it.
 */
exports.MODIFIED_ON_MARGIN_S = 300;
const MODIFIED_ON = 'modifiedon';
const TABLE = /^[a-z][a-z0-9_]{0,127}$/;
/** A row's `modifiedon` as sent, not yet held against the operation's time; undefined without one. */
function modifiedOnOf(columns) {
    const value = columns.get(MODIFIED_ON);
    if (value?.kind === 'instant')
        return { at: (0, instant_1.floorInstant)(value.epochMs), sure: true };
    if (value?.kind !== 'offsetTime')
        return undefined;
    // With an offset other than zero it is not known which of two instants is meant; the later one claims less.
    const latest = Math.max(value.epochMs, value.epochMs + value.offsetMinutes * 60_000);
    return { at: (0, instant_1.floorInstant)(latest), sure: value.offsetMinutes === 0 };
}
/** A row's id; undefined when it is missing or no id of a row. */
function rowIdOf(text) {
    const id = text === undefined ? undefined : (0, guid_1.guidOf)(text);
    return id === guid_1.NO_ROW_ID ? undefined : id;
}
/** The id in a parameter of ids. */
const idIn = (value) => value?.kind === 'string' || value?.kind === 'guid' ? rowIdOf(value.value) : undefined;
exports.idIn = idIn;
/** Whether a row that came along is the row that a change is of; one without an id of its own is. */
const isOf = (content, row) => content.table === row.table && (rowIdOf(content.id) ?? row.id) === row.id;
exports.isOf = isOf;
/** A context together with how it arrived: what the messages' handlers work with. */
class PushedEvent {
    context;
    delivery;
    origin;
    /** Members were removed for size: neither parameters nor images are there, whatever else is. */
    truncated;
    #keyOf;
    constructor(context, delivery) {
        this.context = context;
        this.delivery = delivery;
        this.truncated = delivery.truncated === true;
        this.#keyOf = (0, delivery_key_1.deliveryKeys)(context, delivery.body);
        this.origin = {
            source: delivery.source,
            message: context.message,
            correlationId: context.correlationId,
            operationId: context.operationId,
            userId: context.userId,
            initiatingUserId: context.initiatingUserId,
            organizationId: context.organizationId,
            ...(context.owningExtension === null ? {} : { step: context.owningExtension.stepId }),
            stage: context.stage,
            depth: context.depth,
            occurredAtMs: context.operationCreatedOn,
        };
    }
    /** An input parameter; undefined when it wasn't sent. */
    input(name) {
        return this.truncated ? undefined : this.context.inputParameters?.get(name);
    }
    /** An input parameter without which it isn't known what the message is about. */
    requiredInput(name) {
        const removed = this.truncated || this.context.inputParameters === null;
        if (removed)
            throw new errors_1.ParametersRemoved(this.context.message, name);
        return this.input(name) ?? null;
    }
    /** An output parameter; they stay even where the others were removed. */
    output(name) {
        return this.context.outputParameters?.get(name);
    }
    /** The row in a parameter; undefined when there is none. */
    rowInput(name) {
        const value = this.input(name);
        return value?.kind === 'row' ? value.row : undefined;
    }
    /** The row that a parameter refers to. */
    reference(name) {
        const value = this.requiredInput(name);
        if (value?.kind !== 'lookup')
            throw new errors_1.ContextInvalid(`InputParameters.${name}`, 'a reference to a row');
        return this.address(value.table, rowIdOf(value.id));
    }
    /** The rows that a parameter refers to. */
    references(name) {
        const value = this.requiredInput(name);
        if (value?.kind === 'rows')
            return value.rows.map(({ table, id }) => this.address(table, rowIdOf(id)));
        if (value?.kind !== 'list')
            throw new errors_1.ContextInvalid(`InputParameters.${name}`, 'references to rows');
        return value.items.map((item) => {
            if (item?.kind !== 'lookup')
                throw new errors_1.ContextInvalid(`InputParameters.${name}`, 'references to rows');
            return this.address(item.table, rowIdOf(item.id));
        });
    }
    /** The row of the event itself, which its context names. */
    ownRow(id = rowIdOf(this.context.rowId)) {
        return this.address(this.context.table, id);
    }
    /** @throws TableInvalid, RowIdInvalid */
    address(table, id) {
        if (!TABLE.test(table))
            throw new errors_1.TableInvalid(this.context.message);
        if (id === undefined)
            throw new errors_1.RowIdInvalid(table, this.context.message);
        return { table, id };
    }
    /** The image that is registered with all columns, if it came along and is of the row. */
    fullImage(row) {
        const alias = this.truncated ? undefined : this.delivery.fullImageAlias;
        const image = alias === undefined ? undefined : this.context.postImages?.get(alias);
        return image !== undefined && (0, exports.isOf)(image, row) ? image : undefined;
    }
    /** The `modifiedon` of any post image of the row: the same event's, for images are taken right after the operation. */
    imageMoment(row) {
        if (this.truncated)
            return undefined;
        for (const image of this.context.postImages?.values() ?? []) {
            const moment = (0, exports.isOf)(image, row) ? this.modifiedMoment(image.columns) : undefined;
            if (moment !== undefined)
                return moment;
        }
        return undefined;
    }
    /** The moment that a row's `modifiedon` tells; undefined without one. */
    modifiedMoment(columns) {
        const moment = modifiedOnOf(columns);
        if (moment === undefined)
            return undefined;
        const latest = (0, instant_1.ceilInstant)(this.context.operationCreatedOn) + exports.MODIFIED_ON_MARGIN_S;
        return { at: moment.at, sure: moment.sure && moment.at <= latest };
    }
    /**
     * When the operation was created stands in for a change's own time: it is never before the change, and is not sure.
     * The whole second after it is taken, so that no change looks older than it is.
     */
    createdMoment() {
        return { at: (0, instant_1.ceilInstant)(this.context.operationCreatedOn), sure: false };
    }
    key(subject) {
        return this.#keyOf(subject);
    }
    /** @param subject tells the changes of one message apart: the row's id, unless a message names a row twice */
    evidence(moment, subject) {
        const key = this.#keyOf(subject);
        return this.context.mode === 'sync' ? { kind: 'hint', key } : { kind: 'event', key, ...moment };
    }
}
exports.PushedEvent = PushedEvent;
//# sourceMappingURL=pushed-event.js.map