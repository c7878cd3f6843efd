import { BUILTINS } from './builtins';
import type { Source, Sources } from './source';
import { child, literal, part, type Syntax } from './syntax';

/** The type of an expression, roughly: `string`, `int`, `bool`, `object`, `array`; undefined where that can't be said. */
export function typeOf(expression: Syntax, source: Source, sources: Sources): string | undefined {
  const again = (syntax: Syntax | undefined): string | undefined =>
    syntax === undefined ? undefined : typeOf(syntax, source, sources);
  switch (expression.kind) {
    case 'string':
      return 'string';
    case 'number':
      return 'int';
    case 'boolean':
      return 'bool';
    case 'object':
      return 'object';
    case 'array':
    case 'for_statement':
      return 'array';
    case 'parenthesized_expression':
      return again(expression.children[0]);
    case 'unary_expression':
      return expression.tokens.includes('!') ? 'bool' : 'int';
    case 'binary_expression':
      if (expression.tokens.includes('??')) return again(part(expression, 'left')) ?? again(part(expression, 'right'));
      return expression.tokens.some((token) => ['+', '-', '*', '/', '%'].includes(token)) ? 'int' : 'bool';
    case 'ternary_expression':
      return again(part(expression, 'consequence')) ?? again(part(expression, 'alternative'));
    case 'call_expression': {
      const called = BUILTINS[part(expression, 'function')?.text ?? ''];
      return called?.returns ?? again(child(expression, 'arguments')?.children[0]);
    }
    case 'identifier': {
      const parameter = source.parameters.find(({ name }) => name === expression.text);
      if (parameter !== undefined) return kindOf(parameter.type);
      return again(source.variables.find(({ name }) => name === expression.text)?.value);
    }
    case 'member_expression':
      return outputOf(expression, source, sources);
    default:
      return undefined;
  }
}

/** The kind of a declared type: `string[]` is an `array`. */
export const kindOf = (type: string): string => (type.endsWith('[]') ? 'array' : type);

/** Of an output of a module, and of a resource's id and name. */
function outputOf(expression: Syntax, source: Source, sources: Sources): string | undefined {
  const [, resource] = /^(\w+)\.(?:id|name)$/.exec(expression.text) ?? [];
  if (source.resources.some(({ symbol: each }) => each === resource)) return 'string';
  const [, symbol, output] = /^(\w+)\.\??outputs\.(\w+)$/.exec(expression.text) ?? [];
  const call = source.modules.find((module) => module.symbol === symbol);
  const type = sources.get(call?.file ?? '')?.outputs.find(({ name }) => name === output)?.type;
  return type === undefined ? undefined : kindOf(type);
}

/** The object literals that an expression's array is made of; undefined where one of its items is something else. */
export function itemsOf(expression: Syntax | undefined, source: Source): readonly Syntax[] | undefined {
  if (expression === undefined) return undefined;
  const all = (parts: readonly (Syntax | undefined)[]): readonly Syntax[] | undefined => {
    const lists = parts.map((each) => itemsOf(each, source));
    return lists.every((list) => list !== undefined) ? lists.flat() : undefined;
  };
  switch (expression.kind) {
    case 'array':
      return expression.children.every(({ kind }) => kind === 'object') ? expression.children : undefined;
    case 'identifier':
      return itemsOf(source.variables.find(({ name }) => name === expression.text)?.value, source);
    case 'ternary_expression':
      return all([part(expression, 'consequence'), part(expression, 'alternative')]);
    case 'call_expression':
      return part(expression, 'function')?.text === 'concat'
        ? all(child(expression, 'arguments')?.children ?? [])
        : undefined;
    default:
      return undefined;
  }
}

/** What `allowed` says of a literal, as the templates write it: a string or a number. */
export const literalText = (syntax: Syntax): string | undefined =>
  syntax.kind === 'number' ? syntax.text : literal(syntax);
