import type { MessageEvent } from '../change/message-event';
import type { RowAddress } from '../change/row-change';
import { OutboundError } from '../errors/errors';

/** Thrown when the store refuses a row as it stands: it would refuse it again. The row is parked. `why`: `with CODE`, `since …`. */
export class RowRefused extends OutboundError {
  constructor(row: RowAddress, why: string, options?: ErrorOptions) {
    super('row-refused', `The store refused row ${row.table}(${row.id}) ${why}. It was not written.`, options);
  }
}

/** Thrown when the store refuses an event as it stands: it would refuse it again. It is parked. */
export class EventRefused extends OutboundError {
  constructor({ message, key }: MessageEvent, why: string, options?: ErrorOptions) {
    super(
      'event-refused',
      `The store refused event ${key} of message ${message} ${why}. It was not stored; leave that parameter out in the mapping file (events) and replay it.`,
      options,
    );
  }
}

/** Thrown when what lies in the store's table was not written by this app. */
export class StampUnreadable extends OutboundError {
  constructor(what: string) {
    super(
      'stamp-unreadable',
      `${what} has no readable stamp: it was not written by this app. Move it out of the table.`,
    );
  }
}
