import { compareNumbers } from '../json/exact-number';
import { conditionsOf, operandOf } from '../mapping/compile-mapping';
import { isoMs } from '../mapping/convert';
import type { Operand } from '../mapping/filter';
import { conditionFaults, LOGICAL_NAME } from '../mapping/mapping-rules';
import type { FileCondition } from '../mapping/mapping-schema';
import { CODES } from '../errors/codes';
import type { Fault } from '../yaml/schema-faults';
import { compileExpression } from './expression';
import {
  isChanged,
  isFilled,
  isOneOf,
  isTrue,
  isWithin,
  matches,
  mayFollow,
  triesIn,
  meetsCondition,
} from './keywords';
import { all, any, type PlacedPattern, type Question, type Rule } from './rule';
import type { FileMessageRule, FileRule, FileTableRule, Operation, RulesFile } from './rules-schema';
import { operationOf, type Subject } from './subject';

/** The rules of a file, by what they are of. */
export interface Rules {
  /** Alias of the pre image that has what they look at. */
  readonly image: string;
  readonly tables: ReadonlyMap<string, readonly Rule[]>;
  readonly messages: ReadonlyMap<string, readonly Rule[]>;
  /** All patterns, for whoever wants to know how long they can take. */
  readonly patterns: readonly PlacedPattern[];
}

const DEFAULT_IMAGE = 'pre';

type Path = Fault['path'];

/** What is met while a file is compiled. */
interface Met {
  readonly faults: Fault[];
  readonly patterns: PlacedPattern[];
}

/** The rules that a file of the right form means, and what is wrong with it. */
export function compileRules(file: RulesFile): { readonly rules: Rules; readonly faults: readonly Fault[] } {
  const met: Met = { faults: [], patterns: [] };
  const tables = Object.entries(file.tables ?? {}).map(([name, rules]): [string, readonly Rule[]] => {
    const path = ['tables', name];
    if (!LOGICAL_NAME.test(name))
      met.faults.push({ path, ofKey: true, text: 'must be the logical name of a table (lower case)' });
    met.faults.push(...repeatedCodes(path, rules));
    return [name, rules.map((rule, index) => tableRule([...path, index], rule, met))];
  });
  const messages = Object.entries(file.messages ?? {}).map(([name, rules]): [string, readonly Rule[]] => {
    const path = ['messages', name];
    met.faults.push(...messageFaults(path, name), ...repeatedCodes(path, rules));
    return [name, rules.map((rule, index) => messageRule([...path, index], rule, met))];
  });
  const rules = {
    image: file.image ?? DEFAULT_IMAGE,
    tables: new Map(tables),
    messages: new Map(messages),
    patterns: met.patterns,
  };
  return { rules, faults: met.faults };
}

function messageFaults(path: Path, name: string): Fault[] {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name))
    return [{ path, ofKey: true, text: 'must be the name of a message' }];
  if (operationOf(name) !== undefined)
    return [{ path, ofKey: true, text: 'is a message on rows: name its tables under tables instead' }];
  return /^Upsert(?:Multiple)?$/.test(name)
    ? [{ path, ofKey: true, text: 'is run as Create or Update: name its tables under tables instead' }]
    : [];
}

const repeatedCodes = (path: Path, rules: readonly FileRule[]): Fault[] =>
  rules.flatMap(({ code }, index) => {
    const at = [...path, index, 'code'];
    if (Object.hasOwn(CODES, code)) return [{ path: at, text: `can't be ${code}: the app itself answers that` }];
    return rules.findIndex((rule) => rule.code === code) < index ? [{ path: at, text: 'repeats a code' }] : [];
  });

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

type Scalar = Parameters<typeof operandOf>[0];

const operandsOf = (values: Scalar | readonly Scalar[] | undefined): readonly Operand[] | undefined =>
  values === undefined ? undefined : listOf(values).map(operandOf);

type FileChanges = Exclude<NonNullable<FileTableRule['changed']>, readonly string[]>;

const anyChange = (columns: readonly string[]): FileChanges =>
  Object.fromEntries(columns.map((column) => [column, {}]));

const DEFAULT_OPERATIONS: readonly Operation[] = ['Create', 'Update'];

function tableRule(path: Path, rule: FileTableRule, met: Met): Rule {
  const { code, message, changed, unique, transitions = {} } = rule;
  const operations = new Set(listOf(rule.on ?? DEFAULT_OPERATIONS));
  if (!operations.has('Update'))
    for (const key of ['changed', 'transitions'] as const)
      if (rule[key] !== undefined)
        met.faults.push({ path: [...path, key], text: 'has no use: the rule is not for Update' });
  if (unique !== undefined && operations.has('Delete'))
    met.faults.push({ path: [...path, 'unique'], text: "can't be: a row that is deleted may be like any other" });
  const changes = Object.entries(Array.isArray(changed) ? anyChange(changed) : (changed ?? {}));
  const isChangedSomehow = changes.map(([column, { from, to }]) => isChanged(column, operandsOf(from), operandsOf(to)));
  const steps = Object.entries(transitions).map(([column, next]) =>
    mayFollow(column, new Map(Object.entries(next).map(([from, to]) => [from, to.map(operandOf)]))),
  );
  const conditionColumns = [...Object.keys(rule.when ?? {}), ...changes.map(([column]) => column)];
  const { checks, columns, expressionColumns, tries } = checksOf(path, rule, met);
  const checked = [...columns, ...Object.keys(transitions), ...(unique ?? [])];
  const hasChecks = saysSome(rule, CHECKS);
  if (!hasChecks && conditionColumns.length === 0) met.faults.push(nothingSaid(path));
  met.faults.push(
    ...[...new Set([...conditionColumns, ...checked])]
      .filter((column) => !LOGICAL_NAME.test(column))
      .map((column) => ({ path, text: `names ${column}, which is no logical name of a column (lower case)` })),
  );
  return {
    code,
    message,
    operations,
    columns: [...new Set([...conditionColumns, ...checked, ...expressionColumns])],
    brokenBy: !hasChecks || rule.expr !== undefined ? undefined : [...conditionColumns, ...checked],
    applies: applying(rule, changed === undefined ? [] : [isChangedSomehow]),
    // Without a check it refuses whatever it is for.
    holds: hasChecks ? every([...checks, ...steps]) : () => false,
    tries,
    unique,
  };
}

function messageRule(path: Path, rule: FileMessageRule, met: Met): Rule {
  const { code, message } = rule;
  const { checks, columns, tries } = checksOf(path, rule, met);
  const conditionColumns = Object.keys(rule.when ?? {});
  const hasChecks = saysSome(rule, CHECKS);
  if (!hasChecks && conditionColumns.length === 0) met.faults.push(nothingSaid(path));
  return {
    code,
    message,
    operations: undefined,
    columns: [...new Set([...conditionColumns, ...columns])],
    brokenBy: undefined,
    applies: applying(rule, []),
    holds: hasChecks ? every(checks) : () => false,
    tries,
    unique: undefined,
  };
}

const CHECKS = ['required', 'range', 'pattern', 'oneOf', 'expr', 'unique', 'transitions'];

const saysSome = (rule: FileRule, keys: readonly string[]): boolean => keys.some((key) => Object.hasOwn(rule, key));

const nothingSaid = (path: Path): Fault => ({
  path,
  text: 'must have a condition or a check: it would refuse everything',
});

/** All questions have to be answered with yes. */
const every =
  (questions: readonly Question[]): Question =>
  (asked) =>
    all(questions.map((question) => question(asked)));

/** @param oneOfEach lists of questions: of each list one has to be answered with yes */
function applying({ when }: FileRule, oneOfEach: readonly (readonly Question[])[]): Question {
  const conditions = Object.entries<FileCondition>(when ?? {}).flatMap(([column, condition]) =>
    conditionsOf(column, condition).map(meetsCondition),
  );
  const some = oneOfEach.map(
    (questions): Question =>
      (asked) =>
        any(questions.map((question) => question(asked))),
  );
  return every([...conditions, ...some]);
}

/** What a rule checks, and the columns that it does that with. */
interface Checks {
  readonly checks: readonly Question[];
  readonly columns: readonly string[];
  /** Columns that its expression names, of the row or its image. */
  readonly expressionColumns: readonly string[];
  readonly tries: Rule['tries'];
}

function checksOf(path: Path, rule: FileRule, met: Met): Checks {
  const { required = [], range = {}, pattern = {}, oneOf = {}, expr, when = {} } = rule;
  met.faults.push(
    ...conditionFaults(when, [...path, 'when']),
    ...Object.entries(range).flatMap(([column, bounds]) => rangeFaults([...path, 'range', column], bounds)),
  );
  const expression = expr === undefined ? undefined : expressionOf([...path, 'expr'], expr, met);
  const patterns = Object.entries(pattern).flatMap(([column, text]) =>
    patternOf([...path, 'pattern', column], text, met).map((regExp) => ({ column, regExp })),
  );
  const searches = patterns.map(({ column, regExp }) => triesIn(column, regExp));
  return {
    checks: [
      ...required.map(isFilled),
      ...Object.entries(range).flatMap(([column, { min, max }]) => [
        ...(min === undefined ? [] : [isWithin({ column, op: 'gte', operand: operandOf(min) })]),
        ...(max === undefined ? [] : [isWithin({ column, op: 'lte', operand: operandOf(max) })]),
      ]),
      ...patterns.map(({ column, regExp }) => matches(column, regExp)),
      ...Object.entries(oneOf).map(([column, values]) => isOneOf(column, values.map(operandOf))),
      ...(expression === undefined ? [] : [isTrue(expression)]),
    ],
    columns: [...required, ...[range, pattern, oneOf].flatMap((of) => Object.keys(of))],
    expressionColumns: [...(expression?.columns.target ?? []), ...(expression?.columns.image ?? [])],
    tries: (subject: Subject) =>
      expression?.mayTakeLong === true ? Infinity : searches.reduce((sum, search) => sum + search(subject), 0),
  };
}

type Bounds = NonNullable<FileRule['range']>[string];

/** Negative, zero or positive, of numbers as of dates; NaN for anything else. */
const orderOf = (a: string, b: string): number => compareNumbers(a, b) ?? (isoMs(a) ?? NaN) - (isoMs(b) ?? NaN);

/** Bounds that no value can be compared with, or that no value is between. */
function rangeFaults(path: Path, bounds: Bounds): Fault[] {
  const wrong = Object.entries(bounds).filter(([, bound]) => Number.isNaN(orderOf(String(bound), String(bound))));
  if (wrong.length > 0)
    return wrong.map(([key]) => ({ path: [...path, key], text: 'must be a number, or a date as 2026-03-14' }));
  const { min, max } = bounds;
  if (min === undefined || max === undefined) return [];
  const order = orderOf(String(min), String(max));
  if (order <= 0) return [];
  return [{ path, text: order > 0 ? 'must not have max below min' : 'must have two numbers, or two dates' }];
}

function expressionOf(path: Path, text: string, met: Met) {
  const compiled = compileExpression(text);
  if ('fault' in compiled) {
    met.faults.push({ path, text: `${compiled.fault} (at character ${compiled.at + 1})` });
    return undefined;
  }
  met.patterns.push(...compiled.patterns.map((pattern) => ({ pattern, path })));
  return compiled;
}

/** None where the text is no pattern: that is told. */
function patternOf(path: Path, text: string, met: Met): RegExp[] {
  const whole = `^(?:${text})$`;
  try {
    // By itself, too: `a)|(b` is none.
    const patterns = [text, whole].map((source) => new RegExp(source, 'u')).slice(1);
    met.patterns.push(...patterns.map((one) => ({ pattern: one, path })));
    return patterns;
  } catch {
    met.faults.push({ path, text: 'must be a regular expression of JavaScript (with the flag u)' });
    return [];
  }
}
