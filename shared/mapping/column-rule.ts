import type { Value } from '../change/value';
import { convertValue, type TargetType } from './convert';
import { redact, type Hash, type Redaction } from './redact';

/** Which parts of a lookup are stored besides its id. */
export type LookupPart = 'id' | 'table' | 'name';

/** What becomes of a column. All members absent: kept as it is. */
export interface ColumnRule {
  /** Its name in the store. */
  readonly to?: string;
  readonly drop?: true;
  readonly as?: TargetType;
  readonly label?: 'all' | 'first' | 'none';
  readonly lookup?: readonly LookupPart[];
  readonly redact?: Redaction;
}

/** Applies a rule to a value; undefined where the value has no form of the type asked for. */
export function applyRule(value: Value, rule: ColumnRule, hash: Hash): Value | undefined {
  if (rule.redact !== undefined) return redact(value, rule.redact, hash);
  if (rule.as !== undefined) return convertValue(value, rule.as);
  if (value === null) return null;
  switch (value.kind) {
    case 'choice': {
      if (keepsLabels(value, rule.label)) return value;
      const { kind, value: number } = value;
      return { kind, value: number, ...labelsOf(value, rule.label) };
    }
    case 'choices': {
      if (keepsLabels(value, rule.label)) return value;
      const { kind, values } = value;
      return { kind, values, ...labelsOf(value, rule.label) };
    }
    case 'lookup':
      return rule.lookup === undefined ? value : partsOf(value, rule.lookup);
    default:
      return value;
  }
}

type Labelled = Extract<Value, { kind: 'choice' | 'choices' }>;

const keepsLabels = ({ labels }: Labelled, which: ColumnRule['label'] = 'first'): boolean =>
  which === 'all' || (which === 'first' && labels === undefined);

/** Where not all are kept. */
const labelsOf = ({ label }: Labelled, which: ColumnRule['label']): Pick<Labelled, 'label'> =>
  which === 'none' || label === undefined ? {} : { label };

function partsOf({ kind, table, id, name }: Extract<Value, { kind: 'lookup' }>, parts: readonly LookupPart[]): Value {
  return { kind, id, table: parts.includes('table') ? table : '', name: parts.includes('name') ? name : null };
}
