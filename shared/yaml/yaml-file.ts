import type * as Yaml from 'yaml';
import { compareNumbers } from '../change/exact-number';
import { messageOf } from '../errors';
import type { Fault } from './schema-faults';

/** Largest file, in bytes. */
export const MAX_YAML_BYTES = 1024 * 1024;

/** A file that was read: its content, or everything that is wrong with it, each fault with its place. */
export type ReadYaml<T> =
  | { readonly ok: true; readonly file: T; readonly at: FaultPlace }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Says a fault with its place: `mapping.yaml:12:7 tables.account.target must be …`. */
export type FaultPlace = (fault: Fault) => string;

/** What a file's content means, or what is wrong with it. */
export interface Checked<T> {
  /** Undefined where the content hasn't even the right form. */
  readonly value: T | undefined;
  readonly faults: readonly Fault[];
}

/** The parser, loaded with the first file: deployments without one do without it. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- `import()` would make the reading of settings asynchronous.
const yaml = (): typeof Yaml => require('yaml') as typeof Yaml;

/**
 * Reads a file that people write, YAML or JSON (which is YAML too). Never throws: faults are data.
 * @param name as the faults shall name it
 * @param check of the content, in plain values
 */
export function readYaml<T>(name: string, text: string, check: (content: unknown) => Checked<T>): ReadYaml<T> {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) return failed(`${name} must not be larger than 1 MiB`);
  const { LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      ...{ version: '1.2', schema: 'core', resolveKnownTags: false },
      ...{ lineCounter: lines, prettyErrors: false },
    });
    const wrong = [...document.errors, ...document.warnings];
    if (wrong.length > 0) {
      return { ok: false, faults: wrong.map(({ pos, message }) => `${placeOf(name, lines, pos[0])} ${message}`) };
    }
    const { value, faults: found } = check(document.toJS() ?? {});
    const faults = [
      ...textFaults(document),
      ...found.map((fault) => ({ offset: offsetOf(document, fault), text: sentenceOf(fault) })),
    ].sort((a, b) => a.offset - b.offset);
    if (value !== undefined && faults.length === 0) {
      const at: FaultPlace = (fault) => `${placeOf(name, lines, offsetOf(document, fault))} ${sentenceOf(fault)}`;
      return { ok: true, file: value, at };
    }
    return {
      ok: false,
      faults: faults.map(({ offset, text: sentence }) => `${placeOf(name, lines, offset)} ${sentence}`),
    };
  } catch (error) {
    // Nested too deep for the parser, or aliases that would grow without end.
    return failed(`${name} can't be read: ${messageOf(error)}`);
  }
}

const failed = (fault: string): { readonly ok: false; readonly faults: readonly string[] } => ({
  ok: false,
  faults: [fault],
});

function placeOf(name: string, lines: Yaml.LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${name}:${line}:${col}`;
}

const sentenceOf = ({ path, text }: Fault): string => `${path.length === 0 ? 'The file' : pathText(path)} ${text}`;

/** What can be seen in the text only: a number that no double holds, a key that no JavaScript object could have. */
function textFaults(document: Yaml.Document): { readonly offset: number; readonly text: string }[] {
  const faults: { offset: number; text: string }[] = [];
  yaml().visit(document, {
    Scalar: (at, { value, source = '', range }) => {
      const offset = range?.[0] ?? 0;
      if (at === 'key' && value === '__proto__') faults.push({ offset, text: '__proto__ is no known key' });
      // What isn't written as plain digits is left to the schema.
      if (typeof value === 'number' && (compareNumbers(source, String(value)) ?? 0) !== 0)
        faults.push({ offset, text: 'A number of so many digits must be in quotes' });
    },
  });
  return faults;
}

/** Where the value at a path begins (or its key), or the nearest thing above it that has a place. */
function offsetOf(document: Yaml.Document, { path, ofKey }: Fault): number {
  const { isMap, isScalar } = yaml();
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (ofKey === true && isMap(parent)) {
    const key = parent.items.map((pair) => pair.key).find((of) => isScalar(of) && of.value === path.at(-1));
    if (isScalar(key) && key.range != null) return key.range[0];
  }
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as Yaml.Node | null | undefined;
    if (node?.range != null) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

/** `tables.account.columns.revenue.as`; a key with other characters in brackets. */
const pathText = (path: Fault['path']): string =>
  path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return /^[\w-]+$/.test(part) ? `${index === 0 ? '' : '.'}${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('');
