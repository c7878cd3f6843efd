/** Settings by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process: read here and nowhere else. */
export const environment = (): Environment => process.env;

/** A section of the settings: its value, or what is wrong with it, one sentence per setting. */
export type Section<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly string[] };

/** A value, or what is wrong with its settings. */
export interface Found<T> {
  readonly value?: T;
  readonly faults: readonly string[];
}
