import { child, literal, part, pieceOfString, type Syntax } from './syntax';

/** A value of Bicep. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** What names stand for, and what text files hold. */
export interface Scope {
  /** The value of a parameter, variable or symbol. */
  value(name: string): Value;
  /** The text of a file, its path as it is written. */
  text(file: string): string;
  /** An environment variable of who deploys. */
  variable(name: string): string | undefined;
}

/** As long as the real one: 13 lower-case letters and digits. */
export const UNIQUE = 'abcdefghijk23';

/** Computes an expression. It knows what the templates use, and fails on anything else. */
export function evaluate(expression: Syntax, scope: Scope): Value {
  const again = (syntax: Syntax | undefined): Value => {
    if (syntax === undefined) throw new Error(`Line ${expression.line}: a part of ${expression.text} is missing.`);
    return evaluate(syntax, scope);
  };
  switch (expression.kind) {
    case 'string':
      return expression.children
        .map((piece) => (piece.kind === 'interpolation' ? asText(again(piece.children[0])) : pieceOfString(piece)))
        .join('');
    case 'number':
      return Number(expression.text);
    case 'boolean':
      return expression.text === 'true';
    case 'null':
      return null;
    case 'array':
      return expression.children.map(again);
    case 'object':
      return Object.fromEntries(
        expression.children.map((property) => {
          const [key, value] = property.children;
          return [key?.kind === 'identifier' ? key.text : asText(again(key)), again(value)];
        }),
      );
    case 'parenthesized_expression':
      return again(expression.children[0]);
    case 'unary_expression':
      return !asBoolean(again(part(expression, 'argument')));
    case 'ternary_expression':
      return again(part(expression, asBoolean(again(part(expression, 'condition'))) ? 'consequence' : 'alternative'));
    case 'binary_expression':
      return binary(expression, again);
    case 'identifier':
      return scope.value(expression.text);
    case 'member_expression': {
      const object = again(part(expression, 'object'));
      const name = part(expression, 'property')?.text ?? '';
      // A safe dereference ends the whole chain.
      if (object === null && /\.\?\w+(?:\.\w+)*$/.test(expression.text)) return null;
      const found = isRecord(object) ? object[name] : undefined;
      if (found === undefined) throw new Error(`Line ${expression.line}: ${expression.text} has no ${name}.`);
      return found;
    }
    case 'call_expression':
      return call(expression, scope, again);
    case 'for_statement':
      return eachOf(expression, scope).map((inside) => {
        const body = part(expression, 'body');
        return body === undefined ? null : evaluate(body, inside);
      });
    default:
      throw new Error(`Line ${expression.line}: can't compute ${expression.kind} ${expression.text}`);
  }
}

/** The scopes of a loop's rounds. */
export function eachOf(loop: Syntax, scope: Scope): readonly Scope[] {
  const names = child(loop, 'for_loop_parameters')?.children ?? [part(loop, 'initializer')];
  const list = loop.children.find(
    ({ kind, field }) => field !== 'body' && field !== 'initializer' && kind !== 'for_loop_parameters',
  );
  const items = list === undefined ? [] : evaluate(list, scope);
  if (!Array.isArray(items)) throw new Error(`Line ${loop.line}: no list`);
  return (items as readonly Value[]).map((item, index) => ({
    ...scope,
    value: (name) => (name === names[0]?.text ? item : name === names[1]?.text ? index : scope.value(name)),
  }));
}

const isRecord = (value: Value): value is Readonly<Record<string, Value>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text or a number, as text. */
export function asText(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new Error(`No text: ${JSON.stringify(value)}`);
}

function asBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`Neither true nor false: ${JSON.stringify(value)}`);
}

function binary(expression: Syntax, again: (syntax: Syntax | undefined) => Value): Value {
  const left = part(expression, 'left');
  const right = part(expression, 'right');
  const [operator] = expression.tokens;
  switch (operator) {
    case '&&':
      return asBoolean(again(left)) && asBoolean(again(right));
    case '||':
      return asBoolean(again(left)) || asBoolean(again(right));
    case '??':
      return again(left) ?? again(right);
    case '==':
      return again(left) === again(right);
    case '+':
      return Number(again(left)) + Number(again(right));
    case '>':
      return Number(again(left)) > Number(again(right));
    default:
      throw new Error(`Line ${expression.line}: can't compute ${operator ?? 'nothing'}`);
  }
}

function call(expression: Syntax, scope: Scope, again: (syntax: Syntax | undefined) => Value): Value {
  const name = part(expression, 'function')?.text ?? '';
  const syntaxes = child(expression, 'arguments')?.children ?? [];
  if (name === 'loadTextContent') return scope.text(literal(syntaxes[0]) ?? '');
  if (name === 'readEnvironmentVariable') {
    const value = scope.variable(literal(syntaxes[0]) ?? '') ?? literal(syntaxes[1]);
    if (value === undefined) throw new Error(`The environment has no ${syntaxes[0]?.text ?? ''}.`);
    return value;
  }
  const values = syntaxes.map(again);
  const [first = null, second = null, third = null] = values;
  switch (name) {
    case 'empty':
      return isRecord(first) ? Object.keys(first).length === 0 : lengthOf(first) === 0;
    case 'length':
      return lengthOf(first);
    case 'join':
      return (first as readonly Value[]).map(asText).join(asText(second));
    case 'concat':
      return values.flatMap((value) => value as readonly Value[]);
    case 'union':
      return Object.assign({}, ...values) as Value;
    case 'replace':
      return asText(first).replaceAll(asText(second), asText(third));
    case 'string':
      return typeof first === 'string' ? first : JSON.stringify(first);
    case 'toLower':
      return asText(first).toLowerCase();
    case 'uniqueString':
      return UNIQUE;
    case 'resourceId':
    case 'subscriptionResourceId':
      return `/${values.map(asText).join('/')}`;
    case 'guid':
      return values.map(asText).join('|');
    case 'tenant':
      return { tenantId: 'the-tenant' };
    case 'environment':
      return { suffixes: { storage: 'core.windows.net' } };
    case 'resourceGroup':
      return { id: '/group', location: 'westeurope' };
    default:
      throw new Error(`Line ${expression.line}: can't call ${name}`);
  }
}

const lengthOf = (value: Value): number =>
  typeof value === 'string' || Array.isArray(value) ? (value as string | readonly Value[]).length : Number.NaN;
