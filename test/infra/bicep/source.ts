import path from 'node:path';
import { child, literal, member, members, part, type Syntax } from './syntax';

/** A type as a declaration writes it, such as `string`, `bool` or `string[]`. */
export type TypeText = string;

/** What decorators say. */
export interface Decorated {
  readonly secure: boolean;
  readonly exported: boolean;
  readonly description: string | undefined;
  readonly allowed: readonly Syntax[] | undefined;
  readonly least: number | undefined;
  readonly most: number | undefined;
}

/** A parameter, or in a parameter file its value. */
export interface Parameter extends Decorated {
  readonly name: string;
  readonly type: TypeText;
  readonly value: Syntax | undefined;
  readonly line: number;
}

/** `var` or `output`. */
export interface Variable extends Decorated {
  readonly name: string;
  readonly type: TypeText | undefined;
  readonly value: Syntax;
  readonly line: number;
}

/** What is deployed or called, once or for each item of a list. */
interface Deployed {
  readonly symbol: string;
  readonly condition: Syntax | undefined;
  readonly loop: Syntax | undefined;
  readonly body: Syntax;
  readonly line: number;
}

/** A resource. */
export interface Resource extends Deployed {
  /** Such as `Microsoft.Storage/storageAccounts@2025-08-01`. */
  readonly type: string;
  readonly existing: boolean;
}

/** A call of a module. */
export interface ModuleCall extends Deployed {
  readonly file: string;
  readonly params: readonly { readonly key: string | undefined; readonly value: Syntax; readonly line: number }[];
}

/** A name taken from another file. */
export interface Imported {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** A Bicep file, by what it declares. */
export interface Source {
  /** Its path in the folder of the deployment. */
  readonly file: string;
  readonly root: Syntax;
  readonly isParameters: boolean;
  /** Of a parameter file: the file whose parameters it gives. */
  readonly using: string | undefined;
  readonly parameters: readonly Parameter[];
  readonly variables: readonly Variable[];
  readonly outputs: readonly Variable[];
  readonly resources: readonly Resource[];
  readonly modules: readonly ModuleCall[];
  readonly imports: readonly Imported[];
}

/** The files of a deployment, by their paths. */
export type Sources = ReadonlyMap<string, Source>;

/** Reads what a file declares. */
export function sourceOf(file: string, root: Syntax): Source {
  const parameters: Parameter[] = [];
  const variables: Variable[] = [];
  const outputs: Variable[] = [];
  const resources: Resource[] = [];
  const modules: ModuleCall[] = [];
  const imports: Imported[] = [];
  const isParameters = file.endsWith('.bicepparam');
  let using: string | undefined;
  let decorators: Syntax | undefined;
  const other = (text: string | undefined): string => path.posix.join(path.posix.dirname(file), text ?? '');
  for (const node of root.children) {
    if (node.kind === 'decorators') {
      decorators = node;
      continue;
    }
    const decorated = decoratedBy(decorators);
    decorators = undefined;
    const name = child(node, 'identifier')?.text ?? '';
    const type = child(node, 'type')?.text;
    const value = node.children.slice(1).findLast(({ kind }) => kind !== 'type' && kind !== 'ERROR');
    switch (node.kind) {
      case 'using_statement':
        using = other(literal(child(node, 'string')));
        break;
      case 'import_functionality': {
        const from = other(literal(child(node, 'string')));
        for (const { kind, text } of node.children)
          if (kind === 'identifier') imports.push({ name: text, file: from, line: node.line });
        break;
      }
      case 'parameter_declaration':
        parameters.push({ ...decorated, name, type: type ?? '', value, line: node.line });
        break;
      case 'variable_declaration':
        // In a parameter file these are the parameters (check-deployment.ts).
        if (isParameters) parameters.push({ ...decorated, name, type: '', value, line: node.line });
        else if (value !== undefined) variables.push({ ...decorated, name, type, value, line: node.line });
        break;
      case 'output_declaration':
        if (value !== undefined) outputs.push({ ...decorated, name, type, value, line: node.line });
        break;
      case 'resource_declaration':
        resources.push({
          ...deployed(node),
          type: literal(child(node, 'string')) ?? '',
          existing: node.tokens.includes('existing'),
        });
        break;
      case 'module_declaration': {
        const call = deployed(node);
        const params = member(call.body, 'params');
        modules.push({
          ...call,
          file: other(literal(child(node, 'string'))),
          params: params === undefined ? [] : members(params),
        });
        break;
      }
    }
  }
  return { file, root, isParameters, using, parameters, variables, outputs, resources, modules, imports };
}

function deployed(node: Syntax): Deployed {
  let body = node.children.at(-1) ?? node;
  let loop: Syntax | undefined;
  let condition: Syntax | undefined;
  if (body.kind === 'for_statement') {
    loop = body;
    body = part(body, 'body') ?? body;
  }
  if (body.kind === 'if_statement') {
    condition = body.children[0];
    body = body.children.at(-1) ?? body;
  }
  return { symbol: child(node, 'identifier')?.text ?? '', condition, loop, body, line: node.line };
}

function decoratedBy(decorators: Syntax | undefined): Decorated {
  const calls = new Map(
    (decorators?.children ?? []).flatMap((decorator) => {
      const call = child(decorator, 'call_expression');
      return call === undefined ? [] : [[child(call, 'identifier')?.text, child(call, 'arguments')?.children] as const];
    }),
  );
  const number = (name: string): number | undefined => {
    const text = calls.get(name)?.[0]?.text;
    return text === undefined ? undefined : Number(text);
  };
  return {
    secure: calls.has('secure'),
    exported: calls.has('export'),
    description: literal(calls.get('description')?.[0]),
    allowed: calls.get('allowed')?.[0]?.children,
    least: number('minValue') ?? number('minLength'),
    most: number('maxValue') ?? number('maxLength'),
  };
}
