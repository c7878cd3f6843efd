"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.fromArgument = fromArgument;
exports.positionOf = positionOf;
exports.holdsAny = holdsAny;
const commander_1 = require("commander");
const arguments_1 = require("./arguments");
/** `start`, a time as `timeArgument` reads it, or an offset. Digits alone are an offset. */
function fromArgument(text) {
    if (text === 'start')
        return { kind: 'start' };
    // With geo-replication an offset has several parts.
    if (/^\d+(?::\d+)*$/.test(text))
        return { kind: 'offset', offset: text };
    try {
        return { kind: 'time', epochMs: (0, arguments_1.timeArgument)(text) };
    }
    catch (error) {
        if (!(error instanceof commander_1.InvalidArgumentError))
            throw error;
        throw new commander_1.InvalidArgumentError(`${error.message} Or an offset, or "start".`);
    }
}
/** The position as the SDK takes it; an event exactly there is read. */
function positionOf(from) {
    switch (from.kind) {
        case 'start':
            return { offset: '-1' };
        case 'time':
            // The SDK reads what was enqueued after it, at whole milliseconds.
            return { enqueuedOn: from.epochMs - 1 };
        case 'offset':
            return { offset: from.offset, isInclusive: true };
    }
}
/** Whether anything lies between a position and the end: where nothing does, a reader would wait without end. */
function holdsAny(from, { isEmpty, lastEnqueuedOffset, lastEnqueuedOnUtc }) {
    if (isEmpty)
        return false;
    switch (from.kind) {
        case 'start':
            return true;
        case 'time':
            return lastEnqueuedOnUtc.getTime() >= from.epochMs;
        case 'offset':
            return ![from.offset, lastEnqueuedOffset].every((offset) => /^\d+$/.test(offset))
                ? true
                : BigInt(lastEnqueuedOffset) >= BigInt(from.offset);
    }
}
//# sourceMappingURL=hub-position.js.map