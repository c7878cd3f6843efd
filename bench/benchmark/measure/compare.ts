import { median, summary, type Aim, type Figure } from './figure';
import type { Turn } from './rounds';

/** One figure of a comparison: whose, against whom, and what it should be. */
export interface Wanted<Name extends string> {
  readonly work: string;
  readonly subject: Name;
  readonly against: Name;
  /**
   * `time`: of one operation, as a multiple of the other's; `rate`: operations a second, likewise; `CPU`: for one operation,
   * likewise; `work per CPU`: operations for the same CPU, likewise; `requests`: HTTP round trips for one operation, a count.
   */
  readonly of: 'time' | 'rate' | 'CPU' | 'work per CPU' | 'requests';
  readonly aim?: Aim;
  readonly why?: string;
}

/** The figures of one comparison: medians of the ratios, round by round. */
export const figuresOf = <Name extends string>(
  turns: Readonly<Record<Name, readonly Turn[]>>,
  wanted: readonly Wanted<Name>[],
): Figure[] => wanted.map((one) => figureOf(turns[one.subject], turns[one.against], one));

function figureOf(own: readonly Turn[], other: readonly Turn[], wanted: Wanted<string>): Figure {
  const { work, of, against, aim, why } = wanted;
  const rest = { ...(aim === undefined ? {} : { aim }), ...(why === undefined ? {} : { why }) };
  const text = TEXT[of];
  if (of === 'requests') {
    const counts = own.map(({ requests }) => requests);
    const shown = { own: text(own), against: `${text(other)} ${against}`, unit: 'round trips' } as const;
    return { work, measure: 'round trips', ...summary(counts), ...shown, ...rest };
  }
  const ratios = own.map((turn, round) => RATIO[of](turn, other[round] ?? turn));
  return {
    work,
    measure: of,
    ...summary(ratios),
    unit: 'x',
    own: text(own),
    against: `${text(other)} ${against}`,
    ...rest,
  };
}

const RATIO = {
  time: (own: Turn, other: Turn): number => own.milliseconds / other.milliseconds,
  rate: (own: Turn, other: Turn): number => other.milliseconds / own.milliseconds,
  CPU: (own: Turn, other: Turn): number => own.cpuMilliseconds / other.cpuMilliseconds,
  'work per CPU': (own: Turn, other: Turn): number => other.cpuMilliseconds / own.cpuMilliseconds,
} as const;

const cpuText = (turns: readonly Turn[]): string =>
  duration(median(turns.map(({ cpuMilliseconds }) => cpuMilliseconds)));

const TEXT = {
  time: (turns: readonly Turn[]) => duration(median(turns.map(({ milliseconds }) => milliseconds))),
  rate: (turns: readonly Turn[]) => `${digits(1000 / median(turns.map(({ milliseconds }) => milliseconds)))}/s`,
  CPU: cpuText,
  'work per CPU': cpuText,
  requests: (turns: readonly Turn[]) => digits(median(turns.map(({ requests }) => requests))),
} as const;

/** Three digits that count. */
export const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();

/** Milliseconds in the unit that reads best. */
export const duration = (milliseconds: number): string => {
  if (milliseconds >= 1000) return `${digits(milliseconds / 1000)} s`;
  return milliseconds >= 1 ? `${digits(milliseconds)} ms` : `${digits(milliseconds * 1000)} us`;
};
