/**
 * Bicep as a tree, by the grammar of tree-sitter-bicep. It is not the compiler's: it takes some texts that the compiler refuses
 * (two statements on a line), and doesn't know all of the language (no `...`).
 */
import { readFileSync } from 'node:fs';
import { Language, Parser, type Node } from 'web-tree-sitter';

/** A node of the tree: what has a name in the grammar, and what could not be parsed. */
export interface Syntax {
  /** As the grammar calls it, such as `object_property`; `ERROR` for what could not be parsed. */
  readonly kind: string;
  /** The part that it plays in its parent, where the grammar says. */
  readonly field: string | undefined;
  readonly text: string;
  readonly line: number;
  /** Expected here, and not there. */
  readonly missing: boolean;
  readonly children: readonly Syntax[];
  /** Keywords and signs among the children, such as `existing` or `&&`. */
  readonly tokens: readonly string[];
}

/** Parses Bicep. */
export type ParseBicep = (text: string) => Syntax;

/** Loads the grammar. */
export async function bicepParser(): Promise<ParseBicep> {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(readFileSync(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm'))));
  return (text) => {
    const tree = parser.parse(text);
    if (tree === null) throw new Error('The parser has no language.');
    const root = copy(tree.rootNode, undefined);
    tree.delete();
    return root;
  };
}

function copy(node: Node, field: string | undefined): Syntax {
  const children: Syntax[] = [];
  const tokens: string[] = [];
  node.children.forEach((child, index) => {
    if (child.isNamed || child.isError || child.isMissing) {
      if (child.type !== 'comment') children.push(copy(child, node.fieldNameForChild(index) ?? undefined));
    } else tokens.push(child.type);
  });
  return {
    kind: node.isError ? 'ERROR' : node.type,
    field,
    text: node.text,
    line: node.startPosition.row + 1,
    missing: node.isMissing,
    children,
    tokens,
  };
}

/** The node and all below it. */
export function* nodes(syntax: Syntax): Generator<Syntax> {
  yield syntax;
  for (const child of syntax.children) yield* nodes(child);
}

/** The child that plays this part. */
export const part = (syntax: Syntax, field: string): Syntax | undefined =>
  syntax.children.find((child) => child.field === field);

/** The first child of a kind. */
export const child = (syntax: Syntax, kind: string): Syntax | undefined =>
  syntax.children.find((each) => each.kind === kind);

/** A string's value; undefined where it isn't the same each time (`${…}`), or no string at all. */
export function literal(syntax: Syntax | undefined): string | undefined {
  if (syntax?.kind !== 'string' || syntax.children.some(({ kind }) => kind === 'interpolation')) return undefined;
  return syntax.children.map(pieceOfString).join('');
}

/** A piece of a string that isn't an interpolation. */
export function pieceOfString({ kind, text }: Syntax): string {
  if (kind !== 'escape_sequence') return text;
  const escapes: Readonly<Record<string, string>> = { "\\'": "'", '\\\\': '\\', '\\n': '\n', '\\t': '\t', '\\r': '\r' };
  const piece = escapes[text];
  if (piece === undefined) throw new Error(`The checker doesn't know the escape ${text}.`);
  return piece;
}

/** An object's members, with the text of their keys; one whose key isn't known beforehand has `undefined`. */
export const members = (
  object: Syntax,
): readonly { readonly key: string | undefined; readonly value: Syntax; readonly line: number }[] =>
  object.children.flatMap((property) => {
    const [key, value] = property.children;
    if (property.kind !== 'object_property' || key === undefined || value === undefined) return [];
    return [{ key: key.kind === 'identifier' ? key.text : literal(key), value, line: property.line }];
  });

/** The value of one member. */
export const member = (object: Syntax | undefined, name: string): Syntax | undefined =>
  object === undefined ? undefined : members(object).find(({ key }) => key === name)?.value;
