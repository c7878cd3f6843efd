import { v5 } from 'uuid';

/** Namespace of the ids of what is registered. */
const NAMESPACE = '6f0c7c4e-3f0b-4b0e-9a53-1d6d2c1f9d35';

/**
 * The id under which something is registered, made of what it is: the same in every environment and at every run, so that
 * what a run that broke off has made is found again, and nothing is made twice. (Ids may be given on create.)
 */
export const itemId = (...parts: readonly string[]): string => v5(parts.join('\n'), NAMESPACE);
