import type { Connection, Sender, Session } from 'rhea';

/**
 * The links over which clients receive, and what to do once each is gone: closed by itself, with its session, with its
 * connection, or cut off. rhea forgets some of a lost connection's links before it reports the loss, hence a list of
 * our own.
 */
export class OpenLinks {
  readonly #links = new Map<Sender, () => void>();

  add(link: Sender, onGone: () => void): void {
    this.#links.set(link, onGone);
  }

  closed(link: Sender): void {
    const onGone = this.#links.get(link);
    this.#links.delete(link);
    onGone?.();
  }

  sessionClosed(session: Session): void {
    for (const link of this.#links.keys()) if (link.session === session) this.closed(link);
  }

  connectionClosed(connection: Connection): void {
    for (const link of this.#links.keys()) if (link.connection === connection) this.closed(link);
  }
}
