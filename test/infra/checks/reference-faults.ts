import { BUILTINS } from '../bicep/builtins';
import type { Source, Sources } from '../bicep/source';
import { child, literal, members, part, type Syntax } from '../bicep/syntax';
import { itemsOf } from '../bicep/type-of';

/** What may be asked of a resource. https://learn.microsoft.com/azure/azure-resource-manager/bicep/resource-declaration */
const RESOURCE_MEMBERS = ['id', 'name', 'type', 'apiVersion', 'location', 'properties'];

/** Names that nothing has, and what is declared and not used. `files`: text files that can be loaded. */
export function referenceFaults(sources: Sources, files: ReadonlySet<string>): string[] {
  return [...sources.values()].flatMap((source) => [
    ...doubleNames(source),
    ...importFaults(source, sources),
    ...useFaults(source, sources, files),
  ]);
}

/** The names that a file declares, with their lines. */
function declared(source: Source): Map<string, number> {
  return new Map([
    ...source.parameters.map(({ name, line }) => [name, line] as const),
    ...source.variables.map(({ name, line }) => [name, line] as const),
    ...source.imports.map(({ name, line }) => [name, line] as const),
    ...source.resources.map(({ symbol, line }) => [symbol, line] as const),
    ...source.modules.map(({ symbol, line }) => [symbol, line] as const),
  ]);
}

function doubleNames(source: Source): string[] {
  const names = [
    ...source.parameters.map(({ name }) => name),
    ...source.variables.map(({ name }) => name),
    ...source.imports.map(({ name }) => name),
    ...source.resources.map(({ symbol }) => symbol),
    ...source.modules.map(({ symbol }) => symbol),
  ];
  return names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `${source.file}: ${name} is declared twice`);
}

function importFaults(source: Source, sources: Sources): string[] {
  return source.imports.flatMap(({ name, file, line }) => {
    const exported = sources.get(file)?.variables.some((variable) => variable.name === name && variable.exported);
    return exported === true ? [] : [`${source.file}:${line}: ${file} exports no ${name}`];
  });
}

function useFaults(source: Source, sources: Sources, files: ReadonlySet<string>): string[] {
  const faults: string[] = [];
  const names = declared(source);
  const used = new Set<string>();
  const say = (line: number, text: string): void => void faults.push(`${source.file}:${line}: ${text}`);

  const walk = (node: Syntax, loops: ReadonlyMap<string, Syntax | undefined>): void => {
    switch (node.kind) {
      case 'decorators':
      case 'type':
      case 'import_functionality':
      case 'using_statement':
        return;
      case 'identifier':
        if (loops.has(node.text)) return;
        used.add(node.text);
        if (!names.has(node.text)) say(node.line, `nothing is called ${node.text}`);
        return;
      case 'parameter_declaration':
      case 'variable_declaration':
      case 'output_declaration':
      case 'resource_declaration':
      case 'module_declaration':
        for (const each of node.children.slice(1)) walk(each, loops);
        return;
      case 'object_property':
        if (node.children[0]?.kind === 'string') walk(node.children[0], loops);
        for (const each of node.children.slice(1)) walk(each, loops);
        return;
      case 'for_statement': {
        const body = part(node, 'body');
        const list = node.children.find(
          (each) => each !== body && each.field !== 'initializer' && each.kind !== 'for_loop_parameters',
        );
        if (list !== undefined) walk(list, loops);
        const parameters = child(node, 'for_loop_parameters');
        const item = part(node, 'initializer') ?? parameters?.children[0];
        const inside = new Map(loops).set(item?.text ?? '', list);
        const index = parameters?.children[1];
        if (index !== undefined) inside.set(index.text, undefined);
        if (body !== undefined) walk(body, inside);
        return;
      }
      case 'call_expression':
        checkCall(node, loops);
        return;
      case 'member_expression':
        checkMember(node, loops);
        return;
      default:
        for (const each of node.children) walk(each, loops);
    }
  };

  const checkCall = (node: Syntax, loops: ReadonlyMap<string, Syntax | undefined>): void => {
    const name = part(node, 'function');
    const given = child(node, 'arguments')?.children ?? [];
    const builtin = name?.kind === 'identifier' && Object.hasOwn(BUILTINS, name.text) ? BUILTINS[name.text] : undefined;
    if (builtin === undefined) say(node.line, `no function ${name?.text ?? ''} is known`);
    else if (given.length < builtin.least || given.length > builtin.most)
      say(node.line, `${name?.text ?? ''} doesn't take ${given.length} arguments`);
    if (name?.text === 'loadTextContent') {
      const file = literal(given[0]) ?? '';
      const at = new URL(file, `file:///${source.file}`).pathname.slice(1);
      if (!files.has(at)) say(node.line, `there is no file ${at}`);
    }
    for (const each of given) walk(each, loops);
  };

  const checkMember = (node: Syntax, loops: ReadonlyMap<string, Syntax | undefined>): void => {
    const object = part(node, 'object');
    const name = part(node, 'property')?.text ?? '';
    if (object !== undefined) walk(object, loops);
    if (object?.kind === 'identifier' && loops.has(object.text)) {
      const items = itemsOf(loops.get(object.text), source);
      if (items !== undefined && !items.every((item) => members(item).some(({ key }) => key === name)))
        say(node.line, `not each item has ${name}`);
    } else if (object?.kind === 'identifier') {
      const call = source.modules.find(({ symbol }) => symbol === object.text);
      if (call !== undefined && name !== 'outputs') say(node.line, `a module has no ${name}`);
      const resource = source.resources.find(({ symbol }) => symbol === object.text);
      if (resource !== undefined && !RESOURCE_MEMBERS.includes(name)) say(node.line, `a resource has no ${name}`);
      const from = source.imports.find((each) => each.name === object.text);
      const value = sources.get(from?.file ?? '')?.variables.find((each) => each.name === object.text)?.value;
      if (value !== undefined && !members(value).some(({ key }) => key === name))
        say(node.line, `${object.text} has no ${name}`);
    } else if (object?.kind === 'member_expression' && part(object, 'property')?.text === 'outputs') {
      const symbol = part(object, 'object')?.text;
      const call = source.modules.find((each) => each.symbol === symbol);
      if (call !== undefined && sources.get(call.file)?.outputs.some((output) => output.name === name) !== true)
        say(node.line, `${call.file} has no output ${name}`);
    }
  };

  walk(source.root, new Map());
  const mayBeUnused = new Set([
    ...source.resources.filter(({ existing }) => !existing).map(({ symbol }) => symbol),
    ...source.modules.map(({ symbol }) => symbol),
    ...source.variables.filter(({ exported }) => exported).map(({ name }) => name),
    ...(source.isParameters ? source.parameters.map(({ name }) => name) : []),
  ]);
  for (const [name, line] of names) if (!used.has(name) && !mayBeUnused.has(name)) say(line, `${name} is never used`);
  return faults;
}
