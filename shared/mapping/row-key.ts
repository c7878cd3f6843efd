import { BETWEEN_IDS } from './link';

/** How a row's id is written as its key in the store; reversible, so that no two rows ever share a key. */
export interface KeyFormat {
  readonly prefix: string;
  /** `D`: with hyphens, `N`: without; both in lower case. */
  readonly format: 'D' | 'N';
}

/** The id as it is. */
export const PLAIN_KEY: KeyFormat = { prefix: '', format: 'D' };

/** The key of a row. The id of a link of two rows is both ids with an underscore between them. */
export const keyOf = ({ prefix, format }: KeyFormat, id: string): string =>
  prefix + (format === 'N' ? id.replaceAll('-', '') : id);

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DIGITS = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/** The id of the row that has a key; undefined where no row has it in this format. */
export function idOf({ prefix, format }: KeyFormat, key: string): string | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const parts = key.slice(prefix.length).split(BETWEEN_IDS);
  const ids = format === 'N' ? parts.map((part) => DIGITS.exec(part)?.slice(1).join('-') ?? '') : parts;
  return ids.length <= 2 && ids.every((id) => ID.test(id)) ? ids.join(BETWEEN_IDS) : undefined;
}
