/** Bodies of synchronous steps before the operation, as Dataverse posts them, made of columns. */
import type { Columns, RowContent, Value } from '../../shared/change/value';
import { readContext } from '../../shared/context/read-context';
import { judge, type Judged, type JudgeOptions } from '../../shared/rules/judge';
import type { Rules } from '../../shared/rules/compile-rules';
import { readRules } from '../../shared/rules/read-rules';
import { writeValue } from '../context/wire-writer';
import { changed, type Wire } from '../context/fixture-files';

export const ROW_ID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Columns by name: what JSON has is taken as it is. */
export type Plain = Readonly<Record<string, string | number | boolean | null | Exclude<Value, null>>>;

const valueOf = (plain: Plain[string]): Value => {
  switch (typeof plain) {
    case 'string':
      return { kind: 'string', value: plain };
    case 'number':
      return { kind: 'number', text: String(plain) };
    case 'boolean':
      return { kind: 'boolean', value: plain };
    default:
      return plain;
  }
};

export const columnsOf = (plain: Plain): Columns =>
  new Map(Object.entries(plain).map(([name, value]) => [name, valueOf(value)]));

export const rowOf = (table: string, plain: Plain, id = ROW_ID): RowContent => ({
  table,
  id,
  columns: columnsOf(plain),
  formatted: new Map(),
  rowVersion: null,
  keyAttributes: new Map(),
});

/** An operation that is about to be. */
export interface Operation {
  /** @default Create, or Update where there is an image */
  readonly message?: string;
  readonly table?: string;
  readonly target?: Plain;
  /** The pre image; absent: the step has none. */
  readonly image?: Plain;
  readonly alias?: string;
  /** Instead of Target. */
  readonly parameters?: Readonly<Record<string, Value>> | null;
  readonly members?: Wire;
}

export function bodyOf({ table = 'account', target = {}, image, alias = 'pre', ...rest }: Operation): Buffer {
  const message = rest.message ?? (image === undefined ? 'Create' : 'Update');
  const id = message === 'Create' ? NO_ID : ROW_ID;
  const own: Value =
    message === 'Delete' ? { kind: 'lookup', table, id, name: null } : { kind: 'row', row: rowOf(table, target, id) };
  const { parameters = { Target: own } } = rest;
  // Values are put in as text: through JSON.parse they would lose digits.
  const texts: string[] = [];
  const put = (text: string): string => `@${texts.push(text) - 1}@`;
  const pairs = Object.entries(parameters ?? {}).map(([key, value]) => ({ key, value: put(writeValue(value)) }));
  const entity = writeValue({ kind: 'row', row: rowOf(table, image ?? {}) }).replace(/"__type":"[^"]*",/, '');
  const body = changed('create-lead-sync', {
    MessageName: message,
    Stage: 10,
    Mode: 0,
    PrimaryEntityName: table,
    PrimaryEntityId: id,
    InputParameters: parameters === null ? null : pairs,
    PreEntityImages: image === undefined ? [] : [{ key: alias, value: put(entity) }],
    PostEntityImages: [],
    ParentContext: null,
    ...rest.members,
  });
  return Buffer.from(body.toString().replace(/"@(\d+)@"/g, (_, at: string) => texts[Number(at)] ?? ''));
}

/** The rules of a file; fails with its faults. */
export function rulesOf(text: string): Rules {
  const read = readRules('rules.yaml', text);
  if (!read.ok) throw new Error(read.faults.join('\n'));
  return read.file;
}

const NEVER: JudgeOptions = {
  truncated: false,
  limitMs: 60_000,
  isTaken: () => Promise.reject(new Error('Nobody asks the store here.')),
};

export const judged = (
  rules: Rules | string,
  operation: Operation,
  options: Partial<JudgeOptions> = {},
): Promise<readonly Judged[]> =>
  judge(typeof rules === 'string' ? rulesOf(rules) : rules, readContext(bodyOf(operation)), { ...NEVER, ...options });

/** What became of the first rule: a word, or why nobody can say. */
export async function outcomeOf(...args: Parameters<typeof judged>): Promise<string | undefined> {
  const [first] = await judged(...args);
  return typeof first?.outcome === 'object' ? first.outcome.unknown : first?.outcome;
}
