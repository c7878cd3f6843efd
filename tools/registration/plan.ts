import type { Fault } from '../../shared/yaml/schema-faults';
import type { Declaration } from './declaration-schema';
import type { DesiredItem, FieldValue, RegisteredItem } from './item';
import type { Messages, Registered } from './registered';
import type { EndpointSecret } from './secrets';
import type { TableFacts } from './web-api-reads';

/** A column that is otherwise than declared. Of a secret only what is known of it is told. */
export interface Difference {
  readonly field: string;
  readonly from: FieldValue;
  readonly to: FieldValue;
}

/** One thing to do. */
export type Change =
  | { readonly action: 'create'; readonly item: DesiredItem; readonly differences: readonly Difference[] }
  | {
      readonly action: 'update';
      readonly item: DesiredItem;
      readonly differences: readonly Difference[];
      /** It was nobody's, and becomes the owner's. */
      readonly adopts: boolean;
    }
  | { readonly action: 'delete'; readonly item: RegisteredItem; readonly label: string }
  | { readonly action: 'track'; readonly table: string };

/** What would change. */
export interface Plan {
  /** In the order in which it is done. */
  readonly changes: readonly Change[];
  /** What is as declared. */
  readonly unchanged: number;
  /** What an operator should know and the tool leaves alone. */
  readonly notes: readonly string[];
  /** Why nothing may be done, each with its place in the declaration. */
  readonly faults: readonly Fault[];
}

/** What a plan is made of. */
export interface PlanInput {
  readonly declaration: Declaration;
  readonly desired: readonly DesiredItem[];
  readonly registered: Registered;
  readonly messages: Messages;
  readonly tables: ReadonlyMap<string, TableFacts>;
  readonly secrets: ReadonlyMap<string, EndpointSecret>;
}
