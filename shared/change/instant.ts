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

const DAY_MS = 86_400_000;
const digits = (length: number): readonly string[] =>
  Array.from({ length: 10 ** length }, (_, n) => String(n).padStart(length, '0'));
const [TWO, THREE] = [digits(2), digits(3)];
let lastDay = { day: Number.NaN, text: '' };

/** As `toISOString`, which takes six times as long: a row has several times, mostly of the day of the one before. */
export function isoText(epochMs: number): string {
  const day = Math.floor(epochMs / DAY_MS);
  if (day !== lastDay.day)
    lastDay = { day, text: new Date(day * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length) };
  const ms = Math.trunc(epochMs) - day * DAY_MS;
  const [hours, minutes, seconds] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1000) % 60,
  ];
  return `${lastDay.text}${TWO[hours]}:${TWO[minutes]}:${TWO[seconds]}.${THREE[ms % 1000]}Z`;
}
