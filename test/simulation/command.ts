import type { RowAddress } from '../../shared/change/row-change';
import type { Push } from './simulated-dataverse';

/** One of the two instances of the app. */
export type Which = 0 | 1;

/** One thing that happens in a schedule. */
export type Command =
  | {
      readonly kind: 'write';
      readonly row: RowAddress;
      readonly names: readonly string[];
      /** Seconds between modifiedon and the commit; negative: it lies in the future, as an import can set it. */
      readonly back: number;
      /** The event says the same of when the operation was created. */
      readonly lies?: true;
      readonly push: Push;
    }
  | { readonly kind: 'delete'; readonly row: RowAddress; readonly late: number; readonly push: Push }
  /** Several rows of a table in one operation. */
  | { readonly kind: 'writeMany'; readonly table: string; readonly ids: readonly string[]; readonly push: Push }
  | { readonly kind: 'deleteMany'; readonly table: string; readonly ids: readonly string[]; readonly push: Push }
  /** A row's lookup is set by a message that names the relationship. */
  | { readonly kind: 'setLookup'; readonly row: RowAddress; readonly push: Push }
  /** A custom API is called: an event that is no change of rows. */
  | { readonly kind: 'call'; readonly push: Push }
  /** A column of every table becomes one of another type. */
  | { readonly kind: 'alter' }
  /** A row is merged into another one of its table, and is deactivated. */
  | { readonly kind: 'merge'; readonly row: RowAddress; readonly into: string; readonly push: Push }
  /** A link appears or goes. */
  | { readonly kind: 'associate' | 'disassociate'; readonly link: RowAddress; readonly push: Push }
  | { readonly kind: 'rollBack'; readonly row: RowAddress }
  /** Delivers some of the events that are about, in one batch; `keep`: they will come again. */
  | {
      readonly kind: 'deliver';
      readonly which: number;
      readonly count: number;
      readonly to: Which;
      readonly keep: boolean;
    }
  /** Some event of the past comes once more. */
  | { readonly kind: 'repeat'; readonly which: number; readonly to: Which }
  /** Some events never come. */
  | { readonly kind: 'drop'; readonly which: number; readonly count: number }
  /** The LOB system changes a row of its own, and sends a message that names the row by its key, or its id. */
  | {
      readonly kind: 'lobChange';
      readonly op: 'upsert' | 'update' | 'delete';
      readonly key: string;
      readonly names: readonly string[];
      readonly byId: boolean;
    }
  /** Delivers some of its messages that are about, in one batch; `keep`: they will come again. */
  | {
      readonly kind: 'lobDeliver';
      readonly which: number;
      readonly count: number;
      readonly to: Which;
      readonly keep: boolean;
    }
  | { readonly kind: 'pull'; readonly table: string; readonly by: Which }
  /** What is parked and due is tried again; `operator`: so is what waits for one. */
  | { readonly kind: 'replay'; readonly by: Which; readonly operator: boolean }
  /** An operator purges the tombstones of a table that are old enough, by an instance's clock. */
  | { readonly kind: 'purge'; readonly table: string; readonly by: Which }
  | { readonly kind: 'tick'; readonly seconds: number }
  /** An instance's clock, or the store's (2), is off by so many seconds from now on. */
  | { readonly kind: 'setClock'; readonly of: Which | 2; readonly seconds: number }
  | { readonly kind: 'step'; readonly count: number }
  | { readonly kind: 'loseLease'; readonly table: string }
  | { readonly kind: 'expireTokens' }
  | { readonly kind: 'crash'; readonly which: Which }
  /** Every step out of reach fails so often from now on. */
  | { readonly kind: 'weather'; readonly faults: number }
  /** An instance is deployed with another mapping; the other one goes on with that of before for a while. */
  | { readonly kind: 'remap'; readonly which: Which }
  /** The journals of a table lose their first row. */
  | { readonly kind: 'cutJournal' };

/** Commands, the order in which steps happen by a seed, and how it ends. */
export interface Schedule {
  readonly seed: number;
  readonly commands: readonly Command[];
  readonly lastPullBy: Which;
  /** Everything that was pushed arrives and is processed before the last pull. */
  readonly restFirst: boolean;
}
