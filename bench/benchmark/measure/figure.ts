/** What a figure has to be: at least or at most so much. */
export type Aim = { readonly least: number } | { readonly most: number };

/** One line of the table: a subject against its floor or rival, or a plain count. */
export interface Figure {
  /** What was done: `Update, warm, 8 in flight, Azurite`. */
  readonly work: string;
  /** What was measured of it. */
  readonly measure: string;
  /** The subject's own value, with its unit: for orientation, since it depends on the machine. */
  readonly own: string;
  /** Whom against, and its value; absent for a count. */
  readonly against?: string;
  /** The median over the rounds: a ratio of the two, or the count. */
  readonly value: number;
  /** What `value` is a ratio of, or the unit of a count. */
  readonly unit: 'x' | 'ms' | 'round trips' | 'MiB' | 'modules';
  /** The quarter and the three quarters of the rounds. */
  readonly spread: readonly [number, number];
  readonly aim?: Aim;
  /** Why it is short, if it is: where the time goes. Shown only then. */
  readonly why?: string;
}

/** Whether a figure meets its aim; undefined where it has none. */
export function meets({ value, aim }: Pick<Figure, 'value' | 'aim'>): boolean | undefined {
  if (aim === undefined) return undefined;
  return 'least' in aim ? value >= aim.least : value <= aim.most;
}

/** How thorough a run is. */
export interface Effort {
  /** Smaller sizes and fewer rounds: shows that everything works and where figures roughly stand. Not to be quoted. */
  readonly quick: boolean;
  /** Of each comparison. */
  readonly rounds: number;
}

/** Figures that belong together; each group runs in a process of its own. */
export interface Group {
  /** One sentence: what is measured, against what. */
  readonly about: string;
  /**
   * The floors have a process of their own, too. In one process both would share the SDK's pipeline, which the engine then can fit
   * to neither, and the app's process has no other use of it in production.
   */
  readonly apart?: true;
  /** Tells each figure when it is there. */
  run(effort: Effort, tell: (figures: readonly Figure[]) => void): Promise<void>;
}

/** The value that so large a part of the values lies below, between its neighbours. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Median and quartiles, as a figure has them. */
export const summary = (values: readonly number[]): Pick<Figure, 'value' | 'spread'> => ({
  value: median(values),
  spread: [quantile(values, 0.25), quantile(values, 0.75)],
});
