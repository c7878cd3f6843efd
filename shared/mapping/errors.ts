import type { RowAddress } from '../change/row-change';
import { OutboundError } from '../errors/errors';
import type { TargetType } from './convert';

/** What a mapping is applied to, for its errors: `account(…)` or `event new_ShipOrder`. */
export const placeOf = ({ table, id }: RowAddress): string => `${table}(${id})`;

/** Thrown when a column's value has no form in the type that the mapping gives the column. */
export class ValueNotConvertible extends OutboundError {
  constructor(place: string, column: string, as: TargetType) {
    super(
      'value-not-convertible',
      `${place} has a value in column ${column} that can't be stored as ${as}. Correct the value in Dataverse, or the ` +
        `column's "as" in the mapping file, and replay it.`,
    );
  }
}

/** Thrown when a filter compares what can't be compared: a row must not vanish downstream for that. */
export class FilterUnfit extends OutboundError {
  constructor(place: string, column: string, op: string) {
    super(
      'filter-unfit',
      `${place} has a value in column ${column} to which the filter's "${op}" doesn't apply. Correct the filter in the ` +
        `mapping file (dvo mapping check --from-dataverse tells what fits), and replay it.`,
    );
  }
}
