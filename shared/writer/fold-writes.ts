import type { RowWrite } from '../lob/store';

/** Two writes of one row as one: what several waiting changes of a row become. */
export function foldWrites(first: RowWrite | undefined, then: RowWrite): RowWrite {
  if (first === undefined) return then;
  const onlyWhile = both(first.onlyWhile, then.onlyWhile);
  return { ...folded(first, then), ...(onlyWhile === undefined ? {} : { onlyWhile }) };
}

function folded(first: RowWrite, then: RowWrite): RowWrite {
  if (then.effect === 'snapshot' || then.effect === 'clear') return then;
  if (then.effect === 'keep') return { ...first, stamp: then.stamp };
  if (first.effect === 'keep') return then;
  return { ...first, ...then, effect: first.effect, columns: new Map([...first.columns, ...then.columns]) };
}

type Condition = RowWrite['onlyWhile'];

const both = (first: Condition, then: Condition): Condition =>
  first === undefined || then === undefined ? (first ?? then) : () => first() && then();
