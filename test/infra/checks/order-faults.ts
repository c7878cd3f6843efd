import type { Source, Sources } from '../bicep/source';
import { literal, member, nodes, type Syntax } from '../bicep/syntax';

/**
 * What Resource Manager has to know before it begins, and can't: names, conditions and lists that hang on what is deployed first
 * (BCP120 and others of the compiler). What waits for itself, and modules of the same name, of which one would replace the other.
 */
export const orderFaults = (sources: Sources): string[] =>
  [...sources.values()].flatMap((source) => [...startFaults(source), ...circleFaults(source), ...nameFaults(source)]);

function startFaults(source: Source): string[] {
  return [...source.resources, ...source.modules].flatMap(({ symbol, condition, loop, body, line }) => {
    const list = loop?.children.find(({ kind, field }) => field === undefined && kind !== 'for_loop_parameters');
    const early = { name: member(body, 'name'), condition, list };
    return Object.entries(early).flatMap(([what, expression]) => {
      const late = expression && lateIn(expression, source);
      return late === undefined
        ? []
        : [`${source.file}:${line}: the ${what} of ${symbol} hangs on ${late}, which is known only later`];
    });
  });
}

/** The part of an expression, or of a variable in it, that only a deployment can say. */
function lateIn(expression: Syntax, source: Source): string | undefined {
  for (const node of nodes(expression)) {
    if (node.kind === 'identifier') {
      const variable = source.variables.find(({ name }) => name === node.text);
      const found = variable && lateIn(variable.value, source);
      if (found !== undefined) return found;
    }
    const [, symbol] = /^(\w+)\.\??(?:outputs|properties)\b/.exec(node.text) ?? [];
    const deployed = [...source.modules, ...source.resources].some((each) => each.symbol === symbol);
    if (node.kind === 'member_expression' && deployed) return node.text;
  }
  return undefined;
}

function circleFaults(source: Source): string[] {
  const bodies = new Map<string, readonly (Syntax | undefined)[]>([
    ...source.variables.map(({ name, value }) => [name, [value]] as const),
    ...[...source.resources, ...source.modules].map(
      (each) => [each.symbol, [each.body, each.condition, each.loop]] as const,
    ),
  ]);
  const settled = new Set<string>();
  const circle = (name: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (settled.has(name)) return undefined;
    for (const body of bodies.get(name) ?? [])
      for (const used of body === undefined ? [] : usedIn(body)) {
        const found = bodies.has(used) ? circle(used, [...way, name]) : undefined;
        if (found !== undefined) return found;
      }
    settled.add(name);
    return undefined;
  };
  for (const name of bodies.keys()) {
    const found = circle(name, []);
    if (found !== undefined) return [`${source.file}: ${found.join(' needs ')}`];
  }
  return [];
}

/** The identifiers in an expression, without the keys of its objects. */
function* usedIn(node: Syntax): Generator<string> {
  if (node.kind === 'identifier') yield node.text;
  const [key, ...rest] = node.children;
  const skipped = node.kind === 'object_property' && key?.kind === 'identifier';
  for (const child of skipped ? rest : node.children) yield* usedIn(child);
}

function nameFaults(source: Source): string[] {
  const names = source.modules.map(({ body }) => literal(member(body, 'name')));
  return names
    .filter((name, index) => name !== undefined && names.indexOf(name) !== index)
    .map((name) => `${source.file}: two modules are deployed as ${name ?? ''}`);
}
