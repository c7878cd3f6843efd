import { endpointOf, type Endpoint } from './endpoint';
import type { Step, StepImage } from '../events/event';
import type { RowStore } from '../rows/row-store';
import { columnNames } from './step-rules';
import { asReference, type Columns, type Value } from '../rows/value';

const STEP = 'sdkmessageprocessingstep';
const IMAGE = 'sdkmessageprocessingstepimage';

/** A comma list as registration keeps one; undefined when it is empty: all columns. */
function columnList(value: Value | undefined): readonly string[] | undefined {
  const names = columnNames(value);
  return names.length === 0 ? undefined : names;
}

function imagesOf(row: Columns): StepImage[] {
  const alias = typeof row.entityalias === 'string' ? row.entityalias : '';
  const columns = columnList(row.attributes);
  const property = typeof row.messagepropertyname === 'string' ? row.messagepropertyname : 'Target';
  const whens =
    row.imagetype === 2 ? (['pre', 'post'] as const) : row.imagetype === 0 ? (['pre'] as const) : (['post'] as const);
  return whens.map((when) => ({ when, alias, property, columns }));
}

const inOrder = (a: Step, b: Step): number => a.stage - b.stage || a.rank - b.rank;

/** Reads what is registered out of the registration tables, once per change of them. */
export class StepRegistry {
  readonly #store: RowStore;
  #steps = new Map<string, Step[]>();
  /** Tables with steps at stage 10; an empty name for all. */
  readonly #validated = new Set<string>();
  #readAt = -1;

  constructor(store: RowStore) {
    this.#store = store;
  }

  /**
   * The enabled steps of a message on a table, in the order they run: stage, then rank. Those registered without a
   * table are among them.
   */
  steps(message: string, table: string): readonly Step[] {
    this.#refresh();
    const everywhere = this.#steps.get(`${message} `) ?? [];
    const own = this.#steps.get(`${message} ${table}`) ?? [];
    return everywhere.length === 0 ? own : [...own, ...everywhere].sort(inOrder);
  }

  /** Is there an enabled step of PreValidation on a table? */
  validates(table: string): boolean {
    this.#refresh();
    return this.#validated.has(table) || this.#validated.has('');
  }

  /** The endpoint of this id; undefined when it was deleted or cannot be posted to. */
  endpoint(id: string): Endpoint | undefined {
    const row = this.#store.table('serviceendpoint').get(id);
    return row === undefined ? undefined : endpointOf(id, row.columns);
  }

  #refresh(): void {
    const commits = this.#store.table(STEP).commits + this.#store.table(IMAGE).commits;
    if (commits === this.#readAt) return;
    this.#read();
    this.#readAt = commits;
  }

  #read(): void {
    this.#steps = new Map();
    this.#validated.clear();
    const images = new Map<string, StepImage[]>();
    for (const { columns } of this.#store.table(IMAGE).values()) {
      const step = asReference(columns.sdkmessageprocessingstepid)?.id ?? '';
      images.set(step, [...(images.get(step) ?? []), ...imagesOf(columns)]);
    }
    for (const { id, columns } of this.#store.table(STEP).values()) {
      const message = this.#column('sdkmessage', columns.sdkmessageid, 'name');
      const filter = this.#column('sdkmessagefilter', columns.sdkmessagefilterid, 'primaryobjecttypecode');
      const table = filter === 'none' ? '' : filter;
      const endpointId = asReference(columns.eventhandler)?.id;
      if (columns.statecode !== 0 || endpointId === undefined) continue;
      const step: Step = {
        id,
        name: typeof columns.name === 'string' ? columns.name : '',
        mode: columns.mode === 1 ? 'async' : 'sync',
        stage: typeof columns.stage === 'number' ? columns.stage : 40,
        rank: typeof columns.rank === 'number' ? columns.rank : 1,
        filteringColumns: message === 'Update' ? columnList(columns.filteringattributes) : undefined,
        endpointId,
        autoDelete: columns.asyncautodelete === true,
        images: images.get(id) ?? [],
      };
      if (step.stage === 10) this.#validated.add(table);
      const key = `${message} ${table}`;
      this.#steps.set(key, [...(this.#steps.get(key) ?? []), step]);
    }
    for (const steps of this.#steps.values()) steps.sort(inOrder);
  }

  #column(table: string, value: Value | undefined, name: string): string {
    const found = this.#store.table(table).get(asReference(value)?.id ?? '')?.columns[name];
    return typeof found === 'string' ? found : '';
  }
}
