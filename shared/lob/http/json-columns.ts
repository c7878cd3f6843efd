import { hash } from 'node:crypto';
import { plainValue } from '../../change/value-json';
import type { Columns, Value } from '../../change/value';
import { withoutLastZeros } from '../../json/exact-number';
import { textsBeside } from '../derived-names';

/** Columns as JSON, by name; null where a column is empty. */
export type JsonColumns = ReadonlyMap<string, unknown>;

/**
 * Columns as the members of a JSON object. A choice has its label beside it (`xLabel`, `xLabel1031`), a lookup its table and
 * its row's name (`xTable`, `xName`). Exact numbers are text, so that no reader makes doubles of them.
 */
export function jsonColumns(columns: Columns): JsonColumns {
  const members = new Map<string, unknown>();
  for (const [name, value] of columns) add(members, name, value);
  return members;
}

function add(members: Map<string, unknown>, name: string, value: Value): void {
  switch (value?.kind) {
    case 'aliased': {
      add(members, name, value.value);
      return;
    }
    case 'lookup':
    case 'choice':
    case 'choices':
      members.set(name, value.kind === 'lookup' ? value.id : plainValue(value));
      for (const [beside, text] of textsBeside(name, value)) members.set(beside, text);
      return;
    default:
      members.set(name, plainValue(value));
  }
}

/**
 * A fingerprint of each member that isn't empty: tells whether a value is the same without telling the value. Of a decimal number
 * zeros at its end don't count, since the LOB system may give it other ones than Dataverse.
 */
export type Prints = ReadonlyMap<string, string>;

export function printsOf(columns: Columns): Prints {
  const prints = new Map<string, string>();
  for (const [name, value] of jsonColumns(columns)) {
    if (value === null) continue;
    const kind = columns.get(name)?.kind;
    const isDecimal = (kind === 'decimal' || kind === 'money') && typeof value === 'string';
    const printed = isDecimal ? withoutLastZeros(value) : value;
    prints.set(name, hash('sha256', JSON.stringify([name, printed]), 'base64url').slice(0, 16));
  }
  return prints;
}
