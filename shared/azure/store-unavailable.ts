import { OutboundError } from '../errors/errors';

/** Thrown when a storage account or a database has not answered lately, and is therefore not asked now. */
export class StoreUnavailable extends OutboundError {
  /**
   * @param place what doesn't answer: the host of the account's tables, the database
   * @param nextAtMs when it is asked next, in epoch milliseconds
   */
  constructor(place: string, nextAtMs: number, options?: ErrorOptions) {
    super(
      'store-unavailable',
      `No answer from ${place}. It is asked again from ${new Date(nextAtMs).toISOString()} on; what waits for it is ` +
        `processed by itself when it answers. See its state, and that of its network.`,
      options,
    );
  }
}
