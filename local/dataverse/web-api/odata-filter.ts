import { badRequest } from '../dataverse-error';

/** What a property is compared as; undefined when there is no such property. */
export type Comparable = string | number | bigint | boolean | null | undefined;

/** Reads a property (`name`, `_ownerid_value`, `CanChangeTrackingBeEnabled/Value`) of the item under test. */
export type Property = (name: string) => Comparable;

/** A filter ready to be applied. */
export type Predicate = (property: Property) => boolean;

const TOKEN = /\s*('(?:[^']|'')*'|[()[\],=]|[^\s()[\],=']+)/gy;

/**
 * Compiles the subset of `$filter` that is supported: `eq ne gt ge lt le` between a property and a literal, `and`, `or`,
 * `not`, parentheses, `contains|startswith|endswith(property,'text')`, and
 * `Microsoft.Dynamics.CRM.In(PropertyName='x',PropertyValues=['a','b'])`.
 */
export function compileFilter(text: string): Predicate {
  const tokens = [...text.matchAll(TOKEN)].map(([, token = '']) => token);
  let position = 0;
  const refuse = (): never => {
    throw badRequest(`Syntax error at position ${position} in '${text}'.`);
  };
  const take = (): string => tokens[position++] ?? refuse();
  const expect = (token: string): void => {
    if (take() !== token) refuse();
  };

  const either = (): Predicate => {
    let left = both();
    while (tokens[position] === 'or') {
      position += 1;
      const [first, second] = [left, both()];
      left = (property) => first(property) || second(property);
    }
    return left;
  };
  const both = (): Predicate => {
    let left = single();
    while (tokens[position] === 'and') {
      position += 1;
      const [first, second] = [left, single()];
      left = (property) => first(property) && second(property);
    }
    return left;
  };
  const single = (): Predicate => {
    const token = take();
    if (token === '(') {
      const inner = either();
      expect(')');
      return inner;
    }
    if (token === 'not') {
      const inner = single();
      return (property) => !inner(property);
    }
    if (tokens[position] === '(') return called(token);
    const operator = take();
    return comparison(token, operator, take()) ?? refuse();
  };
  const called = (name: string): Predicate => {
    expect('(');
    if (name === 'Microsoft.Dynamics.CRM.In') return oneOf();
    const column = take();
    expect(',');
    const part = literalText(take()).toLowerCase();
    expect(')');
    const test = TEXT_TESTS[name] ?? refuse();
    return (property) => test(String(property(column) ?? '').toLowerCase(), part);
  };
  const oneOf = (): Predicate => {
    ['PropertyName', '='].forEach(expect);
    const column = literalText(take());
    [',', 'PropertyValues', '=', '['].forEach(expect);
    const values: string[] = [];
    for (let token = take(); token !== ']'; token = take()) if (token !== ',') values.push(token);
    expect(')');
    return (property) => values.some((value) => compare(property(column), value) === 0);
  };

  const predicate = either();
  if (position !== tokens.length) refuse();
  return predicate;
}

const TEXT_TESTS: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  contains: (text, part) => text.includes(part),
  startswith: (text, part) => text.startsWith(part),
  endswith: (text, part) => text.endsWith(part),
};

const literalText = (token: string): string =>
  token.startsWith("'") ? token.slice(1, -1).replaceAll("''", "'") : token;

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/;
/** OData has no such literal. */
const TIME_WITHOUT_ZONE = /^\d{4}-\d\d-\d\dT[\d:.]+$/;

/** Negative, zero or positive; NaN when they cannot be compared (null is equal to null only). */
function compare(value: Comparable, token: string): number {
  if (value === null || value === undefined) return token === 'null' ? 0 : NaN;
  if (token === 'null') return NaN;
  switch (typeof value) {
    case 'boolean':
      return String(value) === token ? 0 : NaN;
    case 'bigint':
      return /^-?\d+$/.test(token) ? Number(value - BigInt(token)) : NaN;
    case 'number':
      return value - Number(literalText(token));
    default: {
      if (TIME.test(value) && TIME.test(token)) return Date.parse(value) - Date.parse(token);
      // Dataverse compares text without regard to case.
      const [left, right] = [value.toLowerCase(), literalText(token).toLowerCase()];
      return left === right ? 0 : left < right ? -1 : 1;
    }
  }
}

function comparison(name: string, operator: string, token: string): Predicate | undefined {
  if (TIME_WITHOUT_ZONE.test(token)) return undefined;
  const known = (property: Property): Comparable => {
    const value = property(name);
    if (value === undefined) throw badRequest(`Could not find a property named '${name}'.`, '0x0');
    return value;
  };
  switch (operator) {
    case 'eq':
      return (property) => compare(known(property), token) === 0;
    case 'ne':
      return (property) => compare(known(property), token) !== 0;
    case 'gt':
      return (property) => compare(known(property), token) > 0;
    case 'ge':
      return (property) => compare(known(property), token) >= 0;
    case 'lt':
      return (property) => compare(known(property), token) < 0;
    case 'le':
      return (property) => compare(known(property), token) <= 0;
    default:
      return undefined;
  }
}
