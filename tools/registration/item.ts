/** What is registered: endpoints, steps and images, and the owner's mark at the end of their descriptions. */
import type { Fault } from '../../shared/yaml/schema-faults';

/** What can be registered. An image belongs to a step, a step to an endpoint. */
export type ItemKind = 'endpoint' | 'step' | 'image';

/** A value as a declaration has it: words for choices, lists of columns in order, with commas between them. */
export type FieldValue = string | number | boolean | null;

/** What is said of an item, by the declaration's own names. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** Something that shall be registered. */
export interface DesiredItem {
  readonly kind: ItemKind;
  readonly id: string;
  /** It is there already, under an id that somebody else gave it. */
  readonly isAdopted: boolean;
  /** The declaration's name for it. */
  readonly key: string;
  /** As messages name it: `step accounts: Update of account`. */
  readonly label: string;
  /** Its place in the declaration. */
  readonly path: Fault['path'];
  readonly fields: Fields;
}

/** Something that is registered. */
export interface RegisteredItem {
  readonly kind: ItemKind;
  readonly id: string;
  readonly fields: Fields;
  /** Undefined: nobody's who keeps a declaration. */
  readonly mark: Mark | undefined;
  /** When it was changed last, milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Of an endpoint: whether it has any secret. */
  readonly hasSecret: boolean;
  /** It came with a managed solution. */
  readonly isManaged: boolean;
}

/** What a step fires for, in words. */
export const eventText = ({ message, table }: Fields): string =>
  `${String(message)} of ${table === null || table === undefined ? 'any table' : String(table)}`;

/** A list of columns as a field: the order doesn't matter. Null: all. */
export const columnsField = (names: readonly string[]): string | null =>
  names.length === 0
    ? null
    : [...new Set(names.map((name) => name.trim().toLowerCase()))]
        .filter((name) => name !== '')
        .sort()
        .join(',');

/**
 * What shows in Dataverse that something is registered from a declaration: the end of its description. Whoever owns it may
 * change and delete it; nobody else does.
 */
export interface Mark {
  readonly owner: string;
  /** The declaration's name for it. */
  readonly item: string;
  /** Of an endpoint: what can be known of its secret, which can't be read back. */
  readonly secret?: SecretMark;
}

/** What was known of an endpoint's secret when it was written. */
export interface SecretMark {
  readonly fingerprint: string;
  /** When it was written, milliseconds since 1970 by Dataverse's clock: what changed the row later may have changed the secret. */
  readonly writtenMs: number;
}

const MARK =
  /\[dvo owner=([A-Za-z0-9_-]+) item=([A-Za-z0-9_/-]+)(?: secret=([A-Za-z0-9_.-]+) written=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))?\]\s*$/;

/** A description with a mark at its end. */
export function withMark(description: string | null, { owner, item, secret }: Mark): string {
  const of = secret === undefined ? '' : ` secret=${secret.fingerprint} written=${secondsOf(secret.writtenMs)}`;
  const mark = `[dvo owner=${owner} item=${item}${of}]`;
  return description === null || description === '' ? mark : `${description} ${mark}`;
}

/** A time in whole seconds: `2026-03-14T09:26:53Z`. */
export const secondsOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A description without its mark, and the mark; undefined: it bears none. */
export function readMark(description: string | null): {
  readonly text: string | null;
  readonly mark: Mark | undefined;
} {
  const found = MARK.exec(description ?? '');
  if (found === null || description === null) return { text: description, mark: undefined };
  const [all, owner = '', item = '', fingerprint, written = ''] = found;
  const text = description.slice(0, description.length - all.length).trim();
  const secret = fingerprint === undefined ? {} : { secret: { fingerprint, writtenMs: Date.parse(written) } };
  return { text: text === '' ? null : text, mark: { owner, item, ...secret } };
}
