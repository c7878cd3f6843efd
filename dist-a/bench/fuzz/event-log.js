"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.EventLog = void 0;
/** Keeps what a reader meets, to be changed and written again. */
class EventLog {
    events = [];
    open(prefix, name) {
        this.events.push({ kind: 'open', prefix, name });
    }
    declare(prefix, uri) {
        this.events.push({ kind: 'declare', prefix, uri });
    }
    attribute(prefix, name, value) {
        this.events.push({ kind: 'attribute', prefix, name, value });
    }
    opened() {
        this.events.push({ kind: 'opened' });
    }
    text(text) {
        this.events.push({ kind: 'text', text });
    }
    bytes(bytes) {
        this.events.push({ kind: 'bytes', bytes });
    }
    close() {
        this.events.push({ kind: 'close' });
    }
}
exports.EventLog = EventLog;
//# sourceMappingURL=event-log.js.map