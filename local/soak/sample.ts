/** What precedes a sample in the output of the app's process. */
export const SAMPLE = 'SAMPLE ';

/** Figures by their names. */
export type Sample = Readonly<Record<string, number>>;

/** Growth that is none, by figure: a socket that is just open, an entry that just came. @default 1 */
const NEGLIGIBLE: Readonly<Record<string, number>> = {
  'event-loop delay P99, ms': 2,
  handles: 3,
  sockets: 2,
  'items parked': 20,
};

/** How much a figure may grow without growing. */
export const negligibleOf = (name: string): number => NEGLIGIBLE[name] ?? 1;
