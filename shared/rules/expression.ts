/**
 * Expressions of rules, in CEL (https://cel.dev). The only file that knows the engine: its names, its values and its errors
 * end here.
 */
import type * as Cel from '@marcbachmann/cel-js';

/** What an expression is about. An absent one isn't known, and an expression that asks for it fails. */
export type Variables = Readonly<
  Record<'target' | 'user' | 'message', ReadonlyMap<string, unknown>> &
    Partial<Record<'image', ReadonlyMap<string, unknown>>>
>;

/** A value that no expression can use: one that asks for it fails. */
export const UNUSABLE = Symbol('unusable');

/** Thrown when an expression has no answer. Never carries a value. */
export class ExpressionFailed extends Error {}

/** Which keys of a variable an expression can come to; undefined: any. */
export type Keys = ReadonlySet<string> | undefined;

/** An expression that can be asked. */
export interface Expression {
  /** Columns that it can come to: of others its variables need nothing. */
  readonly columns: Readonly<Record<'target' | 'image', Keys>>;
  /** Patterns that it matches texts with: it must not be given long texts. */
  readonly patterns: readonly RegExp[];
  /** Whether it loops or searches, so that the row decides how long it takes. */
  readonly mayTakeLong: boolean;
  /** @throws ExpressionFailed where there is no answer: a missing key, types that don't go together */
  readonly holds: (variables: Variables) => boolean;
}

/** Why a text is no expression; `at`: in characters from its start. */
export interface ExpressionFault {
  readonly fault: string;
  readonly at: number;
}

/** The engine, loaded with the first expression: deployments without one do without it. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- `import()` would make the reading of settings asynchronous.
const cel = (): typeof Cel => require('@marcbachmann/cel-js') as typeof Cel;

const NAMES = ['target', 'image', 'user', 'message'] as const;

/** Far beyond what people write; the engine's own bounds are for 100 times as much. */
const LIMITS = { maxAstNodes: 1000, maxDepth: 50 };

let known: Cel.Environment | undefined;

function environment(): Cel.Environment {
  if (known !== undefined) return known;
  const made = new (cel().Environment)({ limits: LIMITS });
  for (const name of NAMES) made.registerVariable(name, 'map');
  return (known = made);
}

/** Reads an expression, which must be true or false. */
export function compileExpression(text: string): Expression | ExpressionFault {
  let parsed: Cel.ParseResult;
  try {
    parsed = environment().parse(text);
  } catch (error) {
    return faultOf(error);
  }
  const found: Found = { target: new Set(), image: new Set(), patterns: [], mayTakeLong: false };
  look(parsed.ast, found);
  const { valid, type = '', error } = parsed.check();
  if (!valid) return faultOf(error);
  if (type !== 'bool' && type !== 'dyn') return { fault: `is of type ${type}, not true or false`, at: 0 };
  if (found.fault !== undefined) return found.fault;
  const holds = (variables: Variables): boolean => {
    let answer: unknown;
    try {
      answer = parsed(variables);
    } catch (failure) {
      throw new ExpressionFailed(`the expression fails (${codeAndPlace(failure)})`);
    }
    if (typeof answer !== 'boolean') throw new ExpressionFailed('the expression is neither true nor false');
    return answer;
  };
  const { target, image, patterns, mayTakeLong } = found;
  return { columns: { target, image }, patterns, mayTakeLong, holds };
}

interface Failure {
  readonly code?: unknown;
  readonly summary?: unknown;
  readonly range?: { readonly start: number } | undefined;
}

/** What the engine says of a text of the file's own. */
function faultOf(error: unknown): ExpressionFault {
  const { summary, range } = error as Failure;
  return { fault: `can't be read: ${String(summary ?? error)}`, at: range?.start ?? 0 };
}

/** The engine's words may hold a value of the row; its codes don't. */
function codeAndPlace(error: unknown): string {
  const { code, range } = error as Failure;
  const where = range === undefined ? '' : ` at character ${range.start + 1}`;
  return `${typeof code === 'string' ? code : 'error'}${where}`;
}

interface Found {
  target: Set<string> | undefined;
  image: Set<string> | undefined;
  readonly patterns: RegExp[];
  mayTakeLong: boolean;
  fault?: ExpressionFault;
}

interface Node {
  readonly op: string;
  readonly args: unknown;
  readonly pos?: number;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

/** Calls that take more than a time in proportion to what they are given. */
const LONG_CALLS: ReadonlySet<unknown> = new Set(['all', 'exists', 'exists_one', 'filter', 'map', 'matches']);

/** Looks through an expression for the columns that it can come to and the patterns that it matches with. */
function look(value: unknown, found: Found): void {
  if (Array.isArray(value)) {
    for (const one of value) look(one, found);
    return;
  }
  if (!isNode(value)) return;
  const { op, args } = value;
  const [first, second, third] = Array.isArray(args) ? (args as unknown[]) : [];
  const of = op === '.' ? variableOf(first) : undefined;
  if (of !== undefined) {
    found[of]?.add(String(second));
    return;
  }
  const whole = variableOf(value);
  if (whole !== undefined) found[whole] = undefined;
  if (op === 'rcall' && first === 'matches') takePattern(value, third, found);
  if (op === 'rcall' && LONG_CALLS.has(first)) found.mayTakeLong = true;
  look(args, found);
}

const variableOf = (node: unknown): 'target' | 'image' | undefined =>
  isNode(node) && node.op === 'id' && (node.args === 'target' || node.args === 'image') ? node.args : undefined;

/** Whoever chooses the pattern chooses how long a search takes: that is the file, never a row. */
function takePattern({ pos = 0 }: Node, args: unknown, found: Found): void {
  const [pattern] = Array.isArray(args) ? (args as unknown[]) : [];
  const text = isNode(pattern) && pattern.op === 'value' ? pattern.args : undefined;
  if (typeof text !== 'string') {
    found.fault ??= { fault: 'must have its pattern in quotes', at: pos };
    return;
  }
  try {
    // Without flags, as the engine makes it.
    found.patterns.push(new RegExp(text));
  } catch {
    found.fault ??= { fault: 'has a pattern that is no regular expression', at: pos };
  }
}
