import type { Fault } from '../../shared/yaml/schema-faults';
import type { Mark } from './mark';

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
