import type * as Yaml from 'yaml';
import { compareNumbers } from '../json/exact-number';
import { messageOf } from '../errors/errors';
import type { Fault } from './schema-faults';

/** Largest file, in bytes. */
export const MAX_YAML_BYTES = 1024 * 1024;

/** So many faults are told, the first ones; and how many more there are. */
const MAX_FAULTS = 100;

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
      // Compares each key with all those before it; textFaults does it faster.
      uniqueKeys: false,
    });
    const wrong = [...document.errors, ...document.warnings];
    const told = (offset: number, sentence: string): string => `${placeOf(name, lines, offset)} ${sentence}`;
    if (wrong.length > 0) return failed(...wrong.map(({ pos, message }) => told(pos[0], message)));
    const { value, faults: found } = check(document.toJS() ?? {});
    const places = new Places(document);
    const faults = [
      ...textFaults(document),
      ...found.map((fault) => ({ offset: places.of(fault), text: sentenceOf(fault) })),
    ].sort((a, b) => a.offset - b.offset);
    if (value !== undefined && faults.length === 0)
      return { ok: true, file: value, at: (fault) => told(places.of(fault), sentenceOf(fault)) };
    return failed(...faults.map(({ offset, text: sentence }) => told(offset, sentence)));
  } catch (error) {
    // Nested too deep for the parser, or aliases that would grow without end.
    return failed(`${name} can't be read: ${messageOf(error)}`);
  }
}

const failed = (...faults: readonly string[]): { readonly ok: false; readonly faults: readonly string[] } => ({
  ok: false,
  faults:
    faults.length > MAX_FAULTS ? [...faults.slice(0, MAX_FAULTS), `and ${faults.length - MAX_FAULTS} more`] : faults,
});

function placeOf(name: string, lines: Yaml.LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${name}:${line}:${col}`;
}

const sentenceOf = ({ path, text }: Fault): string => `${path.length === 0 ? 'The file' : pathText(path)} ${text}`;

/** What can be seen in the text only: a key that is there twice, a number that no double holds, a key that no JavaScript object could have. */
function textFaults(document: Yaml.Document): { readonly offset: number; readonly text: string }[] {
  const faults: { offset: number; text: string }[] = [];
  const { isScalar, visit } = yaml();
  visit(document, {
    Map: (_, { items }) => {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (keys.has(key.value)) faults.push({ offset: key.range?.[0] ?? 0, text: 'Map keys must be unique' });
        keys.add(key.value);
      }
    },
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

/** Where things are in a document. Its own look-ups go through all keys of a mapping for each, which thousands of faults would make minutes of. */
class Places {
  readonly #pairs = new WeakMap<Yaml.YAMLMap, ReadonlyMap<unknown, Yaml.Pair>>();

  constructor(private readonly document: Yaml.Document) {}

  /** Where the value at a path begins (or its key), or the nearest thing above it that has a place. */
  of({ path, ofKey }: Fault): number {
    const { isScalar } = yaml();
    let node: unknown = this.document.contents;
    let offset = this.document.contents?.range?.[0] ?? 0;
    for (const [index, part] of path.entries()) {
      const pair = this.#pairOf(node, part);
      if (ofKey === true && index === path.length - 1 && isScalar(pair?.key) && pair.key.range != null)
        return pair.key.range[0];
      node = pair?.value ?? this.#itemOf(node, part);
      offset = (node as Yaml.Node | null | undefined)?.range?.[0] ?? offset;
    }
    return offset;
  }

  #pairOf(node: unknown, key: string | number): Yaml.Pair | undefined {
    const { isMap, isScalar } = yaml();
    if (!isMap(node)) return undefined;
    let pairs = this.#pairs.get(node);
    if (pairs === undefined) {
      pairs = new Map(node.items.map((pair) => [isScalar(pair.key) ? pair.key.value : pair.key, pair]));
      this.#pairs.set(node, pairs);
    }
    return pairs.get(key);
  }

  #itemOf(node: unknown, index: string | number): unknown {
    return yaml().isSeq(node) && typeof index === 'number' ? node.items[index] : undefined;
  }
}

/** `tables.account.columns.revenue.as`; a key with other characters in brackets. */
const pathText = (path: Fault['path']): string =>
  path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return /^[\w-]+$/.test(part) ? `${index === 0 ? '' : '.'}${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('');
