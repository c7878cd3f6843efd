"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.messageEventOf = messageEventOf;
const pushed_event_1 = require("./pushed-event");
/**
 * The event that a context tells of when its message is no change of rows: what went in, what came out, and the shared
 * variables, each as a column.
 *
 * @throws ContextInvalid (a parameter that can't be read)
 */
function messageEventOf(context, delivery) {
    const event = new pushed_event_1.PushedEvent(context, delivery);
    const columns = new Map();
    const add = (prefix, parameters) => {
        for (const [name, value] of parameters ?? [])
            columns.set(`${prefix}.${name}`, value);
    };
    add('input', event.truncated ? null : context.inputParameters);
    add('output', context.outputParameters);
    add('variable', context.sharedVariables);
    const id = (0, pushed_event_1.rowIdOf)(context.rowId);
    return {
        message: context.message,
        key: event.key('event'),
        row: id === undefined || context.table === 'none' ? null : event.address(context.table, id),
        occurredAtMs: context.operationCreatedOn,
        committed: context.mode === 'async',
        truncated: event.truncated || context.inputParameters === null,
        columns,
        origin: event.origin,
    };
}
//# sourceMappingURL=to-message-event.js.map