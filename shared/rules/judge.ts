import { setImmediate } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Columns, Value } from '../change/value';
import type { Context } from '../context/context';
import { messageOf, OutboundError } from '../errors/errors';
import { NotFindable } from '../lob/row-finder';
import type { Rules } from './compile-rules';
import { endsWithin } from './ends-within';
import { RuleUnjudged } from './errors';
import type { Variables } from './expression';
import { expressionColumns } from './expression-values';
import { notKnown } from './keywords';
import { all, type Answer, type Asked, type Rule, type Unknown } from './rule';
import { operationOf, subjectsOf, valueOf, type Subject } from './subject';

/** What became of one rule for one row. */
export interface Judged {
  readonly rule: Rule;
  readonly subject: Subject;
  /** `elsewhere`: it isn't for this row, or the update can't break it. `unasked`: another rule refuses already. */
  readonly outcome: 'holds' | 'elsewhere' | 'unasked' | 'refuses' | Unknown;
}

/** What rules need besides the context. */
export interface JudgeOptions {
  /** The sender said that it removed members for size. */
  readonly truncated: boolean;
  /** Time to ask them all, in milliseconds. What isn't answered then, nobody can say. */
  readonly limitMs: number;
  /**
   * Whether a row other than the subject has these values, under their names in Dataverse. Rejects with NotFindable, or with an
   * OutboundError, where that can't be said.
   */
  readonly isTaken: (subject: Subject, columns: Columns) => Promise<boolean>;
}

/** Rules that are asked in one go; then everything else in the process has a turn. */
const RULES_A_TURN = 1000;
/** Beyond it a turn may have to be stopped: so many tries take some 100 ms at most. */
const MANY_TRIES = 2_000_000;

const NO_TIME: Unknown = { unknown: 'there was no time left for it' };
/** Requests to the store under way at once for one operation. */
const LOOK_UPS = 8;

/** A rule whose answer the store decides. */
interface Open {
  readonly at: number;
  readonly applies: Answer;
  readonly holds: Answer;
  readonly columns: Columns;
}

/**
 * Asks every rule of an operation, as far as there is time. The store is asked last, and only where nothing else refuses.
 *
 * @throws RuleUnjudged where the message doesn't say what it is about; ContextInvalid
 */
export async function judge(
  { image, tables, messages }: Rules,
  context: Context,
  { truncated, limitMs, isTaken }: JudgeOptions,
): Promise<readonly Judged[]> {
  const until = performance.now() + limitMs;
  const isOfRows = operationOf(context.message) !== undefined;
  const rulesOf = (name: string): readonly Rule[] => (isOfRows ? tables : messages).get(name) ?? [];
  // What no rule is for isn't even read.
  if (rulesOf(isOfRows ? context.table : context.message).length === 0) return [];
  const subjects = subjectsOf(context, image, truncated);
  if (subjects === undefined)
    throw new RuleUnjudged(undefined, 'the message came without its parameters (it was over its size limit)');
  const asks = subjects.flatMap((subject) => {
    const asked: Asked = { subject, variables: variablesOf(subject, context) };
    return rulesOf(subject.name).map((rule) => ({ rule, asked }));
  });
  const judged: Judged[] = [];
  const open: Open[] = [];
  while (judged.length < asks.length) {
    if (judged.length > 0) await setImmediate();
    const turn = asks.slice(judged.length, judged.length + RULES_A_TURN);
    const tries = turn.reduce((sum, { rule, asked }) => sum + rule.tries(asked.subject), 0);
    const isInTime = endsWithin(until - performance.now(), tries > MANY_TRIES, () => {
      for (const { rule, asked } of turn) {
        const { subject } = asked;
        const { applies, holds } = answersOf(rule, asked);
        const columns = applies === false || holds === false ? undefined : uniqueColumns(rule, subject);
        if (columns !== undefined && !('unknown' in columns)) open.push({ at: judged.length, applies, holds, columns });
        const isUnique: Answer = columns !== undefined && 'unknown' in columns ? columns : true;
        judged.push({ rule, subject, outcome: outcomeOf(applies, all([holds, isUnique])) });
      }
    });
    if (!isInTime)
      for (const { rule, asked } of asks.slice(judged.length))
        judged.push({ rule, subject: asked.subject, outcome: NO_TIME });
  }
  const isRefused = judged.some(({ outcome }) => outcome === 'refuses');
  const limit = pLimit(LOOK_UPS);
  await Promise.all(
    open.map(({ at, applies, holds, columns }) =>
      limit(async () => {
        const one = judged[at];
        if (one === undefined) return;
        const outcome = isRefused
          ? 'unasked'
          : outcomeOf(applies, all([holds, await isFree(one.subject, columns, isTaken)]));
        judged[at] = { ...one, outcome };
      }),
    ),
  );
  return judged;
}

/** What decides, of all that was judged: a refusal, else what nobody can say; undefined: the operation may go on. */
export function decisive(judged: readonly Judged[]): (Judged & { readonly outcome: 'refuses' | Unknown }) | undefined {
  const isDecisive = (one: Judged): one is Judged & { readonly outcome: 'refuses' | Unknown } =>
    one.outcome === 'refuses' || typeof one.outcome === 'object';
  const found = judged.filter(isDecisive);
  return found.find(({ outcome }) => outcome === 'refuses') ?? found[0];
}

function answersOf(rule: Rule, asked: Asked): { readonly applies: Answer; readonly holds: Answer } {
  const { operation, brought } = asked.subject;
  const { operations, brokenBy } = rule;
  const isFor = operation === 'message' || operations?.has(operation) === true;
  const canBreak = operation !== 'Update' || brokenBy === undefined || brokenBy.some((column) => brought.has(column));
  const applies = isFor && canBreak && rule.applies(asked);
  return { applies, holds: applies === false || rule.holds(asked) };
}

function outcomeOf(applies: Answer, holds: Answer): Judged['outcome'] {
  if (applies === false) return 'elsewhere';
  if (holds === true) return 'holds';
  if (holds !== false) return holds;
  return applies === true ? 'refuses' : applies;
}

/** The columns that no other row may have together; undefined where the rule has none, or one is empty, as in an alternate key. */
function uniqueColumns({ unique }: Rule, subject: Subject): Columns | Unknown | undefined {
  if (unique === undefined) return undefined;
  const columns = new Map<string, Value>();
  for (const column of unique) {
    const value = valueOf(subject, column);
    if (value === undefined) return notKnown(column);
    if (value === null) return undefined;
    columns.set(column, value);
  }
  return columns;
}

async function isFree(subject: Subject, columns: Columns, isTaken: JudgeOptions['isTaken']): Promise<Answer> {
  try {
    return !(await isTaken(subject, columns));
  } catch (error) {
    // A database's own words may hold the value.
    const isSaid = error instanceof NotFindable || error instanceof OutboundError;
    return { unknown: isSaid ? messageOf(error) : 'the store refuses to look for its values' };
  }
}

const NOTHING: Columns = new Map<string, Value>();

/** What expressions can ask about; of columns only those that they can come to are turned into values. */
function variablesOf(subject: Subject, context: Context): Asked['variables'] {
  const { brought, operation } = subject;
  const image = subject.image ?? (operation === 'Create' ? NOTHING : undefined);
  let rest: Pick<Variables, 'user' | 'message'> | undefined;
  return ({ columns }, longestText) => {
    rest ??= {
      user: withoutNull({
        id: context.userId,
        initiatingId: context.initiatingUserId,
        businessUnitId: context.businessUnitId,
      }),
      message: withoutNull({
        name: context.message,
        table: context.table,
        depth: BigInt(context.depth),
        stage: BigInt(context.stage),
        at: new Date(context.operationCreatedOn),
      }),
    };
    return {
      ...rest,
      target: expressionColumns(brought, longestText, columns.target),
      ...(image === undefined ? {} : { image: expressionColumns(image, longestText, columns.image) }),
    };
  };
}

const withoutNull = (members: Readonly<Record<string, unknown>>): Map<string, unknown> =>
  new Map(Object.entries(members).filter(([, value]) => value !== null));
