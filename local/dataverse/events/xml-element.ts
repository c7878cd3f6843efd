import type { Scalar } from './contract-value';

/** An element as it is written: prefixes are given, and declared where they begin. */
export interface XmlElement {
  readonly prefix: string;
  readonly name: string;
  /** `true` for `i:nil`. */
  readonly attributes: readonly { readonly prefix: string; readonly name: string; readonly value: string | true }[];
  /** They come after the attributes, as .NET writes them. */
  readonly declares: readonly { readonly prefix: string; readonly uri: string }[];
  readonly content: readonly XmlElement[] | Scalar | null;
}

/** Is it a list of elements? (`Array.isArray` does not narrow readonly arrays.) */
export const isElements = (content: readonly XmlElement[] | Scalar): content is readonly XmlElement[] =>
  Array.isArray(content);
