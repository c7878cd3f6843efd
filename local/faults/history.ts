import { columnsOf, expectedLink, expectedProperties } from '../day/expected-rows';
import type { Mapping } from '../day/mapping';
import { tableIn } from '../day/store-entities';
import type { Commit, Dataverse, ManyToManyDefinition, Row } from '../dataverse/simulator';

/** A row as it was in Dataverse from one commit to the next, and as a reader of the store should see it. */
export interface State {
  /** Of the commit; 0 before the first one. */
  readonly version: bigint;
  /** When it was committed, in this machine's clock; 0 before the first commit. */
  readonly at: number;
  readonly life: 'live' | 'hidden' | 'gone';
  /**
   * None of a row that is gone. Those of a hidden row are no reader's to see, but a patch may bring one to a row of which
   * it isn't known yet that it is hidden. A property whose value is undefined may have any.
   */
  readonly properties: ReadonlyMap<string, unknown>;
}

const NONE: ReadonlyMap<string, unknown> = new Map();
const NEVER_WAS: State = { version: 0n, at: 0, life: 'gone', properties: NONE };

/** Every state that every row and link of Dataverse has had, as Dataverse commits them. */
export class History {
  /** By the name of the store's table and the row's key. */
  readonly #states = new Map<string, State[]>();
  readonly #end: () => void;

  /**
   * Begins to watch; rows that are there already begin with the state that they have.
   *
   * @param place of the store, as `entitiesOf` takes it
   */
  constructor(
    private readonly dataverse: Dataverse,
    private readonly tables: readonly string[],
    private readonly relationships: readonly ManyToManyDefinition[],
    private readonly mapping: Mapping,
    private readonly place: string,
  ) {
    for (const table of [...tables, ...relationships.map(({ intersect }) => intersect.table)])
      for (const row of dataverse.rows(table))
        this.#add({ version: row.version, table, id: row.id, before: undefined, row });
    this.#end = dataverse.watch((commit) => this.#add(commit));
  }

  end(): void {
    this.#end();
  }

  /** The states that a row had had by a moment, oldest first. Before there was such a row it was gone. */
  of(storeTable: string, rowKey: string, until = Infinity): readonly State[] {
    const states = this.#states.get(`${storeTable} ${rowKey}`) ?? [NEVER_WAS];
    return until === Infinity ? states : states.filter(({ at }) => at <= until);
  }

  /** Where a row lies in the store; undefined for a table that isn't kept there. */
  placeOf(table: string, rowId: string): { readonly storeTable: string; readonly rowKey: string } | undefined {
    if (!this.tables.includes(table)) return undefined;
    return { storeTable: tableIn(this.place, this.mapping.table(table).target), rowKey: rowId };
  }

  #add({ version, table, row, before }: Commit): void {
    const known = row ?? before;
    const found = known === undefined ? undefined : this.#expected(table, known);
    if (found === undefined) return;
    const place = `${tableIn(this.place, found.target)} ${found.key}`;
    const states = this.#states.get(place) ?? [NEVER_WAS];
    this.#states.set(place, states);
    const at = Date.now();
    if (row === undefined) states.push({ version, at, life: 'gone', properties: NONE });
    else states.push({ version, at, life: found.life, properties: found.properties });
  }

  #expected(table: string, row: Row) {
    if (this.tables.includes(table)) {
      const mapping = this.mapping.table(table);
      const { key, properties } = expectedProperties(row, columnsOf(this.dataverse, table), mapping);
      return { target: mapping.target, key, properties, life: mapping.shows(row.columns) ? 'live' : 'hidden' } as const;
    }
    const relationship = this.relationships.find(({ intersect }) => intersect.table === table);
    if (relationship === undefined) return undefined;
    return {
      target: this.mapping.table(relationship.schemaName).target,
      life: 'live',
      ...expectedLink(row, relationship),
    } as const;
  }
}
