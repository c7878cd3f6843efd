"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.OpenLinks = void 0;
/**
 * The links over which clients receive, and what to do once each is gone: closed by itself, with its session, with its
 * connection, or cut off. rhea forgets some of a lost connection's links before it reports the loss, hence a list of
 * our own.
 */
class OpenLinks {
    #links = new Map();
    add(link, onGone) {
        this.#links.set(link, onGone);
    }
    closed(link) {
        const onGone = this.#links.get(link);
        this.#links.delete(link);
        onGone?.();
    }
    sessionClosed(session) {
        for (const link of this.#links.keys())
            if (link.session === session)
                this.closed(link);
    }
    connectionClosed(connection) {
        for (const link of this.#links.keys())
            if (link.connection === connection)
                this.closed(link);
    }
}
exports.OpenLinks = OpenLinks;
//# sourceMappingURL=open-links.js.map