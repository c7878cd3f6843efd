import type { Columns, Value } from '../change/value';
import { stemOf } from './column-names';
import { applyRule, type ColumnRule } from './column-rule';
import { ValueNotConvertible } from './errors';
import type { Hash } from './redact';

/** What a mapping file says of the events of one message. */
export interface EventRules {
  readonly target?: string;
  readonly synchronous?: 'park' | 'store';
  /** By name with its group: `input.OrderId`, `output.Result`, `variable.tag`. */
  readonly columns?: ReadonlyMap<string, ColumnRule>;
  /** Parameters that aren't named are left out. @default those of input and output are kept */
  readonly dropOthers?: true;
}

/** How events of a custom action, a custom API or a business event become rows of an event table. */
export class EventMapping {
  /** Name of its table in the store, before the prefix. */
  readonly target: string;
  /** What becomes of an event of a synchronous step, whose transaction may have been rolled back. */
  readonly synchronous: 'park' | 'store';
  readonly #columns: ReadonlyMap<string, ColumnRule>;
  readonly #keepOthers: boolean;

  constructor(
    /** The message's name. */
    readonly message: string,
    rules: EventRules,
    private readonly hash: Hash,
  ) {
    this.target = rules.target ?? message;
    this.synchronous = rules.synchronous ?? 'park';
    this.#columns = rules.columns ?? new Map<string, ColumnRule>();
    this.#keepOthers = rules.dropOthers !== true;
  }

  /**
   * An event's values (`input.X`, `output.X`, `variable.X`) under their names in the store.
   * @throws ValueNotConvertible
   */
  mapColumns(columns: Columns): Columns {
    const kept = [...columns].filter(([name]) => this.#keeps(name));
    const names = new Set(kept.map(([name]) => this.#targetOf(name)));
    const mapped = new Map<string, Value>();
    for (const [name, value] of kept) {
      const rule = this.#columns.get(name) ?? {};
      const result = applyRule(value, rule, this.hash);
      if (result === undefined) throw new ValueNotConvertible(`Event ${this.message}`, name, rule.as ?? 'text');
      const target = this.#targetOf(name);
      // Parameters `Customer` and `CustomerName`: the name of the first one's row would take the place of the second.
      const meetsDerived = rule.to === undefined && names.has(stemOf(target) ?? '');
      mapped.set(meetsDerived ? `${target}Column` : target, result);
    }
    return mapped;
  }

  #keeps(name: string): boolean {
    const rule = this.#columns.get(name);
    if (rule !== undefined) return rule.drop !== true;
    return this.#keepOthers && !name.startsWith('variable.');
  }

  #targetOf(name: string): string {
    return this.#columns.get(name)?.to ?? propertyName(name);
  }
}

/** `input.OrderId` as `input_OrderId`; what no property's name can hold as its code (`_x2D_` for a hyphen). */
const propertyName = (name: string): string =>
  name
    .replace('.', '_')
    .replace(/[^A-Za-z0-9_]/gu, (character) => `_x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}_`);
