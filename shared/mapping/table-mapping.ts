import { createHash } from 'node:crypto';
import type { RowAddress } from '../change/row-change';
import type { Columns, Value } from '../change/value';
import { columnNames, wholeOf } from './column-names';
import { applyRule, type ColumnRule } from './column-rule';
import { FilterUnfit, ValueNotConvertible, placeOf } from './errors';
import { meets, type Condition } from './filter';
import type { InboundRules } from './inbound-rules';
import type { Hash } from './redact';
import { PLAIN_KEY, type KeyFormat } from './row-key';
import type { ColumnDefinition, ColumnType, TableDefinition } from './table-definition';

/** What a mapping file says of a table. */
export interface TableRules {
  readonly target?: string;
  readonly key?: KeyFormat;
  /** Columns that aren't named are left out. @default they are kept */
  readonly dropOthers?: true;
  readonly columns?: ReadonlyMap<string, ColumnRule>;
  /** All of them must hold for the row to be shown. */
  readonly filter?: readonly Condition[];
  /** Absent: the LOB system changes nothing of it. */
  readonly inbound?: InboundRules;
}

/** What a table's mapping takes from the rest of the file. */
export interface MappingContext {
  readonly hash: Hash;
  readonly languages: readonly number[];
  readonly newColumns: 'backfill' | 'add';
}

/** Not stored as a column: the row version is in the stamp. */
const NOT_DATA = new Set(['versionnumber']);

/** Not so party lists, and the columns that name a choice's label or a lookup's row. */
const comesWithARead = ({ type, readable }: ColumnDefinition): boolean => type !== 'other' && readable !== false;

const NO_RULE: ColumnRule = {};

/** What becomes of a column that is kept. */
interface ColumnPlan {
  /** Its name in the store. */
  readonly to: string;
  readonly rule: ColumnRule;
}

const MAX_PLANS = 4096;

/** How the rows of one table become the store's: pure, the same for whatever brought the row. */
export class TableMapping {
  /** Name of its table in the store, before the prefix. */
  readonly target: string;
  readonly key: KeyFormat;
  readonly #columns: ReadonlyMap<string, ColumnRule>;
  readonly #keepOthers: boolean;
  readonly #filter: readonly Condition[];
  readonly #targetOf: (column: string) => string;
  readonly #plans = new Map<string, ColumnPlan>();

  constructor(
    /** Logical name. */
    readonly table: string,
    private readonly rules: TableRules,
    private readonly context: MappingContext,
  ) {
    this.target = rules.target ?? table;
    this.key = rules.key ?? PLAIN_KEY;
    this.#columns = rules.columns ?? new Map<string, ColumnRule>();
    this.#keepOthers = rules.dropOthers !== true;
    this.#filter = rules.filter ?? [];
    this.#targetOf = columnNames(this.#columns);
  }

  /**
   * A row's columns under their names in the store; what is dropped is left out, and so are images that aren't named.
   * @throws ValueNotConvertible
   */
  map(row: RowAddress, columns: Columns): Columns {
    const mapped = new Map<string, Value>();
    for (const [column, value] of columns) {
      const plan = this.#planOf(column);
      if (plan === undefined || (value?.kind === 'bytes' && !this.#columns.has(column))) continue;
      const result = applyRule(value, plan.rule, this.context.hash);
      if (result === undefined) throw new ValueNotConvertible(placeOf(row), column, plan.rule.as ?? 'text');
      mapped.set(plan.to, result);
    }
    return mapped;
  }

  /** Undefined for a column that is left out. */
  #planOf(column: string): ColumnPlan | undefined {
    const known = this.#plans.get(column);
    if (known !== undefined) return known;
    if (!this.#keeps(column)) return undefined;
    const rule = this.#columns.get(column) ?? NO_RULE;
    const plan = { to: this.#targetOf(column), rule };
    // A table has far fewer columns; whoever makes names up isn't given memory for them.
    if (this.#plans.size < MAX_PLANS) this.#plans.set(column, plan);
    return plan;
  }

  /** What the LOB system may change; undefined: nothing. */
  get inbound(): InboundRules | undefined {
    return this.rules.inbound;
  }

  /**
   * Whether equal values of a column are stored equal, and others otherwise. Not so for what is left out, and for what the store
   * has only a part of.
   */
  comparable(column: string): boolean {
    const rule = this.#planOf(column)?.rule;
    if (rule === undefined) return false;
    const { as, redact } = rule;
    return as !== 'double' && as !== 'date' && (redact === undefined || redact === 'hash');
  }

  /** A column's name in the store, whether or not it is stored. */
  nameOf(column: string): string {
    return this.#targetOf(column);
  }

  /** The filter: all of them must hold for a row to be shown. */
  get conditions(): readonly Condition[] {
    return this.#filter;
  }

  /** The columns that the filter looks at, mapped or not. */
  get filterColumns(): readonly string[] {
    return [...new Set(this.#filter.map(({ column }) => column))];
  }

  /**
   * Whether a row is to be shown downstream. `brought`: the columns are those of a patch, and only the conditions on them
   * are asked; as all conditions must hold, that is enough for a row which met them before.
   * @throws FilterUnfit
   */
  shows(row: RowAddress, columns: Columns, of: 'all' | 'brought'): boolean {
    return this.#filter.every((condition) => {
      if (of === 'brought' && !columns.has(condition.column)) return true;
      const answer = meets(columns, condition);
      if (answer === undefined) throw new FilterUnfit(placeOf(row), condition.column, condition.op);
      return answer;
    });
  }

  /**
   * The properties to ask the Web API for: the kept columns, those of the filter, the id and modifiedon. Undefined where
   * every column but images is to be read, so that new ones come by themselves.
   */
  select(definition: TableDefinition): readonly string[] | undefined {
    if (this.#keepOthers && this.images(definition).length === 0) return undefined;
    const wanted = [definition.primaryId, 'modifiedon', ...this.#readColumns(definition), ...this.filterColumns];
    return [...new Set(wanted)].flatMap((name) => {
      const column = definition.columns.get(name);
      if (column === undefined || !comesWithARead(column)) return [];
      return [column.type === 'lookup' ? `_${name}_value` : name];
    });
  }

  /** The kept columns that come with a read, as `name:type`, sorted: what tells that the table has changed. */
  keptColumns(definition: TableDefinition): readonly string[] {
    return this.#readColumns(definition)
      .map((name): `${string}:${ColumnType}` => `${name}:${definition.columns.get(name)?.type ?? 'other'}`)
      .sort();
  }

  #readColumns(definition: TableDefinition): readonly string[] {
    return [...definition.columns.values()].filter((column) => this.reads(column)).map(({ name }) => name);
  }

  /** Whether a column is kept, and comes with a read that asks for it. */
  reads(column: ColumnDefinition): boolean {
    const { name, type } = column;
    if (!comesWithARead(column) || !this.#keeps(name)) return false;
    return type === 'bytes' ? this.#columns.has(name) : !this.isGuess(name, column);
  }

  /** The images that are named, or that the filter looks at: they have to be asked for by name. */
  images(definition: TableDefinition): readonly string[] {
    const named = [...this.#columns.keys()].filter((column) => this.#keeps(column));
    return [...named, ...this.filterColumns].filter((name) => definition.columns.get(name)?.type === 'bytes');
  }

  /** Whether a column would be kept for its name alone, as a part of an image or file, though the metadata has it as none. */
  isGuess(column: string, definition: ColumnDefinition | undefined): boolean {
    return this.#isPart(column) && definition?.partOf === undefined && !this.filterColumns.includes(column);
  }

  /**
   * Changes when rows stored earlier would be stored otherwise now: with the table's rules, the languages, the key of
   * hashed columns, what the pull asks for, the types of the filter's columns, and (unless new columns are only to be added)
   * the kept columns and their types.
   */
  fingerprint(definition: TableDefinition): string {
    const { hash, languages, newColumns } = this.context;
    const hashes = [...this.#columns.values()].some((rule) => rule.redact === 'hash');
    const text = JSON.stringify([
      [this.target, this.key.prefix, this.key.format, this.#keepOthers, languages],
      [...this.#columns].sort(([a], [b]) => (a < b ? -1 : 1)),
      this.#filter,
      hashes ? hash('fingerprint') : '',
      newColumns === 'backfill' ? this.keptColumns(definition) : [],
      // A delta brings only the properties that its load asked for, and shows or hides rows by the filter's columns.
      [...(this.select(definition) ?? [])].sort(),
      this.filterColumns.map((column) => definition.columns.get(column)?.type ?? ''),
    ]);
    return createHash('sha256').update(text).digest('base64url').slice(0, 16);
  }

  #keeps(column: string): boolean {
    if (NOT_DATA.has(column)) return false;
    const rule = this.#columns.get(column);
    return rule === undefined ? this.#keepOthers || this.#isPart(column) : rule.drop !== true;
  }

  /** The address and time of an image, and the name of a file, are kept with it where it is kept as it is. */
  #isPart(column: string): boolean {
    if (this.#keepOthers || this.#columns.has(column)) return false;
    const rule = this.#columns.get(wholeOf(column) ?? '');
    return rule !== undefined && rule.drop !== true && rule.redact === undefined && rule.as === undefined;
  }
}
