/**
 * A moment in Dataverse's clock, in whole seconds since 1970-01-01T00:00:00Z. Dataverse keeps `modifiedon` to the
 * second, so order evidence never claims more.
 */
export type Instant = number;

/** Before everything: the `knownUntil` and `latestKnown` of a stamp that knows nothing. */
export const BEGINNING: Instant = -1;

/** The last whole second that is not after `epochMs`: for instants that must not claim to be later than they are. */
export const floorInstant = (epochMs: number): Instant => Math.floor(epochMs / 1000);

/** The first whole second that is not before `epochMs`: for instants that must not claim to be earlier than they are. */
export const ceilInstant = (epochMs: number): Instant => Math.ceil(epochMs / 1000);
