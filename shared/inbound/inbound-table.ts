import type { InboundRules } from '../mapping/inbound-rules';
import type { TableDefinition } from '../mapping/table-definition';

/** A table that a lookup may refer to. */
export interface LookupTarget {
  /** The navigation property, which is case-sensitive. A lookup to several tables has one for each, an owner one for both. */
  readonly navigation: string;
  readonly definition: TableDefinition;
}

/** A table that the LOB system changes: what the mapping file says, and what the metadata does. */
export interface InboundTable {
  readonly definition: TableDefinition;
  readonly rules: InboundRules;
  /** Whether Dataverse takes a version as a condition. https://learn.microsoft.com/power-apps/developer/data-platform/optimistic-concurrency */
  readonly optimistic: boolean;
  /** Of lookups, by column and by table. */
  readonly targets: ReadonlyMap<string, ReadonlyMap<string, LookupTarget>>;
}
