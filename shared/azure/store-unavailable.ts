import { OutboundError } from '../errors/errors';

/** Thrown when a storage account has not answered lately, and is therefore not asked now. */
export class StoreUnavailable extends OutboundError {
  /**
   * @param host of the account's tables
   * @param nextAtMs when it is asked next, in epoch milliseconds
   */
  constructor(host: string, nextAtMs: number, options?: ErrorOptions) {
    super(
      'store-unavailable',
      `The tables of ${host} don't answer. They are asked again from ${new Date(nextAtMs).toISOString()} on; what ` +
        `waits for them is processed by itself when they answer. See the state of the storage account and of its network.`,
      options,
    );
  }
}
