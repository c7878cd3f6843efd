/**
 * The check that matters: every row and every link of Dataverse, and every event it sent, against the LOB store. It
 * reads the store as any reader would, by docs/store.md, the mapping file and the plain SDK or client, and shares no code with the
 * app: a mistake of the app's layout would show.
 */
import type { Dataverse, ManyToManyDefinition } from '../dataverse/simulator';
import { compareEvents, type EventCheck } from './compare-events';
import {
  Differences,
  differingProperties,
  entitiesOf,
  propertiesOf,
  type Difference,
  type Entity,
} from './store-entities';
import { expectedOf, type Expected } from './expected-rows';
import type { ApiCall } from './workload';
import { isReceiver } from './receiver-entities';
import { UNMAPPED, type Mapping } from './mapping';

export type { Difference } from './store-entities';

/** The result for one table, or for the links of one relationship. */
export interface TableCheck {
  readonly table: string;
  /** Its table in the store. */
  readonly target: string;
  /** In Dataverse. */
  readonly rows: number;
  /** Rows of Dataverse that the mapping's filter hides. */
  readonly hidden: number;
  /** Live in the store. */
  readonly stored: number;
  readonly tombstones: number;
  readonly missing: number;
  readonly surplus: number;
  readonly different: number;
}

/** The result for everything. */
export interface CheckResult {
  readonly tables: readonly TableCheck[];
  readonly events: readonly EventCheck[];
  /** All of them count; the first hundred are kept. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  readonly columnsCompared: number;
}

/** What else the store is compared with. */
export interface CheckOptions {
  /** @default every column of every table under its own name, no events */
  readonly mapping?: Mapping;
  /** The calls of custom APIs for which there were steps. */
  readonly calls?: readonly ApiCall[];
}

/** Compares the tables and the links of the relationships named, and the events that the mapping names. */
export async function compare(
  dataverse: Dataverse,
  place: string,
  tables: readonly string[],
  relationships: readonly ManyToManyDefinition[] = [],
  { mapping = UNMAPPED, calls = [] }: CheckOptions = {},
): Promise<CheckResult> {
  const differences = new Differences();
  const checks: TableCheck[] = [];
  let columnsCompared = 0;
  for (const [table, expected] of expectedOf(dataverse, tables, relationships, mapping)) {
    const { target } = mapping.table(table);
    const { compared, ...check } = compareTable(
      table,
      expected,
      await entitiesOf(place, target),
      differences,
      isReceiver(place),
    );
    checks.push({ table, target, ...check });
    columnsCompared += compared;
  }
  const ofEvents = await compareEvents(dataverse, place, mapping, calls, differences);
  return {
    tables: checks,
    events: ofEvents.events,
    differences: differences.first,
    differenceCount: differences.count,
    columnsCompared: columnsCompared + ofEvents.columnsCompared,
  };
}

/** What every row has besides its columns. */
const OWN = new Set(['Stamp', 'Deleted', 'Parts', 'PartsTag']);
const OWN_OF_DELETED = new Set([...OWN, 'Hidden']);

function compareTable(
  table: string,
  expected: Iterable<Expected>,
  entities: readonly Entity[],
  differences: Differences,
  digitsAsText: boolean,
): Omit<TableCheck, 'table' | 'target'> & { readonly compared: number } {
  const [deleted, stored] = [true, false].map((is) => entities.filter(({ Deleted }) => (Deleted === true) === is));
  const live = new Map(stored?.map((entity) => [String(entity.rowKey), entity]));
  const counts = { rows: 0, hidden: 0, missing: 0, surplus: 0, different: 0 };
  let compared = 0;
  const differ = (id: string, wrong: readonly string[], what: string): void => {
    if (wrong.length > 0) counts.different += 1;
    for (const name of wrong) differences.note(table, id, `property ${name} ${what}`);
  };
  for (const { key, properties } of expected) {
    const entity = live.get(key);
    live.delete(key);
    counts.rows += 1;
    if (properties === 'hidden') {
      counts.hidden += 1;
      if (entity === undefined) continue;
      counts.surplus += 1;
      differences.note(table, key, "the row is live in the store, but the mapping's filter hides it");
    } else if (entity === undefined) {
      counts.missing += 1;
      differences.note(table, key, 'the row is missing in the store');
    } else {
      compared += properties.size;
      differ(key, differingProperties(properties, entity, OWN, digitsAsText), 'differs');
    }
  }
  for (const id of live.keys()) {
    counts.surplus += 1;
    differences.note(table, id, 'the row is live in the store but not in Dataverse');
  }
  for (const entity of deleted ?? []) {
    const left = propertiesOf(entity).filter((name) => !OWN_OF_DELETED.has(name));
    differ(String(entity.rowKey), left, 'is left in a row that is not live');
  }
  const tombstones = (deleted ?? []).filter(({ Hidden }) => Hidden !== true).length;
  return { stored: stored?.length ?? 0, tombstones, compared, ...counts };
}
