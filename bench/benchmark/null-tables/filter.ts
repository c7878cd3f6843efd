/** Reads a property of the entity in question; PartitionKey and RowKey too. */
export type Read = (property: string) => unknown;

const TOKEN = /\s*(?:'((?:[^']|'')*)'|([()])|([^\s()']+))/y;
const COMPARE: Readonly<Record<string, (a: never, b: never) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
};

interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

/** A filter, or a part of one. */
export interface Filter {
  readonly meets: (read: Read) => boolean;
  /** The only partition in which entities can meet it; undefined where there may be several. */
  readonly partitionKey: string | undefined;
}

const anyOf = (parts: readonly Filter[]): Filter => {
  const [first] = parts;
  const shared = parts.every(({ partitionKey }) => partitionKey === first?.partitionKey);
  return {
    meets: (read) => parts.some((part) => part.meets(read)),
    partitionKey: shared ? first?.partitionKey : undefined,
  };
};

const allOf = (parts: readonly Filter[]): Filter => ({
  meets: (read) => parts.every((part) => part.meets(read)),
  partitionKey: parts.find(({ partitionKey }) => partitionKey !== undefined)?.partitionKey,
});

/**
 * A query's $filter: comparisons of properties with texts, times, whole numbers, true and false; and, or, not, parentheses.
 * @throws Error for anything else
 */
export function filterOf(filter: string): Filter {
  const tokens: Token[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < filter.trimEnd().length;) {
    const match = TOKEN.exec(filter);
    if (match === null) throw new Error(`The filter can't be read: ${filter}`);
    const [, quoted, bracket, word] = match;
    tokens.push({ text: quoted?.replaceAll("''", "'") ?? bracket ?? word ?? '', quoted: quoted !== undefined });
  }
  let at = 0;
  const accept = (text: string): boolean => {
    const found = tokens[at]?.text === text && !tokens[at]?.quoted;
    if (found) at += 1;
    return found;
  };
  const either = (): Filter => {
    const parts = [both()];
    while (accept('or')) parts.push(both());
    return anyOf(parts);
  };
  const both = (): Filter => {
    const parts = [one()];
    while (accept('and')) parts.push(one());
    return allOf(parts);
  };
  const one = (): Filter => {
    if (accept('not')) {
      const part = one();
      return { meets: (read) => !part.meets(read), partitionKey: undefined };
    }
    if (accept('(')) {
      const part = either();
      if (!accept(')')) throw new Error(`The filter can't be read: ${filter}`);
      return part;
    }
    const [property, operator, operand] = tokens.slice(at, at + 3);
    const compare = COMPARE[operator?.text ?? ''];
    if (property === undefined || operand === undefined || compare === undefined)
      throw new Error(`The filter can't be read: ${filter}`);
    at += 3;
    const value = operand.quoted ? operand.text : isTime(operand) ? timeOf(tokens[at++]) : literalOf(operand.text);
    const isPartition = property.text === 'PartitionKey' && operator?.text === 'eq';
    return {
      meets: (read) => compare(read(property.text) as never, value as never),
      partitionKey: isPartition ? operand.text : undefined,
    };
  };
  const whole = either();
  if (at < tokens.length) throw new Error(`The filter can't be read: ${filter}`);
  return whole;
}

const isTime = ({ text, quoted }: Token): boolean => text === 'datetime' && !quoted;

/** As the service writes times, so that they compare as texts. */
const timeOf = (token: Token | undefined): string => new Date(token?.text ?? '').toISOString();

function literalOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new Error(`The filter has an operand that can't be read: ${text}`);
}
